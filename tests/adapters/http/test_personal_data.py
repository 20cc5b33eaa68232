"""Who sees what: every route that answers a GET, on every surface, asked by every role, is searched
for values that say who somebody is or let somebody in."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from adapters.http.auth import DATA, ROLE_PERMISSIONS, Permission
from adapters.http.v1.order_documents import HeldTicket
from domain.contact import ContactFields
from domain.ids import Kind, account_number, guid
from domain.outside import WITHHELD, personal_fields
from domain.registry import Role
from tests.adapters.http.talk import END, START
from tests.adapters.http.vendors import SECRET, Served
from tests.conftest import ACCOUNT_ROLES
from tests.followers import changes, following

PLANTED = {
    "firstname": "Plantedfirst",
    "middlename": "Plantedmiddle",
    "lastname": "Plantedlast",
    "company": "Plantedcompany",
    "organizationfunction": "Plantedfunction",
    "vatnumber": "PLANTEDVAT1",
    "email": "planted@example.org",
    "phonenumbers": [{"number": "+32 999 PLANTED"}],
    "addresses": [{"street1": "Plantedstreet"}],
    "birthdate": "1931-03-07",
    "sex": "PLANTEDSEX",
    "c_planted": "Plantedcustom",
}
NAMED, BARCODE = "Plantedholder", "PLANTEDBARCODE"
SECRETS = (
    *(value for value in PLANTED.values() if isinstance(value, str)),
    "+32 999 PLANTED",
    "Plantedstreet",
    NAMED,
    BARCODE,
)
Json = dict[str, Any]


@dataclass
class House:
    """An account with a key of every role for every surface, and with somebody in it."""

    served: Served
    name: str
    tokens: dict[Role, dict[str, str]] = field(default_factory=dict)
    pairs: dict[Role, tuple[str, str]] = field(default_factory=dict)
    ids: dict[str, Any] = field(default_factory=dict)
    generated: str = ""

    def post(self, path: str, method: str = "POST", **body: Any) -> Any:
        answer = self.served.http.request(method, path, json=body, headers=self.tokens[Role.ADMIN])
        assert answer.is_success, answer.text
        return answer.json()

    def get(self, path: str, role: Role, **headers: str) -> httpx.Response:
        at = {"Stagebook-After": str(self.served.book.store.position())}
        signed = path.startswith("/api/")
        principal = {} if signed else self.tokens[role]
        auth = self.pairs[role] if signed else None
        return self.served.http.get(path, headers={**at, **principal, **headers}, auth=auth)

    @property
    def secrets(self) -> tuple[str, ...]:
        return (*SECRETS, self.generated)

    def seen(self, answer: httpx.Response) -> list[str]:
        """What the answer tells, in bytes as they are."""
        text = answer.text + json.dumps(dict(answer.headers))
        return [secret for secret in self.secrets if secret in text]


@pytest.fixture(scope="module")
def house(served: Served) -> House:
    house = House(served, "personal")
    for role in Role:
        house.tokens[role] = served.token(house.name, role, name=f"{role} token")
    for role in ACCOUNT_ROLES:
        client = served.client(house.name, role, name=f"{role} pair")
        house.pairs[role] = (client.access_key, SECRET)
    place = house.post("/v1/locations", name="Hall")
    event = house.post("/v1/events", name="Live", locationid=place["id"], startts=START, endts=END)[
        "id"
    ]
    date = house.post(f"/v1/events/{event}/dates", start=START, end=END)["id"]
    lot = house.post(f"/v1/events/{event}/contingents", name="Floor", amount=9, price=25)["id"]
    house.post(f"/v1/events/{event}/publish")
    contact = house.post("/v1/catalog/contacts", **PLANTED)["id"]
    house.post(f"/v1/catalog/contacts/{contact}", "PATCH", firstname="Plantedfirst the second")
    take = [{"contingentid": lot, "amount": 2}]
    order = house.post("/v1/orders", saleschannelid=2, take=take)
    first, second = (ticket["id"] for ticket in order["tickets"])
    path = f"/v1/orders/{order['id']}"
    house.post(path, "PATCH", customerid=contact)
    house.post(f"{path}/tickets/holders", tickets=[{"id": first, "ticketname": NAMED}])
    house.post(f"/v1/events/{event}/tickets", "PATCH", tickets=[{"id": first, "barcode": BARCODE}])
    house.post(f"{path}/confirm")
    held = house.get(f"{path}/tickets", Role.ADMIN).json()["data"]
    house.generated = next(ticket["barcode"] for ticket in held if ticket["id"] == second)
    account = account_number(house.name)
    house.ids = {
        "event": event,
        "location": place["id"],
        "order": order["id"],
        "contact": contact,
        "date": date,
        "lot": lot,
        "guids": {
            "event": str(guid(account, Kind.EVENT, event)),
            "location": place["guid"],
            "eventdate": str(guid(account, Kind.DATE, date)),
            "ticket": str(guid(account, Kind.CONTINGENT, lot)),
            "shop": str(guid(account, Kind.SALES_CHANNEL, 2)),
        },
    }
    return house


@pytest.fixture(scope="module")
def openapi(served: Served) -> Json:
    document: Json = served.app.openapi()
    return document


PASTS = ("version=1", "version=2", "at=2999-01-01T00:00:00Z", "position={newest}")
"""What asks a route for its past, where it can be asked."""


def urls(house: House, openapi: Json) -> Iterator[str]:
    """Every GET there is, now and then, with the ids of this house."""
    newest = house.served.book.store.position()
    for path, operations in openapi["paths"].items():
        if "get" not in operations:
            continue
        url = filled(house, path)
        names = {p["name"] for p in operations["get"].get("parameters", ()) if p["in"] == "query"}
        yield url
        if "version" in names:
            yield from (f"{url}?{past.format(newest=newest)}" for past in PASTS)
        if "from" in names and url.endswith("/diff"):
            yield f"{url}?from=1"
        if "limit" in names:
            yield f"{url}?limit=1000" if url.startswith("/v1") else f"{url}?limit=100"
        if "output" in names:
            yield f"{url}?output=withlookup"
        if "email" in names and "contacts/0" in url:
            yield f"{url}?email=planted@example.org"
        if "lastupdatesince" in names:
            yield f"{url}?lastupdatesince=2020-01-01T00:00:00"


def filled(house: House, path: str) -> str:
    """The path with ids in it, each of the kind of thing that stands before it."""

    def of(match: re.Match[str]) -> str:
        name, before = match[1], path[: match.start()]
        if name == "accountname":
            return house.name
        if name == "guid":
            sort = before.strip("/").split("/")[0]
            return str(house.ids["guids"].get(sort, house.ids["guids"]["event"]))
        if name == "shop":
            return str(house.ids["guids"]["shop"])
        if name in ("dateid", "contingentid"):
            return str(house.ids["date" if name == "dateid" else "lot"])
        for kind in ("contact", "order", "location", "event"):
            if f"{kind}s/" in before and "catalog" not in before.replace("catalog/contacts", ""):
                return str(house.ids[kind])
        return "1"

    return re.sub(r"{(\w+)}", of, path)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_nothing_personal_is_shown_to_whom_it_is_not_for(
    house: House, openapi: Json, role: Role
) -> None:
    asked = [*dict.fromkeys(urls(house, openapi))]
    answers = {url: house.get(url, role) for url in asked}

    assert {url: told for url, answer in answers.items() if (told := house.seen(answer))} == {}
    good = [url for url, answer in answers.items() if answer.status_code == 200]
    assert len(good) > 100
    if role == Role.AUDITOR:
        hidden = [url for url in good if WITHHELD in answers[url].text]
        assert {url.partition("?")[0] for url in hidden} >= {
            "/v1/changes",
            f"/v1/orders/{house.ids['order']}",
            f"/v1/orders/{house.ids['order']}/history",
            f"/v1/orders/{house.ids['order']}/tickets",
            f"/v1/events/{house.ids['event']}/tickets",
            f"/v1/events/{house.ids['event']}/history",
            f"/v1/catalog/contacts/{house.ids['contact']}/history",
            f"/api/1/{house.name}/eventstream",
            f"/api/1/{house.name}/orders/{house.ids['order']}",
            f"/api/1/{house.name}/events/{house.ids['event']}/tickets",
        }


def test_an_operator_of_the_store_sees_nothing_of_an_account(house: House, openapi: Json) -> None:
    asked = [url for url in urls(house, openapi) if not url.startswith("/api/")]
    private = [url for url in asked if house.served.http.get(url).status_code == 401]

    shown = {url for url in private if house.get(url, Role.OPERATOR).status_code == 200}

    assert len(private) > 100
    assert shown == {"/v1/projections"}


@pytest.mark.parametrize("role", [Role.SELLER, Role.EDITOR, Role.ADMIN])
def test_those_who_sell_see_who_buys(house: House, openapi: Json, role: Role) -> None:
    told: set[str] = set()
    for url in dict.fromkeys(urls(house, openapi)):
        answer = house.get(url, role)
        told.update(house.seen(answer))
        assert WITHHELD not in answer.text, url

    assert told == {*house.secrets}


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMIN])
def test_the_stream_of_changes_shows_what_the_page_does(house: House, role: Role) -> None:
    page = house.get("/v1/changes?limit=1000", role).json()["data"]
    token = house.tokens[role]["Authorization"].removeprefix("Bearer ")

    with following(house.served.port, "/v1/changes", token) as told:
        streamed = [one.data for one in islice(changes(told), len(page))]

    assert streamed == page


QUESTIONS = ("select * from tm.contact", "select * from tm.order", "select * from tm.ticket")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("tool", ["queries", "queries/export"])
def test_no_question_in_sql_tells_it(house: House, role: Role, question: str, tool: str) -> None:
    path, pair = f"/api/1/{house.name}/tools/{tool}", house.pairs[role]

    answer = house.served.http.post(path, json={"query": question, "limit": 100}, auth=pair)

    assert house.seen(answer) == []


def test_a_matrix_of_roles_says_who_sees_what() -> None:
    shown = {
        data: {role.value for role in Role if need in ROLE_PERMISSIONS[role]}
        for data, need in DATA.items()
    }

    assert [*shown.values()] == [
        {"viewer", "seller", "editor", "auditor", "admin"},
        {"seller", "editor", "admin"},
        {"editor", "auditor", "admin"},
        {"auditor", "admin"},
        {"admin"},
        {"admin"},
        {"auditor", "admin", "operator"},
        {"operator"},
    ]
    assert Permission.PERSONAL in DATA.values()


def test_what_is_personal_is_marked_where_it_is_declared() -> None:
    def names(model: type[BaseModel]) -> set[str]:
        return {*personal_fields(model)}

    assert names(ContactFields) >= PLANTED.keys() - {"c_planted"}
    assert names(HeldTicket) == {"barcode", "ticketname"}
