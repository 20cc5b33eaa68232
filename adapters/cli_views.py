"""Commands about views: `rebuild` and `check`."""

import time
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from adapters import check as checks
from adapters import rebuilding
from adapters.bootstrap import PROJECTIONS, Stagebook
from adapters.opening import fail, opened
from adapters.proving import comparing, prove
from projections.base import Projection
from projections.proving import Verdict
from projections.rebuilding import roll_back

app = typer.Typer()

WORKERS = 2
RATE = 20_000
"""Facts a second: what leaves a busy server its time, measured on two cores."""

Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...")]


@app.command()
def rebuild(  # noqa: PLR0913 - the options of a command
    names: Names = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="Every projection.")] = False,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes.")] = WORKERS,
    rate: Annotated[
        int, typer.Option(min=0, metavar="LIMIT", help="Facts a second in all; 0: no limit.")
    ] = RATE,
    compare: Annotated[
        bool, typer.Option("--compare", help="Switches only where nothing is shown otherwise.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tells what it would do.")
    ] = False,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Serves the generation before again.")
    ] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Drops what is kept beside what is served.")
    ] = False,
) -> None:
    """Rebuilds projections beside the served ones and switches to them.

    Killed, it goes on when it is run again. The generation before is kept, for --rollback, until
    the next rebuild or --prune.
    """
    if dry_run + rollback + prune > 1:
        fail("--dry-run, --rollback and --prune are told one at a time")
    chosen = named(names, all_=all_)
    with opened() as book:
        if dry_run:
            for projection in chosen:
                print(foretold(book, projection))
        elif rollback:
            for projection in chosen:
                roll_back(projection, book.store, book.views)
        elif prune:
            for projection in chosen:
                book.views.prune(projection)
        else:
            before = {p.name: book.views.live(p).generation for p in chosen} if compare else {}
            rebuild_watched(book, chosen, workers, rate, compare=compare)
            kept = [p for p in chosen if before.get(p.name) == book.views.live(p).generation]
            if kept:
                fail(f"not switched: {', '.join(p.name for p in kept)}")


def named(names: list[str] | None, *, all_: bool) -> list[Projection]:
    known = {projection.name: projection for projection in PROJECTIONS}
    chosen = list(known) if all_ else list(dict.fromkeys(names or ()))
    if not chosen or not set(chosen) <= known.keys():
        fail(f"name one of {', '.join(known)}, or --all")
    return [known[name] for name in chosen]


def foretold(book: Stagebook, projection: Projection) -> str:
    """What a rebuild would do, in a line."""
    facts = sum(s.facts for s in book.store.spans() if s.kind in projection.kinds)
    made = "this" if book.views.up_to_date(projection) else "another"
    kept = "kept" if book.views.before(projection) else "not kept"
    return (
        f"{projection.name}: {facts:,} facts to fold; served by {made} version of the projection,"
        f" at position {book.view(projection).position()}; one before is {kept}"
    )


def rebuild_watched(
    book: Stagebook, chosen: list[Projection], workers: int, rate: int, *, compare: bool
) -> None:
    """Rebuilds with a bar a view, on standard error."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]} facts/s"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[lag]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks = {p.name: progress.add_task(p.name, total=None, rate="", lag="") for p in chosen}

        def moved(name: str, done: int, total: int) -> None:
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


@app.command()
def check(
    names: Names = None,
    *,
    views: Annotated[bool, typer.Option("--views", help="The views alone.")] = False,
    heal: Annotated[bool, typer.Option("--heal", help="Mend the documents that differ.")] = False,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes.")] = WORKERS,
) -> None:
    """Checks that the store and the views are sound; names what is not and exits 1."""
    if not views and (names or heal):
        fail("names and --heal go with --views")
    chosen = named(names, all_=not names)
    with opened() as book:
        if views:
            begun = time.monotonic()
            verdicts = prove(book, chosen, workers)
            show(verdicts, time.monotonic() - begun)
            found = [fault for one in verdicts for fault in checks.told(one)]
        else:
            found = list(checks.faults(book, workers))
        for fault in found:
            print(fault)
        if heal:
            found = [fault for one in verdicts for fault in checks.unhealed(book, one, print)]
    if found:
        raise typer.Exit(1)
    print("healed" if heal else "sound")


def show(verdicts: Sequence[Verdict], seconds: float) -> None:
    """The digests of the views: as they are stored, and as their facts make them."""
    table = Table("view", "position", "documents", "differ", "live", "rebuilt", box=None)
    for one in verdicts:
        found = one.found
        counts = (one.position, found.documents, len(found.differing))
        table.add_row(one.projection.name, *map(str, counts), *found.digests)
    Console(width=160).print(table)
    print(f"{max(one.position for one in verdicts):,} facts in {seconds:.1f} s")
