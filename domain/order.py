"""An order: tickets taken together, first unconfirmed, then confirmed, then paid.

Unconfirmed 21001 ──confirm──▶ Confirmed 21002        both may be cancelled: 21003 Archived,
      └──not confirmed in time──▶ lapsed, 21003       `ended` says how it ended

Money is in minor units of the order's currency. Which tickets are where is told to the
Inventories in the same save; the order knows what it holds and what it costs.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from domain import ranges
from domain.base import Aggregate, CommandMetadata, DomainEvent, State, fold_fields
from domain.errors import (
    Invalid,
    OrderEmpty,
    OrderEnded,
    OrderNotConfirmed,
    RefundTooLarge,
)
from domain.ids import Kind
from domain.money import number, text
from domain.order_facts import (
    HeldTicketsChanged,
    HoldersNamed,
    NamedHolder,
    OrderCancelled,
    OrderChanged,
    OrderConfirmed,
    OrderCreated,
    OrderLapsed,
    OrderMerged,
    OrderRepriced,
    OrderSplit,
    PaymentAdded,
    RefundAdded,
    TicketsAdded,
    TicketsMerged,
    TicketsRemoved,
)
from domain.order_fields import OrderFields
from domain.ranges import Ranges
from domain.tickets import TicketChange
from domain.values import same, stamp

UNCONFIRMED, CONFIRMED, ARCHIVED = 21001, 21002, 21003
INCOMPLETE, PAID, OVERPAID = 0, 1, 2
LAPSED, CANCELLED, MERGED = "lapsed", "cancelled", "merged"
ENDED = {OrderLapsed: LAPSED, OrderCancelled: CANCELLED, OrderMerged: MERGED}
MAX_TICKETS = 5_000
DUE = {"expiryts": "duets"}
SECONDS = len("2026-11-21T20:20:00")
WHENEVER = frozenset({"customerid"})
"""Fields that may be changed after an order has ended, beside its custom fields."""


MOVING = TicketsAdded | TicketsRemoved | TicketsMerged | OrderSplit | OrderRepriced
"""The facts that change what it holds."""


class Hold(NamedTuple):
    """How long an unconfirmed order is held after its last action, and in all. Seconds."""

    seconds: int
    most: int

    def expiry(self, now: str, created: str) -> str:
        last = datetime.fromisoformat(now) + timedelta(seconds=self.seconds)
        cap = datetime.fromisoformat(created) + timedelta(seconds=self.most)
        return stamp(min(last, cap))


class Order(Aggregate):
    """`state["lines"]` is what it holds; `state["payments"]` holds payments and refunds by id,
    `state["holders"]` who comes with a ticket. The fields that a client sets stand beside them;
    `expiryts` of those, by when it is to be paid, as `duets`. What it held until it ended is in
    `endedlines`."""

    KIND = Kind.ORDER

    @staticmethod
    def evolve(state: State, fact: DomainEvent) -> None:
        state["lastupdatets"] = fact.time
        match fact:
            case OrderCreated():
                state.update(
                    number=fact.number,
                    guid=fact.guid or str(fact.originator_id),
                    saleschannelid=fact.saleschannelid,
                    currency=fact.currency,
                    status=UNCONFIRMED,
                    ended=None,
                    root=fact.root,
                    splitfrom=fact.splitfrom,
                    lines=fact.lines,
                    expiryts=fact.expiryts,
                    heldsince=fact.heldsince,
                    createdts=fact.time,
                    confirmedts=None,
                    payments={},
                    amountpaid=0,
                )
            case _ if isinstance(fact, MOVING):
                _fold_lines(state, fact)
            case HoldersNamed():
                _name(state, fact.tickets)
            case OrderChanged():
                changed = {DUE.get(name, name): value for name, value in fact.changed.items()}
                fold_fields(state, changed)
            case OrderConfirmed():
                state.update(status=CONFIRMED, confirmedts=fact.time)
            case PaymentAdded():
                _pay(state, fact.paymentid, fact.amount, fact.time, method=fact.paymentmethodid)
            case RefundAdded():
                _pay(state, fact.paymentid, -fact.amount, fact.time, of=fact.of)
            case OrderCancelled() | OrderLapsed() | OrderMerged():
                state["endedlines"] = state["lines"]
                state.update(status=ARCHIVED, ended=ENDED[type(fact)], lines=[])
                state["mergedinto"] = getattr(fact, "toorderid", None)
                state.pop("holders", None)

    # -- what it is now

    @property
    def confirmed(self) -> bool:
        return bool(self.state["status"] == CONFIRMED)

    @property
    def events(self) -> list[int]:
        """The Events that it holds tickets of."""
        return list(dict.fromkeys(line["eventid"] for line in self.state["lines"]))

    def held(self, event: int | None = None, price: tuple[int, int] | None = None) -> int:
        """How many tickets it holds: of an Event, at a price of a contingent."""
        return sum(
            ranges.count(line["tickets"])
            for line in self.state.get("lines", ())
            if event in (None, line["eventid"])
            and price in (None, (line["contingentid"], line["pricetypeid"]))
        )

    def holds(self, ticket: int) -> bool:
        return any(ranges.contains(line["tickets"], ticket) for line in self.state["lines"])

    def counter_of(self, price_type: int) -> str:
        """Which counter the tickets of a price type are in."""
        if not self.confirmed:
            return "reserved"
        if any(
            line["complimentary"]
            for line in self.state["lines"]
            if line["pricetypeid"] == price_type
        ):
            return "complimentary"
        return "sold_unpaid" if payment_status(self.state) == INCOMPLETE else "sold_paid"

    def due(self, now: str) -> bool:
        return bool(self.state["status"] == UNCONFIRMED and self.state["expiryts"] <= now)

    def expiry(self, hold: Hold, now: str) -> str:
        """Until when it is held after an action now: never shorter than it was told before. A
        confirmed one keeps what it had."""
        held_until: str = self.state["expiryts"]
        if self.confirmed:
            return held_until
        return max(held_until, hold.expiry(now, self.state["heldsince"]))

    # -- commands

    def create(
        self,
        guid: str,
        channel: int,
        currency: str,
        expiry: str,
        lines: list[State],
        metadata: CommandMetadata,
    ) -> None:
        self.trigger(
            OrderCreated,
            metadata,
            number=self.number,
            guid=guid,
            saleschannelid=channel,
            currency=currency,
            expiryts=expiry,
            heldsince=metadata.time,
            root=self.number,
            splitfrom=None,
            lines=lines,
        )

    def require_open(self, now: str) -> None:
        """Refuses when it has ended, or should have by now."""
        state = self.state
        if state["ended"] or self.due(now):
            ended = state["ended"] or LAPSED
            how = ended if ended == LAPSED else f"been {ended}"
            message = f"Order {self.number} has {how}"
            raise OrderEnded(message, ended=ended, expiryts=state["expiryts"])

    def add(self, lines: list[State], hold: Hold, metadata: CommandMetadata) -> None:
        self.trigger(TicketsAdded, metadata, lines=lines, expiryts=self.expiry(hold, metadata.time))

    def remove(self, tickets: Ranges, hold: Hold, metadata: CommandMetadata) -> None:
        self.require_held(tickets)
        self.trigger(
            TicketsRemoved, metadata, tickets=tickets, expiryts=self.expiry(hold, metadata.time)
        )

    def require_held(self, tickets: Ranges) -> None:
        missing = tickets
        for line in self.state["lines"]:
            missing = ranges.remove(missing, line["tickets"])
        if missing:
            raise Invalid("tickets", f"order {self.number} does not hold ticket {missing[0][0]}")

    def reprice(self, lines: list[State], hold: Hold, metadata: CommandMetadata) -> None:
        self.trigger(
            OrderRepriced, metadata, lines=lines, expiryts=self.expiry(hold, metadata.time)
        )

    def name_holders(self, holders: Sequence[State], metadata: CommandMetadata) -> None:
        self.require_held(ranges.of(holder["id"] for holder in holders))
        known, named = self.state.get("holders", {}), []
        for holder in holders:
            before = known.get(str(holder["id"]), {})
            new = {n: v for n, v in holder.items() if n != "id" and not same(before.get(n), v)}
            if new:
                named.append({"id": holder["id"], **new})
        if named:
            self.trigger(HoldersNamed, metadata, tickets=named)

    def show_changed(self, tickets: list[TicketChange], metadata: CommandMetadata) -> None:
        """Tickets that it holds are shown otherwise now."""
        self.trigger(HeldTicketsChanged, metadata, tickets=tickets)

    def differing_fields(self, patch: State) -> State:
        """The part of the patch that is not so already, where it may be changed."""
        wanted = {DUE.get(name, name): value for name, value in patch.items()}
        if self.state["status"] == UNCONFIRMED and "duets" in wanted:
            until = wanted.pop("duets")
            if until is None or until[:SECONDS] != self.state["expiryts"][:SECONDS]:
                message = "an unconfirmed order is held until it lapses: confirm it first"
                raise Invalid("expiryts", message)
        changed = self.differing(wanted, {})
        return {"expiryts" if name == "duets" else name: v for name, v in changed.items()}

    def change(self, changed: State, metadata: CommandMetadata) -> None:
        """What differs. Of an order that has ended, the customer and custom fields only."""
        if any(name not in WHENEVER and not name.startswith("c_") for name in changed):
            self.require_open(metadata.time)
        if changed:
            self.trigger(OrderChanged, metadata, changed=changed)

    def confirm(self, metadata: CommandMetadata) -> None:
        if not self.state["lines"]:
            raise OrderEmpty(f"Order {self.number} has no tickets to confirm")
        self.trigger(OrderConfirmed, metadata)

    def pay(self, amount: int, method: int | None, metadata: CommandMetadata) -> None:
        if not self.confirmed:
            raise OrderNotConfirmed(f"Order {self.number} is not confirmed: confirm it first")
        self.trigger(
            PaymentAdded,
            metadata,
            paymentid=self._next_payment(),
            amount=amount,
            paymentmethodid=method,
        )

    def refund(self, amount: int, of: int | None, metadata: CommandMetadata) -> None:
        """Gives money back, also of an order that was cancelled since."""
        payments, left = self.state["payments"], self.state["amountpaid"]
        if of is not None:
            if str(of) not in payments or payments[str(of)]["amount"] < 0:
                raise Invalid("paymentid", f"order {self.number} has no payment {of}")
            returned = sum(p["amount"] for p in payments.values() if p["of"] == of)
            left = min(left, payments[str(of)]["amount"] + returned)
        if amount > left:
            currency = self.state["currency"]
            asked = text(amount, currency).removesuffix(f" {currency}")
            message = f"{text(left, currency)} can be given back, {asked} were asked for"
            raise RefundTooLarge(message, left=number(left, currency), currency=currency)
        self.trigger(RefundAdded, metadata, paymentid=self._next_payment(), amount=amount, of=of)

    def require_mergeable(self, into: "Order") -> None:
        """Refuses unless both are unconfirmed orders of one sales channel."""
        mine, other = self.state, into.state
        alike = mine["saleschannelid"] == other["saleschannelid"]
        if not alike or self.confirmed or into.confirmed or self.number == into.number:
            message = f"order {self.number} and order {into.number} are not both unconfirmed"
            raise Invalid("orders", f"{message}, of one sales channel")

    def merge(self, other: "Order", metadata: CommandMetadata) -> None:
        """Takes over all tickets of another order at what they were taken at, which ends."""
        lines = other.state["lines"]
        holders = other.holders(ranges.union(line["tickets"] for line in lines))
        if lines:
            self.trigger(TicketsMerged, metadata, fromorderid=other.number, lines=lines)
        if holders:
            self.name_holders(holders, metadata)
        other.trigger(OrderMerged, metadata, toorderid=self.number)

    def split(self, to: "Order", guid: str, tickets: Ranges, metadata: CommandMetadata) -> None:
        """Hands tickets over to a new order of that guid, which stands where this one does."""
        self.require_held(tickets)
        kept = ("saleschannelid", "currency", "expiryts", "heldsince", "root")
        state = self.state
        rest = lines_without(state["lines"], tickets)
        if not rest:
            raise Invalid("tickets", "expected some of its tickets, not all")
        lines = lines_without(state["lines"], ranges.union(line["tickets"] for line in rest))
        to.trigger(
            OrderCreated,
            metadata,
            number=to.number,
            guid=guid,
            splitfrom=self.number,
            lines=lines,
            **{name: state[name] for name in kept},
        )
        if self.confirmed:
            to.confirm(metadata)
        to.change(self._said(), metadata)
        if holders := self.holders(tickets):
            to.name_holders(holders, metadata)
        self.trigger(OrderSplit, metadata, toorderid=to.number, tickets=tickets)

    def cancel(self, metadata: CommandMetadata) -> None:
        self.trigger(OrderCancelled, metadata)

    def lapse(self, metadata: CommandMetadata) -> None:
        self.trigger(OrderLapsed, metadata, duets=self.state["expiryts"])

    def holders(self, tickets: Ranges) -> list[State]:
        """Who comes with these tickets, as far as somebody is named."""
        named = self.state.get("holders", {})
        return [{"id": int(n), **s} for n, s in named.items() if _among(tickets, n)]

    def _said(self) -> State:
        """The fields that a client has set."""
        names = {name: DUE.get(name, name) for name in OrderFields.model_fields}
        said = {name: self.state.get(kept) for name, kept in names.items()}
        custom = {n: v for n, v in self.state.items() if n.startswith("c_")}
        return {n: v for n, v in (said | custom).items() if v is not None}

    def _next_payment(self) -> int:
        return len(self.state["payments"]) + 1


def total_amount(state: State) -> int:
    return sum(line["price"] * ranges.count(line["tickets"]) for line in state["lines"])


def payment_status(state: State, total: int | None = None) -> int:
    """`total` when it is known already."""
    total, paid = total_amount(state) if total is None else total, state["amountpaid"]
    return INCOMPLETE if paid < total else PAID if paid == total else OVERPAID


def lines_without(lines: Sequence[State], tickets: Ranges) -> list[State]:
    rest = []
    for line in lines:
        left = ranges.remove(line["tickets"], tickets)
        if left:
            rest.append(line if left == line["tickets"] else line | {"tickets": left})
    return rest


def _fold_lines(state: State, fact: MOVING) -> None:
    match fact:
        case TicketsAdded() | TicketsMerged():
            state["lines"] = [*state["lines"], *fact.lines]
        case OrderRepriced():
            repriced = ranges.union(line["tickets"] for line in fact.lines)
            state["lines"] = [*lines_without(state["lines"], repriced), *fact.lines]
        case _:
            state["lines"] = lines_without(state["lines"], fact.tickets)
            if holders := state.get("holders"):
                kept = {n: s for n, s in holders.items() if not _among(fact.tickets, n)}
                state["holders"] = kept
    if not isinstance(fact, OrderSplit | TicketsMerged):
        state["expiryts"] = fact.expiryts


def _among(tickets: Ranges, key: str) -> bool:
    return ranges.contains(tickets, int(key))


def _name(state: State, named: Sequence[NamedHolder]) -> None:
    holders = dict(state.get("holders", {}))
    for holder in named:
        key = str(holder["id"])
        said = {**holders.pop(key, {}), **holder}
        if kept := {n: v for n, v in said.items() if v is not None and n != "id"}:
            holders[key] = kept
    state["holders"] = holders


def _pay(state: State, number: int, amount: int, time: str, **said: int | None) -> None:
    payment = {"id": number, "amount": amount, "ts": time, "of": None, "method": None, **said}
    state["payments"][str(number)] = payment
    state["amountpaid"] += amount
