"""What orders refuse, and why, in members that a program reads. Nothing is recorded."""

import time
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.adapters.http.selling import (
    DESK,
    EXTERNAL,
    FREE,
    HARD,
    NORMAL,
    REDUCTION,
    WEB,
    Bought,
    Sale,
    nothing_recorded,
    ok,
    on_sale,
    price,
    prices,
)
from tests.adapters.http.talk import (
    LATER,
    START,
    Json,
    a_location,
    an_event,
    changed,
    made,
    moved,
    now,
    paths,
    refused,
)

PAST, FUTURE, FAR = "2020-01-01T00:00:00Z", "2037-01-01T00:00:00Z", "2038-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def sale(web: TestClient) -> Sale:
    return on_sale(web, 100)


# -- what is not for sale


def test_an_event_that_is_not_active_sells_nothing(web: TestClient) -> None:
    sale = on_sale(web)
    held = sale.order()
    web.post(sale.url("/redraft"))

    with nothing_recorded(web):
        answers = [sale.ask(), held.do("tickets", {"take": [sale.takes()]}), held.do("confirm")]

    for answer in answers:
        problem = refused(answer, 409, "not-on-sale")
        assert (problem["eventid"], problem["currentstatus"]) == (sale.event, 19001)


@pytest.mark.parametrize(
    ("of_event", "of_channel", "said"),
    [
        ({"salestartts": FUTURE}, {}, {"from": FUTURE, "until": None}),
        ({"saleendts": PAST}, {}, {"from": None, "until": PAST}),
        (
            {"salestartts": PAST, "saleendts": FAR},
            {"salestartts": FUTURE, "saleendts": FAR},
            {"from": FUTURE, "until": FAR},
        ),
        ({"saleendts": FAR}, {"saleendts": PAST}, {"from": None, "until": PAST}),
    ],
)
def test_out_of_its_sale_period_nothing_is_sold(
    web: TestClient, of_event: Json, of_channel: Json, said: Json
) -> None:
    channel = {"saleschannelid": WEB, "isactive": True, **of_channel}
    sale = on_sale(web, event={**of_event, "saleschannels": [channel]})

    with nothing_recorded(web):
        problem = refused(sale.ask(), 409, "not-on-sale")

    assert problem["eventid"] == sale.event
    assert {name: problem[name] for name in said} == said


def test_a_channel_sells_what_is_active_on_it(web: TestClient) -> None:
    channels = [
        {"saleschannelid": WEB, "isactive": True},
        {"saleschannelid": DESK, "isactive": False},
    ]
    sale = on_sale(web, event={"saleschannels": channels})

    with nothing_recorded(web):
        for channel in (DESK, EXTERNAL):
            problem = refused(sale.ask(saleschannelid=channel), 409, "not-on-sale")

            assert (problem["saleschannelid"], problem["eventid"]) == (channel, sale.event)
    assert sale.ask(saleschannelid=WEB).status_code == 201


def test_an_archived_channel_takes_no_orders_and_sells_nothing_more(web: TestClient) -> None:
    channel = made(web, "/v1/catalog/saleschannels", name="Kiosk")["id"]
    sale = on_sale(web)
    bought = Bought(web, ok(sale.ask(saleschannelid=channel))["id"])
    ok(web.post(f"/v1/catalog/saleschannels/{channel}/archive"))

    with nothing_recorded(web):
        new = sale.ask(saleschannelid=channel)
        more = bought.do("tickets", {"take": [sale.takes()]})

    assert paths(refused(new, 422, "invalid")) == ["saleschannelid"]
    assert refused(more, 409, "not-on-sale")["saleschannelid"] == channel
    assert bought.did("confirm")["status"] == 21002


def test_a_price_is_for_its_channel_and_its_type(web: TestClient) -> None:
    sale = on_sale(web, **prices(price(NORMAL, 30, DESK), price(FREE, 0, WEB)))

    with nothing_recorded(web):
        unasked = refused(sale.ask(), 409, "price-not-offered")
        wrong = refused(sale.ask(sale.takes(pricetypeid=NORMAL)), 409, "price-not-offered")
        unknown = refused(sale.ask(sale.takes(pricetypeid=2**53 - 1)), 409, "price-not-offered")

    assert {n: unasked[n] for n in ("contingentid", "saleschannelid", "pricetypeid")} == {
        "contingentid": sale.contingent,
        "saleschannelid": WEB,
        "pricetypeid": None,
    }
    assert (wrong["pricetypeid"], unknown["pricetypeid"]) == (NORMAL, 2**53 - 1)


def test_an_archived_price_type_is_no_price(web: TestClient) -> None:
    kind = made(web, "/v1/catalog/pricetypes", name="Members")["id"]
    ok(web.post(f"/v1/catalog/pricetypes/{kind}/archive"))
    listed = prices(price(kind, 5), price(NORMAL, 30))["eventspecificprices"]
    price_list = made(web, "/v1/catalog/pricelists", name="Members", prices=listed)["id"]
    sale = on_sale(web, pricelistid=price_list, eventspecificprices=None)

    with nothing_recorded(web):
        refused(sale.ask(sale.takes(pricetypeid=kind)), 409, "price-not-offered")
    without = ok(sale.ask())["totalamount"]
    ok(web.post(f"/v1/catalog/pricetypes/{kind}/restore"))

    assert (without, ok(sale.ask())["totalamount"]) == (30.0, 5.0)


def test_a_price_of_no_channels_is_for_sale_on_none(web: TestClient) -> None:
    nowhere = price(NORMAL, 20) | {"saleschannels": []}
    sale = on_sale(web, **prices(nowhere, price(REDUCTION, 10, WEB)))

    with nothing_recorded(web):
        refused(sale.ask(sale.takes(pricetypeid=NORMAL)), 409, "price-not-offered")
        refused(sale.ask(saleschannelid=DESK), 409, "price-not-offered")

    (lot,) = ok(now(web, sale.url()))["prices"]["contingents"]
    assert [of["pricetypeid"] for of in lot["pricetypes"]] == [REDUCTION]
    assert ok(sale.ask())["totalamount"] == 10.0


def test_an_event_with_a_price_on_no_channel_cannot_be_published(web: TestClient) -> None:
    nowhere = prices(price(NORMAL, 20) | {"saleschannels": []})
    draft = an_event(web, contingents=[{"name": "Floor", "amount": 1, **nowhere}])

    answer = web.post(f"/v1/events/{draft['id']}/publish")

    assert refused(answer, 409, "not-publishable")["missing"] == ["price"]


def test_a_promo_code_opens_its_price(web: TestClient) -> None:
    sale = on_sale(web, **prices(price(REDUCTION, 10, promocode=["FRIENDS", "FAMILY"])))

    with nothing_recorded(web):
        without = refused(sale.ask(), 409, "price-not-offered")
        wrong = refused(sale.ask(promocodes=["friends"]), 409, "price-not-offered")
    order = Bought(web, ok(sale.ask(promocodes=["X", "FAMILY"]))["id"])
    with nothing_recorded(web):
        more = order.do("tickets", {"take": [sale.takes()]})

    assert without["condition"] == wrong["condition"] == "promocode"
    refused(more, 409, "price-not-offered")
    added = order.did("tickets", {"take": [sale.takes()], "promocodes": ["FRIENDS"]})
    assert added["totalamount"] == 20.0


@pytest.mark.parametrize(
    ("condition", "value", "said"),
    [
        ("voucherids", [1], {}),
        (
            "date",
            {"datetype": "absolute", "absoluteStart": FUTURE},
            {"from": FUTURE, "until": None},
        ),
        ("date", {"datetype": "absolute", "absoluteEnd": PAST}, {"from": None, "until": PAST}),
    ],
)
def test_a_price_whose_condition_is_not_met_is_not_offered(
    web: TestClient, condition: str, value: Any, said: Json
) -> None:
    sale = on_sale(web, **prices(price(NORMAL, 10, **{condition: value})))

    with nothing_recorded(web):
        problem = refused(sale.ask(), 409, "price-not-offered")

    assert problem["condition"] == condition
    assert {name: problem[name] for name in said} == said


# -- what there is no room for


def test_sold_out_says_of_what_and_what_is_left(web: TestClient) -> None:
    hall = a_location(web, capacity=6)["id"]
    of_contingent = on_sale(web, 3)
    of_event = on_sale(web, event={"totalmaxtickets": 4})
    of_location = on_sale(web, event={"locationid": hall})
    of_date = on_sale(web)
    date = made(web, of_date.url("/dates"), start=START, end=LATER, capacity=5)["id"]
    of_price = on_sale(web, **prices(price(NORMAL, 10, ticketlimit=2)))
    sales = {
        "contingent": (of_contingent, 3, {"contingentid": of_contingent.contingent}),
        "event": (of_event, 4, {}),
        "date": (of_date, 5, {"dateid": date}),
        "location": (of_location, 6, {}),
        "price": (of_price, 2, {}),
    }

    for limit, (sale, room, more) in sales.items():
        sale.order(room - 1)
        with nothing_recorded(web):
            problem = refused(sale.ask(sale.takes(2)), 409, "sold-out")

        told = {"limit": limit, "asked": 2, "left": 1, **more}
        assert {name: problem[name] for name in told} == told
        assert sale.ask().status_code == 201
        assert refused(sale.ask(), 409, "sold-out")["left"] == 0


def test_a_basket_has_a_limit_and_says_what_is_left_of_it(web: TestClient) -> None:
    of_event = on_sale(web, event={"maxnbrofticketsperbasket": 3})
    of_price = on_sale(web, **prices(price(NORMAL, 10, orderticketlimit=3)))
    limits = {"maxnbrofticketsperbasket": of_event, "orderticketlimit": of_price}

    for limit, sale in limits.items():
        bought = sale.order(2)
        with nothing_recorded(web):
            new = refused(sale.ask(sale.takes(2), sale.takes(2)), 409, "basket-limit")
            more = refused(bought.do("tickets", {"take": [sale.takes(2)]}), 409, "basket-limit")

        assert (new["limit"], new["allowed"]) == (limit, 3)
        assert (more["limit"], more["allowed"], more["left"]) == (limit, 3, 1)
        bought.did("tickets", {"take": [sale.takes()]})


def test_an_order_has_at_most_five_thousand_tickets(web: TestClient) -> None:
    sale = on_sale(web, 6_000)
    bought = sale.order(4_998)

    with nothing_recorded(web):
        more = {"take": [sale.takes(2), sale.takes()]}
        problem = refused(bought.do("tickets", more), 409, "basket-limit")
        never = refused(sale.ask(sale.takes(5_000), sale.takes()), 422, "invalid")

    assert (problem["limit"], problem["allowed"], problem["left"]) == ("order", 5_000, 2)
    assert paths(never) == ["take"]
    assert len(bought.did("tickets", {"take": [sale.takes(2)]})["tickets"]) == 5_000


def test_a_ticket_that_somebody_has_is_named(web: TestClient) -> None:
    sale = on_sale(web)
    sale.order()
    ok(web.post(sale.url("/tickets/lock"), json={"tickets": [sale.ticket(5)], "locktypeid": HARD}))

    with nothing_recorded(web):
        for place in (1, 5):
            tickets = [sale.ticket(2), sale.ticket(place)]
            problem = refused(sale.ask({"tickets": tickets}), 409, "ticket-not-free")

            assert problem["ticketid"] == sale.ticket(place)
        doubled = sale.ask({"tickets": [sale.ticket(2)]}, {"tickets": [sale.ticket(2)]})
        assert refused(doubled, 409, "ticket-not-free")["ticketid"] == sale.ticket(2)


# -- what comes at the wrong time


def test_an_order_goes_its_way_step_by_step(web: TestClient, sale: Sale) -> None:
    empty = Bought(web, made(web, "/v1/orders", saleschannelid=WEB)["id"])
    unpaid = sale.order()

    with nothing_recorded(web):
        refused(empty.do("confirm"), 409, "order-empty")
        refused(unpaid.do("payments", {"amount": 25}), 409, "order-not-confirmed")
        refund = refused(unpaid.do("refunds", {"amount": 0.01}), 409, "refund-too-large")

    assert refund["left"] == 0


def test_what_was_cancelled_has_ended(web: TestClient, sale: Sale) -> None:
    bought = sale.order()
    tickets, expiry = bought.ticket_ids(), bought.shown()["expiryts"]
    bought.did("cancel")

    with nothing_recorded(web):
        answers = [
            bought.do("confirm"),
            bought.do("payments", {"amount": 25}),
            bought.do("tickets", {"take": [sale.takes()]}),
            bought.do("tickets", {"tickets": tickets}, method="DELETE"),
            bought.do("split", {"tickets": tickets}),
        ]

    for answer in answers:
        problem = refused(answer, 409, "order-ended")
        assert (problem["ended"], problem["expiryts"]) == ("cancelled", expiry)


def test_what_was_not_confirmed_in_time_has_lapsed(web: TestClient) -> None:
    channel = made(web, "/v1/catalog/saleschannels", name="Hurry", basketseconds=1)["id"]
    sale = on_sale(web)
    bought = Bought(web, ok(sale.ask(saleschannelid=channel))["id"])

    deadline = time.monotonic() + 30
    while not (order := bought.shown())["ended"]:
        assert time.monotonic() < deadline, order

    for step in ("confirm", "cancel"):
        assert refused(bought.do(step), 409, "order-ended")["ended"] == "lapsed"
    assert (order["status"], order["ended"], order["tickets"]) == (21003, "lapsed", [])
    assert sale.counted() == {"free": 10}


def test_a_refund_is_at_most_what_was_paid(web: TestClient, sale: Sale) -> None:
    bought = sale.order(2, "confirm")
    bought.did("payments", {"amount": 20})
    bought.did("payments", {"amount": 30})
    bought.did("refunds", {"amount": 15, "paymentid": 1})

    with nothing_recorded(web):
        refused(bought.do("refunds", {"amount": 35.01}), 409, "refund-too-large")
        refused(bought.do("refunds", {"amount": 5.01, "paymentid": 1}), 409, "refund-too-large")
        of_refund = bought.do("refunds", {"amount": 1, "paymentid": 3})

    assert paths(refused(of_refund, 422, "invalid")) == ["paymentid"]
    bought.did("refunds", {"amount": 5, "paymentid": 1})
    assert bought.did("refunds", {"amount": 30})["amountpaid"] == 0.0


def test_an_event_with_unpaid_orders_is_not_closed_and_one_with_tickets_not_deleted(
    web: TestClient,
) -> None:
    sale = on_sale(web)
    bought = sale.order(1, "confirm")

    with nothing_recorded(web):
        unpaid = refused(web.post(sale.url("/close")), 409, "unpaid-orders")
    bought.did("payments", {"amount": 25})
    ok(web.post(sale.url("/close")))
    with nothing_recorded(web):
        held = refused(web.delete(sale.url()), 409, "event-has-tickets")

    assert (unpaid["orders"], unpaid["count"]) == ([bought.number], 1)
    assert held["count"] == 1
    assert bought.did("refunds", {"amount": 25})["amountpaid"] == 0.0


def test_an_event_is_published_with_a_price(web: TestClient) -> None:
    draft = made(
        web, "/v1/events", locationid=a_location(web)["id"], name="A", startts=START, endts=LATER
    )
    url = f"/v1/events/{draft['id']}"

    bare = refused(web.post(f"{url}/publish"), 409, "not-publishable")
    lot = made(web, f"{url}/contingents", amount=1)
    unpriced = refused(web.post(f"{url}/publish"), 409, "not-publishable")
    changed(web, f"{url}/contingents/{lot['id']}", price=0)

    assert bare["missing"] == unpriced["missing"] == ["price"]
    assert moved(web, draft, "publish")["currentstatus"] == 19002
