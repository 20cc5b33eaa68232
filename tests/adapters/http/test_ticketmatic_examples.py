"""The vendor's documented examples: each request as its page has it, but for ids, and the answer
that the page promises. A page is named by its path below /docs/api."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from ticketmatic.client import Client

from tests.adapters.http.test_ticketmatic_events import floor, published, raw
from tests.adapters.http.test_ticketmatic_fields import ok

IDS, TIME = "ids", "time"
"""What an answer has where the page has ids or a time of its own."""


class Example(NamedTuple):
    """A page, its request, and the part of its answer that does not depend on the account."""

    page: str
    method: str
    path: str
    body: Any = None
    answer: Any = None


class Scene:
    """What the ids of a page stand for: made when it is asked for first."""

    def __init__(self, tm: Client) -> None:
        self.tm = tm
        self.made: dict[str, Any] = {}

    def filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self.filled(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self.filled(one) for one in value]
        if not isinstance(value, str):
            return value
        if whole := re.fullmatch(r"<(\w+)>", value):
            return self.thing(whole[1])
        return re.sub(r"<(\w+)>", lambda found: str(self.thing(found[1])), value)

    def thing(self, name: str) -> Any:
        if name not in self.made:
            self.made[name] = getattr(self, f"new_{name}")()
        return self.made[name]

    def created(self, path: str, body: Any) -> int:
        made = ok(raw(self.tm, "POST", path, json=self.filled(body)))
        return int(made["orderid"] if path == "/orders" else made["id"])

    def new_draft(self) -> int:
        return self.created("/events", {"name": "Marco Bailey"})

    def new_event(self) -> int:
        return int(published(self.tm, contingents=[floor(5)]).id)

    def new_price(self) -> int:
        event = ok(raw(self.tm, "GET", f"/events/{self.thing('event')}"))
        return int(event["prices"]["contingents"][0]["pricetypes"][0]["tickettypepriceid"])

    def new_ticket(self) -> int:
        return self.new_price() // 1_000_000 * 100_000_000 + 1

    def new_other(self) -> int:
        return self.new_ticket() + 1

    def new_locked(self) -> int:
        body = {"locktypeid": 1, "ticketids": [self.thing("ticket")]}
        ok(raw(self.tm, "PUT", f"/events/{self.thing('event')}/tickets/lock", json=body))
        return int(self.thing("ticket"))

    def new_basket(self) -> int:
        return self.created("/orders", {"saleschannelid": 1})

    def new_order(self) -> int:
        """Of two tickets, confirmed."""
        number = int(self.thing("full"))
        ok(raw(self.tm, "POST", f"/orders/{number}"))
        return number

    def new_full(self) -> int:
        """A basket of two tickets."""
        number = self.new_basket()
        wanted = {"tickettypepriceid": self.thing("price")}
        body = {"tickets": [wanted | {"ticketid": self.thing(n)} for n in ("ticket", "other")]}
        ok(raw(self.tm, "POST", f"/orders/{number}/tickets", json=body))
        return number

    def new_payment(self) -> int:
        body = {"amount": 50, "paymentmethodid": 1}
        order = ok(raw(self.tm, "POST", f"/orders/{self.thing('order')}/payments", json=body))
        return int(order["payments"][0]["id"])

    def new_contact(self) -> int:
        return self.created("/contacts", CONTACT)

    def __getattr__(self, name: str) -> Any:
        kind = name.removeprefix("new_")
        if kind not in SETTINGS:
            raise AttributeError(name)
        path, body = SETTINGS[kind]
        return lambda: self.created(path, body)


PRICES = {
    "prices": [
        {"prices": [25.0], "pricetypeid": 1},
        {
            "conditions": [{"type": "promocode", "value": "UGENT2013"}],
            "prices": [30.0],
            "pricetypeid": 2,
        },
    ],
    "seatrankids": None,
}
SETTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "pricetypes": (
        "/settings/pricing/pricetypes",
        {"typeid": 2301, "name": "Student", "remark": "Only valid with a student card."},
    ),
    "pricelists": (
        "/settings/pricing/pricelists",
        {"name": "Dance", "hasranks": False, "prices": PRICES},
    ),
    "saleschannels": (
        "/settings/ticketsales/saleschannels",
        {
            "typeid": 3002,
            "name": "Website",
            "ordermailtemplateid_confirmation": 123,
            "ordermailtemplateid_confirmation_sendalways": False,
        },
    ),
    "locktypes": (
        "/settings/ticketsales/locktypes",
        {"name": "VIP", "color": "#AE77FB", "hideseats": True, "ishardlock": True},
    ),
    "contacttitles": (
        "/settings/system/contacttitles",
        {"name": "Mr.", "isinternal": False, "languagecode": "nl", "sex": "M"},
    ),
}
CONTACT = {
    "addresses": [
        {
            "id": 28,
            "typeid": 1,
            "city": "Leuven",
            "country": "Belgium",
            "countrycode": "BE",
            "customerid": 9364924,
            "street1": "Main street",
            "type": "Home",
            "zip": "3000",
        }
    ],
    "appnotifications": [31001],
    "apponboardingstatus": 32001,
    "appphone": "+32473112233",
    "birthdate": "1986-09-26",
    "company": "Mega Corp",
    "customertitleid": 12,
    "email": "developers@ticketmatic.com",
    "firstname": "John",
    "image": "https://www.ticketmatic.com/image.jpg",
    "languagecode": "NL",
    "lastname": "Doe",
    "lookup": {"contacts": []},
    "middlename": "K",
    "optins": [{"id": 29323, "info": {"method": "boxoffice"}, "optinid": 827, "status": 7602}],
    "organizationfunction": "Director of ticketing",
    "phonenumbers": [
        {"id": 123, "typeid": 3, "customerid": 9364924, "number": "+3216881940", "type": "Home"}
    ],
    "relationtypes": [1, 2],
    "sendmail": False,
    "sex": "M",
    "vatnumber": "BE123456789",
}
SHOWN_CONTACT = {
    "addresses": [{"typeid": 1, "city": "Leuven", "countrycode": "BE", "street1": "Main street"}],
    "birthdate": "1986-09-26",
    "company": "Mega Corp",
    "customertitleid": 12,
    "email": "developers@ticketmatic.com",
    "firstname": "John",
    "languagecode": "nl",
    "lastname": "Doe",
    "middlename": "K",
    "phonenumbers": [{"typeid": 3, "number": "+3216881940"}],
    "relationtypes": [1, 2],
    "sendmail": False,
    "sex": "M",
    "vatnumber": "BE123456789",
    "isdeleted": False,
    "createdts": TIME,
}
TIMES = {"isarchived": False, "createdts": TIME, "lastupdatets": TIME}


def of_settings() -> Iterator[Example]:
    for kind, (path, body) in SETTINGS.items():
        page, one = path.removeprefix("/"), f"{path}/<{kind}>"
        shown = {"id": IDS, **body, **TIMES}
        listed = {name: value for name, value in shown.items() if name != "prices"}
        yield Example(f"{page}/create", "POST", path, body, shown)
        yield Example(f"{page}/get", "GET", one, None, shown)
        yield Example(f"{page}/getlist", "GET", path, None, {"data": [listed]})
        yield Example(f"{page}/update", "PUT", one, body, shown)
        yield Example(f"{page}/delete", "DELETE", one)
        if kind not in ("pricelists", "contacttitles"):
            texts = {"nameen": body["name"], "namenl": "Anders"}
            yield Example(f"{page}/translations", "GET", f"{one}/translate", None, {})
            yield Example(f"{page}/translate", "PUT", f"{one}/translate", texts, texts)


MARCO = {"name": "Marco Bailey", "startts": "2016-09-26 20:00:00", "endts": "2016-09-26 22:00:00"}
BASKET = {"orderid": IDS, "status": 21001, "saleschannelid": 1, "createdts": TIME}
SOLD = BASKET | {"status": 21002, "totalamount": 50.0}
TICKETS = "/events/<event>/tickets"
OPERATIONS = ("duplicate", "delete")
FILTER = "select id from tm.event where currentstatus = 19002"
WHO = "select id from tm.contact where firstname = 'John'"
EXAMPLES = [
    Example("events/create", "POST", "/events", MARCO, {
        "id": IDS, "name": "Marco Bailey", "currentstatus": 19001, "code": IDS,
        "createdts": TIME, "lastupdatets": TIME,
    }),
    Example("events/get", "GET", "/events/<draft>", None, {"id": IDS, "currentstatus": 19001}),
    Example("events/getlist", "GET", f"/events?filter={FILTER}&limit=100&output=default", None, {
        "data": [], "nbrofresults": 0,
    }),
    Example("events/getlist", "GET", '/events?simplefilter={"status":[19001]}', None, {"data": []}),
    Example("events/update", "PUT", "/events/<event>", {"currentstatus": 19001}, {
        "id": IDS, "currentstatus": 19001,
    }),
    Example("events/update", "PUT", "/events/<draft>", {"name": "Daft Punk"}, {
        "name": "Daft Punk",
    }),
    Example("events/delete", "DELETE", "/events/<draft>"),
    *(
        Example("events/batch", "POST", "/events/batch", {
            "ids": ["<draft>"], "operation": operation,
        }, {"nbrsucceeded": 1})
        for operation in OPERATIONS
    ),
    Example("events/batch", "POST", "/events/batch", {
        "ids": ["<draft>"],
        "operation": "update",
        "parameters": {"updatefields": [{"key": "seatselection", "value": True}]},
    }, {"nbrsucceeded": 1}),
    Example("events/batchupdatetickets", "PUT", f"{TICKETS}/batch", [
        {"id": "<ticket>", "c_special": True},
    ]),
    Example("events/batchupdatetickets", "PUT", f"{TICKETS}/batch", [
        {"id": "<ticket>", "properties": {"key1": "value1"}},
    ]),
    Example("events/batchupdatetickets", "PUT", f"{TICKETS}/batch", [
        {"id": "<ticket>", "barcode": "5483685635465"},
    ]),
    Example("events/locktickets", "PUT", f"{TICKETS}/lock", {
        "locktypeid": 1, "ticketids": ["<ticket>", "<other>"],
    }),
    Example("events/unlocktickets", "PUT", f"{TICKETS}/unlock", {"ticketids": ["<locked>"]}),
    Example("events/scanticketsout", "PUT", f"{TICKETS}/scanout", {}, []),
    Example("events/translations", "GET", "/events/<draft>/translate", None, {
        "nameen": "Marco Bailey",
    }),
    Example("events/translate", "PUT", "/events/<draft>/translate", {"namefr": "Nom"}, {
        "nameen": "Marco Bailey", "namefr": "Nom",
    }),
    Example("orders/create", "POST", "/orders", {"saleschannelid": 1}, BASKET),
    Example("orders/get", "GET", "/orders/<order>", None, SOLD),
    Example("orders/getlist", "GET", '/orders?simplefilter={"status":21002}&limit=100', None, {
        "data": [], "nbrofresults": 0,
    }),
    Example("orders/update", "PUT", "/orders/<basket>", {"customerid": "<contact>"}, BASKET),
    Example("orders/confirm", "POST", "/orders/<full>", None, SOLD),
    Example("orders/delete", "DELETE", "/orders/<basket>"),
    Example("orders/addtickets", "POST", "/orders/<basket>/tickets", {
        "onlysinglerow": True, "tickets": [{"tickettypepriceid": "<price>"}],
    }, {"ids": [IDS], "order": {"orderid": IDS}}),
    Example("orders/updatetickets", "PUT", "/orders/<order>/tickets", {
        "operation": "setticketholders",
        "params": {"ticketholderids": ["<contact>", "<contact>"]},
        "tickets": ["<ticket>", "<other>"],
    }, SOLD),
    Example("orders/deletetickets", "DELETE", "/orders/<order>/tickets", {
        "tickets": ["<ticket>"],
    }, SOLD | {"totalamount": 25.0}),
    Example("orders/addpayments", "POST", "/orders/<order>/payments", {
        "amount": 15, "paymentmethodid": 1,
    }, SOLD | {"amountpaid": 15.0}),
    Example("orders/addrefunds", "POST", "/orders/<order>/refunds", {
        "amount": 10, "paymentid": "<payment>",
    }, SOLD | {"amountpaid": 40.0}),
    Example("orders/getlogs", "GET", "/orders/<order>/logs", None, [
        {"orderid": IDS, "typeid": 18001, "ts": TIME},
    ]),
    Example("contacts/create", "POST", "/contacts", CONTACT, SHOWN_CONTACT),
    Example("contacts/get", "GET", "/contacts/<contact>", None, SHOWN_CONTACT),
    Example("contacts/getlist", "GET", f"/contacts?filter={WHO}&limit=100&orderby=name", None, {
        "data": [], "nbrofresults": 0,
    }),
    Example("contacts/update", "PUT", "/contacts/<contact>", CONTACT, SHOWN_CONTACT),
    Example("contacts/delete", "DELETE", "/contacts/<contact>"),
    Example("diagnostics/time", "GET", "/diagnostics/time", None, {"systemtime": TIME}),
    Example("tools/account", "GET", "/tools/account", None, {"id": IDS, "shortname": IDS}),
    Example("tools/queries", "POST", "/tools/queries", {
        "query": "select id, nameen from tm.event", "limit": 100, "offset": 0,
    }, {"nbrofresults": 0, "results": []}),
    *of_settings(),
]  # fmt: skip


def check(shown: Any, promised: Any, at: str = "") -> None:
    """The answer has what the page promises; lists may have more behind it."""
    if promised is TIME:
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", shown), at
    elif promised is IDS:
        assert shown, at
    elif isinstance(promised, dict):
        for name, value in promised.items():
            check(shown[name], value, f"{at}.{name}")
    elif isinstance(promised, list):
        assert isinstance(shown, list), at
        for one, value in zip(shown, promised, strict=False):
            check_kind(one, value, at)
    else:
        assert (type(shown), shown) == (type(promised), promised), at


def check_kind(shown: Any, promised: Any, at: str) -> None:
    """In lists of what an account starts with, the fields are there, with other values."""
    if isinstance(promised, dict) and "isarchived" in promised:
        assert shown.keys() >= promised.keys(), at
    else:
        check(shown, promised, at)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.page} {e.path[-25:]}")
def test_the_example_of_a_page_works(tm: Client, example: Example) -> None:
    scene = Scene(tm)
    path, body = scene.filled(example.path), scene.filled(example.body)

    answer = raw(tm, example.method, path, **({} if body is None else {"json": body}))

    shown = ok(answer)
    if example.answer is None:
        assert not shown or shown.keys() <= {"nbrsucceeded", "results"}
    else:
        check(shown, example.answer)


def test_a_contact_is_found_by_its_address_as_the_page_says(tm: Client) -> None:
    Scene(tm).thing("contact")

    check(ok(raw(tm, "GET", "/contacts/0?email=developers@ticketmatic.com")), SHOWN_CONTACT)


def test_there_are_enough_of_them() -> None:
    assert len(EXAMPLES) >= 60
    assert len({example.page for example in EXAMPLES}) >= 50
