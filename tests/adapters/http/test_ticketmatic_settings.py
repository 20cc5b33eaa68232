"""`/settings/…` as the published client sees it: what it did, it reads back."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from types import ModuleType, SimpleNamespace
from typing import Any

import httpx
import jsonschema_rs
import pytest
from ticketmatic.client import Client
from ticketmatic.endpoints import contacts
from ticketmatic.endpoints.settings.events import event_locations
from ticketmatic.endpoints.settings.pricing import price_types, pricelists
from ticketmatic.endpoints.settings.seating_plans import seat_ranks, seating_plans
from ticketmatic.endpoints.settings.system import custom_fields
from ticketmatic.endpoints.settings.ticket_sales import (
    lock_types,
    payment_scenarios,
    sales_channels,
)
from ticketmatic.exceptions import ClientException

from adapters.http.ticketmatic.resources import CONTACTS, SETTINGS
from domain.registry import Role
from tests.adapters.http.vendors import Served
from tests.conftest import ACCOUNT_ROLES

Api = ModuleType | SimpleNamespace
VALUES = ("get_list", "get", "create", "update", "delete", "translations", "translate")
custom_field_values = SimpleNamespace(
    **{name: getattr(custom_fields, f"values_{name}") for name in VALUES}
)
PRICES = {
    "prices": [
        {
            "pricetypeid": 1,
            "prices": [25.5, 12],
            "availabilities": [True, True],
            "saleschannels": [1, 2],
            "conditions": [{"type": "promocode", "value": ["spring"]}],
        }
    ],
    "seatrankids": [1, 2],
}
PLAN = {
    "id": 1,
    "name": "Floor",
    "rows": [{"name": "A", "coord": 1, "seats": [{"id": "a1", "center": [1.5, 2.0]}]}],
}
KINDS: dict[str, tuple[Api, dict[str, Any], dict[str, Any]]] = {
    "event locations": (
        event_locations,
        {"name": "Hall", "street1": "Kerkstraat", "countrycode": "BE", "info": "Tram 1"},
        {"city": "Gent", "zip": "9000", "geostatus": 1},
    ),
    "price lists": (pricelists, {"name": "Concerts"}, {"hasranks": True}),
    "price types": (price_types, {"name": "Students", "typeid": 2302}, {"remark": "With a card"}),
    "sales channels": (
        sales_channels,
        {"name": "Shop", "typeid": 3002},
        {"ordermailtemplateid_confirmation": 4},
    ),
    "lock types": (lock_types, {"name": "House", "ishardlock": True}, {"color": "#ff0000"}),
    "payment scenarios": (
        payment_scenarios,
        {"name": "Transfer", "typeid": 2703, "bankaccountnumber": "BE68539007547034"},
        {"internalremark": "Slow", "visibility": "API"},
    ),
    "custom fields": (
        custom_fields,
        {"typeid": 13003, "key": "genre", "caption": "Genre"},
        {"fieldtypeid": 12009, "manualsort": True},
    ),
    "custom field values": (custom_field_values, {"caption": "Jazz"}, {"sortorder": 3}),
    "seating plans": (seating_plans, {"name": "Main hall"}, {"status": "ready"}),
    "seat ranks": (seat_ranks, {"name": "Balcony", "color": "#00ff00"}, {"priority": 2}),
    "contacts": (
        contacts,
        {"firstname": "Ann", "lastname": "Peeters", "email": "ann@example.org"},
        {"company": "Concertgebouw", "phonenumbers": [{"number": "+32 9 123", "typeid": 1}]},
    ),
}
EACH = pytest.mark.parametrize("what", KINDS)
ALONE = ("price lists", "seating plans", "contacts")
TRANSLATED = pytest.mark.parametrize("what", [what for what in KINDS if what not in ALONE])


UNUSED = count(1)


def new(tm: Client, what: str, **fields: Any) -> Any:
    """One of them, made."""
    api, body, _ = KINDS[what]
    if what == "custom field values":
        body = body | {"typeid": new(tm, "custom fields", key=f"k{next(UNUSED)}").id}
    return api.create(tm, body | fields)


def ids(found: Any) -> list[int]:
    assert found.nbrofresults == len(found.data)
    return [one.id for one in found.data]


def raw(tm: Client, method: str, path: str, **says: Any) -> httpx.Response:
    """What the client cannot say."""
    made = tm.new_request(method, "/{accountname}" + path)
    _, headers, _ = made._prepare()
    url = f"{tm.server}/api/1/{tm.account_code}{path}"
    return tm._http.request(method, url, headers={**headers, **says.pop("headers", {})}, **says)


def live(tm: Client, served: Served, **fields: Any) -> Any:
    """An Event, made on the native surface."""
    headers = served.token(tm.account_code)
    body = {"name": "Live", **fields}
    made = served.http.post("/v1/events", json=body, headers=headers)
    assert made.status_code == 201, made.text
    return made.json()


@pytest.fixture
def dutch(tm: Client, served: Served) -> Iterator[Client]:
    """The same key, asking for Dutch."""
    with served.connected(tm.account_code, tm.access_key) as made:
        made.set_language("nl")
        yield made


@EACH
def test_what_is_made_is_read_and_listed(tm: Client, what: str) -> None:
    api, body, _ = KINDS[what]

    made = new(tm, what)

    for name, value in body.items():
        assert getattr(made, name) == value
    assert api.get(tm, made.id) == made
    assert made.id in ids(api.get_list(tm))
    assert abs(datetime.now(UTC) - made.createdts) < timedelta(minutes=5)
    assert made.createdts == made.lastupdatets


@EACH
def test_an_update_merges(tm: Client, what: str) -> None:
    api, body, change = KINDS[what]
    made = new(tm, what)

    updated = api.update(tm, made.id, change)

    for name, value in {**body, **change}.items():
        if name != "phonenumbers":
            assert getattr(updated, name) == value
    assert api.get(tm, made.id) == updated
    assert updated.lastupdatets > made.lastupdatets
    assert updated.createdts == made.createdts


@EACH
def test_a_document_that_was_read_can_be_sent_back(tm: Client, what: str) -> None:
    api = KINDS[what][0]
    made = new(tm, what)

    again = api.update(tm, made.id, api.get(tm, made.id))

    assert again == made


@EACH
def test_what_is_deleted_leaves_the_list(tm: Client, what: str) -> None:
    api = KINDS[what][0]
    one, other = new(tm, what), new(tm, what, **({"key": "b"} if what == "custom fields" else {}))

    api.delete(tm, one.id)

    listed, everything = ids(api.get_list(tm)), ids(api.get_list(tm, {"includearchived": True}))
    assert (one.id in listed, other.id in listed, other.id in everything) == (False, True, True)
    gone = api.get(tm, one.id)
    assert gone.isdeleted if what == "contacts" else gone.isarchived
    assert one.id in everything
    since = {"includearchived": True, "lastupdatesince": str(gone.lastupdatets)}
    assert ids(api.get_list(tm, since)) == [one.id]
    api.delete(tm, one.id)
    assert api.get(tm, one.id) == gone


@EACH
def test_a_list_is_of_what_was_updated_since(tm: Client, what: str) -> None:
    api, _, change = KINDS[what]
    early = new(tm, what)
    late = new(tm, what, **({"key": "b"} if what == "custom fields" else {}))

    assert early.id not in ids(api.get_list(tm, {"lastupdatesince": str(late.createdts)}))
    api.update(tm, early.id, change)

    found = ids(api.get_list(tm, {"lastupdatesince": str(late.createdts)}))
    assert {early.id, late.id} <= {*found}
    assert ids(api.get_list(tm, {"lastupdatesince": "2100-01-01 00:00:00"})) == []


@pytest.mark.parametrize(
    "written",
    [
        lambda t: t.strftime("%Y-%m-%d %H:%M:%S.%f"),
        lambda t: t.strftime("%Y-%m-%dT%H:%M:%S.%f"),
        lambda t: t.strftime('"%Y-%m-%dT%H:%M:%S.%f"'),
        lambda t: t.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00:00"),
        lambda t: t.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        lambda t: t.strftime("%Y-%m-%dT%H:%M:%S.%f%z"),
        lambda t: t.astimezone(UTC).strftime(
            '{"date": "%Y-%m-%d %H:%M:%S.%f", "timezone_type": 3, "timezone": "UTC"}'
        ),
        lambda t: t.strftime(
            '{"date": "%Y-%m-%d %H:%M:%S.%f", "timezone_type": 3, "timezone": "Europe/Brussels"}'
        ),
    ],
    ids=["naive", "naive T", "quoted", "python", "Z", "php", "php object in UTC", "php object"],
)
def test_a_list_understands_every_way_to_write_since_when(
    tm: Client, written: Callable[[datetime], str]
) -> None:
    early, late = new(tm, "lock types"), new(tm, "lock types")
    path = "/settings/ticketsales/locktypes"

    found = raw(tm, "GET", path, params={"lastupdatesince": written(late.lastupdatets)})

    assert [one["id"] for one in found.json()["data"]] == [late.id]
    assert early.id < late.id


def test_times_are_shown_in_the_zone_of_the_account(tm: Client) -> None:
    made = new(tm, "lock types")

    shown = raw(tm, "GET", f"/settings/ticketsales/locktypes/{made.id}").json()

    assert shown["createdts"][-6:] in ("+01:00", "+02:00")
    assert datetime.fromisoformat(shown["createdts"]) == made.createdts


@pytest.mark.parametrize("since", ["yesterday", "2024-13-01", "2024-01-01T10", '{"date": 1}'])
def test_a_list_refuses_what_is_no_time(tm: Client, since: str) -> None:
    found = raw(tm, "GET", "/settings/pricing/pricetypes", params={"lastupdatesince": since})

    assert (found.status_code, found.json()["code"]) == (400, 400)
    assert found.headers["content-type"].startswith("text/plain")


NATIVE = {what: f"catalog/{what.replace(' ', '')}" for what in KINDS} | {
    "event locations": "locations"
}


@EACH
def test_it_is_whole_on_the_native_surface_with_the_key_that_made_it(
    tm: Client, served: Served, what: str
) -> None:
    api, _, change = KINDS[what]
    made = new(tm, what)
    api.update(tm, made.id, change)
    headers = served.token(tm.account_code) | {"Stagebook-After": str(served.book.store.position())}
    path = f"/v1/{NATIVE[what]}/{made.id}"

    native = served.http.get(path, headers=headers).json()
    history = served.http.get(f"{path}/history", headers=headers).json()["data"]

    assert native["version"] == 2
    for name, value in change.items():
        assert native[name] == value
    assert [one["actor"] for one in history] == [f"key of {tm.account_code}"] * 2


@EACH
def test_what_is_shown_is_as_the_documentation_has_it(
    tm: Client, served: Served, what: str
) -> None:
    made = new(tm, what)
    openapi = served.app.openapi()
    resource = next(one for one in (*SETTINGS, CONTACTS) if one.what == what[:-1])

    for path in (resource.path, f"{resource.path}/{{id}}"):
        answer = openapi["paths"]["/api/1/{accountname}" + path]["get"]["responses"]["200"]
        schema = answer["content"]["application/json"]["schema"]
        shown = raw(tm, "GET", path.format(id=made.id)).json()

        jsonschema_rs.validate({**schema, "components": openapi["components"]}, shown)


# -- filters


@EACH
def test_a_list_is_of_what_a_query_finds(tm: Client, what: str) -> None:
    api = KINDS[what][0]
    one, other = new(tm, what), new(tm, what, **({"key": "b"} if what == "custom fields" else {}))
    table = "tm.contact" if what == "contacts" else f"conf.{what[:-1].replace(' ', '')}"
    table = table.replace("conf.eventlocation", "tm.eventlocation")

    def found(where: str, **more: Any) -> list[int]:
        query = f"select id from {table} where {where}"  # noqa: S608 - of this test alone
        return ids(api.get_list(tm, {"filter": query, **more}))

    assert found(f"id = {one.id}") == [one.id]
    assert {one.id, other.id} <= {*found("id > 0")}
    assert found("id < 0") == []
    assert found(f"id = {one.id}", lastupdatesince="2100-01-01") == []
    api.delete(tm, one.id)
    assert found(f"id = {one.id}") == []


@pytest.mark.parametrize(
    "query",
    [
        "delete from conf.pricetype",
        "select id, name from conf.pricetype",
        "select id from conf.pricetype; select 1",
        "select nameen from conf.pricetype",
        "select id from sqlite_master",
        "hello",
    ],
)
def test_a_filter_that_is_no_question_for_ids_is_refused(tm: Client, query: str) -> None:
    with pytest.raises(ClientException) as refused:
        price_types.get_list(tm, {"filter": query})

    assert refused.value.code == 400


# -- languages


@TRANSLATED
def test_a_language_is_written_and_read_alone(tm: Client, dutch: Client, what: str) -> None:
    api = KINDS[what][0]
    name = "caption" if what.startswith("custom") else "name"
    made = new(tm, what)

    updated = api.update(dutch, made.id, {name: "Nederlands"})

    assert getattr(updated, name) == "Nederlands"
    assert getattr(api.get(dutch, made.id), name) == "Nederlands"
    assert getattr(api.get(tm, made.id), name) == getattr(made, name)
    texts = api.translations(tm, made.id)
    assert (texts[f"{name}en"], texts[f"{name}nl"]) == (getattr(made, name), "Nederlands")
    assert "Nederlands" in [getattr(one, name) for one in api.get_list(dutch).data]


@TRANSLATED
def test_translations_are_set_in_one_map(tm: Client, dutch: Client, what: str) -> None:
    api = KINDS[what][0]
    name = "caption" if what.startswith("custom") else "name"
    made = new(tm, what)

    texts = api.translate(tm, made.id, {f"{name}en": "English", f"{name}nl": "Nederlands"})
    assert (texts[f"{name}en"], texts[f"{name}nl"]) == ("English", "Nederlands")
    assert api.translations(tm, made.id) == texts
    assert getattr(api.get(tm, made.id), name) == "English"
    assert getattr(api.get(dutch, made.id), name) == "Nederlands"

    without = api.translate(tm, made.id, {f"{name}nl": ""})
    assert without == {key: text for key, text in texts.items() if key != f"{name}nl"}
    assert getattr(api.get(dutch, made.id), name) == "English"


@pytest.mark.parametrize("language", ["xx", "x-klingon", "*", "12", "en"])
def test_an_unknown_language_is_the_base_language(tm: Client, language: str) -> None:
    made = new(tm, "price types")
    tm.set_language(language)

    price_types.update(tm, made.id, {"name": "Pupils"})

    assert price_types.get(tm, made.id).name == "Pupils"
    assert price_types.translations(tm, made.id) == {"nameen": "Pupils"}


def test_what_is_made_in_another_language_has_its_text_in_both(dutch: Client, tm: Client) -> None:
    made = price_types.create(dutch, {"name": "Leerlingen"})

    assert (made.name, price_types.get(tm, made.id).name) == ("Leerlingen", "Leerlingen")


@pytest.mark.parametrize(
    "texts", [{"remarknl": "x"}, {"name": "x"}, {"namenl": 1}, {"nameNL": "x"}]
)
def test_a_map_that_translates_nothing_is_refused(tm: Client, texts: dict[str, Any]) -> None:
    made = new(tm, "price types")

    with pytest.raises(ClientException) as refused:
        price_types.translate(tm, made.id, texts)

    assert refused.value.code == 400
    assert price_types.translations(tm, made.id) == {"nameen": "Students"}


def test_more_texts_than_anything_has_are_refused(tm: Client) -> None:
    made = new(tm, "event locations")
    letters = "abcdefghijklmnopqrstuvwxyz"
    texts = {f"{n}{a}{b}": "x" for n in ("name", "info") for a in letters for b in letters}

    with pytest.raises(ClientException, match="at most"):
        event_locations.translate(tm, made.id, texts)


# -- what single ones have


def test_a_price_list_keeps_its_prices_and_lists_none(tm: Client) -> None:
    made = new(tm, "price lists", hasranks=True, prices=PRICES)

    (listed,) = pricelists.get_list(tm).data
    got = pricelists.get(tm, made.id)

    assert listed.prices is None
    assert got.prices == made.prices
    (price,) = got.prices.prices
    assert (price.prices, price.conditions[0].value) == ([25.5, 12], ["spring"])


def test_a_seating_plan_keeps_its_logical_plan_as_it_is(tm: Client) -> None:
    made = new(tm, "seating plans")
    odd = {**PLAN, "start": "not a time", "c_x": {"ts": None}}

    before = seating_plans.get_logical_plan(tm, made.id)
    saved = seating_plans.save_logical_plan(tm, made.id, PLAN)
    after = seating_plans.get_logical_plan(tm, made.id)
    path = f"/settings/seatingplans/seatingplans/{made.id}/logicalplan"
    raw(tm, "POST", path, json=odd)

    assert before.rows is None
    assert after == saved
    assert after.rows[0].seats[0].center == [1.5, 2.0]
    assert raw(tm, "GET", path).json() == odd
    assert "logicalplan" not in raw(tm, "GET", path.removesuffix("/logicalplan")).json()


@pytest.mark.parametrize("plan", ["[]", "null", "1", "", "{", '{"a": "' + "x" * 1_000_000 + '"}'])
def test_what_is_no_plan_is_refused(tm: Client, plan: str) -> None:
    made = new(tm, "seating plans")
    path = f"/settings/seatingplans/seatingplans/{made.id}/logicalplan"

    refused = raw(tm, "POST", path, content=plan)

    assert (refused.status_code, refused.json()["code"]) == (400, 400)
    assert raw(tm, "GET", path).json() == {}


def test_custom_fields_are_listed_by_what_they_are_fields_of(tm: Client) -> None:
    event, contact = new(tm, "custom fields"), new(tm, "custom fields", typeid=13002, key="diet")
    jazz = custom_field_values.create(tm, {"typeid": event.id, "caption": "Jazz"})
    custom_field_values.create(tm, {"typeid": contact.id, "caption": "Vegan"})

    assert ids(custom_fields.get_list(tm, {"typeid": 13003})) == [event.id]
    assert ids(custom_fields.get_list(tm)) == [event.id, contact.id]
    assert ids(custom_field_values.get_list(tm, {"typeid": event.id})) == [jazz.id]


def test_a_parameter_that_a_list_does_not_have_is_ignored(tm: Client) -> None:
    query = {"typeid": "nonsense", "limit": "1", "offset": "9", "bogus": "", "simplefilter": "{"}

    found = raw(tm, "GET", "/settings/pricing/pricetypes", params=query)

    assert found.json()["nbrofresults"] == len(found.json()["data"]) == 3


def test_what_is_fixed_at_creation_is_ignored_in_an_update(tm: Client) -> None:
    made = new(tm, "custom field values")
    owner = custom_fields.get(tm, made.typeid)

    assert custom_fields.update(tm, owner.id, {"typeid": 13001}).typeid == 13003
    assert custom_field_values.update(tm, made.id, {"typeid": 999}).typeid == owner.id


def test_a_value_is_of_a_custom_field_that_is_there(tm: Client) -> None:
    with pytest.raises(ClientException, match="there is no custom field 999"):
        custom_field_values.create(tm, {"typeid": 999, "caption": "Jazz"})


def test_custom_fields_of_a_thing_are_kept(tm: Client) -> None:
    fields = {"name": "Hall", "custom_fields": {"floor": [1, 2]}}
    made = event_locations.create(tm, event_locations.EventLocation(**fields))

    assert event_locations.get(tm, made.id).custom_fields == {"floor": [1, 2]}


def test_where_a_location_lies_cannot_be_written(tm: Client) -> None:
    made = new(tm, "event locations", lat=51.0, long=3.7)

    assert (made.lat, made.long, made.isarchived) == (None, None, False)


def test_a_location_that_was_deleted_natively_is_archived_until_it_comes_back(
    tm: Client, served: Served
) -> None:
    first, second, third = [new(tm, "event locations", name=name).id for name in "abc"]
    headers, url = served.token(tm.account_code), f"/v1/locations/{second}"
    served.http.delete(url, headers=headers).raise_for_status()
    everything = {"includearchived": True}

    archived = event_locations.get_list(tm, everything).data
    served.http.post(f"{url}/revert", json={"version": 1}, headers=headers).raise_for_status()
    back = event_locations.get_list(tm, everything).data

    assert [(one.id, one.isarchived) for one in archived] == [
        (first, False),
        (second, True),
        (third, False),
    ]
    assert [one.isarchived for one in back] == [False] * 3
    assert event_locations.get(tm, second).name == "b"


def test_a_location_where_an_event_is_stays(tm: Client, served: Served) -> None:
    made = new(tm, "event locations")
    live(tm, served, locationid=made.id)

    with pytest.raises(ClientException) as refused:
        event_locations.delete(tm, made.id)

    assert refused.value.code == 400
    assert event_locations.get(tm, made.id).name == "Hall"


def test_the_place_of_events_that_have_none_yet_is_no_location(tm: Client, served: Served) -> None:
    live(tm, served, locationid=0)

    assert ids(event_locations.get_list(tm)) == []
    for call in (event_locations.get, event_locations.delete):
        with pytest.raises(ClientException) as refused:
            call(tm, 0)
        assert refused.value.code == 404


def test_an_empty_text_clears_what_buyers_do_not_read(tm: Client) -> None:
    made = new(tm, "event locations", city="Gent")

    updated = event_locations.update(tm, made.id, {"countrycode": "", "city": ""})

    assert (updated.countrycode, updated.city, updated.name) == (None, None, "Hall")
    with pytest.raises(ClientException) as refused:
        event_locations.update(tm, made.id, {"name": ""})
    assert refused.value.code == 400


def test_the_desk_cannot_be_archived(tm: Client) -> None:
    with pytest.raises(ClientException) as refused:
        sales_channels.delete(tm, 1)

    assert refused.value.code == 400
    assert 1 in ids(sales_channels.get_list(tm))


@pytest.mark.parametrize(
    "body", ["[]", "1", "{", '{"name": 1}', '{"name": null}', '{"name": "\\u0000"}']
)
def test_a_bad_body_is_refused_and_nothing_recorded(tm: Client, body: str) -> None:
    path = "/settings/pricing/pricetypes"
    before = ids(price_types.get_list(tm))

    refused = raw(tm, "POST", path, content=body)

    assert (refused.status_code, refused.json()["code"]) == (400, 400)
    assert ids(price_types.get_list(tm)) == before


def test_lists_that_php_wrote_for_empty_maps_and_unknown_fields_are_passed_over(
    tm: Client,
) -> None:
    body = {"name": "Pupils", "translations": [], "lookup": {}, "isarchived": True, "id": 99}

    made = raw(tm, "POST", "/settings/pricing/pricetypes", json=body).json()

    assert (made["name"], made["translations"], made["isarchived"]) == (
        "Pupils",
        {"nameen": "Pupils"},
        False,
    )


@EACH
def test_what_is_not_there_is_not_found(tm: Client, what: str) -> None:
    api, _, change = KINDS[what]

    for call in (
        lambda: api.get(tm, 999_999),
        lambda: api.update(tm, 999_999, change),
        lambda: api.delete(tm, 999_999),
    ):
        with pytest.raises(ClientException) as refused:
            call()
        assert refused.value.code == 404


@EACH
def test_a_viewer_writes_nothing(tm: Client, served: Served, what: str) -> None:
    api, body, change = KINDS[what]
    made = new(tm, what)

    with served.client(tm.account_code, Role.VIEWER) as viewer:
        for call in (
            lambda: api.create(viewer, body),
            lambda: api.update(viewer, made.id, change),
            lambda: api.delete(viewer, made.id),
        ):
            with pytest.raises(ClientException) as refused:
                call()
            assert refused.value.code == 403
        if what != "contacts":
            assert api.get(viewer, made.id) == made

    assert api.get(tm, made.id) == made


@EACH
def test_things_of_one_account_are_not_of_another(tm: Client, served: Served, what: str) -> None:
    api = KINDS[what][0]
    made = [new(tm, what, **({"key": key} if what == "custom fields" else {})) for key in "abcde"]

    with served.client() as stranger:
        assert made[-1].id not in ids(api.get_list(stranger))
        with pytest.raises(ClientException) as refused:
            api.get(stranger, made[-1].id)
        assert refused.value.code == 404


# -- contacts


def test_contacts_are_read_by_those_who_sell(tm: Client, served: Served) -> None:
    made = new(tm, "contacts")

    for role in ACCOUNT_ROLES:
        with served.client(tm.account_code, role) as client:
            if role in (Role.SELLER, Role.EDITOR, Role.ADMIN):
                assert contacts.get(client, made.id) == made
                assert ids(contacts.get_list(client)) == [made.id]
                continue
            for call in (contacts.get_list, lambda principal: contacts.get(principal, made.id)):
                with pytest.raises(ClientException) as refused:
                    call(client)
                assert refused.value.code == 403


def test_a_contact_is_found_by_its_address(tm: Client) -> None:
    made = new(tm, "contacts")
    new(tm, "contacts", email="bob@example.org")

    assert contacts.get(tm, 0, {"email": "ANN@example.org"}) == made
    for email in ("nobody@example.org", None):
        with pytest.raises(ClientException):
            contacts.get(tm, 0, {"email": email})
    contacts.delete(tm, made.id)
    with pytest.raises(ClientException, match="no contact of that"):
        contacts.get(tm, 0, {"email": "ann@example.org"})


def test_contacts_are_paged_sorted_and_searched(tm: Client) -> None:
    names = ["Cleo Maes", "ann Zola", "Bob Maes"]
    made = [
        contacts.create(tm, {"firstname": first, "lastname": last}).id
        for first, last in map(str.split, names)
    ]
    contacts.update(tm, made[0], {"company": "Bozar"})

    def found(**asked: Any) -> list[int]:
        return [one.id for one in contacts.get_list(tm, asked).data]

    assert found(orderby="name") == [made[1], made[2], made[0]]
    assert found(orderby="lastupdatets") == [made[1], made[2], made[0]]
    assert found(orderby="createdts") == found() == made
    assert found(limit=2) == made[:2]
    assert found(limit=2, offset=2) == made[2:]
    assert found(searchterm="mae") == [made[0], made[2]]
    assert found(searchterm="bozar") == [made[0]]
    assert contacts.get_list(tm, {"limit": 1}).nbrofresults == 3
    (first, *_) = contacts.get_list(tm, {"output": "ids"}).data
    assert (first.id, first.lastname) == (made[0], None)


def test_a_contact_that_is_nobody_is_refused(tm: Client) -> None:
    with pytest.raises(ClientException, match="at least one of"):
        contacts.create(tm, {"vatnumber": "BE1"})


@pytest.mark.parametrize("orderby", ["typeid", "name; drop table"])
def test_contacts_are_sorted_by_what_there_is(tm: Client, orderby: str) -> None:
    with pytest.raises(ClientException) as refused:
        contacts.get_list(tm, {"orderby": orderby})
    assert refused.value.code == 400
