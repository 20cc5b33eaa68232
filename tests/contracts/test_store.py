"""The `Store` port, the same over memory, SQLite and PostgreSQL."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings

from adapters.stores import sql
from application.ports import (
    Blob,
    CommandResult,
    IdempotentResult,
    Recorded,
    Store,
    StoreUnavailable,
    VersionTaken,
)
from domain.base import DomainEvent
from domain.ids import MAX_ACCOUNT, Kind, guid
from tests.contracts.conftest import Place
from tests.contracts.facts import (
    FACT_CLASSES,
    any_facts,
    changed,
    exactly,
    history,
    one_of_each,
    snapshot,
)
from tests.spec import ACCOUNT

THIS = guid(ACCOUNT, Kind.LOCATION, 1)
OTHER = guid(ACCOUNT, Kind.LOCATION, 2)


def facts_in(recorded: Sequence[Recorded]) -> list[DomainEvent]:
    return [r.fact for r in recorded]


def versions(recorded: Sequence[Recorded]) -> list[int]:
    return [r.fact.originator_version for r in recorded]


def kept(
    key: str, *, facts: int = 0, position: int = 0, time: str = "2026-01-01"
) -> IdempotentResult:
    answer = CommandResult(201, {"ETag": '"1"', "X": "é"}, b'{"id":1}\0\xff', position)
    return IdempotentResult(ACCOUNT, key, f"hash of {key}", time, answer, facts)


# -- append and read


def test_an_empty_store_has_nothing(store: Store) -> None:
    assert store.position() == 0
    assert store.read(0, 10) == []
    assert store.stream(THIS) == []
    assert store.snapshot(THIS) is None
    assert store.kept_answer(ACCOUNT, "key") is None
    assert store.numbers_given(ACCOUNT) == {}
    assert list(store.facts_of(ACCOUNT)) == []


def test_facts_are_read_in_the_order_they_were_appended(store: Store) -> None:
    batches = [[changed(1, 1), changed(2, 1), changed(1, 2)], [changed(2, 2)], [changed(3, 1)]]

    positions = [position for batch in batches for position in store.append(batch)]

    read = store.read(0, 100)
    assert facts_in(read) == [fact for batch in batches for fact in batch]
    assert [r.position for r in read] == positions
    assert all(before < after for before, after in pairwise(positions))
    assert positions[0] > 0
    assert store.position() == positions[-1]


def test_reading_goes_on_behind_a_position_up_to_a_limit(store: Store) -> None:
    positions = store.append(history(1, 7))

    assert [r.position for r in store.read(0, 3)] == list(positions[:3])
    assert [r.position for r in store.read(positions[2], 3)] == list(positions[3:6])
    assert [r.position for r in store.read(positions[5], 3)] == list(positions[6:])
    assert store.read(positions[-1], 3) == []


def test_facts_are_found_at_their_positions(store: Store) -> None:
    positions = store.append(history(1, 7))

    assert store.at([]) == []
    assert store.at([positions[5], positions[0], positions[5]]) == [
        store.read(at - 1, 1)[0] for at in (positions[0], positions[5])
    ]
    assert store.at([positions[-1] + 1]) == []


def test_the_newest_fact_of_some_aggregates_has_its_position(store: Store) -> None:
    positions = store.append([changed(1, 1), changed(2, 1), changed(1, 2), changed(3, 1)])

    assert store.newest_of([THIS]) == positions[2]
    assert store.newest_of([OTHER]) == positions[1]
    assert store.newest_of([OTHER, THIS]) == positions[2]
    assert store.newest_of([guid(ACCOUNT, Kind.LOCATION, 9), OTHER]) == positions[1]
    assert store.newest_of([guid(ACCOUNT, Kind.LOCATION, 9)]) == store.newest_of([]) == 0


@pytest.mark.parametrize("taken", [0, 1, 2])
def test_a_taken_version_records_nothing_of_its_batch(store: Store, taken: int) -> None:
    store.append(history(1, 2))
    before = store.read(0, 100)
    batch = [changed(2, 1), changed(3, 1)]
    batch.insert(taken, changed(1, 2))

    with pytest.raises(VersionTaken):
        store.append(batch, [snapshot(2, 1, name="never")], [kept("never", facts=1)])

    assert store.read(0, 100) == before
    assert store.stream(OTHER) == []
    assert store.snapshot(OTHER) is None
    assert store.kept_answer(ACCOUNT, "never") is None


def test_a_version_twice_in_one_batch_records_nothing(store: Store) -> None:
    with pytest.raises(VersionTaken):
        store.append([changed(1, 1), changed(2, 1), changed(1, 1)])

    assert store.position() == 0


def test_a_taken_key_records_nothing_of_its_batch(store: Store) -> None:
    store.append([changed(1, 1)], answers=[kept("taken", facts=1)])
    before = store.read(0, 100)

    with pytest.raises(VersionTaken):
        store.append(
            [changed(1, 2)], [snapshot(1, 2)], [kept("free", facts=1), kept("taken", facts=1)]
        )

    assert store.read(0, 100) == before
    assert store.snapshot(THIS) is None
    assert store.kept_answer(ACCOUNT, "free") is None


def test_a_store_goes_on_after_a_conflict(store: Store) -> None:
    first = store.append([changed(1, 1)])
    with pytest.raises(VersionTaken):
        store.append([changed(2, 1), changed(1, 1)])

    second = store.append([changed(2, 1), changed(1, 2)])

    assert second[0] > first[-1]
    assert [r.position for r in store.read(0, 100)] == [*first, *second]


# -- one aggregate


STREAMS: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [1, 2, 3, 4, 5]),
    ({"after": 2}, [3, 4, 5]),
    ({"upto": 2}, [1, 2]),
    ({"after": 1, "upto": 4}, [2, 3, 4]),
    ({"after": 5}, []),
    ({"upto": 0}, []),
    ({"limit": 2}, [1, 2]),
    ({"newest_first": True}, [5, 4, 3, 2, 1]),
    ({"newest_first": True, "limit": 2}, [5, 4]),
    ({"newest_first": True, "upto": 4, "limit": 1}, [4]),
    ({"after": 2, "limit": 1}, [3]),
]


def test_a_stream_is_one_aggregates_facts_by_version(store: Store) -> None:
    store.append([fact for both in zip(history(1, 5), history(2, 5), strict=True) for fact in both])

    streams = [store.stream(THIS, **asked) for asked, _ in STREAMS]

    assert [versions(stream) for stream in streams] == [expected for _, expected in STREAMS]
    own = [r for r in store.read(0, 100) if r.fact.originator_id == THIS]
    assert all(recorded in own for stream in streams for recorded in stream)


def test_the_newest_snapshot_not_after_a_version_is_given(store: Store) -> None:
    store.append(history(1, 9), [snapshot(1, 3, at=3), snapshot(1, 6, at=6), snapshot(2, 8, at=8)])

    found = {upto: store.snapshot(THIS, upto) for upto in (None, 9, 6, 5, 3, 2)}

    assert {upto: s and s.originator_version for upto, s in found.items()} == {
        None: 6,
        9: 6,
        6: 6,
        5: 3,
        3: 3,
        2: None,
    }
    assert found[5] == snapshot(1, 3, at=3)


def test_the_same_snapshot_may_come_twice(store: Store) -> None:
    store.append([changed(1, 1)], [snapshot(1, 1, name="a")])

    store.append([changed(1, 2)], [snapshot(1, 1, name="a")])

    assert store.snapshot(THIS) == snapshot(1, 1, name="a")


def test_an_account_has_its_own_facts_in_the_order_of_commits(store: Store) -> None:
    accounts = [1, ACCOUNT, ACCOUNT + 1, MAX_ACCOUNT - 1, MAX_ACCOUNT]
    for version in (1, 2):
        store.append(
            [changed(number, version, account=a) for number in (3, 1) for a in accounts[::-1]]
        )

    for account in accounts:
        own = list(store.facts_of(account))

        expected = [changed(n, v, account=account) for n, v in [(3, 1), (1, 1), (3, 2), (1, 2)]]
        assert facts_in(own) == expected
        assert [r.position for r in own] == sorted(r.position for r in own)
    assert list(store.facts_of(ACCOUNT + 2)) == []


def test_an_account_with_more_facts_than_a_page_has_them_all(store: Store) -> None:
    store.append(history(1, 1_001))
    store.append(history(1, 2, account=ACCOUNT + 1))
    store.append([changed(2, 1)])

    own = list(store.facts_of(ACCOUNT))

    assert versions(own) == [*range(1, 1_002), 1]


# -- stored → loaded


def test_a_fact_of_every_class_is_loaded_as_it_was_stored(store: Store) -> None:
    facts = list(one_of_each())

    store.append(facts)

    assert len(facts) == len(FACT_CLASSES) > 20
    assert exactly(facts_in(store.read(0, 100))) == exactly(facts)
    streams = [store.stream(fact.originator_id)[0].fact for fact in facts]
    assert exactly(streams) == exactly(facts)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=any_facts)
def test_any_payload_is_loaded_as_it_was_stored(store: Store, facts: list[DomainEvent]) -> None:
    before = store.position()

    store.append(facts)

    assert exactly(facts_in(store.read(before, 100))) == exactly(facts)


def test_a_snapshot_is_loaded_as_it_was_stored(store: Store) -> None:
    deep = {"dates": {"1": {"id": 1, "name": "é\0"}}, "big": 10**30, "none": None, "half": 0.5}

    store.append([changed(1, 1)], [snapshot(1, 1, **deep)])

    loaded = store.snapshot(THIS)
    assert loaded is not None
    assert exactly([loaded]) == exactly([snapshot(1, 1, **deep)])


# -- kept answers


def test_an_answer_is_kept_byte_for_byte_with_the_position_of_its_own_last_fact(
    store: Store,
) -> None:
    positions = store.append(
        history(1, 5), answers=[kept("second", facts=2), kept("fifth", facts=5)]
    )

    for key, position in (("second", positions[1]), ("fifth", positions[4])):
        asked, answer = store.kept_answer(ACCOUNT, key) or ("", CommandResult(0, {}, b""))
        assert asked == f"hash of {key}"
        assert answer == CommandResult(201, {"ETag": '"1"', "X": "é"}, b'{"id":1}\0\xff', position)


def test_an_answer_to_what_recorded_nothing_keeps_the_position_it_came_with(store: Store) -> None:
    store.append(history(1, 3))
    store.append([], answers=[kept("idle", position=2), kept("ahead", position=41)])

    _, answer = store.kept_answer(ACCOUNT, "idle") or ("", CommandResult(0, {}, b""))
    assert answer.position == 2
    assert store.kept_answer(ACCOUNT, "ahead") is None


def test_a_key_belongs_to_its_account(store: Store) -> None:
    store.append([], answers=[kept("key")])

    assert store.kept_answer(ACCOUNT, "key") is not None
    assert store.kept_answer(ACCOUNT + 1, "key") is None
    assert store.kept_answer(ACCOUNT, "KEY") is None


def test_answers_older_than_a_time_are_forgotten_and_their_keys_are_free(store: Store) -> None:
    days = ("2026-01-01", "2026-01-02", "2026-01-03")
    store.append([], answers=[kept(day, time=day) for day in days])

    store.forget_answers("2026-01-02")

    assert [store.kept_answer(ACCOUNT, day) is not None for day in days] == [False, True, True]
    store.append([changed(1, 1)], answers=[kept("2026-01-01", facts=1)])
    assert store.kept_answer(ACCOUNT, "2026-01-01") is not None


# -- numbers


def test_blocks_of_numbers_follow_one_another(store: Store) -> None:
    taken = [store.take_numbers(ACCOUNT, Kind.EVENT, count) for count in (10, 1, 1_000)]

    assert taken == [1, 11, 12]
    assert store.numbers_given(ACCOUNT) == {Kind.EVENT: 1_011}


def test_every_account_and_kind_counts_for_itself(store: Store) -> None:
    for account, kind in ((ACCOUNT, 2), (ACCOUNT, 3), (MAX_ACCOUNT, 2)):
        assert store.take_numbers(account, kind, 5) == 1

    assert store.take_numbers(ACCOUNT, 3, 5) == 6
    assert store.numbers_given(ACCOUNT) == {2: 5, 3: 10}
    assert store.numbers_given(MAX_ACCOUNT) == {2: 5}


def test_reserved_numbers_are_never_given_out(store: Store) -> None:
    store.take_numbers(ACCOUNT, 2, 10)

    store.reserve_numbers(ACCOUNT, {2: 4, 3: 70})

    assert store.take_numbers(ACCOUNT, 2, 1) == 11
    assert store.take_numbers(ACCOUNT, 3, 1) == 71
    assert store.numbers_given(ACCOUNT) == {2: 11, 3: 71}


# -- several processes on one place


def test_a_store_that_is_opened_again_has_everything(place: Place) -> None:
    store = place.store()
    positions = store.append([changed(1, 1)], [snapshot(1, 1)], [kept("key", facts=1)])
    store.take_numbers(ACCOUNT, 2, 5)
    store.close()

    again = place.store()

    assert facts_in(again.read(0, 10)) == [changed(1, 1)]
    assert again.position() == positions[-1]
    assert again.snapshot(THIS) == snapshot(1, 1)
    assert again.kept_answer(ACCOUNT, "key") is not None
    assert again.take_numbers(ACCOUNT, 2, 5) == 6


def test_what_one_process_commits_another_reads_at_once(place: Place) -> None:
    one, other = place.store(), place.store()

    for version in range(1, 20):
        writer, reader = (one, other) if version % 2 else (other, one)
        (position,) = writer.append([changed(1, version)])
        assert reader.position() == position
        assert versions(reader.stream(THIS, newest_first=True, limit=1)) == [version]


def test_of_two_processes_at_one_version_one_wins(place: Place) -> None:
    stores = [place.store(), place.store()]
    start = threading.Barrier(2)

    def race(store: Store, mark: str) -> list[str]:
        won = []
        for version in range(1, 26):
            start.wait(10)
            try:
                store.append([changed(1, version, by=mark)], answers=[kept(f"k{version}", facts=1)])
            except VersionTaken:
                continue
            won.append(f"{version} {mark}")
        return won

    with ThreadPoolExecutor(2) as threads:
        won = [w for wins in threads.map(race, stores, ("one", "other")) for w in wins]

    stream = stores[0].stream(THIS)
    assert versions(stream) == list(range(1, 26))
    recorded = [f"{r.fact.originator_version} {r.fact.changed['by']}" for r in stream]  # type: ignore[attr-defined]
    assert sorted(won) == sorted(recorded)


def test_who_follows_the_log_misses_nothing_while_processes_write(place: Place) -> None:
    """Positions are given out in the order of commits: nothing appears behind a reader."""
    stores = [place.store() for _ in range(3)]
    done = threading.Event()

    def write(number: int) -> None:
        store = stores[number % 2]
        for version in range(1, 31):
            others = [changed(1_000 * number + version, v) for v in range(1, 1 + version % 5)]
            store.append([changed(number, version), *others])

    def follow() -> list[int]:
        seen: list[int] = []
        while True:
            last = done.is_set()
            page = stores[2].read(seen[-1] if seen else 0, 7)
            seen += [r.position for r in page]
            if last and not page:
                return seen

    with ThreadPoolExecutor(5) as threads:
        following = threads.submit(follow)
        for writing in [threads.submit(write, number) for number in range(1, 5)]:
            writing.result(30)
        done.set()
        seen = following.result(30)

    assert seen == [r.position for r in stores[0].read(0, 10_000)]
    assert len(seen) == 4 * 30 * 3


def test_processes_are_never_given_the_same_number(place: Place) -> None:
    stores = [place.store(), place.store()]

    def take(store: Store) -> list[range]:
        firsts = [(store.take_numbers(ACCOUNT, 3, count), count) for count in [1, 2, 7, 30] * 5]
        return [range(first, first + count) for first, count in firsts]

    with ThreadPoolExecutor(4) as threads:
        blocks = [b for taken in threads.map(take, stores * 2) for b in taken]

    given_out = [number for block in blocks for number in block]
    assert sorted(given_out) == list(range(1, len(given_out) + 1))


def test_several_processes_may_open_an_empty_place_at_once(place: Place) -> None:
    with ThreadPoolExecutor(4) as threads:
        stores = list(threads.map(lambda _: place.store(), range(4)))

    for version, store in enumerate(stores, 1):
        store.append([changed(1, version)])
    assert versions(stores[0].stream(THIS)) == [1, 2, 3, 4]


USES: tuple[Callable[[Store], object], ...] = (
    lambda store: store.append([changed(1, 1)]),
    lambda store: store.append([], answers=[kept("key")]),
    lambda store: store.read(0, 1),
    lambda store: store.position(),
    lambda store: store.stream(THIS),
    lambda store: store.snapshot(THIS),
    lambda store: store.kept_answer(ACCOUNT, "key"),
    lambda store: store.forget_answers("2026"),
    lambda store: store.take_numbers(ACCOUNT, 2, 1),
    lambda store: store.reserve_numbers(ACCOUNT, {2: 1}),
    lambda store: store.numbers_given(ACCOUNT),
    lambda store: list(store.facts_of(ACCOUNT)),
)


def test_a_store_that_is_away_says_so_in_the_words_of_the_port(place: Place) -> None:
    store = place.store()
    store.position()

    store.close()

    for use in USES:
        with pytest.raises(StoreUnavailable):
            use(store)


# -- blobs


def test_bytes_are_kept_under_their_digest_by_account(store: Store) -> None:
    data = bytes(range(256)) * 5_000

    store.append([], blobs=[Blob(ACCOUNT, "b" * 64, "image/png", data)])
    store.append([], blobs=[Blob(ACCOUNT, "a" * 64, "image/jpeg", b"")])
    store.append([], blobs=[Blob(ACCOUNT + 1, "c" * 64, "image/png", b"other")])

    assert store.blob(ACCOUNT, "b" * 64) == ("image/png", data)
    assert store.blob(ACCOUNT, "a" * 64) == ("image/jpeg", b"")
    assert store.blob(ACCOUNT, "c" * 64) is None
    assert list(store.blobs(ACCOUNT)) == ["a" * 64, "b" * 64]


def test_bytes_that_are_there_stay(store: Store) -> None:
    store.append([], blobs=[Blob(ACCOUNT, "a" * 64, "image/png", b"first")])

    store.append([], blobs=[Blob(ACCOUNT, "a" * 64, "image/jpeg", b"second")])

    assert store.blob(ACCOUNT, "a" * 64) == ("image/png", b"first")


def test_bytes_outlive_the_process(place: Place) -> None:
    place.store().append([], blobs=[Blob(MAX_ACCOUNT, "a" * 64, "image/png", b"\0\xff")])

    assert place.store().blob(MAX_ACCOUNT, "a" * 64) == ("image/png", b"\0\xff")


# -- by aggregate


def test_facts_come_by_aggregate_up_to_a_position(store: Store) -> None:
    for version in range(1, 4):
        store.append([changed(n, version) for n in (3, 1, 2)])
    store.append([changed(2, 1, account=ACCOUNT + 1), changed(2, 1, kind=Kind.EVENT)])

    found = store.between(location(1), location(2), upto=5)

    assert [(r.fact.originator_id, r.position) for r in found] == [
        (location(1), 2),
        (location(1), 5),
        (location(2), 3),
    ]


def test_all_facts_come_whatever_the_pages(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "PAGE", 2)
    store.append([*history(1, 5), *history(2, 1), *history(4, 4)])

    found = list(store.between(location(1), location(4), upto=2**62))

    assert [r.position for r in found] == list(range(1, 11))


def test_spans_tell_which_aggregates_there_are(store: Store) -> None:
    store.append([*history(3, 2), *history(7, 1), changed(1, 1, kind=Kind.EVENT)])
    store.append(history(0, 4, account=MAX_ACCOUNT))

    found = list(store.spans())

    assert found == [
        (ACCOUNT, Kind.LOCATION, 3, 7, 3),
        (ACCOUNT, Kind.EVENT, 1, 1, 1),
        (MAX_ACCOUNT, Kind.LOCATION, 0, 0, 4),
    ]


def location(number: int) -> UUID:
    return guid(ACCOUNT, Kind.LOCATION, number)
