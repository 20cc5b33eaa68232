"""The command line `stagebook`."""

import signal
import sys
import threading
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from pydantic_core import to_json
from rich.console import Console
from rich.table import Table

from adapters import cli_parked as parked
from adapters import cli_views as views
from adapters import demo as demo_account
from adapters.opening import configured, fail, opened, refuse_outdated
from adapters.sealing import Seal
from adapters.serving import run
from adapters.work import work as working
from application import history as histories
from application.keyring import (
    NewKey,
    adding_key,
    adding_signing_key,
    granting_key,
    new_access_key,
    new_token,
    revoking_key,
)
from application.transfer import export_lines, import_lines
from domain.ids import Kind, account_number, unpack
from domain.registry import Role

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help=__doc__,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(views.app)
app.add_typer(parked.app, name="parked")
keys = typer.Typer(no_args_is_help=True, help="Keys that may act for an account.")
app.add_typer(keys, name="keys")

CATCH_UP_SECONDS = 30


class Sort(StrEnum):
    """What a caller shows."""

    TOKEN = "token"  # noqa: S105 - a word of the command line
    SIGNING = "signing"


Account = Annotated[str, typer.Option("--account", help="The account's name.")]
Store = Annotated[str | None, typer.Option(help="A folder, or postgresql://…")]


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    store: Store = None,
    workers: Annotated[int | None, typer.Option(help="Server processes.")] = None,
) -> None:
    """Serves the API until it is stopped."""
    settings = configured(host=host, port=port, store=store, workers=workers)
    if settings.outdated_views == "refuse":
        with opened(store) as book:
            refuse_outdated(book)
    run(settings, announce=None)


@app.command()
def work(
    *,
    until_closed: Annotated[
        bool, typer.Option("--until-closed", help="Stop when standard input ends.")
    ] = False,
) -> None:
    """Keeps the views up to date and delivers webhooks; `serve` starts one, unless told not to."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        # a Ctrl-C reaches the whole group: the server decides when its worker stops
        ignored = until_closed and number == signal.SIGINT
        signal.signal(number, signal.SIG_IGN if ignored else lambda *_: stop.set())
    with opened() as book:
        refuse_outdated(book)
        working(book, sys.stdin.fileno() if until_closed else None, stop)


@app.command()
def demo() -> None:
    """Fills the account `demo` once, serves it, and prints how to talk to it."""
    settings = configured()
    with opened(writing=True) as book:
        demo_account.fill(book)
        book.start_worker()
        book.catch_up(CATCH_UP_SECONDS)
        folder = Path("data") if settings.is_postgres else settings.folder
        token = demo_account.token(book, folder)
    base = f"http://{settings.host}:{settings.port}"
    bearer = f"-H 'Authorization: Bearer {token}'"
    change = "-H 'Content-Type: application/json' -X PATCH -d '{\"subtitle\": \"Extra night\"}'"
    lines = (
        f"Stagebook answers on {base} (Ctrl-C stops it), its API is told in {base}/openapi.json",
        f"token: {token}",
        "",
        f"curl -s {bearer} {base}/v1/events/1",
        f"curl -s {bearer} {change} {base}/v1/events/1",
        f"curl -s {bearer} '{base}/v1/events/1/history?limit=3'",
    )
    run(settings, "\n".join(lines))


# -- keys


@keys.command("add")
def add_key(  # noqa: PLR0913 - the options of a command
    *,
    account: Account,
    role: Annotated[Role, typer.Option(help="What the key may do.")],
    name: Annotated[str | None, typer.Option(help="Its name: the actor in the facts.")] = None,
    language: Annotated[str | None, typer.Option(help="Base language of a new account.")] = None,
    currency: Annotated[str | None, typer.Option(help="Currency of a new account: EUR…")] = None,
    timezone: Annotated[str | None, typer.Option(help="The account's time zone.")] = None,
    kind: Annotated[Sort, typer.Option(help="A token, or a pair of keys that signs.")] = Sort.TOKEN,
    access_key: Annotated[str | None, typer.Option(help="An existing access key.")] = None,
    secret_key: Annotated[str | None, typer.Option(help="Its secret key.")] = None,
) -> None:
    """Adds a key, opens its account if it is the first, and prints its token, once.

    Of a signing key, it prints the access key and the secret key, a line each.
    """
    if kind is Sort.TOKEN and (access_key or secret_key):
        fail("--access-key and --secret-key belong to --kind signing")
    with opened(writing=True) as book:
        its = book.settings
        language = language or its.language
        if book.keyring.account(account) is None:
            currency, timezone = currency or its.currency, timezone or its.timezone
        key = NewKey(account, role, name, language, currency, timezone)
        if kind is Sort.TOKEN:
            made = [new_token()]
            adding = adding_key(key, made[0])
        else:
            made = [access_key or new_access_key(), secret_key or new_token()]
            adding = adding_signing_key(key, made[0], Seal(its).seal(*made))
        book.execute(adding, account=0, actor="command line")
    print("\n".join(made))


@keys.command("grant")
def grant_key(
    key_id: Annotated[int, typer.Argument(metavar="ID")],
    account: Account,
    role: Annotated[Role, typer.Option(help="What it may do there.")],
) -> None:
    """Lets a key act for one more account."""
    with opened(writing=True) as book:
        book.execute(granting_key(key_id, account, role), account=0, actor="command line")


@keys.command("list")
def list_keys() -> None:
    """Lists the keys of all accounts."""
    table = Table("id", "account", "name", "role", "access key", "created", "revoked", box=None)
    with opened() as book:
        for key in book.keyring.every_key():
            accounts = [(key["account_name"], key["role"]), *key["granted_names"].items()]
            for account, role in accounts:
                table.add_row(
                    str(key["id"]),
                    account,
                    key["name"],
                    role,
                    key.get("accesskey", ""),
                    key["createdts"],
                    key["revokedts"] or "",
                )
    Console(width=160).print(table)


@keys.command("revoke")
def revoke_key(key_id: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """Revokes a key; running servers refuse it within a second."""
    with opened(writing=True) as book:
        book.execute(revoking_key(key_id), account=0, actor="command line")


# -- the past


@app.command()
def history(
    kind: Annotated[str, typer.Argument(help="event or location")],
    thing: Annotated[str, typer.Argument(metavar="ID", help="A number (with --account) or a guid")],
    account: Annotated[str | None, typer.Option(help="The account's name.")] = None,
    limit: Annotated[int, typer.Option(help="How many, newest first.")] = 50,
) -> None:
    """Prints who changed what, when and why, newest first."""
    reads = {"event": histories.event_history, "location": histories.location_history}
    if kind not in reads:
        fail("expected event or location")
    with opened() as book:
        owner, number = named(kind, thing, account)
        page = reads[kind](book.store, owner, number, limit)
        for entry in page.entries:
            fact = entry.recorded.fact
            why = f" ({fact.reason})" if fact.reason else ""
            print(f"{entry.version:>6}  {fact.time}  {fact.actor}  {fact.name}{why}")
            for path, before, after in entry.changes:
                print(f"        {path}: {to_json(before).decode()} → {to_json(after).decode()}")


def named(kind: str, thing: str, account: str | None) -> tuple[int, int]:
    """The account and the number that an id names."""
    if thing.isascii() and thing.isdigit():
        if account is None:
            fail("a number needs --account")
        return account_number(account), int(thing)
    try:
        identity = unpack(UUID(thing))
    except ValueError:
        identity = None
    if identity is None or identity.kind != Kind[kind.upper()]:
        fail(f"{thing} is neither a number nor the guid of {kind}")
    return identity.account, identity.number


@app.command("export")
def export_account(account: Account) -> None:
    """Prints every fact of an account, as JSON lines."""
    with opened() as book:
        held = book.keyring.account(account)
        if held is None:
            fail(f"there is no account {account}")
        for line in export_lines(book.store, account, held):
            sys.stdout.buffer.write(line + b"\n")


@app.command("import")
def import_account(
    file: Annotated[typer.FileBinaryRead, typer.Argument(help="An export; - for standard input")],
) -> None:
    """Records an export, all of it or nothing, into an account without facts: before its keys."""
    with opened(writing=True) as book:
        account, count = import_lines(book.store, file, book.open_account)
    print(f"{count} facts of account {account}", file=sys.stderr)


def main() -> None:
    app()


if __name__ == "__main__":
    main()
