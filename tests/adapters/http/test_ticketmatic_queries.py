"""Questions in SQL through the published client, unmodified."""

import json
from typing import Any

import pytest
from ticketmatic.client import Client
from ticketmatic.endpoints import contacts, tools
from ticketmatic.endpoints.settings.events import event_locations
from ticketmatic.endpoints.settings.pricing import price_types
from ticketmatic.exceptions import ClientException

from domain.registry import Role
from tests.adapters.http.test_ticketmatic_events import names, published, raw
from tests.adapters.http.vendors import Served


def answered(tm: Client, query: str, **more: Any) -> Any:
    return tools.queries(tm, {"query": query, **more})


def test_a_filter_finds_what_was_just_changed(tm: Client) -> None:
    published(tm, "Jazz Night")
    recently = "select id from tm.event where lastupdatets > now() - interval '7 days'"

    assert names(tm, filter=recently) == ["Jazz Night"]
    assert names(tm, filter="select id from tm.event where 1 = 0") == []


def test_settings_have_filters_too(tm: Client) -> None:
    hall = event_locations.create(tm, {"name": "Hall", "city": "Gent"})
    event_locations.create(tm, {"name": "Club", "city": "Aalst"})
    of_gent = {"filter": "select id from conf.eventlocation where city = 'Gent'"}
    normal = {"filter": "select id from conf.pricetype where nameen = 'Normal'"}

    assert [one.id for one in event_locations.get_list(tm, of_gent).data] == [hall.id]
    assert [one.name for one in price_types.get_list(tm, normal).data] == ["Normal"]


def test_a_query_has_a_page_and_the_number_of_all(tm: Client) -> None:
    event = published(tm, "Night")
    tickets = "select id, currentstatus from tm.ticket order by id"

    found = answered(tm, tickets, limit=2, offset=1)

    assert found.nbrofresults == 10
    assert [row["id"] for row in found.results] == [
        event.contingents[0].id * 100_000_000 + place for place in (2, 3)
    ]
    assert len(answered(tm, tickets).results) == 10
    (row,) = answered(tm, "select nameen, startts, 1.5 as x from tm.event").results
    assert row == {"nameen": "Night", "startts": "2026-12-04T20:00:00+01:00", "x": 1.5}


def test_an_export_is_a_json_object_a_line(tm: Client) -> None:
    query = "select id, name from conf.pricetype order by id"

    exported = raw(tm, "POST", "/tools/queries/export", json={"query": query})

    assert exported.headers["content-type"].startswith("application/x-ndjson")
    assert exported.text.endswith("}\n")
    lines = [json.loads(line) for line in exported.text.splitlines()]
    assert [line["name"] for line in lines] == ["Normal", "Reduction", "Free"]
    one = tools.export(tm, {"query": "select max(id) as id from conf.pricetype"})
    assert one == {"id": 3}


@pytest.mark.parametrize(
    "query",
    ["", "select", "drop table x", "select id from tm.event; select 1", "select * from pg_class"],
)
def test_what_is_no_question_is_a_bad_request(tm: Client, query: str) -> None:
    for path in ("/tools/queries", "/tools/queries/export"):
        refused = raw(tm, "POST", path, json={"query": query})

        assert (refused.status_code, refused.json()["code"]) == (400, 400)
        assert refused.json()["message"].startswith("query: ")
    for path in ("/events", "/orders", "/settings/pricing/pricetypes"):
        if query:
            refused = raw(tm, "GET", path, params={"filter": query})
            assert refused.status_code == 400, path
            assert refused.json()["message"].startswith("filter: ")


@pytest.mark.parametrize(
    "body", [{}, {"query": 1}, {"query": "select 1", "limit": -1}, [], {"query": None}]
)
def test_a_body_that_asks_nothing_is_a_bad_request(tm: Client, body: Any) -> None:
    assert raw(tm, "POST", "/tools/queries", json=body).status_code == 400


def test_contacts_are_for_keys_that_sell(tm: Client, served: Served) -> None:
    contacts.create(tm, {"lastname": "Peeters", "email": "ann@example.org"})
    query = "select email from tm.contact"

    assert answered(tm, query).results == [{"email": "ann@example.org"}]
    with (
        served.client(tm.account_code, Role.AUDITOR) as auditor,
        pytest.raises(ClientException, match="keys that may sell"),
    ):
        answered(auditor, query)


def test_viewers_ask_nothing_in_sql(tm: Client, served: Served) -> None:
    with served.client(tm.account_code, Role.VIEWER) as viewer:
        for path in ("/tools/queries", "/tools/queries/export"):
            assert raw(viewer, "POST", path, json={"query": "select 1"}).status_code == 403


def test_nothing_of_another_account_is_found(tm: Client, served: Served) -> None:
    with served.client() as other:
        published(other, "Their secret")

    assert answered(tm, "select id from tm.event").nbrofresults == 0
    assert answered(tm, "select id from tm.ticket").nbrofresults == 0
