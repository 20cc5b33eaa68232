"""What fuzzing knows: what there is, how each surface is asked, what every answer must be."""

import json
import random
import re
from typing import Any

import requests
import schemathesis
from fastapi.testclient import TestClient
from schemathesis import Case
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.specs.openapi import checks

from domain.ids import Kind, account_number, guid
from domain.offers import price_id
from domain.registry import Role
from tests.adapters.http.talk import (
    CATALOG,
    COMMANDS,
    MORE,
    MOVES,
    SALES,
    Json,
    Scene,
    changed,
    made,
)
from tests.conftest import ACCOUNT, TOKENS

ACCESS_KEY, SECRET = "ak", "sk"
BASIC = {"Authorization": "Basic YWs6c2s="}
TOKEN = {"Authorization": f"Bearer {TOKENS[Role.ADMIN]}"}
CHECKS: list[CheckFunction] = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
SEGMENTS = {
    **{name: name for name in CATALOG},
    **dict.fromkeys(("events", "event"), "event"),
    **dict.fromkeys(("locations", "location", "eventlocations"), "location"),
    **dict.fromkeys(("dates", "eventdate"), "date"),
    **dict.fromkeys(("contingents", "ticket", "tickets"), "contingent"),
    "shop": "saleschannels",
    "storefront": "shop",
    "orders": "order",
    "order": "reservation",
    "webhook": "webhook",
}
"""What the id behind that part of a path is of."""
LINES = "application/x-ndjson"
KNOWN, AT_HOME, ALONE, FITTING = 0.7, 0.95, 0.8, 0.3
"""How often a value is one that means something here, how often an account is the caller's, how
often optional headers stay out, and how often a whole body is one that fits."""
HOOK = {"name": "Mirror", "url": "http://127.0.0.1:9/", "resource": "event", "trigger": "update"}
SAID = {
    "currency": ["EUR"],
    "locale": ["nl_NL"],
    "timezone": ["Europe/Brussels"],
    "url": [HOOK["url"]],
    "resource": ["event", "ticket"],
    "trigger": ["create", "update"],
    "status": [19001, 19002],
    "amount": [2, 10],
    "email": ["ann@example.org"],
    **{key: [10] for key in ("price", "min_price", "available_stock", "capacity")},
    **{key: ["2999-11-21T20:00:00Z"] for key in ("start", "startts")},
    **{key: ["2999-11-21T22:00:00Z"] for key in ("end", "endts")},
    **{key: [1] for key in ("pricetypeid", "locktypeid", "seatrankid", "pricelistid")},
    "from": ["1"],
    "to": ["2"],
    "step": ["3600"],
    "version": ["1"],
    "limit": ["5"],
    "offset": ["0"],
    "orderby": ["name", "createdts", "startts"],
    "simplefilter": ['{"status": [19001, 19002]}', "{}"],
    "context": ['{"saleschannelid": 2}'],
    "filter": [
        "SELECT id FROM tm.event",
        "SELECT id FROM tm.order",
        "SELECT id FROM conf.pricetype",
    ],
    "query": ["SELECT id, name FROM tm.event"],
    **{key: ["2026-01-01T00:00:00"] for key in ("lastupdatesince", "ts")},
}

NAMED = re.compile("{(" + "|".join(("location", "empty", "event", "order", *CATALOG)) + ")}")
GROUPS = ("settings/pricing", "settings/ticketsales", "settings/system", "settings/seatingplans")
FEW: Json = {"ticketids": ["{free}"]}
EXAMPLES: dict[tuple[str, str], Json] = {
    **{
        (
            route.method,
            NAMED.sub("{id}", route.path).replace("{contingent}", "{contingentid}"),
        ): route.body
        for route in (*COMMANDS, *SALES, *MOVES)
        if route.body
    },
    **{("POST", f"/v1/catalog/{kind}"): new for kind, (new, _) in CATALOG.items()},
    **{("POST", f"/{group}/{kind}"): CATALOG[kind][0] for group in GROUPS for kind in CATALOG},
    ("PUT", "/events/{id}/tickets/lock"): {"locktypeid": 1, **FEW},
    ("PUT", "/events/{id}/tickets/unlock"): FEW,
    ("PUT", "/events/{id}/tickets/seatrank"): {"seatrankid": None, **FEW},
    ("PUT", "/orders/{id}/tickets"): {
        "operation": "setticketholders",
        "tickets": ["{ticket}"],
        "params": {"ticketholderids": ["{contacts}"]},
    },
    ("POST", "/orders/{id}/payments"): {"amount": 5, "paymentmethodid": 1},
    ("POST", "/event/{guid}/ticket"): {"name": "Floor", "vat_percentage": 21, "min_price": 2500},
}
"""A body of some operations that does what it asks for."""

schemathesis.deserializer("text/plain", LINES)(lambda _, answer: json.loads(answer.content))


class Fuzzed:
    """An account that holds something of everything, asked with what was made up."""

    def __init__(self, client: TestClient) -> None:
        self.client, self.dice = client, random.Random(0)  # noqa: S311 - chance, no secret
        self.renew()

    def renew(self) -> None:
        """Other things, for those that were may be gone."""
        scene = self.scene = Scene(self.client, "publish")
        event, lot = scene.event["id"], scene.contingent["id"]
        vars(scene)["free"] = {"id": scene.ticket["id"] + 50}
        changed(self.client, f"/v1/events/{event}", endts="2999-11-21T22:00:00Z")
        self.shop = {"guid": str(guid(account_number(ACCOUNT), Kind.SALES_CHANNEL, 2))}
        self.confirmed = made(self.client, "/v1/orders", saleschannelid=2, **scene.filled(MORE))
        confirm = self.client.post(f"/v1/orders/{self.confirmed['id']}/confirm")
        assert confirm.status_code == 200, confirm.text
        self.ids = {
            **{key: [scene.ticket["id"], scene.second["id"]] for key in ("tickets", "ticketids")},
            **{key: [scene.thing("order")["id"], event] for key in ("orderid", "ids")},
            "eventid": [event],
            "locationid": [scene.location["id"]],
            "contingentid": [lot],
            "tickettypepriceid": [price_id(lot, 1)],
            "tickettypepriceids": [price_id(lot, 1)],
            "saleschannelid": [2],
            "customerid": [scene.thing("contacts")["id"]],
            "location_id": [scene.location["guid"]],
            "event_id": [scene.event["guid"]],
            "shop_id": [scene.saleschannels["guid"]],
        }

    def thing(self, name: str) -> Json:
        """As the scene has it, and what only one surface makes."""
        if name == "shop":
            return self.shop
        if name == "order":
            return self.dice.choice((self.scene.thing("order"), self.confirmed))
        if name == "reservation":
            ticket = self.ids_of("contingent")[-1]
            path = f"/storefront/{self.shop['guid']}/reserve/ticket/{ticket}"
            reserved: Json = self.client.get(path).json()
            return reserved
        if name == "webhook":
            hook: Json = self.client.post("/webhook", json=HOOK).json()
            return hook
        return self.scene.thing(name)

    def ids_of(self, name: str) -> list[str]:
        """Its number, where it has one, and its guid."""
        found = self.thing(name)
        if name == "contingent":
            its = guid(account_number(ACCOUNT), Kind.CONTINGENT, found["id"])
            return [str(found["id"]), str(its)]
        return [str(found[by]) for by in ("id", "guid") if by in found]

    def ask(self, case: Case) -> None:
        """Sends it, with what is known here in some of its places, and checks the answer."""
        self.lead_somewhere(case)
        sent = case.as_transport_kwargs(base_url="http://testserver")
        taken = ("method", "url", "headers", "params", "data", "json", "files")
        request = requests.Request(**{name: sent[name] for name in taken if name in sent}).prepare()
        headers = {name: value for name, value in request.headers.items() if value.isprintable()}
        if headers.get("Stagebook-After", "").isdecimal():
            headers["Stagebook-After"] = "1"  # nobody waits for what will never be
        asked_by = BASIC if case.path.startswith("/api/") else TOKEN
        answer = self.client.request(
            request.method or "",
            request.url or "",
            content=request.body,
            headers={name: value.encode() for name, value in {**headers, **asked_by}.items()},
        )
        for part in lines(Response.from_any(answer)):
            case.validate_response(part, checks=CHECKS)

    def lead_somewhere(self, case: Case) -> None:
        places = case.path_parameters or {}
        for before, name in re.findall(r"(\w+)/{(\w+)}", case.path):
            if name == "accountname" and self.dice.random() < AT_HOME:
                places[name] = ACCOUNT
            elif before in SEGMENTS and self.dice.random() < KNOWN:
                by_guid = not case.path.startswith(("/v1/", "/api/"))
                ids = self.ids_of(SEGMENTS[before])
                places[name] = ids[-1] if by_guid else self.dice.choice(ids)
        example = EXAMPLES.get((case.method, re.sub(r"^/api/1/{accountname}", "", case.path)))
        if example and self.dice.random() < FITTING:
            case.body = self.scene.filled(example)
        elif isinstance(case.body, dict | list):
            case.body = self.meant(case.body)
        if case.query:
            case.query = self.meant(case.query)
        if self.dice.random() < ALONE:
            case.headers = {}

    def meant(self, said: Any, name: str = "") -> Any:
        """Values that mean something here, for some of those of that name."""
        if isinstance(said, dict):
            return {name: self.meant(value, name) for name, value in said.items()}
        if isinstance(said, list):
            return [self.meant(value, name) for value in said]
        known = self.ids.get(name) or SAID.get(name)
        if known and said is not None and self.dice.random() < KNOWN:
            return self.dice.choice(known)
        return said


def lines(answer: Response) -> list[Response]:
    """An answer of one document a line is checked line by line."""
    if LINES not in answer.headers.get("content-type", []):
        return [answer]
    return [
        Response(answer.status_code, answer.headers, line, answer.request, answer.elapsed, False)
        for line in answer.content.splitlines()
    ]
