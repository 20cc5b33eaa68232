"""Contingents: named lots of tickets of one Event, their facts and their counters.

What a reader sees of a contingent is folded here, from facts alone and without knowing who holds
which ticket: the aggregate and the projections count with the same function.

    free ──▶ reserved ──▶ sold_unpaid ◀──▶ sold_paid      each ticket is in one of these seven;
      ◀──▶ locked_hard, locked_soft    complimentary       `total` is their sum
"""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from domain import ranges
from domain.base import DomainEvent, Fields, State, Value
from domain.errors import Invalid
from domain.offers import price_key
from domain.prices import PricelistPrices, TypePrices, with_price
from domain.ticket_types import TicketType
from domain.tickets import (
    TicketsHandedOver,
    TicketsLapsed,
    TicketsLocked,
    TicketsReleased,
    TicketsRepriced,
    TicketsSettled,
    TicketsTaken,
    TicketsUnlocked,
    first_ticket,
)
from domain.translations import checked
from domain.values import MAX_ID, Price, Reference, Text, Title, field

COUNTERS = (
    "complimentary",
    "free",
    "locked_hard",
    "locked_soft",
    "reserved",
    "sold_paid",
    "sold_unpaid",
    "total",
)
SOLD = ("sold_unpaid", "sold_paid", "complimentary")
HELD = ("reserved", *SOLD)
"""What orders hold; locks are beside it."""
TRANSLATABLE = frozenset({"name", "description"})
BOOKKEEPING = frozenset({"seated", "lastupdatets", "made", "locked", "counters"})
"""What a contingent's state holds beside its fields."""


class ContingentLock(Value):
    """Tickets of a contingent that are locked by count, by lock type."""

    READ_ONLY: ClassVar[frozenset[str]] = frozenset({"tickettypeid"})

    amount: Annotated[int, Field(ge=0, le=10_000_000, description="How many tickets", examples=[5])]
    locktypeid: Reference = Field(description="The lock type", examples=[1])


def each_once(locks: list[ContingentLock]) -> list[ContingentLock]:
    if len({lock.locktypeid for lock in locks}) < len(locks):
        message = "expected each locktypeid once"
        raise ValueError(message)
    return locks


class Lot(Fields):
    """How many tickets there are, for when, at what price."""

    id: Annotated[int, Field(ge=1, le=MAX_ID)] | None = field("The contingent's own id", 98)
    name: Title | None = field("Name", "Tickets", cleared="")
    amount: Annotated[int, Field(ge=0, le=10_000_000)] | None = field(
        "Number of tickets; null = made as they are taken, unset = 0", 100
    )
    pricelistid: Reference | None = field("Price list", 6)
    eventspecificprices: PricelistPrices | None = field(
        "Prices beside those of the list, in full",
        {"prices": [{"pricetypeid": 1, "prices": [30.0], "saleschannels": [1, 2]}]},
    )
    locks: (
        Annotated[list[ContingentLock], Field(max_length=100), AfterValidator(each_once)] | None
    ) = field(
        "How many tickets are locked, by lock type", [{"amount": 5, "locktypeid": 1}], cleared=[]
    )
    withimportedbarcodes: bool | None = field(
        "Its barcodes come from elsewhere", True, cleared=False
    )
    dateids: Annotated[list[Reference], Field(max_length=10_000)] | None = field(
        "The dates it is valid on; none = all; of all contingents at most 100,000", [1], cleared=[]
    )
    translations: dict[str, Text] | None = field(
        "Other languages: field + language", {"namefr": "Parterre"}, cleared={}
    )

    @field_validator("translations")
    @classmethod
    def _translatable(cls, value: dict[str, str] | None) -> dict[str, str] | None:
        return value and checked(value, TRANSLATABLE)


class ContingentFields(TicketType, Lot):
    """A named lot of tickets. With the `id` of an existing one it changes that one."""

    READ_ONLY: ClassVar[frozenset[str]] = frozenset({"eventid"})


class ContingentBody(ContingentFields):
    """A contingent as commands take it: with `price` or `prices`, the short ways to its prices."""

    price: Price | None = Field(
        None,
        description="The price of type Normal; the other types keep theirs; null takes it away",
        examples=[25.0],
    )
    prices: TypePrices | None = Field(
        None,
        description="Prices by type, a list or a map; types that are not named keep theirs",
        examples=[{"1": 30.0, "2": 20.0}],
    )

    @field_validator("price", "prices")
    @classmethod
    def _in_one_way(cls, value: Any, body: ValidationInfo) -> Any:
        others = [
            name
            for name in ("eventspecificprices", "price", "prices")
            if name != body.field_name and body.data.get(name) is not None
        ]
        if value is not None and others:
            message = f"expected {others[0]} or {body.field_name}, not both"
            raise ValueError(message)
        return value

    def short_prices(self) -> dict[str, tuple[int, float | None]]:
        """Price types and their prices, by the path in the body where they are."""
        short: dict[str, tuple[int, float | None]] = {}
        if "price" in self.model_fields_set:
            short["price"] = (NORMAL, self.price)
        if isinstance(self.prices, dict):
            short |= {f"prices.{key}": (int(key), price) for key, price in self.prices.items()}
        for index, entry in enumerate(self.prices if isinstance(self.prices, list) else ()):
            short[f"prices.{index}.price"] = (entry.pricetypeid, entry.price)
        return short

    def fields(self, current: State | None = None, path: str = "") -> ContingentFields:
        """The contingent with its short prices written out, beside those that it has now."""
        written = self.model_dump(include=self.model_fields_set - {"price", "prices"})
        short = self.short_prices()
        own = written.get("eventspecificprices", (current or {}).get("eventspecificprices"))
        for place, (price_type, price) in short.items():
            try:
                own = with_price(own, price_type, price)
            except ValueError as error:
                raise Invalid(path + place, str(error)) from None
        if short:
            written["eventspecificprices"] = own
        return ContingentFields.model_validate(written)


NORMAL = 1
"""The price type that every account starts with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContingentAdded(DomainEvent, topic="inventory.contingent-added"):
    contingentid: int
    seated: bool
    fields: State


@dataclass(frozen=True, slots=True, kw_only=True)
class ContingentChanged(DomainEvent, topic="inventory.contingent-changed"):
    """`pricesbefore`: its own prices before, where they changed. Facts of before have none."""

    contingentid: int
    changed: State
    pricesbefore: State | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContingentRemoved(DomainEvent, topic="inventory.contingent-removed"):
    contingentid: int


MAX_CONTINGENTS = 500
"""Of one sort, on one Event."""
MAX_DATES_NAMED = 100_000
"""By all contingents of an Event together, each as often as contingents name it."""
EDITS = ContingentAdded | ContingentChanged | ContingentRemoved
MOVING = (
    TicketsTaken
    | TicketsReleased
    | TicketsLapsed
    | TicketsSettled
    | TicketsRepriced
    | TicketsHandedOver
    | TicketsLocked
    | TicketsUnlocked
)
LOCKING = TicketsLocked | TicketsUnlocked
EDITED = EDITS | LOCKING
COUNTED = EDITS | MOVING
"""The facts that change what a reader sees of the contingents."""


def fold_contingents(state: State, fact: DomainEvent) -> None:
    """Folds a fact of an Inventory into `state["contingents"]`, by id in the order of adding.
    Locks are what is locked: facts of the first version wished for some that never were made.
    `state["edited"]` is the version that last changed what a person entered of them, locks too."""
    state["lastupdatets"] = fact.time
    contingents = state.setdefault("contingents", {})
    if isinstance(fact, EDITED):
        state["edited"] = fact.originator_version
    if isinstance(fact, MOVING):
        for move in fact.moves:
            key = str(move["contingentid"])
            contingents[key] = _moved(contingents[key], move, fact)
            _count_prices(state, move)
        return
    match fact:
        case ContingentAdded():
            amount = fact.fields.get("amount", 0)
            made = made_before(state, fact.contingentid)
            contingents[str(fact.contingentid)] = {
                **ContingentFields.defaults(),
                **fact.fields,
                "amount": amount,
                "locks": [],
                "id": fact.contingentid,
                "seated": fact.seated,
                "lastupdatets": fact.time,
                "made": made + (amount or 0),
                "locked": {},
                "counters": {
                    **dict.fromkeys(COUNTERS, 0),
                    "free": amount or 0,
                    "total": amount or 0,
                },
            }
        case ContingentChanged():
            key = str(fact.contingentid)
            changed = {n: v for n, v in fact.changed.items() if n not in ("id", "locks")}
            contingent = contingents[key] | changed | {"lastupdatets": fact.time}
            grown = growth(contingents[key], fact.changed)
            if grown:
                counters = contingent["counters"]
                contingent["made"] += max(grown, 0)
                contingent["counters"] = counters | {
                    "free": counters["free"] + grown,
                    "total": counters["total"] + grown,
                }
            contingents[key] = contingent
        case ContingentRemoved():
            if contingent := contingents.pop(str(fact.contingentid), None):
                state.setdefault("removed", {})[str(fact.contingentid)] = contingent["made"]


def made_before(state: State, contingent_id: int) -> int:
    """The last ticket that a contingent had, should it have been there before."""
    return int(state.get("removed", {}).get(str(contingent_id), first_ticket(contingent_id) - 1))


def growth(contingent: State, changed: State) -> int:
    """How many tickets a change of `amount` makes, or takes out of the free ones (negative)."""
    amount = changed.get("amount")
    if amount is None:
        return 0
    counters = contingent["counters"]
    return int(max(amount - counters["total"], -counters["free"]))


def made_by(contingent: State, move: State) -> int:
    """How many tickets this move makes: those of a contingent without a fixed amount."""
    return max(0, int(move["tickets"][-1][1]) - int(contingent["made"]))


def _moved(contingent: State, move: State, fact: Any) -> State:
    moved = ranges.count(move["tickets"])
    counters = dict(contingent["counters"])
    made = made_by(contingent, move)
    counters["free"] += made
    counters["total"] += made
    counters[move["from"]] -= moved
    counters[move["to"]] += moved
    after = dict(contingent)
    after["counters"] = counters
    after["made"] += made
    after["lastupdatets"] = fact.time
    if isinstance(fact, LOCKING):
        lock = str(fact.locktypeid)
        change = moved if isinstance(fact, TicketsLocked) else -moved
        locked = {**contingent["locked"], lock: contingent["locked"].get(lock, 0) + change}
        after["locked"] = {key: n for key, n in locked.items() if n}
        after["locks"] = [{"amount": n, "locktypeid": int(k)} for k, n in after["locked"].items()]
    return after


def _count_prices(state: State, move: State) -> None:
    """How many tickets orders hold at a price of a contingent, in `state["priced"]`."""
    was: int = move.get("pricetypeid", 0)
    sides = ((move["from"], was, -1), (move["to"], move.get("topricetypeid", was), 1))
    for counter, price_type, sign in sides:
        if counter in HELD:
            priced = state.setdefault("priced", {})
            key = price_key(move["contingentid"], price_type)
            priced[key] = priced.get(key, 0) + sign * ranges.count(move["tickets"])


def held(contingent: State) -> int:
    """How many tickets orders hold."""
    counters = contingent["counters"]
    return sum(counters[name] for name in HELD)


def in_use(contingent: State) -> int:
    """How many tickets are not free: what `amount` cannot go below."""
    counters = contingent["counters"]
    return int(counters["total"] - counters["free"])
