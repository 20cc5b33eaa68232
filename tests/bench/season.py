"""A season of sales: what most of a ticketing team's book is, made by the real commands.

arena       8 hot Events of tens of thousands of tickets: half of the orders
theatre     1,500 Events of some hundreds of tickets in 12 halls: a third
club        1,500 Events of a few dozen: the rest

A thousand stories go on at the same time, each a command after the other; so the facts of different
orders stand between each other, as buyers' do.

buyers      1-6 tickets on one of the channels, at a normal or a reduced price; of a hundred orders
            78 are paid, 8 confirmed and not paid yet, 9 lapse, 5 are cancelled, most of those
            refunded. Of some the buyer becomes a contact, tickets come and go, another name or
            price type is on them, a part is split off; a quarter goes through a door
organisers  texts, dates, amounts, prices and halls change; tickets are locked and unlocked
"""

import random
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from pydantic_core import from_json, to_json

from adapters.bootstrap import Stagebook
from application import admission, catalog, contingents, events, locations, orders, sales
from application.group_commit import Committer
from application.ports import CommandResult
from domain import ranges
from domain.catalog import PriceList, PriceListFields
from domain.contact import Contact, ContactFields
from domain.contingents import ContingentBody
from domain.errors import Refusal
from domain.event import DateFields
from domain.event_fields import EventBody
from domain.location import LocationFields
from domain.order import Hold, Order
from domain.order_fields import OrderFields
from domain.taking import Holder, OrderBody, PaymentBody, RefundBody, Scan, Take
from domain.ticket_fields import Lock, Unlock
from tests.bench.filling import (
    CACHED,
    NORMAL,
    REDUCTION,
    WORDS,
    Decide,
    Filled,
    Filler,
    commit,
    event_body,
    open_account,
)

ARENA, THEATRE, CLUB = "arena", "theatre", "club"
AT_ONCE = 1_000
"""Stories that go on at the same time: every round is one commit with a command of each."""
HOLD = Hold(1_200, 7_200)
CHANNELS, CHANNEL_WEIGHTS = (2, 1, 3), (75, 15, 10)
AMOUNTS, AMOUNT_WEIGHTS = (1, 2, 3, 4, 5, 6), (22, 46, 9, 14, 4, 5)
ORGANISED = 0.04
"""The share of the stories that are organisers'."""
OLD_ENOUGH = 20
"""Rounds after which an order that nobody confirmed has lapsed for sure."""

Story = Generator[Decide | None, Any, None]
"""Yields its commands and is sent what they answered; None lets a round pass."""


class Team(NamedTuple):
    """How an account sells: its share of the buyers, its Events and their lots."""

    account: str
    share: int
    halls: int
    events: int
    lots: tuple[int, ...]


TEAMS = (
    Team(ARENA, 50, 2, 8, (40_000, 9_000, 1_000)),
    Team(THEATRE, 33, 12, 1_500, (420, 80)),
    Team(CLUB, 17, 6, 1_500, (60,)),
)


class Show(NamedTuple):
    """An Event that is on sale."""

    number: int
    contingents: list[int]


class Seller(Filler):
    """One team: its Events, and the stories of those who buy and of those who organise."""

    def open(self, team: Team, scale: float) -> None:
        self.team = team
        self.create_price_lists()
        self.halls = self.create_locations(team.halls, sum(team.lots))
        count = max(2, round(team.events * scale))
        bodies = [self._body(team, scale, n) for n in range(count)]
        made = self.run((partial(events.create_event, body=body) for body in bodies), shown)
        self.shows = [Show(*show) for show in made]
        dates = [(show.number, self._date()) for show in self.shows]
        self.run(partial(events.add_date, number=n, fields=date) for n, date in dates)
        self.publish(show.number for show in self.shows)

    def _body(self, team: Team, scale: float, number: int) -> EventBody:
        amounts = [max(20, round(amount * min(1.0, scale * 4))) for amount in team.lots]
        lots = [
            {"name": f"Part {place}", "amount": amount, "pricelistid": 1 + (number + place) % 6}
            for place, amount in enumerate(amounts)
        ]
        body = event_body(self.rng, self.halls[number % len(self.halls)], number)
        body |= {"salestartts": None, "totalmaxtickets": None, "contingents": lots}
        return EventBody.model_validate(body)

    def _date(self) -> DateFields:
        day = f"2027-{self.rng.randrange(1, 13):02}-{self.rng.randrange(1, 29):02}"
        times = {"start": f"{day}T20:00:00+01:00", "end": f"{day}T23:00:00+01:00"}
        return DateFields.model_validate({**times, "name": "Doors at seven"})

    def show(self) -> Show:
        """The newest ones sell best."""
        place = int(len(self.shows) * self.rng.random() ** 1.3)
        return self.shows[-1 - place]

    # -- buyers

    def buyer(self) -> Story:
        rng, show = self.rng, self.show()
        take = self._take(show)
        customer = (yield self._new_contact())[0] if rng.random() < 0.1 else None
        channel = rng.choices(CHANNELS, CHANNEL_WEIGHTS)[0]
        body = OrderBody.model_validate({"saleschannelid": channel, "take": [take]})
        number, tickets, due = yield partial(sales.create_order, body=body, hold=HOLD)
        if rng.random() < 0.09:
            for _ in range(OLD_ENOUGH):
                yield None
            yield partial(sales.lapse_order, number=number)
            return
        if customer:
            fields = OrderFields(customerid=customer)
            yield partial(orders.change_order, number=number, fields=fields)
        if rng.random() < 0.05:
            number, tickets, due = yield from self._change_of_mind(show, number, tickets)
        yield partial(sales.confirm_order, number=number)
        if rng.random() < 0.09:
            return
        paid = PaymentBody(amount=due / 100, paymentmethodid=rng.randrange(1, 4))
        yield partial(sales.add_payment, number=number, body=paid)
        if rng.random() < 0.05:
            yield from self._second_thoughts(number, tickets, due)
        elif rng.random() < 0.25:
            for _ in range(rng.randrange(OLD_ENOUGH)):
                yield None
            yield from self._doors(show, tickets)

    def _take(self, show: Show) -> dict[str, Any]:
        rng = self.rng
        return {
            "eventid": show.number,
            "contingentid": rng.choices(show.contingents, self.team.lots)[0],
            "amount": rng.choices(AMOUNTS, AMOUNT_WEIGHTS)[0],
            "pricetypeid": REDUCTION if rng.random() < 0.15 else NORMAL,
        }

    def _new_contact(self) -> Decide:
        first, last = self.rng.choices(WORDS, k=2)
        name = {"firstname": first.title(), "lastname": last.title(), "languagecode": "nl"}
        email = f"{first}.{last}.{self.rng.randrange(100_000)}@example.org"
        fields = ContactFields.model_validate({**name, "email": email})
        return partial(catalog.create_item, cls=Contact, fields=fields)

    def _change_of_mind(
        self, show: Show, number: int, tickets: list[int]
    ) -> Generator[Decide | None, Any, Any]:
        """More tickets, fewer, or other prices."""
        match self.rng.randrange(3):
            case 0:
                takes = [Take.model_validate(self._take(show))]
                return (
                    yield partial(
                        sales.add_tickets, number=number, take=takes, promocodes=(), hold=HOLD
                    )
                )
            case 1 if len(tickets) > 1:
                gone = tickets[-1:]
                return (yield partial(sales.remove_tickets, number=number, tickets=gone, hold=HOLD))
            case _:
                wanted = {tickets[0]: REDUCTION}
                return (
                    yield partial(
                        orders.reprice_tickets,
                        number=number,
                        wanted=wanted,
                        promocodes=(),
                        hold=HOLD,
                    )
                )

    def _second_thoughts(self, number: int, tickets: list[int], due: int) -> Story:
        """Cancelled and given back, in parts with somebody else, or somebody else comes."""
        chance = self.rng.random()
        if chance < 0.6:
            yield partial(sales.cancel_order, number=number)
            if chance < 0.45:
                body = RefundBody(amount=due / 100)
                yield partial(sales.add_refund, number=number, body=body)
        elif chance < 0.75 and len(tickets) > 1:
            yield partial(sales.split_order, number=number, tickets=tickets[:1])
        else:
            holders = [Holder(id=tickets[0], ticketname=self.rng.choice(WORDS).title())]
            yield partial(orders.name_holders, number=number, holders=holders)

    def _doors(self, show: Show, tickets: list[int]) -> Story:
        def scan(way: str) -> Decide:
            body = Scan(tickets=tickets, direction=way, scandeviceid=self.rng.randrange(1, 9))
            return partial(admission.scan_tickets, number=show.number, body=body)

        yield scan("in")
        if self.rng.random() < 0.1:
            yield scan("out")
            yield scan("in")

    # -- organisers

    def organiser(self) -> Story:
        rng, show = self.rng, self.show()
        number, lot = show.number, show.contingents[0]
        match rng.choices(range(6), (50, 15, 12, 15, 5, 3))[0]:
            case 0:
                for _ in range(rng.randrange(1, 5)):
                    text = " ".join(rng.choices(WORDS, k=20))
                    body = EventBody(subtitle=f"{rng.choice(WORDS)} live", description=text)
                    yield partial(events.change_event, number=number, body=body)
            case 1:
                yield partial(events.add_date, number=number, fields=self._date())
            case 2:
                amount = ContingentBody(name=f"Part of {rng.choice(WORDS)}")
                yield partial(
                    contingents.change_contingent, number=number, contingent_id=lot, body=amount
                )
            case 3:
                lock = Lock(contingentid=lot, amount=rng.randrange(1, 9), locktypeid=2)
                yield partial(contingents.lock_tickets, number=number, body=lock)
                for _ in range(OLD_ENOUGH):
                    yield None
                unlock = Unlock(contingentid=lot, amount=lock.amount, locktypeid=2)
                yield partial(contingents.unlock_tickets, number=number, body=unlock)
            case 4:
                fields = LocationFields(info=f"Entrance {rng.randrange(9)}")
                hall = rng.choice(self.halls)
                yield partial(locations.change_location, number=hall, fields=fields)
            case 5:
                prices = PriceListFields(name=f"Prices as of {rng.randrange(1_000)}")
                which = rng.randrange(1, 7)
                yield partial(catalog.change_item, cls=PriceList, number=which, fields=prices)


def shown(made: Any) -> CommandResult:
    """What a story goes on with: of an order its number, its tickets and what is due; of an Event
    its number and its contingents."""
    made = made[0] if isinstance(made, tuple) else made
    if isinstance(made, Order):
        lines = made.state["lines"]
        tickets = [n for line in lines for n in ranges.numbers(line["tickets"])]
        due = sum(line["price"] * ranges.count(line["tickets"]) for line in lines)
        return CommandResult(200, {}, to_json([made.number, tickets, due]))
    if isinstance(made, events.ShownEvent):
        lots = [contingent["id"] for contingent in made.inventory.contingents()]
        return CommandResult(200, {}, to_json([made.event.number, lots]))
    return CommandResult(200, {}, to_json([getattr(made, "number", 0)]))


@dataclass(slots=True)
class Going:
    """A story, and what its last command answered."""

    seller: Seller
    story: Story
    said: Any = None


def sell_a_season(book: Stagebook, filled: Filled) -> None:
    """Stories begin until there are so many facts, then all of them are told to their end."""
    upto = book.store.position() + filled.sizes.season
    committer = Committer(book.store, cached_bytes=CACHED)
    for team in TEAMS:
        open_account(book, team.account, f"sb_bench-{team.account}")
    sellers = [Seller(committer, team.account, seed) for seed, team in enumerate(TEAMS, 4)]
    for seller, team in zip(sellers, TEAMS, strict=True):
        seller.open(team, filled.sizes.season / 800_000)
    filled.refused = tell(committer, sellers, book.store.position, upto)
    filled.facts = book.store.position()


def tell(
    committer: Committer, sellers: Sequence[Seller], position: Callable[[], int], upto: int
) -> int:
    """Returns how many commands were refused."""
    rng = random.Random(7)  # noqa: S311 - a mix, no secret
    shares = [team.share for team in TEAMS]
    at_once = min(AT_ONCE, max(10, upto // 500))
    going: list[Going] = []
    refused = 0
    while going or position() < upto:
        if position() < upto:
            for seller in rng.choices(sellers, shares, k=at_once - len(going)):
                organised = rng.random() < ORGANISED
                going.append(Going(seller, seller.organiser() if organised else seller.buyer()))
        going, asked = following(going)
        jobs = [told.seller.job(decide, shown) for told, decide in asked]
        commit(committer, jobs)
        for (told, _), job in zip(asked, jobs, strict=True):
            if isinstance(job.outcome, CommandResult):
                told.said = from_json(job.outcome.body)
                going.append(told)
            elif isinstance(job.outcome, Refusal):
                refused += 1
            else:
                raise job.outcome or AssertionError
    return refused


def following(going: Sequence[Going]) -> tuple[list[Going], list[tuple[Going, Decide]]]:
    """Those that let this round pass, and those with their next command."""
    waiting, asked = [], []
    for told in going:
        with suppress(StopIteration):
            decide = told.story.send(told.said)
            told.said = None
            if decide is None:
                waiting.append(told)
            else:
                asked.append((told, decide))
    return waiting, asked
