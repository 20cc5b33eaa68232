"""Rules of sale of a contingent: its own time, and how many an order may or must have."""

import pytest

from domain.errors import BasketLimit, Invalid, NotOnSale
from tests.application.box_office import BoxOffice
from tests.application.desk import taking
from tests.spec import at


def test_a_contingent_is_for_sale_in_its_own_time_only(office: BoxOffice) -> None:
    event, always = office.on_sale()
    lot = office.contingent(event, available_from=at(10), available_until=at(20))

    for second in (9, 21):
        office.now = second
        office.order(taking(event, always))
        with office.refuses(NotOnSale, eventid=event, contingentid=lot):
            office.order(taking(event, lot))
    for second in (10, 20):
        office.now = second
        office.order(taking(event, lot))


def test_an_order_has_at_most_so_many_tickets_of_a_contingent(office: BoxOffice) -> None:
    event, other = office.on_sale()
    lot = office.contingent(event, max_orderable_amount_per_order=4)
    limit = {"limit": "max_orderable_amount_per_order", "allowed": 4, "contingentid": lot}
    order = office.order(taking(event, lot, 3), taking(event, other, 5))

    with office.refuses(BasketLimit, left=1, **limit):
        office.add(order, taking(event, lot, 2))
    with office.refuses(BasketLimit, left=4, **limit):
        office.order(taking(event, lot, 2), taking(event, lot, 3))

    office.add(order, taking(event, lot))


def test_an_order_is_sold_with_enough_tickets_of_a_contingent_or_none(office: BoxOffice) -> None:
    event, other = office.on_sale()
    lot = office.contingent(event, min_orderable_amount_per_order=3)
    limit = {"limit": "min_orderable_amount_per_order", "needed": 3, "contingentid": lot}
    order, without = office.order(taking(event, lot)), office.order(taking(event, other))

    with office.refuses(BasketLimit, held=1, **limit):
        office.confirm(order)
    office.add(order, taking(event, lot, 2))
    office.confirm(order)
    office.confirm(without)

    with office.refuses(BasketLimit, held=2, **limit):
        office.add(without, taking(event, lot, 2))


@pytest.mark.parametrize(
    "rules",
    [
        {"available_from": at(20), "available_until": at(10)},
        {"min_orderable_amount_per_order": 5, "max_orderable_amount_per_order": 4},
    ],
)
def test_rules_that_nobody_could_keep_are_refused(
    office: BoxOffice, rules: dict[str, object]
) -> None:
    event, lot = office.on_sale()
    first, last = rules
    office.change_contingent(event, lot, **{first: rules[first]})

    with office.refuses(Invalid):
        office.change_contingent(event, lot, **{last: rules[last]})
    with office.refuses(Invalid):
        office.contingent(event, **rules)
