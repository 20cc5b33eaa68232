"""Random histories: any commands, in any order, some of them in one batch, refused or not."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

from hypothesis import strategies as st

from application import catalog, contingents, events, locations, sales
from application.ports import CommandResult
from application.unit_of_work import PendingCommand, UnitOfWork
from domain.catalog import LockType, PriceList, PriceListFields, PriceType, SalesChannel
from domain.contingents import ContingentBody
from domain.errors import Refusal
from domain.event import TRANSITIONS, DateFields
from domain.event_fields import ACTIVE, CLOSED, DRAFT, EventBody
from domain.location import LocationFields
from domain.order import Hold
from domain.taking import OrderBody, PaymentBody, RefundBody, Take
from domain.ticket_fields import Lock, TicketFields, Unlock
from domain.tickets import PLACES
from tests.application.desk import Desk, taking

Decide = Callable[[Any], Any]

names = st.sampled_from(["Live", "live band", "Ete", "x" * 120 + "y", "x" * 120 + "z x"])
starts, ends = (
    st.integers(*days).map(lambda n: f"2026-11-2{n}T20:00:00Z") for days in ((0, 3), (3, 6))
)
few = st.sampled_from([1, 1, 1, 2, 2, 3, 4])
"""Numbers of things that are mostly there."""
statuses = st.sampled_from([DRAFT, ACTIVE, ACTIVE, CLOSED])


def optional(
    always: dict[str, st.SearchStrategy[Any]] | None = None, **fields: st.SearchStrategy[Any]
) -> st.SearchStrategy[dict[str, Any]]:
    """Any of these fields, cleared or set, beside those that are always there."""
    each = {name: st.just(None) | value | value for name, value in fields.items()}
    return st.fixed_dictionaries(always or {}, optional=each)


kinds = st.sampled_from([1, 1, 1, 2, 3])
"""Price types: the last is given away."""
money = st.sampled_from([0.0, 10.0, 12.5])
prices = st.builds(
    lambda kind, price, limit: {
        "pricetypeid": kind,
        "prices": [price],
        "conditions": [{"type": "orderticketlimit", "value": limit}] if limit else [],
    },
    kinds,
    money,
    st.sampled_from([0, 0, 2]),
)
price_lists = st.lists(prices, max_size=3).map(lambda listed: {"prices": listed})
counted_locks = st.lists(
    st.fixed_dictionaries({"locktypeid": few, "amount": st.integers(0, 2)}),
    max_size=2,
    unique_by=lambda lock: lock["locktypeid"],
)
lots = st.fixed_dictionaries(
    {},
    optional={
        "name": names,
        "amount": st.none() | st.integers(0, 9) | st.integers(5, 9),
        "pricelistid": st.none() | few,
        "eventspecificprices": st.none() | price_lists,
        "dateids": st.lists(few, max_size=2, unique=True),
        "locks": st.none() | counted_locks,
    },
)
known_lots = st.builds(lambda number, lot: {"id": number, **lot}, few, lots)
details = optional(
    name=names,
    subtitle=names,
    tags=st.lists(st.sampled_from("abc"), max_size=2),
    c_a=st.lists(st.integers(0, 1), max_size=2),
)
others = optional(
    startts=starts,
    endts=ends,
    productionid=few,
    totalmaxtickets=few,
    seatselection=st.booleans(),
    saleschannels=few.map(lambda n: [{"saleschannelid": n}]),
)
with_lots = optional(
    contingents=st.lists(lots, max_size=2) | st.lists(known_lots, max_size=1),
    seated_contingents=st.lists(lots, max_size=2),
)
new_events = optional(
    {"locationid": few}, name=names, startts=starts, contingents=st.lists(lots, max_size=1)
)
moves = st.fixed_dictionaries({"locationid": few})
with_status = st.builds(lambda body, status: {**body, "currentstatus": status}, details, statuses)
bodies = st.one_of(details, others, with_lots, moves, with_status)
places = optional(city=names, capacity=few, c_a=st.booleans())
named_places = optional({"name": names}, city=names)
dates = optional({"start": starts, "end": ends.filter(lambda t: t > "2026-11-24")}, name=names)
redated = optional(start=starts, end=ends, name=names)


# -- selling

HOLD = Hold(12, 30)
"""Commands are a second apart: an order lapses soon."""
lot_numbers = st.sampled_from([1, 1, 1, 2, 2, 3])
spots = st.lists(st.integers(1, 3) | st.integers(1, 8), min_size=1, max_size=3, unique=True)
amounts = st.sampled_from([1, 1, 2, 5])
lock_types = st.sampled_from([1, 1, 2, 3])
paid = st.sampled_from([0.01, 10.0, 12.5, 25.0, 100.0])


def event_of(lot: int) -> int:
    return min(lot, 2)


def tickets_of(lot: int, at: Sequence[int]) -> list[int]:
    return [lot * PLACES + spot for spot in at]


takes = st.one_of(
    st.builds(
        lambda lot, amount, kind: {
            "eventid": event_of(lot),
            "contingentid": lot,
            "amount": amount,
            "pricetypeid": kind,
        },
        lot_numbers,
        amounts,
        st.none() | kinds,
    ),
    st.builds(
        lambda lot, at: {"eventid": event_of(lot), "tickets": tickets_of(lot, at)},
        lot_numbers,
        spots,
    ),
).map(Take.model_validate)
order_bodies = st.builds(
    OrderBody,
    saleschannelid=st.sampled_from([1, 2, 2]),
    take=st.lists(takes, min_size=1, max_size=2) | st.just([]),
)
payments = st.builds(PaymentBody, amount=paid)
refunds = st.builds(RefundBody, amount=paid, paymentid=st.none() | few)
known_tickets = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "barcode": st.none() | st.sampled_from(["A-1", "A-2"]),
            "properties": st.none() | st.just({"row": "A"}),
        },
    ),
    min_size=1,
    max_size=2,
)
lot_bodies = (lots | optional(name=names, price=money)).map(ContingentBody.model_validate)


def remove_contingent(work: UnitOfWork, number: int, contingent_id: int) -> None:
    contingents.remove_contingent(work, number, contingent_id)


def delete_event(work: UnitOfWork, number: int) -> None:
    events.delete_event(work, number)


def delete_location(work: UnitOfWork, number: int) -> None:
    locations.delete_location(work, number)


def command(function: Callable[..., Any], **arguments: Any) -> st.SearchStrategy[Decide]:
    return st.builds(partial, st.just(function), **arguments)


def location_fields(fields: st.SearchStrategy[Any]) -> st.SearchStrategy[LocationFields]:
    return fields.map(LocationFields.model_validate)


commands: st.SearchStrategy[Decide] = st.one_of(
    command(locations.create_location, fields=location_fields(named_places)),
    command(locations.change_location, number=few, fields=location_fields(named_places)),
    command(locations.change_location, number=few, fields=location_fields(places)),
    command(delete_location, number=few),
    command(locations.revert_location, number=few, to=few),
    command(events.create_event, body=new_events.map(EventBody.model_validate)),
    command(events.change_event, number=few, body=bodies.map(EventBody.model_validate)),
    command(events.change_event, number=few, body=bodies.map(EventBody.model_validate)),
    command(events.change_event, number=few, body=bodies.map(EventBody.model_validate)),
    command(events.change_status, number=few, transition=st.sampled_from(sorted(TRANSITIONS))),
    command(events.add_date, number=few, fields=dates.map(DateFields.model_validate)),
    command(
        events.change_date, number=few, date_id=few, fields=redated.map(DateFields.model_validate)
    ),
    command(events.remove_date, number=few, date_id=few),
    command(delete_event, number=few),
    command(events.revert_event, number=few, to=st.integers(1, 6)),
)


def of_lots(
    decide: Callable[..., Decide], **says: st.SearchStrategy[Any]
) -> st.SearchStrategy[Decide]:
    """A command on a lot: `decide` is given its Event and its number, too."""
    return lot_numbers.flatmap(
        lambda lot: st.builds(decide, st.just(event_of(lot)), st.just(lot), **says)
    )


def on_tickets(function: Callable[..., Any], number: int, at: list[int], **says: Any) -> Decide:
    """A command on tickets of an order: the first ones have those of the lot of their number."""
    return partial(function, number=number, tickets=tickets_of(number, at), **says)


def changing(number: int, lot: int, body: ContingentBody) -> Decide:
    return partial(contingents.change_contingent, number=number, contingent_id=lot, body=body)


def removing(number: int, lot: int) -> Decide:
    return partial(remove_contingent, number=number, contingent_id=lot)


def locking(number: int, lot: int, lock_type: int, amount: int) -> Decide:
    body = Lock(locktypeid=lock_type, contingentid=lot, amount=amount)
    return partial(contingents.lock_tickets, number=number, body=body)


def locking_these(number: int, lot: int, lock_type: int, at: list[int]) -> Decide:
    body = Lock(locktypeid=lock_type, tickets=tickets_of(lot, at))
    return partial(contingents.lock_tickets, number=number, body=body)


def unlocking(number: int, lot: int, lock_type: int | None, amount: int) -> Decide:
    body = Unlock(locktypeid=lock_type, contingentid=lot, amount=amount)
    return partial(contingents.unlock_tickets, number=number, body=body)


def telling(number: int, lot: int, known: list[dict[str, Any]]) -> Decide:
    tickets = [TicketFields(id=lot * PLACES + n, **one) for n, one in enumerate(known, 1)]
    return partial(contingents.change_tickets, number=number, tickets=tickets)


ordering = command(sales.create_order, body=order_bodies, hold=st.just(HOLD))
adding = command(
    sales.add_tickets,
    number=few,
    take=st.lists(takes, min_size=1, max_size=2),
    promocodes=st.just([]),
    hold=st.just(HOLD),
)
selling: st.SearchStrategy[Decide] = st.one_of(
    ordering,
    ordering,
    ordering,
    adding,
    adding,
    st.builds(on_tickets, st.just(sales.remove_tickets), lot_numbers, spots, hold=st.just(HOLD)),
    st.builds(on_tickets, st.just(sales.split_order), lot_numbers, spots),
    command(sales.confirm_order, number=few),
    command(sales.confirm_order, number=few),
    command(sales.add_payment, number=few, body=payments),
    command(sales.add_payment, number=few, body=payments),
    command(sales.add_refund, number=few, body=refunds),
    command(sales.cancel_order, number=few),
    command(sales.lapse_order, number=few),
    command(contingents.add_contingent, number=few, body=lot_bodies),
    of_lots(changing, body=lot_bodies),
    of_lots(removing),
    of_lots(locking, lock_type=lock_types, amount=amounts),
    of_lots(locking_these, lock_type=lock_types, at=spots),
    of_lots(unlocking, lock_type=st.none() | lock_types, amount=amounts),
    of_lots(telling, known=known_tickets),
)
cataloguing: st.SearchStrategy[Decide] = st.one_of(
    command(
        catalog.create_item,
        cls=st.just(PriceList),
        fields=st.builds(PriceList.FIELDS, name=names, prices=price_lists),
    ),
    command(
        catalog.change_item,
        cls=st.just(PriceList),
        number=few,
        fields=st.builds(PriceList.FIELDS, prices=price_lists),
    ),
    command(
        catalog.change_item,
        cls=st.just(SalesChannel),
        number=few,
        fields=st.builds(SalesChannel.FIELDS, basketseconds=st.none() | st.integers(1, 30)),
    ),
    command(
        catalog.archive_item,
        cls=st.sampled_from([PriceList, PriceType, SalesChannel, LockType]),
        number=few,
        archived=st.booleans(),
    ),
)
anything = st.one_of(commands, commands, selling, selling, selling, cataloguing)


@st.composite
def a_command(draw: Callable[[Any], Decide]) -> Decide:
    """Any of them; its own name is short, which `anything` in words is not."""
    return draw(anything)


batches = st.lists(st.lists(a_command(), min_size=1, max_size=8), min_size=2, max_size=8)


@dataclass(frozen=True, slots=True)
class Done:
    """A command that was answered with a document."""

    job: PendingCommand
    answer: CommandResult


def begun(desk: Desk) -> None:
    """Two Locations, two Events with contingents and dates, on sale: something to talk about."""
    price = {"pricetypeid": 1, "prices": [12.5]}
    free = {"pricetypeid": 3, "prices": [0.0]}
    listed = PriceListFields(name="Concerts", prices={"prices": [{**price, "pricetypeid": 2}]})
    desk.do(partial(catalog.create_item, cls=PriceList, fields=listed))
    lot = {"amount": 8, "pricelistid": 1, "eventspecificprices": {"prices": [price, free]}}
    for _ in range(2):
        location = desk.location()
        event = desk.event(locationid=location, startts="2026-11-21T20:00:00Z", contingents=[lot])
        desk.date(event, "2026-11-21T20:00:00Z", "2026-11-21T22:00:00Z")
        desk.publish(event)
    desk.contingent(event, amount=None, price=10.0)
    orders = [desk.order(take, hold=HOLD) for take in (taking(1, 1, 3), taking(2, 2, 3))]
    desk.confirm(orders[0])
    desk.pay(orders[0], 10.0)
    desk.lock(1, contingentid=1, amount=2)


def given_at_once(desk: Desk, batch: Sequence[Decide]) -> list[Done]:
    """Gives the commands as one batch; only refusals may come back beside answers."""
    jobs = [desk.job(decide) for decide in batch]
    futures = desk.together(*jobs)
    answers = zip(jobs, map(answered, futures), strict=True)
    return [Done(job, answer) for job, answer in answers if answer and b'"guid"' in answer.body]


def happened(desk: Desk, history: Sequence[Sequence[Decide]]) -> list[Done]:
    """A whole history: the commands that answered with a document."""
    begun(desk)
    return [done for batch in history for done in given_at_once(desk, batch)]


def answered(future: Future[CommandResult]) -> CommandResult | None:
    error = future.exception()
    if error is None:
        return future.result()
    assert isinstance(error, Refusal), repr(error)
    return None
