"""One writer a process, many commands a transaction."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from functools import partial
from typing import Any

import pytest

from adapters.stores.memory import MemoryStore
from application import events, group_commit, locations, repository
from application.group_commit import BATCH_BYTES, MAX_ATTEMPTS
from application.ports import CommandResult, Store, StoreReplaced, StoreUnavailable, VersionTaken
from application.unit_of_work import Numbers, UnitOfWork
from domain.base import CommandMetadata, UnknownFact
from domain.errors import (
    Conflict,
    FactUnknown,
    Invalid,
    LocationInUse,
    NotFound,
    Refusal,
    UnknownLocation,
)
from domain.event import Event
from domain.event_fields import EventBody
from domain.hosting import Hosting
from domain.ids import Kind
from domain.location import Location, LocationFields
from tests.application.desk import PATIENCE, Desk
from tests.application.faults import TroubledStore, nothing
from tests.spec import ACCOUNT, metadata


@pytest.fixture
def troubled() -> TroubledStore:
    return TroubledStore()


@pytest.fixture
def at_troubled(troubled: TroubledStore) -> Iterator[Desk]:
    made = Desk(troubled)
    yield made
    made.close()


@pytest.fixture
def desks(store: Store) -> Iterator[tuple[Desk, Desk]]:
    """Two writers over one store, as two processes have them."""
    made = Desk(store), Desk(store)
    yield made
    for each in made:
        each.close()


def naming(location: int, name: str, version: int | None = None) -> Any:
    fields = LocationFields(name=name)
    return partial(locations.change_location, number=location, fields=fields, version=version)


def creating(location: int) -> Any:
    return partial(events.create_event, body=EventBody(name="Live", locationid=location))


def removing(location: int) -> Any:
    return partial(locations.delete_location, number=location)


def refusal(future: Future[CommandResult]) -> Refusal:
    error = future.exception(PATIENCE)
    assert isinstance(error, Refusal), error
    return error


def location_name(store: Store, number: int) -> Any:
    name = None
    for recorded in store.stream(Location.id_of(ACCOUNT, number)):
        fact: Any = recorded.fact
        name = (getattr(fact, "fields", None) or fact.changed).get("name", name)
    return name


# -- one batch


def test_a_batch_is_stored_at_once_and_in_the_order_it_was_handed_in(
    at_troubled: Desk, troubled: TroubledStore
) -> None:
    location = at_troubled.location()
    batches: list[int] = []
    troubled.before_append = lambda: batches.append(troubled.position())

    at_troubled.together(*[at_troubled.job(naming(location, f"Hall {n}")) for n in range(20)])

    assert len(batches) == 1
    assert location_name(troubled, location) == "Hall 19"


def test_a_batch_ends_with_the_body_that_fills_it(
    at_troubled: Desk, troubled: TroubledStore
) -> None:
    location = at_troubled.location()
    batches: list[int] = []
    troubled.before_append = lambda: batches.append(troubled.position())
    jobs = [at_troubled.job(naming(location, f"Hall {n}")) for n in range(5)]
    sizes = (BATCH_BYTES // 2, BATCH_BYTES // 2, 1, BATCH_BYTES, 1)
    for job, size in zip(jobs, sizes, strict=True):
        job.size = size

    at_troubled.together(*jobs)

    assert len(batches) == 3


def test_a_batch_that_was_decided_for_long_is_stored_and_the_rest_is_the_next(
    at_troubled: Desk, troubled: TroubledStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = at_troubled.location()
    batches: list[int] = []
    troubled.before_append = lambda: batches.append(troubled.position())
    monkeypatch.setattr(group_commit, "DECIDING_SECONDS", -1.0)
    jobs = [at_troubled.job(naming(location, f"Hall {n}")) for n in range(5)]

    at_troubled.together(*jobs)

    answers = [job.future.result(PATIENCE) for job in jobs]
    assert len(batches) == 5
    assert [answer.position for answer in answers] == [batches[0] + n for n in range(1, 6)]
    assert location_name(troubled, location) == "Hall 4"


def test_an_aggregate_that_is_larger_than_the_cache_is_not_loaded_for_every_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk(MemoryStore(), cached_bytes=1)
    location = desk.location()
    loads: list[Any] = []
    load = repository.load
    monkeypatch.setattr(repository, "load", lambda *a: (loads.append(a), load(*a))[1])

    for number in range(5):
        desk.do(naming(location, f"Hall {number}"))
    desk.close()

    assert len(loads) <= 1


def test_every_answer_has_the_position_of_the_last_fact_that_it_rests_on(desk: Desk) -> None:
    location = desk.location()
    start = desk.store.position()
    nothing_first = desk.job(naming(location, "Concert hall"))
    jobs = [desk.job(creating(location)), desk.job(naming(location, "B"))]
    nothing_new = desk.job(naming(location, "B"))

    futures = desk.together(nothing_first, *jobs, nothing_new)

    assert desk.facts(start) == ["EventCreated", "EventHosted", "LocationChanged"]
    answers = [future.result() for future in futures]
    assert [answer.position for answer in answers] == [start, start + 2, start + 3, start + 3]
    assert answers[3].body == answers[2].body


def test_a_refused_job_harms_no_other_in_its_batch(desk: Desk) -> None:
    location = desk.location()

    def half(work: UnitOfWork) -> None:
        """Triggers a fact and is refused then."""
        work.load(Location, location).change(LocationFields(name="Never"), work.metadata)
        work.load(Hosting, location).host(99, work.metadata)
        raise Invalid("name", "changed my mind")

    jobs = [
        desk.job(naming(location, "First")),
        desk.job(half),
        desk.job(partial(naming(location, "Second"), version=2)),
    ]
    first, refused, second = desk.together(*jobs)

    assert isinstance(refusal(refused), Invalid)
    assert second.result().position == first.result().position + 1
    assert location_name(desk.store, location) == "Second"
    desk.do(removing(location))


def test_a_fact_that_is_not_known_refuses_the_commands_on_that_thing_alone(
    desks: tuple[Desk, Desk],
) -> None:
    desk, _ = desks
    held, other = desk.location(), desk.location()
    newer = UnknownFact(
        originator_id=Location.id_of(ACCOUNT, held),
        originator_version=2,
        time=metadata().time,
        actor="eve",
        correlation="r",
        causation=None,
        reason=None,
        topic="location.flooded",
        payload=b"{}",
        why="recorded by a newer version",
    )
    desk.store.append([newer])  # beneath a writer that has the thing in memory

    for desk in desks:
        names = [naming(other, "First"), naming(held, "Never"), naming(other, "Second")]
        first, refused, second = desk.together(*map(desk.job, names))

        unknown = refusal(refused)
        assert isinstance(unknown, FactUnknown)
        assert (unknown.details["id"], unknown.details["version"]) == (held, 2)
        assert second.result().position == first.result().position + 1
    assert [r.fact.name for r in desk.store.stream(newer.originator_id)][1:] == [newer.topic]


def test_what_a_refused_job_triggered_is_taken_back_also_after_the_batch(desk: Desk) -> None:
    location = desk.location()

    def failing(work: UnitOfWork) -> None:
        work.load(Location, location).change(LocationFields(name="Never"), work.metadata)
        raise Invalid("name", "changed my mind")

    with pytest.raises(Invalid):
        desk.do(failing)

    assert b'"name":"Concert hall"' in desk.change_location(location, city="Gent").body


def test_a_bug_in_one_command_harms_no_other(desk: Desk) -> None:
    location = desk.location()

    def buggy(work: UnitOfWork) -> None:
        work.load(Location, location).change(LocationFields(name="Never"), work.metadata)
        raise ZeroDivisionError

    failed, done = desk.together(desk.job(buggy), desk.job(naming(location, "Right")))

    assert isinstance(failed.exception(), ZeroDivisionError)
    assert b'"version":2' in done.result().body
    assert location_name(desk.store, location) == "Right"


def test_a_job_sees_what_the_jobs_before_it_in_the_batch_did(desk: Desk) -> None:
    location = desk.location()

    made, refused = desk.together(desk.job(creating(location)), desk.job(removing(location)))

    assert made.exception() is None
    assert isinstance(refusal(refused), LocationInUse)


def test_an_event_cannot_come_to_a_location_that_goes_in_the_same_batch(desk: Desk) -> None:
    location = desk.location()

    gone, refused = desk.together(desk.job(removing(location)), desk.job(creating(location)))

    assert gone.exception() is None
    assert isinstance(refusal(refused), UnknownLocation)


def test_an_answer_comes_only_after_the_commit(at_troubled: Desk, troubled: TroubledStore) -> None:
    location = at_troubled.location()
    committing, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        committing.set()
        go_on.wait(PATIENCE)

    troubled.before_append = hold
    answered = [
        at_troubled.writer.submit(at_troubled.job(decide))
        for decide in (naming(location, "New"), naming(location, "Refused", version=9))
    ]
    assert committing.wait(PATIENCE)

    waiting = [future.done() for future in answered]
    go_on.set()

    assert waiting == [False, False]
    assert answered[0].result(PATIENCE).position == troubled.position()


def test_who_left_is_not_waited_for(desk: Desk) -> None:
    location = desk.location()
    with desk.held():
        left = desk.writer.submit(desk.job(naming(location, "Left")))
        left.cancel()
        stays = desk.writer.submit(desk.job(naming(location, "Stays")))

    assert stays.result(PATIENCE).status == 200
    assert left.cancelled()


def test_what_waits_is_committed_before_the_writer_stops(store: Store) -> None:
    desk = Desk(store)
    location = desk.location()
    with desk.held():
        futures = [desk.writer.submit(desk.job(naming(location, f"H{n}"))) for n in range(300)]

    desk.close()

    assert all(future.done() and not future.exception() for future in futures)
    assert location_name(store, location) == "H299"


def test_a_new_writer_goes_on_where_the_last_one_stopped(store: Store) -> None:
    first = Desk(store)
    location = first.location()
    first.close()

    second = Desk(store)
    answer = second.change_location(location, name="Again")
    other = second.location()
    second.close()

    assert b'"version":2' in answer.body
    assert other > location


def test_commits_are_announced_with_their_position(troubled: TroubledStore) -> None:
    heard: list[int] = []
    desk = Desk(troubled, on_commit=heard.append)

    desk.location()
    desk.do(lambda _: None)
    desk.close()

    assert heard == [troubled.position()]


# -- two writers


def test_two_writers_build_on_each_other(desks: tuple[Desk, Desk]) -> None:
    one, other = desks
    location = one.location()

    for turn in range(3):
        one.change_location(location, name=f"One {turn}")
        answer = other.change_location(location, name=f"Other {turn}")

    assert b'"version":7' in answer.body
    assert one.facts() == ["LocationCreated", "HostingOpened", *["LocationChanged"] * 6]


def test_writers_that_race_for_one_thing_lose_nothing(desks: tuple[Desk, Desk]) -> None:
    location = desks[0].location()

    futures = [
        desk.writer.submit(desk.job(naming(location, f"{n} {turn}")))
        for turn in range(25)
        for n, desk in enumerate(desks)
    ]
    bodies = [future.result(PATIENCE).body for future in futures]

    assert len(set(bodies)) == 50
    versions = [r.fact.originator_version for r in one_stream(desks[0].store, location)]
    assert versions == list(range(1, 52))


def one_stream(store: Store, location: int) -> Any:
    return store.stream(Location.id_of(ACCOUNT, location))


def test_a_location_cannot_go_while_another_writer_brings_an_event(
    desks: tuple[Desk, Desk],
) -> None:
    one, other = desks
    for _ in range(5):
        location = one.location()
        other.change_location(location, city="Gent")

        made = one.writer.submit(one.job(creating(location)))
        gone = other.writer.submit(other.job(removing(location)))

        refused = [type(e) for f in (made, gone) if (e := f.exception(PATIENCE))]
        assert refused in ([UnknownLocation], [LocationInUse])


def test_a_batch_that_met_another_writer_is_decided_again(
    at_troubled: Desk, troubled: TroubledStore
) -> None:
    location = at_troubled.location()
    other = Desk(troubled)

    def interfere() -> None:
        troubled.before_append = nothing
        other.change_location(location, name="Theirs", city="Gent")

    troubled.before_append = interfere
    answer = at_troubled.change_location(location, name="Ours")
    other.close()

    assert b'"name":"Ours"' in answer.body
    assert b'"city":"Gent"' in answer.body
    assert b'"version":3' in answer.body


def test_a_version_that_another_writer_took_is_refused_when_the_caller_named_it(
    at_troubled: Desk, troubled: TroubledStore
) -> None:
    location = at_troubled.location()
    other = Desk(troubled)

    def interfere() -> None:
        troubled.before_append = nothing
        other.change_location(location, name="Theirs")

    troubled.before_append = interfere
    (refused,) = at_troubled.together(at_troubled.job(naming(location, "Ours", version=1)))
    other.close()

    assert refusal(refused).details == {"version": 2}
    assert location_name(troubled, location) == "Theirs"


def test_an_answer_shows_what_another_writer_did_before_it_was_recorded(
    at_troubled: Desk, troubled: TroubledStore
) -> None:
    location = at_troubled.location()
    event = at_troubled.event(locationid=location)
    other = Desk(troubled)

    def interfere() -> None:
        troubled.before_append = nothing
        other.change_location(location, name="Theirs")

    troubled.before_append = interfere
    answer = at_troubled.change(event, subtitle="Ours")
    other.close()

    assert b'"locationname":"Theirs"' in answer.body
    assert answer.position == troubled.position()


def test_endless_conflicts_end_in_a_conflict(at_troubled: Desk, troubled: TroubledStore) -> None:
    location = at_troubled.location()
    attempts: list[int] = []

    def always() -> None:
        attempts.append(1)
        raise VersionTaken

    troubled.before_append = always
    with pytest.raises(Conflict):
        at_troubled.change_location(location, name="Never")
    troubled.before_append = nothing
    answer = at_troubled.change_location(location, name="Now")

    assert len(attempts) == MAX_ATTEMPTS
    assert b'"version":2' in answer.body


def test_what_another_writer_did_is_seen_without_a_conflict(desks: tuple[Desk, Desk]) -> None:
    one, other = desks
    location = one.location()
    other.change_location(location, city="Gent")
    one.change_location(location, zip="9000")

    other.change_location(location, info="Theirs")
    unchanged = one.change_location(location, zip="9000")
    other.do(removing(location))

    assert b'"info":"Theirs"' in unchanged.body
    with pytest.raises(NotFound):
        one.change_location(location, zip="9000")


def test_facts_of_another_writer_between_ours_are_folded_in(
    at_troubled: Desk, troubled: TroubledStore
) -> None:
    one, two = at_troubled.location(), at_troubled.location(name="Two")
    other = Desk(troubled)

    def interfere() -> None:
        troubled.before_append = nothing
        other.change_location(two, city="Gent")

    troubled.before_append = interfere
    at_troubled.change_location(one, name="Ours")
    answer = at_troubled.change_location(two)
    other.close()

    assert b'"city":"Gent"' in answer.body
    assert b'"version":2' in answer.body


def test_a_writer_that_fell_far_behind_starts_afresh(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "MAX_FOLLOW", 3)
    location = desk.location()
    other = Desk(desk.store)
    for n in range(4):
        other.change_location(location, city=f"City {n}")
    other.close()

    answer = desk.change_location(location)

    assert b'"city":"City 3"' in answer.body
    assert b'"version":5' in answer.body


# -- another server takes over


def test_nothing_is_decided_on_what_the_server_that_took_over_does_not_have(
    at_troubled: Desk, troubled: TroubledStore
) -> None:
    standby = TroubledStore()
    standby.newest_timeline = 1
    location = at_troubled.location()
    standby.append([recorded.fact for recorded in troubled.read(0, 10)])
    at_troubled.change_location(location, name="Lost", city="Lost")

    at_troubled.writer.store = at_troubled.writer.memory._store = standby
    position = standby.position()

    with pytest.raises(StoreReplaced):
        at_troubled.change_location(location, zip="9000")

    assert standby.position() == position


# -- a store in trouble


def unavailable() -> None:
    message = "the disk is full"
    raise StoreUnavailable(message)


def test_a_store_that_is_away_fails_everyone_and_nothing_is_recorded(
    at_troubled: Desk, troubled: TroubledStore
) -> None:
    location = at_troubled.location()
    position = troubled.position()
    troubled.before_append = unavailable

    jobs = [at_troubled.job(naming(location, f"H{n}")) for n in range(3)]
    jobs.append(at_troubled.job(lambda _: "records nothing"))
    failed = at_troubled.together(*jobs)

    assert [type(future.exception()) for future in failed] == [StoreUnavailable] * 4
    assert troubled.position() == position


def test_the_memory_recovers_when_the_store_is_back(
    at_troubled: Desk, troubled: TroubledStore
) -> None:
    location = at_troubled.location()
    troubled.before_append = unavailable
    with pytest.raises(StoreUnavailable):
        at_troubled.change_location(location, name="Never", city="Never")
    troubled.before_append = nothing

    answer = at_troubled.change_location(location, zip="9000")

    assert b'"name":"Concert hall"' in answer.body
    assert b"Never" not in answer.body
    assert b'"version":2' in answer.body


def test_a_batch_that_is_recorded_is_answered_even_if_the_store_goes_away_then(
    at_troubled: Desk, troubled: TroubledStore
) -> None:
    one, two = at_troubled.location(), at_troubled.location(name="Two")
    other = Desk(troubled)

    def interfere() -> None:
        troubled.before_append = nothing
        other.change_location(two, city="Gent")
        troubled.before_read = unavailable

    troubled.before_append = interfere
    answer = at_troubled.change_location(one, name="Ours")
    troubled.before_read = nothing
    later = [at_troubled.change_location(number) for number in (one, two)]
    other.close()

    assert answer.position == troubled.position()
    assert b'"name":"Ours"' in later[0].body
    assert b'"city":"Gent"' in later[1].body


# -- memory


def test_the_aggregates_in_memory_are_bounded() -> None:
    desk = Desk(cached_bytes=8_000)

    numbers = [desk.location(name=f"Hall {n}") for n in range(10)]
    held = len(desk.writer.memory.cache)
    answer = desk.change_location(numbers[0], city="Gent")
    desk.close()

    assert 1 <= held <= 3
    assert b'"name":"Hall 0"' in answer.body
    assert b'"version":2' in answer.body


def test_the_aggregates_that_are_used_stay_in_memory() -> None:
    store = TroubledStore()
    desk = Desk(store, cached_bytes=20_000)
    hot = desk.location()
    for n in range(30):
        desk.location(name=f"Hall {n}")
        desk.change_location(hot, city=f"City {n}")
    evicted = desk.writer.memory.cache.evicted
    store.streamed = 0

    desk.change_location(hot, city="Gent")
    desk.close()

    assert evicted > 10
    assert store.streamed == 0


# -- numbers


def test_numbers_are_never_given_out_twice(store: Store) -> None:
    takers = [Numbers(store) for _ in range(3)]

    given = [taker.next(account, Kind.EVENT) for taker in takers * 40 for account in (1, 2)]

    for account in (0, 1):
        assert len(set(given[account::2])) == 120
        assert min(given[account::2]) == 1


def test_a_refused_command_leaves_a_gap_and_no_double(desk: Desk) -> None:
    location = desk.location()
    with pytest.raises(UnknownLocation):
        desk.do(creating(10**6))

    numbers = [desk.event(locationid=location) for _ in range(3)]

    assert numbers == sorted(set(numbers))


def test_accounts_do_not_see_each_other() -> None:
    store = MemoryStore()
    ours, theirs = Desk(store), Desk(store, account=8)
    location = ours.location()

    with pytest.raises(UnknownLocation):
        theirs.do(creating(location))
    with pytest.raises(NotFound):
        theirs.change_location(location, name="Ours now")
    ours.close()
    theirs.close()


def test_a_command_has_one_cause_for_all_its_facts(desk: Desk) -> None:
    location = desk.location()
    start = desk.store.position()
    cause = CommandMetadata("ann", metadata().time, "request", "command", "a reason")

    desk.do(creating(location), cause=cause)

    facts = [recorded.fact for recorded in desk.store.read(start, 10)]
    assert {(f.actor, f.correlation, f.causation, f.reason) for f in facts} == {
        ("ann", "request", "command", "a reason")
    }
    assert {type(f).__name__ for f in facts} == {"EventHosted", "EventCreated"}
    assert desk.store.stream(Event.id_of(ACCOUNT, 1))
