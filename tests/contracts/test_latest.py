"""A document with what is known of it, the same over SQLite and PostgreSQL."""

from adapters.views.served import ServedView
from adapters.views.sql import Latest, SqlView
from domain.ids import Kind, guid, key
from projections.base import Parked, Row
from tests.contracts.conftest import Place
from tests.contracts.facts import changed
from tests.contracts.notes import NOTES
from tests.spec import ACCOUNT

FIRST, SECOND, THIRD, NOWHERE = (key(ACCOUNT, Kind.LOCATION, n) for n in (1, 2, 3, 4))


def latest(view: SqlView, of: bytes) -> Latest:
    if isinstance(view, ServedView):
        return view.latest_of([of, NOWHERE, FIRST])[of]
    return view.latest(of)


def test_a_document_is_told_with_where_it_stands(place: Place) -> None:
    views = place.views(NOTES)
    live, served = views.live(NOTES), views.served(NOTES)
    columns = (1, 0, None, "")
    rows = [
        Row(one, ACCOUNT, b"{}", body, '"1"', columns)
        for one, body in ((FIRST, b"1"), (SECOND, None))
    ]
    live.commit(rows, [Parked(FIRST, 5, "no"), Parked(THIRD, 7, "no")], 0, 9)

    found = {one: latest(served, one) for one in (FIRST, SECOND, THIRD, NOWHERE)}

    assert [one.position for one in found.values()] == [9, 9, 9, 9]
    assert [one.body for one in found.values()] == [b"1", None, None, None]
    assert [one.parked for one in found.values()] == [5, None, 7, None]
    assert [one.shown for one in found.values()] == [4, 9, 6, 9]
    assert found[FIRST].etag == '"1"'


def test_where_facts_and_views_are_one_database_it_is_told_what_is_committed(place: Place) -> None:
    store, served = place.store(), place.views(NOTES).served(NOTES)
    positions = store.append([changed(1, 1), changed(2, 1), changed(1, 2)])
    assert store.newest_of([guid(ACCOUNT, Kind.LOCATION, 1)]) == positions[2]

    if isinstance(served, ServedView):
        found = served.latest_of([FIRST, SECOND, NOWHERE, FIRST])
        committed = {one: told.committed for one, told in found.items()}
        assert committed == {FIRST: positions[2], SECOND: positions[1], NOWHERE: 0}
