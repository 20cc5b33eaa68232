"""What only views on SQLite can suffer."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from adapters.stores.memory import MemoryStore
from adapters.views.sqlite import SqliteView, SqliteViews
from application.ports import StoreUnavailable
from projections import worker as live_worker
from projections.rebuilding import rebuild
from projections.worker import LiveWorker
from tests.contracts.facts import changed, history
from tests.contracts.notes import NOTES, follow, said


@pytest.fixture
def views(tmp_path: Path) -> Iterator[SqliteViews]:
    with closing(SqliteViews(tmp_path / "views", [NOTES])) as made:
        yield made


def limit_pages(view: SqliteView, more: int) -> None:
    """A disk with that many pages left, as far as this view's writer can tell."""
    pages = view._writer.execute("PRAGMA page_count").fetchone()[0]
    view._writer.execute(f"PRAGMA max_page_count = {pages + more}")


def eventually(holds: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold"
        time.sleep(0.005)


def test_a_view_on_a_full_disk_stays_as_it_was_and_goes_on_when_there_is_space(
    views: SqliteViews,
) -> None:
    log, view = MemoryStore(), views.live(NOTES)
    log.append(history(1, 2))
    runner = follow(view, log)
    before = view.whole()
    log.append([changed(1, 3, info="x" * 50_000)])
    limit_pages(view, 2)

    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="full"):
            runner.step()

    assert view.whole() == before
    limit_pages(view, 1_000)
    assert runner.step() == 1
    assert said(view)[1]["said"] == 3


def test_the_worker_goes_on_when_there_is_space_and_says_meanwhile_why_it_does_not(
    views: SqliteViews, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_worker, "RETRY_SECONDS", 0.01)
    log, view = MemoryStore(), views.live(NOTES)
    limit_pages(view, 2)
    worker = LiveWorker([NOTES], log, views)
    worker.start()
    try:
        log.append([changed(1, 1, info="x" * 50_000)])
        eventually(lambda: "full" in (worker.error or ""))
        assert worker.alive

        with view._writing:
            limit_pages(view, 1_000)

        eventually(lambda: worker.error is None and view.position() == 1)
    finally:
        worker.stop()
    assert said(view)[1]["said"] == 1


def test_a_rebuild_on_a_full_disk_leaves_the_live_view_and_no_half_built_one(
    views: SqliteViews, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, view = MemoryStore(), views.live(NOTES)
    log.append([changed(n, 1, info="x" * 5_000) for n in range(1, 100)])
    follow(view, log)
    before = view.whole()
    build = views.build

    def build_on_a_full_disk(*args: object) -> SqliteView:
        built = build(*args)  # type: ignore[arg-type]
        limit_pages(built, 3)
        return built

    with monkeypatch.context() as full:
        full.setattr(views, "build", build_on_a_full_disk)
        with pytest.raises(StoreUnavailable, match="full"):
            rebuild(NOTES, log, views, lambda _position, _head: None)

    assert views.live(NOTES) is view
    assert view.whole() == before
    assert len(list(view.path.parent.glob("*.sqlite"))) == 1
    rebuild(NOTES, log, views, lambda _position, _head: None)
    assert views.live(NOTES).whole() == before


def test_a_number_whose_writing_was_cut_off_stops_no_rebuild(
    views: SqliteViews, tmp_path: Path
) -> None:
    newest = tmp_path / "views" / "notes" / "NEWEST"
    assert newest.read_text() == "1"
    newest.write_text("")

    rebuild(NOTES, MemoryStore(), views, lambda _position, _head: None)

    assert (newest.read_text(), views.live(NOTES).generation) == ("2", 2)


def test_files_that_are_gone_or_broken_are_said_to_be_unavailable(
    views: SqliteViews, tmp_path: Path
) -> None:
    pointer = tmp_path / "views" / "notes" / "LIVE"
    named = pointer.read_text()

    pointer.write_text("v1-99.sqlite")
    with pytest.raises(StoreUnavailable):
        views.live(NOTES)
    assert not pointer.with_name("v1-99.sqlite").exists()

    pointer.with_name(named).write_bytes(b"not a database" * 500)
    pointer.write_text(named)
    with pytest.raises(StoreUnavailable):
        views.live(NOTES)

    pointer.unlink()
    with pytest.raises(StoreUnavailable):
        views.live(NOTES)


def test_a_place_that_cannot_be_made_is_said_to_be_unavailable(tmp_path: Path) -> None:
    (tmp_path / "views").write_text("a file is in the way")

    with pytest.raises(StoreUnavailable):
        SqliteViews(tmp_path / "views", [NOTES])


def test_a_view_that_was_closed_is_unavailable(views: SqliteViews) -> None:
    view = views.live(NOTES)
    view.position()

    view.close()

    for use in (view.position, view.whole, lambda: view.document(b""), lambda: follow_one(view)):
        with pytest.raises(StoreUnavailable):
            use()


def follow_one(view: SqliteView) -> None:
    view.commit([], [], since=0, position=1)
