"""What a sale counts does not grow with contingents times dates where no date can be full."""

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


def take(amount: int, dates: CountedDates) -> None:
    contingent = {"id": 98, "dateids": dates, "counters": dict.fromkeys(COUNTERS, 0)}
    event = {"dates": DATES, "totalmaxtickets": 0}
    check_room(event, {"capacity": 60}, [contingent], {98: amount})


def test_a_sale_that_fits_on_every_date_counts_no_date() -> None:
    dates = CountedDates(range(1, 101))

    take(50, dates)

    assert dates.looks == 0


def test_a_sale_that_may_fill_a_date_counts_each_once_and_is_refused() -> None:
    dates = CountedDates(range(1, 101))

    with pytest.raises(SoldOut, match="51 tickets asked for, 50 left"):
        take(51, dates)

    assert dates.looks == 100
