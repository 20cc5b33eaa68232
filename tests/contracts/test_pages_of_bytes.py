"""Pages of facts and of documents end at so many bytes, on both databases, and lose nothing: rows
are few or large."""

from collections.abc import Sequence
from itertools import pairwise

from adapters.row_pages import PAGE_BYTES
from adapters.views.select import Select
from application.ports import Recorded, Store
from domain.ids import Kind, guid, key
from projections.base import Row
from projections.orders import Orders
from tests.contracts.conftest import Place
from tests.contracts.facts import changed
from tests.spec import ACCOUNT

LARGE = "x" * (PAGE_BYTES // 3)
"""Of these, a page has two."""


def filled(store: Store) -> Store:
    """A small fact, and five large ones of the same aggregate."""
    store.append([changed(1, 1)])
    for version in range(2, 7):
        store.append([changed(1, version, name=LARGE)])
    return store


def positions(page: Sequence[Recorded]) -> list[int]:
    return [recorded.position for recorded in page]


def test_a_page_of_facts_ends_before_it_is_too_large(place: Place) -> None:
    store = filled(place.store())
    all_of_them = positions(store.stream(guid(ACCOUNT, Kind.LOCATION, 1)))

    first = positions(store.read(0, 100))
    second = positions(store.read(first[-1], 100))

    assert [len(first), len(second)] == [3, 2]
    assert [*first, *second, *positions(store.read(second[-1], 100))] == all_of_them
    assert positions(store.read(0, 2)) == all_of_them[:2]
    assert positions(store.facts_of(ACCOUNT)) == all_of_them  # type: ignore[arg-type]
    aggregate = guid(ACCOUNT, Kind.LOCATION, 1)
    assert positions([*store.between(aggregate, aggregate, all_of_them[-1])]) == all_of_them


def test_facts_at_positions_are_the_first_of_them_and_one_at_least(place: Place) -> None:
    store = filled(place.store())
    every = positions(store.stream(guid(ACCOUNT, Kind.LOCATION, 1)))

    assert positions(store.at(every)) == every[:3]
    assert positions(store.at(every[1:], most=1)) == every[1:2]
    assert positions(store.at(every, most=10 * PAGE_BYTES)) == every


def test_a_page_of_documents_ends_before_it_is_too_large(place: Place) -> None:
    orders = Orders()
    view = place.views(orders).live(orders)
    rows = [
        Row(
            key(ACCOUNT, Kind.ORDER, number),
            ACCOUNT,
            b"{}",
            b"%d" % number * size,
            '"1"',
            (number, 21002, 1, None, 0, number % 2, number, None),
            ("event:1",),
        )
        for number, size in ((1, 10), (2, 400), (3, 2_000), (4, 10), (5, 400))
    ]
    view.commit(rows, (), 0, 1)
    served = place.views(orders).served(orders)

    for one in (view, served):
        for select in (
            Select(ACCOUNT, bytes=500),
            Select(ACCOUNT, bytes=500, exact=("event:1",)),
            Select(ACCOUNT, bytes=500, order="created", descending=True),
        ):
            numbers, after = [], None
            pages = []
            while True:
                page = one.page(Select(**_fields(select) | {"after": after}))
                pages.append(page)
                numbers += [int(body[:1]) for body in page.bodies]
                assert page.total == 5
                if (after := page.last) is None:
                    break
            assert sorted(numbers) == [1, 2, 3, 4, 5]
            assert all(len(p.bodies) == 1 or sum(map(len, p.bodies)) <= 500 for p in pages)
            assert [p.is_cut for p in pages] == [True] * (len(pages) - 1) + [False]
            assert len(pages) > 1
    whole = served.page(Select(ACCOUNT, limit=3))
    assert (len(whole.bodies), whole.is_cut, whole.last) == (3, False, (3,))
    assert served.page(Select(ACCOUNT, limit=0)).bodies == []
    assert [a for a, b in pairwise(numbers) if a == b] == []


def _fields(select: Select) -> dict[str, object]:
    return {name: getattr(select, name) for name in Select.__slots__}
