"""What commands about views draw on a terminal: bars of a rebuild, a table of digests."""

from collections.abc import Sequence

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from adapters import check as checks
from adapters import rebuilding
from adapters.bootstrap import Stagebook
from adapters.opening import speaks_json
from adapters.verification import comparing
from projections.base import Projection
from projections.verification import VerificationReport


def rebuild_watched(
    book: Stagebook, chosen: list[Projection], workers: int, rate: int, *, compare: bool
) -> None:
    """Rebuilds with a bar a view, on standard error; the log of a server gets none."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]} facts/s"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[lag]}"),
    )
    with Progress(*columns, console=Console(stderr=True), disable=speaks_json()) as progress:
        tasks: dict[str, TaskID] = {}

        def moved(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=None, rate="", lag="")
            speed = progress.tasks[tasks[name]].speed
            shown = f"{speed:,.0f}" if speed else ""
            lag = f"{book.store.position() - book.view(known[name]).position():,} behind"
            progress.update(tasks[name], completed=done, total=total, rate=shown, lag=lag)

        def differs(projection: Projection, key: bytes, what: tuple[str, ...]) -> None:
            which = f"view {projection.name}: {checks.named(key)}"
            print(f"{which} is rebuilt otherwise: {', '.join(what)}")

        known = {projection.name: projection for projection in chosen}
        same = comparing(book, differs) if compare else None
        rebuilding.rebuild(book, chosen, workers=workers, rate=rate, progress=moved, compare=same)


def show(verdicts: Sequence[VerificationReport], seconds: float) -> None:
    """The digests of the views: as they are stored, and as their facts make them."""
    table = Table("view", "position", "documents", "differ", "live", "rebuilt", box=None)
    for one in verdicts:
        found = one.found
        counts = (one.position, found.documents, len(found.differing))
        table.add_row(one.projection.name, *map(str, counts), *found.digests)
    Console(width=160).print(table)
    print(f"{max((one.position for one in verdicts), default=0):,} facts in {seconds:.1f} s")
