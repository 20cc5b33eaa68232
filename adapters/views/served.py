"""Reading a view on PostgreSQL: of the live generation, whichever that is at that moment.

Every statement tells in the same breath which generation is live, and is asked again of that one
when it is another. So of several processes none answers from what another has left behind.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.postgres import PostgresDatastore
from psycopg.rows import tuple_row

from adapters.row_pages import counted_by_the_database, first_of
from adapters.stores.connections import carried, translated
from adapters.views.select import Select
from adapters.views.sql import BODY, THERE, Latest, SqlView
from application.ports import StoreDamaged, ViewNotYet
from projections.base import Parked, Projection, aggregates_of

LIVE = "SELECT generation FROM views WHERE name = %s"
NEWEST_OF = "SELECT notification_id FROM stored_events WHERE originator_id = "
LAST = " ORDER BY originator_version DESC LIMIT 1"


class ServedView(SqlView):
    """Speaks of tables `view_NAME_live_…`; the number of the live generation goes in there."""

    def __init__(self, projection: Projection, store: PostgresDatastore) -> None:
        self._prefix = f"view_{projection.name}_"
        super().__init__(projection, f"{self._prefix}live_")
        self._store = store
        self._latest_of = (
            "SELECT a.key, p.position, d.body, d.etag, k.position,"
            f" coalesce(greatest(({NEWEST_OF}a.one{LAST}), ({NEWEST_OF}a.other{LAST})), 0)"
            " FROM unnest(?::bytea[], ?::uuid[], ?::uuid[]) a(key, one, other)"
            f" CROSS JOIN {self.progress} p"
            f" LEFT JOIN {self.documents} d ON d.key = a.key AND d.body IS NOT NULL"
            f" LEFT JOIN {self.parked_table} k ON k.key = a.key"
        )
        self._generation = 0

    def position(self) -> int:
        for (position,) in self._rows(f"SELECT position FROM {self.progress}", hollow=True):
            return int(position)
        raise StoreDamaged(f"table {self.progress}", "it is empty")

    def parked(self) -> dict[bytes, Parked]:
        query = f"SELECT key, position, error, since FROM {self.parked_table} WHERE {THERE}"
        rows = self._rows(query, hollow=True)
        return {bytes(key): Parked(bytes(key), *stopped) for key, *stopped in rows}

    def _rows(self, sql: str, params: Sequence[Any] = (), *, hollow: bool = False) -> list[Any]:
        """Of a `hollow` generation, too: one of no version, in which nothing is yet."""
        with (
            translated(),
            self._store.get_connection() as connection,
            connection.cursor(row_factory=tuple_row, binary=True) as cursor,
        ):
            rows = self._asked(cursor, sql.replace("?", "%s"), params, hollow=hollow)
            carried(connection, rows)
            return rows

    def _first_of(self, select: Select, sql: str, params: list[Any]) -> tuple[list[Any], bool]:
        names = ", ".join(("key", "body", *select.sort))
        counted = counted_by_the_database(sql, names, "body", select.in_order)
        rows = self._rows(counted, [*params, select.bytes])
        return first_of(rows, BODY, select.bytes, select.limit)

    def latest_of(self, keys: Sequence[bytes]) -> dict[bytes, Latest]:
        """Each of these documents with what is known of it: facts and views are one database."""
        pairs = [_two(aggregates_of(key)) for key in keys]
        ones, others = [one for one, _ in pairs], [other for _, other in pairs]
        rows = self._rows(self._latest_of, ([*keys], ones, others))
        if not rows and keys:
            raise StoreDamaged(f"table {self.progress}", "it is empty")
        return {key: Latest(*rest) for key, *rest in rows}

    def table(self, c: psycopg.Cursor[Any]) -> str:
        """The documents' table of the generation that is live now."""
        generation = self._look(c)
        hollow = "SELECT 1 FROM views WHERE name = %s AND generation = %s AND version = 0"
        if c.execute(hollow, (self.projection.name, generation)).fetchone():
            raise ViewNotYet(f"view {self.projection.name} is being rebuilt")
        return self.of(generation, self.documents)

    def of(self, generation: int, statement: str) -> str:
        return statement.replace(f"{self._prefix}live_", f"{self._prefix}{generation}_")

    def _asked(
        self, c: psycopg.Cursor[Any], statement: str, params: Sequence[Any], *, hollow: bool
    ) -> list[Any]:
        """The rows, of the generation that was live when they were read."""
        generation = self._generation or self._look(c)
        while True:
            try:
                rows = c.execute(self._asking(generation, statement), params).fetchall()
            except psycopg.errors.UndefinedTable:
                live = self._look(c)
                if live == generation:
                    raise
            else:
                live, version = rows[0][:2] if rows else (self._look(c), 0)
                if live == generation:
                    if not version and not hollow:
                        raise ViewNotYet(f"view {self.projection.name} is being rebuilt")
                    return [row[3:] for row in rows if row[2]]
            self._totals.clear()
            generation = self._generation = live

    def _asking(self, generation: int, statement: str) -> str:
        """One row at least: which generation is live does not depend on what is found in it."""
        asked = self.of(generation, statement)
        return (
            "SELECT v.generation, v.version, f.* FROM views v LEFT JOIN LATERAL"
            f" (SELECT TRUE, q.* FROM ({asked}) q) f ON TRUE"
            f" WHERE v.name = '{self.projection.name}'"
        )

    def _look(self, c: psycopg.Cursor[Any]) -> int:
        row = c.execute(LIVE, (self.projection.name,)).fetchone()
        if not row:
            raise lost_row(self.projection.name)
        self._generation = int(row[0])
        return self._generation


def lost_row(view: str) -> StoreDamaged:
    return StoreDamaged("table views", f"it has no row of {view}", "a start makes it again")


def _two(aggregates: Sequence[UUID]) -> tuple[UUID, UUID]:
    """No document has facts of more than two aggregates; where it is one, that one twice."""
    one, *others = aggregates
    return one, others[0] if others else one
