"""What a check reads of a generation: everything that is stored, by key, and one document as of
one moment."""

from collections.abc import Sequence
from typing import Any

from adapters.views.sql import SqlView
from projections.base import Parked, ViewMoved
from projections.inspection import Content, StoredAt

CHUNK = 500


class StoredView(SqlView):
    """The `Stored` port."""

    def between(self, first: bytes, last: bytes, limit: int) -> dict[bytes, Content]:
        rows = self._rows(
            f"SELECT {self.names} FROM {self.documents} WHERE key BETWEEN ? AND ?"
            " ORDER BY key LIMIT ?",
            (first, last, limit),
        )
        upto = bytes(rows[-1][0]) if len(rows) == limit else last
        return self._contents(rows, "key BETWEEN ? AND ?", (first, upto))

    def those(self, keys: Sequence[bytes]) -> dict[bytes, Content]:
        found: dict[bytes, Content] = {}
        for start in range(0, len(keys), CHUNK):
            chunk = keys[start : start + CHUNK]
            where = f"key IN ({','.join('?' * len(chunk))})"
            rows = self._rows(f"SELECT {self.names} FROM {self.documents} WHERE {where}", chunk)
            found |= self._contents(rows, where, chunk)
        return found

    def moment(self, key: bytes) -> StoredAt:
        own = ", ".join(f"d.{name}" for name in self.names.split(", "))
        rows = self._rows(
            f"SELECT p.position, k.position, k.error, k.since, t.term, {own}"
            f" FROM {self.progress} p LEFT JOIN {self.documents} d ON d.key = ?"
            f" LEFT JOIN {self.terms} t ON t.key = ?"
            f" LEFT JOIN {self.parked_table} k ON k.key = ? ORDER BY t.term",
            (key, key, key),
        )
        position, stopped, error, since, term, stored, *rest = rows[0]
        if position < 0:
            raise ViewMoved
        terms = () if term is None else tuple(row[4] for row in rows)
        content = None
        if stored is not None:
            content = _content(rest, terms)
        elif terms:
            content = NOTHING._replace(terms=terms)
        parked = None if stopped is None else Parked(key, stopped, error, since)
        return StoredAt(position, content, parked)

    def count(self, first: bytes, last: bytes) -> int:
        counting = f"SELECT count(*) FROM {self.documents} WHERE key BETWEEN ? AND ?"
        return int(self._rows(counting, (first, last))[0][0])

    def _contents(
        self, rows: Sequence[Any], where: str, of: Sequence[bytes]
    ) -> dict[bytes, Content]:
        """The documents with their terms; terms of no document are told as well."""
        terms: dict[bytes, list[str]] = {}
        found_by = f"SELECT key, term FROM {self.terms} WHERE {where} ORDER BY key, term"
        for key, term in self._rows(found_by, of):
            terms.setdefault(bytes(key), []).append(term)
        found = {}
        for stored, *rest in rows:
            key = bytes(stored)
            found[key] = _content(rest, tuple(terms.pop(key, ())))
        return found | {k: NOTHING._replace(terms=tuple(some)) for k, some in terms.items()}


NOTHING = Content(None, None, None, None, (), ())


def _content(row: Sequence[Any], terms: tuple[str, ...]) -> Content:
    account, state, body, etag, *columns = row
    return Content(account, _bytes(state), _bytes(body), etag, tuple(columns), terms)


def _bytes(stored: Any) -> bytes | None:
    """SQLite keeps whatever was put there by hand."""
    if stored is None or isinstance(stored, bytes):
        return stored
    return repr(stored).encode()
