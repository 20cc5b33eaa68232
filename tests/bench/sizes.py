"""Sizes: what a request costs in an account at its whole and in one at a thousandth of it.

In a store of their own are two accounts. The large one has so many orders, spread over Events, and
one Event with a long history; the small one a thousandth of all that,
and at least what fills a page. They are asked in turns, one request at a time. What is compared is
processor time: of the server's threads, the loop, the writer and the readers, and on PostgreSQL of
the database. Targets are ratios of at most 1.5.

python -m tests.bench --only sizes [--orders 1000000] [--facts 100000]
"""

import base64
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psycopg

from adapters.bootstrap import Stagebook, bootstrap
from adapters.sealing import Seal
from adapters.settings import Settings
from application import events, sales
from application.group_commit import Committer
from application.keyring import NewKey, adding_signing_key
from application.orders import name_holders
from application.unit_of_work import UnitOfWork
from domain.event_fields import EventBody
from domain.order import Hold, Order
from domain.registry import Role
from domain.taking import Holder, OrderBody
from tests.bench.filling import CACHED, SECRET, SECRET_KEY, Filler, open_account
from tests.bench.load import Generator, Outcome, Run, request
from tests.bench.measuring import faults
from tests.bench.season import shown
from tests.bench.servers import SETTINGS, Server, empty_store, settled
from tests.bench.table import Result, milliseconds
from tests.bench.watching import watched

PAGE = 50
MOST = 1.5
FOR_EVER = Hold(10**9, 10**9)
"""Nothing lapses while it is measured."""
NAMED = 60
"""Orders of each account that somebody with a rare name comes with: a search finds so many."""
RARE = "Zephyrine Rare"
CONFIRMED = 10
"""Of so many orders one is confirmed."""


@dataclass(frozen=True, slots=True)
class Whole:
    """How large the large account is, and how often is measured."""

    orders: int = 100_000
    facts: int = 20_000
    """Of the Event with a long history."""
    repeats: int = 40
    thousand: int = 1_000

    @property
    def events(self) -> int:
        return max(2, self.orders // 100)

    def part(self) -> "Whole":
        """A thousandth of it, but at least a few pages."""
        least = 4 * PAGE
        return Whole(
            max(least, self.orders // self.thousand),
            max(least, self.facts // self.thousand),
            self.repeats,
        )


class Sold(NamedTuple):
    """An Event that is on sale, and its contingent."""

    number: int
    contingent: int

    @property
    def take(self) -> dict[str, object]:
        return {"eventid": self.number, "contingentid": self.contingent, "amount": 1}


class Account(NamedTuple):
    """An account that was filled."""

    name: str
    token: str
    basic: str
    shows: list[Sold]
    long: Sold
    order: int
    """One of its orders."""

    def ask(self, path: str, method: str = "GET", body: object = None) -> str:
        return request(method, path.format(**self.names), self.token, body)

    def signed(self, path: str, method: str = "GET", body: object = None) -> str:
        """As a client of Ticketmatic does."""
        headers = [f"Authorization: Basic {self.basic}"]
        path = f"/api/1/{self.name}{path.format(**self.names)}"
        return request(method, path, body=body, headers=headers)

    @property
    def names(self) -> dict[str, int]:
        return {"event": self.shows[0].number, "long": self.long.number, "order": self.order}


def measure(kind: str, whole: Whole) -> list[Result]:
    with empty_store(kind) as store:
        small, large = filled(store, whole)
        built = watched(store, "rebuild", "--all", "--workers", "2", "--rate", "0")
        print(f"  the views were made in {built.seconds:.0f} s", flush=True)
        line = ("adapters.cli", "serve", "--port", "PORT", "--store", store)
        with closing(Server(*line, **SETTINGS)) as server, Generator() as generator:
            settled(server)
            scale = Scale(store, server, generator, whole.repeats)
            results = []
            for case, asked in cases(server, small, large):
                result = scale.compared(case, *asked)
                results.append(result)
                print(f"  {case}: {result.floor}, {result.measured} {result.ratio}", flush=True)
    return results


# -- filling


def filled(store: str, whole: Whole) -> tuple[Account, Account]:
    begun = time.monotonic()
    with closing(bootstrap(Settings(store=store, secret_key=SECRET_KEY))) as book:
        book.start_writer()
        made = [account(book, "part", whole.part()), account(book, "whole", whole)]
        facts = book.store.position()
    seconds = time.monotonic() - begun
    print(f"sizes: {facts:,} facts by commands in {seconds:.0f} s", flush=True)
    return made[0], made[1]


def account(book: Stagebook, name: str, sizes: Whole) -> Account:
    token = f"sb_bench-{name}"
    open_account(book, name, token)
    seal = Seal(Settings(store=book.settings.store, secret_key=SECRET_KEY))
    key = NewKey(name, Role.ADMIN)
    signing = adding_signing_key(key, f"ak-{name}", seal.seal(f"ak-{name}", SECRET))
    book.execute(signing, account=0, actor="bench")
    filler = Filler(Committer(book.store, cached_bytes=CACHED), name, seed=5)
    filler.create_price_lists()
    places = filler.create_locations(1, capacity=0)
    shows = on_sale(filler, places[0], sizes.events)
    (long,) = on_sale(filler, places[0], 1)
    numbers = sell(filler, shows, sizes.orders - sizes.facts // 4)
    numbers += grow(filler, long, sizes.facts)
    name_some(filler, numbers[:NAMED])
    basic = base64.b64encode(f"ak-{name}:{SECRET}".encode()).decode()
    return Account(name, token, basic, shows, long, numbers[len(numbers) // 2])


def on_sale(filler: Filler, place: int, count: int) -> list[Sold]:
    def body(number: int) -> EventBody:
        lots = [{"name": "Floor", "amount": 9_000_000, "pricelistid": 1}]
        day = f"2027-{number % 12 + 1:02}-{number % 28 + 1:02}"
        times = {"startts": f"{day}T20:00:00Z", "endts": f"{day}T23:00:00Z"}
        return EventBody.model_validate(
            {"name": f"Evening {number}", "locationid": place, "contingents": lots, **times}
        )

    made = filler.run((partial(events.create_event, body=body(n)) for n in range(count)), shown)
    sold = [Sold(number, lots[0]) for number, lots in made]
    filler.publish(show.number for show in sold)
    return sold


def sell(filler: Filler, shows: Sequence[Sold], count: int) -> list[int]:
    """So many orders of one ticket, in turn of each Event."""
    bodies = [
        OrderBody.model_validate({"saleschannelid": 1, "take": [show.take]}) for show in shows
    ]
    numbers: list[int] = filler.run(
        partial(sales.create_order, body=body, hold=FOR_EVER)
        for body in islice(cycle(bodies), count)
    )
    filler.run(partial(sales.confirm_order, number=n) for n in numbers[::CONFIRMED])
    return numbers


def grow(filler: Filler, long: Sold, facts: int) -> list[int]:
    """A history of edits, every fourth fact of it a sale."""
    numbers: list[int] = []
    for start in range(0, facts, 2_000):
        many = min(2_000, facts - start)
        numbers += sell(filler, [long], many // 4)
        bodies = (EventBody(subtitle=f"Take {start + n}") for n in range(many * 3 // 4))
        filler.run(partial(events.change_event, number=long.number, body=b) for b in bodies)
    return numbers


def name_some(filler: Filler, numbers: Sequence[int]) -> None:
    def named(work: UnitOfWork, number: int) -> Order:
        ticket = work.load(Order, number).state["lines"][0]["tickets"][0][0]
        return name_holders(work, number, [Holder(id=ticket, ticketname=RARE)])

    filler.run(partial(named, number=number) for number in numbers)


# -- cases


def cases(
    server: Server, small: Account, large: Account
) -> Iterator[tuple[str, tuple[list[str], list[str]]]]:
    """What is asked of the small account and of the large one, by the name of the case."""

    def of(path: str, *, then: str = "") -> tuple[list[str], list[str]]:
        asked = [
            one.ask(path + (then and after(server, one, path, then))) for one in (small, large)
        ]
        return [asked[0]], [asked[1]]

    def signed(path: str, method: str = "GET", body: object = None) -> tuple[list[str], list[str]]:
        return [small.signed(path, method, body)], [large.signed(path, method, body)]

    def each(make: Callable[[Account, int], str]) -> tuple[list[str], list[str]]:
        """Requests that differ, for what changes something."""
        few, many = ([make(one, n) for n in range(400)] for one in (small, large))
        return few, many

    page = f"limit={PAGE}"
    yield "orders: first page", of(f"/v1/orders?{page}")
    yield "orders: a page of the middle", of(f"/v1/orders?{page}", then="middle")
    yield "orders: filtered by status", of("/v1/orders?status=21002&limit=20")
    yield "orders: filtered by Event", of(f"/v1/orders?eventid={{long}}&{page}")
    yield "orders: newest first", of(f"/v1/orders?orderby=-id&{page}")
    yield "orders: search", of(f"/v1/orders?q=zephyrine&{page}")
    yield "order: document", of("/v1/orders/{order}")
    yield "events: first page", of("/v1/events?limit=2")
    yield "events: by start", of("/v1/events?orderby=-startts&limit=2")
    yield "events: filtered", of("/v1/events?status=19002&limit=2")
    yield "events: search", of("/v1/events?q=evening&limit=2")
    yield "event: document", of("/v1/events/{long}")
    yield "event: availability", of("/v1/events/{long}/availability")
    history = f"/v1/events/{{long}}/history?{page}"
    yield "history: first page", of(history)
    yield "history: last page", of(history, then="last")
    yield "history: of a kind", of(history + "&kind=event")
    yield "history: of a fact", of(history + "&fact=StatusChanged")
    yield "history: of a path", of(history + "&path=subtitle")
    yield "history: of an actor", of(history + "&actor=organiser")
    yield "history: of nobody", of(history + "&actor=nobody")
    yield "changes: first page", of(f"/v1/changes?{page}")
    yield "take", each(lambda one, _: one.ask("/v1/orders", "POST", basket(one)))
    yield (
        "PATCH the long Event",
        each(lambda one, n: one.ask("/v1/events/{long}", "PATCH", {"subtitle": f"Again {n}"})),
    )
    yield "Ticketmatic: orders", signed(f"/orders?{page}")
    yield "Ticketmatic: orders, offset 150", signed(f"/orders?{page}&offset=150")
    yield "Ticketmatic: events", signed("/events?limit=2")
    query = {"query": "SELECT id, createdts FROM tm.order WHERE id = {order}", "limit": 1}
    yield "SQL: by an indexed column", each_query(small, large, query)


def each_query(
    small: Account, large: Account, query: dict[str, object]
) -> tuple[list[str], list[str]]:
    def asked(one: Account) -> list[str]:
        text = str(query["query"]).format(**one.names)
        return [one.signed("/tools/queries", "POST", query | {"query": text})]

    return asked(small), asked(large)


def basket(one: Account) -> dict[str, object]:
    return {"saleschannelid": 1, "take": [one.long.take]}


def after(server: Server, one: Account, path: str, where: str) -> str:
    """What leads to a page of the middle or to the last one."""
    path, cursors = path.format(**one.names).replace(f"limit={PAGE}", "limit=1000"), [""]
    while (following := server.get(path + cursors[-1], one.token)["next"]) is not None:
        cursors.append(f"&after={following}")
    return cursors[len(cursors) // 2 if where == "middle" else -1]


# -- measuring


class Scale:
    """Compares processor time; of one request at a time, in turns."""

    def __init__(self, store: str, server: Server, generator: Generator, repeats: int) -> None:
        self._server, self._generator, self._repeats = server, generator, repeats
        self._database = 0
        if store.startswith("postgresql:"):
            with psycopg.connect(store) as connection:
                backend = connection.info.backend_pid
                self._database = int(stat(backend)[1])

    def compared(self, case: str, small: list[str], large: list[str]) -> Result:
        outcomes: list[Outcome] = []

        def cost(asked: list[str], number: int) -> float:
            """The milliseconds of processor that one request takes."""
            before = self._used()
            run = Run(self._server.port, [asked[number % len(asked)]], 1, 60.0, 1)
            outcomes.extend(self._generator.send(run))
            return self._used() - before

        cost(small, 0), cost(large, 0)  # loads what is long to load
        rounds = [(cost(small, n), cost(large, n)) for n in range(1, self._repeats + 1)]
        few, many = (median(costs) for costs in zip(*rounds, strict=True))
        errors, example = faults(outcomes)
        return Result(
            case,
            f"{milliseconds(many)} ms",
            f"{milliseconds(few)} ms",
            f"{many / few:.2f}",
            target=f"<= {MOST}",
            met=many / few <= MOST,
            errors=errors,
            example=example,
            everywhere=True,
        )

    def _used(self) -> float:
        pids = [self._server.process.pid]
        if self._database:
            pids += [pid for pid in processes() if int(stat(pid)[1]) == self._database]
        return sum(map(running, pids))


def running(pid: int) -> float:
    """The milliseconds that the threads of a process have had a processor for."""
    spent = 0
    for place in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            spent += int(place.read_text().split()[0])
        except OSError:  # it has ended meanwhile
            continue
    return spent / 1e6


def processes() -> list[int]:
    return [int(place.name) for place in Path("/proc").glob("[0-9]*")]


def stat(pid: int) -> list[str]:
    """What is behind the name in a process's line."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ["", "0"]
