"""Stagebook: the book of record for venues, events and tickets.

Settings are environment variables: STAGEBOOK_STORE (a folder or postgresql://…, ./data when it is
not set), STAGEBOOK_PORT, STAGEBOOK_LOG_LEVEL and more: docs/reference/settings.md.
"""

import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from adapters import cli_keys as keys
from adapters import cli_parked as parked
from adapters import cli_views as views
from adapters.opening import (
    configured,
    fail,
    opened,
    opened_store,
    prepare_views,
    require_undamaged,
    speak_json,
)

# A command imports what it runs when it runs: `stagebook --help` needs none of it.

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help=__doc__,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(views.app)
app.add_typer(parked.app, name="parked")
app.add_typer(keys.app, name="keys")

CATCH_UP_SECONDS = 30


Store = Annotated[
    str | None, typer.Option(help="A folder, or postgresql://…  [env: STAGEBOOK_STORE]")
]


def show_version(asked: bool) -> None:  # noqa: FBT001 - as the library calls it
    if asked:
        from adapters.version import version

        print(f"stagebook {version()}")
        raise typer.Exit


@app.callback()
def options(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=show_version, is_eager=True, help="Print the version."),
    ] = False,
    json_log: Annotated[bool, typer.Option("--json-log", hidden=True)] = False,
) -> None:
    if json_log:
        speak_json()


@app.command()
def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on.  [env: STAGEBOOK_HOST]")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on.  [env: STAGEBOOK_PORT]")
    ] = None,
    store: Store = None,
    workers: Annotated[
        int | None, typer.Option(help="Server processes.  [env: STAGEBOOK_WORKERS]")
    ] = None,
) -> None:
    """Serves the API until it is stopped; an empty folder or database becomes a store."""
    settings = configured(serving=True, host=host, port=port, store=store, workers=workers)
    from adapters.serving import bound, run

    with bound(settings) as listener:
        with opened(settings, make=True) as book:
            require_undamaged(book)
            prepare_views(book)
            identity = str(book.identity)
        run(settings, listener, identity=identity)


@app.command()
def work(
    *,
    until_closed: Annotated[
        bool, typer.Option("--until-closed", help="Stop when standard input ends.")
    ] = False,
) -> None:
    """Keeps the views up to date and delivers webhooks; `serve` starts one, unless told not to."""
    from adapters import heap
    from adapters.work import work as working

    heap.bound()
    heap.keep_trimmed()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        # both may reach all processes at once, by a Ctrl-C or a service manager: a server that
        # answers what it was asked needs its views until then, and tells its worker when to stop
        signal.signal(number, signal.SIG_IGN if until_closed else lambda *_: stop.set())
    with opened(configured(serving=True), make=True) as book:
        if not until_closed:  # otherwise its server has looked
            require_undamaged(book)
        prepare_views(book)
        working(book, sys.stdin.fileno() if until_closed else None, stop)


@app.command()
def demo() -> None:
    """Fills the account `demo` once, serves it, and prints how to talk to it."""
    from adapters import demo as demo_account
    from adapters.serving import address, bound, run

    settings = configured(serving=True)
    with bound(settings) as listener:
        with opened(settings, writing=True, make=True) as book:
            require_undamaged(book)
            demo_account.fill(book)
            book.start_worker()
            book.catch_up(CATCH_UP_SECONDS)
            folder = Path("data") if settings.is_postgres else settings.folder
            token = demo_account.token(book, folder)
            identity = str(book.identity)
        base = address(settings, listener)
        welcome = demo_account.welcome(base, token, settings.place)
        run(settings, listener, welcome, identity=identity)


@app.command()
def identity(
    *,
    new_epoch: Annotated[
        bool, typer.Option("--new-epoch", help="An older copy was put back, with its views.")
    ] = False,
    new_id: Annotated[
        bool, typer.Option("--new-id", help="It is a copy that goes on as a store of its own.")
    ] = False,
) -> None:
    """Prints the store's id, epoch, position and mark of its history; begins another one.

    Whoever has seen positions of the store is told to look anew. Servers start anew by themselves.
    """
    from uuid import uuid4

    from adapters.continuity import begun, told
    from domain.lineage import Identity

    with opened_store() as (store, _):
        now = store.identity()
        if new_epoch or new_id:
            after = Identity(uuid4().hex[:16], now.epoch) if new_id else None
            begun(store, now, "it was asked for", after)
        for name, value in told(store).items():
            print(f"{name} {value}")


@app.command()
def history(
    kind: Annotated[str, typer.Argument(help="event, location, order, pricelist, contact…")],
    thing: Annotated[
        str,
        typer.Argument(metavar="ID", help="A number (with --account) or a guid, an order's code"),
    ],
    account: Annotated[str | None, typer.Option(help="The account's name.")] = None,
    limit: Annotated[int, typer.Option(help="How many, newest first.")] = 50,
    *,
    sales: Annotated[bool, typer.Option("--sales", help="Of an Event, sales as well.")] = False,
) -> None:
    """Prints who changed what, when and why, newest first."""
    from adapters.cli_history import guid_of_order, lines, named, order_with
    from application.history import Filter

    if kind == "order" and (guid := guid_of_order(thing)):
        with opened() as book:
            key = order_with(book, guid)
        if key is None:
            fail(f"there is no order {thing}")
        thing = str(key)
    with opened_store() as (store, keyring):
        if account is not None and keyring.account(account) is None:
            fail(f"there is no account {account}")
        of = named(kind, thing, account)
        if isinstance(of, str):
            fail(of)
        for line in lines(store, kind, of, limit, Filter(sales=sales)):
            print(line)


@app.command("export")
def export_account(
    account: Annotated[
        list[str] | None, typer.Option("--account", help="An account's name; of several, each.")
    ] = None,
    *,
    all_: Annotated[
        bool, typer.Option("--all", help="Every account, with its keys: what a restore needs.")
    ] = False,
) -> None:
    """Prints every fact of an account, as JSON lines; the last line proves that it is whole.

    --all also has the keys of all accounts; the secrets of signing keys stay sealed.
    """
    from application.transfer import export_everything, export_lines

    if all_ is bool(account):
        fail("say --account NAME, or --all")
    with opened_store() as (store, keyring):
        if all_:
            lines = export_everything(store, keyring.every_account())
            if any("sealed" in key for key in keyring.every_key()):
                tell("signing keys work after an import with the secret key of this store alone:")
                tell("keep STAGEBOOK_SECRET_KEY, or its file (secret.key), beside the export")
        else:
            accounts = {name: keyring.account(name) for name in account or ()}
            if missing := [name for name, held in accounts.items() if held is None]:
                fail(f"there is no account {', '.join(missing)}")
            lines = export_lines(store, [held for held in accounts.values() if held])
        for line in lines:
            sys.stdout.buffer.write(line + b"\n")
        sys.stdout.flush()


@app.command("import")
def import_account(
    file: Annotated[typer.FileBinaryRead, typer.Argument(help="An export; - for standard input")],
) -> None:
    """Records an export, all of it or nothing, where there are no facts yet.

    Accounts come in before their keys are added, an export of everything into an empty store.
    """
    from datetime import UTC, datetime
    from uuid import uuid4

    from adapters.sealing import Seal
    from application.transfer import import_lines
    from domain.base import CommandMetadata
    from domain.values import stamp

    by = CommandMetadata("command line", stamp(datetime.now(UTC)), correlation=uuid4().hex)
    with opened_store(make=True, filling=True) as (store, keyring):
        accounts, count = import_lines(store, file, by)
        keyring.refresh()
        shut = Seal(configured()).shut(keyring.every_key())
    names = ", ".join(accounts)
    tell(f"{count} facts of account{'s' if len(accounts) > 1 else ''} {names}")
    if shut:
        tell(f"{len(shut)} signing keys cannot be used here: put the secret key that sealed them")
        tell("into STAGEBOOK_SECRET_KEY, or its file in the place of secret.key")


@app.command()
def remove_images() -> None:
    """Removes the images that no fact names, which `check` tells of."""
    from adapters.check import remove_images as remove

    with opened_store() as (store, _):
        count = remove(store)
    print(f"{count} image{'' if count == 1 else 's'} removed")


@app.command()
def recount() -> None:
    """Counts what each account has, and the numbers it was given, from all facts and images.

    Quotas are held against that. Where facts are lost it counts nothing, names them and exits 1.
    """
    from adapters.check import recount as counted

    with opened_store() as (store, _):
        end(counted(store), "counted")


@app.command()
def repair_index() -> None:
    """Makes the indexes of the facts again from their table, where `check` finds them damaged.

    Where facts themselves are lost it changes nothing, names them and exits 1.
    """
    from adapters.check import repair_indexes

    with opened_store() as (store, _):
        end(repair_indexes(store), "the indexes are what the facts say")


def end(faults: list[str], sound: str) -> None:
    """Prints the faults that are left and exits 1, or what else came of the command."""
    for fault in faults:
        print(fault)
    if faults:
        raise typer.Exit(1)
    print(sound)


def tell(line: str) -> None:
    print(line, file=sys.stderr)


def main() -> None:
    app()


if __name__ == "__main__":
    main()
