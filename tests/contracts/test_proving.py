"""Views beside what their facts say, the same everywhere: every fault is named, nothing else is,
and what is mended stays right."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any
from uuid import UUID

import pytest

from adapters.stores.memory import MemoryStore
from adapters.views.building import BuildingView
from adapters.views.sqlite import SqliteView
from application.ports import Recorded
from domain.ids import Kind
from domain.ids import key as key_of
from projections import verification
from projections.base import Projection, ViewMoved
from projections.changes import Changes
from projections.inspection import digest, heal
from projections.runner import Runner
from projections.verification import VerificationReport, verify
from tests.contracts.conftest import Place
from tests.contracts.facts import changed, history
from tests.contracts.notes import NOTES, said
from tests.contracts.test_views import key
from tests.spec import ACCOUNT

CHANGES = Changes()
OTHER = ACCOUNT + 1


class Stand:
    """A served view and its facts."""

    def __init__(self, place: Place, projection: Projection) -> None:
        self.projection, self.log = projection, MemoryStore()
        self.view = place.views(projection).live(projection)

    def live(self, _: Projection) -> BuildingView:
        return self.view

    def follow(self) -> Runner:
        runner = Runner(self.projection, self.log, self.view)
        while runner.step():
            pass
        return runner

    def tampered(self, table: str, statement: str, *params: Any) -> None:
        with self.view.writing() as c:
            c.execute(statement.format(getattr(self.view, table)), params)

    def proved(self, log: Any = None) -> VerificationReport:
        (verdict,) = verify([self.projection], log or self.log, self.live)
        return verdict

    def differing(self) -> dict[bytes, tuple[str, ...]]:
        return self.proved().found.differing

    def healed(self) -> None:
        for one in self.differing():
            assert heal(self.projection, self.log, self.view, one)


@pytest.fixture
def notes(place: Place) -> Stand:
    stand = Stand(place, NOTES)
    for number in range(1, 13):
        stand.log.append(history(number, 1 + number % 3))
    stand.log.append(history(1, 2, account=OTHER))
    stand.follow()
    return stand


@pytest.fixture
def changes(place: Place) -> Stand:
    stand = Stand(place, CHANGES)
    stand.log.append(history(1, 3))
    stand.log.append([changed(1, 1, kind=Kind.REGISTRY)])
    stand.log.append(history(2, 4))
    stand.follow()
    return stand


NOBODY, STRANGER, NO_ID = key(404), key_of(OTHER, Kind.EVENT, 1), b"\xfe" * 16
COPY = "INSERT INTO {0} SELECT ?, account, state, body, etag, number, rank, position, name FROM {0}"
FAULTS: dict[bytes, tuple[tuple[str, str, Sequence[Any]], tuple[str, ...]]] = {
    key(1): (("documents", "UPDATE {} SET body = ? WHERE key = ?", (b"{}", key(1))), ("body",)),
    key(2): (("documents", "UPDATE {} SET state = ? WHERE key = ?", (b"{}", key(2))), ("state",)),
    key(3): (("documents", "UPDATE {} SET account = 8 WHERE key = ?", (key(3),)), ("account",)),
    key(4): (("documents", "UPDATE {} SET etag = ? WHERE key = ?", ('"9"', key(4))), ("etag",)),
    key(5): (("documents", "UPDATE {} SET rank = 99 WHERE key = ?", (key(5),)), ("columns",)),
    key(6): (("documents", "UPDATE {} SET body = NULL WHERE key = ?", (key(6),)), ("body",)),
    key(7): (("terms", "INSERT INTO {} VALUES (?, ?)", (key(7), "word:evil")), ("terms",)),
    key(8): (("documents", "DELETE FROM {} WHERE key = ?", (key(8),)), ("missing",)),
    NOBODY: (("documents", COPY + " WHERE key = ?", (NOBODY, key(9))), ("should not be there",)),
    STRANGER: (
        ("documents", COPY + " WHERE key = ?", (STRANGER, key(9))),
        ("should not be there",),
    ),
    NO_ID: (("documents", COPY + " WHERE key = ?", (NO_ID, key(9))), ("should not be there",)),
    key(405): (
        ("terms", "INSERT INTO {} VALUES (?, ?)", (key(405), "word:lost")),
        ("should not be there",),
    ),
}


def test_a_sound_view_has_the_digest_that_its_facts_give(notes: Stand) -> None:
    verdict = notes.proved()

    live, rebuilt = verdict.found.digests
    _, stored = notes.view.whole()
    documents = notes.view.those([*stored])
    assert verdict.found.differing == {}
    assert verdict.found.documents == len(documents) == 13
    assert int(live, 16) == sum(digest(k, one) for k, one in documents.items()) % 2**128
    assert live == rebuilt


@pytest.mark.parametrize("size", [1, 3, 7])
def test_the_digest_is_the_same_however_the_facts_are_cut(
    notes: Stand, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = notes.proved().found.digests
    monkeypatch.setattr(verification, "SLICE", size)
    monkeypatch.setattr(verification, "PAGE", size)
    monkeypatch.setattr("projections.bulk.ROWS", size)

    assert notes.proved().found.digests == whole


def test_a_digest_covers_everything_that_is_stored(notes: Stand) -> None:
    (content,) = notes.view.those([key(1)]).values()
    others = [
        content._replace(account=OTHER),
        content._replace(state=None),
        content._replace(state=(content.state or b"")[:-1], body=b"}" + (content.body or b"")),
        content._replace(body=b""),
        content._replace(body=None),
        content._replace(etag=""),
        content._replace(columns=(*content.columns[:-1], None)),
        content._replace(terms=("a",)),
    ]

    digests = {digest(key(1), one) for one in (content, *others)} | {digest(key(2), content)}

    assert len(digests) == len(others) + 2
    assert digest(key(1), content) in digests


def test_every_fault_is_named_and_nothing_else(notes: Stand) -> None:
    for fault, _ in FAULTS.values():
        notes.tampered(*fault[:2], *fault[2])

    verdict = notes.proved()

    assert verdict.found.differing == {one: what for one, (_, what) in FAULTS.items()}
    assert verdict.found.live != verdict.found.rebuilt


def test_what_is_mended_is_right_and_stays_so(notes: Stand) -> None:
    sound = notes.proved().found.digests
    leader = notes.follow()
    for fault, _ in FAULTS.values():
        notes.tampered(*fault[:2], *fault[2])

    notes.healed()

    assert notes.proved().found.digests == sound
    notes.log.append([changed(number, 2 + number % 3) for number in range(1, 13)])
    with pytest.raises(ViewMoved):
        leader.step()
    notes.follow()
    assert notes.differing() == {}
    assert [one["said"] for number, one in said(notes.view).items() if number == 8] == [4]


def test_a_document_that_is_right_by_now_is_left_alone(notes: Stand) -> None:
    before = notes.view.whole()

    assert heal(NOTES, notes.log, notes.view, key(1)) == ()

    assert notes.view.whole() == before


def test_what_no_program_would_have_put_there_is_told(notes: Stand) -> None:
    notes.tampered("documents", "UPDATE {} SET body = '{{}}' WHERE key = ?", key(1))
    if isinstance(notes.view, SqliteView):
        odd = "UPDATE {} SET account = 'x', rank = x'ff' WHERE key = ?"
        notes.tampered("documents", odd, key(1))

    (what,) = notes.differing().values()

    assert "body" in what
    notes.healed()
    assert notes.differing() == {}


# -- documents of single facts


@pytest.mark.parametrize(("size", "extra"), [(2, [0, 4, 9, 2**40]), (2_000, [4])])
def test_entries_that_are_wrong_missing_or_made_by_no_fact_are_named(
    changes: Stand, size: int, extra: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "PAGE", size)
    sound = changes.proved().found.digests
    others = changes.view.names.removeprefix("key, ")
    copied = f"INSERT INTO {{0}} SELECT ?, {others}"
    changes.tampered("documents", "DELETE FROM {} WHERE key = ?", (2).to_bytes(16))
    changes.tampered("documents", "UPDATE {} SET body = ? WHERE position = 3", b"{}")
    for position in extra:
        where = " FROM {0} WHERE key = ?"
        changes.tampered("documents", copied + where, *(n.to_bytes(16) for n in (position, 1)))

    assert changes.differing() == {
        (2).to_bytes(16): ("missing",),
        (3).to_bytes(16): ("body",),
        **{n.to_bytes(16): ("should not be there",) for n in extra},
    }

    changes.healed()
    assert changes.proved().found.digests == sound


def test_a_document_among_entries_is_told(notes: Stand) -> None:
    position = (5).to_bytes(16)
    notes.tampered("documents", COPY + " WHERE key = ?", position, key(9))

    assert notes.differing() == {position: ("should not be there",)}


# -- while the view moves


class Meanwhile:
    """Facts that more come to whenever some of them are read, and the view follows."""

    def __init__(self, stand: Stand, more: Iterator[Any]) -> None:
        self._stand, self._more = stand, more
        self.position, self.spans = stand.log.position, stand.log.spans
        self.read, self.stream = stand.log.read, stand.log.stream
        self.reads = 0

    def between(self, first: UUID, last: UUID, upto: int) -> Iterator[Recorded]:
        facts = list(self._stand.log.between(first, last, upto))
        self.reads += 1
        if more := next(self._more, None):
            self._stand.log.append([more])
            self._stand.follow()
        return iter(facts)


def test_what_moves_meanwhile_is_no_difference(
    notes: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "SLICE", 2)
    of_one, of_many = history(99, 30), (changed(number, 1) for number in range(200, 230))
    log = Meanwhile(notes, chain.from_iterable(zip(of_one, of_many, strict=True)))

    verdict = notes.proved(log)

    assert log.reads > 12
    assert notes.view.position() > verdict.position
    assert verdict.found.differing == {}
    assert len(set(verdict.found.digests)) == 1


def test_a_fault_is_named_while_the_view_moves(
    changes: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "SLICE", 2)
    changes.tampered("documents", "UPDATE {} SET body = ? WHERE position = 2", b"{}")

    verdict = changes.proved(Meanwhile(changes, (changed(1, v) for v in range(4, 30))))

    assert verdict.found.differing == {(2).to_bytes(16): ("body",)}


def test_a_view_that_is_behind_is_what_its_facts_said_there(notes: Stand) -> None:
    notes.log.append([changed(number, 2 + number % 3) for number in range(1, 13)])

    verdict = notes.proved()

    assert verdict.position == notes.log.position() - 12
    assert verdict.found.differing == {}
    assert not verdict.ahead


def test_a_view_that_has_what_the_store_has_not_is_ahead(notes: Stand) -> None:
    position, fence = notes.view.standing()
    notes.view.commit([], [], position, position + 5, fence)

    assert notes.proved().ahead


# -- parked documents


@pytest.fixture
def stopped(notes: Stand) -> Stand:
    notes.log.append([changed(3, 2, poison="fold"), changed(3, 3), changed(4, 3, poison="row")])
    notes.follow()
    return notes


def test_a_parked_document_is_what_it_was_before_it_stopped(stopped: Stand) -> None:
    verdict = stopped.proved()

    assert [one.key for one in verdict.parked] == [key(3), key(4)]
    assert verdict.found.differing == {}
    assert len(set(verdict.found.digests)) == 1


def test_a_parked_document_that_differs_is_named_and_mended(stopped: Stand) -> None:
    stopped.tampered("documents", "UPDATE {} SET body = ? WHERE key = ?", b"{}", key(3))
    stopped.tampered("parked_table", "DELETE FROM {} WHERE key = ?", key(4))
    assert stopped.differing() == {key(3): ("body",), key(4): ("not parked",)}

    stopped.healed()

    assert stopped.differing() == {}
    assert [one.position for one in stopped.view.parked().values()] == [27, 29]


def test_a_document_whose_facts_can_be_folded_by_now_stays_parked_as_it_is(
    stopped: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Mended(type(NOTES)):  # type: ignore[misc]
        def fold(self, documents: Any, recorded: Any) -> None:
            recorded.fact.changed.pop("poison", None)
            super().fold(documents, recorded)

    stopped.projection = Mended()

    verdict = stopped.proved()

    assert len(verdict.parked) == 2
    assert verdict.found.differing == {}
