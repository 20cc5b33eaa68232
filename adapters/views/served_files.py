"""Reading a view on SQLite: of the live generation, whichever that is at that moment."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from adapters.views.select import Select
from adapters.views.sql import Latest, SqlView
from application.ports import StoreDamaged, StoreUnavailable, ViewNotYet
from projections.base import Parked, Projection

if TYPE_CHECKING:
    from adapters.views.sqlite import SqliteView

T = TypeVar("T")


class ViewDamaged(StoreDamaged):
    """A view's files are not what they were: it is made again from the facts."""

    def __init__(self, view: str, reason: str) -> None:
        super().__init__(f"view {view}", reason, f"run: stagebook rebuild {view}")


class ServedView(SqlView):
    """The live generation, whichever that is at that moment."""

    def __init__(
        self,
        projection: Projection,
        live: Callable[[], "SqliteView"],
        suspect: Callable[["SqliteView"], None],
    ) -> None:
        super().__init__(projection)
        self._live, self._suspect = live, suspect
        self._counted_in: SqliteView | None = None

    def document(self, key: bytes) -> tuple[bytes, str] | None:
        return self._asked(lambda view: filled(view).document(key))

    def latest(self, key: bytes, committed: int = 0) -> Latest:
        return self._asked(lambda view: filled(view).latest(key, committed))

    def position(self) -> int:
        return self._asked(lambda view: view.position())

    def parked(self) -> dict[bytes, Parked]:
        return self._asked(lambda view: view.parked())

    def _rows(self, sql: str, params: Sequence[Any] = ()) -> list[Any]:
        return self._asked(lambda view: filled(view)._rows(sql, params))  # noqa: SLF001 - a view, too

    def _first_of(self, select: Select, sql: str, params: list[Any]) -> tuple[list[Any], bool]:
        return self._asked(lambda view: filled(view)._first_of(select, sql, params))  # noqa: SLF001 - too

    def _asked(self, ask: Callable[["SqliteView"], T]) -> T:
        while True:
            view = self._live()
            if view is not self._counted_in:
                self._totals.clear()
                self._counted_in = view
            try:
                return ask(view)
            except StoreUnavailable as error:  # its file may be gone, if it is not live any more
                if view is not self._live():
                    continue
                if isinstance(error, StoreDamaged):
                    self._suspect(view)
                    raise ViewDamaged(self.projection.name, error.what) from error
                raise


def filled(view: "SqliteView") -> "SqliteView":
    """A generation of no version has nothing in it: it holds the place of one that is rebuilt."""
    if view.hollow:
        name = view.projection.name
        raise ViewNotYet(f"view {name} is being rebuilt")
    return view
