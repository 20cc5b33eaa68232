"""The document of an order, as it is served. Money is a number of the currency's digits.

What barcodes come from is kept beside the documents, by the Event's key, so that an order is found
by the barcodes of its tickets.
"""

from functools import partial
from typing import Any, ClassVar, get_args
from uuid import UUID

from pydantic_core import to_json

from domain import ranges
from domain.base import DomainEvent, State
from domain.ids import Kind, unpack
from domain.money import number
from domain.offers import price_id
from domain.order import ENDED, MOVING, UNCONFIRMED, Order, payment_status, total_amount
from domain.order_facts import OrderCreated
from domain.tickets import BarcodesSeeded
from domain.values import microseconds
from projections.base import (
    Column,
    Columns,
    Documents,
    Indexes,
    RecordedFact,
    Row,
    View,
    shown_in,
)
from projections.order_barcodes import (
    event_term,
    fold_barcodes,
    gives_barcodes,
    held_barcodes,
    ticket_term,
    ticket_terms,
)
from projections.texts import words


def order_document(state: State) -> dict[str, Any]:
    """The order with its tickets one by one, and its money."""
    currency, total = state["currency"], total_amount(state)
    return {
        "id": state["number"],
        "guid": state["guid"],
        "version": state["version"],
        "status": state["status"],
        "ended": state["ended"],
        "saleschannelid": state["saleschannelid"],
        "customerid": state.get("customerid"),
        "deliveryscenarioid": state.get("deliveryscenarioid"),
        "paymentscenarioid": state.get("paymentscenarioid"),
        "rappelts": state.get("rappelts"),
        "tickets": [
            {
                "id": ticket,
                "eventid": line["eventid"],
                "contingentid": line["contingentid"],
                "pricetypeid": line["pricetypeid"],
                "tickettypepriceid": price_id(line["contingentid"], line["pricetypeid"]),
                "price": number(line["price"], currency),
            }
            for line in state["lines"]
            for ticket in ranges.numbers(line["tickets"])
        ],
        "holders": [_holder(int(n), said) for n, said in state.get("holders", {}).items()],
        "totalamount": number(total, currency),
        "amountpaid": number(state["amountpaid"], currency),
        "currency": currency,
        "paymentstatus": payment_status(state, total),
        "payments": [_payment(payment, currency) for payment in state["payments"].values()],
        "expiryts": state["expiryts"] if state["status"] == UNCONFIRMED else state.get("duets"),
        "confirmedts": state["confirmedts"],
        "splitfrom": state["splitfrom"],
        "mergedinto": state.get("mergedinto"),
        "createdts": state["createdts"],
        "lastupdatets": state["lastupdatets"],
        **{name: value for name, value in state.items() if name.startswith("c_")},
    }


def _holder(ticket: int, said: State) -> dict[str, Any]:
    """Who comes with a ticket."""
    return {
        "id": ticket,
        "ticketholderid": said.get("ticketholderid"),
        "ticketname": said.get("ticketname"),
    }


def _names(state: State) -> list[str | None]:
    """What the holders of its tickets are called."""
    return [said.get("ticketname") for said in state.get("holders", {}).values()]


def _payment(payment: State, currency: str) -> dict[str, Any]:
    """A refund is a negative amount, and says which payment it gives back."""
    return {
        "id": payment["id"],
        "amount": number(payment["amount"], currency),
        "ts": payment["ts"],
        "paymentmethodid": payment["method"],
        "refundof": payment["of"],
    }


def guid_term(guid: str) -> str:
    """What an order is found by, in whichever account it is."""
    return f"guid:{guid}"


def order_etag(state: State) -> str:
    return f'"{state["version"]}"'


HOLDING = (OrderCreated, *get_args(MOVING), *ENDED)
"""The facts behind which an order holds other tickets than before."""


class Orders:
    name: ClassVar = "orders"
    version: ClassVar = 6
    kinds: ClassVar[frozenset[int]] = frozenset({Kind.ORDER, Kind.INVENTORY})
    beside: ClassVar[frozenset[int]] = frozenset({Kind.EVENT, Kind.INVENTORY})
    edits_alone: ClassVar = True
    columns: ClassVar[Columns] = tuple(
        Column(name, "int")
        for name in (
            "number",
            "status",
            "saleschannelid",
            "customerid",
            "paymentstatus",
            "created",
            "updated",
            "expires",
        )
    )
    indexes: ClassVar[Indexes] = (
        ("account", "number"),
        ("account", "customerid", "number"),
        ("account", "created", "number"),
        ("account", "status"),
        ("expires",),
    )

    def keys(self, fact: DomainEvent) -> tuple[bytes, ...]:
        kind, key = shown_in(fact.originator_id)
        if kind == Kind.INVENTORY:
            return (key,) if gives_barcodes(fact) else ()
        return (key,) if kind == Kind.ORDER else ()

    def fold(self, documents: Documents, recorded: RecordedFact) -> None:
        fact = recorded.fact
        kind, key = shown_in(fact.originator_id)
        if kind == Kind.INVENTORY:
            if gives_barcodes(fact):
                _fold_inventory(documents, key, fact)
            return
        state = documents.get(key) or {}
        Order.evolve(state, fact)
        state["version"] = fact.originator_version
        if isinstance(fact, HOLDING):
            account = int.from_bytes(key[:6])
            state["barcodes"] = held_barcodes(documents.get, account, state["lines"])
        documents.put(key, state)

    def showing(self, view: View, key: bytes) -> list[bytes]:
        """The orders that hold tickets of an Event."""
        account, _, number = unpack(UUID(bytes=key))
        return view.keys_with(event_term(number), account)

    def row(self, key: bytes, state: State) -> Row:
        if "lines" not in state:
            imported = dict(sorted(state["imported"].items()))
            stored = to_json(state | {"imported": imported})
            return Row(key, None, stored, None, columns=(None,) * len(self.columns))
        account = int.from_bytes(key[:6])
        unconfirmed = state["status"] == UNCONFIRMED
        columns = (
            state["number"],
            state["status"],
            state["saleschannelid"],
            state.get("customerid"),
            payment_status(state),
            microseconds(state["createdts"]),
            microseconds(state["lastupdatets"]),
            microseconds(state["expiryts"]) if unconfirmed else None,
        )
        events = dict.fromkeys(line["eventid"] for line in state["lines"])
        terms = (
            guid_term(state["guid"]),
            *map(event_term, events),
            *ticket_terms(state),
            *words(*_names(state)),
        )
        return Row(
            key,
            account,
            to_json(state),
            to_json(order_document(state)),
            order_etag(state),
            columns,
            terms=tuple(dict.fromkeys(terms)),  # tickets of two Events may have one barcode
        )


def _fold_inventory(documents: Documents, key: bytes, fact: DomainEvent) -> None:
    """Into what is kept of the Inventory, and into the orders that hold such tickets."""
    account, _, event = unpack(fact.originator_id)
    inventory = documents.get(key) or {"seed": None, "imported": {}}
    tickets = fold_barcodes(inventory, fact)
    documents.put(key, inventory)
    orders: dict[bytes, State] = {}
    if isinstance(fact, BarcodesSeeded):
        orders |= documents.found_by(event_term(event), account, partial(_is_of, event))
    for ticket in tickets:
        orders |= documents.found_by(ticket_term(ticket), account, partial(_holds, ticket))
    for order, state in orders.items():
        barcodes = held_barcodes(documents.get, account, state["lines"])
        documents.put(order, state | {"barcodes": barcodes})


def _is_of(event: int, state: State) -> bool:
    return any(line["eventid"] == event for line in state.get("lines", ()))


def _holds(ticket: int, state: State) -> bool:
    return any(ranges.contains(line["tickets"], ticket) for line in state.get("lines", ()))
