"""The driver keeps room for the largest message that a connection ever had, so a connection of the
pool has one large message at most."""

from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from adapters.stores.connections import LARGE
from adapters.stores.postgres import PostgresStore
from application.ports import Blob
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
