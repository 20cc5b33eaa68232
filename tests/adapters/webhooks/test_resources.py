"""The body of a webhook is the resource itself, as it was right after what happened to it."""

from typing import Any

from application import admission, contingents, events, locations, orders, sales
from application.catalog import create_item
from application.unit_of_work import UnitOfWork
from domain.contact import Contact, ContactFields
from domain.contingents import ContingentBody
from domain.event import DateFields
from domain.event_fields import EventBody
from domain.ids import Kind, guid
from domain.location import LocationFields
from domain.order import Hold, Order
from domain.order_fields import OrderFields
from domain.taking import OrderBody, PaymentBody, Scan, Take
from domain.tickets import first_ticket
from tests.adapters.webhooks.conftest import NUMBER, House, eventually
from tests.adapters.webhooks.receiver import Receiver

HOLD = Hold(1_200, 7_200)
AT = {"start": "2999-12-04T20:00:00Z", "end": "2999-12-04T23:00:00Z"}


def sold_out_hall(work: UnitOfWork) -> tuple[int, int]:
    """An Active Event with one contingent at 25."""
    hall = locations.create_location(work, LocationFields(name="Hall", address="Kerkstraat 1"))
    body = EventBody.model_validate({"name": "Night", "locationid": hall.number})
    event = events.create_event(work, body).event.number
    events.add_date(work, event, DateFields.model_validate(AT))
    own = {"prices": [{"pricetypeid": 1, "prices": [25]}]}
    lot = {"name": "Floor", "amount": 10, "eventspecificprices": own}
    _, _, contingent = contingents.add_contingent(work, event, ContingentBody.model_validate(lot))
    events.change_status(work, event, "publish")
    return event, contingent


def paid_order(work: UnitOfWork, event: int, contingent: int) -> Order:
    take = [Take(eventid=event, contingentid=contingent, amount=2)]
    order = sales.create_order(work, OrderBody(saleschannelid=2, take=take), HOLD)
    ann = create_item(work, Contact, ContactFields(email="ann@example.org", firstname="Ann"))
    orders.change_order(work, order.number, OrderFields(customerid=ann.number))
    sales.confirm_order(work, order.number)
    return sales.add_payment(work, order.number, PaymentBody(amount=50))


def heard(receiver: Receiver, amount: int) -> list[Any]:
    eventually(lambda: len(receiver.heard) == amount)
    return [one.resource for one in receiver.heard]


def test_an_order_is_told_with_its_shop_price_buyer_and_tickets(
    house: House, receiver: Receiver
) -> None:
    house.subscribe(receiver.url, "order.paid")
    event, lot = house.do(sold_out_hall)
    order = house.do(lambda work: paid_order(work, event, lot))

    house.deliver()
    (body,) = heard(receiver, 1)

    assert body["guid"] == order.state["guid"] == body["stagebook"]["guid"]
    assert body["shop_id"] == str(guid(NUMBER, Kind.SALES_CHANNEL, 2))
    assert (body["currency"], body["price"], body["email"]) == ("EUR", 5000, "ann@example.org")
    assert (body["status"], body["payment"]) == ("paid", {"status": "completed"})
    assert [ticket["price"] for ticket in body["tickets"]] == [2500, 2500]
    assert len({ticket["guid"] for ticket in body["tickets"]}) == 2
    assert receiver.heard[0].headers["openticket-trigger"] == "order.paid"


def test_an_order_is_told_as_it_was_after_each_change(house: House, receiver: Receiver) -> None:
    house.subscribe(receiver.url, "order.revision")
    event, lot = house.do(sold_out_hall)
    order = house.do(lambda work: paid_order(work, event, lot))
    house.do(lambda work: sales.cancel_order(work, order.number))

    house.deliver()
    bodies = heard(receiver, 5)

    told = [(b["status"], b["email"], bool(b["invalidated_since"]), b["price"]) for b in bodies]
    ann = "ann@example.org"
    assert told == [
        ("reserved", None, False, 5000),
        ("reserved", ann, False, 5000),
        ("placed", ann, False, 5000),
        ("paid", ann, False, 5000),
        ("invalidated", ann, True, 5000),
    ]


def test_one_order_is_heard_by_its_guid(house: House, receiver: Receiver) -> None:
    event, lot = house.do(sold_out_hall)
    order, other = (house.do(lambda work: paid_order(work, event, lot)) for _ in "12")
    house.subscribe(receiver.url, "order.update", identifier=order.state["guid"])
    for one in (other, order):
        house.do(lambda work, n=one.number: sales.cancel_order(work, n))

    house.deliver()
    (body,) = heard(receiver, 1)

    assert body["guid"] == order.state["guid"]


def test_an_event_a_date_a_ticket_and_a_location_are_told_as_the_surface_shows_them(
    house: House, receiver: Receiver
) -> None:
    for resource in ("event", "eventdate", "ticket", "location"):
        house.subscribe(receiver.url, f"{resource}.create")
    event, lot = house.do(sold_out_hall)

    house.deliver()
    bodies = {body["stagebook"]["resource"]: body for body in heard(receiver, 4)}

    assert bodies["location"]["address"] == "Kerkstraat 1"
    assert bodies["event"]["guid"] == str(guid(NUMBER, Kind.EVENT, event))
    assert (bodies["event"]["name"], bodies["event"]["location"]["name"]) == ("Night", "Hall")
    assert bodies["eventdate"]["start"].startswith("2999-12-04T")
    assert bodies["eventdate"]["event_id"] == bodies["event"]["guid"]
    ticket = bodies["ticket"]
    assert ticket["guid"] == str(guid(NUMBER, Kind.CONTINGENT, lot))
    assert (ticket["name"], ticket["min_price"], ticket["sold_count"]) == ("Floor", 2500, 0)


def test_what_is_removed_is_told_as_it_was(house: House, receiver: Receiver) -> None:
    for resource in ("eventdate", "ticket", "location"):
        house.subscribe(receiver.url, f"{resource}.delete")
    hall = house.do(lambda w: locations.create_location(w, LocationFields(name="Old"))).number
    event, lot = house.do(sold_out_hall)
    house.do(lambda work: locations.delete_location(work, hall))
    house.do(lambda work: events.change_status(work, event, "redraft"))
    house.do(lambda work: contingents.remove_contingent(work, event, lot))

    house.deliver()
    bodies = {body["stagebook"]["resource"]: body for body in heard(receiver, 2)}

    assert bodies["location"]["name"] == "Old"
    assert bodies["location"]["deleted_at"]
    assert bodies["ticket"]["name"] == "Floor"


def test_an_order_is_heard_of_when_a_ticket_of_it_goes_through_a_door(
    house: House, receiver: Receiver
) -> None:
    event, lot = house.do(sold_out_hall)
    order = house.do(lambda work: paid_order(work, event, lot))
    house.subscribe(receiver.url, "order.update")
    ticket = first_ticket(lot)

    way = Scan(tickets=[ticket], direction="in")
    house.do(lambda work: admission.scan_tickets(work, event, way))

    house.deliver()
    (body,) = heard(receiver, 1)
    assert body["guid"] == order.state["guid"]
    assert [one["ticket_number"] for one in body["tickets"]] == [str(ticket), str(ticket + 1)]
