"""What is on sale in the bench, beside the book that it fills: Events of one contingent each."""

import time
from contextlib import closing
from typing import Any, NamedTuple

from adapters.bootstrap import bootstrap
from adapters.settings import Settings
from application.group_commit import Committer
from domain.event_fields import ACTIVE
from tests.bench.filling import HOT, NORMAL, TOKENS, WEB, Filler
from tests.bench.load import request
from tests.bench.measuring import Bench

TOKEN = TOKENS[HOT]
PRICE = 25.0


class Lot(NamedTuple):
    """The tickets of one Event."""

    event: int
    contingent: int

    @property
    def taken(self) -> dict[str, Any]:
        """The order for one of them."""
        take = {"eventid": self.event, "contingentid": self.contingent, "amount": 1}
        return {"saleschannelid": WEB, "take": [take]}

    @property
    def take(self) -> str:
        return request("POST", "/v1/orders", TOKEN, self.taken)


def put_on_sale(bench: Bench, tickets: int, events: int = 1) -> list[Lot]:
    """Events of so many tickets each, with every limit set to what they have."""
    program = bench.stage.program
    hall = program.post("/v1/locations", TOKEN, {"name": "Grounds", "capacity": tickets})
    prices = {"prices": [{"pricetypeid": NORMAL, "prices": [PRICE]}]}
    body = {
        "name": "Everyone wants to go",
        "locationid": hall["id"],
        "startts": "2030-06-01T19:00:00Z",
        "endts": "2030-06-01T23:00:00Z",
        "totalmaxtickets": tickets,
        "maxnbrofticketsperbasket": 8,
        "contingents": [{"name": "Standing", "amount": tickets, "eventspecificprices": prices}],
        "currentstatus": ACTIVE,
    }
    made = [program.post("/v1/events", TOKEN, body) for _ in range(events)]
    bench.stage.settle()
    return [Lot(event["id"], event["contingents"][0]["id"]) for event in made]


def availability(bench: Bench, lot: Lot, query: str = "") -> Any:
    return bench.stage.program.get(f"/v1/events/{lot.event}/availability{query}", TOKEN)


class Hot:
    """One hot Event at a time; the next one is put on sale before it sells out."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        (self.lot,) = put_on_sale(bench, bench.effort.tickets)

    def take(self) -> list[str]:
        tickets = self._bench.effort.tickets
        if availability(self._bench, self.lot)["total"]["free"] < tickets / 2:
            (self.lot,) = put_on_sale(self._bench, tickets)
        return [self.lot.take]


def sell(bench: Bench, amounts: dict[Lot, int]) -> None:
    """So many orders of one ticket each, by commands, while the program is away."""
    begun = time.monotonic()
    bench.stage.stop()
    with closing(bootstrap(Settings(store=bench.store))) as book:
        filler = Filler(Committer(book.store), HOT, seed=3)
        for lot, amount in amounts.items():
            filler.sell(lot.taken, amount)
    orders, filled = sum(amounts.values()), time.monotonic() - begun
    stood = bench.stage.serve()
    print(f"  {orders:,} orders in {filled:.0f} s, the views stood after {stood:.0f} s", flush=True)
