"""The 55 named fields of an Event: 44 are writable, 11 only Stagebook sets. And nested types."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from domain.event_fields import OURS, READ_ONLY, EventBody, EventFields, Listing
from projections.event_documents import SHAPE

WRITABLE = [
    "name",
    "audiopreviewurl",
    "contingents",
    "currentstatus",
    "description",
    "endts",
    "externalcode",
    "info",
    "layout",
    "locationid",
    "maxnbrofticketsperbasket",
    "optinsetid",
    "previews",
    "productionid",
    "queuetoken",
    "revenuesplitid",
    "saleendts",
    "saleschannels",
    "salestartts",
    "salestatusmessagesid",
    "schedule",
    "seatallowsingle",
    "seated_chartkey",
    "seated_contingents",
    "seatingplaneventspecificprices",
    "seatingplanid",
    "seatingplanpricelistid",
    "seatselection",
    "segmentationtags",
    "servicemailids",
    "shortdescription",
    "socialdistance",
    "startts",
    "subtitle",
    "subtitle2",
    "tags",
    "ticketfeeid",
    "ticketinfoid",
    "ticketlayoutid",
    "totalmaxtickets",
    "translations",
    "upsellid",
    "waitinglisttype",
    "webremark",
]
ONLY_STAGEBOOK_SETS = [
    "id",
    "availability",
    "code",
    "image",
    "locationname",
    "prices",
    "publishedts",
    "seatingplancontingents",
    "seatingplanlocktemplate",
    "createdts",
    "lastupdatets",
]
SEED = json.loads((Path(__file__).parents[1] / "seed_event.json").read_text())


def body(**fields: Any) -> EventBody:
    return EventBody.model_validate(fields)


OPENTICKETS = list(Listing.model_fields)


def test_44_fields_of_the_one_vendor_and_7_of_the_other_are_writable() -> None:
    assert (len(WRITABLE), len(OPENTICKETS)) == (44, 7)
    assert set(EventBody.model_fields) == {*WRITABLE, *OPENTICKETS}


def test_11_fields_are_only_read() -> None:
    assert len(ONLY_STAGEBOOK_SETS) == 11
    assert set(ONLY_STAGEBOOK_SETS) == READ_ONLY


def test_the_document_has_the_55_fields_of_the_vendor_in_its_order() -> None:
    vendors = list(SHAPE)[:55]

    assert vendors == list(SEED)
    assert set(SHAPE) - set(vendors) == {*OURS, *OPENTICKETS}


def test_the_complete_seed_event_is_accepted() -> None:
    patch = EventBody.model_validate(SEED).patch()

    assert set(patch) == set(WRITABLE)
    for name in WRITABLE:
        assert said(SEED[name]) == pick(patch[name], said(SEED[name])), name


def said(value: Any) -> Any:
    """A value of the seed without what is only read."""
    if isinstance(value, dict):
        return {n: said(v) for n, v in value.items() if n != "eventid"}
    return [said(v) for v in value] if isinstance(value, list) else value


def pick(value: Any, like: Any) -> Any:
    """What of a value was said in the seed; the rest are defaults."""
    if isinstance(like, dict):
        return {n: pick(value[n], v) for n, v in like.items()}
    if isinstance(like, list):
        return [pick(v, w) for v, w in zip(value, like, strict=True)]
    return value


@pytest.mark.parametrize("name", WRITABLE)
def test_every_writable_field_can_be_set_and_cleared(name: str) -> None:
    assert name in body(**{name: SEED[name]}).patch()
    assert body(**{name: None}).patch() == {name: EventBody.defaults()[name]}


@pytest.mark.parametrize("name", [*WRITABLE, *OPENTICKETS])
def test_a_field_shows_what_it_is_when_nothing_was_said_of_it(name: str) -> None:
    if name != "currentstatus":  # an Event is a Draft from its creation on
        assert SHAPE[name] == EventBody.defaults()[name]


@pytest.mark.parametrize("name", [*ONLY_STAGEBOOK_SETS, *sorted(OURS)])
@pytest.mark.parametrize("value", [None, "anything", {"of": ["any", 5]}])
def test_what_only_stagebook_sets_is_ignored_whatever_it_is(name: str, value: Any) -> None:
    assert body(name="Live", **{name: value}).patch() == {"name": "Live"}


def test_custom_fields_stand_beside_the_named_ones() -> None:
    sent = {"c_a": None, "c_b": [1, {"x": "y"}], "c_C_9": "text"}

    assert body(**sent).patch() == sent


def test_status_and_contingents_are_kept_elsewhere() -> None:
    assert set(EventBody.model_fields) - set(EventFields.model_fields) == {
        "currentstatus",
        "contingents",
        "seated_contingents",
    }
    assert body(name="L", currentstatus=19001, contingents=[]).own() == {"name": "L"}


PRICE = {"pricetypeid": 1, "prices": [25.0]}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("currentstatus", 19002),
        ("layout", {"color": "#aaBB00", "maxImage": None}),
        ("layout", {}),
        ("previews", [{"type": 30001, "url": "https://example.org"}]),
        ("saleschannels", [{"saleschannelid": 1}, {"saleschannelid": 2, "isactive": False}]),
        ("tags", ["t" * 100] * 1_000),
        ("servicemailids", [0, 2**53 - 1]),
        ("seatingplaneventspecificprices", {"prices": [], "seatrankids": [1, 2]}),
        (
            "seatingplaneventspecificprices",
            {"prices": [{**PRICE, "prices": [None, 0], "availabilities": [False, True]}]},
        ),
        *(
            ("seatingplaneventspecificprices", {"prices": [{**PRICE, "conditions": [condition]}]})
            for condition in [
                {"type": "ticketlimit", "value": 4},
                {"type": "orderticketlimit", "value": 0},
                {"type": "promocode", "value": "UGENT2013"},
                {"type": "promocode", "value": ["A", "B"]},
                {"type": "voucherids", "value": [1, 2]},
                {"type": "date", "value": {"datetype": "absolute", "absoluteStart": None}},
                {
                    "type": "date",
                    "value": {"datetype": "relative_eventdate", "relativeStart": -30},
                },
            ]
        ),
        ("contingents", [{}]),
        ("contingents", [{"name": "Tickets", "amount": 100, "pricelistid": None}]),
        ("seated_contingents", [{"locks": [{"amount": 5, "locktypeid": 1, "tickettypeid": 9}]}]),
    ],
)
def test_a_nested_value_within_its_limits_is_accepted(field: str, value: Any) -> None:
    assert field in body(**{field: value}).patch()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("currentstatus", 19004),
        ("currentstatus", "19001"),
        ("currentstatus", True),
        ("name", ""),
        ("name", "n" * 256),
        ("description", "d" * 65_536),
        ("audiopreviewurl", "u" * 2_001),
        ("startts", "2014-09-26 15:24:36"),
        ("layout", []),
        ("layout", {"color": "red"}),
        ("layout", {"maxImage": 1}),
        ("previews", [{"type": 30004, "url": "u"}]),
        ("previews", [{"type": 30001}]),
        ("previews", {}),
        ("previews", [{"type": 30001, "url": "u"}] * 1_001),
        ("saleschannels", [{"saleschannelid": 1}, {"saleschannelid": 1}]),
        ("saleschannels", [{}]),
        ("tags", [""]),
        ("tags", ["t" * 101]),
        ("tags", "jazz"),
        ("servicemailids", [-1]),
        ("servicemailids", [1.0]),
        ("locationid", 2**53),
        ("locationid", "125"),
        ("seatselection", 0),
        ("productionid", 10**30),
        ("contingents", [{"amount": -1}]),
        ("contingents", [{"amount": 10_000_001}]),
        ("contingents", [{"id": 0}]),
        ("contingents", [{}] * 501),
        ("contingents", [{"locks": [{"amount": 5}]}]),
        ("seatingplaneventspecificprices", {}),
        ("seatingplaneventspecificprices", {"prices": [{"pricetypeid": 1}]}),
        ("seatingplaneventspecificprices", {"prices": [{**PRICE, "prices": [-1]}]}),
        ("seatingplaneventspecificprices", {"prices": [{**PRICE, "prices": [float("nan")]}]}),
        ("seatingplaneventspecificprices", {"prices": [{**PRICE, "prices": [0.0000001]}]}),
        *(
            ("seatingplaneventspecificprices", {"prices": [{**PRICE, "conditions": [condition]}]})
            for condition in [
                {"type": "unknown", "value": 4},
                {"value": 4},
                {"type": "ticketlimit", "value": "4"},
                {"type": "ticketlimit", "value": -1},
                {"type": "promocode", "value": [""]},
                {"type": "voucherids", "value": 5},
                {"type": "date", "value": {"datetype": "sometimes"}},
                {"type": "date", "value": {"datetype": "absolute", "relativeStart": 1}},
                {"type": "date", "value": {"datetype": "absolute", "absoluteStart": "2026-01-01"}},
            ]
        ),
    ],
)
def test_a_value_beyond_its_limits_is_refused_by_its_path(field: str, value: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        body(**{field: value})

    assert {error["loc"][0] for error in caught.value.errors()} == {field}


def test_times_are_kept_in_their_canonical_form_wherever_they_stand() -> None:
    local = "2026-11-21T20:00:00+01:00"
    condition = {"type": "date", "value": {"datetype": "absolute", "absoluteStart": local}}

    patch = body(
        startts=local,
        saleschannels=[{"saleschannelid": 1, "salestartts": local}],
        seatingplaneventspecificprices={"prices": [{**PRICE, "conditions": [condition]}]},
    ).patch()

    (price,) = patch["seatingplaneventspecificprices"]["prices"]
    assert patch["startts"] == "2026-11-21T19:00:00Z"
    assert patch["saleschannels"][0]["salestartts"] == "2026-11-21T19:00:00Z"
    assert price["conditions"][0]["value"]["absoluteStart"] == "2026-11-21T19:00:00Z"


def test_what_was_kept_can_be_sent_again() -> None:
    patch = EventBody.model_validate(SEED).patch()

    assert EventBody.model_validate(patch).patch() == patch
