"""Damaging files and tables behind the program's back."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import psycopg
from typer.testing import CliRunner, Result

from adapters.bootstrap import bootstrap
from adapters.cli import app
from adapters.settings import Settings
from application import locations
from domain.location import LocationFields

ACCOUNT = 0x2A97516C354B
PAGE = 4_096
Run = Callable[..., Result]


def filled(settings: Settings, facts: int = 4) -> None:
    """One Location with so many facts, folded."""
    with closing(bootstrap(settings)) as book:
        book.start()
        do = partial(book.execute, account=ACCOUNT, actor="ann")
        do(partial(locations.create_location, fields=LocationFields(name="Hall")))
        for number in range(facts - 1):
            fields = LocationFields(name=f"Hall {number} {'x' * 200}")
            do(partial(locations.change_location, number=1, fields=fields))
        assert book.catch_up(30)


def command(settings: Settings, *arguments: str) -> Result:
    result = CliRunner().invoke(app, list(arguments), env={"STAGEBOOK_STORE": settings.store})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def turned(file: Path, at: int, by: int = 1) -> None:
    """One byte is another."""
    with file.open("r+b") as opened:
        opened.seek(at)
        byte = opened.read(1)[0]
        opened.seek(at)
        opened.write(bytes([byte ^ by]))


def pages(file: Path, table: str) -> list[int]:
    """Where the pages begin that are the leaves of a table or index, in bytes."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        of = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        ((root,),) = connection.execute(of, (table,)).fetchall()
    data = file.read_bytes()

    def leaves(page: int) -> list[int]:
        start = (page - 1) * PAGE
        if data[start] in (0x0D, 0x0A):
            return [start]
        cells = int.from_bytes(data[start + 3 : start + 5])
        children = []
        for cell in range(cells):
            at = start + 12 + 2 * cell
            place = start + int.from_bytes(data[at : at + 2])
            children.append(int.from_bytes(data[place : place + 4]))
        children.append(int.from_bytes(data[start + 8 : start + 12]))
        return [leaf for child in children for leaf in leaves(child)]

    return leaves(root)


def id_in(file: Path, page: int) -> int:
    """Where the last aggregate's id in a page is, which is the first row that was written there."""
    data = file.read_bytes()[page : page + PAGE]
    account = f"{ACCOUNT:012x}".encode()
    return page + data.rindex(account)


def execute(settings: Settings, *statements: str) -> None:
    if settings.is_postgres:
        with psycopg.connect(settings.store) as connection:
            for statement in statements:
                connection.execute(statement.encode())
    else:
        with closing(sqlite3.connect(settings.folder / "facts.sqlite")) as file:
            for statement in statements:
                file.execute(statement)
            file.commit()
