"""A Stagebook with two accounts, both with Events, orders and a secret of their own. The tests only
read, so that one of each store is enough."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from pydantic_core import from_json

from adapters.bootstrap import Stagebook, bootstrap
from adapters.settings import Settings
from application.catalog import create_item
from domain.custom_fields import CustomField, CustomFieldFields
from domain.ids import account_number
from tests.application.desk import Desk, taking

DEMO, OTHER = account_number("demo"), account_number("other")
NOW = "2026-06-01T12:00:00.000000Z"


class Counter(Desk):
    """Commands of one account of a Stagebook that is at work."""

    def __init__(self, book: Stagebook, account: int) -> None:
        assert book.writer
        self.store, self.account, self.writer = book.store, account, book.writer  # type: ignore[assignment]


@dataclass
class Asked:
    """A Stagebook, and what was made in the account `demo`."""

    book: Stagebook
    jazz: int
    rock: int
    hall: int
    lot: int
    order: int
    secret: int
    """An Event of the other account."""

    def ids(self, sql: str) -> list[int]:
        return self.book.queries.ids(DEMO, sql, sells=True)

    def rows(self, sql: str, limit: int = 100, offset: int = 0) -> list[dict[str, Any]]:
        rows = self.book.queries.rows(DEMO, sql, limit, offset, sells=True)[1]
        return [from_json(row) for row in rows]


def fill(book: Stagebook) -> Asked:
    for name, language in (("demo", "en"), ("other", "en")):
        book.open_account(name, language, "EUR", "UTC")
    desk, other = Counter(book, DEMO), Counter(book, OTHER)
    for key, type_ in (("genre", 12002), ("Mood", 12001)):
        fields = CustomFieldFields(typeid=13003, key=key, fieldtypeid=type_)
        desk.decided(partial(create_item, cls=CustomField, fields=fields))
    hall = desk.location(name="Concert hall", city="Gent", translations={"namenl": "Concertzaal"})
    jazz, lot = desk.on_sale(
        10,
        name="Jazz Night 100%",
        locationid=hall,
        translations={"namefr": "Soirée jazz"},
        tags=["late"],
        saleschannels=[{"saleschannelid": 2, "isactive": True}],
        c_genre=7,
        c_Mood="blue",
    )
    rock = desk.event(
        name="Rock", locationid=hall, startts="2026-05-01T20:00:00.5+02:00", seatselection=True
    )
    desk.lock(jazz, contingentid=lot, amount=2, locktype=1)
    order = desk.order(taking(jazz, lot, 3))
    desk.confirm(order)
    secret, theirs = other.on_sale(4, name="Their secret")
    other.sold(secret, theirs, 2)
    assert book.catch_up(30)
    return Asked(book, jazz, rock, hall, lot, order, secret)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def asked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Asked]:
    if request.param == "sqlite":
        made = bootstrap(Settings(store=str(tmp_path_factory.mktemp("data"))))
        made.start()
        yield fill(made)
        made.close()
        return
    made = bootstrap(Settings(store=request.getfixturevalue("new_database")(), connections=4))
    made.start()
    yield fill(made)
    made.close()
