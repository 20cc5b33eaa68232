"""What a question answers, as JSON: ids for a filter, a page of rows, every row of an export."""

from itertools import islice
from typing import Any

from pydantic_core import from_json, to_json

from adapters.queries.failures import Failed
from adapters.queries.running import APART, Question, Session, shown
from adapters.queries.times import Clock

MAX_IDS = 100_000
MAX_ROWS = 10_000
MAX_EXPORTED = 200_000
NO_ID = "expected one column of ids, which are whole numbers"


def ids(session: Session, question: Question) -> list[int]:
    """What a filter lets through: each id once, in the order that it has them."""
    names, rows = session.run(question.sql)
    if len(names) != 1:
        raise Failed(f"expected one column of ids, not {len(names)}")
    if question.booleans.intersection(names):
        raise Failed(NO_ID)
    found: dict[int, None] = {}
    for count, (value,) in enumerate(rows):
        if count >= MAX_IDS:
            raise Failed(f"it finds more than {MAX_IDS} ids")
        if value is not None:
            found[_id(value)] = None
    return list(found)


def page(
    session: Session, question: Question, clock: Clock, limit: int, offset: int
) -> tuple[int, list[bytes]]:
    """How many rows there are, and some of them."""
    _, counted = session.run(f"SELECT count(*) AS n FROM ({question.sql}) AS q")
    ((total,),) = counted
    part = f"LIMIT {min(limit, MAX_ROWS):d} OFFSET {offset:d}"
    names, rows = session.run(f"SELECT * FROM ({question.sql}) AS q {part}")
    return int(total), [_row(names, row, question, clock) for row in rows]


def every(session: Session, question: Question, clock: Clock) -> list[bytes]:
    """All rows, read before the first one is given: a reader may take its time."""
    names, rows = session.run(question.sql)
    found = [_row(names, row, question, clock) for row in islice(rows, MAX_EXPORTED + 1)]
    if len(found) > MAX_EXPORTED:
        raise Failed(f"it answers more than {MAX_EXPORTED} rows")
    return found


def _id(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Failed(NO_ID)
    return value


def _row(names: list[str], row: tuple[Any, ...], question: Question, clock: Clock) -> bytes:
    document = {
        name.partition(APART)[0]: shown(value, clock)
        for name, value in zip(names, row, strict=True)
    }
    for name in question.booleans & document.keys():
        if document[name] in (0, 1):
            document[name] = bool(document[name])
    for name in question.jsons & document.keys():
        if isinstance(document[name], str):
            document[name] = from_json(document[name])
    return to_json(document)
