"""A view in memory: what a check compares the served view with."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from projections.base import Columns, Parked, Row, ViewMoved


class MemoryView:
    """The `View` port; everything is gone with the process."""

    def __init__(self, columns: Columns) -> None:
        self.rows: dict[bytes, Row] = {}
        self._columns = [column.name for column in columns]
        self._parked: dict[bytes, Parked] = {}
        self._position = self._fence = 0

    def position(self) -> int:
        return self._position

    def standing(self) -> tuple[int, int]:
        return self._position, self._fence

    def lead(self) -> int:
        self._fence += 1
        return self._fence

    def states(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        found = ((key, self.rows[key].state) for key in keys if key in self.rows)
        return {key: state for key, state in found if state is not None}

    def keys_where(self, column: str, value: int, account: int) -> list[bytes]:
        index, prefix = self._columns.index(column), account.to_bytes(6)
        return sorted(
            key
            for key, row in self.rows.items()
            if key.startswith(prefix) and row.columns and row.columns[index] == value
        )

    def keys_with(self, term: str, account: int) -> list[bytes]:
        prefix = account.to_bytes(6)
        return sorted(
            key
            for key, row in self.rows.items()
            if key.startswith(prefix) and term in (row.terms or ())
        )

    def parked(self) -> dict[bytes, Parked]:
        return dict(self._parked)

    def commit(
        self,
        rows: Sequence[Row],
        parked: Iterable[Parked],
        since: int,
        position: int,
        fence: int = 0,
        mark: str | None = None,  # noqa: ARG002 - it never outlives the store that it was made of
    ) -> None:
        if (since, fence) != (self._position, self._fence):
            raise ViewMoved
        for row in rows:
            terms = self.rows[row.key].terms if row.terms is None else row.terms
            self.rows[row.key] = replace(row, terms=terms, terms_before=None)
        for stopped in parked:
            self._parked.setdefault(stopped.key, stopped)
        self._position = position
