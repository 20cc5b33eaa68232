"""The document of an order, as it is served. Money is a number of the currency's digits."""

from typing import Any, ClassVar

from pydantic_core import to_json

from domain import ranges
from domain.base import DomainEvent, State
from domain.ids import Kind, unpack
from domain.money import number
from domain.offers import price_id
from domain.order import UNCONFIRMED, Order, payment_status, total_amount
from domain.values import microseconds
from projections.base import Column, Columns, Documents, Indexes, RecordedFact, Row
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


class Orders:
    name: ClassVar = "orders"
    version: ClassVar = 5
    kinds: ClassVar[frozenset[int]] = frozenset({Kind.ORDER})
    beside: ClassVar[frozenset[int]] = frozenset()
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
        identity = unpack(fact.originator_id)
        return (fact.originator_id.bytes,) if identity.kind == Kind.ORDER else ()

    def fold(self, documents: Documents, recorded: RecordedFact) -> None:
        fact = recorded.fact
        key = fact.originator_id.bytes
        state = documents.get(key) or {}
        Order.evolve(state, fact)
        state["version"] = fact.originator_version
        documents.put(key, state)

    def row(self, key: bytes, state: State) -> Row:
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
        return Row(
            key,
            account,
            to_json(state),
            to_json(order_document(state)),
            order_etag(state),
            columns,
            terms=(
                guid_term(state["guid"]),
                *(f"event:{event}" for event in events),
                *words(*_names(state)),
            ),
        )
