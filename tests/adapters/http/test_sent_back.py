"""A document that is read and sent back as it is changes nothing, in either dialect."""

from typing import Any

import httpx
import pytest
from ticketmatic.client import Client

from tests.adapters.http.test_ticketmatic_events import raw
from tests.adapters.http.vendors import Served

Headers = dict[str, str]


@pytest.fixture
def native(served: Served, tm: Client) -> Headers:
    """What asks the native surface, and the other dialect, in the account of `tm`."""
    return served.token(tm.account_code)


@pytest.fixture
def event(served: Served, native: Headers) -> Any:
    """With more than either dialect shows exactly: fractions of seconds, times that its date says,
    and no type, which is none of these clients' own."""
    place = _made(served, native, "/v1/locations", name="Hall", address="Kerkstraat 1")
    event = _made(served, native, "/v1/events", name="Night", locationid=place["id"])
    path = f"/v1/events/{event['id']}"
    times = {"start": "2999-01-01T20:00:00.5Z", "end": "2999-01-01T23:00:00.25Z"}
    lot = {"amount": 3, "price": 5, "available_from": "2000-01-01T00:00:00.25Z"}
    date = _made(served, native, f"{path}/dates", **times)
    made = _made(served, native, f"{path}/contingents", **lot)
    return event | {"lot": made, "date": date, "place": place}


def _sold(served: Served, native: Headers, event: Any) -> None:
    """All of its tickets, in a confirmed order."""
    own = f"/v1/events/{event['id']}"
    assert served.http.post(f"{own}/publish", headers=native).status_code == 200
    take = {"eventid": event["id"], "contingentid": event["lot"]["id"], "amount": 3}
    order = _made(served, native, "/v1/orders", saleschannelid=1, take=[take])
    confirm = f"/v1/orders/{order['id']}/confirm"
    assert served.http.post(confirm, headers=native).status_code == 200


def _made(served: Served, native: Headers, path: str, **body: Any) -> Any:
    answer = served.http.post(path, json=body, headers=native)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def _guid(served: Served, native: Headers, event: Any, what: str) -> str:
    (found,) = served.http.get(f"/event/{event['guid']}/{what}", headers=native).json()
    return str(found["guid"])


def _recorded(served: Served, answer: httpx.Response, before: int) -> int:
    assert answer.status_code == 200, answer.text
    return served.book.store.position() - before


@pytest.mark.parametrize("as_form", [False, True])
@pytest.mark.parametrize("what", ["event", "ticket", "eventdate", "location", "shop"])
def test_the_documents_of_openticket(
    served: Served, native: Headers, event: Any, what: str, *, as_form: bool
) -> None:
    desk = served.http.get("/v1/catalog/saleschannels/1", headers=native).json()
    guids = {
        "event": event["guid"],
        "ticket": _guid(served, native, event, "ticket"),
        "eventdate": _guid(served, native, event, "dates"),
        "location": event["place"]["guid"],
        "shop": desk["guid"],
    }
    path = f"/{what}/{guids[what]}"
    shown = served.http.get(path, headers=native).json()
    before = served.book.store.position()

    texts = {
        n: "" if v is None else str(v).lower() if isinstance(v, bool) else v
        for n, v in shown.items()
    }
    flat = {n: v for n, v in texts.items() if not isinstance(v, dict | list)}
    body: dict[str, Any] = {"data": flat} if as_form else {"json": shown}
    answer = served.http.put(path, headers=native, **body)

    assert _recorded(served, answer, before) == 0


def test_what_is_changed_in_such_a_document_is_changed(
    served: Served, native: Headers, event: Any
) -> None:
    path = f"/event/{event['guid']}"
    shown = served.http.get(path, headers=native).json()

    answer = served.http.put(path, json=shown | {"name": "Day", "website": "x"}, headers=native)

    changed = served.http.get(
        f"/v1/events/{event['id']}",
        headers=native | {"Stagebook-After": answer.headers["Stagebook-Position"]},
    ).json()
    assert (changed["name"], changed["website"], changed["type"]) == ("Day", "x", None)
    assert changed["startts"] == event["date"]["start"]


@pytest.mark.parametrize("language", [None, "nl"])
def test_an_event_of_ticketmatic_in_a_language_without_its_translation(
    served: Served, tm: Client, event: Any, language: str | None
) -> None:
    path, headers = f"/events/{event['id']}", {"Accept-Language": language} if language else {}
    shown = raw(tm, "GET", path, headers=headers).json()
    before = served.book.store.position()

    answer = raw(tm, "PUT", path, json=shown, headers=headers)

    assert _recorded(served, answer, before) == 0
    assert answer.json()["translations"] == {"nameen": "Night"}


def test_an_event_whose_empty_maps_are_lists_where_php_wrote_them(
    served: Served, tm: Client, event: Any
) -> None:
    path = f"/events/{event['id']}"
    shown = raw(tm, "GET", path).json()
    before = served.book.store.position()

    answer = raw(tm, "PUT", path, json=shown | {"layout": [], "translations": []})

    assert _recorded(served, answer, before) == 0


def test_tickets_keep_the_barcodes_that_change_with_their_buyers(
    served: Served, tm: Client, native: Headers, event: Any
) -> None:
    path = f"/events/{event['id']}/tickets"
    _sold(served, native, event)
    tickets = [
        httpx.Response(200, content=t).json() for t in raw(tm, "GET", path).text.splitlines()
    ]
    before = served.book.store.position()

    answer = raw(tm, "PUT", f"{path}/batch", json=tickets)

    assert [bool(ticket["barcode"]) for ticket in tickets] == [True] * 3
    assert _recorded(served, answer, before) == 0
