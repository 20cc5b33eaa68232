"""What a Location hosts keeps it from going."""

from typing import Any

from domain.errors import LocationInUse, UnknownLocation
from domain.hosting import EventHosted, EventReleased, Hosting, HostingClosed, HostingOpened
from tests.spec import given, says, then, then_refused, when


def opened(hosting: Hosting, metadata: Any) -> None:
    hosting.open(metadata)


def closed(hosting: Hosting, metadata: Any) -> None:
    hosting.close(metadata)


def hosts(*events: int) -> Any:
    return lambda hosting, metadata: [hosting.host(event, metadata) for event in events]


def released(event: int) -> Any:
    return lambda hosting, metadata: hosting.release(event, metadata)


def test_a_location_hosts_from_its_creation_on() -> None:
    then(when(given(Hosting), opened), says(HostingOpened))
    then(when(given(Hosting, opened), hosts(1)), says(EventHosted, eventid=1))


def test_a_location_that_is_not_there_hosts_nothing() -> None:
    for hosting in (given(Hosting), given(Hosting, opened, closed)):
        outcome = when(hosting, hosts(1))

        then_refused(outcome, UnknownLocation)
        assert not outcome.facts


def test_a_location_that_hosts_events_cannot_go_and_says_which() -> None:
    hosting = given(Hosting, opened, hosts(12, 3))

    outcome = when(hosting, closed)

    then_refused(outcome, LocationInUse, blockedby=[3, 12], count=2)
    assert not outcome.facts


def test_at_most_a_hundred_of_the_events_in_the_way_are_named() -> None:
    hosting = given(Hosting, opened, hosts(*range(1, 151)))

    outcome = when(hosting, closed)

    then_refused(outcome, LocationInUse, blockedby=list(range(1, 101)), count=150)


def test_a_location_whose_events_have_gone_can_go() -> None:
    hosting = given(Hosting, opened, hosts(1), released(1))

    then(when(hosting, closed), says(HostingClosed))


def test_releasing_is_recorded() -> None:
    hosting = given(Hosting, opened, hosts(1))

    then(when(hosting, released(1)), says(EventReleased, eventid=1))


def test_a_location_that_comes_back_hosts_again() -> None:
    hosting = given(Hosting, opened, closed, opened)

    then(when(hosting, hosts(1)), says(EventHosted, eventid=1))
