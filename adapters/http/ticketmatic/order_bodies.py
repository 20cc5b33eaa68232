"""What this vendor's clients send for orders, as the commands take it."""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Annotated, Any, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adapters.http.ticketmatic import wire
from adapters.http.ticketmatic.order_batch import Update
from adapters.http.validation import printable
from application.unit_of_work import UnitOfWork
from domain.errors import Invalid
from domain.offers import of_price_id
from domain.order import Order
from domain.order_fields import OrderFields
from domain.taking import Holder, HoldersBody, OrderBody, Take, TicketsBody
from domain.tickets import contingent_of
from domain.values import CUSTOM_KEY, MAX_ID

Body = dict[str, Any]
M = TypeVar("M", bound=BaseModel)
MOST_ADDED, MOST_AT_ONCE = 50, 1_000
REFERENCES = ("customerid", "deliveryscenarioid", "paymentscenarioid")
UPDATABLE = frozenset({"deliveryscenarioid", "paymentscenarioid"})
NOT_HERE = {
    "products": "there are no products here",
    "ordercosts": "there are no order costs here",
    "deliveryaddress": "there are no delivery addresses here",
    "optionbundleid": "there are no bundles here",
    "vouchercodeid": "there are no vouchers here",
    "regenerate_barcodes": "a ticket keeps its barcode when its order is split",
}
Number = Annotated[int, Field(ge=1, le=MAX_ID)]


class Wanted(BaseModel):
    """A ticket to add."""

    model_config = ConfigDict(strict=True)

    tickettypepriceid: Number = Field(description="A price of a contingent")
    ticketid: Number | None = Field(None, description="This very ticket")
    vouchercode: str | None = Field(None, max_length=255, description="A code that opens a price")


class Adding(NamedTuple):
    """What an order is to take, and where in the body each part of it begins."""

    takes: list[Take]
    places: list[int]
    promocodes: list[str]


def creating(body: Body) -> OrderBody:
    _refuse(body, "products")
    return wire.lenient(OrderBody, {n: v for n, v in body.items() if n == "saleschannelid"})


def fields(body: Body) -> OrderFields:
    """Custom fields come in a map of their own, or beside the others; 0 stands for none."""
    _refuse(body, "ordercosts", "deliveryaddress")
    custom = body.get("customfields") or {}
    if not isinstance(custom, dict):
        raise Invalid("customfields", "expected a JSON object")
    keyed = {name if name.startswith("c_") else f"c_{name}": v for name, v in custom.items()}
    if unfit := [name for name in keyed if not CUSTOM_KEY.fullmatch(name)]:
        raise Invalid(f"customfields.{printable(unfit[0])}", "expected 1 to 30 letters or digits")
    none = {name: None for name in REFERENCES if type(body.get(name)) is int and not body[name]}
    return wire.lenient(OrderFields, body | none | keyed)


def adding(body: Body) -> Adding:
    listed = _list(body, "tickets")
    if not 1 <= len(listed) <= MOST_ADDED:
        raise Invalid("tickets", f"expected 1 to {MOST_ADDED} tickets")
    wanted = []
    for index, one in enumerate(listed):
        if not isinstance(one, dict):
            raise Invalid(f"tickets.{index}", "expected a JSON object")
        _refuse(one, "optionbundleid", path=f"tickets.{index}.")
        wanted.append(_named(Wanted, one, f"tickets.{index}."))
    takes, places, at = [], [], 0
    for alike, group in groupby(wanted, lambda one: (one.tickettypepriceid, one.ticketid)):
        amount = len(list(group))
        takes.append(_take(*alike, amount, f"tickets.{at}."))
        places.append(at)
        at += amount
    codes = dict.fromkeys(one.vouchercode for one in wanted if one.vouchercode)
    return Adding(takes, places, [*codes])


def _take(price: int, ticket: int | None, amount: int, path: str) -> Take:
    if ticket is None:
        return Take(tickettypepriceid=price, amount=amount)
    contingent, price_type = of_price_id(price)
    if contingent_of(ticket) != contingent:
        raise Invalid(f"{path}tickettypepriceid", f"it is no price of ticket {ticket}")
    if amount > 1:
        raise Invalid(f"{path}ticketid", "expected each ticket once")
    return Take(tickets=[ticket], pricetypeid=price_type)


def named_as_sent(
    decide: Callable[[UnitOfWork], Order], places: Sequence[int]
) -> Callable[[UnitOfWork], Order]:
    """A refusal names the field that was sent."""

    def decided(work: UnitOfWork) -> Order:
        try:
            return decide(work)
        except Invalid as invalid:
            found = invalid.details["errors"][0]
            head, _, rest = str(found["path"]).partition(".")
            index, _, name = rest.partition(".")
            if head != "take" or not index.isdigit():
                raise
            name = "ticketid" if name == "tickets" else name
            where = f"tickets.{places[int(index)]}.{name}"
            raise Invalid(where, str(found["message"])) from None

    return decided


def updating(body: Body) -> list[Holder] | dict[int, int]:
    """Who comes with each ticket, or its new price type."""
    operation = body.get("operation")
    if operation in ("addtobundles", "removefrombundles"):
        raise Invalid("operation", NOT_HERE["optionbundleid"])
    if operation not in ("setticketholders", "updatepricetype"):
        raise Invalid("operation", "expected setticketholders or updatepricetype")
    named = tickets(body)
    params = body.get("params")
    if not isinstance(params, dict):
        raise Invalid("params", "expected a JSON object")
    name = "ticketholderids" if operation == "setticketholders" else "tickettypepriceids"
    values = _list(params, name, "params.")
    if len(values) != len(named):
        raise Invalid(f"params.{name}", "expected one for each ticket")
    if name == "ticketholderids":
        holders = [
            {"id": ticket, "ticketholderid": holder or None}
            for ticket, holder in zip(named, values, strict=True)
        ]
        return HoldersBody.model_validate({"tickets": holders}).tickets
    return {
        ticket: _price_type(ticket, price, f"params.{name}.{index}")
        for index, (ticket, price) in enumerate(zip(named, values, strict=True))
    }


def _price_type(ticket: int, price: Any, path: str) -> int:
    if type(price) is not int or not 0 < price <= MAX_ID:
        raise Invalid(path, "expected a tickettypepriceid")
    contingent, price_type = of_price_id(price)
    if contingent_of(ticket) != contingent:
        raise Invalid(path, f"it is no price of ticket {ticket}")
    return price_type


def tickets(body: Body) -> list[int]:
    return wire.lenient(TicketsBody, body).tickets


def splitting(body: Body) -> tuple[list[int], OrderFields]:
    """The tickets, and the fields that the new order has of its own."""
    _refuse(body, "products", "regenerate_barcodes")
    said = {name: body[name] for name in REFERENCES if body.get(name)}
    return tickets(body), fields(said)


def paying(body: Body, model: type[M]) -> M:
    _refuse(body, "vouchercodeid")
    if body.get("vouchercode"):
        raise Invalid("vouchercode", NOT_HERE["vouchercodeid"])
    return wire.lenient(model, {n: v for n, v in body.items() if v is not None})


def ids(value: Any, path: str) -> list[int]:
    """Orders by id. None at all is nobody's wish: it once stood for every order."""
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_AT_ONCE:
        raise Invalid(path, f"expected a list of 1 to {MOST_AT_ONCE} ids")
    for index, one in enumerate(value):
        if type(one) is not int or not 0 < one <= MAX_ID:
            raise Invalid(f"{path}.{index}", "expected the id of an order")
    return value


def batch(body: Body) -> tuple[list[int], list[Update]]:
    if body.get("operation") != "update":
        raise Invalid("operation", "expected update: mail and PDF are not made here")
    params = body.get("parameters")
    if not isinstance(params, dict):
        raise Invalid("parameters", "expected a JSON object")
    updates = []
    for index, one in enumerate(_list(params, "updatefields", "parameters.")):
        path = f"parameters.updatefields.{index}"
        if not isinstance(one, dict) or not isinstance(one.get("key"), str):
            raise Invalid(path, "expected a key, and a value")
        name = one["key"]
        if name not in UPDATABLE and not name.startswith("c_"):
            fields = ", ".join(sorted(UPDATABLE))
            raise Invalid(f"{path}.key", f"expected a custom field, c_…, or one of {fields}")
        how = one.get("updatetype") or "set"
        if how not in ("set", "add", "remove"):
            raise Invalid(f"{path}.updatetype", "expected set, add or remove")
        updates.append((name, how, one.get("value")))
    return ids(body.get("ids"), "ids"), updates


def _named(model: type[M], body: Body, path: str) -> M:
    """The part of a body, its errors named by where it stands."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        raise Invalid(path + ".".join(map(str, first["loc"])), first["msg"]) from None


def _list(body: Body, name: str, path: str = "") -> list[Any]:
    value = body.get(name)
    if not isinstance(value, list):
        raise Invalid(path + name, "expected a list")
    return value


def _refuse(body: Body, *names: str, path: str = "") -> None:
    """Refuses what is not done here, unless nothing is said by it."""
    for name in names:
        if body.get(name):
            raise Invalid(path + name, NOT_HERE[name])
