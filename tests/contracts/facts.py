"""Facts of every class, and small ones to count with."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from itertools import count
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

from hypothesis import strategies as st

import domain.event
import domain.hosting
import domain.inventory
import domain.location
import domain.order
import domain.registry
from domain.base import DomainEvent, Snapshot, payload_fields, type_of_topic
from domain.ids import Kind, guid
from domain.location import LocationChanged
from tests.spec import ACCOUNT, at

MODULES = (
    domain.event,
    domain.hosting,
    domain.inventory,
    domain.location,
    domain.order,
    domain.registry,
)
FACT_CLASSES = tuple(
    cls for topic, cls in sorted(type_of_topic.items()) if topic and not issubclass(cls, Snapshot)
)
numbers = count(1)


def changed(
    number: int, version: int, *, account: int = ACCOUNT, kind: Kind = Kind.LOCATION, **says: Any
) -> LocationChanged:
    """A small fact of one aggregate."""
    return LocationChanged(
        originator_id=guid(account, kind, number),
        originator_version=version,
        time=at(version),
        actor="ann",
        correlation=f"request-{version}",
        causation=None,
        reason=None,
        changed=says or {"name": f"{number}.{version}"},
    )


def history(number: int, versions: int, *, account: int = ACCOUNT) -> list[DomainEvent]:
    """The first facts of one aggregate."""
    return [changed(number, version, account=account) for version in range(1, versions + 1)]


def snapshot(number: int, version: int, **state: Any) -> Snapshot:
    return Snapshot(
        originator_id=guid(ACCOUNT, Kind.LOCATION, number),
        originator_version=version,
        time=at(version),
        actor="stagebook",
        correlation="",
        causation=None,
        reason=None,
        state=state,
    )


# -- any fact

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**200), 2**200)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(0, 2**62),
    str: texts,
    bool: st.booleans(),
    str | None: st.none() | texts,
    int | None: st.none() | st.integers(0, 2**62),
    list[int]: st.lists(st.integers(0, 2**62), max_size=3),
    list[list[int]]: st.lists(st.lists(st.integers(0, 2**62), max_size=2), max_size=3),
    list[dict[str, Any]]: st.lists(st.dictionaries(texts, values, max_size=2), max_size=2),
    dict[str, list[int]]: st.dictionaries(texts, st.lists(st.integers(0, 2**62)), max_size=4),
    dict[str, Any]: st.dictionaries(texts, values, max_size=4),
    dict[str, Any] | None: st.none() | st.dictionaries(texts, values, max_size=4),
}


def any_fact(cls: type[DomainEvent]) -> st.SearchStrategy[DomainEvent]:
    """A fact of that class in a place of its own, with any payload of the declared types."""
    hints = get_type_hints(cls)
    payload = {name: BY_TYPE[stored_as(hints[name])] for name in payload_fields(cls)}
    return st.builds(
        cls,
        originator_id=st.builds(lambda: guid(ACCOUNT, Kind.EVENT, next(numbers))),
        originator_version=st.just(1),
        **payload,
    )


any_facts = st.lists(st.sampled_from(FACT_CLASSES).flatmap(any_fact), min_size=1, max_size=4)

DEEP: Any = {"leaf": [None, True, 1, 1.0, -0.0, 10**40, "é\0\u2028\U0001f3ad"]}
for _ in range(60):
    DEEP = {"in": [DEEP]}
FULL: dict[Any, Any] = {
    int: 2**62,
    str: "naïve \0 \U0001f3ad",
    bool: True,
    str | None: None,
    int | None: None,
    list[int]: [0, 2**62],
    list[list[int]]: [[0, 2**62], []],
    list[dict[str, Any]]: [{}, {"": 0, "deep": DEEP}],
    dict[str, list[int]]: {"": [], "naïve": [0, 2**62]},
    dict[str, Any]: {"": 0, "deep": DEEP, "1": 1e300, "c_ünïcode": [[], {}, ""]},
    dict[str, Any] | None: {"deep": DEEP},
}


def stored_as(hint: Any) -> Any:
    """The type as rows have it: a part that has a type of its own is a map."""
    parts = get_args(hint)
    if parts and get_origin(parts[0]) is list:  # or nothing
        return stored_as(parts[0])
    return list[dict[str, Any]] if parts and is_typeddict(parts[0]) else hint


def one_of_each(version: int = 1) -> Iterator[DomainEvent]:
    """A fact of every class, filled with what is hard to keep."""
    for cls in FACT_CLASSES:
        hints = get_type_hints(cls)
        payload = {name: FULL[stored_as(hints[name])] for name in payload_fields(cls)}
        place = guid(ACCOUNT, Kind.EVENT, next(numbers))
        yield cls(originator_id=place, originator_version=version, **payload)


def exactly(facts: Sequence[DomainEvent]) -> list[tuple[Any, ...]]:
    """Facts to compare to the last digit: unlike for `==`, true is not 1 and 1 is not 1.0."""
    return [(type(f), *(repr(getattr(f, field.name)) for field in fields(f))) for f in facts]
