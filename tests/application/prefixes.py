"""The record of one account, followed fact by fact: what must hold after every one of them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from application.ports import Recorded
from domain.contingents import COUNTERS
from domain.ids import Kind, guid, unpack
from domain.inventory import Inventory
from projections.availability import Availability, availability_document
from projections.orders import Orders, order_document
from tests.application.plain_stock import (
    FIRST,
    HELD,
    REDUCED,
    REDUCED_AN_ORDER,
    REDUCED_IN_ALL,
)

SEVEN = set(COUNTERS) - {"total"}


class Kept(dict[bytes, Any]):
    """The documents that a projection folds into."""

    def put(self, key: bytes, state: Any) -> None:
        self[key] = state


@dataclass
class Limits:
    """Of one Event."""

    location: int
    most: int = 0
    basket: int = 0
    dates: dict[int, int] = field(default_factory=dict)

    def learn(self, said: dict[str, Any]) -> None:
        self.location = said.get("locationid", self.location)
        self.most = said.get("totalmaxtickets", self.most) or 0
        self.basket = said.get("maxnbrofticketsperbasket", self.basket) or 0


class Prefixes:
    """What the record says so far, once folded by the aggregates and once by the projections."""

    def __init__(self, account: int) -> None:
        self.account = account
        self.inventories: dict[int, Inventory] = {}
        self.availability = Kept()
        self.orders = Kept()
        self.limits: dict[int, Limits] = {}
        self.houses: dict[int, int] = {}

    def follow(self, recorded: Recorded) -> None:
        fact = recorded.fact
        _, kind, number = unpack(fact.originator_id)
        match kind:
            case Kind.LOCATION:
                self._learn_location(number, fact)
                for event, limits in self.limits.items():
                    if limits.location == number:
                        self._check_room(event)
            case Kind.EVENT:
                Availability().fold(self.availability, recorded)
                self._learn_event(number, fact)
                self._check_room(number)
            case Kind.INVENTORY:
                Availability().fold(self.availability, recorded)
                new = Inventory(fact.originator_id)
                self.inventories.setdefault(number, new).apply(fact)
                self._check_counters(number)
                self._check_places(number)
                self._check_room(number)
                if fact.name == "TicketsTaken":
                    self._check_basket(number, fact)
                if fact.name == "TicketsRepriced":
                    self._check_reduced(number, fact)
            case Kind.ORDER:
                Orders().fold(self.orders, recorded)

    # -- what is shown

    def order(self, number: int) -> dict[str, Any]:
        """An order, as the projection serves it."""
        state = self.orders[guid(self.account, Kind.ORDER, number).bytes]
        return order_document(state)

    def named(self, number: int) -> dict[int, str]:
        """Who comes with which ticket of an order."""
        state = self.orders[guid(self.account, Kind.ORDER, number).bytes]
        return {int(n): said["ticketname"] for n, said in state.get("holders", {}).items()}

    def shown(self, event: int) -> dict[str, Any]:
        """The availability of an Event, as the projection serves it."""
        state = self.availability[guid(self.account, Kind.EVENT, event).bytes]
        return availability_document(state["dates"].values(), state["inventory"])

    def tickets(self, event: int, contingent: int) -> dict[int, tuple[str, int | None, int | None]]:
        """Counter, order, and price type or lock type of each ticket."""
        return {
            ticket: (piece.counter, piece.orderid, piece.of)
            for piece in self.inventories[event].pieces(contingent)
            for ticket in range(piece.first, piece.last + 1)
        }

    # -- after every fact

    def _check_counters(self, event: int) -> None:
        """The seven sum to the total, everywhere; the projection counts as the aggregate does."""
        shown = self.shown(event)
        for counted in (*shown["contingents"], *shown["dates"], shown["total"]):
            assert sum(counted[name] for name in SEVEN) == counted["total"], shown
            assert min(counted[name] for name in SEVEN) >= 0, shown
        contingents = sorted(self.inventories[event].contingents(), key=itemgetter("id"))
        for mine, its in zip(shown["contingents"], contingents, strict=True):
            assert mine["tickettypeid"] == its["id"]
            assert {name: mine[name] for name in COUNTERS} == its["counters"]
            assert its["amount"] in (None, mine["total"])
        for name in COUNTERS:
            assert shown["total"][name] == sum(c["counters"][name] for c in contingents)

    def _check_places(self, event: int) -> None:
        """Every ticket that was made is in one place, or gone for ever."""
        inventory = self.inventories[event]
        for contingent in inventory.contingents():
            counted: Counter[str] = Counter()
            last = contingent["id"] * FIRST
            for piece in inventory.pieces(contingent["id"]):
                assert last < piece.first <= piece.last <= contingent["made"], piece
                counted[piece.counter] += piece.last - piece.first + 1
                last = piece.last
            assert {name: counted[name] for name in SEVEN} == {
                name: contingent["counters"][name] for name in SEVEN
            }

    def _check_room(self, event: int) -> None:
        """No limit of the Event, its dates or its Location is exceeded."""
        if event not in self.inventories:
            return
        limits, shown = self.limits[event], self.shown(event)
        house = self.houses[limits.location]
        everything = held(shown["total"])
        assert not 0 < limits.most < everything, f"{everything} of {limits.most}"
        on_dates = {date["id"]: held(date) for date in shown["dates"]}
        assert {date["id"]: date["capacity"] for date in shown["dates"]} == limits.dates
        for date, capacity in limits.dates.items():
            assert not 0 < capacity < on_dates[date], f"{on_dates[date]} of {capacity} on {date}"
        fullest = max(on_dates.values(), default=everything)
        assert not 0 < house < fullest, f"{fullest} of {house} at the Location"

    def _check_basket(self, event: int, fact: Any) -> None:
        """What an order takes is within the limits of one order, and of its prices."""
        inventory, basket = self.inventories[event], self.limits[event].basket
        mine = list(of_lines(inventory.lines(fact.orderid)))
        assert not 0 < basket < len(mine), f"{len(mine)} of {basket} in order {fact.orderid}"
        self._check_reduced(event, fact)

    def _check_reduced(self, event: int, fact: Any) -> None:
        inventory = self.inventories[event]
        mine = list(of_lines(inventory.lines(fact.orderid)))
        sold = [m for m in fact.moves if m.get("topricetypeid", m["pricetypeid"]) == REDUCED]
        for move in sold:
            of = move["contingentid"]
            at_price = [p for p in inventory.pieces(of) if p.orderid and p.of == REDUCED]
            assert sum(p.last - p.first + 1 for p in at_price) <= REDUCED_IN_ALL
            assert mine.count((of, REDUCED)) <= REDUCED_AN_ORDER

    # -- what limits there are

    def _learn_location(self, number: int, fact: Any) -> None:
        said = fact.fields if fact.name == "LocationCreated" else getattr(fact, "changed", {})
        self.houses[number] = said.get("capacity", self.houses.get(number, 0)) or 0

    def _learn_event(self, number: int, fact: Any) -> None:
        match fact.name:
            case "EventCreated":
                self.limits[number] = Limits(fact.fields["locationid"])
                self.limits[number].learn(fact.fields)
            case "DateAdded":
                self.limits[number].dates[fact.dateid] = fact.fields.get("capacity") or 0
            case "DateChanged":
                self.limits[number].dates[fact.dateid] = fact.changed["capacity"] or 0
            case "DateRemoved":
                del self.limits[number].dates[fact.dateid]
            case _:
                self.limits[number].learn(getattr(fact, "changed", {}))


def held(counted: dict[str, Any]) -> int:
    return sum(counted[name] for name in HELD)


def of_lines(lines: list[list[Any]]) -> Iterator[tuple[int, int]]:
    """Contingent and price type of each ticket of an order."""
    for contingent, price_type, _, places in lines:
        for first, last in places:
            yield from [(contingent, price_type)] * (last - first + 1)
