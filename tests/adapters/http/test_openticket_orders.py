"""An order of the storefront on every way that leads to it: one guid, one price, one answer."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from domain.ids import Kind
from domain.registry import Role
from tests.adapters.http.openticket_shop import WEB_SHOP, Sale, Visitor, done, of
from tests.adapters.http.talk import after
from tests.conftest import ACCOUNT_ROLES, TOKENS

PERSONAL = ("email", "firstName", "lastName", "locale")


@pytest.fixture
def visitor(web: TestClient) -> Visitor:
    return Visitor(web)


def bearer(role: Role) -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKENS[role]}"}


def test_an_order_has_one_guid_on_every_way(web: TestClient, visitor: Visitor) -> None:
    sale = Sale(web)
    held = visitor.reserve(sale.tickets[0])
    guid = held["guid"]

    answer = visitor.order(held)

    placed = done(answer)
    assert (held["reservation"], placed["guid"], UUID(guid).version) == (guid, guid, 4)
    ways = (f"/storefront/{WEB_SHOP}/order/{guid}", f"/order/{guid}", f"/storefront/order/{guid}")
    assert {done(visitor.ask("GET", way))["guid"] for way in ways} == {guid}
    native = done(web.get(f"/v1/orders/{guid}", headers=after(answer)))
    assert native == done(web.get(f"/v1/orders/{native['id']}"))
    assert native["guid"] == guid
    newest = done(web.get(f"/shop/{WEB_SHOP}/orders"))[0]
    assert newest == placed


def test_what_was_reserved_is_ordered_at_its_price(web: TestClient, visitor: Visitor) -> None:
    sale = Sale(web, {"amount": 10, "price": 25})
    held = [visitor.reserve(sale.tickets[0]) for _ in "12"]
    done(web.patch(f"{sale.path}/contingents/{sale.lots[0]}", json={"price": 40}))

    order = done(visitor.order(*held))

    assert [ticket["price"] for ticket in order["tickets"]] == [2500, 2500]
    assert (order["price"], order["amount"]) == (5000, 5000)
    assert visitor.reserve(sale.tickets[0])["price"] == 4000


def test_an_order_of_two_reservations_is_the_same_when_it_is_sent_again(
    web: TestClient, visitor: Visitor
) -> None:
    sale = Sale(web, {"amount": 10, "price": 25}, {"amount": 10, "price": 5})
    held = [visitor.reserve(ticket) for ticket in sale.tickets]

    first, again = visitor.order(*held), visitor.order(*held)
    other_way = visitor.order(*reversed(held))

    assert done(first) == done(again) == done(other_way)
    orders = [done(visitor.ask("GET", f"/storefront/{WEB_SHOP}/order/{h['guid']}")) for h in held]
    assert orders[0] == orders[1]
    assert orders[0]["guid"] == first.json()["guid"] == held[0]["guid"]
    assert len(orders[0]["tickets"]) == 2


def test_each_ticket_of_an_order_has_a_guid_and_a_number_of_its_own(
    web: TestClient, visitor: Visitor
) -> None:
    sale = Sale(web)
    held = [visitor.reserve(sale.tickets[0]) for _ in "123"]

    answer = visitor.order(*held)

    order = done(answer)
    tickets = order["tickets"]
    assert len({t["guid"] for t in tickets}) == len({t["ticket_number"] for t in tickets}) == 3
    assert {t["original_id"] for t in tickets} == {sale.tickets[0]}
    assert {t["event_id"] for t in tickets} == {sale.guid}
    native = done(web.get(f"/v1/orders/{order['guid']}", headers=after(answer)))["tickets"]
    assert [t["ticket_number"] for t in tickets] == [str(t["id"]) for t in native]


def test_a_ticket_that_is_sold_again_has_another_guid(web: TestClient, visitor: Visitor) -> None:
    sale = Sale(web, {"amount": 1, "price": 5})
    first = done(visitor.order(visitor.reserve(sale.tickets[0])))
    done(web.post(f"/v1/orders/{first['guid']}/cancel"))

    second = done(visitor.order(visitor.reserve(sale.tickets[0])))

    (ticket,), (other) = first["tickets"], second["tickets"]
    assert ticket["ticket_number"] == other[0]["ticket_number"]
    assert ticket["guid"] != other[0]["guid"]


def test_an_order_says_how_it_is_paid_and_that_it_is_over(
    web: TestClient, visitor: Visitor
) -> None:
    sale = Sale(web)
    guid = visitor.reserve(sale.tickets[0])["guid"]
    path = f"/order/{guid}"

    def state() -> tuple[Any, ...]:
        shown = done(visitor.ask("GET", path))
        (ticket,) = shown["tickets"]
        over = bool(shown["invalidated_since"]), bool(ticket["invalidated_since"])
        return (
            shown["status"],
            shown["payment"]["status"],
            shown["is_complete"],
            shown["price"],
            *over,
        )

    assert state() == ("reserved", "pending", False, 2500, False, False)
    done(visitor.order({"ticket": sale.tickets[0], "guid": guid}))
    assert state() == ("placed", "pending", False, 2500, False, False)
    done(web.post(f"/v1/orders/{guid}/payments", json={"amount": 25}))
    assert state() == ("paid", "completed", True, 2500, False, False)
    done(web.post(f"/v1/orders/{guid}/cancel"))
    assert state() == ("invalidated", "pending", False, 2500, True, True)


@pytest.mark.parametrize("role", [None, *ACCOUNT_ROLES])
def test_the_buyer_is_shown_to_keys_that_may_sell(
    web: TestClient, visitor: Visitor, role: Role | None
) -> None:
    sale = Sale(web)
    placed = done(visitor.order(visitor.reserve(sale.tickets[0])))
    assert [placed[name] for name in PERSONAL] == ["ann@example.org", "Ann", "Peeters", None]

    headers = bearer(role) if role else {}
    ways = [f"/order/{placed['guid']}", f"/storefront/{WEB_SHOP}/order/{placed['guid']}"]
    shown = [done(visitor.ask("GET", way, headers=headers)) for way in ways]
    if role:
        shown.append(done(web.get(f"/shop/{WEB_SHOP}/orders", headers=headers))[0])

    sells = role in (Role.SELLER, Role.EDITOR, Role.ADMIN)
    assert all(("ann@example.org" in str(one)) is sells for one in shown)
    assert all(one["guid"] == placed["guid"] for one in shown)


@pytest.mark.parametrize(
    "way", ["/order/{}", f"/storefront/{WEB_SHOP}/order/{{}}", "/v1/orders/{}"]
)
def test_no_order_is_found_by_a_guid_that_is_not_its_own(
    web: TestClient, visitor: Visitor, way: str
) -> None:
    sale = Sale(web)
    order = done(web.get(f"/v1/orders/{visitor.reserve(sale.tickets[0])['guid']}"))

    assert web.get(way.format(uuid4())).status_code == 404
    assert web.get(way.format(of(Kind.EVENT, 1))).status_code == 404
    if not way.startswith("/v1"):
        for guess in (order["id"], of(Kind.ORDER, order["id"]), "x"):
            assert visitor.ask("GET", way.format(guess)).status_code == 404, guess


def test_an_order_of_another_account_is_not_found_on_the_native_surface(
    web: TestClient, visitor: Visitor
) -> None:
    sale = Sale(web)
    guid = visitor.reserve(sale.tickets[0])["guid"]
    theirs = {"Authorization": f"Bearer {TOKENS[Role.ADMIN]}-other"}

    assert web.get(f"/v1/orders/{guid}", headers=theirs).status_code == 404
    assert web.post(f"/v1/orders/{guid}/confirm", headers=theirs).status_code == 404
    assert web.get(f"/v1/orders/{guid}", headers={"Authorization": ""}).status_code == 401
    assert web.get(f"/v1/orders/{guid}/history").status_code == 200


def test_a_reservation_is_ordered_as_the_ticket_that_it_is_of(
    web: TestClient, visitor: Visitor
) -> None:
    sale = Sale(web, {"amount": 5, "price": 25}, {"amount": 5, "price": 5})
    held = visitor.reserve(sale.tickets[0])

    answer = visitor.order(held | {"ticket": sale.tickets[1]})

    assert (answer.status_code, list(answer.json()["fields"])) == (406, ["tickets.0.guid"])
