"""Facts to rows and back."""

from dataclasses import replace

import pytest
from hypothesis import given
from pydantic_core import from_json

from adapters.stores.mapper import NEWER, UPCASTS, FactMapper
from domain.base import DomainEvent, UnknownFact, payload_fields
from domain.location import LocationChanged
from tests.contracts.facts import any_facts, changed, exactly, one_of_each

mapper = FactMapper()


@given(any_facts)
def test_a_fact_comes_back_from_its_row_as_it_was(facts: list[DomainEvent]) -> None:
    rows = [mapper.to_stored_event(fact) for fact in facts]

    assert exactly([mapper.to_domain_event(row) for row in rows]) == exactly(facts)


def test_a_row_holds_the_explicit_topic_and_the_fields_in_order_but_not_the_place() -> None:
    for fact in one_of_each():
        row = mapper.to_stored_event(fact)

        assert (row.originator_id, row.originator_version) == (fact.originator_id, 1)
        assert row.topic == type(fact).TOPIC
        assert "." in row.topic
        assert "domain" not in row.topic
        assert tuple(from_json(row.state)) == payload_fields(type(fact))


def test_a_fact_of_a_newer_version_stands_for_itself() -> None:
    row = replace(mapper.to_stored_event(changed(1, 3, name="Hall")), topic="event.sold")

    fact = mapper.to_domain_event(row)

    assert isinstance(fact, UnknownFact)
    assert (fact.name, fact.originator_version, fact.why) == ("event.sold", 3, NEWER)
    assert (fact.time, fact.actor) == (changed(1, 3).time, changed(1, 3).actor)
    assert mapper.to_stored_event(fact) == row


@pytest.mark.parametrize(
    "state", [b"{", b"[]", b"null", b'{"name": 1}', b'{"time": 7, "actor": null}', b"\xff"]
)
@pytest.mark.parametrize("topic", ["location.changed", "location.painted", ""])
def test_what_cannot_be_read_is_kept_as_it_is(topic: str, state: bytes) -> None:
    row = replace(mapper.to_stored_event(changed(1, 3)), topic=topic, state=state)

    fact = mapper.to_domain_event(row)

    assert isinstance(fact, UnknownFact)
    assert (fact.time, fact.actor) == ("", "")
    assert mapper.to_stored_event(fact) == row


def test_an_older_shape_is_lifted_when_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    row = mapper.to_stored_event(changed(1, 1, title="Hall"))

    monkeypatch.setitem(
        UPCASTS,
        LocationChanged.TOPIC,
        lambda payload: payload | {"changed": {"name": payload["changed"]["title"]}},
    )

    assert mapper.to_domain_event(row) == changed(1, 1, name="Hall")


def test_what_was_recorded_stays_readable_when_a_limit_is_tightened() -> None:
    row = mapper.to_stored_event(changed(1, 1, name="x" * 100_000, capacity=-1))

    assert mapper.to_domain_event(row) == changed(1, 1, name="x" * 100_000, capacity=-1)
