"""Sets of whole numbers as sorted ranges: `[[1, 5], [7, 7]]` is 1 to 5, and 7.

A hundred thousand tickets in one piece are one range, so facts and states stay small. Ranges are
never changed in place: every function gives a new list.
"""

import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

Ranges = list[list[int]]

FEW = 16
"""So many ranges are put in or cut out one by one, each for a copy of the list; more of them are
merged with it, so that the time grows with the sum of both and not with their product."""

_first, _last = itemgetter(0), itemgetter(1)


def of(numbers: Iterable[int]) -> Ranges:
    """The ranges of these numbers, in any order."""
    made: Ranges = []
    for number in sorted(set(numbers)):
        if made and made[-1][1] == number - 1:
            made[-1][1] = number
        else:
            made.append([number, number])
    return made


def count(ranges: Sequence[Sequence[int]]) -> int:
    total = 0
    for first, last in ranges:
        total += last - first + 1
    return total


def numbers(ranges: Sequence[Sequence[int]]) -> Iterator[int]:
    for first, last in ranges:
        yield from range(first, last + 1)


def contains(ranges: Sequence[Sequence[int]], number: int) -> bool:
    at = bisect_right(ranges, number, key=_first)
    return at > 0 and number <= ranges[at - 1][1]


def lowest(ranges: Ranges, amount: int) -> Ranges:
    """The lowest so many of them, all when there are fewer."""
    taken: Ranges = []
    for first, last in ranges:
        if amount <= 0:
            break
        taken.append([first, min(last, first + amount - 1)])
        amount -= last - first + 1
    return taken


def highest(ranges: Ranges, amount: int) -> Ranges:
    """The highest so many of them, all when there are fewer."""
    taken: Ranges = []
    for first, last in reversed(ranges):
        if amount <= 0:
            break
        taken.append([max(first, last - amount + 1), last])
        amount -= last - first + 1
    return taken[::-1]


def add(ranges: Ranges, others: Ranges) -> Ranges:
    """Both together; neighbours become one."""
    if len(others) > FEW:
        return _joined([*ranges, *others])
    made = ranges
    for first, last in others:
        start = bisect_left(made, first - 1, key=_last)
        end = bisect_right(made, last + 1, key=_first)
        if start < end:
            first, last = min(first, made[start][0]), max(last, made[end - 1][1])  # noqa: PLW2901 - grown
        made = [*made[:start], [first, last], *made[end:]]
    return made


def remove(ranges: Ranges, others: Ranges) -> Ranges:
    """The first without the others."""
    if len(others) > FEW:
        return common(ranges, _between(others))
    made = ranges
    for first, last in others:
        start = bisect_left(made, first, key=_last)
        end = bisect_right(made, last, key=_first)
        if start < end:
            low, high = made[start][0], made[end - 1][1]
            left = [[low, first - 1]] if low < first else []
            right = [[last + 1, high]] if last < high else []
            made = [*made[:start], *left, *right, *made[end:]]
    return made


def common(ranges: Ranges, others: Ranges) -> Ranges:
    """What is in both."""
    few, many = sorted((ranges, others), key=len)
    made: Ranges = []
    for first, last in few:
        for at in range(bisect_left(many, first, key=_last), len(many)):
            low, high = many[at]
            if low > last:
                break
            made.append([max(first, low), min(last, high)])
    return made


def union(many: Iterable[Ranges]) -> Ranges:
    """All of them together."""
    return _joined([one for ranges in many for one in ranges])


def _joined(ranges: Ranges) -> Ranges:
    """Ranges in any order as sorted ones, without neighbours."""
    made: Ranges = []
    for first, last in sorted(ranges):
        if made and first <= made[-1][1] + 1:
            made[-1][1] = max(made[-1][1], last)
        else:
            made.append([first, last])
    return made


def _between(ranges: Ranges) -> Ranges:
    """All numbers that are in none of these ranges."""
    ends = [-sys.maxsize, *(end for one in ranges for end in (one[0] - 1, one[1] + 1)), sys.maxsize]
    return [
        [first, last] for first, last in zip(ends[::2], ends[1::2], strict=True) if first <= last
    ]
