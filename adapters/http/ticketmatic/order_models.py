"""Orders as this vendor's clients send and read them, for OpenAPI alone: `order_bodies.py` reads
what comes in, `order_documents.py` makes what goes out."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from adapters.http.ticketmatic.event_batch import UpdateField
from adapters.http.ticketmatic.forms import Form
from adapters.http.ticketmatic.order_bodies import MOST_ADDED, MOST_AT_ONCE, Wanted
from adapters.http.v1.documents import Moment
from domain.marks import Personal
from domain.values import MAX_ID

Number = Annotated[int, Field(ge=1, le=MAX_ID)]
Many = Annotated[list[Number], Field(min_length=1, max_length=MOST_AT_ONCE)]


class CreateOrder(BaseModel):
    """An order to begin."""

    saleschannelid: Number = Field(description="Where it is sold")


class AddTickets(BaseModel):
    """Tickets to add."""

    tickets: list[Wanted] = Field(min_length=1, max_length=MOST_ADDED, description="One by one")


class UpdateParameters(BaseModel):
    """One for each ticket, in their order."""

    ticketholderids: list[int] | None = Field(None, description="Who comes; 0: nobody by name")
    tickettypepriceids: list[Number] | None = Field(None, description="Their new prices")


class UpdateTickets(BaseModel):
    """What becomes of tickets."""

    operation: Literal["setticketholders", "updatepricetype"] = Field(description="What is done")
    tickets: Many = Field(description="The tickets")
    params: UpdateParameters = Field(description="What it needs")


class SplitOrder(BaseModel):
    """What is handed over."""

    tickets: Many = Field(description="The tickets")
    customerid: int | None = Field(None, description="Whose the new order is")
    deliveryscenarioid: int | None = Field(None, description="How it is delivered")
    paymentscenarioid: int | None = Field(None, description="How it is paid")


class UpdateOrdersParameters(BaseModel):
    """What an update needs."""

    updatefields: list[UpdateField] = Field(description="The fields to change")


class UpdateOrders(BaseModel):
    """Changes the same fields of many orders."""

    ids: Many = Field(description="The orders")
    operation: Literal["update"] = Field(description="Mail and PDF are not made here")
    parameters: UpdateOrdersParameters = Field(description="What it needs")


class TicketOfOrder(BaseModel):
    """A ticket of an order: what the vendor's have, and what the native surface says beside."""

    model_config = ConfigDict(extra="allow")

    id: int = Field(description="Its number")
    orderid: int = Field(description="The order")
    eventid: int = Field(description="The Event")
    tickettypeid: int = Field(description="The contingent")
    tickettypename: str | None = Field(description="The contingent's name, where it is alone")
    tickettypepriceid: int = Field(description="The price that it was taken at")
    pricetypeid: int = Field(description="The price type that it was taken at")
    price: float = Field(description="What it was taken for")
    servicecharge: float = Field(description="Nothing, in this version")
    orderfee: float = Field(description="Nothing, in this version")
    barcode: Personal[str] | None = Field(description="Unguessable, or imported; not in lists")
    ticketholderid: int | None = Field(description="Who comes with it: a contact")
    ticketname: Personal[str] | None = Field(description="The name on it")
    accesscontrollastenteredts: Moment | None = Field(
        None, description="When it last went in; not in lists"
    )
    accesscontrollastexitts: Moment | None = Field(
        None, description="When it last went out; not in lists"
    )
    cachedaccesscontrolstatus: Literal[0, 1, 2] | None = Field(
        description="0 never scanned, 1 in, 2 out; not in lists"
    )


class PaymentOfOrder(BaseModel):
    """A payment, or a refund below 0."""

    model_config = ConfigDict(extra="forbid")

    id: int = Field(description="Its number")
    orderid: int = Field(description="The order")
    amount: float = Field(description="How much")
    paidts: Moment = Field(description="When")
    paymentmethodid: int | None = Field(description="How")
    refundpaymentid: int | None = Field(description="The payment that it refunds")
    properties: None = Field(description="Nothing, in this version")
    vouchercodeid: None = Field(description="Nothing, in this version")


class MinimalOrder(BaseModel):
    """What every order shows."""

    model_config = ConfigDict(extra="forbid")

    orderid: int = Field(description="Its number")
    code: str = Field(description="Its guid")
    status: Literal[21001, 21002, 21003] = Field(description="Unconfirmed, Confirmed, Archived")
    paymentstatus: int = Field(description="0 incomplete, 1 paid, 2 overpaid")
    deliverystatus: Literal[2601] = Field(description="Not delivered")
    saleschannelid: int = Field(description="Where it is sold")
    customerid: int | None = Field(description="Whose it is")
    firstname: Personal[str] | None = Field(description="The customer's")
    lastname: Personal[str] | None = Field(description="The customer's")
    totalamount: float = Field(description="What it costs")
    amountpaid: float = Field(description="What was paid")
    nbroftickets: int = Field(ge=0, description="How many tickets it has")
    expiryts: Moment | None = Field(description="When it ends unless it is confirmed, or paid")
    createdts: Moment = Field(description="When it was begun")
    lastupdatets: Moment = Field(description="When it was last changed")


class TicketmaticOrder(MinimalOrder):
    """An order, with its times in the account's time zone."""

    model_config = ConfigDict(extra="allow")

    currency: str = Field(description="Of ISO 4217")
    tickets: list[TicketOfOrder] = Field(description="What it holds")
    payments: list[PaymentOfOrder] = Field(description="Payments, and refunds below 0")
    products: list[dict[str, Any]] = Field(max_length=0, description="Nothing, in this version")
    ordercosts: list[dict[str, Any]] = Field(max_length=0, description="Nothing, in this version")
    promocodes: list[str] = Field(max_length=0, description="Nothing, in this version")
    queuetokens: list[str] = Field(max_length=0, description="Nothing, in this version")
    calculate_ordercosts: bool = Field(description="False, in this version")
    deliveryscenarioid: int | None = Field(description="How it is delivered")
    deliveryaddress: None = Field(description="Nothing, in this version")
    paymentscenarioid: int | None = Field(description="How it is paid")
    deferredpaymentproperties: None = Field(description="Nothing, in this version")
    hasopenpaymentrequest: bool = Field(description="False, in this version")
    isauthenticatedcustomer: bool = Field(description="False, in this version")
    webskinid: None = Field(description="Nothing, in this version")
    rappelts: Moment | None = Field(description="When its customer is to be reminded")
    rappelhandled: bool = Field(description="False, in this version")
    expiryhandled: bool = Field(description="Whether it ended because nobody confirmed or paid it")


ORDER_FORM = Form(TicketmaticOrder)


class OrderNumber(BaseModel):
    """An order's number, where nothing more was asked for."""

    model_config = ConfigDict(extra="forbid")

    orderid: int = Field(description="Its number")


class OrderList(BaseModel):
    """A page of orders."""

    data: list[TicketmaticOrder | MinimalOrder | OrderNumber] = Field(
        description="The orders, as much of each as was asked for"
    )
    nbrofresults: int = Field(ge=0, description="How many there are in all pages")
    lookup: dict[str, dict[str, Any]] = Field({}, description="What they name, by id")


class AddedTickets(BaseModel):
    """Tickets that were added, and the order that holds them."""

    ids: list[int] = Field(description="As they were asked for")
    order: TicketmaticOrder
