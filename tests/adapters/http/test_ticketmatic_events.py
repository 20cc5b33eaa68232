"""Events through the published client, unmodified: what it does, and what it reads back."""

from typing import Any

import httpx
import pytest
from ticketmatic.client import Client
from ticketmatic.endpoints import events, streams
from ticketmatic.endpoints.settings.events import event_locations
from ticketmatic.exceptions import ClientException
from ticketmatic.models.event import EventContingent, EventQuery

from domain.registry import Role
from tests.adapters.http.talk import png
from tests.adapters.http.vendors import Served

START, END = "2026-12-04T20:00:00+01:00", "2026-12-04T23:00:00+01:00"
PRICES = {"prices": [{"pricetypeid": 1, "prices": [25.0], "saleschannels": [1, 2]}]}


def floor(amount: int = 10, **more: Any) -> dict[str, Any]:
    return {"name": "Floor", "amount": amount, "eventspecificprices": PRICES, **more}


def made(tm: Client, name: str = "Night", **more: Any) -> Any:
    body = {"name": name, "startts": START, "endts": END, "contingents": [floor()], **more}
    return events.create(tm, body)


def published(tm: Client, name: str = "Night", **more: Any) -> Any:
    event = made(tm, name, **more)
    events.batch(tm, {"ids": [event.id], "operation": "publish"})
    return event


def names(tm: Client, **query: Any) -> list[str]:
    return [event.name for event in events.get_list(tm, EventQuery.from_dict(query)).data]


def counters(tm: Client, event: Any) -> dict[str, int]:
    (found,) = events.get(tm, event.id).availability
    shown = ("free", "locked_hard", "locked_soft", "reserved", "sold_paid", "sold_unpaid")
    return {name: n for name in shown if (n := getattr(found, name))}


def raw(tm: Client, method: str, path: str, **more: Any) -> httpx.Response:
    """A call that the client has no function for, signed by it."""
    request = tm.new_request(method, path)
    _, headers, _ = request._prepare()
    url = f"{tm.server}/api/1/{tm.account_code}{path}"
    return httpx.request(method, url, headers=headers | more.pop("headers", {}), **more)


def test_a_name_is_enough_for_an_event(tm: Client) -> None:
    event = events.create(tm, {"name": "Night"})

    assert (event.name, event.currentstatus) == ("Night", 19001)
    assert (event.locationid, event.createdts is None) == (None, False)
    assert len(event.code) == 12
    assert events.get(tm, event.id).name == "Night"


def test_an_update_changes_what_is_sent_and_nothing_else(tm: Client) -> None:
    event = made(tm, subtitle="Live", c_genre=["jazz"])

    events.update(tm, event.id, {"subtitle": "Unplugged"})

    now = events.get(tm, event.id)
    assert (now.name, now.subtitle, now.custom_fields) == (
        "Night",
        "Unplugged",
        {"genre": ["jazz"]},
    )
    assert [lot.amount for lot in now.contingents] == [10]


def test_what_was_read_can_be_sent_back(tm: Client) -> None:
    event = made(tm)
    before = raw(tm, "GET", f"/events/{event.id}").json()

    answer = raw(tm, "PUT", f"/events/{event.id}", json=before)

    assert answer.status_code == 200
    assert answer.json() == before


def test_times_come_back_as_they_were_meant(tm: Client) -> None:
    event = made(tm)
    body = {"startts": "2026-07-04 20:00:00", "endts": "2026-07-04T21:00:00Z"}
    shown = raw(tm, "PUT", f"/events/{event.id}", json=body).json()

    events.update(tm, event.id, events.get(tm, event.id))

    assert shown["startts"] == "2026-07-04T20:00:00+02:00"
    assert shown["endts"] == "2026-07-04T23:00:00+02:00"
    again = raw(tm, "GET", f"/events/{event.id}").json()
    assert (again["startts"], again["endts"]) == (shown["startts"], shown["endts"])


def test_a_time_that_is_null_was_not_given(tm: Client) -> None:
    event = made(tm)

    body = {"name": "Late", "startts": None, "contingents": None, "locationid": None}
    raw(tm, "PUT", f"/events/{event.id}", json=body)

    now = raw(tm, "GET", f"/events/{event.id}").json()
    assert (now["name"], now["startts"]) == ("Late", "2026-12-04T20:00:00+01:00")
    assert len(now["contingents"]) == 1


def test_a_contingent_as_the_strictest_client_sends_it(tm: Client) -> None:
    lot = {"name": "", "amount": 5, "locks": None, "pricelistid": None, "colour": "red"}

    answer = raw(tm, "POST", "/events", json={"name": "Night", "contingents": [lot], "x": 1})

    (shown,) = answer.json()["contingents"]
    assert (shown["amount"], shown["name"], shown["locks"]) == (5, "", [])


def test_a_call_without_a_body_changes_nothing(tm: Client) -> None:
    event = made(tm)

    answer = raw(tm, "PUT", f"/events/{event.id}")

    assert (answer.status_code, answer.json()["name"]) == (200, "Night")


def test_drafts_are_hidden_unless_they_are_asked_for(tm: Client) -> None:
    made(tm, "Draft")
    published(tm, "Active")

    assert names(tm) == ["Active"]
    assert names(tm, simplefilter={"status": [19001]}) == ["Draft"]
    assert names(tm, simplefilter={"status": None, "productionid": None}) == ["Active"]
    assert names(tm, simplefilter={"status": [19001, 19002]}) == ["Draft", "Active"]


def test_pages_orders_and_searches(tm: Client) -> None:
    for name in ("Cello", "Accordion", "Bass guitar"):
        published(tm, name)

    page = events.get_list(tm, EventQuery(limit=1, offset=1, orderby="name"))
    past = events.get_list(tm, EventQuery(offset=3))

    assert ([e.name for e in page.data], page.nbrofresults) == (["Bass guitar"], 3)
    assert (past.data, past.nbrofresults) == ([], 3)
    assert names(tm, searchterm="gui") == ["Bass guitar"]
    assert names(tm, orderby="startts", limit=2) == ["Cello", "Accordion"]


def test_the_outputs_of_a_list(tm: Client) -> None:
    hall = event_locations.create(tm, {"name": "Hall"})
    event = published(tm, locationid=hall.id)

    ids = raw(tm, "GET", "/events?output=ids").json()
    looked_up = raw(tm, "GET", "/events?output=withlookup").json()

    assert ids == {"data": [{"id": event.id}], "nbrofresults": 1}
    lookup = looked_up["lookup"]
    assert lookup["locations"][str(hall.id)]["name"] == "Hall"
    assert lookup["pricetypes"]["1"]["name"] == "Normal"
    assert lookup["seatranks"] == {}
    assert "lookup" not in raw(tm, "GET", "/events").json()


def test_a_filter_is_a_question_in_sql(tm: Client) -> None:
    made(tm, "Draft of jazz")
    jazz, _ = published(tm, "Jazz"), published(tm, "Opera")

    likes = "select id from tm.event where nameen ilike '%jazz%'"
    found = events.get_list(tm, EventQuery(filter=likes))
    sold = (
        "select l.eventid from tm.ticket t join tm.tickettype l on l.id = t.tickettypeid"
        " where t.orderid is not null"
    )

    assert ([e.id for e in found.data], found.nbrofresults) == ([jazz.id], 1)
    assert names(tm, filter=likes, simplefilter={"status": [19001]}) == ["Draft of jazz"]
    assert names(tm, filter=sold) == []
    assert names(tm, filter=likes + " and currentstatus = 19001") == []


@pytest.mark.parametrize(
    "query",
    [
        "select id, nameen from tm.event",
        "delete from tm.event",
        "select id from tm.event; select 1",
        "select key from events.documents",
        "nonsense",
    ],
)
def test_a_filter_that_asks_for_something_else_is_refused(tm: Client, query: str) -> None:
    with pytest.raises(ClientException) as refused:
        events.get_list(tm, EventQuery(filter=query))

    assert refused.value.code == 400
    assert "filter" in str(refused.value)


def test_a_viewer_may_not_ask_in_sql(served: Served) -> None:
    with served.client(role=Role.VIEWER) as tm, pytest.raises(ClientException) as refused:
        events.get_list(tm, EventQuery(filter="select id from tm.event"))

    assert refused.value.code == 403


def test_on_sale_on_a_channel_now(tm: Client) -> None:
    published(tm, "Everywhere")
    published(tm, "Web", saleschannels=[{"saleschannelid": 2}])
    published(tm, "Later", salestartts="2999-01-01 00:00:00")

    found = raw(tm, "GET", '/events?context={"saleschannelid":1}').json()

    assert [event["name"] for event in found["data"]] == ["Everywhere"]
    (prices,) = found["data"][0]["prices"]["contingents"]
    offered = [c["saleschannelid"] for t in prices["pricetypes"] for c in t["saleschannels"]]
    assert offered == [1]
    assert names(tm, context={"saleschannelid": 2}) == ["Everywhere", "Web"]


@pytest.mark.parametrize(
    "since",
    ["2999-01-01 00:00:00", '"2999-01-01T00:00:00"', "2999-01-01 00:00:00%2B00:00", "2999-01-01"],
)
def test_updated_since_in_every_form(tm: Client, since: str) -> None:
    published(tm)

    later = raw(tm, "GET", f"/events?lastupdatesince={since}").json()
    earlier = raw(tm, "GET", f"/events?lastupdatesince={since.replace('2999', '2001')}").json()

    assert (later["nbrofresults"], earlier["nbrofresults"]) == (0, 1)


@pytest.mark.parametrize(
    "query",
    [
        "orderby=price",
        "output=all",
        "limit=x",
        "simplefilter=[",
        "simplefilter=[]",
        'simplefilter={"status":"x"}',
        'context={"saleschannelid":"2"}',
        "lastupdatesince=yesterday",
    ],
)
def test_a_bad_parameter_is_told_by_its_name(tm: Client, query: str) -> None:
    answer = raw(tm, "GET", f"/events?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, 400)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_the_client_raises_what_was_refused(tm: Client) -> None:
    with pytest.raises(ClientException) as refused:
        events.update(tm, 77, {"name": "x"})
    request = tm.new_request("POST", "/{accountname}/events")
    request.set_body({"startts": "tomorrow"})
    with pytest.raises(ClientException) as bad:
        request.run()

    assert refused.value.code == 404
    assert bad.value.code == 400
    assert "startts" in str(bad.value)


def test_every_operation_of_a_batch(tm: Client) -> None:
    first, second = made(tm, "First"), made(tm, "Second")
    ids = [first.id, second.id]

    def status() -> set[int]:
        return {events.get(tm, n).currentstatus for n in ids}

    for operation, after in (
        ("publish", 19002),
        ("redraft", 19001),
        ("publish", 19002),
        ("close", 19003),
        ("reopen", 19002),
        ("redraft", 19001),
    ):
        events.batch(tm, {"ids": ids, "operation": operation})
        assert status() == {after}, operation
    fields = [{"key": "subtitle", "value": "Live"}, {"key": "c_tags", "value": ["a", "b"]}]
    events.batch(tm, {"ids": ids, "operation": "update", "parameters": {"updatefields": fields}})
    fields = [
        {"key": "c_tags", "value": ["b", "c"], "updatetype": "add"},
        {"key": "c_tags", "value": "a", "updatetype": "remove"},
    ]
    for field in fields:
        parameters = {"updatefields": [field]}
        events.batch(tm, {"ids": ids, "operation": "update", "parameters": parameters})

    now = events.get(tm, first.id)
    assert (now.subtitle, now.custom_fields) == ("Live", {"tags": ["b", "c"]})
    events.batch(tm, {"ids": [first.id], "operation": "delete"})
    assert names(tm, simplefilter={"status": [19001]}) == ["Second"]


def test_a_batch_says_how_it_went_with_each(tm: Client) -> None:
    good, bare = made(tm), events.create(tm, {"name": "Bare"})

    body = {"ids": [good.id, bare.id, 77, good.id], "operation": "publish"}
    answer = raw(tm, "POST", "/events/batch", json=body).json()
    copied = raw(
        tm, "POST", "/events/batch", json={"ids": [good.id], "operation": "duplicate"}
    ).json()

    assert answer["nbrsucceeded"] == 1
    assert [(r["id"], r["succeeded"]) for r in answer["results"]] == [
        (good.id, True),
        (bare.id, False),
        (77, False),
    ]
    copy = events.get(tm, copied["results"][0]["newid"])
    assert (copy.name, copy.currentstatus) == ("Night", 19001)
    assert [(lot.name, lot.amount) for lot in copy.contingents] == [("Floor", 10)]


@pytest.mark.parametrize(
    "body",
    [
        {"operation": "publish"},
        {"ids": [], "operation": "publish"},
        {"ids": list(range(1, 1002)), "operation": "publish"},
        {"ids": [1], "operation": "explode"},
        {"ids": ["1"], "operation": "publish"},
        {"ids": [1], "operation": "update"},
        {
            "ids": [1],
            "operation": "update",
            "parameters": {"updatefields": [{"key": "currentstatus", "value": 19002}]},
        },
        {
            "ids": [1],
            "operation": "update",
            "parameters": {"updatefields": [{"key": "startts", "value": "soon"}]},
        },
        [],
    ],
)
def test_a_batch_that_makes_no_sense_is_refused_whole(tm: Client, body: Any) -> None:
    answer = raw(tm, "POST", "/events/batch", json=body)

    assert answer.status_code == 400, answer.text


def test_a_deleted_event_is_gone(tm: Client) -> None:
    event = made(tm)

    events.delete(tm, event.id)

    with pytest.raises(ClientException):
        events.get(tm, event.id)
    assert names(tm, simplefilter={"status": [19001]}) == []


def test_locks_move_the_availability(tm: Client) -> None:
    event = published(tm)
    tickets = [ticket["id"] for ticket in events.get_tickets(tm, event.id)]

    events.lock_tickets(tm, event.id, {"locktypeid": 2, "ticketids": tickets[:3]})
    assert counters(tm, event) == {"free": 7, "locked_soft": 3}
    (locked, *_) = [t for t in events.get_tickets(tm, event.id) if t["locktypeid"]]
    assert (locked["id"], locked["locktypeid"]) == (tickets[0], 2)

    events.unlock_tickets(tm, event.id, {"ticketids": tickets[:2]})
    assert counters(tm, event) == {"free": 9, "locked_soft": 1}

    with pytest.raises(ClientException):
        events.lock_tickets(tm, event.id, {"locktypeid": 2, "ticketids": tickets[:3]})
    with pytest.raises(ClientException):
        events.lock_tickets(tm, event.id, {"locktypeid": 2, "ticketids": list(range(101))})
    assert counters(tm, event) == {"free": 9, "locked_soft": 1}


def test_tickets_come_line_by_line_and_of_one_contingent(tm: Client) -> None:
    event = published(tm, contingents=[floor(3), floor(2, name="Balcony")])
    balcony = events.get(tm, event.id).contingents[1]
    assert isinstance(balcony, EventContingent)

    whole = raw(tm, "GET", f"/events/{event.id}/tickets")
    of = list(events.get_tickets(tm, event.id, {"simplefilter": {"tickettypeid": balcony.id}}))

    assert whole.text.endswith("}\n")
    assert len(whole.text.splitlines()) == 5
    assert [ticket["tickettypeid"] for ticket in of] == [balcony.id] * 2
    assert len({ticket["id"] for ticket in of}) == 2


def test_tickets_are_changed_in_a_batch(tm: Client) -> None:
    event = published(tm)
    first = next(iter(events.get_tickets(tm, event.id)))

    events.batch_update_tickets(
        tm, event.id, [{"id": first["id"], "barcode": "B-1", "c_seat": "A1", "price": 5}]
    )

    now = next(iter(events.get_tickets(tm, event.id)))
    assert (now["barcode"], now["c_seat"], now["price"]) == ("B-1", "A1", None)


def test_a_picture_is_kept_and_served(tm: Client) -> None:
    event = made(tm)
    picture = png()

    address = events.save_image(tm, event.id, picture)

    served = httpx.get(address)
    assert (served.content, served.headers["content-type"]) == (picture, "image/png")
    assert address == events.get(tm, event.id).image
    with pytest.raises(ClientException):
        events.save_image(tm, event.id, b"<svg/>")
    events.delete_image(tm, event.id)
    assert events.get(tm, event.id).image is None


def test_texts_are_kept_language_by_language(tm: Client) -> None:
    event = made(tm, subtitle="Live")

    tm.set_language("nl")
    events.update(tm, event.id, {"name": "Nacht"})
    dutch = events.get(tm, event.id)
    tm.language = None
    english = events.get(tm, event.id)

    assert (dutch.name, dutch.subtitle, english.name) == ("Nacht", "Live", "Night")
    assert events.translations(tm, event.id) == {
        "nameen": "Night",
        "namenl": "Nacht",
        "subtitleen": "Live",
    }
    told = events.translate(tm, event.id, {"namefr": "Nuit", "namenl": "", "nameen": "Evening"})
    assert told == {"nameen": "Evening", "namefr": "Nuit", "subtitleen": "Live"}
    tm.set_language("nl")
    assert events.get(tm, event.id).name == "Evening"


def test_the_stream_of_facts_is_followed_to_its_end(served: Served) -> None:
    with served.client(role=Role.ADMIN) as tm:
        made(tm)

        first = streams.eventstream(tm, {})
        rest = streams.eventstream(tm, {"id": first.nextid})
        events.create(tm, {"name": "Other"})
        news = streams.eventstream(tm, {"id": first.nextid, "eventtypes": "EventCreated"})

    assert "EventCreated" in [fact.type for fact in first.results]
    assert (rest.results, rest.moreresults) == ([], False)
    assert [fact.data["data"]["fields"]["name"] for fact in news.results] == ["Other"]
