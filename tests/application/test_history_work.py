"""What a page of a history costs."""

from collections.abc import Sequence
from functools import partial

from application import locations
from application.history import AT_ONCE, Filter, HistoryEntry, One, page
from application.ports import Recorded
from domain.location import Location, LocationFields
from tests.application.desk import Desk
from tests.spec import ACCOUNT

FACTS = 2 * AT_ONCE


class Counted(One):
    """How often it was folded from a state before a segment."""

    segments = 0

    def entries(self, segment: Sequence[Recorded], asked: Filter) -> list[HistoryEntry]:
        self.segments += 1
        return super().entries(segment, asked)


def test_a_path_that_nothing_changed_along_is_not_looked_for_fact_by_fact() -> None:
    desk = Desk()
    number = desk.location()
    change = partial(locations.change_location, number=number)
    desk.together(
        *(
            desk.job(partial(change, fields=LocationFields(capacity=n + 1)))
            for n in range(FACTS - 1)
        )
    )
    asked = Filter(path="nothing")
    told = Counted(desk.store, Location(Location.id_of(ACCOUNT, number)), None, asked)

    found = page(told, 1, asked)
    desk.close()

    assert not found.entries
    assert found.following is None
    assert told.segments <= FACTS / AT_ONCE + 1
