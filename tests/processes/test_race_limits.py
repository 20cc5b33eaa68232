"""Two processes, a crowd before each: every limit holds by itself, to the last ticket."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from threading import Event
from typing import Any

import pytest

from tests.processes.pair import Pair, at_once, buying, problem, taking
from tests.processes.program import Answer, Client

pytestmark = pytest.mark.slow

ROOM = 150
PLENTY = 10_000
BUYERS, EDITS = 16, 16
DATE = {"start": "2036-11-21T20:00:00Z", "end": "2036-11-21T22:00:00Z"}
LIMITS = ["contingent", "event", "date", "location", "location on a date", "basket"]


@dataclass
class Limited:
    """An Event that one limit bounds: where the limit is changed, and what is refused by it."""

    event: int
    contingents: list[int]
    path: str
    name: str
    refusal: str = "sold-out"
    order: int | None = None
    """The order that all take into, where it is the one that is bounded."""

    def ask(self, client: Client, number: int) -> Answer:
        """Takes one ticket, of one contingent or another."""
        take = taking(self.event, self.contingents[number % len(self.contingents)])
        if self.order:
            return client("POST", f"/v1/orders/{self.order}/tickets", {"take": [take]})
        return client("POST", "/v1/orders", buying(take))

    def change(self, client: Client, room: int) -> Answer:
        return client("PATCH", self.path, {self.name: room})

    def lower(self, client: Client) -> bool:
        """As far as it goes, which may be less far by then."""
        lowered = self.change(client, 1)
        if not self.order:
            assert problem(lowered) == "tickets-in-use", lowered
            lowered = self.change(client, lowered.json()["inuse"])
        assert lowered.status == 200 or problem(lowered) == "tickets-in-use", lowered
        return lowered.status == 200


def limited(pair: Pair, limit: str, room: int) -> Limited:
    """An Event with so much room, by that limit."""
    hall = {"capacity": room} if limit.startswith("location") else {}
    location = pair.made("/v1/locations", name="Hall", **hall)["id"]
    amounts = (room,) if limit == "contingent" else (PLENTY, None)
    event, contingents = pair.on_sale(*amounts, locationid=location)
    path = f"/v1/events/{event}"
    match limit:
        case "contingent":
            path = f"{path}/contingents/{contingents[0]}"
            return Limited(event, contingents, path, "amount")
        case "event":
            changed(pair, path, totalmaxtickets=room)
            return Limited(event, contingents, path, "totalmaxtickets")
        case "date":
            date = pair.made(f"{path}/dates", **DATE, capacity=room)["id"]
            contingents[0] = pair.contingent(event, PLENTY, dateids=[date])
            return Limited(event, contingents, f"{path}/dates/{date}", "capacity")
        case "location" | "location on a date":
            if limit == "location on a date":
                pair.made(f"{path}/dates", **DATE)
            return Limited(event, contingents, f"/v1/locations/{location}", "capacity")
        case _:
            name = "maxnbrofticketsperbasket"
            changed(pair, path, **{name: room})
            order = pair.order()["id"]
            return Limited(event, contingents, path, name, "basket-limit", order)


def changed(pair: Pair, path: str, **fields: Any) -> None:
    answer = pair.ask("PATCH", path, fields, server=1)
    assert answer.status == 200, answer


@pytest.mark.parametrize("limit", LIMITS)
def test_a_crowd_gets_exactly_as_many_tickets_as_fit(pair: Pair, limit: str) -> None:
    on_sale = limited(pair, limit, ROOM)

    answers = pair.rush(on_sale.ask, each=2)

    refused = [answer for answer in answers if answer.status >= 400]
    assert len(answers) - len(refused) == ROOM
    assert {(a.status, problem(a)) for a in refused} == {(409, on_sale.refusal)}
    assert {a.json()["left"] for a in refused} == {0}
    limits = {"basket": on_sale.name, "location on a date": "location"}
    assert {a.json()["limit"] for a in refused} == {limits.get(limit, limit)}
    assert pair.sale(on_sale.event).counters() == {"reserved": ROOM}


@pytest.mark.parametrize("limit", LIMITS)
def test_a_limit_holds_at_every_moment_while_it_is_changed(pair: Pair, limit: str) -> None:
    """An editor gives room and takes it away again, as far as it goes; two are sold before."""
    on_sale = limited(pair, limit, room=2)
    numbers, finished = count(), Event()

    def edit() -> list[bool]:
        with closing(pair.client(1)) as client, finishing(finished):
            return [
                on_sale.change(client, room).status == 200 and on_sale.lower(client)
                for room in range(2, 4 * EDITS, 4)
            ]

    def buy(server: int) -> list[bool]:
        """Until the editor goes home; whatever is refused is refused by the limit."""
        with closing(pair.client(server)) as client:
            sold = []
            while not finished.is_set():
                answer = on_sale.ask(client, next(numbers))
                assert answer.status < 400 or problem(answer) == on_sale.refusal, answer
                sold.append(answer.status < 400)
        return sold

    with closing(pair.client()) as client:
        assert all(on_sale.ask(client, number).status < 400 for number in range(2))
    everyone: list[Callable[[], list[bool]]] = [edit]
    everyone += [partial(buy, server) for server in range(BUYERS)]
    lowered, *sold = at_once(everyone)

    assert True in lowered
    tickets = 2 + sum(answers.count(True) for answers in sold)
    assert pair.sale(on_sale.event).counters() == {"reserved": tickets}


@contextmanager
def finishing(finished: Event) -> Iterator[None]:
    try:
        yield
    finally:
        finished.set()
