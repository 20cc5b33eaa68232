"""What a runner keeps from batch to batch is bounded by number and by bytes."""

from pydantic_core import to_json

from domain.ids import Kind, key
from projections.base import HELD_BYTES, Row, State, WorkingSet
from projections.memory import MemoryView
from tests.spec import ACCOUNT


def row_of(at: bytes, state: State) -> Row:
    return Row(at, ACCOUNT, to_json(state), b"")


def kept(documents: WorkingSet) -> list[State | None]:
    return [entry.state for entry in documents._entries.values()]


def written(documents: WorkingSet, view: MemoryView) -> None:
    rows = documents.rows()
    view.commit(rows, (), view.position(), view.position() + 1)
    documents.settle()


def test_large_documents_are_forgotten_the_oldest_first() -> None:
    view = MemoryView(())
    documents = WorkingSet(view, row_of, cached=100)
    size = HELD_BYTES // 4
    for number in range(10):
        documents.put(key(ACCOUNT, Kind.EVENT, number), {"id": number, "text": "x" * size})
        written(documents, view)

    assert [state["id"] for state in kept(documents) if state] == [7, 8, 9]

    first = documents.get(key(ACCOUNT, Kind.EVENT, 0))
    assert first
    assert first["id"] == 0
    documents.put(key(ACCOUNT, Kind.EVENT, 0), {"id": 0, "text": ""})
    written(documents, view)
    assert [state["id"] for state in kept(documents) if state] == [7, 8, 9, 0]


def test_small_documents_are_bounded_by_their_number() -> None:
    view = MemoryView(())
    documents = WorkingSet(view, row_of, cached=3)
    for number in range(10):
        documents.put(key(ACCOUNT, Kind.EVENT, number), {"id": number})
    written(documents, view)

    assert [state["id"] for state in kept(documents) if state] == [7, 8, 9]
    documents.discard()
    assert documents._size == 0
