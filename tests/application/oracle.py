"""What selling means, in plain Python, on top of a plain stock: what may be taken by whom, what
orders hold until when, where their tickets stand."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

from tests.application.plain_stock import (
    BASKET,
    CAP,
    EXTERNAL,
    FIRST,
    FREE,
    HELD,
    NORMAL,
    REDUCED,
    REDUCED_AN_ORDER,
    REDUCED_IN_ALL,
    REDUCED_ON,
    Order,
    Reasons,
    Stock,
    Ticket,
)


@dataclass(frozen=True)
class Wish:
    """So many of a lot, or these very ones, at the price that is wanted."""

    lot: int
    amount: int
    price: int | None
    named: tuple[int, ...] = ()


class Oracle(Stock):
    def order(self, number: int, channel: int, wishes: Sequence[Wish]) -> Reasons:
        new = Order(channel, self.now, 0)
        reasons, chosen = self._chosen(wishes, channel, new)
        if not reasons:
            self.orders[number] = new
            self._act(number)
            self._give(number, chosen)
        return reasons

    def add(self, number: int, wishes: Sequence[Wish]) -> Reasons:
        order = self.orders[number]
        if reasons := self.over(number):
            return reasons
        reasons, chosen = self._chosen(wishes, order.channel, order)
        if not reasons:
            self._act(number)
            self._give(number, chosen)
        return reasons

    def _act(self, number: int) -> None:
        """An action gives it more time."""
        order = self.orders[number]
        if order.status == "unconfirmed":
            seconds = self.hold if order.channel == EXTERNAL else BASKET
            order.expiry = max(order.expiry, min(self.now + seconds, order.since + CAP))

    def _give(self, number: int, chosen: dict[int, int]) -> None:
        self.orders[number].tickets |= chosen
        for ticket, price in chosen.items():
            if ticket not in self.tickets:
                self._make(ticket // FIRST, 1)
            self.tickets[ticket] = Ticket(ticket // FIRST, "reserved", number, price)
        self._settle(number)

    def _settle(self, number: int) -> None:
        """Paid or not is a matter of the whole order."""
        order = self.orders[number]
        sold = "sold_paid" if order.paid >= order.total else "sold_unpaid"
        for ticket, price in order.tickets.items():
            counter = "complimentary" if price == FREE else sold
            self.tickets[ticket].counter = counter if order.status == "confirmed" else "reserved"

    def _chosen(
        self, wishes: Sequence[Wish], channel: int, order: Order
    ) -> tuple[Reasons, dict[int, int]]:
        """The tickets and their price types. Overdue orders in the way are ended, if that helps."""
        reasons, chosen = self._wished(wishes, channel, order)
        if reasons & {"SoldOut", "TicketNotFree"}:
            events = {self.lots[wish.lot].event for wish in wishes if wish.lot in self.lots}
            late = [n for n in self.orders if self.due(n) and events & set(self.events_of(n))]
            without = deepcopy(self)
            for number in late:
                without.lapse(number)
            again, chosen = without._wished(wishes, channel, order)
            if again:
                return reasons | again, {}
            for number in late:
                self.lapse(number)
            return set(), chosen
        return reasons, chosen

    def _wished(
        self, wishes: Sequence[Wish], channel: int, order: Order
    ) -> tuple[Reasons, dict[int, int]]:
        reasons: Reasons = set()
        if ("channel", channel) in self.archived:
            reasons.add("NotOnSale" if any(order is o for o in self.orders.values()) else "Invalid")
        named = {ticket for wish in wishes for ticket in wish.named}
        chosen: dict[int, int] = {}
        for wish in wishes:
            lot = self.lots.get(wish.lot)
            if lot is None:
                reasons.add("Invalid")
                continue
            if self.events[lot.event].status != "Active":
                reasons.add("NotOnSale")
            price = wish.price or NORMAL
            off = price == REDUCED and channel != REDUCED_ON
            if off or not lot.priced or ("price", price) in self.archived:
                reasons.add("PriceNotOffered")
            free = [n for n in self.of_lot(wish.lot, "free") if n not in chosen]
            tickets = list(wish.named) or [n for n in free if n not in named][: wish.amount]
            if not wish.named and lot.amount is None:
                new = wish.lot * FIRST + lot.made + 1
                new = max([new, *(n + 1 for n in chosen if n // FIRST == wish.lot)])
                tickets += range(new, new + wish.amount - len(tickets))
            elif not set(tickets) <= set(free):
                reasons.add("TicketNotFree")
            if len(tickets) < wish.amount:
                reasons.add("SoldOut")
            chosen |= dict.fromkeys(tickets, price)
        reasons |= self._too_many_reduced(wishes, order)
        return reasons or self._no_room(chosen, order), chosen

    def _too_many_reduced(self, wishes: Sequence[Wish], order: Order) -> Reasons:
        reasons = set()
        reduced = [wish for wish in wishes if wish.price == REDUCED]
        for lot in {wish.lot for wish in reduced}:
            asked = sum(wish.amount for wish in reduced if wish.lot == lot)
            if len(self.of_lot(lot, *HELD, of=REDUCED)) + asked > REDUCED_IN_ALL:
                reasons.add("SoldOut")
            had = [t for t, price in order.tickets.items() if (t // FIRST, price) == (lot, REDUCED)]
            if len(had) + asked > REDUCED_AN_ORDER:
                reasons.add("BasketLimit")
        return reasons

    def _no_room(self, chosen: dict[int, int], order: Order) -> Reasons:
        reasons = set()
        after = deepcopy(self)
        after.orders[0] = mine = deepcopy(order)
        after._give(0, chosen)
        for event in {self.lots[ticket // FIRST].event for ticket in chosen}:
            had = [t for t in mine.tickets if t // FIRST in self.lots_of(event)]
            if 0 < self.events[event].basket < len(had):
                reasons.add("BasketLimit")
            if after.too_full(event):
                reasons.add("SoldOut")
        return reasons

    def give_back(self, number: int, tickets: Sequence[int]) -> Reasons:
        order = self.orders[number]
        reasons = self.over(number)
        if not set(tickets) <= order.tickets.keys():
            reasons.add("Invalid")
        if not reasons:
            for ticket in tickets:
                del order.tickets[ticket]
                order.named.pop(ticket, None)
            self._free(tickets)
            self._act(number)
            self._settle(number)
        return reasons

    def confirm(self, number: int) -> Reasons:
        order = self.orders[number]
        if order.status == "confirmed":
            return set()
        reasons = self.over(number)
        if any(self.events[event].status != "Active" for event in self.events_of(number)):
            reasons.add("NotOnSale")
        if not order.tickets:
            reasons.add("OrderEmpty")
        if not reasons:
            order.status = "confirmed"
            self._settle(number)
        return reasons

    def pay(self, number: int, amount: int) -> Reasons:
        order = self.orders[number]
        reasons = self.over(number)
        if order.status != "confirmed":
            reasons.add("OrderNotConfirmed")
        if not reasons:
            order.money.append((amount, None))
            self._settle(number)
        return reasons

    def refund(self, number: int, amount: int, of: int | None) -> Reasons:
        order = self.orders[number]
        left = order.paid
        if of is not None:
            if not 0 < of <= len(order.money) or order.money[of - 1][0] < 0:
                return {"Invalid"}
            given_back = sum(money for money, payment in order.money if payment == of)
            left = min(left, order.money[of - 1][0] + given_back)
        if amount > left:
            return {"RefundTooLarge"}
        order.money.append((-amount, of))
        self._settle(number)
        return set()

    def cancel(self, number: int) -> Reasons:
        order = self.orders[number]
        if order.status == "cancelled":
            return set()
        reasons = self.over(number)
        if not reasons:
            self._end(number, "cancelled")
        return reasons

    def lapse(self, number: int) -> Reasons:
        if self.due(number):
            self._end(number, "lapsed")
        return set()

    def _end(self, number: int, how: str) -> None:
        order = self.orders[number]
        self._free(list(order.tickets))
        order.status, order.tickets, order.named = how, {}, {}

    def change(self, number: int, said: dict[str, object]) -> Reasons:
        order = self.orders[number]
        changed = {name for name, value in said.items() if order.said.get(name) != value}
        reasons = self.over(number) if changed - {"c_note"} else set()
        if "expiryts" in said and order.status == "unconfirmed":
            reasons.add("Invalid")
        if not reasons:
            order.said |= said
        return reasons

    def name(self, number: int, names: dict[int, str | None]) -> Reasons:
        order = self.orders[number]
        reasons = self.over(number)
        if not names.keys() <= order.tickets.keys():
            reasons.add("Invalid")
        if not reasons:
            named = order.named | names
            order.named = {ticket: name for ticket, name in named.items() if name is not None}
        return reasons

    def reprice(self, number: int, tickets: Sequence[int], price: int) -> Reasons:
        """Overdue orders in the way are ended, if that helps."""
        reasons = self._repriced(number, tickets, price)
        if reasons == {"SoldOut"}:
            events = set(self.events_of(number))
            late = [n for n in self.orders if self.due(n) and events & set(self.events_of(n))]
            without = deepcopy(self)
            for overdue in late:
                without.lapse(overdue)
            if again := without._repriced(number, tickets, price):
                return reasons | again
            self.__dict__ = without.__dict__
            return set()
        return reasons

    def _repriced(self, number: int, tickets: Sequence[int], price: int) -> Reasons:
        order = self.orders[number]
        reasons = self.over(number)
        if ("channel", order.channel) in self.archived:
            reasons.add("NotOnSale")
        if not set(tickets) <= order.tickets.keys():
            return reasons | {"Invalid"}
        other = [ticket for ticket in tickets if order.tickets[ticket] != price]
        for lot in {ticket // FIRST for ticket in other}:
            if self.events[self.lots[lot].event].status != "Active":
                reasons.add("NotOnSale")
            off = price == REDUCED and order.channel != REDUCED_ON
            if off or not self.lots[lot].priced or ("price", price) in self.archived:
                reasons.add("PriceNotOffered")
            asked = len([ticket for ticket in other if ticket // FIRST == lot])
            had = [t for t, at in order.tickets.items() if (t // FIRST, at) == (lot, price)]
            if price == REDUCED and len(had) + asked > REDUCED_AN_ORDER:
                reasons.add("BasketLimit")
            in_all = len(self.of_lot(lot, *HELD, of=price)) + asked
            if price == REDUCED and in_all > REDUCED_IN_ALL:
                reasons.add("SoldOut")
        if other and not reasons:
            for ticket in other:
                order.tickets[ticket] = self.tickets[ticket].of = price
            self._act(number)
            self._settle(number)
        return reasons

    def split(self, number: int, made: int, tickets: Sequence[int]) -> Reasons:
        order = self.orders[number]
        reasons = self.over(number)
        if not set(tickets) < order.tickets.keys():
            reasons.add("Invalid")
        if not reasons:
            moved = {ticket: order.tickets.pop(ticket) for ticket in tickets}
            self.orders[made] = Order(order.channel, order.since, order.expiry, order.status)
            self._give(made, moved)
            self.orders[made].said = dict(order.said)
            self.orders[made].named = {
                ticket: order.named.pop(ticket) for ticket in tickets if ticket in order.named
            }
            self._settle(number)
        return reasons
