"""Reading a view on PostgreSQL: of the live generation, whichever that is at that moment.

Every statement tells in the same breath which generation is live, and is asked again of that one
when it is another. So of several processes none answers from what another has left behind.
"""

from collections.abc import Sequence
from typing import Any

import psycopg
from eventsourcing.postgres import PostgresDatastore
from psycopg.rows import tuple_row

from adapters.stores.connections import translated
from adapters.views.sql import SqlView
from projections.base import Projection

LIVE = "SELECT generation FROM views WHERE name = %s"


class ServedView(SqlView):
    """Speaks of tables `view_NAME_live_…`; the number of the live generation goes in there."""

    def __init__(self, projection: Projection, store: PostgresDatastore) -> None:
        self._prefix = f"view_{projection.name}_"
        super().__init__(projection, f"{self._prefix}live_")
        self._store = store
        self._generation = 0

    def _rows(self, sql: str, params: Sequence[Any] = ()) -> list[Any]:
        with (
            translated(),
            self._store.get_connection() as connection,
            connection.cursor(row_factory=tuple_row, binary=True) as cursor,
        ):
            return self._asked(cursor, sql.replace("?", "%s"), params)

    def documents_of(self, keys: Sequence[bytes]) -> dict[bytes, tuple[bytes, str]]:
        rows = self._rows(
            f"SELECT key, body, etag FROM {self.documents} WHERE key = ANY(?) AND body IS NOT NULL",  # noqa: S608 - names only
            ([*keys],),
        )
        return {key: (body, etag) for key, body, etag in rows}

    def table(self, c: psycopg.Cursor[Any]) -> str:
        """The documents' table of the generation that is live now."""
        return self.of(self._look(c), self.documents)

    def of(self, generation: int, statement: str) -> str:
        return statement.replace(f"{self._prefix}live_", f"{self._prefix}{generation}_")

    def _asked(self, c: psycopg.Cursor[Any], statement: str, params: Sequence[Any]) -> list[Any]:
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
                live = rows[0][0]
                if live == generation:
                    return [row[2:] for row in rows if row[1]]
            self._totals.clear()
            generation = self._generation = live

    def _asking(self, generation: int, statement: str) -> str:
        """One row at least: which generation is live does not depend on what is found in it."""
        asked = self.of(generation, statement)
        return (
            "SELECT v.generation, f.* FROM views v LEFT JOIN LATERAL"  # noqa: S608 - names only
            f" (SELECT TRUE, q.* FROM ({asked}) q) f ON TRUE"
            f" WHERE v.name = '{self.projection.name}'"
        )

    def _look(self, c: psycopg.Cursor[Any]) -> int:
        row = c.execute(LIVE, (self.projection.name,)).fetchone()
        assert row  # noqa: S101 - made at start
        self._generation = int(row[0])
        return self._generation
