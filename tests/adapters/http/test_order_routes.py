"""`/v1/orders`: tickets taken, held, sold, paid, given back and handed over."""

from dataclasses import dataclass

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from adapters.http.v1.order_documents import HeldTickets, OrderDocument
from domain.tickets import NEVER_SCANNED
from tests.adapters.http.selling import (
    ARCHIVED,
    CONFIRMED,
    FREE,
    INCOMPLETE,
    NORMAL,
    OVERPAID,
    PAID,
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
from tests.adapters.http.talk import Json, after, now, paths, position, refused


@pytest.fixture(scope="module")
def sale(web: TestClient) -> Sale:
    """Tickets enough for every test that counts none."""
    return on_sale(web, 10_000)


# -- taking


@pytest.mark.parametrize("named", [True, False], ids=["with its Event", "without"])
@pytest.mark.parametrize("way", ["contingentid", "tickettypepriceid", "tickets"])
def test_tickets_are_taken_each_way(web: TestClient, way: str, *, named: bool) -> None:
    sale = on_sale(web)
    wanted: Json = {
        "contingentid": sale.contingent,
        "tickettypepriceid": sale.contingent * 1_000_000 + NORMAL,
        "tickets": [sale.ticket(1)],
    }

    answer = sale.ask({way: wanted[way], **({"eventid": sale.event} if named else {})})

    (ticket,) = ok(answer)["tickets"]
    assert ticket == {
        "id": sale.ticket(1),
        "eventid": sale.event,
        "contingentid": sale.contingent,
        "pricetypeid": NORMAL,
        "tickettypepriceid": sale.contingent * 1_000_000 + NORMAL,
        "price": 25.0,
    }
    assert sale.counted() == {"free": 9, "reserved": 1}


def test_the_price_of_an_event_s_document_is_what_is_paid(web: TestClient) -> None:
    sale = on_sale(web, **prices(price(NORMAL, 30), price(REDUCTION, 20, WEB)))
    (lot,) = now(web, sale.url()).json()["prices"]["contingents"]

    paid = {
        offer["tickettypepriceid"]: ok(sale.ask({"tickettypepriceid": offer["tickettypepriceid"]}))
        for offer in lot["pricetypes"]
    }

    assert {number: order["totalamount"] for number, order in paid.items()} == {
        lot["pricetypes"][0]["tickettypepriceid"]: 30.0,
        lot["pricetypes"][1]["tickettypepriceid"]: 20.0,
    }


def test_very_tickets_are_taken_and_the_next_buyer_gets_the_lowest_others(web: TestClient) -> None:
    sale = on_sale(web)

    very = ok(sale.ask({"tickets": [sale.ticket(9), sale.ticket(1)], "amount": 2}))
    others = sale.order(2).ticket_ids()

    assert [t["id"] for t in very["tickets"]] == [sale.ticket(1), sale.ticket(9)]
    assert others == [sale.ticket(2), sale.ticket(3)]


def test_one_order_takes_tickets_of_several_events_in_several_ways(web: TestClient) -> None:
    one, two = on_sale(web), on_sale(web)
    seated = two.contingent_of(5, price=50.5)

    order = ok(
        one.ask(
            {"contingentid": one.contingent},
            {"tickets": [two.ticket(3), seated.ticket(5)]},
            {"contingentid": one.contingent, "amount": 2},
        )
    )

    assert [t["id"] for t in order["tickets"]] == [
        one.ticket(1),
        two.ticket(3),
        seated.ticket(5),
        one.ticket(2),
        one.ticket(3),
    ]
    assert order["totalamount"] == 4 * 25 + 50.5
    assert (one.counted(), two.counted(), seated.counted()) == (
        {"free": 7, "reserved": 3},
        {"free": 9, "reserved": 1},
        {"free": 4, "reserved": 1},
    )


def test_one_payment_moves_the_tickets_of_all_events(web: TestClient) -> None:
    one, two = on_sale(web), on_sale(web)
    bought = Bought(web, ok(one.ask(one.takes(), two.takes(2)))["id"])

    bought.did("confirm")
    bought.did("payments", {"amount": 74.99})
    unpaid = (one.counted(), two.counted())
    bought.did("payments", {"amount": 0.01})

    assert unpaid == ({"free": 9, "sold_unpaid": 1}, {"free": 8, "sold_unpaid": 2})
    assert (one.counted(), two.counted()) == (
        {"free": 9, "sold_paid": 1},
        {"free": 8, "sold_paid": 2},
    )


def test_of_two_events_the_second_sold_out_nothing_of_the_first_stays_taken(
    web: TestClient,
) -> None:
    one, two = on_sale(web), on_sale(web, 1)

    with nothing_recorded(web):
        problem = refused(one.ask(one.takes(), two.takes(2)), 409, "sold-out")

    assert (problem["contingentid"], problem["asked"], problem["left"]) == (two.contingent, 2, 1)
    assert one.counted() == {"free": 10}


def test_what_is_free_of_charge_is_given_away_once_it_is_confirmed(web: TestClient) -> None:
    sale = on_sale(web, **prices(price(FREE, 0), price(NORMAL, 25)))
    unasked = sale.order()
    given = sale.order(pricetypeid=FREE)

    confirmed = given.did("confirm")

    assert unasked.shown()["tickets"][0]["pricetypeid"] == NORMAL
    assert (confirmed["totalamount"], confirmed["paymentstatus"]) == (0.0, PAID)
    assert sale.counted() == {"free": 8, "reserved": 1, "complimentary": 1}


def test_a_contingent_without_an_amount_makes_tickets_as_they_are_taken(web: TestClient) -> None:
    sale = on_sale(web, None)
    assert sale.counted() == {}

    first = sale.order(3)
    counted = sale.counted()
    first.did("cancel")
    again = sale.order(4)

    assert counted == {"reserved": 3}
    assert again.ticket_ids() == [sale.ticket(n) for n in range(1, 5)]
    assert sale.counted() == {"reserved": 4}


# -- adding and removing


def test_tickets_are_added_and_given_back(web: TestClient) -> None:
    sale = on_sale(web)
    bought = sale.order(2)

    added = bought.did("tickets", {"take": [sale.takes(), {"tickets": [sale.ticket(10)]}]})
    counted = sale.counted()
    removed = bought.did("tickets", {"tickets": [sale.ticket(1), sale.ticket(10)]}, "DELETE")

    assert [t["id"] for t in added["tickets"]] == [sale.ticket(n) for n in (1, 2, 3, 10)]
    assert (added["totalamount"], added["version"]) == (100.0, 2)
    assert counted == {"free": 6, "reserved": 4}
    assert [t["id"] for t in removed["tickets"]] == [sale.ticket(2), sale.ticket(3)]
    assert (removed["totalamount"], removed["version"]) == (50.0, 3)
    assert sale.counted() == {"free": 8, "reserved": 2}
    assert added["expiryts"] < removed["expiryts"]
    assert bought.shown() == removed


def test_into_a_confirmed_order_tickets_are_sold_at_once(web: TestClient) -> None:
    sale = on_sale(web)
    bought = sale.order(1, "confirm", "payments")

    added = bought.did("tickets", {"take": [sale.takes()]})
    unpaid = sale.counted()
    removed = bought.did("tickets", {"tickets": [sale.ticket(1)]}, "DELETE")

    assert (added["status"], added["expiryts"]) == (CONFIRMED, None)
    assert (added["paymentstatus"], removed["paymentstatus"]) == (INCOMPLETE, PAID)
    assert unpaid == {"free": 8, "sold_unpaid": 2}
    assert sale.counted() == {"free": 9, "sold_paid": 1}


# -- money


def test_an_order_is_paid_in_parts_and_given_back_in_parts(web: TestClient) -> None:
    sale = on_sale(web)
    bought = sale.order(2, "confirm")
    steps: list[tuple[str, Json]] = [
        ("payments", {"amount": 20, "paymentmethodid": 3}),
        ("payments", {"amount": 30.5}),
        ("refunds", {"amount": 0.5, "paymentid": 2}),
        ("refunds", {"amount": 0.01}),
    ]

    shown = [bought.did(step, body) for step, body in steps]

    assert [(o["amountpaid"], o["paymentstatus"]) for o in shown] == [
        (20.0, INCOMPLETE),
        (50.5, OVERPAID),
        (50.0, PAID),
        (49.99, INCOMPLETE),
    ]
    assert [
        (p["id"], p["amount"], p["paymentmethodid"], p["refundof"]) for p in shown[-1]["payments"]
    ] == [(1, 20.0, 3, None), (2, 30.5, None, None), (3, -0.5, None, 2), (4, -0.01, None, None)]
    assert sale.counted() == {"free": 8, "sold_unpaid": 2}


def test_what_was_paid_for_a_cancelled_order_is_given_back(web: TestClient) -> None:
    sale = on_sale(web)
    bought = sale.order(2, "confirm", "payments")

    cancelled = bought.did("cancel")
    with nothing_recorded(web):
        assert bought.did("cancel") == cancelled
    refunded = bought.did("refunds", {"amount": 50})

    assert (cancelled["status"], cancelled["ended"]) == (ARCHIVED, "cancelled")
    assert (cancelled["tickets"], cancelled["amountpaid"]) == ([], 50.0)
    assert refunded["amountpaid"] == 0.0
    assert sale.counted() == {"free": 10}
    refused(bought.do("refunds", {"amount": 0.01}), 409, "refund-too-large")


def test_a_second_confirmation_changes_nothing(web: TestClient, sale: Sale) -> None:
    bought = sale.order(1, "confirm")

    with nothing_recorded(web):
        again = bought.do("confirm")

    assert again.json() == bought.shown()


# -- splitting


def test_tickets_are_handed_over_to_a_new_order(web: TestClient) -> None:
    sale = on_sale(web)
    bought = sale.order(3, "confirm", "payments")
    barcodes = [t["barcode"] for t in bought.shown("/tickets")["data"]]

    answer = bought.do("split", {"tickets": [sale.ticket(2)]})

    new = ok(answer)
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/orders/{new['id']}"
    assert (new["splitfrom"], new["status"], new["saleschannelid"]) == (
        bought.number,
        CONFIRMED,
        WEB,
    )
    assert ([t["id"] for t in new["tickets"]], new["totalamount"]) == ([sale.ticket(2)], 25.0)
    assert (new["amountpaid"], new["paymentstatus"]) == (0.0, INCOMPLETE)
    old = bought.shown()
    assert [t["id"] for t in old["tickets"]] == [sale.ticket(1), sale.ticket(3)]
    assert (old["amountpaid"], old["paymentstatus"]) == (75.0, OVERPAID)
    assert sale.counted() == {"free": 7, "sold_unpaid": 1, "sold_paid": 2}
    handed = Bought(web, new["id"]).shown("/tickets")["data"]
    assert [t["barcode"] for t in handed] == barcodes[1:2]


def test_an_unconfirmed_order_is_split_and_each_goes_its_way(web: TestClient) -> None:
    sale = on_sale(web)
    bought = sale.order(3)

    new = Bought(web, bought.did("split", {"tickets": [sale.ticket(1)]})["id"])
    bought.did("confirm")
    new.did("cancel")

    assert new.shown()["expiryts"] is None
    assert sale.counted() == {"free": 8, "sold_unpaid": 2}


def test_an_order_keeps_one_of_its_tickets(web: TestClient) -> None:
    sale = on_sale(web)
    bought = sale.order(2)

    with nothing_recorded(web):
        problem = refused(bought.do("split", {"tickets": bought.ticket_ids()}), 422, "invalid")

    assert paths(problem) == ["tickets"]


# -- the tickets of an order


def test_the_tickets_of_an_order_have_barcodes_properties_and_custom_fields(
    web: TestClient,
) -> None:
    one, two = on_sale(web), on_sale(web, withimportedbarcodes=True)
    bought = Bought(web, ok(one.ask(one.takes(2), two.takes()))["id"])
    held = ok(bought.do("confirm"))["tickets"]
    known = {"id": one.ticket(2), "barcode": "A-1", "properties": {"row": 4}, "c_name": "Ann"}
    ok(web.patch(one.url("/tickets"), json={"tickets": [known]}))

    answer = now(web, bought.url("/tickets"))

    page = HeldTickets.model_validate_json(answer.content)
    assert (page.total, page.next) == (3, None)
    first, second, third = answer.json()["data"]
    assert len(first["barcode"]) == 16
    nothing = {"seatrankid": None, "ticketholderid": None, "ticketname": None, **NEVER_SCANNED}
    assert first == held[0] | nothing | {
        "state": "sold_unpaid",
        "barcode": first["barcode"],
        "properties": {},
    }
    assert second == held[1] | nothing | {"state": "sold_unpaid"} | known
    assert (third["barcode"], third["eventid"]) == (None, two.event)


def test_a_ticket_that_was_given_back_has_another_barcode_for_its_next_buyer(
    web: TestClient,
) -> None:
    sale = on_sale(web)
    first = sale.order()
    (before,) = first.shown("/tickets")["data"]
    first.did("cancel")

    (after_it,) = sale.order().shown("/tickets")["data"]

    assert before["id"] == after_it["id"]
    assert before["barcode"] != after_it["barcode"]
    assert first.shown("/tickets") == {"data": [], "next": None, "total": 0}


# -- headers


@dataclass(frozen=True)
class Command:
    """A step of an order that has two tickets, with an example that succeeds."""

    step: str
    body: Json | None = None
    before: tuple[str, ...] = ()
    method: str = "POST"

    def __str__(self) -> str:
        return f"{self.method} {self.step}"

    def asked(self, bought: Bought, **headers: str) -> Response:
        body = self.body
        if body == TAKING:
            (ticket, _) = bought.shown()["tickets"]
            body = {"take": [{"contingentid": ticket["contingentid"]}]}
        elif body == FIRST:
            body = {"tickets": bought.ticket_ids()[:1]}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return bought.do(self.step, body, named, self.method)


TAKING: Json = {"take": "one more"}
FIRST: Json = {"tickets": "the first"}
COMMANDS = pytest.mark.parametrize(
    "command",
    [
        Command("tickets", TAKING),
        Command("tickets", FIRST, method="DELETE"),
        Command("confirm"),
        Command("payments", {"amount": 10}, ("confirm",)),
        Command("refunds", {"amount": 10}, ("confirm", "payments")),
        Command("split", FIRST),
        Command("cancel"),
    ],
    ids=str,
)


@COMMANDS
def test_every_command_answers_with_the_order_and_its_place_in_time(
    web: TestClient, sale: Sale, command: Command
) -> None:
    bought = sale.order(2, *command.before)

    answer = command.asked(bought)

    order = OrderDocument.model_validate_json(answer.content)
    assert answer.status_code == (201 if command.step == "split" else 200)
    assert int(answer.headers["Stagebook-Position"]) == position(web)
    assert answer.headers["ETag"] == f'"{order.version}"'
    place = answer.headers.get("Location", bought.url())
    read = web.get(place, headers=after(answer))
    assert (read.content, read.headers["ETag"]) == (answer.content, answer.headers["ETag"])
    held = web.get(place, headers={"If-None-Match": answer.headers["ETag"]})
    assert (held.status_code, held.content) == (304, b"")


@COMMANDS
def test_every_command_is_decided_on_the_version_that_was_seen(
    web: TestClient, sale: Sale, command: Command
) -> None:
    bought = sale.order(2, *command.before)
    version = bought.shown()["version"]

    with nothing_recorded(web):
        late = command.asked(bought, If_Match='"99"')
        odd = command.asked(bought, If_Match="newest")
    answer = command.asked(bought, If_Match=f'"{version}"')

    assert refused(late, 412, "version-mismatch")["version"] == version
    assert paths(refused(odd, 422, "invalid")) == ["If-Match"]
    assert answer.status_code in (200, 201)


TOLD = ("ETag", "Location", "Stagebook-Position", "Content-Type")


@COMMANDS
def test_a_retry_has_one_effect_and_the_same_answer(
    web: TestClient, sale: Sale, command: Command
) -> None:
    bought, other = sale.order(2, *command.before), sale.order(2, *command.before)
    key = f"{bought.number}-{command}".replace(" ", "-")

    first = command.asked(bought, Idempotency_Key=key)
    with nothing_recorded(web):
        again = retried(web, first)
        reused = command.asked(other, Idempotency_Key=key)

    assert first.status_code in (200, 201)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert [again.headers.get(n) for n in TOLD] == [first.headers.get(n) for n in TOLD]
    assert refused(reused, 422, "key-reused")["key"] == key


def retried(web: TestClient, answer: Response) -> Response:
    """The very same request once more."""
    request = answer.request
    return web.request(
        request.method, request.url.path, content=request.content, headers=dict(request.headers)
    )


def test_an_order_is_made_once_however_often_it_is_asked_for(web: TestClient) -> None:
    sale = on_sale(web)

    first = sale.ask(headers={"Idempotency-Key": f"make-{sale.event}"})
    with nothing_recorded(web):
        again = retried(web, first)
        other = sale.ask(sale.takes(2), headers={"Idempotency-Key": f"make-{sale.event}"})

    assert first.status_code == 201
    assert (again.status_code, again.content) == (201, first.content)
    assert [again.headers.get(n) for n in TOLD] == [first.headers.get(n) for n in TOLD]
    refused(other, 422, "key-reused")
    assert sale.counted() == {"free": 9, "reserved": 1}


def test_a_retry_without_the_event_s_id_is_answered_when_the_contingent_is_gone(
    web: TestClient,
) -> None:
    sale = on_sale(web)
    key = {"Idempotency-Key": f"gone-{sale.event}"}
    first = sale.ask({"contingentid": sale.contingent}, headers=key)
    Bought(web, first.json()["id"]).did("cancel")
    web.delete(sale.url(f"/contingents/{sale.contingent}"))
    assert sale.availability()["contingents"] == now(web, sale.url()).json()["contingents"] == []

    again = retried(web, first)
    other = sale.ask({"contingentid": sale.contingent})

    assert paths(refused(other, 422, "invalid")) == ["take.0.contingentid"]
    assert (again.status_code, again.content) == (201, first.content)


def test_a_refusal_with_a_key_binds_nobody(web: TestClient) -> None:
    sale = on_sale(web, 1)
    key = {"Idempotency-Key": f"sold-{sale.event}"}

    refused(sale.ask(sale.takes(2), headers=key), 409, "sold-out")
    ok(web.patch(sale.url(f"/contingents/{sale.contingent}"), json={"amount": 2}))

    assert len(ok(sale.ask(sale.takes(2), headers=key))["tickets"]) == 2


def test_what_the_caller_says_of_a_command_is_in_its_facts(web: TestClient, sale: Sale) -> None:
    bought = sale.order()
    headers = {"Stagebook-Reason": "He has fallen ill", "X-Correlation-ID": "desk-7"}

    answer = bought.do("cancel", headers=headers)

    since = int(answer.headers["Stagebook-Position"]) - 2
    changes = now(web, f"/v1/changes?after={since}").json()["data"]
    assert [(c["kind"], c["fact"], c["reason"], c["correlation"]) for c in changes] == [
        ("order", "OrderCancelled", "He has fallen ill", "desk-7"),
        ("event", "TicketsReleased", "He has fallen ill", "desk-7"),
    ]


@pytest.mark.parametrize("query", ["", "?version=1"])
@pytest.mark.parametrize("language", ["fr", "en, fr;q=0.5", "*", "xx-XX,,;q=9"])
def test_an_order_is_the_same_in_every_language(
    web: TestClient, sale: Sale, language: str, query: str
) -> None:
    bought = sale.order()

    for url in (bought.url(query), "/v1/orders", sale.url("/availability"), bought.url("/tickets")):
        plain, asked = now(web, url), now(web, url, **{"Accept-Language": language})

        assert (asked.status_code, asked.content) == (200, plain.content), url
        assert asked.headers.get("Content-Language", "en") == "en"
