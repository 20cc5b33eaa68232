"""The driver keeps room for the largest message that a connection ever had, so a connection of the
pool has one large message at most."""

from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from adapters.stores.connections import LARGE
from adapters.stores.postgres import PostgresStore
from adapters.views.postgres import PostgresViews
from application.ports import Blob
from domain.ids import Kind, key
from projections.base import Row
from projections.orders import Orders
from tests.contracts.facts import history


@pytest.fixture
def store(database: str) -> Iterator[PostgresStore]:
    with closing(PostgresStore(database, connections=2)) as opened:
        opened.datastore.pool.wait()
        yield opened


def processes(store: PostgresStore) -> set[int]:
    """Those of the server that the pool's connections lead to."""
    with ExitStack() as stack:
        many = store.datastore.pool.get_stats()["pool_size"]
        held = [stack.enter_context(store.datastore.get_connection()) for _ in range(many)]
        return {connection.info.backend_pid for connection in held}


def picture(size: int) -> Blob:
    return Blob(account=7, digest="d", type="image/png", data=b"x" * size)


@pytest.mark.parametrize(("size", "replaced"), [(LARGE + 1, 1), (LARGE // 2, 0)])
def test_a_connection_that_had_a_picture_written_is_not_used_again_if_it_was_large(
    store: PostgresStore, size: int, replaced: int
) -> None:
    before = processes(store)
    store.append(history(1, 1), blobs=[picture(size)])
    assert len(before - processes(store)) == replaced


@pytest.mark.parametrize("size", [LARGE // 2, LARGE, LARGE + 1, 2 * LARGE])
def test_a_large_picture_is_read_in_pieces(store: PostgresStore, size: int) -> None:
    store.append(history(1, 1), blobs=[picture(size)])
    before = processes(store)
    assert store.blob(7, "d") == ("image/png", b"x" * size)
    assert store.blob(7, "e") is None
    assert before <= processes(store)


def order(number: int, size: int) -> Row:
    """A document of so many bytes, and a state of as many."""
    columns = (number, 21002, 1, None, 0, 1, number, None)
    text = b"x" * (size // 2)
    return Row(key(7, Kind.ORDER, number), 7, text, text, '"1"', columns, ("event:1",))


@pytest.mark.parametrize(
    ("sizes", "replaced"), [([LARGE + 2], 1), ([LARGE // 3] * 12, 0), ([10] * 5_000, 0)]
)
def test_documents_are_written_in_messages_that_are_no_larger_than_they_have_to_be(
    store: PostgresStore, sizes: list[int], replaced: int
) -> None:
    orders = Orders()
    with closing(PostgresViews(store.datastore, [orders])) as views:
        view, before = views.live(orders), processes(store)
        rows = [order(number, size) for number, size in enumerate(sizes, 1)]
        view.commit(rows, (), 0, 1)

        assert len(before - processes(store)) == replaced
        assert len(view.states([row.key for row in rows])) == len(sizes)
        assert view.document(rows[-1].key) == (rows[-1].body, '"1"')
