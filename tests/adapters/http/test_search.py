"""Finding things on both stores: by words however they are written, by codes, orders by their
buyers; and how lists are sorted, shortened and compressed."""

import gzip
import unicodedata
from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.registry import Role
from tests.adapters.http.selling import DESK, WEB, Bought, ok, on_sale
from tests.adapters.http.talk import Json, a_location, changed, made, now, refused
from tests.conftest import TOKENS


def listed(client: TestClient, path: str, **query: Any) -> list[Json]:
    page: Json = now(client, str(client.build_request("GET", path, params=query).url)).json()
    assert page["total"] == len(page["data"])
    return list(page["data"])


def named(client: TestClient, path: str, **query: Any) -> list[str]:
    return [document["name"] for document in listed(client, path, **query)]


def test_a_name_is_found_without_accents_case_and_punctuation(client: TestClient) -> None:
    place = a_location(client, name="L'Étoile")["id"]
    for name in ("Beyoncé", "(Live) in Gent"):
        made(client, "/v1/events", name=name, locationid=place, tags=["Été"])

    assert named(client, "/v1/locations", q="étoile") == ["L'Étoile"]
    for written in ("Beyoncé", unicodedata.normalize("NFD", "Beyoncé"), "beyonce", "BEY"):
        assert named(client, "/v1/events", q=written) == ["Beyoncé"]
    assert named(client, "/v1/events", q="live gent") == ["(Live) in Gent"]
    assert named(client, "/v1/events", q="live brugge") == []
    decomposed = unicodedata.normalize("NFD", "Été")
    assert named(client, "/v1/events", tag=decomposed) == ["Beyoncé", "(Live) in Gent"]


def test_names_are_sorted_as_people_expect_page_by_page(client: TestClient) -> None:
    for name in ("Zoe", "Éric", "Fado", "Eric", "eric"):
        a_location(client, name=name)
    query, names = "/v1/locations?orderby=name&limit=2", []
    page = now(client, query).json()
    while True:
        names += [location["name"] for location in page["data"]]
        if page["next"] is None:
            break
        page = now(client, f"{query}&after={page['next']}").json()

    assert names == ["eric", "Eric", "Éric", "Fado", "Zoe"]


def test_an_event_is_found_by_its_codes(client: TestClient) -> None:
    place = a_location(client)["id"]
    one = made(client, "/v1/events", name="One", locationid=place, externalcode="ext 1/é")
    made(client, "/v1/events", name="Two", locationid=place, externalcode="ext 10")

    assert named(client, "/v1/events", externalcode="ext 1/é") == ["One"]
    assert named(client, "/v1/events", externalcode="ext 1") == []
    assert named(client, "/v1/events", q="ext 10") == ["Two"]
    changed(client, f"/v1/events/{one['id']}", externalcode=None)
    assert named(client, "/v1/events", externalcode="ext 1/é") == []


def test_an_order_is_found_by_its_buyer_and_by_the_names_on_its_tickets(
    client: TestClient,
) -> None:
    sale = on_sale(client)
    ann = made(client, "/v1/catalog/contacts", firstname="Ann", lastname="Peeters", email="A@x.be")
    bob = made(client, "/v1/catalog/contacts", company="Bob & Zoë", email="bob@x.be")
    orders = [ok(sale.ask(sale.takes(), saleschannelid=channel)) for channel in (DESK, WEB, DESK)]
    for order, buyer in zip(orders[:2], (ann, bob), strict=True):
        changed(client, f"/v1/orders/{order['id']}", customerid=buyer["id"])
    holder = {"id": orders[2]["tickets"][0]["id"], "ticketname": "Eve Peeters"}
    Bought(client, orders[2]["id"]).did("tickets/holders", {"tickets": [holder]})

    def found(**query: Any) -> list[int]:
        numbers = [order["id"] for order in orders]
        return [numbers.index(d["id"]) for d in listed(client, "/v1/orders", **query)]

    assert found(q="ann pee") == [0]
    assert found(q="peeters") == [0, 2]
    assert found(q="zoe") == [1]
    assert found(q="A@x") == [0]
    assert found(q="nobody") == []
    assert found(q=str(orders[1]["id"])) == [1]
    assert found(q="peeters", saleschannelid=DESK, status=21001) == [0, 2]
    assert found(email="a@X.be") == [0]
    assert found(email="a@x") == []
    assert found(createdsince=orders[1]["createdts"], createduntil=orders[1]["createdts"]) == [1]
    viewer = {"Authorization": f"Bearer {TOKENS[Role.VIEWER]}"}
    for query in ("q=ann", "email=a@x.be"):
        refused(client.get(f"/v1/orders?{query}", headers=viewer), 403, "forbidden")


def test_a_list_shows_only_the_fields_that_are_asked_for(client: TestClient) -> None:
    a_location(client, name="Hall", c_floor=2)

    shown = listed(client, "/v1/locations", fields="name,c_floor", q="hall")

    assert shown == [{"id": 1, "name": "Hall", "c_floor": 2}]
    problem = refused(client.get("/v1/locations?fields=name,nmae"), 422, "invalid")
    assert problem["errors"][0]["path"] == "fields"
    assert "'nmae'" in problem["detail"]


@pytest.mark.parametrize(
    ("accepted", "is_compressed"),
    [("gzip", True), ("br, gzip;q=0.5", True), ("*", True), ("gzip;q=0", False), ("br", False)],
)
def test_a_list_is_compressed_for_who_takes_it(
    web: TestClient, *, accepted: str, is_compressed: bool
) -> None:
    a_location(web, description="long " * 1_000)
    now(web, "/v1/locations")

    with web.stream("GET", "/v1/locations", headers={"Accept-Encoding": accepted}) as answer:
        body = b"".join(answer.iter_raw())

    assert (answer.headers.get("content-encoding") == "gzip") is is_compressed
    assert len(body) == int(answer.headers["content-length"])
    assert b"long long" in (gzip.decompress(body) if is_compressed else body)
    assert "Accept-Encoding" in answer.headers["vary"]
