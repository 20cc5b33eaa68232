"""Pages of rows that are bounded by bytes: rows are few or large, so nobody holds at a time what
many large ones would take. A page has one row at least, however large that is."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

PAGE_BYTES = 4 * 2**20
"""Bytes of facts or documents that are read at a time: a page that is larger ends earlier."""


def size_of(row: Iterable[Any]) -> int:
    return sum(len(value) for value in row if isinstance(value, bytes))


def chunks(
    rows: Iterable[Sequence[Any]], most_rows: int, most: int
) -> Iterator[list[Sequence[Any]]]:
    """All rows in their order, so many at a time at most, and so many bytes of them, or one that
    is larger."""
    chunk: list[Sequence[Any]] = []
    size = 0
    for row in rows:
        more = size_of(row)
        if chunk and (len(chunk) == most_rows or size + more > most):
            yield chunk
            chunk, size = [], 0
        chunk.append(row)
        size += more
    if chunk:
        yield chunk


def first_of(
    rows: Iterable[Sequence[Any]], large: int, most: int = PAGE_BYTES, limit: int | None = None
) -> tuple[list[Any], bool]:
    """As many of the first rows as have so many bytes in the column `large`, and whether there are
    more; they are read as far as that tells."""
    page: list[Any] = []
    size = 0
    for row in rows:
        size += len(row[large]) if isinstance(row[large], bytes) else 0  # a damaged one is refused
        if len(page) == limit or (page and size > most):
            return page, True
        page.append(row)
    return page, False


def counted_by_the_database(query: str, names: str, large: str, order: str) -> str:
    """The same rows, and one more, of a database whose client fetches all that it is answered; a
    last parameter says how many bytes. `names`: the columns; `large`: the one that is counted."""
    counting = (
        f"SELECT *, coalesce(octet_length({large}), 0) AS size,"  # noqa: S608 - a query of ours
        f" coalesce(sum(octet_length({large})) OVER (ORDER BY {order} ROWS UNBOUNDED PRECEDING), 0)"
        f" AS so_far, row_number() OVER (ORDER BY {order}) AS place FROM ({query}) page"
    )
    within = "counted WHERE so_far - size <= ? OR place <= 2"
    return f"SELECT {names} FROM ({counting}) {within} ORDER BY {order}"  # noqa: S608 - names
