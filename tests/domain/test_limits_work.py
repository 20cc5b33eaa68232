"""What a sale counts does not grow with contingents times dates where no date can be full, nor with
the dates that the tickets are not valid on."""

from collections.abc import Iterator

import pytest

from domain.contingents import COUNTERS
from domain.errors import SoldOut
from domain.limits import check_room

DATES = {str(number): {"id": number, "capacity": 50} for number in range(1, 101)}


class CountedDates(list[int]):
    """Ids of dates that count how often they are looked at."""

    looks = 0

    def __iter__(self) -> Iterator[int]:
        for number in super().__iter__():
            self.looks += 1
            yield number


class CountedLookups(dict[str, dict[str, int]]):
    """Dates that count how often one is looked up."""

    looks = 0

    def __getitem__(self, key: str) -> dict[str, int]:
        self.looks += 1
        return super().__getitem__(key)

    def values(self) -> object:  # type: ignore[override]
        raise AssertionError


def contingent(number: int, dates: list[int], sold: int = 0) -> dict[str, object]:
    counters = dict.fromkeys(COUNTERS, 0) | {"sold_paid": sold}
    return {"id": number, "dateids": dates, "counters": counters}


def take(amount: int, *dates: list[int], of: object = DATES, sold: int = 0) -> None:
    contingents = [contingent(98 + n, named, sold) for n, named in enumerate(dates)]
    event = {"dates": of, "totalmaxtickets": 0}
    check_room(event, {"capacity": 60}, contingents, {98: amount})


def test_a_sale_that_fits_on_every_date_looks_at_its_own_dates_only() -> None:
    own, others = CountedDates([1]), CountedDates(range(1, 101))

    take(50, own, others)

    assert (own.looks, others.looks) == (1, 0)


def test_a_sale_that_may_fill_a_date_counts_each_of_all_contingents_once_and_is_refused() -> None:
    own, others = CountedDates([100]), CountedDates(range(1, 101))

    with pytest.raises(SoldOut, match="50 tickets asked for, 48 left") as refusal:
        take(50, own, others, sold=1)

    assert refusal.value.details["dateid"] == 100
    assert (own.looks, others.looks) == (2, 100)


def test_a_sale_for_one_date_looks_up_that_date_alone() -> None:
    dates = CountedLookups(DATES)

    take(40, [7], list(range(50, 101)), of=dates, sold=5)

    assert dates.looks == 1


def test_a_date_that_is_full_by_others_refuses_no_ticket_of_another_date() -> None:
    full = {"1": {"id": 1, "capacity": 50}, "2": {"id": 2, "capacity": 20}}
    event = {"dates": full, "totalmaxtickets": 0}
    contingents = [contingent(98, [1]), contingent(99, [2], sold=30)]

    check_room(event, {}, contingents, {98: 1})
