"""The log of an order: what happened to it, in the vendor's words, made from its facts."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from adapters.http.ticketmatic.forms import Form
from adapters.http.v1.documents import Moment
from application.ports import Recorded
from domain import ranges
from domain.base import DomainEvent
from domain.money import number as money
from domain.order_facts import (
    HeldTicketsChanged,
    HoldersNamed,
    Line,
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

Info = dict[str, Any]
CREATED, REMOVED, TICKETS_ADDED, TICKETS_REMOVED, TICKETS_UPDATED = range(18001, 18006)
CONFIRMED, CUSTOMER_LINKED, CUSTOMER_REMOVED, _, REPRICED = range(18006, 18011)
PAID, PAYMENT_SCENARIO, DELIVERY_SCENARIO = range(18011, 18014)
CUSTOM_FIELDS, RAPPEL, EXPIRY = range(18016, 18019)
PAYMENT_REMOVED, SPLIT = 18025, 18027
FIELDS = {
    "paymentscenarioid": PAYMENT_SCENARIO,
    "deliveryscenarioid": DELIVERY_SCENARIO,
    "rappelts": RAPPEL,
    "expiryts": EXPIRY,
}
PARTS = 16
"""One fact may say so many things: each has an id of its own."""


class LogInfo(BaseModel):
    """What there is to say of what happened."""

    model_config = ConfigDict(extra="allow")

    expiryts: Moment | None = Field(None, description="The new time of expiry")
    rappelts: Moment | None = Field(None, description="The new time of the reminder")


class LogItem(BaseModel):
    """Something that happened to an order."""

    id: int = Field(description="Goes up from item to item")
    orderid: int = Field(description="The order")
    typeid: int = Field(description="What happened: 180xx")
    ts: Moment = Field(description="When")
    userid: int | None = Field(description="Keys have no numbers here: null")
    username: str = Field(description="By the key of this name")
    info: LogInfo = Field(description="What there is to say of it")
    lookupinfo: dict[str, Any] = Field(description="Empty here")
    model: dict[str, Any] | None = Field(description="Null here")


LOG_FORM = Form(LogItem)


def log_items(order: int, recorded: list[Recorded], currency: str) -> list[Info]:
    """The first one first."""
    items = []
    for one in recorded:
        for part, (type_id, info) in enumerate(_said(one.fact, currency)):
            said = {n: v for n, v in (("reason", one.fact.reason),) if v is not None}
            items.append(
                {
                    "id": one.position * PARTS + part,
                    "orderid": order,
                    "typeid": type_id,
                    "ts": one.fact.time,
                    "userid": None,
                    "username": one.fact.actor,
                    "info": info | said,
                    "lookupinfo": {},
                    "model": None,
                }
            )
    return items


def _said(fact: DomainEvent, currency: str) -> Iterator[tuple[int, Info]]:
    match fact:
        case OrderCreated():
            origin = {} if fact.splitfrom is None else {"splitfrom": fact.splitfrom}
            yield CREATED, {"saleschannelid": fact.saleschannelid, **origin}
            if fact.lines:
                yield TICKETS_ADDED, _tickets(fact.lines)
        case TicketsAdded() | TicketsMerged():
            yield TICKETS_ADDED, _tickets(fact.lines)
        case TicketsRemoved():
            yield TICKETS_REMOVED, {"tickets": [*ranges.numbers(fact.tickets)]}
        case OrderRepriced():
            yield REPRICED, _tickets(fact.lines)
        case HoldersNamed() | HeldTicketsChanged():
            yield TICKETS_UPDATED, {"tickets": [ticket["id"] for ticket in fact.tickets]}
        case OrderChanged():
            yield from _changed(fact.changed)
        case _:
            yield from _ways(fact, currency)


def _ways(fact: DomainEvent, currency: str) -> Iterator[tuple[int, Info]]:
    match fact:
        case OrderConfirmed():
            yield CONFIRMED, {}
        case PaymentAdded():
            paid = {"paymentid": fact.paymentid, "amount": money(fact.amount, currency)}
            yield PAID, paid | {"paymentmethodid": fact.paymentmethodid}
        case RefundAdded():
            refunded = {"paymentid": fact.paymentid, "amount": money(-fact.amount, currency)}
            yield PAYMENT_REMOVED, refunded | {"refundpaymentid": fact.of}
        case OrderSplit():
            yield SPLIT, {"orderid": fact.toorderid, "tickets": [*ranges.numbers(fact.tickets)]}
        case OrderCancelled():
            yield REMOVED, {"ended": "cancelled"}
        case OrderLapsed():
            yield REMOVED, {"ended": "lapsed"}
        case OrderMerged():
            yield REMOVED, {"ended": "merged", "orderid": fact.toorderid}


def _tickets(lines: list[Line]) -> Info:
    return {"tickets": [n for line in lines for n in ranges.numbers(line["tickets"])]}


def _changed(changed: Mapping[str, Any]) -> Iterator[tuple[int, Info]]:
    if "customerid" in changed:
        gone = changed["customerid"] is None
        yield CUSTOMER_REMOVED if gone else CUSTOMER_LINKED, {"customerid": changed["customerid"]}
    for name, type_id in FIELDS.items():
        if name in changed:
            yield type_id, {name: changed[name]}
    if custom := {name: value for name, value in changed.items() if name.startswith("c_")}:
        yield CUSTOM_FIELDS, custom
