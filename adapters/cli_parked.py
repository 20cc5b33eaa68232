"""The commands about parked documents."""

from typing import TYPE_CHECKING, Annotated

import typer

from adapters.opening import opened

if TYPE_CHECKING:
    from adapters import parking

app = typer.Typer(help="Documents that wait at a fact that could not be folded into them.")


@app.callback(invoke_without_command=True)
def parked_command(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_parked()


@app.command("list")
def list_parked() -> None:
    """Lists what waits, where, since when and why."""
    from rich.console import Console
    from rich.table import Table

    from adapters import parking
    from adapters.check import named

    table = Table("view", "key", "document", "position", "since", "error", box=None)
    with opened() as book:
        for one in parking.waiting(book):
            stopped = one.parked
            which = (one.projection.name, stopped.key.hex(), named(stopped.key))
            table.add_row(*which, str(stopped.position), stopped.since, stopped.error)
    Console(width=240).print(table)


@app.command("retry")
def retry_parked(
    view: Annotated[str | None, typer.Argument(help="Of this view alone.")] = None,
    key: Annotated[str | None, typer.Argument(help="This document, by its key or guid.")] = None,
) -> None:
    """Folds what waits anew, and exits 1 if anything waits still."""
    from adapters import parking

    with opened() as book:
        documents = parking.waiting(book, view, key)
        told(documents, parking.try_again(book, documents))


@app.command("discard")
def discard_parked(
    view: Annotated[str, typer.Argument(help="The view.")],
    key: Annotated[str, typer.Argument(help="The document, by its key or guid.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the facts.")],
) -> None:
    """Skips the fact that a document waits at, for good; exits 1 if another one stops it then."""
    from adapters import parking

    with opened(writing=True) as book:
        (one,) = parking.waiting(book, view, key)
        told([one], parking.give_up(book, one, reason))


def told(documents: "list[parking.Waiting]", still: "list[parking.Waiting]") -> None:
    """Says of each document whether it goes on."""
    stopped = {str(one): one.parked for one in still}
    for one in map(str, documents):
        at = stopped.get(one)
        print(f"{one} waits at position {at.position}: {at.error}" if at else f"{one} goes on")
    if still:
        raise typer.Exit(1)
