"""How stored values are shown outside, by the marks on the types of their fields.

Money in minor units becomes a number of the currency. What is personal is withheld from whom it
is not for: `(withheld)` stands where a value is, null where there is none.
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from functools import cache
from typing import (
    Annotated,
    Any,
    ClassVar,
    NamedTuple,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from pydantic import BaseModel

from domain.base import CustomizableFields, DomainEvent, own_fields
from domain.catalog import CATALOG
from domain.ids import unpack
from domain.marks import Mark
from domain.money import number

WITHHELD = "(withheld)"


class Outside(NamedTuple):
    """For whom values are shown: in that currency, and whether what is personal is for them."""

    currency: str
    personal: bool = False


Show = Callable[[Any, Outside], Any]


def said_of(fact: DomainEvent, outside: Outside) -> dict[str, Any]:
    """What a fact says beyond who, when and why, without what is never shown."""
    fact_class: Any = type(fact)
    shows = parts(fact_class)
    fields = _fields_of(fact)
    said = {}
    for name in shown_fields(fact_class):
        value, show = getattr(fact, name), shows.get(name)
        if show is _OF_KIND:
            show = fields
        said[name] = value if show is None else show(value, outside)
    return said


@cache
def shown_fields(fact_class: Any) -> tuple[str, ...]:
    """What a fact says, without what is never shown."""
    return tuple(name for name in own_fields(fact_class) if name not in fact_class.SECRET)


def shown(declared: Any, value: Any, outside: Outside) -> Any:
    """A value of a declared type, as it is shown outside."""
    show = shower(declared)
    return value if show is None else show(value, outside)


def withheld(value: Any) -> Any:
    """What stands for a personal value; where there is none, that is said."""
    return value if value in (None, "", []) else WITHHELD


def personal_fields(model: Any) -> frozenset[str]:
    """The names of the fields that are marked as personal, at any depth."""
    return frozenset(_personal(model, ()))


def _personal(declared: Any, above: tuple[Any, ...]) -> set[str]:
    found: set[str] = set()
    for name, hint in _hints(declared).items():
        if _has(hint, Mark.PERSONAL):
            found.add(name)
        for inner in _classes(hint):
            if inner not in above:
                found |= _personal(inner, (*above, declared))
    return found


def _has(hint: Any, mark: Mark) -> bool:
    metadata = hint.__metadata__ if get_origin(hint) is Annotated else ()
    return mark in metadata or any(
        _has(part, mark) for part in get_args(hint) if _is_union(hint) or metadata
    )


def _classes(hint: Any) -> list[Any]:
    if args := get_args(hint):
        return [found for part in args for found in _classes(part)]
    return [hint] if _is_declared(hint) else []


@cache
def shower(declared: Any) -> Show | None:
    """How values of a type are shown; None: as they are."""
    origin, args = get_origin(declared), get_args(declared)
    if origin is Annotated:
        return _marked(declared)
    if _is_union(declared):
        return next((show for arm in args if (show := shower(arm))), None)
    if origin is list and (item := shower(args[0])):
        return lambda value, outside: value and [item(one, outside) for one in value]
    if _is_declared(declared) and (shows := parts(declared)):
        return lambda value, outside: value and _parts_shown(shows, value, outside)
    return None


def _marked(declared: Any) -> Show | None:
    if Mark.MINOR in declared.__metadata__:
        return _in_currency
    if Mark.PERSONAL in declared.__metadata__:
        return _withheld
    if Mark.OF_KIND in declared.__metadata__:
        return _OF_KIND
    return shower(get_args(declared)[0])


@cache
def parts(declared: Any) -> dict[str, Show]:
    """The fields of a class that are shown otherwise than they are, and how."""
    shows = {name: show for name, hint in _hints(declared).items() if (show := shower(hint))}
    if issubclass(declared, CustomizableFields) and declared.CUSTOM_IS_PERSONAL:
        shows[CUSTOM] = _withheld
    return shows


CUSTOM = "c_"
"""Stands for every custom field."""


def _parts_shown(shows: Mapping[str, Show], value: Any, outside: Outside) -> Any:
    made = {**value}
    for name, show in shows.items():
        if name == CUSTOM:
            made |= {n: show(v, outside) for n, v in value.items() if n.startswith(CUSTOM)}
        elif name in value:
            made[name] = show(value[name], outside)
    return made


def _in_currency(value: Any, outside: Outside) -> Any:
    return None if value is None else number(value, outside.currency)


def _withheld(value: Any, outside: Outside) -> Any:
    return value if outside.personal else withheld(value)


def _OF_KIND(value: Any, _outside: Outside) -> Any:  # noqa: N802 - a mark that stands for a function
    return value


def _fields_of(fact: DomainEvent) -> Show | None:
    item = CATALOG.get(unpack(fact.originator_id).kind)  # type: ignore[call-overload] # no kind of it
    return shower(item.FIELDS) if item else None


def _is_union(hint: Any) -> bool:
    return get_origin(hint) in (Union, types.UnionType)


def _is_declared(hint: Any) -> bool:
    return isinstance(hint, type) and (
        is_typeddict(hint) or is_dataclass(hint) or issubclass(hint, BaseModel)
    )


@cache
def _hints(declared: Any) -> dict[str, Any]:
    """The fields of a class with their types, marks and all."""
    hints = get_type_hints(declared, include_extras=True)
    return {n: h for n, h in hints.items() if get_origin(h) is not ClassVar and n[0] != "_"}
