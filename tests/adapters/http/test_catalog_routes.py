"""`/v1/catalog/…`: what Events are sold by, and what every account starts with."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from adapters.bootstrap import bootstrap
from adapters.http.app import make_app
from adapters.settings import Settings
from application.keyring import REGISTRY_ID, hash_of
from application.unit_of_work import UnitOfWork
from domain.catalog import SalesChannel
from domain.ids import account_number
from domain.registry import AccountOpened, Registry, Role
from tests.adapters.http.talk import (
    AS,
    CATALOG,
    Json,
    Scene,
    after,
    changed,
    made,
    now,
    opened,
    paths,
    position,
    refused,
)
from tests.conftest import ACCOUNT, TOKENS

KINDS = pytest.mark.parametrize("kind", CATALOG)


def names(page: Any) -> list[tuple[int, str]]:
    return [(one["id"], one["name"]) for one in page.json()["data"]]


@KINDS
def test_a_thing_is_made_changed_archived_and_brought_back(web: TestClient, kind: str) -> None:
    new, change = Scene(web).filled([*CATALOG[kind]])
    path = f"/v1/catalog/{kind}"

    response = web.post(path, json=new)
    one = response.headers["Location"]
    patched = changed(web, one, **change, c_floor=2)
    archived = web.post(f"{one}/archive")
    hidden = web.get(path, headers=after(archived)).json()
    shown = web.get(f"{path}?includearchived=true").json()
    restored = web.post(f"{one}/restore")
    again = web.get(path, headers=after(restored)).json()

    assert response.status_code == 201
    number = response.json()["id"]
    assert one == f"{path}/{number}"
    assert (response.json() | new, response.headers["ETag"]) == (response.json(), '"1"')
    assert patched.json() | change | {"c_floor": 2, "version": 2} == patched.json()
    assert (archived.json()["isarchived"], restored.json()["isarchived"]) == (True, False)
    assert number not in [thing["id"] for thing in hidden["data"]]
    assert hidden["total"] == shown["total"] - 1
    assert archived.json() in shown["data"]
    assert restored.json() in again["data"]
    got = now(web, one)
    assert (got.content, got.headers["ETag"]) == (restored.content, '"4"')


def test_every_account_starts_with_a_small_catalog(client: TestClient) -> None:
    assert names(now(client, "/v1/catalog/saleschannels")) == [
        (1, "Desk"),
        (2, "Web"),
        (3, "External"),
    ]
    assert names(now(client, "/v1/catalog/pricetypes")) == [
        (1, "Normal"),
        (2, "Reduction"),
        (3, "Free"),
    ]
    assert names(now(client, "/v1/catalog/locktypes")) == [(1, "Hard"), (2, "Soft")]
    assert names(now(client, "/v1/catalog/paymentscenarios")) == [
        (1, "Immediate payment"),
        (2, "Bank transfer"),
        (3, "Pay later"),
    ]
    assert names(now(client, "/v1/catalog/paymentmethods")) == [
        (1, "Cash"),
        (2, "Card"),
        (3, "Bank transfer"),
    ]
    starting = {"saleschannels", "pricetypes", "locktypes", "paymentscenarios", "paymentmethods"}
    for kind in CATALOG.keys() - starting:
        page = now(client, f"/v1/catalog/{kind}").json()
        assert page == {"data": [], "next": None, "total": 0}
    assert made(client, "/v1/catalog/pricetypes", name="Students")["id"] == 4


def test_an_account_of_an_older_version_gets_its_catalog_when_the_server_starts(
    settings: Settings,
) -> None:
    book = bootstrap(settings)
    book.start_writer()
    book.execute(an_account_of_old, account=0, actor="tests")
    before = book.store.position()
    book.close()

    with opened(make_app(settings)) as client:
        page = now(client, "/v1/catalog/saleschannels")
        recorded = position(client) - before
        facts = now(client, "/v1/changes").json()["data"]
    with opened(make_app(settings)) as client:
        again = position(client) - before

    assert names(page) == [(1, "Desk"), (2, "Web"), (3, "External")]
    assert {(fact["fact"], fact["actor"]) for fact in facts} == {
        ("CatalogItemCreated", "stagebook")
    }
    assert recorded == again == len(facts) == 14


def test_an_account_of_an_older_version_gets_what_accounts_start_with_since_then(
    settings: Settings,
) -> None:
    def with_a_desk(work: UnitOfWork) -> None:
        an_account_of_old(work)
        work.load_id(SalesChannel, SalesChannel.id_of(account_number(ACCOUNT), 1)).open(
            work.metadata
        )

    book = bootstrap(settings)
    book.start_writer()
    book.execute(with_a_desk, account=0, actor="tests")
    book.close()

    with opened(make_app(settings)) as client:
        channels = now(client, "/v1/catalog/saleschannels")
        scenarios = now(client, "/v1/catalog/paymentscenarios")

    assert names(channels) == [(1, "Desk"), (2, "Web"), (3, "External")]
    assert names(scenarios) == [(1, "Immediate payment"), (2, "Bank transfer"), (3, "Pay later")]


def an_account_of_old(work: UnitOfWork) -> None:
    """An account as it was opened before there were catalogs, with a key."""
    registry = work.load_id(Registry, REGISTRY_ID)
    number = account_number(ACCOUNT)
    says = {"accountname": ACCOUNT, "account": number, "language": "en"}
    registry.trigger(AccountOpened, work.metadata, **says)
    registry.add_key(ACCOUNT, "admin", Role.ADMIN, hash_of(TOKENS[Role.ADMIN]), work.metadata)


# -- lists and languages


def test_a_list_is_of_one_kind_sorted_searched_and_paged(web: TestClient) -> None:
    path = "/v1/catalog/seatranks"
    made(web, "/v1/catalog/locktypes", name="Zed")
    numbers = [made(web, path, name=f"Zed {letter}")["id"] for letter in "cab"]
    now(web, path)

    found = web.get(f"{path}?q=ze&orderby=-name&limit=2").json()
    rest = web.get(f"{path}?q=ze&orderby=-name&limit=2&after={found['next']}").json()
    since = web.get(f"{path}?updatedsince={found['data'][1]['createdts']}&q=zed").json()

    ids = [one["id"] for one in (*found["data"], *rest["data"])]
    assert ids == [numbers[0], numbers[2], numbers[1]]
    assert (found["total"], rest["total"], rest["next"]) == (3, 3, None)
    assert [one["id"] for one in since["data"]] == [numbers[2]]


def test_a_cursor_is_of_one_kind(web: TestClient) -> None:
    cursor = now(web, "/v1/catalog/pricetypes?limit=1").json()["next"]

    answer = web.get(f"/v1/catalog/saleschannels?limit=1&after={cursor}")

    assert paths(refused(answer, 422, "invalid")) == ["after"]


@pytest.mark.parametrize("query", ["includearchived=perhaps", "orderby=typeid", "archived=true"])
def test_a_list_refuses_what_it_does_not_know(web: TestClient, query: str) -> None:
    refused(web.get(f"/v1/catalog/pricetypes?{query}"), 422, "invalid")


def test_names_are_shown_in_the_language_that_is_asked_for(web: TestClient) -> None:
    path = f"/v1/catalog/pricetypes/{made(web, '/v1/catalog/pricetypes', name='Pupils')['id']}"
    changed(web, path, translations={"namefr": "Élèves"})

    french = now(web, path, **{"Accept-Language": "fr"})
    field = made(
        web,
        "/v1/catalog/customfields",
        typeid=13003,
        key="style",
        caption="Style",
        translations={"captionfr": "Genre"},
    )
    listed = now(web, "/v1/catalog/customfields?q=style", **{"Accept-Language": "fr"})

    assert (french.json()["name"], french.headers["Content-Language"]) == ("Élèves", "fr")
    assert [one["caption"] for one in listed.json()["data"]] == ["Genre"]
    assert field["caption"] == "Style"


# -- the past


def test_the_past_of_a_thing_is_kept(web: TestClient) -> None:
    path = f"/v1/catalog/locktypes/{made(web, '/v1/catalog/locktypes', name='House')['id']}"
    first = now(web, path)
    changed(web, path, headers={"Stagebook-Reason": "Clearer"}, name="House seats")
    web.post(f"{path}/archive")

    then = web.get(f"{path}?version=1")
    at = web.get(path, params={"at": first.json()["createdts"]})
    entries = web.get(f"{path}/history").json()["data"]
    paged = web.get(f"{path}/history?limit=2").json()
    last = web.get(f"{path}/history?limit=2&after={paged['next']}").json()

    assert (then.content, then.headers["ETag"]) == (first.content, first.headers["ETag"])
    assert at.json() == first.json()
    assert [(e["version"], e["fact"], e["reason"], e["changes"]) for e in entries] == [
        (
            3,
            "CatalogItemArchived",
            None,
            [{"path": "isarchived", "before": False, "after": True}],
        ),
        (
            2,
            "CatalogItemChanged",
            "Clearer",
            [{"path": "name", "before": "House", "after": "House seats"}],
        ),
        (1, "CatalogItemCreated", None, entries[2]["changes"]),
    ]
    assert {"path": "name", "before": None, "after": "House"} in entries[2]["changes"]
    assert paged["data"] + last["data"] == entries
    refused(web.get(f"{path}?version=4"), 404, "not-found")
    refused(web.get(f"{path}?at=2020-01-01T00:00:00Z"), 404, "not-found")


# -- refusals


@pytest.mark.parametrize(
    ("kind", "body", "path"),
    [
        ("pricetypes", {}, "name"),
        ("pricetypes", {"name": None}, "name"),
        ("pricetypes", {"name": "A", "typeid": 3001}, "typeid"),
        ("pricelists", {"name": "A", "prices": {"prices": [{"prices": []}]}}, "prices.prices.0"),
        ("saleschannels", {"name": "A", "typeid": 3001}, "typeid"),
        ("saleschannels", {"name": "A", "basketseconds": 7_201}, "basketseconds"),
        ("locktypes", {"name": "A", "color": "red"}, "color"),
        ("customfields", {"typeid": 13_003}, "key"),
        ("customfields", {"key": "a"}, "typeid"),
        ("customfields", {"typeid": 13_003, "key": "a b"}, "key"),
        ("seatranks", {"name": "A", "sortorder": "1"}, "sortorder"),
        ("seatingplans", {"name": "A", "logicalplan": [[[[[[[[[1]]]]]]]]]}, "logicalplan"),
        ("customfieldvalues", {"caption": "A"}, "typeid"),
        ("customfieldvalues", {"caption": "A", "typeid": 999_999}, "typeid"),
        ("paymentscenarios", {"name": "A"}, "typeid"),
        ("trackers", {"name": "A", "type": "Poster", "saleschannelid": 2}, "type"),
        ("trackers", {"name": "A", "type": "Email", "saleschannelid": 999_999}, "saleschannelid"),
        ("contacts", {"vatnumber": "BE1"}, "lastname"),
        ("contacts", {"email": "ann"}, "email"),
        ("contacts", {"phonenumbers": [{"number": 1}]}, "phonenumbers.0.number"),
    ],
)
def test_a_body_that_is_none_is_refused_by_its_field(
    web: TestClient, kind: str, body: Json, path: str
) -> None:
    before = position(web)

    problem = refused(web.post(f"/v1/catalog/{kind}", json=body), 422, "invalid")

    assert [found[: len(path)] for found in paths(problem)] == [path]
    assert position(web) == before


def test_the_desk_stays_the_desk(web: TestClient) -> None:
    path = "/v1/catalog/saleschannels/1"

    typed = refused(web.patch(path, json={"typeid": 3002}), 422, "invalid")
    archived = refused(web.post(f"{path}/archive"), 422, "invalid")

    assert (paths(typed), paths(archived)) == (["typeid"], ["isarchived"])
    assert now(web, path).json()["isarchived"] is False


@pytest.mark.parametrize(
    ("kind", "field"), [("customfieldvalues", "typeid"), ("trackers", "saleschannelid")]
)
def test_what_a_thing_names_cannot_be_changed_to_what_is_not_there(
    web: TestClient, kind: str, field: str
) -> None:
    one = Scene(web).thing(kind)

    refusal = web.patch(f"/v1/catalog/{kind}/{one['id']}", json={field: 999_999})

    assert paths(refused(refusal, 422, "invalid")) == [field]


# -- trackers


def test_each_tracker_has_a_code_of_its_own_that_no_body_says(web: TestClient) -> None:
    body = {"name": "Spring", "type": "facebook", "saleschannelid": 2}

    first, second = [made(web, "/v1/catalog/trackers", **body) for _ in range(2)]

    assert (first["type"], first["clicks"]) == ("Facebook", 0)
    assert first["code"] != second["code"]
    for answer in (
        web.post("/v1/catalog/trackers", json={**body, "code": "me"}),
        web.patch(f"/v1/catalog/trackers/{first['id']}", json={"code": "me", "name": "Autumn"}),
    ):
        assert paths(refused(answer, 422, "invalid")) == ["code"]


# -- contacts


def test_contacts_are_for_those_who_sell(web: TestClient) -> None:
    path = "/v1/catalog/contacts"
    contact = made(web, path, firstname="Ann", lastname="Peeters", email="ann@example.org")
    one = f"{path}/{contact['id']}"
    now(web, one)

    for role, headers in AS.items():
        sells = role in {Role.SELLER, Role.EDITOR, Role.ADMIN}
        asked = [
            web.get(path, headers=headers),
            web.get(one, headers=headers),
            web.patch(one, json={"c_a": role}, headers=headers),
            web.post(path, json={"email": "b@example.org"}, headers=headers),
        ]
        answers = [answer.status_code for answer in asked]
        assert answers == ([200, 200, 200, 201] if sells else [403] * 4), role
    refused(web.post(f"{one}/archive", headers=AS[Role.SELLER]), 403, "forbidden")


@pytest.mark.parametrize("q", ["ann", "peet", "concert", "ann%40ex"])
def test_a_contact_is_found_by_what_it_is_called(web: TestClient, q: str) -> None:
    said = {"firstname": "Ann", "lastname": "Peeters", "company": "Concertgebouw"}
    contact = made(web, "/v1/catalog/contacts", email="ann@example.org", **said)

    found = now(web, f"/v1/catalog/contacts?q={q}&orderby=-id&limit=1").json()["data"]

    assert found == [contact]


def test_an_id_of_another_kind_or_account_names_nothing(web: TestClient) -> None:
    rank = made(web, "/v1/catalog/seatranks", name="Balcony")
    other = {"Authorization": "Bearer sb_admin-token-other"}
    now(web, "/v1/catalog/seatranks")

    for path in (f"/v1/catalog/pricetypes/{rank['guid']}", "/v1/catalog/seatranks/999999"):
        refused(web.get(path), 404, "not-found")
        refused(web.patch(path, json={"name": "A"}), 404, "not-found")
        refused(web.post(f"{path}/archive"), 404, "not-found")
    refused(web.get(f"/v1/catalog/seatranks/{rank['guid']}", headers=other), 404, "not-found")
    refused(web.get("/v1/catalog/prices"), 404, "no-such-path")
    assert now(web, f"/v1/catalog/seatranks/{rank['guid']}").json() == rank
