"""Ranges are sets: every function does what the set would."""

from hypothesis import given
from hypothesis import strategies as st

from domain import ranges

numbers = st.sets(st.integers(0, 40)) | st.sets(st.integers(0, 200), min_size=60, max_size=120)
"""Few ranges, and more than are handled one by one."""
amounts = st.integers(0, 45)


def test_neighbours_are_one_range() -> None:
    assert ranges.of([5, 1, 2, 3]) == [[1, 3], [5, 5]]


@given(numbers)
def test_ranges_are_the_numbers_in_their_order(these: set[int]) -> None:
    made = ranges.of(these)

    assert list(ranges.numbers(made)) == sorted(these)
    assert ranges.count(made) == len(these)
    assert all(ranges.contains(made, n) == (n in these) for n in range(-1, 202))


@given(numbers, numbers)
def test_adding_removing_and_common_are_those_of_sets(these: set[int], those: set[int]) -> None:
    one, other = ranges.of(these), ranges.of(those)

    assert ranges.add(one, other) == ranges.of(these | those)
    assert ranges.remove(one, other) == ranges.of(these - those)
    assert ranges.common(one, other) == ranges.of(these & those)
    assert (one, other) == (ranges.of(these), ranges.of(those)), "changed in place"


@given(numbers, amounts)
def test_the_lowest_and_the_highest_are_the_ends(these: set[int], amount: int) -> None:
    made, ordered = ranges.of(these), sorted(these)

    assert ranges.lowest(made, amount) == ranges.of(ordered[:amount])
    assert ranges.highest(made, amount) == ranges.of(ordered[max(0, len(ordered) - amount) :])


@given(st.lists(numbers, max_size=4))
def test_the_union_is_that_of_sets(sets: list[set[int]]) -> None:
    assert ranges.union(map(ranges.of, sets)) == ranges.of(set().union(*sets))
