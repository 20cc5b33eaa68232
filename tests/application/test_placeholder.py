"""Location 0: where Events are whose Location is not known yet."""

from functools import partial
from typing import Any

import pytest
from pydantic_core import from_json

from application import events, locations
from application.as_of import load
from application.transfer import export_lines, import_lines
from domain.errors import Invalid, LocationInUse
from domain.event_fields import EventBody
from domain.hosting import Hosting
from domain.ids import account_number
from tests.application.desk import Desk
from tests.spec import metadata


def creating(**fields: Any) -> Any:
    body = EventBody.model_validate({"name": "Live", **fields})
    return partial(events.create_event, body=body, placeholder=True)


def test_an_event_of_a_name_alone_is_at_a_place_to_be_announced(desk: Desk) -> None:
    first = from_json(desk.do(creating()).body)
    start = desk.store.position()
    second = from_json(desk.do(creating()).body)

    assert [(one["locationid"], one["locationname"]) for one in (first, second)] == [
        (0, "To be announced")
    ] * 2
    assert sorted(desk.facts(start)) == ["EventCreated", "EventHosted"]


def test_without_that_answer_an_event_needs_a_location(desk: Desk) -> None:
    with pytest.raises(Invalid, match="locationid"):
        desk.do(partial(events.create_event, body=EventBody(name="Live")))

    assert desk.facts() == []


def test_an_event_moves_there_and_away_again(desk: Desk) -> None:
    hall = desk.location()
    event = desk.event(locationid=hall)

    desk.change(event, locationid=0)
    desk.do(partial(locations.delete_location, number=hall))
    barn = desk.location()
    answer = desk.change(event, locationid=barn)

    assert from_json(answer.body)["locationid"] == barn
    hosting = load(desk.store, Hosting, Hosting.id_of(desk.account, 0))
    assert hosting.state["events"] == {}


def test_the_placeholder_stays(desk: Desk) -> None:
    event = desk.decided(creating()).event.number
    desk.delete(event)

    with pytest.raises(LocationInUse):
        desk.do(partial(locations.delete_location, number=0))

    assert desk.decided(creating()).event.locationid == 0


def test_the_placeholder_takes_no_number(desk: Desk) -> None:
    desk.do(creating())

    assert desk.location() == 1


def test_it_is_exported_and_imported_and_no_number_is_lost(desk: Desk) -> None:
    demo = Desk(account=account_number("demo"))
    demo.event(locationid=0)
    head = {"name": "demo", "language": "en", "currency": "EUR", "timezone": "UTC"}
    lines = list(export_lines(demo.store, [head]))
    demo.close()
    other = Desk(account=account_number("demo"))

    import_lines(other.store, lines, metadata())

    again = list(export_lines(other.store, [head]))
    assert from_json(again[0])["accounts"] == from_json(lines[0])["accounts"]
    assert again[1:-1] == lines[1:-1]
    assert from_json(again[-1])["end"]["mark"] == from_json(lines[-1])["end"]["mark"]
    assert other.location() == 1
    assert other.event(locationid=0) > 1
    other.close()
