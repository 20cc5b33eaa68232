"""Commands about views: `rebuild` and `check`."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.opening import fail, opened, opened_store

if TYPE_CHECKING:
    from adapters.bootstrap import Stagebook
    from projections.base import Projection

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
    in_turn: Annotated[bool, typer.Option("--in-turn", hidden=True)] = False,
) -> None:
    """Rebuilds projections beside the served ones and switches to them.

    Killed, it goes on when it is run again. The generation before is kept, for --rollback, until
    the next rebuild or --prune.
    """
    if dry_run + rollback + prune > 1:
        fail("--dry-run, --rollback and --prune are told one at a time")
    from projections.rebuilding import roll_back

    chosen = named(names, all_=all_)
    with opened() as book:
        if dry_run:
            for projection in chosen:
                print(foretold(book, projection))
        elif rollback:
            for projection in chosen:
                roll_back(projection, book.store, book.views)
                live = book.views.live(projection).generation
                print(f"{projection.name}: generation {live} is served again")
        elif prune:
            for projection in chosen:
                book.views.prune(projection)
                print(f"{projection.name}: what is served is all that is kept")
        elif in_turn:
            renew_in_turn(book, chosen, workers, rate)
        else:
            renew(book, chosen, workers, rate, compare=compare)


def renew_in_turn(book: "Stagebook", chosen: "list[Projection]", workers: int, rate: int) -> None:
    """As a worker starts what was asked for: where there is a turn, and nobody has done it yet."""
    from adapters.views.runs import NO_TURN

    with book.views.turn(book.settings.rebuilds_at_a_time) as free:
        if not free:
            raise typer.Exit(NO_TURN)
        if asked := book.views.runs.line(chosen):
            renew(book, asked, workers, rate, compare=False)


def renew(
    book: "Stagebook", chosen: "list[Projection]", workers: int, rate: int, *, compare: bool
) -> None:
    """Rebuilds views together. Of several, those that another rebuild is at are left to it."""
    from adapters.console import rebuild_watched

    book.settle()  # of another history nothing is compared, kept or gone on with
    busy = [p for p in chosen if len(chosen) > 1 and book.views.is_rebuilt(p)]
    chosen = [projection for projection in chosen if projection not in busy]
    before = {p.name: book.views.live(p).generation for p in chosen} if compare else {}
    rebuild_watched(book, chosen, workers, rate, compare=compare)
    kept = [p for p in chosen if before.get(p.name) == book.views.live(p).generation]
    for name in before.keys() - {projection.name for projection in kept}:
        print(f"{name}: nothing is shown otherwise; the new one is served")
    if busy:
        names = ", ".join(projection.name for projection in busy)
        fail(f"another rebuild is at {names}; the others are rebuilt")
    if compare and kept:
        fail(f"not switched: {', '.join(p.name for p in kept)}")


def named(names: list[str] | None, *, all_: bool) -> "list[Projection]":
    from adapters.bootstrap import NAMED

    known = NAMED
    chosen = list(known) if all_ else list(dict.fromkeys(names or ()))
    if not chosen or not set(chosen) <= known.keys():
        fail(f"name one of {', '.join(known)}, or --all")
    return [known[name] for name in chosen]


def foretold(book: "Stagebook", projection: "Projection") -> str:
    """What a rebuild would do, in a line."""
    facts = sum(s.facts for s in book.store.spans() if s.kind in projection.kinds)
    made = "this" if book.views.up_to_date(projection) else "another"
    kept = "kept" if book.views.before(projection) else "not kept"
    return (
        f"{projection.name}: {facts:,} facts to fold; served by {made} version of the projection,"
        f" at position {book.view(projection).position()}; one before is {kept}"
    )


@app.command()
def check(
    names: Names = None,
    *,
    views: Annotated[bool, typer.Option("--views", help="The views alone.")] = False,
    heal: Annotated[bool, typer.Option("--heal", help="Mend the documents that differ.")] = False,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes.")] = WORKERS,
) -> None:
    """Checks that the store and the views are sound; names what is not and exits 1.

    Which store it is, is printed to standard error: id, epoch, position and mark of its history.
    """
    from adapters import check as checks
    from adapters.console import show
    from adapters.continuity import told
    from adapters.verification import verify

    if not views and (names or heal):
        fail("names and --heal go with --views")
    chosen = named(names, all_=not names)
    found: list[str] = []
    if not views:
        with opened_store() as (store, _):
            storecheck = checks.StoreCheck(store)
            for fault in storecheck.faults():
                found.append(fault)
                print(fault)
        if not storecheck.sound:
            fail("the views are not compared with facts that are damaged")
    with opened() as book:
        identity = (f"{name} {value}" for name, value in told(book.store).items())
        typer.echo(f"store: {', '.join(identity)}", err=True)
        if views:
            begun = time.monotonic()
            found += checks.damages(book, chosen)
            verdicts = verify(book, checks.whole(book, chosen), workers)
            show(verdicts, time.monotonic() - begun)
            found += [fault for one in verdicts for fault in checks.told(one)]
            print(*found, sep="\n", end="\n" if found else "")
        else:
            for fault in checks.view_faults_of_all(book, workers):
                found.append(fault)
                print(fault)
        ill = bool(found)
        if heal:
            found = list(checks.damages(book, chosen))
            found += [fault for one in verdicts for fault in checks.unhealed(book, one, print)]
    if found:
        raise typer.Exit(1)
    print("healed" if heal and ill else "sound")
