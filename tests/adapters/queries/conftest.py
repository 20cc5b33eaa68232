"""A Stagebook with two accounts, both with Events, orders and a secret of their own. The tests only
read, so that one of each store is enough."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from pydantic_core import from_json

from adapters.bootstrap import CATALOG, EVENTS, LOCATIONS, ORDERS, Stagebook, bootstrap
from adapters.settings import Settings
from adapters.views.select import Select
from application.catalog import create_item
from domain.contact import Contact, ContactFields
from domain.custom_fields import CustomField, CustomFieldFields
from domain.custom_keys import CustomKeys
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


ZONE = "Europe/Brussels"
VIEWS = {"events": EVENTS, "locations": LOCATIONS, "orders": ORDERS, "catalog": CATALOG}


class House:
    """An account that has something of everything."""

    def __init__(self, book: Stagebook) -> None:
        self.book = book
        book.open_account("demo", "en", "EUR", ZONE)
        desk = self.desk = Counter(book, DEMO)
        for owner, key, type_ in (
            (13003, "Foo", 12001), (13003, "foo", 12002), (13003, "Mood", 12004),
            (13001, "note", 12001), (13010, "floor", 12008), (13004, "row", 12001),
        ):  # fmt: skip
            fields = CustomFieldFields(typeid=owner, key=key, fieldtypeid=type_)
            with pytest.MonkeyPatch.context() as older:  # which had no such rule
                older.setattr(CustomKeys, "take", lambda *_: None)
                desk.decided(partial(create_item, cls=CustomField, fields=fields))
        hall = desk.location(name="Hall", city="Gent", lat=51.05, c_floor=1.5)
        self.event, self.lot = desk.on_sale(
            6, name="Jazz", locationid=hall, startts="2027-06-22T00:30:00+02:00",
            endts="2027-06-22T02:30:00+02:00", c_Foo="upper", c_foo=7, c_Mood=True,
            tags=["late", "a, b"], translations={"namenl": "Djez"},
            saleschannels=[{"saleschannelid": 2, "isactive": True}],
        )  # fmt: skip
        fields = ContactFields(firstname="Ann", lastname="Peeters", email="ann@example.org")
        desk.decided(partial(create_item, cls=Contact, fields=fields))
        self.order = desk.order(taking(self.event, self.lot, 3))
        desk.change_order(self.order, customerid=1)
        self.basket = desk.order(taking(self.event, self.lot, 1))
        desk.confirm(self.order)
        desk.pay(self.order, 30.5)
        tickets = desk.tickets(self.order)
        desk.name_holders(self.order, {tickets[0]: "Bea"})
        desk.change_ticket(self.event, tickets[1], c_row="F")
        desk.lock(self.event, contingentid=self.lot, amount=1, locktype=1)
        assert book.catch_up(30)

    def rows(self, sql: str, *, sells: bool = True) -> list[dict[str, Any]]:
        return [from_json(row) for row in self.book.queries.export(DEMO, sql, sells=sells)]

    def documents(self, view: str, kind: int | None) -> list[dict[str, Any]]:
        where = (("kind", "=", kind),) if kind else ()
        page = self.book.view(VIEWS[view]).page(Select(DEMO, where, limit=500))
        return [from_json(body) for body in page.bodies]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    store = str(tmp_path_factory.mktemp("data"))
    if request.param == "postgres":
        store = request.getfixturevalue("new_database")()
    book = bootstrap(Settings(store=store, connections=4))
    book.start()
    yield House(book)
    book.close()
