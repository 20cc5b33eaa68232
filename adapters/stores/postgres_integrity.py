"""What of the tables and indexes on PostgreSQL is lost or does not agree, and indexes made again.

Pages are checked by the server itself where its data has checksums (`initdb --data-checksums`).
Indexes are compared with their tables by `amcheck` where that extension is installed, otherwise
those of the facts by reading the facts twice: as the table has them, and as each index has them.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from eventsourcing.postgres import PostgresDatastore

from adapters.stores.connections import transaction
from adapters.stores.damage import is_damage, of_the_database
from application.ports import StoreUnavailable

KEYS = {
    "stored_events": ("originator_id, originator_version", "notification_id"),
    "stored_snapshots": ("originator_id, originator_version",),
    "kept_answers": ("account, key",),
    "numbers": ("account, kind",),
    "account_usage": ("account, name",),
    "blobs": ("account, digest",),
    "trials": ("id",),
    "store_identity": ("one",),
}
"""The columns of every unique index, the primary key first."""
UNIQUE = (
    "SELECT string_agg(a.attname, ', ' ORDER BY k.place) FROM pg_index i"
    " CROSS JOIN LATERAL unnest(i.indkey::int[]) WITH ORDINALITY AS k(attnum, place)"
    " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum"
    " WHERE i.indrelid = to_regclass(%s) AND i.indisunique AND i.indisvalid GROUP BY i.indexrelid"
)
HAS_AMCHECK = "SELECT 1 FROM pg_extension WHERE extname = 'amcheck'"
INDEXES = (
    "SELECT c.relname, c.oid FROM pg_class c JOIN pg_am m ON m.oid = c.relam"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE m.amname = 'btree' AND c.relkind = 'i' AND n.nspname = current_schema()"
    " ORDER BY c.relname"
)
CHECKED = "SELECT bt_index_check(%s::oid::regclass, heapallindexed => true)"
BY_THE_TABLE = "SET LOCAL enable_indexscan TO off; SET LOCAL enable_indexonlyscan TO off;"
BY_AN_INDEX = "SET LOCAL enable_seqscan TO off; SET LOCAL enable_sort TO off;"
BITMAPS = "SET LOCAL enable_bitmapscan TO off; SET LOCAL max_parallel_workers_per_gather TO 0"
SUMMED = (
    "SELECT count(*), sum(hashtextextended(originator_id::text || ' ' || originator_version || ' '"
    " || notification_id, 0)::numeric) FROM (SELECT * FROM stored_events ORDER BY {}) facts"
)


def defects(store: PostgresDatastore, *, quickly: bool = False) -> list[str]:
    """`quickly`: only whether everything is there. `StoreUnavailable` where the database cannot be
    asked now."""
    lost = [*_lacking(store)]
    return lost if lost or quickly else [*_differing(store)]


def _lacking(store: PostgresDatastore) -> Iterator[str]:
    """Tables and unique indexes that are not there."""
    for table, keys in KEYS.items():
        with transaction(store, BITMAPS) as c:
            there = c.execute("SELECT to_regclass(%s)", (table,)).fetchone()
            unique = {columns for (columns,) in c.execute(UNIQUE, (table,)).fetchall()}
        if there is None or there[0] is None:
            yield f"table {table} is not there"
            continue
        yield from (f"table {table} has no index of {key}" for key in keys if key not in unique)


def _differing(store: PostgresDatastore) -> Iterator[str]:
    """Indexes that are not what their tables say."""
    with transaction(store, BITMAPS) as c:
        has_amcheck = bool(c.execute(HAS_AMCHECK).fetchall())
        indexes = c.execute(INDEXES).fetchall() if has_amcheck else []
    for name, oid in indexes:
        if isinstance(said := _asked(store, BITMAPS, CHECKED, (oid,)), str):
            yield f"index {name}: {said}"
    if has_amcheck:
        return
    for key in KEYS["stored_events"]:
        query = SUMMED.format(key)
        by_table = _asked(store, BY_THE_TABLE + BITMAPS, query)
        by_index = _asked(store, BY_AN_INDEX + BITMAPS, query)
        if isinstance(by_table, str):
            yield f"table stored_events: {by_table}"
        elif isinstance(by_index, str):
            yield f"the index of {key} of table stored_events: {by_index}"
        elif by_table != by_index:
            what = f"has other facts than the table: {by_index[0]}, expected {by_table[0]}"
            yield f"the index of {key} of table stored_events {what}"


def _asked(
    store: PostgresDatastore, settings: str, query: str, params: Sequence[Any] = ()
) -> tuple[Any, ...] | str:
    """A row, or in what way the database found itself damaged."""
    try:
        with transaction(store, settings) as c:
            row: tuple[Any, ...] = c.execute(query.encode(), params).fetchone() or ()
    except StoreUnavailable as error:
        if not is_damage(of_the_database(error)):
            raise
        return str(error)
    return row


def reindex(store: PostgresDatastore) -> None:
    """Makes every index of the store again from its table, also one that is not there. Nobody
    writes meanwhile."""
    for table, keys in KEYS.items():
        with transaction(store, BITMAPS) as c:
            unique = {columns for (columns,) in c.execute(UNIQUE, (table,)).fetchall()}
            for place, key in enumerate(keys):
                kind = "CREATE UNIQUE INDEX ON {} ({})" if place else ADD_PRIMARY
                if key not in unique:
                    c.execute(kind.format(table, key).encode())
            c.execute(f"REINDEX TABLE {table}".encode())


ADD_PRIMARY = "ALTER TABLE {} ADD PRIMARY KEY ({})"
