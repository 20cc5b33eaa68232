"""Keys that may act for an account."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.opening import fail, opened, opened_store
from domain.registry import Role

if TYPE_CHECKING:
    from application.keyring import Keyring

app = typer.Typer(no_args_is_help=True, help=__doc__)

ACTOR = "command line"


class Sort(StrEnum):
    """What a caller shows."""

    TOKEN = "token"  # noqa: S105 - a word of the command line
    SIGNING = "signing"


Account = Annotated[str, typer.Option("--account", help="The account's name.")]
AnyAccount = Annotated[str | None, typer.Option("--account", help="The account that it is of.")]
Key = Annotated[str, typer.Argument(metavar="ID|NAME", help="A key's number or its name.")]


@app.command("add")
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
    from adapters.sealing import Seal
    from application.keyring import (
        NewKey,
        adding_key,
        adding_signing_key,
        check_secret,
        new_access_key,
        new_token,
    )

    if kind is Sort.TOKEN and (access_key or secret_key):
        fail("--access-key and --secret-key belong to --kind signing")
    with opened(writing=True, make=True) as book:
        its = book.settings
        language = language or its.language
        if book.keyring.account(account) is None:
            currency, timezone = currency or its.currency, timezone or its.timezone
        key = NewKey(account, role, name, language, currency, timezone)
        if kind is Sort.TOKEN:
            made = [new_token()]
            adding = adding_key(key, made[0])
        else:
            if secret_key is not None:
                check_secret(secret_key)
            made = [access_key or new_access_key(), secret_key or new_token()]
            adding = adding_signing_key(key, made[0], Seal(its).seal(*made))
        book.execute(adding, account=0, actor=ACTOR)
    print("\n".join(made))


@app.command("grant")
def grant_key(
    key: Key,
    account: Account,
    role: Annotated[Role, typer.Option(help="What it may do there.")],
    of: Annotated[
        str | None, typer.Option("--of", help="The account that it is of, for a name.")
    ] = None,
) -> None:
    """Lets a key act for one more account."""
    from application.keyring import granting_key

    with opened(writing=True) as book:
        number = key_number(book.keyring, key, of)
        book.execute(granting_key(number, account, role), account=0, actor=ACTOR)


@app.command("list")
def list_keys() -> None:
    """Lists the keys of all accounts."""
    from rich.console import Console
    from rich.table import Table

    table = Table("id", "account", "name", "role", "access key", "created", "revoked", box=None)
    with opened_store() as (_, keyring):
        for key in keyring.every_key():
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


@app.command("revoke")
def revoke_key(key: Key, account: AnyAccount = None) -> None:
    """Revokes a key; running servers refuse it within a second."""
    from application.keyring import revoking_key

    with opened(writing=True) as book:
        number = key_number(book.keyring, key, account)
        book.execute(revoking_key(number), account=0, actor=ACTOR)


def key_number(keyring: "Keyring", key: str, account: str | None) -> int:
    """The key that is named: by its number, or by its name among the keys that are valid."""
    if key.isascii() and key.isdigit() and account is None:
        return int(key)
    valid = [one for one in keyring.every_key() if one["revokedts"] is None]
    numbers = {one["id"]: one["account_name"] for one in valid if one["name"] == key}
    if account is not None:
        numbers = {number: name for number, name in numbers.items() if name == account}
    if not numbers:
        fail(f"no valid key{f' of account {account}' if account else ''} has the name {key}")
    if len(numbers) > 1:
        which = ", ".join(f"{number} of {name}" for number, name in numbers.items())
        fail(f"several keys have the name {key}: {which}; say --account, or the number")
    return int(next(iter(numbers)))
