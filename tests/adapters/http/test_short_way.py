"""The short way, word for word: what must work so on a new account."""

from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from adapters.bootstrap import bootstrap
from adapters.http.app import make_app
from adapters.settings import Settings
from application.keyring import NewKey, adding_key
from domain.registry import Role
from tests.adapters.http.selling import JSON, filled
from tests.adapters.http.talk import Json, after, made, now, opened, paths, position, refused
from tests.conftest import TOKENS

LOCATION = '{"name": "Concert hall"}'
EVENT = (
    '{"name": "Live", "locationid": 1, '
    '"startts": "2031-05-01T20:00:00Z", "endts": "2031-05-01T23:00:00Z"}'
)
STANDING = '{"name": "Standing", "amount": 10000, "price": 25.00}'
TWO = '{"saleschannelid": 2, "take": [{"eventid": %d, "contingentid": %d, "amount": 2}]}'


def sent(client: TestClient, path: str, body: str = "") -> Response:
    response = client.post(path, content=body, headers=JSON)
    assert response.status_code in (200, 201), response.text
    return response


def counted(client: TestClient, event: int, written: Response) -> Json:
    """The counters of the one contingent, in a read behind what was written."""
    response = client.get(f"/v1/events/{event}/availability", headers=after(written))
    shown = response.json()
    (lot,) = shown["contingents"]
    assert {n: lot[n] for n in lot if n in shown["total"]} == shown["total"]
    assert shown["dates"] == []
    return filled(lot)


def test_the_short_way_works_as_it_is_written(client: TestClient) -> None:
    sent(client, "/v1/locations", LOCATION)
    event = sent(client, "/v1/events", EVENT).json()["id"]

    contingent = sent(client, f"/v1/events/{event}/contingents", STANDING)
    assert contingent.status_code == 201
    lot = contingent.json()["id"]
    assert contingent.headers["Location"] == f"/v1/events/{event}/contingents/{lot}"
    assert counted(client, event, contingent) == {"free": 10_000}

    published = sent(client, f"/v1/events/{event}/publish")
    assert (published.status_code, published.json()["currentstatus"]) == (200, 19002)

    taken = sent(client, "/v1/orders", TWO % (event, lot))
    assert taken.status_code == 201
    order = taken.json()
    assert taken.headers["Location"] == f"/v1/orders/{order['id']}"
    assert b'"price":25.0,' in taken.content or b'"price":25.0}' in taken.content
    assert [(t["eventid"], t["contingentid"], t["price"]) for t in order["tickets"]] == [
        (event, lot, 25.0),
        (event, lot, 25.0),
    ]
    assert len({t["id"] for t in order["tickets"]}) == 2
    assert (order["status"], order["totalamount"], order["amountpaid"]) == (21001, 50.0, 0.0)
    assert order["guid"]
    assert order["createdts"] < order["expiryts"]
    assert counted(client, event, taken) == {"free": 9_998, "reserved": 2}

    confirmed = sent(client, f"/v1/orders/{order['id']}/confirm")
    assert (confirmed.json()["status"], confirmed.json()["expiryts"]) == (21002, None)
    assert counted(client, event, confirmed) == {"free": 9_998, "sold_unpaid": 2}

    paid = sent(client, f"/v1/orders/{order['id']}/payments", '{"amount": 50.00}')
    assert (paid.json()["amountpaid"], paid.json()["paymentstatus"]) == (50.0, 1)
    assert counted(client, event, paid) == {"free": 9_998, "sold_paid": 2}

    assert client.get(f"/v1/orders/{order['id']}", headers=after(paid)).content == paid.content
    total = now(client, f"/v1/events/{event}/availability").json()["total"]
    assert total["percentsold"] == 0.02


def test_what_was_just_made_is_taken_without_naming_its_event(client: TestClient) -> None:
    sent(client, "/v1/locations", LOCATION)
    event = sent(client, "/v1/events", EVENT).json()["id"]
    sent(client, f"/v1/events/{event}/contingents", STANDING)
    sent(client, f"/v1/events/{event}/publish")

    for way in ("contingentid", "tickettypepriceid", "tickets"):
        lot = sent(client, f"/v1/events/{event}/contingents", STANDING).json()["id"]
        wanted: Json = {
            "contingentid": lot,
            "tickettypepriceid": lot * 1_000_000 + 1,
            "tickets": [lot * 100_000_000 + 7],
        }
        order = made(client, "/v1/orders", saleschannelid=2, take=[{way: wanted[way]}])

        (ticket,) = order["tickets"]
        assert (ticket["eventid"], ticket["contingentid"]) == (event, lot), way


def test_without_a_take_the_order_is_empty(client: TestClient) -> None:
    answer = sent(client, "/v1/orders", '{"saleschannelid": 1}')

    order = answer.json()
    assert answer.status_code == 201
    assert (order["tickets"], order["totalamount"], order["status"]) == ([], 0.0, 21001)
    assert now(client, f"/v1/orders/{order['id']}/tickets").json() == {
        "data": [],
        "next": None,
        "total": 0,
    }


@pytest.mark.parametrize(
    ("currency", "price", "too_precise", "total"),
    [
        ("EUR", "25.10", "25.101", b"50.2"),
        ("JPY", "2500", "2500.5", b"5000"),
        ("KWD", "2.505", "2.5055", b"5.01"),
    ],
)
def test_money_has_the_digits_of_the_account_s_currency(
    tmp_path: Path, currency: str, price: str, too_precise: str, total: bytes
) -> None:
    lot = '{"amount": 10, "price": %s}'
    with an_account_in(currency, tmp_path) as client:
        sent(client, "/v1/locations", LOCATION)
        sent(client, "/v1/events", EVENT)
        before = position(client)
        refusal = client.post("/v1/events/1/contingents", content=lot % too_precise, headers=JSON)
        refused(refusal, 422, "invalid")
        assert position(client) == before
        number = sent(client, "/v1/events/1/contingents", lot % price).json()["id"]
        sent(client, "/v1/events/1/publish")

        order = sent(client, "/v1/orders", TWO % (1, number))
        place = order.headers["Location"]
        sent(client, f"{place}/confirm")
        too_much = client.post(
            f"{place}/payments", content=b'{"amount": %s}' % too_precise.encode(), headers=JSON
        )
        paid = sent(client, f"{place}/payments", f'{{"amount": {total.decode()}}}')

    assert b'"totalamount":%s,"amountpaid":0' % total in order.content
    assert paths(refused(too_much, 422, "invalid")) == ["amount"]
    assert b'"amountpaid":%s,"currency":"%s","paymentstatus":1' % (total, currency.encode()) in (
        paid.content
    )


def an_account_in(currency: str, folder: Path) -> AbstractContextManager[TestClient]:
    settings = Settings(store=str(folder), view_wait=60)
    token = TOKENS[Role.ADMIN]
    book = bootstrap(settings)
    book.start_writer()
    key = adding_key(NewKey("house", Role.ADMIN, currency=currency), token)
    book.execute(key, account=0, actor="tests")
    book.close()
    return opened(make_app(settings))
