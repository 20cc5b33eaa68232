"""An account that is talked to through all three surfaces: what each makes, and what each shows."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple, cast
from uuid import UUID

from fastapi.testclient import TestClient
from ticketmatic.client import Client
from ticketmatic.endpoints import events
from ticketmatic.endpoints.settings.events import event_locations

from domain.ids import unpack
from tests.adapters.http.vendor_tutorial import WAYS, Tutorial
from tests.adapters.http.vendors import Served

Json = dict[str, Any]
NORMAL, WEB = 1, 2
START, END = "2026-12-18T21:00:00+02:00", "2026-12-18T23:00:00+02:00"
SAID: Json = {
    "name": "Bonobo Live",
    "description": "With a live band",
    "status": 19002,
    "place": "Concert hall",
    "address": "Kerkstraat 1, 9000 Gent",
    "start": "2026-12-18T19:00:00+00:00",
    "end": "2026-12-18T21:00:00+00:00",
    "lots": [("Standing", 500, 2550, ["Web"]), ("Balcony", 40, 4000, ["Web"])],
}
"""What all three know of an Event: its tickets with amount, price in cents, and channels."""
LOTS = [("Standing", 500, 25.5), ("Balcony", 40, 40.0)]


class Known(NamedTuple):
    """An Event, as each surface calls it."""

    guid: str

    @property
    def number(self) -> int:
        return unpack(UUID(self.guid)).number


class House:
    """An account with a key for each surface: `desk`, `till` and `page`."""

    def __init__(self, server: Served) -> None:
        self.server = server
        self.tm: Client = server.client(name="till", timezone="Europe/Brussels")
        self.account: str = self.tm.account_code
        self.desk = server.token(self.account, name="desk")
        self.page = server.session(server.token(self.account, name="page"))

    @cached_property
    def tutorial(self) -> Tutorial:
        """Its `_once` makes each thing once, by curl's multipart forms."""
        return Tutorial(cast("TestClient", self.page), WAYS["multipart"])

    def close(self) -> None:
        self.tm.close()
        self.page.close()

    def native(self, path: str, body: Any = None, method: str | None = None) -> Any:
        after = {"Stagebook-After": str(self.server.book.store.position())}
        verb = method or ("GET" if body is None else "POST")
        url, headers = f"/v1{path}", self.desk | after
        answer = self.server.http.request(verb, url, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    def openticket(self, path: str) -> Any:
        return self.tutorial.get(path)

    def channels(self) -> dict[int, str]:
        return {one["id"]: one["name"] for one in self.native("/catalog/saleschannels")["data"]}

    def web_shop(self) -> str:
        (guid,) = (shop["guid"] for shop in self.openticket("/shop") if shop["name"] == "Web")
        return str(guid)

    def history(self, event: Known) -> list[Json]:
        """What happened, sales included, first to last."""
        found: list[Json] = self.native(f"/events/{event.number}/history?limit=1000&sales=true")[
            "data"
        ]
        return found[::-1]


# -- makers


def price(amount: float) -> Json:
    said = {"pricetypeid": NORMAL, "prices": [amount], "saleschannels": [WEB]}
    return {"eventspecificprices": {"prices": [said]}}


def by_native(house: House) -> Known:
    address = {"name": SAID["place"], "address": SAID["address"]}
    hall = house.native("/locations", address)
    texts = {name: SAID[name] for name in ("name", "description")}
    event = house.native("/events", {**texts, "locationid": hall["id"]})
    path = f"/events/{event['id']}"
    house.native(f"{path}/dates", {"start": START, "end": END})
    for name, amount, cost in LOTS:
        house.native(f"{path}/contingents", {"name": name, "amount": amount, **price(cost)})
    house.native(f"{path}/publish", {})
    return Known(event["guid"])


def by_ticketmatic(house: House) -> Known:
    parts = {"street1": "Kerkstraat 1", "zip": "9000", "city": "Gent"}
    hall = event_locations.create(house.tm, {"name": SAID["place"], **parts})
    lots = [{"name": name, "amount": amount, **price(cost)} for name, amount, cost in LOTS]
    texts = {name: SAID[name] for name in ("name", "description")}
    when = {"startts": START, "endts": END}
    body = {**texts, **when, "locationid": hall.id, "contingents": lots}
    event = events.create(house.tm, body)
    events.batch(house.tm, {"ids": [event.id], "operation": "publish"})
    return Known(house.native(f"/events/{event.id}")["guid"])


def by_openticket(house: House) -> Known:
    made = house.tutorial
    place = {"name": SAID["place"], "capacity": 952, "address": SAID["address"]}
    hall = made.create("/location", **place)
    said = {"type": "once", "locale": "nl_NL", "currency": "EUR"}
    texts = {name: SAID[name] for name in ("name", "description")}
    event = made.create(f"/location/{hall['guid']}/event", **texts, **said)
    date = made.create("/eventdate", event_id=event["guid"], start=START, end=END)
    for name, amount, cost in LOTS:
        ticket = made.create(f"/event/{event['guid']}/ticket", name=name, vat_percentage="21")
        cents = {"min_price": round(cost * 100), "available_stock": amount}
        made.put(f"/ticket/{ticket['guid']}", **cents)
        made.attach(f"/ticket/{ticket['guid']}/dates/{date['guid']}")
        made.attach(f"/shop/{house.web_shop()}/tickets/{ticket['guid']}")
    return Known(event["guid"])


MAKERS: dict[str, Callable[[House], Known]] = {
    "desk": by_native,
    "till": by_ticketmatic,
    "page": by_openticket,
}
"""By the name of the key that each uses."""


# -- readers


def instant(time: Any) -> str:
    moment = time if isinstance(time, datetime) else datetime.fromisoformat(time)
    return moment.astimezone(UTC).isoformat()


def joined(place: Json) -> str:
    town = " ".join(filter(None, (place["zip"], place["city"])))
    return ", ".join(filter(None, (place["street1"], town)))


def natively(house: House, event: Known) -> Json:
    shown = house.native(f"/events/{event.number}")
    place = house.native(f"/locations/{shown['locationid']}")
    assert place["name"] == shown["locationname"]
    prices = {one["contingentid"]: one["pricetypes"] for one in shown["prices"]["contingents"]}
    return {
        **{name: shown[name] for name in ("name", "description")},
        "status": shown["currentstatus"],
        "place": place["name"],
        "address": place["address"] or joined(place),
        "start": instant(shown["startts"]),
        "end": instant(shown["endts"]),
        "lots": [
            (lot["name"], lot["amount"], *sold(house, prices[lot["id"]]))
            for lot in shown["contingents"]
        ],
    }


def sold(house: House, price_types: Any) -> tuple[int, list[str]]:
    """The one price in cents, and the channels that it is at."""
    names, (one,) = house.channels(), price_types
    ((cost,),) = [{offer["price"] for offer in one["saleschannels"]}]
    return round(cost * 100), [names[offer["saleschannelid"]] for offer in one["saleschannels"]]


def by_the_client(house: House, event: Known) -> Json:
    shown: Any = events.get(house.tm, event.number)
    place = event_locations.get(house.tm, shown.locationid)
    assert place.name == shown.locationname
    prices = {one.contingentid: one.pricetypes for one in shown.prices.contingents}
    lots = [
        (lot.name, lot.amount, *sold(house, [one.to_dict() for one in prices[lot.id]]))
        for lot in shown.contingents
    ]
    return {
        "name": shown.name,
        "description": shown.description,
        "status": shown.currentstatus,
        "place": place.name,
        "address": joined({name: getattr(place, name) for name in ("street1", "zip", "city")}),
        "start": instant(shown.startts),
        "end": instant(shown.endts),
        "lots": lots,
    }


def on_the_page(house: House, event: Known) -> Json:
    shown = house.openticket(f"/event/{event.guid}")
    place = shown["location"]
    assert place == house.openticket(f"/event/{event.guid}/location")
    tickets = house.openticket(f"/event/{event.guid}/ticket")
    return {
        **{name: shown[name] for name in ("name", "description")},
        "place": place["name"],
        "address": place["address"],
        "start": instant(shown["start"]),
        "end": instant(shown["end"]),
        "lots": [
            (
                ticket["name"],
                ticket["available_stock"],
                ticket["min_price"],
                [one["name"] for one in house.openticket(f"/ticket/{ticket['guid']}/shops")],
            )
            for ticket in tickets
        ],
    }


READERS = {"native": natively, "ticketmatic": by_the_client, "openticket": on_the_page}


# -- counters


class Counted:
    """The counters of the first contingent, which must be the same wherever they are read."""

    def __init__(self, house: House, event: Known) -> None:
        self.house, self.event = house, event
        self.ticket = house.openticket(f"/event/{event.guid}/ticket")[0]["guid"]
        self.lot = unpack(UUID(self.ticket)).number

    def __call__(self) -> dict[str, int]:
        path = f"/events/{self.event.number}/availability"
        lots = {one["tickettypeid"]: one for one in self.house.native(path)["contingents"]}
        native = self._shown(lots[self.lot].__getitem__)
        found = events.get(self.house.tm, self.event.number).availability or ()
        (theirs,) = (one for one in found if one.tickettypeid == self.lot)
        assert self._shown(lambda name: getattr(theirs, name)) == native
        paged = self.house.openticket(f"/ticket/{self.ticket}")
        counts = (native.get("reserved", 0), native.get("sold_unpaid", 0))
        assert (paged["reserved_count"], paged["pending_count"]) == counts
        assert paged["available_stock"] == sum(native.values())
        return native

    def _shown(self, of: Callable[[str], int]) -> dict[str, int]:
        names = ("free", "locked_hard", "reserved", "sold_unpaid", "sold_paid")
        return {name: count for name in names if (count := of(name))}
