"""The limits beside the contingents' own: what an Event, its dates and its Location have room for.

Tickets that orders hold count, locked ones do not. A contingent that names no dates is valid on
all of them. The Location's capacity holds on every date by itself, or for the whole Event where it
has no dates. 0 or nothing is no limit.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from domain.base import State
from domain.contingents import held
from domain.errors import Refusal, SoldOut, TicketsInUse
from domain.wording import counted

NOTHING: Mapping[int, int] = {}


class Excess(NamedTuple):
    """A limit that would be broken: its name, its size, the tickets that would be held, and how
    many of them are asked for."""

    limit: str
    size: int
    held: int
    asked: int
    details: dict[str, Any]


def excess(
    event: State, location: State, contingents: Iterable[State], more: Mapping[int, int] = NOTHING
) -> Excess | None:
    """The first limit that does not hold with so many more tickets of these contingents."""
    return next(_exceeded(event, location, contingents, more), None)


def check_room(
    event: State, location: State, contingents: Iterable[State], more: Mapping[int, int]
) -> None:
    """Refuses to take more than there is room for."""
    if found := excess(event, location, contingents, more):
        asked, left = found.asked, max(0, found.size - found.held + found.asked)
        message = f"{counted(asked, 'ticket')} asked for, {left} left ({found.limit})"
        raise SoldOut(message, limit=found.limit, asked=asked, left=left, **found.details)


def check_edit(event: State, location: State, contingents: Iterable[State]) -> None:
    """Refuses an edit that leaves less room than is in use."""
    if found := excess(event, location, contingents):
        path = {"event": "totalmaxtickets", "date": "capacity", "location": "capacity"}
        raise too_small(path[found.limit], found)


def too_small(path: str, found: Excess, **details: int) -> Refusal:
    message = f"{path}: {counted(found.held, 'ticket')} in use ({found.limit})"
    said = {**found.details, **details}
    return TicketsInUse(message, limit=found.limit, inuse=found.held, **said)


def _exceeded(
    event: State, location: State, contingents: Iterable[State], more: Mapping[int, int]
) -> Iterator[Excess]:
    total, house = event.get("totalmaxtickets") or 0, location.get("capacity") or 0
    listed = list(contingents)
    asked = sum(more.get(contingent["id"], 0) for contingent in listed)
    everything = (sum(map(held, listed)) + asked, asked)
    if 0 < total < everything[0]:
        yield Excess("event", total, *everything, {})
    if not event["dates"]:
        if 0 < house < everything[0]:
            yield Excess("location", house, *everything, {})
        return
    dates = _touched(event["dates"], listed, more)
    limits = {house, *(date.get("capacity") or 0 for date in dates)}
    if not any(0 < limit < everything[0] for limit in limits):
        return  # no date has more than the whole Event: none needs to be counted
    on_all, on_date = _by_date(listed, more, {date["id"] for date in dates})
    for date in dates:
        capacity, used = date.get("capacity") or 0, _both(on_all, on_date.get(date["id"], (0, 0)))
        if 0 < capacity < used[0]:
            yield Excess("date", capacity, *used, {"dateid": date["id"]})
        if 0 < house < used[0]:
            yield Excess("location", house, *used, {"dateid": date["id"]})


def _touched(
    dates: State, contingents: Sequence[State], more: Mapping[int, int]
) -> Collection[State]:
    """The dates that the tickets asked for are valid on; all dates where none are asked for. An
    Event of many dates is not gone through for a ticket of one."""
    named = [contingent["dateids"] for contingent in contingents if contingent["id"] in more]
    if not named or not all(named):
        return dates.values()
    asked = {str(date) for ids in named for date in ids}
    return [dates[key] for key in sorted(asked, key=int) if key in dates]


def _by_date(
    contingents: Iterable[State], more: Mapping[int, int], of: set[int]
) -> tuple[tuple[int, int], dict[int, tuple[int, int]]]:
    """Tickets that are held, and those of them that are asked for: valid on all dates, and by
    date, of these dates."""
    on_all, on_date = (0, 0), dict[int, tuple[int, int]]()
    for contingent in contingents:
        asked = more.get(contingent["id"], 0)
        tickets = (held(contingent) + asked, asked)
        if dates := contingent["dateids"]:
            for date in of.intersection(dates):
                on_date[date] = _both(on_date.get(date, (0, 0)), tickets)
        else:
            on_all = _both(on_all, tickets)
    return on_all, on_date


def _both(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] + other[0], one[1] + other[1]
