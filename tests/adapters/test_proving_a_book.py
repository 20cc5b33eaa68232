"""Proving and mending a whole Stagebook: with several processes, and beneath a running worker."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from adapters import verification
from adapters.bootstrap import AVAILABILITY, CATALOG, CHANGES, EVENTS, LOCATIONS, Stagebook
from adapters.check import view_faults
from adapters.verification import mend, verify
from adapters.views.sql import THERE
from application import events, locations
from domain.event_fields import EventBody
from domain.ids import Kind, account_number, key
from domain.location import LocationFields
from projections.base import Projection

ACCOUNT = account_number("house")
HALL, EVENT = key(ACCOUNT, Kind.LOCATION, 1), key(ACCOUNT, Kind.EVENT, 1)


@pytest.fixture
def do(book: Stagebook) -> Callable[[Callable[..., Any]], Any]:
    """Commands of an account with a hall and an Event in it."""
    book.open_account("house", "en", "EUR", "UTC")
    do = partial(book.execute, account=ACCOUNT, actor="anna")
    do(partial(locations.create_location, fields=LocationFields(name="Hall")))
    body = EventBody(locationid=1, name="Before", tags=["jazz"])
    do(partial(events.create_event, body=body))
    assert book.catch_up(10)
    return do


def tampered(
    book: Stagebook, projection: Projection, table: str, statement: str, *params: object
) -> None:
    view = book.views.live(projection)
    with view.writing() as c:
        c.execute(statement.format(getattr(view, table)), params)


def differing(book: Stagebook) -> dict[tuple[str, bytes], tuple[str, ...]]:
    found = {v.projection.name: v.found.differing for v in verify(book)}
    return {(name, one): what for name, some in found.items() for one, what in some.items()}


def test_a_wrong_name_of_a_location_is_told_wherever_it_is_shown(
    book: Stagebook, do: Callable[..., Any]
) -> None:
    del do
    for one, state in book.views.live(EVENTS).states([HALL, EVENT]).items():
        wrong = state.replace(b"Hall", b"Hell")
        tampered(book, EVENTS, "documents", "UPDATE {} SET state = ? WHERE key = ?", wrong, one)

    found = differing(book)

    assert found == {("events", HALL): ("state",), ("events", EVENT): ("state",)}


def test_documents_that_are_mended_stay_right_beneath_a_running_worker(
    book: Stagebook, do: Callable[..., Any]
) -> None:
    do(partial(events.change_event, number=1, body=EventBody(subtitle="In the worker's memory")))
    assert book.catch_up(10)
    tampered(book, EVENTS, "documents", "UPDATE {} SET body = state, state = body")
    tampered(book, EVENTS, "terms", f"DELETE FROM {{}} WHERE {THERE}")  # noqa: S608 - ours
    tampered(book, LOCATIONS, "documents", f"DELETE FROM {{}} WHERE {THERE}")  # noqa: S608 - ours
    tampered(book, AVAILABILITY, "documents", "UPDATE {} SET account = NULL, etag = ''")
    tampered(book, CATALOG, "documents", "UPDATE {} SET account = account + 1")
    tampered(book, CHANGES, "documents", "DELETE FROM {} WHERE position > 5")
    known = {v.projection.name: v.projection for v in verify(book)}
    found = differing(book)
    assert {"events", "locations", "availability", "catalog", "changes"} == {n for n, _ in found}

    for (name, one), what in found.items():
        assert mend(book, known[name], one) == what

    assert list(view_faults(book)) == []
    do(partial(events.change_event, number=1, body=EventBody(name="After")))
    do(partial(locations.change_location, number=1, fields=LocationFields(name="Other hall")))
    assert book.catch_up(10)
    assert list(view_faults(book)) == []
    served = book.view(EVENTS).document(EVENT)
    assert served is not None
    assert b'"name":"After"' in served[0]
    assert b'"locationname":"Other hall"' in served[0]


def test_several_processes_find_what_one_does(
    book: Stagebook, do: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    del do
    tampered(book, LOCATIONS, "documents", "UPDATE {} SET etag = ''")
    tampered(book, CHANGES, "documents", "DELETE FROM {} WHERE position = 5")
    alone = verify(book)
    monkeypatch.setattr(verification, "FEW_FACTS", 0)

    assert verify(book, processes=2) == alone
    assert [len(one.found.differing) for one in alone if one.found.differing] == [1, 1]
