"""A hand in the store, and whoever puts right what it did, each in a program of its own."""

from datetime import UTC, datetime
from uuid import UUID

from adapters import parking
from adapters.bootstrap import EVENTS
from domain.contingents import ContingentChanged
from domain.values import stamp
from tests.processes.program import Place


def spoil(place: Place, event: str, version: int) -> int:
    """Records that a contingent of an Event changed that never was, which its document does not
    digest; where."""
    fact = ContingentChanged(
        originator_id=UUID(event),
        originator_version=version,
        time=stamp(datetime.now(UTC)),
        actor="a hand in the store",
        correlation="",
        causation=None,
        reason=None,
        contingentid=404,
        changed={},
    )
    with place.book() as book:
        return book.store.append([fact])[-1]


def give_up(place: Place, event: str) -> None:
    """As `stagebook parked discard` does."""
    with place.book() as book:
        book.start_writer()
        (one,) = parking.waiting(book, EVENTS.name, event)
        still = parking.give_up(book, one, "there is no such contingent")
        assert still == [], still
