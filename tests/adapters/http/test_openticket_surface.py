"""The OpenTicket surface beside its documents: spellings of paths and tokens, errors, links."""

import pytest
from fastapi.testclient import TestClient

from domain.registry import Role
from tests.adapters.http.openticket_shop import WEB_SHOP, Sale, Visitor, done
from tests.conftest import TOKENS

NOBODY = "0f8fad5b-d9cb-469f-a165-70867728950e"
PLACE = {"name": "Hall", "capacity": 100, "address": "Kerkstraat 1"}


@pytest.fixture
def visitor(web: TestClient) -> Visitor:
    return Visitor(web)


@pytest.mark.parametrize("path", ["/location", "/location/", "/3.0.0/location", "/3.0.0/location/"])
def test_a_path_is_found_with_a_slash_at_its_end_and_with_its_version(
    web: TestClient, path: str
) -> None:
    made = done(web.post(path, json=PLACE))

    assert done(web.get(f"{path.rstrip('/')}/{made['guid']}/"))["guid"] == made["guid"]


@pytest.mark.parametrize("version", ["/3.0.0/storefront", "/storefront/3.0.0", "/storefront"])
@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_a_ticket_is_reserved_at_every_spelling_by_every_method(
    web: TestClient, visitor: Visitor, version: str, slash: str, method: str
) -> None:
    sale = Sale(web)

    path = f"{version}/{WEB_SHOP}/reserve/ticket/{sale.tickets[0]}{slash}"
    held = done(visitor.ask(method, path))

    assert (held["ticket"], held["price"]) == (sale.tickets[0], 2500)


@pytest.mark.parametrize("before", ["", "Bearer ", "bearer  "])
def test_a_token_is_taken_with_and_without_the_word_bearer(web: TestClient, before: str) -> None:
    token = {"Authorization": f"{before}{TOKENS[Role.VIEWER]}"}

    assert web.get("/location", headers=token).status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic dTpw", "nobody", "a b"])
def test_what_is_no_token_is_refused(web: TestClient, header: str) -> None:
    answer = web.get("/location", headers={"Authorization": header})

    assert (answer.status_code, answer.json()["status_code"]) == (401, 401)
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/event/a/b/c/d"),
        ("GET", "/3.0.0"),
        ("GET", "/3.0.0/nothing/here"),
        ("POST", "/storefront"),
        ("GET", f"/storefront/{NOBODY}/data"),
        ("GET", f"/storefront/3.0.0/{NOBODY}/nothing"),
        ("GET", f"/event/{NOBODY}/tickets"),
        ("PURGE", "/3.0.0/nothing"),
    ],
)
def test_an_unknown_path_is_told_in_the_vendors_words(
    web: TestClient, method: str, path: str
) -> None:
    answer = web.request(method, path)

    said = answer.json()
    assert (answer.status_code, said["status_code"], said["error_code"]) == (404, 404, "not-found")
    assert said["error_description"].startswith("there is no ")


@pytest.mark.parametrize("prefix", ["", "/3.0.0"])
@pytest.mark.parametrize("method", ["PATCH", "TRACE", "PURGE", "DELETE"])
def test_an_unknown_method_says_which_there_are(web: TestClient, prefix: str, method: str) -> None:
    answer = web.request(method, f"{prefix}/event")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert answer.json() == {
        "error_code": "method-not-allowed",
        "error_description": f"there is no {method} {prefix}/event: send GET",
        "status_code": 405,
    }


def test_paths_of_other_surfaces_are_not_answered_in_this_ones_words(web: TestClient) -> None:
    assert web.get("/v1/nothing").headers["content-type"] == "application/problem+json"
    assert web.get("/elsewhere").headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("latitude", [86, "-85.5", 90])
def test_a_latitude_beyond_85_degrees_is_refused(web: TestClient, latitude: float | str) -> None:
    answer = web.post("/location", json=PLACE | {"latitude": latitude})

    assert answer.status_code == 406
    assert answer.json()["fields"] == {"latitude": ["expected -85 to 85 degrees"]}


def test_the_poles_are_on_the_native_surface_and_can_be_sent_back(web: TestClient) -> None:
    pole = done(web.post("/v1/locations", json={"name": "Pole", "lat": 90}), 201)
    path = f"/location/{pole['guid']}"

    read = done(web.get(path))
    changed = done(web.put(path, json=read | {"name": "North Pole"}))

    assert (changed["latitude"], changed["name"]) == (90, "North Pole")
    assert web.put(path, json={"latitude": 89}).status_code == 406
    assert done(web.put(path, json={"latitude": -85}))["latitude"] == -85


def test_what_is_sold_is_counted_by_type(web: TestClient, visitor: Visitor) -> None:
    floor, club = {"name": "Floor", "amount": 5, "price": 25}, {"name": "Club", "price": 5}
    sale = Sale(web, floor, club | {"amount": None})
    held = [visitor.reserve(ticket) for ticket in (sale.tickets[0], *sale.tickets)]
    done(visitor.order(*held[:2]))

    stats = done(web.post(f"/event/{sale.guid}/salesstats", json={}))

    counted = {n: stats[n] for n in ("guid", "sold", "pending", "reserved")}
    assert counted == {"guid": sale.guid, "sold": 0, "pending": 2, "reserved": 1}
    first, second = stats["ticket_types"]
    assert first == {
        "guid": sale.tickets[0],
        "name": "Floor",
        "sold": 0,
        "pending": 2,
        "reserved": 0,
        "available": 3,
    }
    assert (second["name"], second["reserved"], second["available"]) == ("Club", 1, None)


def test_what_is_paid_is_in_the_sold_count_of_its_ticket(web: TestClient) -> None:
    sale = Sale(web)
    take = {"eventid": sale.number, "contingentid": sale.lots[0], "amount": 2}
    order = done(web.post("/v1/orders", json={"saleschannelid": 2, "take": [take]}), 201)
    done(web.post(f"/v1/orders/{order['id']}/confirm"))
    done(web.post(f"/v1/orders/{order['id']}/payments", json={"amount": 50}))

    ticket = done(web.get(f"/ticket/{sale.tickets[0]}"))

    assert [ticket[f"{n}_count"] for n in ("sold", "pending", "reserved")] == [2, 0, 0]
    stats = done(web.post(f"/event/{sale.guid}/salesstats"))
    assert (stats["sold"], stats["ticket_types"][0]["sold"]) == (2, 2)


def test_a_shop_and_a_tracker_have_links_that_lead_there(web: TestClient, visitor: Visitor) -> None:
    shop = done(web.post("/shop", json={"name": "Ours"}))
    shop = done(web.get(f"/shop/{shop['guid']}"))
    body = {"shop_id": shop["guid"], "name": "Spring", "type": "email"}
    body |= {"extra_url_parameters": "utm_medium=post"}
    tracker = done(web.get(f"/trackers/{done(web.post('/trackers', json=body))['guid']}"))

    followed = visitor.ask("GET", tracker["url"], follow_redirects=False)

    assert done(visitor.ask("GET", shop["url"]))["shops"][0]["guid"] == shop["guid"]
    assert followed.status_code == 302
    said = f"?tracker={tracker['code']}&utm_medium=post"
    assert followed.headers["location"] == shop["url"] + said
    assert done(web.get(f"/trackers/{tracker['guid']}"))["clicks"] == 1
    assert done(visitor.ask("GET", followed.headers["location"]))["shops"]


def test_a_link_of_nothing_leads_nowhere(web: TestClient, visitor: Visitor) -> None:
    assert visitor.ask("GET", f"/storefront/{WEB_SHOP}/t/0123456789abcdef").status_code == 404
    assert visitor.ask("GET", f"/storefront/{NOBODY}/t/0123456789abcdef").status_code == 404


@pytest.mark.parametrize("prefix", ["/storefront", "/3.0.0/storefront", "/storefront/3.0.0"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_a_page_of_any_origin_talks_to_the_storefront(
    web: TestClient, visitor: Visitor, prefix: str, method: str
) -> None:
    origin = {"Origin": "https://shop.example"}
    asks = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "x-any"}
    path = f"{prefix}/{WEB_SHOP}/reserve/ticket/{Sale(web).tickets[0]}"

    preflight = visitor.ask("OPTIONS", path, headers=origin | asks)
    answer = visitor.ask(method, path, headers=origin)
    unknown = visitor.ask("GET", f"{prefix}/{NOBODY}/data", headers=origin)

    assert [a.status_code for a in (preflight, answer, unknown)] == [200, 200, 404]
    for one in (preflight, answer, unknown):
        assert one.headers["access-control-allow-origin"] == "*"
