"""The terms of a document that change: what differs is written, and no other document's."""

from adapters.views.sql import THERE, SqlView
from domain.ids import Kind, key
from projections.base import Row
from tests.contracts.conftest import Place
from tests.contracts.notes import NOTES
from tests.spec import ACCOUNT

FIRST, SECOND = (key(ACCOUNT, Kind.LOCATION, n) for n in (1, 2))
COLUMNS = (1, 0, None, "")


def noted(one: bytes, terms: tuple[str, ...] | None, before: tuple[str, ...] | None = None) -> Row:
    return Row(one, ACCOUNT, b"{}", b"1", '"1"', COLUMNS, terms, before)


def terms(view: SqlView) -> set[tuple[bytes, str]]:
    rows = view._rows(f"SELECT key, term FROM {view.terms} WHERE {THERE}")  # noqa: S608 - ours
    found = [(bytes(one), term) for one, term in rows]
    assert len(found) == len({*found})
    return {*found}


def test_terms_that_are_known_to_be_stored_are_left_and_the_others_change(place: Place) -> None:
    view = place.views(NOTES).live(NOTES)
    view.commit([noted(FIRST, ("a", "b", "c")), noted(SECOND, ("a", "b"))], [], 0, 1)

    view.commit([noted(FIRST, ("c", "d", "a"), ("a", "b", "c")), noted(SECOND, None)], [], 1, 2)
    assert terms(view) == {(FIRST, t) for t in "acd"} | {(SECOND, t) for t in "ab"}
    assert view.keys_with("b", ACCOUNT) == [SECOND]

    view.commit([noted(FIRST, (), ("c", "d", "a")), noted(SECOND, ("e",), ())], [], 2, 3)
    assert terms(view) == {(SECOND, t) for t in "abe"}


def test_terms_of_which_nothing_is_known_replace_those_that_are_stored(place: Place) -> None:
    view = place.views(NOTES).live(NOTES)
    view.commit([noted(FIRST, ("a", "b"))], [], 0, 1)

    view.commit([noted(FIRST, ("b", "c"))], [], 1, 2)

    assert terms(view) == {(FIRST, "b"), (FIRST, "c")}
