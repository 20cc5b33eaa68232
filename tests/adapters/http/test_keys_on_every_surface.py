"""`Idempotency-Key` on the vendors' surfaces: every writing route answers, has one effect, and a
retry gets the first answer."""

import asyncio
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from starlette.requests import Request
from starlette.types import Message

from adapters.bootstrap import bootstrap
from adapters.http.app import make_app
from adapters.http.body import StrictRequest
from adapters.http.v1.images import ImageRequest
from adapters.sealing import Seal
from adapters.settings import Settings
from application.keyring import NewKey, adding_signing_key
from domain.ids import Kind, account_number, guid
from domain.offers import price_id
from domain.registry import Role
from tests.adapters.http.fuzzing import ACCESS_KEY, BASIC, HOOK, SECRET, TOKEN
from tests.adapters.http.talk import (
    CATALOG,
    END,
    PNG,
    START,
    Json,
    Scene,
    an_event,
    changed,
    made,
    opened,
    position,
)
from tests.conftest import ACCOUNT, add_keys

TM = f"/api/1/{ACCOUNT}"
GROUPS = {
    "pricing": ("pricelists", "pricetypes"),
    "ticketsales": (
        "saleschannels",
        "locktypes",
        "paymentscenarios",
        "paymentmethods",
        "deliveryscenarios",
    ),
    "system": (
        "customfields",
        "customfieldvalues",
        "relationtypes",
        "contacttitles",
        "contactaddresstypes",
        "phonenumbertypes",
    ),
    "seatingplans": ("seatingplans", "seatranks"),
}
UNTRANSLATED = ("pricelists", "seatingplans", "contacttitles")
BUYER: Json = {"email": "ann@example.org"}
SOLD = ("confirm", "payments")


class Call(NamedTuple):
    """A writing request that succeeds on a published scene."""

    method: str
    path: str
    body: Any = None
    steps: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def settings_calls() -> Iterator[Call]:
    for group, kinds in GROUPS.items():
        for kind in kinds:
            path = f"/settings/{group}/{kind}"
            new, change = CATALOG[kind]
            yield Call("POST", path, new)
            yield Call("PUT", f"{path}/{{{kind}}}", change)
            yield Call("DELETE", f"{path}/{{{kind}}}")
            if kind not in UNTRANSLATED:
                field = "caption" if kind.startswith("custom") else "name"
                yield Call("PUT", f"{path}/{{{kind}}}/translate", {f"{field}nl": "Anders"})


ORDER, TICKETS = "/orders/{order}", "/events/{event}/tickets"
PLACE, PLAN = "/settings/events/eventlocations", "/settings/seatingplans/seatingplans"
HOLDERS = {"operation": "setticketholders", "params": {"ticketholderids": ["{contacts}"]}}
NOTE = {"parameters": {"updatefields": [{"key": "c_note", "value": 1}]}, "operation": "update"}
QUESTION = {"query": "SELECT id FROM tm.event"}
QUESTIONS = [
    Call("POST", "/tools/queries", QUESTION),
    Call("POST", "/tools/queries/export", QUESTION),
]
TICKETMATIC = [
    Call("POST", "/events/batch", {"ids": ["{event}", "{other}"], "operation": "duplicate"}),
    Call("POST", "/events", {"name": "Live", "locationid": "{location}"}),
    Call("PUT", "/events/{event}", {"subtitle": "Late"}),
    Call("DELETE", "/events/{other}"),
    Call("PUT", "/events/{event}/translate", {"namefr": "En direct"}),
    Call("POST", "/events/{event}/image", PNG),
    Call("DELETE", "/events/{event}/image", None, ("image",)),
    Call("PUT", "/events/{event}/purge"),
    Call("PUT", f"{TICKETS}/lock", {"ticketids": ["{free}"], "locktypeid": 1}),
    Call("PUT", f"{TICKETS}/unlock", {"ticketids": ["{locked}"]}),
    Call("PUT", f"{TICKETS}/batch", [{"id": "{ticket}", "properties": {"row": "A"}}]),
    Call("PUT", f"{TICKETS}/seatrank", {"ticketids": ["{free}"], "seatrankid": None}),
    Call("PUT", f"{TICKETS}/scanout", {"tickettypeids": ["{contingent}"]}),
    Call("POST", "/orders", {"saleschannelid": 2}),
    Call("PUT", ORDER, {"customerid": "{contacts}"}),
    Call("POST", ORDER),
    Call("DELETE", ORDER),
    Call("DELETE", "/orders", ["{order}"]),
    Call("POST", "/orders/batch", {"ids": ["{order}"], **NOTE}),
    Call("POST", f"{ORDER}/tickets", {"tickets": [{"tickettypepriceid": "{price}"}]}),
    Call("PUT", f"{ORDER}/tickets", {"tickets": ["{ticket}"], **HOLDERS}),
    Call("DELETE", f"{ORDER}/tickets", {"tickets": ["{ticket}"]}),
    Call("POST", f"{ORDER}/payments", {"amount": 5, "paymentmethodid": 1}, SOLD[:1]),
    Call("POST", f"{ORDER}/refunds", {"amount": 5}, SOLD),
    Call("POST", f"{ORDER}/split", {"tickets": ["{ticket}"]}, SOLD),
    Call("POST", "/contacts", BUYER),
    Call("PUT", "/contacts/{contacts}", {"lastname": "Peeters"}),
    Call("DELETE", "/contacts/{contacts}"),
    Call("POST", PLACE, {"name": "Hall"}),
    Call("PUT", PLACE + "/{location}", {"city": "Gent"}),
    Call("PUT", PLACE + "/{location}/translate", {"namenl": "Zaal"}),
    Call("DELETE", PLACE + "/{empty}"),
    Call("POST", PLAN + "/{seatingplans}/logicalplan", {"id": 1}),
    *QUESTIONS,
    *settings_calls(),
]
LISTED = {"type": "once", "locale": "nl_NL", "currency": "EUR"}
AT = {"start": START, "end": END}
OPENTICKET = [
    Call("POST", "/storefront/{shop}/reserve/ticket/{contingent}"),
    Call("POST", "/storefront/{shop}/order", {"receiver": BUYER, "tickets": ["{reservation}"]}),
    Call("PUT", "/event/{event}", {"name": "Later"}),
    Call("DELETE", "/event/{bare}"),
    Call("POST", "/event/{event}/salesstats", {}),
    Call("POST", "/event/{event}/ticket", {"name": "Box", "vat_percentage": 21}),
    Call("PUT", "/ticket/{contingent}", {"name": "Box"}),
    Call("DELETE", "/ticket/{unsold}"),
    Call("POST", "/ticket/{contingent}/dates/{date}"),
    Call("DELETE", "/ticket/{contingent}/dates/{date}"),
    Call("POST", "/eventdate", {"event_id": "{event}", **AT}),
    Call("PUT", "/eventdate/{date}", AT),
    Call("DELETE", "/eventdate/{bare_date}"),
    Call("POST", "/location", {"name": "Hall", "capacity": 10, "address": "Kerkstraat 1"}),
    Call("PUT", "/location/{location}", {"name": "Barn"}),
    Call("DELETE", "/location/{empty}"),
    Call("POST", "/location/{location}/event", {"name": "Live", **LISTED}),
    Call("POST", "/shop", {"name": "Page"}),
    Call("PUT", "/shop/{saleschannels}", {"name": "Page"}),
    Call("DELETE", "/shop/{saleschannels}"),
    Call("POST", "/shop/{saleschannels}/tickets/{contingent}"),
    Call("DELETE", "/shop/{saleschannels}/tickets/{contingent}"),
    Call("POST", "/trackers", {"name": "Spring", "type": "Email", "shop_id": "{saleschannels}"}),
    Call("POST", "/webhook", HOOK),
    Call("PUT", "/webhook/{webhook}", HOOK),
    Call("DELETE", "/webhook/{webhook}"),
    Call("POST", "/webhook/{webhook}/retry"),
]
UNMARKED = [
    c
    for c in [*TICKETMATIC, *OPENTICKET]
    if c in QUESTIONS
    or c.path in ("/events/batch", "/webhook/{webhook}/retry", "/event/{event}/salesstats")
    or (c.method == "PUT" and c.path.startswith(("/ticket/", "/eventdate/")))
]
"""Questions, and those whose answer is no command's own."""


class Stage:
    """A published Event with an order and all that calls name, by number or by guid."""

    def __init__(self, client: TestClient, call: Call) -> None:
        self.client = client
        self.scene = scene = Scene(client)
        event = f"/v1/events/{scene.event['id']}"
        changed(client, event, endts="2999-01-01T00:00:00Z")  # a shop sells nothing that is over
        for step in ("publish", *call.steps):
            scene.take_step(step)

    def value(self, name: str, by: str) -> Any:
        made = getattr(self, f"the_{name}", None)
        if made:
            return made(by)
        if name == "ticket" and not hasattr(self.scene, "order"):
            return self.scene.ticket["id"]
        return self.scene.thing(name)[by]

    def guid(self, kind: Kind, number: int) -> str:
        return str(guid(account_number(ACCOUNT), kind, number))

    def the_price(self, _: str) -> int:
        return price_id(self.scene.contingent["id"], 1)

    def the_free(self, _: str) -> int:
        return int(self.scene.ticket["id"]) + 50

    def the_locked(self, by: str) -> int:
        ticket = self.the_free(by)
        path = f"/v1/events/{self.scene.event['id']}/tickets/lock"
        answer = self.client.post(path, json={"tickets": [ticket], "locktypeid": 1})
        assert answer.status_code == 200, answer.text
        return ticket

    def the_other(self, by: str) -> Any:
        return Scene(self.client).event[by]

    def the_bare(self, by: str) -> Any:
        return an_event(self.client)[by]

    def the_bare_date(self, by: str) -> Any:
        return made(self.client, f"/v1/events/{self.the_bare('id')}/dates", **AT)[by]

    def the_unsold(self, _: str) -> str:
        lot = made(self.client, f"/v1/events/{self.scene.event['id']}/contingents")
        return self.guid(Kind.CONTINGENT, lot["id"])

    def the_contingent(self, by: str) -> Any:
        number = self.scene.contingent["id"]
        return number if by == "id" else self.guid(Kind.CONTINGENT, number)

    def the_shop(self, _: str) -> str:
        return self.guid(Kind.SALES_CHANNEL, 2)

    def the_webhook(self, _: str) -> Any:
        return self.client.post("/webhook", json=HOOK, headers=TOKEN).json()["guid"]

    def the_reservation(self, by: str) -> Json:
        ticket = self.the_contingent("guid")
        path = f"/storefront/{self.the_shop(by)}/reserve/ticket/{ticket}"
        return {"guid": ticket, "reservation": self.client.get(path).json()["reservation"]}

    def filled(self, said: Any, by: str) -> Any:
        if isinstance(said, dict):
            return {name: self.filled(value, by) for name, value in said.items()}
        if isinstance(said, list):
            return [self.filled(value, by) for value in said]
        if said == "{unused}":
            return self.scene.filled(said)
        named = re.fullmatch(r"{(\w+)}", said) if isinstance(said, str) else None
        return self.value(named[1], by) if named else said


class Ready(NamedTuple):
    """A call with everything filled in, to be sent as often as one likes."""

    client: TestClient
    method: str
    url: str
    content: dict[str, Any]
    headers: dict[str, str]

    @classmethod
    def made(cls, client: TestClient, call: Call, *, form: bool = False) -> "Ready":
        at_home = call in TICKETMATIC
        by, headers = ("id", BASIC) if at_home else ("guid", TOKEN)
        stage = Stage(client, call)
        names = re.findall(r"{(\w+)}", call.path)
        if "{order}" in f"{call.path}{call.body}":
            stage.scene.thing("order")
        url = call.path.format(**{name: stage.value(name, by) for name in names})
        body = stage.filled(call.body, by)
        content = {"content" if isinstance(body, bytes) else "data" if form else "json": body}
        key = {"Idempotency-Key": uuid4().hex}
        prefix = TM if at_home else ""
        return cls(client, call.method, prefix + url, content, {**headers, **key})

    def __call__(self) -> Response:
        return self.client.request(self.method, self.url, headers=self.headers, **self.content)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """An application that every surface's keys open."""
    place = str(tmp_path_factory.mktemp("keys"))
    keyed = Settings(store=place, view_wait=60, secret_key="k" * 32, webhook_hosts="127.0.0.0/8")
    book = bootstrap(keyed)
    book.start()
    add_keys(book)
    sealed = Seal(keyed).seal(ACCESS_KEY, SECRET)
    adding = adding_signing_key(NewKey(ACCOUNT, Role.ADMIN), ACCESS_KEY, sealed)
    book.execute(adding, account=0, actor="tests")
    book.close()
    with opened(make_app(keyed)) as client:
        yield client


@pytest.mark.parametrize("call", [*TICKETMATIC, *OPENTICKET], ids=str)
def test_a_retry_has_no_effect_and_gets_the_first_answer(client: TestClient, call: Call) -> None:
    ask = Ready.made(client, call)
    first = ask()
    assert first.status_code in (200, 204), first.text
    recorded = position(client)

    retry = ask()

    assert (retry.status_code, retry.content) == (first.status_code, first.content)
    assert position(client) == recorded
    if call not in UNMARKED:
        assert retry.headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize("call", [c for c in OPENTICKET if c.body and "{" not in c.path], ids=str)
def test_a_form_has_one_effect_too(client: TestClient, call: Call) -> None:
    ask = Ready.made(client, call, form=True)
    first = ask()
    assert first.status_code == 200, first.text
    recorded = position(client)

    assert ask().content == first.content
    assert position(client) == recorded


def test_the_same_key_with_another_body_is_refused_on_every_surface(client: TestClient) -> None:
    for call, status, other in (
        (Call("POST", PLACE, {"name": "Hall"}), 400, {"name": "Barn"}),
        (Call("POST", "/shop", {"name": "Page"}), 406, {"name": "Desk"}),
    ):
        ask = Ready.made(client, call)
        ask()
        answer = ask._replace(content={"json": other})()
        assert answer.status_code == status, answer.text
        assert "key-reused" in answer.text


def test_every_writing_route_of_the_dialects_is_here(client: TestClient) -> None:
    asked = {(c.method, re.sub(r"{\w+}", "{}", c.path)) for c in [*TICKETMATIC, *OPENTICKET]}
    routes = {
        (method.upper(), re.sub(r"{\w+}", "{}", path.removeprefix("/api/1/{accountname}")))
        for path, operations in client.get("/openapi.json").json()["paths"].items()
        for method, operation in operations.items()
        if method != "get" and {"Ticketmatic", "OpenTicket"} & {*operation["tags"]}
    }
    assert routes - asked == set()


def test_two_wrappers_of_one_request_read_the_same_body() -> None:
    parts = iter([(b"12", True), (b"34", False)])
    scope = {"type": "http", "method": "POST", "path": "/", "headers": []}

    async def receive() -> Message:
        body, more = next(parts)  # a server gives nothing twice
        return {"type": "http.request", "body": body, "more_body": more}

    async def read() -> list[bytes]:
        first, second = Request(scope, receive), ImageRequest(scope, receive)
        bodies = [await StrictRequest.of(each).body() for each in (first, second)]
        chunks = [chunk async for chunk in StrictRequest(scope, receive).stream()]
        return [*bodies, b"".join(chunks)]

    assert asyncio.run(read()) == [b"1234"] * 3
