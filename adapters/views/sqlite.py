"""Views on SQLite: one file per generation, and pointer files that name them.

Separate files keep readers and the projector off the store's lock. Commits here are not fsynced
one by one (`synchronous = NORMAL`): a view is derived, its position moves with its documents, and
what a power cut takes is folded again.
"""

import fcntl
import os
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path

from structlog import get_logger

from adapters.stores.damage import refusal, translated
from adapters.stores.sqlite_recorder import immediately
from adapters.views.building import BuildingView
from adapters.views.generations import Generations, Named
from adapters.views.locks import FileLocks
from adapters.views.notes import FileNotes
from adapters.views.runs import Generation
from adapters.views.served_files import ServedView, ViewDamaged
from adapters.views.sql import Cursor, Latest
from application.ports import StoreDamaged, StoreUnavailable
from projections.base import Projection, ViewMoved

log = get_logger()

GENERATION = re.compile(r"v\d+-\d+\.sqlite", re.ASCII)
WAIT_SECONDS = 30
WRITER_CACHE, READER_CACHE = 16_000, 1_000
"""Kilobytes of pages that a connection keeps: there is a reading one of each thread and view."""
DAMAGED = "damaged"
"""The note that names a generation which a reader found damaged."""
LATER_COLUMNS = (
    ("progress", "fence INTEGER NOT NULL DEFAULT 0"),
    ("progress", "mark TEXT"),
    ("parked", "since TEXT"),
)


class SqliteView(BuildingView):
    """One generation in one file that is there. Every thread has a reading connection of its own.

    With a `pointer` it is the live one, as long as the pointer names it; without, nobody reads it
    yet, and its log is written back seldom: that holds up whoever writes beside.
    """

    def __init__(self, projection: Projection, path: Path, pointer: Path | None = None) -> None:
        super().__init__(projection)
        self.path = path
        self.version = projection.version
        self.hollow = path.name.startswith("v0-")
        self._pointer = pointer
        self._name = f"{path.absolute().as_uri()}?mode=rw"
        self._place = f"{path.parent.name}/{path.name}"
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        with translated(self._place):
            self._writer = self._connect(WRITER_CACHE)
            if not pointer:
                self._writer.execute("PRAGMA wal_autocheckpoint = 8000")
            self._migrate()
        self._writing = threading.Lock()

    @property
    def generation(self) -> int:
        return _generation(self.path.name).number

    def close(self) -> None:
        for connection in self._connections:
            connection.close()

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        with translated(self._place):
            yield self._reader().cursor()

    def document(self, key: bytes) -> tuple[bytes, str] | None:
        """As everywhere, without what a read of one row does not need: the most frequent one."""
        try:
            row = self._reader().execute(self._one, (key,)).fetchone()
        except sqlite3.Error as error:
            raise refusal(error, str(error), self._place) from error
        return row  # type: ignore[no-any-return]

    def latest(self, key: bytes, committed: int = 0) -> Latest:
        """As everywhere, likewise."""
        try:
            row = self._reader().execute(self._latest, (key, key)).fetchone()
        except sqlite3.Error as error:
            raise refusal(error, str(error), self._place) from error
        if row is None:
            raise StoreDamaged(self._place, "its progress is lost")
        position, body, etag, parked = row
        return Latest(position, body, etag, parked, committed)

    def _reader(self) -> sqlite3.Connection:
        reader: sqlite3.Connection | None = getattr(self._local, "reader", None)
        if reader is None:
            reader = self._connect(READER_CACHE)
            reader.execute("PRAGMA query_only = 1")
            self._local.reader = reader
        return reader

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        with (
            translated(self._place),
            self._writing,
            closing(self._writer.cursor()) as c,
            immediately(self._writer),
        ):
            self._require_live()
            yield c

    def damage(self, *, thoroughly: bool = False) -> str | None:
        """What is wrong with the file, as far as its size and a first read tell, or all of it."""
        name = self.path.name
        try:
            with translated(self._place):
                reader = self._reader()
                pages, size = (
                    reader.execute(f"PRAGMA {what}").fetchone()[0]
                    for what in ("page_count", "page_size")
                )
                log_file = self.path.with_name(f"{name}-wal")
                logged = log_file.stat().st_size if log_file.exists() else 0
                if self.path.stat().st_size + logged < pages * size:
                    return f"{name} is cut"
                self.position()
                if emptied := self.emptied():
                    return f"{name}: {emptied}"
                if thoroughly:
                    found = reader.execute("PRAGMA integrity_check(1)").fetchone()[0]
                    return None if found == "ok" else f"{name}: {found}"
        except StoreUnavailable as error:
            cause = error.__cause__
            if isinstance(cause, FileNotFoundError):
                return f"{name} is gone"
            is_full_or_busy = isinstance(cause, sqlite3.OperationalError) and not any(
                word in str(cause) for word in ("no such table", "unable to open")
            )
            if not isinstance(cause, sqlite3.DatabaseError) or is_full_or_busy:
                raise
            return f"{name}: {said(error)}"
        return None

    def settle(self) -> None:
        """Brings what was committed onto the disk for good."""
        with translated(self._place), self._writing:
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _migrate(self) -> None:
        """Generations of older versions have neither a fence nor the time of parking."""
        with closing(self._writer.cursor()) as c:
            if _lacking(c):
                with immediately(self._writer):
                    for table, column in _lacking(c):
                        c.execute(f"ALTER TABLE {table} ADD COLUMN {column}")

    def is_planned(self) -> bool:
        named = "SELECT 1 FROM sqlite_master WHERE name = ?"
        return bool(self._rows(named, (self.slices_table,)))

    def _require_live(self) -> None:
        if self._pointer and self._pointer.read_bytes() != self.path.name.encode():
            raise ViewMoved

    def _connect(self, kilobytes: int) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._name,
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=WAIT_SECONDS,
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA cache_size = -{kilobytes}")
        self._connections.append(connection)
        return connection


class SqliteViews(Generations[SqliteView]):
    """The `Views` port: in the folder of a view, `LIVE` and `BEFORE` name the files of these
    generations, and `NEWEST` is the number of the last that was made."""

    LEAD, REBUILD = "{}/lock", "{}/rebuild"
    TURN = "rebuild-turn-{}"

    def __init__(self, folder: Path, projections: Sequence[Projection]) -> None:
        self._notes = FileNotes(folder)
        super().__init__(self._notes, FileLocks(folder))
        self._folder = folder
        self._live: dict[str, tuple[tuple[int, int], SqliteView]] = {}
        self._lock = threading.Lock()
        self._retired: dict[str, SqliteView] = {}
        self._served = {
            p.name: ServedView(p, partial(self.live, p), self._suspect) for p in projections
        }
        self._pointers = {p.name: str(self._path(p, "LIVE")) for p in projections}
        for projection in projections:
            with translated():
                self._path(projection).mkdir(parents=True, exist_ok=True)
                with self._path(projection, "migrate").open("a") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX)
                    if not self._path(projection, "LIVE").exists():
                        lost = bool(self._files(projection))  # the pointer alone
                        self._begin(projection, 0 if lost else projection.version)

    def close(self) -> None:
        super().close()
        for view in (*(view for _, view in self._live.values()), *self._retired.values()):
            view.close()

    def served(self, projection: Projection) -> ServedView:
        """What readers are given: each statement is of the generation that is live then."""
        return self._served[projection.name]

    def live(self, projection: Projection) -> SqliteView:
        """Opened anew when the pointer has moved."""
        held = self._live.get(projection.name)
        if held is None or held[0] != self._mark(projection):
            with translated(), self._lock:
                held = self._live.get(projection.name)
                if held is None or held[0] != self._mark(projection):
                    held = self._open(projection)
        return held[1]

    def damage(self, projection: Projection, *, thoroughly: bool = False) -> str | None:
        try:
            view = self.live(projection)
            if self._notes.read(projection.name, DAMAGED) == view.path.name:
                return f"a page of {view.path.name} cannot be read"
            return view.damage(thoroughly=thoroughly)
        except ViewDamaged as error:
            return error.what

    def _suspect(self, view: SqliteView) -> None:
        """A reader met damage that a look at the file does not show: it is rebuilt as if it did."""
        if self._notes.read(view.projection.name, DAMAGED) != view.path.name:
            with suppress(StoreUnavailable):  # the disk is full: the next reader tries again
                self._notes.write(view.projection.name, DAMAGED, view.path.name)

    def _mark(self, projection: Projection) -> tuple[int, int]:
        """Changes whenever the pointer moves."""
        try:
            stat = os.stat(self._pointers[projection.name])  # noqa: PTH116 - on every read's path
        except OSError as error:
            raise StoreUnavailable(str(error)) from error
        return stat.st_ino, stat.st_mtime_ns

    def _open(self, projection: Projection) -> tuple[tuple[int, int], SqliteView]:
        """The one that was live stays open for who is reading it, until the next one is opened."""
        mark, pointer = self._mark(projection), self._path(projection, "LIVE")
        view = self._whole(projection, pointer)
        before = self._live.get(projection.name)
        self._live[projection.name] = (mark, view)
        if before:
            if gone := self._retired.get(projection.name):
                gone.close()
            self._retired[projection.name] = before[1]
        return mark, view

    def _whole(self, projection: Projection, pointer: Path) -> SqliteView:
        """The generation that the pointer names, where that is one."""
        live = self._pointed(projection, "live")
        if live is None:
            raise ViewDamaged(projection.name, "LIVE names no generation")
        if not pointer.with_name(live.name).exists():
            raise ViewDamaged(projection.name, f"{live.name} is gone")
        try:
            view = SqliteView(projection, pointer.with_name(live.name), pointer)
        except StoreUnavailable as error:
            if not isinstance(error.__cause__, sqlite3.DatabaseError):
                raise
            raise ViewDamaged(projection.name, f"{live.name}: {said(error)}") from error
        if reason := view.damage():
            view.close()
            raise ViewDamaged(projection.name, reason)
        return view

    def _set_aside(self, projection: Projection) -> None:
        """Puts an empty generation in the place of one that is damaged. It is of no version of the
        projection: so it is rebuilt, and nobody takes it for what the facts say."""
        with translated(), self._path(projection, "migrate").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if reason := self.damage(projection, thoroughly=True):
                log.warning("view is damaged", view=projection.name, reason=reason)
                self._begin(projection, version=0)

    def _begin(self, projection: Projection, version: int) -> None:
        """An empty generation that is served at once."""
        with closing(self._new(projection, version)) as first:
            with first.writing() as c:
                first.create_whole(c)
            first.settle()
            self._point("live", first)

    @contextmanager
    def rebuilding(self, projection: Projection) -> Iterator[None]:
        self._set_aside(projection)
        with super().rebuilding(projection):
            try:
                yield
            except StoreUnavailable:  # the disk is full: the facts need the room
                named = {generation.number for generation in self.generations(projection)}
                self._drop_all_but(projection, named)
                raise

    def _named(self, projection: Projection) -> Named:
        live, before = (self._pointed(projection, name) for name in ("live", "before"))
        if live is None:
            raise ViewDamaged(projection.name, "LIVE names no generation")
        newest = max(_generation(path.name) for path in self._files(projection))
        kept = before and before != live and self._path(projection, before.name).exists()
        return Named(live, before if kept else None, newest)

    def _stored(self, projection: Projection) -> set[int]:
        return {_generation(path.name).number for path in self._files(projection)}

    def _opened(self, projection: Projection, generation: int) -> SqliteView:
        for path in self._files(projection, generation):
            return SqliteView(projection, path)
        raise StoreUnavailable(f"generation {generation} of {projection.name} is gone")

    def _new(self, projection: Projection, version: int | None = None) -> SqliteView:
        version = projection.version if version is None else version
        noted = self._notes.read(projection.name, "newest") or ""
        newest = int(noted) if noted.isdecimal() else 0
        number = max((newest, *self._stored(projection))) + 1
        self._notes.write(projection.name, "newest", str(number))
        path = self._path(projection, f"v{version}-{number}.sqlite")
        path.touch()
        return SqliteView(projection, path)

    def _drop(self, projection: Projection, generation: int) -> None:
        for path in self._files(projection, generation):
            for suffix in ("-wal", "-shm", ""):
                path.with_name(path.name + suffix).unlink(missing_ok=True)

    @contextmanager
    def _held_still(
        self, projection: Projection
    ) -> Iterator[tuple[SqliteView, Callable[[BuildingView], None]]]:
        live = self.live(projection)

        def switch_to(built: BuildingView) -> None:
            assert isinstance(built, SqliteView)  # noqa: S101 - made by `build`
            self._point("before", live)
            built.settle()
            self._point("live", built)

        with live.writing():
            yield live, switch_to

    def _pointed(self, projection: Projection, name: str) -> Generation | None:
        named = self._notes.read(projection.name, name)
        return _generation(named) if named and GENERATION.fullmatch(named) else None

    def _point(self, name: str, view: SqliteView) -> None:
        self._notes.write(view.projection.name, name, view.path.name)

    def _path(self, projection: Projection, name: str = "") -> Path:
        return self._folder / projection.name / name

    def _files(self, projection: Projection, generation: int | str = "*") -> list[Path]:
        return [*self._path(projection).glob(f"v*-{generation}.sqlite")]


def said(error: StoreUnavailable) -> str:
    """What the database said of it."""
    return error.what if isinstance(error, StoreDamaged) else str(error)


def _lacking(c: sqlite3.Cursor) -> list[tuple[str, str]]:
    """The columns that came later and are not there; none in a file that is only being made."""
    there = {
        table: {name for _, name, *_ in c.execute(f"PRAGMA table_info({table})")}
        for table in dict(LATER_COLUMNS)
    }
    return [
        (table, column)
        for table, column in LATER_COLUMNS
        if there[table] and column.partition(" ")[0] not in there[table]
    ]


def _generation(name: str) -> Generation:
    version, _, number = name.removeprefix("v").removesuffix(".sqlite").partition("-")
    return Generation(int(number), name, int(version))
