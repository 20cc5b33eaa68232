"""What the availability of an Event costs grows with the dates that its contingents name, and not
with contingents times dates."""

from collections.abc import Iterator
from typing import Any

from domain.contingents import COUNTERS
from projections.availability import availability_document

DATES = range(1, 201)


class CountedDates(list[int]):
    """Ids of dates that count how often they are looked at."""

    looks = 0

    def __iter__(self) -> Iterator[int]:
        for number in super().__iter__():
            self.looks += 1
            yield number

    def __contains__(self, number: object) -> bool:
        self.looks += len(self)
        return super().__contains__(number)


def document(*named: list[int]) -> dict[str, Any]:
    counters = {**dict.fromkeys(COUNTERS, 0), "free": 10, "total": 10}
    lots = {
        str(98 + n): {"id": 98 + n, "dateids": ids, "counters": counters, "lastupdatets": ""}
        for n, ids in enumerate(named)
    }
    dates = [{"id": number, "capacity": 0} for number in DATES]
    return availability_document(dates, {"contingents": lots})


def test_each_date_that_a_contingent_names_is_looked_at_once() -> None:
    named = [CountedDates(DATES) for _ in range(20)]

    shown = document(*named)

    assert sum(ids.looks for ids in named) == 20 * len(DATES)
    assert {date["free"] for date in shown["dates"]} == {200}


def test_a_date_counts_what_is_valid_on_it_and_what_is_valid_on_all() -> None:
    shown = document([1, 2, 2], [2], [])

    assert [date["free"] for date in shown["dates"][:3]] == [20, 30, 10]
    assert shown["total"]["free"] == 30
