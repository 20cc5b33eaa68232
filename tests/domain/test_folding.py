"""Folding never checks: what was recorded folds, also when no rule of today would allow it."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.base import Aggregate, DomainEvent, type_of_topic
from domain.catalog import (
    CatalogItemArchived,
    CatalogItemChanged,
    CatalogItemCreated,
    CatalogItemRestored,
    SalesChannel,
)
from domain.event import Event
from domain.event_facts import (
    GROUPS,
    DateAdded,
    DateChanged,
    DateRemoved,
    EventCreated,
    EventDeleted,
    EventRestored,
    StatusChanged,
)
from domain.hosting import EventHosted, EventReleased, Hosting, HostingClosed, HostingOpened
from domain.inventory import ContingentAdded, ContingentChanged, ContingentRemoved, Inventory
from domain.location import (
    Location,
    LocationChanged,
    LocationCreated,
    LocationDeleted,
    LocationRestored,
)
from domain.registry import AccountOpened, CurrencyChosen, KeyAdded, KeyRevoked, Registry
from tests.spec import ACCOUNT

scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
json = st.recursive(
    scalars,
    lambda v: st.lists(v, max_size=2) | st.dictionaries(st.text(max_size=3), v, max_size=2),
    max_leaves=4,
)
anything = st.dictionaries(
    st.sampled_from(["name", "startts", "tags", "locationid", "c_a", "gone_field"]), json
)
known, numbers = st.integers(1, 2), st.integers(1, 3)
texts = st.text(max_size=3)

RECORDED: dict[type[Aggregate], tuple[list[Any], list[Any]]] = {
    Event: (
        [
            (EventCreated, {"number": numbers, "code": texts, "fields": anything}),
            *((DateAdded, {"dateid": st.just(n), "fields": anything}) for n in (1, 2)),
        ],
        [
            (DateAdded, {"dateid": numbers, "fields": anything}),
            (DateChanged, {"dateid": known, "changed": anything}),
            (DateRemoved, {"dateid": st.integers(3, 5)}),
            (StatusChanged, {"currentstatus": st.integers()}),
            (EventDeleted, {}),
            (EventRestored, {}),
            *((fact, {"changed": anything}) for fact in GROUPS),
        ],
    ),
    Location: (
        [(LocationCreated, {"number": numbers, "fields": anything})],
        [
            (LocationChanged, {"changed": anything}),
            (LocationDeleted, {}),
            (LocationRestored, {}),
        ],
    ),
    Inventory: (
        [
            (ContingentAdded, {"contingentid": st.just(n), "seated": json, "fields": anything})
            for n in (1, 2)
        ],
        [
            (ContingentChanged, {"contingentid": known, "changed": anything}),
            (ContingentRemoved, {"contingentid": st.integers(3, 5)}),
        ],
    ),
    SalesChannel: (
        [(CatalogItemCreated, {"number": numbers, "fields": anything})],
        [
            (CatalogItemChanged, {"changed": anything}),
            (CatalogItemArchived, {}),
            (CatalogItemRestored, {}),
        ],
    ),
    Hosting: (
        [(HostingOpened, {})],
        [
            (HostingOpened, {}),
            (HostingClosed, {}),
            (EventHosted, {"eventid": numbers}),
            (EventReleased, {"eventid": numbers}),
        ],
    ),
    Registry: (
        [
            (AccountOpened, {"accountname": texts, "account": st.just(1), "language": texts}),
            (
                KeyAdded,
                {
                    "keyid": st.just(1),
                    "account": numbers,
                    "keyname": texts,
                    "role": texts,
                    "hash": texts,
                },
            ),
        ],
        [
            (AccountOpened, {"accountname": texts, "account": numbers, "language": texts}),
            (CurrencyChosen, {"account": st.just(1), "currency": texts}),
            (KeyRevoked, {"keyid": st.just(1)}),
        ],
    ),
}
"""What a history begins with, and what may follow in any order. A change names what was added."""


@st.composite
def histories(draw: Callable[[Any], Any]) -> tuple[type[Aggregate], list[DomainEvent]]:
    cls = draw(st.sampled_from(list(RECORDED)))
    first, later = RECORDED[cls]
    chosen = [*first, *draw(st.lists(st.sampled_from(later), max_size=12))]
    facts = []
    for version, (fact_class, says) in enumerate(chosen, start=1):
        common = {f.name: None for f in fields(DomainEvent)}
        common |= {"originator_id": cls.id_of(ACCOUNT, 1), "originator_version": version}
        common |= {"time": draw(texts)}
        facts.append(fact_class(**common, **{name: draw(value) for name, value in says.items()}))
    return cls, facts


@given(histories())
def test_what_was_recorded_always_folds(
    history: tuple[type[Aggregate], list[DomainEvent]],
) -> None:
    cls, facts = history
    aggregate = cls(cls.id_of(ACCOUNT, 1))

    for fact in facts:
        aggregate.apply(fact)

    assert aggregate.version == len(facts)


@given(histories())
def test_folding_from_a_snapshot_is_folding_from_the_start(
    history: tuple[type[Aggregate], list[DomainEvent]],
) -> None:
    cls, facts = history
    whole, half = cls(cls.id_of(ACCOUNT, 1)), cls(cls.id_of(ACCOUNT, 1))
    for fact in facts[: len(facts) // 2]:
        half.apply(fact)
    resumed = cls(half.id)
    if half.version:
        resumed.apply(half.snapshot())

    for fact in facts:
        whole.apply(fact)
    for fact in facts[len(facts) // 2 :]:
        resumed.apply(fact)

    assert (resumed.version, resumed.state) == (whole.version, whole.state)


def test_every_fact_is_folded_in_these_tests() -> None:
    folded = {fact for first, later in RECORDED.values() for fact, _ in [*first, *later]}

    assert folded == {f for topic, f in type_of_topic.items() if topic != "snapshot"}
