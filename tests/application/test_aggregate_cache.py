"""The aggregates in memory: bounded by bytes, shared between accounts."""

import sys
from typing import Any

import pytest

from application.aggregate_cache import AggregateCache, fair_level, weight
from domain.base import Aggregate
from domain.ids import Kind
from domain.location import Location
from tests.contracts.facts import changed

MIB = 2**20


def location(account: int, number: int, size: int) -> tuple[tuple[int, int, int], Aggregate]:
    made = Location(Location.id_of(account, number))
    made.apply(changed(number, 1, account=account, changed={"info": "x" * size}))
    return (account, Kind.LOCATION, number), made


def filled(cache: AggregateCache, account: int, count: int, size: int) -> None:
    for number in range(1, count + 1):
        cache.use(*location(account, number, size))


def of(cache: AggregateCache, account: int, count: int) -> list[int]:
    """The numbers that are held."""
    every = range(1, count + 1)
    return [number for number in every if cache.get((account, Kind.LOCATION, number))]


def walked(value: Any) -> int:
    """The bytes of a value, object by object."""
    size = sys.getsizeof(value)
    if isinstance(value, dict):
        return size + sum(walked(k) + walked(v) for k, v in value.items())
    if isinstance(value, list):
        return size + sum(map(walked, value))
    return size


def test_large_aggregates_are_held_up_to_the_bound_in_bytes() -> None:
    cache = AggregateCache(10 * MIB)

    filled(cache, 1, 40, MIB)
    cache.shrink()

    assert len(cache) == 9
    assert of(cache, 1, 40) == [*range(32, 41)]
    assert cache.weight <= 10 * MIB
    assert cache.evicted == 31


def test_what_was_used_just_now_stays_however_large_it_is() -> None:
    cache = AggregateCache(10 * MIB)
    filled(cache, 1, 8, MIB)
    key, large = location(1, 9, 12 * MIB)
    cache.use(key, large)

    cache.shrink({key})
    assert of(cache, 1, 9) == [9]

    filled(cache, 2, 1, MIB)
    cache.shrink()
    assert of(cache, 1, 9) == []


def test_one_account_does_not_displace_what_others_hold() -> None:
    cache = AggregateCache(10 * MIB)
    filled(cache, 1, 20, 100_000)
    filled(cache, 2, 40, MIB)

    cache.shrink()

    assert of(cache, 1, 20) == [*range(1, 21)]
    assert 5 <= len(of(cache, 2, 40)) <= 8


def test_a_fact_adds_its_weight_and_a_grown_aggregate_is_measured_again() -> None:
    cache = AggregateCache(10 * MIB)
    key, made = location(1, 1, 10)
    cache.use(key, made)
    for version in range(2, 40):
        fact = changed(1, version, account=1, changed={"info": "y" * 100_000})
        made.apply(fact)
        cache.grow(key, fact)

        assert 100_000 <= cache.weight <= 500_000


def test_what_leaves_the_cache_weighs_nothing() -> None:
    cache = AggregateCache(MIB)
    filled(cache, 1, 5, 1_000)

    for number in range(1, 6):
        cache.drop((1, Kind.LOCATION, number))

    assert (cache.weight, len(cache)) == (0, 0)


@pytest.mark.parametrize(
    "value",
    [
        {"info": "x" * 50_000},
        {str(n): {"root": n, "lines": [[7, 1, "sold", [[n, n + 3]]]]} for n in range(500)},
        {"dates": {str(n): {"id": n, "start": "2026-12-01T20:00:00Z"} for n in range(300)}},
    ],
)
def test_the_weight_is_about_the_bytes_that_a_value_takes(value: Any) -> None:
    assert 0.5 <= weight(value) / walked(value) <= 2


def test_the_level_is_what_each_may_keep() -> None:
    assert fair_level([10, 10, 100], 60) == 40
    assert fair_level([50, 50], 60) == 30
    assert fair_level([1, 2], 60) == 60
