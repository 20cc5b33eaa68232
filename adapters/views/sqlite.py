"""Views on SQLite: one file per generation, and a pointer file that names the live one.

Separate files keep readers and the projector off the store's lock. Commits here are not fsynced
one by one (`synchronous = NORMAL`): a view is derived, its position moves with its documents, and
what a power cut takes is folded again.
"""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from adapters.views.building import BuildingView
from adapters.views.locks import FileLocks
from adapters.views.notes import FileNotes, written
from adapters.views.runs import Generation, Runs
from adapters.views.sql import Cursor, SqlView
from application.ports import StoreUnavailable
from projections.base import BeingRebuilt, Projection, View, ViewMoved

WAIT_SECONDS = 30
LATER_COLUMNS = (("progress", "fence INTEGER NOT NULL DEFAULT 0"), ("parked", "since TEXT"))
T = TypeVar("T")


class SqliteView(BuildingView):
    """One generation in one file. Every thread has a reading connection of its own.

    With a `pointer` it is the one that is served, as long as the pointer names it; without, it
    is a new one that is being built.
    """

    def __init__(self, projection: Projection, path: Path, pointer: Path | None = None) -> None:
        super().__init__(projection)
        self.path = path
        self._pointer = pointer
        self._name = f"{path.absolute().as_uri()}?mode={'rw' if pointer else 'rwc'}"
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        with _translated():
            self._writer = self._connect()
            self._migrate()
        self._writing = threading.Lock()

    @property
    def generation(self) -> int:
        return _number(self.path.name)

    def close(self) -> None:
        for connection in self._connections:
            connection.close()

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        with _translated():
            yield self._reader().cursor()

    def document(self, key: bytes) -> tuple[bytes, str] | None:
        """As everywhere, without what a read of one row does not need: the most frequent one."""
        try:
            row = self._reader().execute(self._one, (key,)).fetchone()
        except sqlite3.Error as error:
            raise StoreUnavailable(str(error)) from error
        return row  # type: ignore[no-any-return]

    def _reader(self) -> sqlite3.Connection:
        reader: sqlite3.Connection | None = getattr(self._local, "reader", None)
        if reader is None:
            reader = self._connect()
            reader.execute("PRAGMA query_only = 1")
            self._local.reader = reader
        return reader

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        with _translated(), self._writing, closing(self._writer.cursor()) as c:
            c.execute("BEGIN IMMEDIATE")
            try:
                self._require_live()
                yield c
                c.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    c.execute("ROLLBACK")
                raise

    def checkpoint_seldom(self) -> None:
        """For one that nobody reads: each checkpoint holds up whoever writes beside."""
        with _translated(), self._writing:
            self._writer.execute("PRAGMA wal_autocheckpoint = 8000")

    def settle(self) -> None:
        """Brings what was committed onto the disk for good."""
        with _translated(), self._writing:
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _migrate(self) -> None:
        """Generations of older versions have neither a fence nor the time of parking."""
        with closing(self._writer.cursor()) as c:
            if _lacking(c):
                c.execute("BEGIN IMMEDIATE")
                for table, column in _lacking(c):
                    c.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
                c.execute("COMMIT")

    def is_planned(self) -> bool:
        """Whether it was made whole, to be built."""
        named = "SELECT 1 FROM sqlite_master WHERE name = ?"
        return bool(self._rows(named, (self.slices_table,)))

    def _require_live(self) -> None:
        if self._pointer and self._pointer.read_text() != self.path.name:
            raise ViewMoved

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._name,
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=WAIT_SECONDS,
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cache_size = -16000")
        self._connections.append(connection)
        return connection


class ServedView(SqlView):
    """The live generation, whichever that is at that moment."""

    def __init__(self, projection: Projection, live: Callable[[], SqliteView]) -> None:
        super().__init__(projection)
        self._live = live
        self._counted_in: SqliteView | None = None

    def document(self, key: bytes) -> tuple[bytes, str] | None:
        return self._asked(lambda view: view.document(key))

    def _rows(self, sql: str, params: Sequence[Any] = ()) -> list[Any]:
        return self._asked(lambda view: view._rows(sql, params))  # noqa: SLF001 - it is a view, too

    def _asked(self, ask: Callable[[SqliteView], T]) -> T:
        while True:
            view = self._live()
            if view is not self._counted_in:
                self._totals.clear()
                self._counted_in = view
            try:
                return ask(view)
            except StoreUnavailable:  # its file may be gone, if it is not live any more
                if view is self._live():
                    raise


class SqliteViews:
    """The `Views` port: `FOLDER/NAME/LIVE` names the file of the live generation."""

    def __init__(self, folder: Path, projections: Sequence[Projection]) -> None:
        self._folder = folder
        self._locks = FileLocks(folder)
        self.runs = Runs(FileNotes(folder))
        self._live: dict[str, tuple[tuple[int, int], SqliteView]] = {}
        self._lock = threading.Lock()
        self._retired: dict[str, SqliteView] = {}
        self._built: list[SqliteView] = []
        self._before: dict[str, SqliteView] = {}
        self._served = {p.name: ServedView(p, partial(self.live, p)) for p in projections}
        self._pointers = {p.name: str(self._pointer(p)) for p in projections}
        for projection in projections:
            place = folder / projection.name
            with _translated():
                place.mkdir(parents=True, exist_ok=True)
                with self._migrating(place):
                    if not self._pointer(projection).exists():
                        with closing(self._new(projection)) as first:
                            with first.writing() as c:
                                first.create_whole(c)
                            self._point("LIVE", projection, first)

    def close(self) -> None:
        for _, view in self._live.values():
            view.close()
        for view in (*self._retired.values(), *self._built, *self._before.values()):
            view.close()

    def live(self, projection: Projection) -> SqliteView:
        """The live generation, opened anew when the pointer has moved."""
        held = self._live.get(projection.name)
        if held is None or held[0] != self._mark(projection):
            with _translated(), self._lock:
                held = self._live.get(projection.name)
                if held is None or held[0] != self._mark(projection):
                    held = self._open(projection)
        return held[1]

    def served(self, projection: Projection) -> ServedView:
        """What readers are given: each statement is of the generation that is live then."""
        return self._served[projection.name]

    def _mark(self, projection: Projection) -> tuple[int, int]:
        """Changes whenever the pointer moves."""
        try:
            stat = os.stat(self._pointers[projection.name])  # noqa: PTH116 - on every read's path
        except OSError as error:
            raise StoreUnavailable(str(error)) from error
        return stat.st_ino, stat.st_mtime_ns

    def _open(self, projection: Projection) -> tuple[tuple[int, int], SqliteView]:
        """Opens the live generation. The one before stays open for who is reading it until the
        next one is opened."""
        mark, pointer = self._mark(projection), self._pointer(projection)
        view = SqliteView(projection, pointer.with_name(pointer.read_text()), pointer)
        before = self._live.get(projection.name)
        self._live[projection.name] = (mark, view)
        if before:
            if gone := self._retired.get(projection.name):
                gone.close()
            self._retired[projection.name] = before[1]
        return mark, view

    def up_to_date(self, projection: Projection) -> bool:
        """Whether the live generation was made by this version of the projection."""
        return _is_of(projection, self._pointer(projection).read_text())

    @contextmanager
    def rebuilding(self, projection: Projection) -> Iterator[None]:
        place = self._folder / projection.name
        with _translated():
            lock = (place / "rebuild").open("a")
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BeingRebuilt(projection.name, self.runs.last(projection)) from None
            self._drop_all_but(projection, *self._kept(projection))
            try:
                with self.runs.telling(projection):
                    yield
            except StoreUnavailable:  # the disk is full: the facts need the room
                self._drop_all_but(projection, *self._pointed(projection))
                raise
            finally:
                self._drop_all_but(projection, *self._kept(projection))

    def is_rebuilt(self, projection: Projection) -> bool:
        """Whether a process is at it. To ask is to try: ask where there should be one."""
        with _translated(), (self._folder / projection.name / "rebuild").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def build(self, projection: Projection) -> SqliteView:
        if unfinished := self._unfinished(projection):
            view = self._beside(projection, unfinished)
        else:
            view = self._new(projection)
            with view.writing() as c:
                view.create_planned(c)
        made = view.made()
        self.runs.begin(projection, view.generation, made.done if made else 0)
        return view

    def generations(self, projection: Projection) -> Iterator[Generation]:
        """The live one, and the one before where it is kept."""
        for name in dict.fromkeys(self._named(p, projection) for p in ("LIVE", "BEFORE")):
            if name and (self._folder / projection.name / name).exists():
                yield Generation(_number(name), name, int(name[1:].partition("-")[0]))

    @contextmanager
    def built(self, projection: Projection, number: int) -> Iterator[SqliteView | None]:
        """A generation that is being built, to look at."""
        place = self._folder / projection.name
        path = next(iter(place.glob(f"v*-{number}.sqlite")), None)
        if path is None:
            yield None
            return
        with _translated():
            view = SqliteView(projection, path, self._pointer(projection))
        with closing(view):
            yield view if view.is_planned() else None

    def building(self, projection: Projection, generation: int) -> SqliteView:
        view = self._beside(projection, _name(projection, generation))
        view.look()
        return view

    def before(self, projection: Projection) -> SqliteView | None:
        name = self._named("BEFORE", projection)
        live = self._named("LIVE", projection)
        held = self._before.pop(projection.name, None)
        if held and held.path.name != name:
            held.close()
            held = None
        if name is None or name == live or not _is_of(projection, name):
            return None
        path = self._folder / projection.name / name
        if not path.exists():
            return None
        self._before[projection.name] = held or SqliteView(projection, path)
        return self._before[projection.name]

    def prune(self, projection: Projection) -> None:
        """Drops every generation but the live one."""
        with self.rebuilding(projection):
            self._drop_all_but(projection, self._named("LIVE", projection))

    @contextmanager
    def switching(self, projection: Projection, built: View) -> Iterator[None]:
        """The live file is locked until the pointer names the built one, so no worker can move
        the live view past what the built one has."""
        assert isinstance(built, SqliteView)  # noqa: S101 - made by `build`
        live = self.live(projection)
        with live.writing():
            yield
            self._point("BEFORE", projection, live)
            self._point("LIVE", projection, built)
        made = built.made() if built.is_planned() else None
        self.runs.finish(projection, built.generation, made.facts if made else 0)

    @contextmanager
    def leading(self, projection: Projection) -> Iterator[bool]:
        """Whether this process is the one that writes the live view; held while inside."""
        with self._locks.trying(projection.name) as free:
            yield free

    def leads(self, projection: Projection) -> bool:
        """Whether it still is."""
        return self._locks.holds(projection.name)

    def beat(self, projections: Sequence[Projection]) -> None:
        """Says that the worker of these is at work."""
        with _translated():
            self._locks.beat([projection.name for projection in projections])

    def pulses(self, projections: Sequence[Projection]) -> dict[str, float]:
        """Seconds since the heartbeat of each view that somebody leads, by its name."""
        with _translated():
            return self._locks.pulses([projection.name for projection in projections])

    def _pointer(self, projection: Projection) -> Path:
        return self._folder / projection.name / "LIVE"

    def _named(self, pointer: str, projection: Projection) -> str | None:
        """The file of the generation that a pointer names."""
        with suppress(FileNotFoundError):
            return (self._folder / projection.name / pointer).read_text()
        return None

    def _point(self, name: str, projection: Projection, view: SqliteView) -> None:
        """Names a generation, which is on the disk before its name is."""
        if name == "LIVE":
            view.settle()
        pointer = self._folder / projection.name / name
        written(pointer, view.path.name).replace(pointer)

    def _new(self, projection: Projection) -> SqliteView:
        """A file of a name that no other had."""
        newest = int(self._named("NEWEST", projection) or 0)
        number = max((newest, *map(_number, self._generations(projection)))) + 1
        (self._folder / projection.name / "NEWEST").write_text(str(number))
        return self._beside(projection, _name(projection, number))

    def _beside(self, projection: Projection, name: str) -> SqliteView:
        view = SqliteView(projection, self._folder / projection.name / name)
        view.checkpoint_seldom()
        self._built.append(view)
        return view

    def _generations(self, projection: Projection) -> list[str]:
        return [path.name for path in (self._folder / projection.name).glob("v*.sqlite")]

    def _kept(self, projection: Projection) -> set[str | None]:
        return {*self._pointed(projection), self._unfinished(projection)}

    def _pointed(self, projection: Projection) -> set[str | None]:
        return {self._named(pointer, projection) for pointer in ("LIVE", "BEFORE")}

    def _unfinished(self, projection: Projection) -> str | None:
        """What a rebuild by this version has left."""
        newest = max(self._generations(projection), key=_number)
        if newest in self._pointed(projection) or not _is_of(projection, newest):
            return None
        with closing(SqliteView(projection, self._folder / projection.name / newest)) as view:
            return newest if view.is_planned() else None

    def _drop_all_but(self, projection: Projection, *kept: str | None) -> None:
        for name in self._generations(projection):
            if name not in kept:
                path = self._folder / projection.name / name
                for suffix in ("-wal", "-shm", ""):
                    path.with_name(name + suffix).unlink(missing_ok=True)

    @contextmanager
    def _migrating(self, place: Path) -> Iterator[None]:
        with (place / "migrate").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _lacking(c: sqlite3.Cursor) -> list[tuple[str, str]]:
    """The columns that came later and are not there; none in a file that is only being made."""
    there = {
        table: {name for _, name, *_ in c.execute(f"PRAGMA table_info({table})")}
        for table, _ in LATER_COLUMNS
    }
    return [
        (table, column)
        for table, column in LATER_COLUMNS
        if there[table] and column.partition(" ")[0] not in there[table]
    ]


def _name(projection: Projection, generation: int) -> str:
    return f"v{projection.version}-{generation}.sqlite"


def _number(name: str) -> int:
    return int(name.removesuffix(".sqlite").rpartition("-")[2])


def _is_of(projection: Projection, name: str) -> bool:
    """Whether that version of the projection made it."""
    return name.startswith(f"v{projection.version}-")


@contextmanager
def _translated() -> Iterator[None]:
    """SQLite's and the file system's errors in the words of the port."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StoreUnavailable(str(error)) from error
