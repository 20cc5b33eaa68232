"""Folding never checks: what was recorded folds, also when no rule of today would allow it."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import ranges
from domain.base import Aggregate, DomainEvent, State, type_of_topic
from domain.buyers import BuyerRecorded, Buyers, BuyersKeyed
from domain.catalog import SalesChannel
from domain.catalog_item import (
    CatalogItemArchived,
    CatalogItemChanged,
    CatalogItemCreated,
    CatalogItemRestored,
)
from domain.contingents import HELD, ContingentAdded, ContingentChanged, ContingentRemoved
from domain.custom_keys import CustomKeys, CustomKeyTaken
from domain.event import Event
from domain.event_facts import (
    GROUPS,
    DateAdded,
    DateChanged,
    DateRemoved,
    EventCreated,
    EventDeleted,
    EventImageChanged,
    EventRestored,
    StatusChanged,
)
from domain.holdings import lock_key
from domain.hosting import EventHosted, EventReleased, Hosting, HostingClosed, HostingOpened
from domain.inventory import Inventory
from domain.location import (
    Location,
    LocationChanged,
    LocationCreated,
    LocationDeleted,
    LocationRestored,
)
from domain.order import Order
from domain.order_facts import (
    HeldTicketsChanged,
    HoldersNamed,
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
from domain.registry import (
    AccountOpened,
    CurrencyChosen,
    FactDiscarded,
    KeyAdded,
    KeyGranted,
    KeyRevoked,
    Registry,
    SigningKeyAdded,
    TimezoneChosen,
)
from domain.tickets import (
    BarcodesSeeded,
    TicketsChanged,
    TicketsHandedOver,
    TicketsLapsed,
    TicketsLocked,
    TicketsReleased,
    TicketsRepriced,
    TicketsScanned,
    TicketsSettled,
    TicketsTaken,
    TicketsUnlocked,
    movement,
)
from domain.usage import Usage, UsageEnded, UsageRecorded
from domain.webhook import Webhook, WebhookChanged, WebhookCreated, WebhookDeleted
from tests.spec import ACCOUNT

scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
json = st.recursive(
    scalars,
    lambda v: st.lists(v, max_size=2) | st.dictionaries(st.text(max_size=3), v, max_size=2),
    max_leaves=4,
)
anything = st.dictionaries(
    st.sampled_from(["name", "startts", "tags", "locationid", "c_a", "gone_field"]), json
)
known, numbers = st.integers(1, 2), st.integers(1, 3)
texts = st.text(max_size=3)

# -- moves: out of where tickets are, to anywhere

Draw = Callable[[Any], Any]
Source = tuple[int, int | None, str, ranges.Ranges]
"""Tickets that are held alike: contingent, price type, counter, which ones."""


class NothingToMove(Exception):  # noqa: N818 - read as "there is nothing to move"
    """No ticket is where this fact takes one from."""


def moves(draw: Draw, sources: list[Source], target: str | None, price: Any = None) -> list[State]:
    """Some tickets of some sources; without a target they stay as they are."""
    if not sources:
        raise NothingToMove
    chosen = draw(st.lists(st.sampled_from(sources), min_size=1, max_size=2, unique_by=repr))
    pick = st.sampled_from([ranges.lowest, ranges.highest])
    return [
        movement(
            of,
            price or sold_at,
            at,
            target or at,
            (ranges.lowest if at == "free" else draw(pick))(tickets, draw(numbers)),
        )
        for of, sold_at, at, tickets in chosen
    ]


def free(inventory: Inventory) -> list[Source]:
    """An open contingent makes the tickets that are not there yet, one after the other."""
    found = [(c["id"], None, "free", inventory.free(c["id"])) for c in inventory.contingents()]
    made = [
        (c["id"], None, "free", [[c["made"] + 1, c["made"] + 3]])
        for c in inventory.contingents()
        if c["amount"] is None
    ]
    return [source for source in found if source[3]] + made


def taken(draw: Draw, inventory: Inventory) -> State:
    order, price, target = draw(known), draw(known), draw(st.sampled_from(HELD))
    found = moves(draw, free(inventory), target, price)
    return {"orderid": order, "root": order, "expiryts": draw(st.none() | texts), "moves": found}


def out_of_order(draw: Draw, inventory: Inventory, target: str | None) -> State:
    order = draw(st.sampled_from(list(inventory.state.get("orders", {})) or ["1"]))
    lines: list[Any] = inventory.lines(int(order))
    return {"orderid": int(order), "moves": moves(draw, [tuple(line) for line in lines], target)}


def released(draw: Draw, inventory: Inventory) -> State:
    return out_of_order(draw, inventory, "free") | {"expiryts": draw(st.none() | texts)}


def lapsed(draw: Draw, inventory: Inventory) -> State:
    return out_of_order(draw, inventory, "free") | {"duets": draw(texts)}


def settled(draw: Draw, inventory: Inventory) -> State:
    return out_of_order(draw, inventory, draw(st.sampled_from(HELD)))


def repriced(draw: Draw, inventory: Inventory) -> State:
    said = out_of_order(draw, inventory, draw(st.sampled_from(HELD)))
    return said | {
        "expiryts": draw(st.none() | texts),
        "moves": [move | {"topricetypeid": draw(numbers)} for move in said["moves"]],
    }


def handed_over(draw: Draw, inventory: Inventory) -> State:
    said = out_of_order(draw, inventory, None)
    to = {"toorderid": said["orderid"] + 1, "root": 1, "expiryts": draw(st.none() | texts)}
    return said | to


def locked(draw: Draw, inventory: Inventory) -> State:
    target = draw(st.sampled_from(["locked_hard", "locked_soft"]))
    return {"locktypeid": draw(known), "moves": moves(draw, free(inventory), target)}


def unlocked(draw: Draw, inventory: Inventory) -> State:
    places: list[Any] = [
        (*lock_key(key), tickets) for key, tickets in inventory.state.get("locks", {}).items()
    ]
    lock_type = draw(known)
    found: list[Source] = [(of, None, at, held) for of, t, at, held in places if t == lock_type]
    return {"locktypeid": lock_type, "moves": moves(draw, found, "free")}


amounts = st.fixed_dictionaries({"amount": st.none() | st.integers(0, 5)})
tickets = st.lists(st.lists(numbers, min_size=2, max_size=2).map(sorted), max_size=2)
lines = st.lists(
    st.fixed_dictionaries(
        {
            "eventid": numbers,
            "contingentid": numbers,
            "pricetypeid": numbers,
            "price": numbers,
            "complimentary": st.booleans(),
            "tickets": tickets,
        }
    ),
    max_size=2,
)
holders = st.lists(
    st.fixed_dictionaries({"id": numbers}, optional={"ticketname": st.none() | texts}), max_size=2
)

RECORDED: dict[type[Aggregate], tuple[list[Any], list[Any]]] = {
    Event: (
        [
            (EventCreated, {"number": numbers, "code": texts, "fields": anything}),
            *((DateAdded, {"dateid": st.just(n), "fields": anything}) for n in (1, 2)),
        ],
        [
            (DateAdded, {"dateid": numbers, "fields": anything}),
            (DateChanged, {"dateid": known, "changed": anything}),
            (DateRemoved, {"dateid": st.integers(3, 5)}),
            (StatusChanged, {"currentstatus": st.integers()}),
            (EventImageChanged, {"image": st.none() | anything}),
            (EventDeleted, {}),
            (EventRestored, {}),
            *((fact, {"changed": anything}) for fact in GROUPS),
        ],
    ),
    Location: (
        [(LocationCreated, {"number": numbers, "fields": anything})],
        [
            (LocationChanged, {"changed": anything}),
            (LocationDeleted, {}),
            (LocationRestored, {}),
        ],
    ),
    Inventory: (
        [
            (
                ContingentAdded,
                {"contingentid": st.just(n), "seated": json, "fields": anything | amounts},
            )
            for n in (1, 2)
        ],
        [
            (ContingentChanged, {"contingentid": known, "changed": anything | amounts}),
            (ContingentRemoved, {"contingentid": st.integers(3, 5)}),
            (TicketsChanged, {"tickets": st.lists(anything.map(lambda a: {**a, "id": 1}))}),
            (
                TicketsScanned,
                {
                    "tickets": st.lists(st.integers(100_000_001, 100_000_003)),
                    "direction": st.sampled_from(["in", "out"]),
                    "scandeviceid": st.none() | numbers,
                },
            ),
            (BarcodesSeeded, {"seed": texts}),
            (TicketsTaken, taken),
            (TicketsReleased, released),
            (TicketsLapsed, lapsed),
            (TicketsSettled, settled),
            (TicketsRepriced, repriced),
            (TicketsHandedOver, handed_over),
            (TicketsLocked, locked),
            (TicketsUnlocked, unlocked),
        ],
    ),
    Order: (
        [
            (
                OrderCreated,
                {
                    "number": numbers,
                    "guid": st.none() | texts,
                    "saleschannelid": numbers,
                    "currency": texts,
                    "expiryts": texts,
                    "heldsince": texts,
                    "root": numbers,
                    "splitfrom": st.none() | numbers,
                    "lines": lines,
                },
            )
        ],
        [
            (TicketsAdded, {"lines": lines, "expiryts": texts}),
            (TicketsRemoved, {"tickets": tickets, "expiryts": texts}),
            (OrderRepriced, {"lines": lines, "expiryts": texts}),
            (HoldersNamed, {"tickets": holders}),
            (HeldTicketsChanged, {"tickets": st.lists(anything.map(lambda a: {**a, "id": 1}))}),
            (OrderChanged, {"changed": anything}),
            (OrderConfirmed, {}),
            (PaymentAdded, {"paymentid": numbers, "amount": numbers, "paymentmethodid": known}),
            (RefundAdded, {"paymentid": numbers, "amount": numbers, "of": st.none() | numbers}),
            (OrderSplit, {"toorderid": numbers, "tickets": tickets}),
            (TicketsMerged, {"fromorderid": numbers, "lines": lines}),
            (OrderMerged, {"toorderid": numbers}),
            (OrderCancelled, {}),
            (OrderLapsed, {"duets": texts}),
        ],
    ),
    SalesChannel: (
        [(CatalogItemCreated, {"number": numbers, "fields": anything})],
        [
            (CatalogItemChanged, {"changed": anything}),
            (CatalogItemArchived, {}),
            (CatalogItemRestored, {}),
        ],
    ),
    Hosting: (
        [(HostingOpened, {})],
        [
            (HostingOpened, {}),
            (HostingClosed, {}),
            (EventHosted, {"eventid": numbers}),
            (EventReleased, {"eventid": numbers}),
        ],
    ),
    Usage: (
        [(UsageRecorded, {"eventid": numbers, "uses": anything})],
        [
            (UsageRecorded, {"eventid": numbers, "uses": anything}),
            (UsageEnded, {"eventid": numbers}),
        ],
    ),
    Buyers: (
        [(BuyersKeyed, {"key": texts})],
        [
            (BuyersKeyed, {"key": texts}),
            (BuyerRecorded, {"buyer": texts, "orderid": numbers}),
        ],
    ),
    CustomKeys: (
        [(CustomKeyTaken, {"customfieldid": numbers, "key": texts})],
        [(CustomKeyTaken, {"customfieldid": numbers, "key": texts})],
    ),
    Registry: (
        [
            (AccountOpened, {"accountname": texts, "account": st.just(1), "language": texts}),
            (
                KeyAdded,
                {
                    "keyid": st.just(1),
                    "account": numbers,
                    "keyname": texts,
                    "role": texts,
                    "hash": texts,
                },
            ),
        ],
        [
            (AccountOpened, {"accountname": texts, "account": numbers, "language": texts}),
            (CurrencyChosen, {"account": st.just(1), "currency": texts}),
            (TimezoneChosen, {"account": st.just(1), "timezone": texts}),
            (KeyGranted, {"keyid": st.just(1), "account": numbers, "role": texts}),
            (
                SigningKeyAdded,
                {
                    "keyid": st.just(2),
                    "account": numbers,
                    "keyname": texts,
                    "role": texts,
                    "accesskey": texts,
                    "sealed": texts,
                },
            ),
            (KeyRevoked, {"keyid": st.just(1)}),
            (
                FactDiscarded,
                {
                    "view": texts,
                    "key": texts,
                    "aggregateid": texts,
                    "aggregateversion": numbers,
                    "position": numbers,
                    "error": texts,
                },
            ),
        ],
    ),
    Webhook: (
        [
            (
                WebhookCreated,
                {"number": numbers, "nonce": texts, "secret": texts, "fields": anything},
            )
        ],
        [(WebhookChanged, {"changed": anything}), (WebhookDeleted, {})],
    ),
}
"""What a history begins with, and what may follow in any order. A change names what was added, a
move takes tickets from where they are."""


@st.composite
def histories(draw: Draw, cls: type[Aggregate]) -> list[DomainEvent]:
    first, later = RECORDED[cls]
    aggregate = cls(cls.id_of(ACCOUNT, 1))
    facts = []
    for fact_class, says in [*first, *draw(st.lists(st.sampled_from(later), max_size=12))]:
        try:
            said = says(draw, aggregate) if callable(says) else draw_each(draw, says)
        except NothingToMove:
            continue
        common = {f.name: None for f in fields(DomainEvent)}
        common |= {"originator_id": aggregate.id, "originator_version": aggregate.version + 1}
        facts.append(fact_class(**common | {"time": draw(texts)} | said))
        aggregate.apply(facts[-1])
    return facts


def draw_each(draw: Draw, says: State) -> State:
    return {name: draw(value) for name, value in says.items()}


every_aggregate = pytest.mark.parametrize("cls", RECORDED, ids=lambda cls: cls.__name__)


@every_aggregate
@given(data=st.data())
def test_what_was_recorded_always_folds(cls: type[Aggregate], data: st.DataObject) -> None:
    facts = data.draw(histories(cls))
    aggregate = cls(cls.id_of(ACCOUNT, 1))

    for fact in facts:
        aggregate.apply(fact)

    assert aggregate.version == len(facts)


@every_aggregate
@given(data=st.data())
def test_folding_from_a_snapshot_is_folding_from_the_start(
    cls: type[Aggregate], data: st.DataObject
) -> None:
    facts = data.draw(histories(cls))
    whole, half = cls(cls.id_of(ACCOUNT, 1)), cls(cls.id_of(ACCOUNT, 1))
    for fact in facts[: len(facts) // 2]:
        half.apply(fact)
    resumed = cls(half.id)
    if half.version:
        resumed.apply(half.snapshot())

    for fact in facts:
        whole.apply(fact)
    for fact in facts[len(facts) // 2 :]:
        resumed.apply(fact)

    assert (resumed.version, resumed.state) == (whole.version, whole.state)


def test_every_fact_is_folded_in_these_tests() -> None:
    folded = {fact for first, later in RECORDED.values() for fact, _ in [*first, *later]}

    assert folded == {f for topic, f in type_of_topic.items() if not topic.startswith("snapshot")}
