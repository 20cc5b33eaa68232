"""Orders in lists, and orders as they were: filters, cursors, history, any moment, differences."""

import json
from collections.abc import Iterator
from itertools import pairwise

import pytest
from fastapi.testclient import TestClient

from adapters.bootstrap import bootstrap
from adapters.http.app import make_app
from adapters.http.v1.order_documents import OrderPage
from adapters.settings import Settings
from tests.adapters.http.conftest import PATIENCE
from tests.adapters.http.selling import (
    DESK,
    EXTERNAL,
    OTHER,
    Bought,
    Sale,
    ok,
    on_sale,
)
from tests.adapters.http.talk import Json, changed, made, now, opened, paths, refused
from tests.conftest import add_keys

STEPS: list[tuple[str, ...]] = [
    (),
    ("confirm",),
    ("confirm", "payments"),
    ("cancel",),
    ("confirm", "payments", "cancel"),
]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """An application in which nobody else makes orders."""
    settings = Settings(store=str(tmp_path_factory.mktemp("alone")), view_wait=PATIENCE)
    book = bootstrap(settings)
    book.start_writer()
    add_keys(book)
    add_keys(book, "other", "-other")
    book.close()
    with opened(make_app(settings)) as client:
        yield client


@pytest.fixture(scope="module")
def shop(alone: TestClient) -> tuple[Sale, Sale, list[Bought]]:
    """Two Events and seven orders: five of the first at the desk, after more and more steps, one
    overpaid of both on the web, and an empty one. The very first got a ticket last."""
    one, two = on_sale(alone), on_sale(alone)
    orders = []
    for steps in STEPS:
        bought = Bought(alone, ok(one.ask(saleschannelid=DESK))["id"])
        for step in steps:
            bought.did(step, {"amount": 25} if step == "payments" else None)
        orders.append(bought)
    both = Bought(alone, ok(one.ask(one.takes(), two.takes()))["id"])
    both.did("confirm")
    both.did("payments", {"amount": 51})
    empty = Bought(alone, ok(alone.post("/v1/orders", json={"saleschannelid": EXTERNAL}))["id"])
    ann = made(alone, "/v1/catalog/contacts", firstname="Ann")
    ok(alone.patch(empty.url(), json={"customerid": ann["id"]}))
    orders[0].did("tickets", {"take": [one.takes()]})
    return one, two, [*orders, both, empty]


def listed(alone: TestClient, query: str = "") -> list[int]:
    """The ids on a page that must be whole."""
    page = OrderPage.model_validate_json(now(alone, f"/v1/orders{query}").content)
    assert page.next is None
    assert page.total == len(page.data)
    return [order.id for order in page.data]


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("", [0, 1, 2, 3, 4, 5, 6]),
        ("?orderby=-id", [6, 5, 4, 3, 2, 1, 0]),
        ("?status=21001", [0, 6]),
        ("?status=21002", [1, 2, 5]),
        ("?status=21003", [3, 4]),
        ("?status=21001&status=21003", [0, 3, 4, 6]),
        ("?paymentstatus=0", [0, 1]),
        ("?paymentstatus=1", [2, 3, 6]),
        ("?paymentstatus=2", [4, 5]),
        ("?saleschannelid=1", [0, 1, 2, 3, 4]),
        ("?saleschannelid=2", [5]),
        ("?saleschannelid=3&orderby=id", [6]),
        ("?saleschannelid=9007199254740991", []),
        ("?customerid=1", [6]),
        ("?customerid=2", []),
        ("?eventid={one}", [0, 1, 2, 5]),
        ("?eventid={two}", [5]),
        ("?eventid={two}&status=21001", []),
        ("?eventid=9007199254740991", []),
        ("?createdsince={third}", [2, 3, 4, 5, 6]),
        ("?updatedsince={third}&status=21002", [2, 5]),
        ("?updatedsince={third}&status=21001", [0, 6]),
        ("?createdsince={third}&paymentstatus=1&orderby=-id&limit=1000", [6, 3, 2]),
        ("?createdsince=9999-12-31T23:59:59Z", []),
    ],
)
def test_orders_are_found_by_what_they_are(
    alone: TestClient, shop: tuple[Sale, Sale, list[Bought]], query: str, places: list[int]
) -> None:
    one, two, orders = shop
    third = orders[2].shown()["createdts"]

    found = listed(alone, query.format(one=one.event, two=two.event, third=third))

    assert found == [orders[place].number for place in places]


@pytest.mark.parametrize("order", ["id", "-id"])
def test_pages_follow_each_other_until_the_last(
    alone: TestClient, shop: tuple[Sale, Sale, list[Bought]], order: str
) -> None:
    query = f"?eventid={shop[0].event}&orderby={order}&limit=3"
    whole = listed(alone, query.replace("limit=3", "limit=4"))

    first = now(alone, f"/v1/orders{query}").json()
    second = alone.get(f"/v1/orders{query}&after={first['next']}").json()

    assert [len(first["data"]), len(second["data"])] == [3, 1]
    assert [one["id"] for one in (*first["data"], *second["data"])] == whole
    assert (first["total"], second["total"], second["next"]) == (4, 4, None)


def test_what_is_made_between_two_pages_moves_nothing(web: TestClient) -> None:
    sale = on_sale(web)
    numbers = [sale.order().number for _ in range(3)]
    query = f"/v1/orders?eventid={sale.event}&limit=2"
    first = now(web, query).json()

    numbers.append(sale.order().number)
    Bought(web, numbers[0]).did("cancel")
    second = now(web, f"{query}&after={first['next']}").json()

    assert [one["id"] for one in second["data"]] == numbers[2:]


def test_a_cursor_is_of_one_list(web: TestClient) -> None:
    sale = on_sale(web)
    for _ in range(2):
        sale.order()
    cursor = now(web, "/v1/orders?limit=1").json()["next"]
    locations = now(web, "/v1/locations?limit=1").json()["next"]

    for query in (
        f"status=21001&after={cursor}",
        f"orderby=-id&after={cursor}",
        f"after={locations}",
        "after=x",
        "after=" + "A" * 4_000,
    ):
        assert paths(refused(web.get(f"/v1/orders?{query}"), 422, "invalid")) == ["after"], query


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("status=1", "status"),
        ("status=21001,21002", "status"),
        ("paymentstatus=3", "paymentstatus"),
        ("paymentstatus=0&paymentstatus=1", "paymentstatus"),
        ("saleschannelid=web", "saleschannelid"),
        ("eventid=-1", "eventid"),
        ("eventid=9007199254740992", "eventid"),
        ("createdsince=yesterday", "createdsince"),
        ("updatedsince=2026-11-21T20:00:00", "updatedsince"),
        ("orderby=createdts", "orderby"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("contactid=1", "contactid"),
    ],
)
def test_a_list_says_what_it_cannot_be_asked_for(web: TestClient, query: str, path: str) -> None:
    assert paths(refused(web.get(f"/v1/orders?{query}"), 422, "invalid")) == [path]


def test_another_account_s_orders_are_not_listed(
    alone: TestClient, shop: tuple[Sale, Sale, list[Bought]]
) -> None:
    everything = now(alone, "/v1/orders", **OTHER).json()
    of_event = now(alone, f"/v1/orders?eventid={shop[0].event}", **OTHER).json()

    assert everything == of_event == {"data": [], "next": None, "total": 0}


# -- the past


@pytest.fixture(scope="module")
def past(web: TestClient) -> tuple[Bought, list[bytes]]:
    """An order, and the answer of each command that made it what it is."""
    sale = on_sale(web)
    made = sale.ask(sale.takes(2))
    bought = Bought(web, made.json()["id"])
    answers = [
        made,
        bought.do("tickets", {"take": [sale.takes()]}),
        bought.do("tickets", {"tickets": [sale.ticket(1)]}, method="DELETE"),
        bought.do("confirm"),
        bought.do("payments", {"amount": 50, "paymentmethodid": 2}),
        bought.do("refunds", {"amount": 12.34, "paymentid": 1}),
        bought.do("cancel", headers={"Stagebook-Reason": "Fire"}),
    ]
    return bought, [answer.content for answer in answers]


def test_every_version_is_shown_as_it_was_answered(
    web: TestClient, past: tuple[Bought, list[bytes]]
) -> None:
    bought, answers = past

    for version, answer in enumerate(answers, 1):
        then = web.get(bought.url(f"?version={version}"))

        assert (then.status_code, then.content) == (200, answer)
        assert then.headers["ETag"] == f'"{version}"'
        assert then.headers["Stagebook-As-Of"] == json.loads(answer)["lastupdatets"]
    refused(web.get(bought.url(f"?version={len(answers) + 1}")), 404, "not-found")


def test_every_moment_shows_what_was_answered_last(
    web: TestClient, past: tuple[Bought, list[bytes]]
) -> None:
    bought, answers = past
    moments = [json.loads(answer)["lastupdatets"] for answer in answers]

    assert all(one < other for one, other in pairwise(moments))
    for moment, answer in zip(moments, answers, strict=True):
        assert web.get(bought.url(), params={"at": moment}).content == answer
    refused(web.get(bought.url("?at=9999-12-31T23:59:59Z")), 422, "invalid")
    refused(web.get(bought.url("?at=2020-01-01T00:00:00Z")), 404, "not-found")


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("version=0", "version"),
        ("version=1.0", "version"),
        ("version=-1", "version"),
        ("version=" + "9" * 25, "version"),
        ("at=now", "at"),
        ("at=2026-13-01T00:00:00Z", "at"),
        ("version=1&at=2026-11-21T20:00:00Z", "query"),
        ("when=1", "when"),
    ],
)
def test_what_is_no_moment_is_refused(
    web: TestClient, past: tuple[Bought, list[bytes]], query: str, path: str
) -> None:
    assert paths(refused(web.get(past[0].url(f"?{query}")), 422, "invalid")) == [path]


def test_a_history_says_who_did_what_when_and_why(
    web: TestClient, past: tuple[Bought, list[bytes]]
) -> None:
    bought, _ = past

    page = bought.shown("/history")
    pages: list[Json] = []
    following: str | None = ""
    while following is not None:
        pages.append(bought.shown(f"/history?limit=3{following and f'&after={following}'}"))
        following = pages[-1]["next"]

    entries = page["data"]
    assert [(e["version"], e["fact"]) for e in entries] == [
        (7, "OrderCancelled"),
        (6, "RefundAdded"),
        (5, "PaymentAdded"),
        (4, "OrderConfirmed"),
        (3, "TicketsRemoved"),
        (2, "TicketsAdded"),
        (1, "OrderCreated"),
    ]
    assert entries[0]["reason"] == "Fire"
    assert {e["actor"] for e in entries} == {"admin-5"}
    assert [e for page in pages for e in page["data"]] == entries
    assert [len(p["data"]) for p in pages] == [3, 3, 1]
    confirmed = {c["path"]: (c["before"], c["after"]) for c in entries[3]["changes"]}
    assert confirmed["status"] == (21001, 21002)
    paid = {c["path"]: (c["before"], c["after"]) for c in entries[2]["changes"]}
    assert paid["amountpaid"] == (0.0, 50.0)
    assert paid["payments.1"][1]["amount"] == 50.0


def test_a_difference_is_between_two_documents(
    web: TestClient, past: tuple[Bought, list[bytes]]
) -> None:
    bought, answers = past
    paid = json.loads(answers[4])["lastupdatets"]

    by_version = bought.shown("/diff?from=4&to=5")
    by_time = web.get(bought.url("/diff"), params={"from": "4", "to": paid}).json()
    backwards = bought.shown("/diff?from=5&to=4")

    changes = {c["path"]: (c["before"], c["after"]) for c in by_version["changes"]}
    assert changes["amountpaid"] == (0.0, 50.0)
    assert changes["paymentstatus"] == (0, 1)
    assert "tickets" not in changes
    assert by_time["changes"] == by_version["changes"]
    to = by_version["to"]
    assert (to["asked"], to["version"], to["time"]) == ("5", 5, paid)
    assert by_time["to"] == to | {"asked": paid}
    assert {c["path"]: (c["after"], c["before"]) for c in backwards["changes"]} == changes
    assert bought.shown("/diff?from=5&to=5")["changes"] == []
    refused(web.get(bought.url("/diff?from=1&to=8")), 404, "not-found")


def test_the_past_of_an_order_that_never_was_is_not_found(web: TestClient) -> None:
    for path in ("/history", "/diff?from=1&to=1", "?version=1", "?at=2020-11-21T20:00:00Z"):
        refused(web.get(f"/v1/orders/999999{path}"), 404, "not-found")


def test_a_price_that_changes_later_leaves_an_order_as_it_was(web: TestClient) -> None:
    sale = on_sale(web)
    bought = sale.order()
    changed(web, sale.url(f"/contingents/{sale.contingent}"), price=99.5)

    bought.did("tickets", {"take": [sale.takes()]})

    assert [t["price"] for t in bought.shown()["tickets"]] == [25.0, 99.5]
