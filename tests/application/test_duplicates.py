"""Another Event like one that is there."""

from functools import partial
from typing import Any

from pydantic_core import from_json

from application import events
from domain.images import image_of
from tests.adapters.http.talk import PNG
from tests.application.desk import Desk, taking

EIGHT, TEN = "2026-12-01T20:00:00Z", "2026-12-01T22:00:00Z"
OWN = {"id", "guid", "code", "version", "createdts", "lastupdatets", "publishedts"}


def duplicate(desk: Desk, event: int) -> dict[str, Any]:
    answer = desk.do(partial(events.duplicate_event, number=event))
    document: dict[str, Any] = from_json(answer.body)
    return document


def test_a_duplicate_is_a_draft_with_the_same_fields_and_picture(desk: Desk) -> None:
    event, _ = desk.on_sale(subtitle="With band", tags=["jazz"], c_floor=2, externalcode="A-1")
    picture = partial(events.change_image, number=event, image=image_of(PNG))
    source = from_json(desk.do(picture).body)

    made = duplicate(desk, event)

    assert made["currentstatus"] == 19001
    assert made["externalcode"] is None
    for name in source.keys() - OWN - {"contingents", "availability", "prices", "currentstatus"}:
        assert name == "externalcode" or made[name] == source[name], name


def test_a_duplicate_has_dates_and_contingents_of_its_own_all_free(desk: Desk) -> None:
    event, first = desk.on_sale()
    date = desk.date(event, EIGHT, TEN, name="Tuesday")
    lot = desk.contingent(event, name="Tuesday", amount=10, dateids=[date], swappable=False)
    desk.order(taking(event, first, 5))
    desk.lock(event, contingentid=lot, amount=2)

    made = duplicate(desk, event)

    (own,) = made["dates"]
    assert own["id"] != date
    assert (own["name"], own["start"], own["end"]) == ("Tuesday", EIGHT, TEN)
    everyone, tuesday = made["contingents"]
    assert not {everyone["id"], tuesday["id"]} & {first, lot}
    assert (tuesday["dateids"], tuesday["swappable"], tuesday["locks"]) == ([own["id"]], False, [])
    assert [(a["free"], a["total"]) for a in made["availability"]] == [(100, 100), (10, 10)]


def test_a_duplicate_of_a_closed_event_can_be_sold(desk: Desk) -> None:
    event, _ = desk.on_sale()
    desk.close_event(event)
    made = duplicate(desk, event)

    desk.publish(made["id"])

    desk.order(taking(made["id"], made["contingents"][0]["id"]))
