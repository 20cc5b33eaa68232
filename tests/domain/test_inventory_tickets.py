"""Who holds which ticket of an Event: locks, orders, and lots that grow and shrink."""

from itertools import product

import pytest
from pydantic import ValidationError

from domain.contingents import COUNTERS, HELD, ContingentChanged, ContingentFields
from domain.errors import Invalid, NotFound, SoldOut, TicketNotFree, TicketsInUse
from domain.inventory import Inventory
from domain.single_tickets import TicketRange
from domain.tickets import (
    PLACES,
    TicketsHandedOver,
    TicketsLapsed,
    TicketsLocked,
    TicketsReleased,
    TicketsSettled,
    TicketsTaken,
    TicketsUnlocked,
    movement,
)
from tests.domain.lots import (
    DUE,
    LOT,
    OTHER,
    all_at_once,
    changed,
    counters,
    giving_back,
    handing_over,
    lapsing,
    locking,
    locking_these,
    lot,
    move,
    removed,
    reverting,
    settling,
    taking,
    ticket,
    tickets,
    total,
    unlocking,
    unlocking_these,
)
from tests.spec import Command, Said, at, given, metadata, says, then, then_refused, when

# -- locks


def test_so_many_locked_are_the_highest_free_ones() -> None:
    inventory = given(Inventory, lot(10), taking(1, 10))

    outcome = when(inventory, locking(3))

    then(outcome, says(TicketsLocked, locktypeid=1, moves=[move("free", "locked_hard", (7, 9))]))
    assert counters(inventory) == {"free": 6, "locked_hard": 3, "reserved": 1}
    assert inventory.contingent(LOT)["locks"] == [{"amount": 3, "locktypeid": 1}]


def test_tickets_are_locked_by_id_in_as_many_lots_as_they_are_of() -> None:
    inventory = given(Inventory, lot(10), lot(10, OTHER))

    def command(i: Inventory, metadata: object) -> None:
        i.lock_tickets([ticket(1, OTHER), ticket(3), ticket(2)], 2, "locked_soft", metadata)

    moves = [move("free", "locked_soft", (2, 3)), move("free", "locked_soft", 1, lot=OTHER)]
    then(when(inventory, command), says(TicketsLocked, locktypeid=2, moves=moves))
    assert inventory.count("locked_soft") == 3


def test_more_than_are_free_cannot_be_locked() -> None:
    inventory = given(Inventory, lot(10), taking(1, (1, 4)), locking(3, 2))

    outcome = when(inventory, locking(4))

    then_refused(outcome, SoldOut, limit="contingent", asked=4, left=3, contingentid=LOT)
    assert not outcome.facts


@pytest.mark.parametrize("place", [1, 10, 11], ids=["of an order", "locked", "not there"])
def test_only_a_free_ticket_can_be_locked(place: int) -> None:
    inventory = given(Inventory, lot(10), taking(1, 1), locking(1))

    outcome = when(inventory, locking_these(5, place))

    then_refused(outcome, TicketNotFree, ticketid=ticket(place))
    assert not outcome.facts


@pytest.mark.parametrize("command", [locking(1, number=OTHER), unlocking(1, number=OTHER)])
def test_another_events_lot_has_nothing_to_lock(command: Command) -> None:
    then_refused(when(given(Inventory, lot(10)), command), Invalid)


def test_so_many_unlocked_are_the_lowest_of_that_lock_type() -> None:
    inventory = given(Inventory, lot(10), locking(3, 1), locking(3, 2))

    outcome = when(inventory, unlocking(2, 1))

    then(outcome, says(TicketsUnlocked, locktypeid=1, moves=[move("locked_hard", "free", (8, 9))]))
    assert counters(inventory) == {"free": 6, "locked_hard": 1, "locked_soft": 3}
    assert inventory.contingent(LOT)["locks"] == [
        {"amount": 1, "locktypeid": 1},
        {"amount": 3, "locktypeid": 2},
    ]


def test_tickets_are_unlocked_whatever_locked_them() -> None:
    inventory = given(Inventory, lot(10), locking(3, 1), locking(3, 2))

    outcome = when(inventory, unlocking(5))

    hard, soft = move("locked_hard", "free", (8, 10)), move("locked_soft", "free", (5, 6))
    then(
        outcome,
        says(TicketsUnlocked, locktypeid=1, moves=[hard]),
        says(TicketsUnlocked, locktypeid=2, moves=[soft]),
    )
    assert counters(inventory) == {"free": 9, "locked_soft": 1}


def test_tickets_are_unlocked_by_id() -> None:
    inventory = given(Inventory, lot(10), locking(3, 1), locking(3, 2))

    when(inventory, unlocking_these(9, 6))

    assert inventory.free(LOT) == tickets((1, 4), 6, 9)
    assert counters(inventory) == {"free": 6, "locked_hard": 2, "locked_soft": 2}


@pytest.mark.parametrize(
    "command",
    [
        unlocking(7),
        unlocking(4, 2),
        unlocking(1, 3),
        unlocking_these(10, 4),
        unlocking_these(10, lock_type=2),
    ],
    ids=["more", "more of that type", "another type", "a free one", "one of another type"],
)
def test_what_is_not_locked_so_cannot_be_unlocked(command: Command) -> None:
    outcome = when(given(Inventory, lot(10), locking(3, 1), locking(3, 2)), command)

    then_refused(outcome, Invalid)
    assert not outcome.facts


def test_a_lock_type_that_was_soft_and_is_hard_unlocks_both() -> None:
    inventory = given(Inventory, lot(10), locking(2, 1))
    inventory.lock_tickets([ticket(1)], 1, "locked_soft", metadata())

    when(inventory, unlocking(3, 1))

    assert counters(inventory) == {"free": 10}


def test_the_locks_of_a_lot_name_each_lock_type_once() -> None:
    locks = [{"amount": 2, "locktypeid": 1}, {"amount": 3, "locktypeid": 1}]

    with pytest.raises(ValidationError, match="each locktypeid once"):
        ContingentFields.model_validate({"locks": locks})


# -- growing and shrinking


def resized(amount: int) -> Said:
    changed = {"amount": amount}
    return says(ContingentChanged, contingentid=LOT, changed=changed, pricesbefore=None)


def test_a_lot_grows_at_any_time() -> None:
    inventory = given(Inventory, lot(2), taking(1, (1, 2)))

    outcome = when(inventory, changed(amount=5))

    then(outcome, resized(5))
    assert inventory.free(LOT) == tickets((3, 5))


def test_a_lot_shrinks_by_its_highest_free_tickets() -> None:
    inventory = given(Inventory, lot(10), locking(2), taking(1, (5, 6)))

    when(inventory, changed(amount=6))

    assert inventory.free(LOT) == tickets((1, 2))
    assert counters(inventory) == {"free": 2, "locked_hard": 2, "reserved": 2}
    assert total(inventory) == 6


def test_a_lot_does_not_shrink_below_what_is_in_use() -> None:
    inventory = given(Inventory, lot(10), locking(2), taking(1, (1, 3)))

    outcome = when(inventory, changed(amount=4))

    then_refused(outcome, TicketsInUse, contingentid=LOT, inuse=5)
    then(when(inventory, changed(amount=5)), resized(5))


def test_a_lot_may_shrink_by_what_the_same_change_unlocks() -> None:
    inventory = given(Inventory, lot(10), locking(8))

    when(inventory, changed(amount=3, locks=[{"amount": 3, "locktypeid": 1}]))

    assert (counters(inventory), total(inventory)) == ({"locked_hard": 3}, 3)


def test_a_lot_with_tickets_in_use_is_not_removed() -> None:
    for command, used in ((locking(1), 1), (taking(1, (1, 2)), 2)):
        inventory = given(Inventory, lot(10), command)

        then_refused(when(inventory, removed()), TicketsInUse, contingentid=LOT, inuse=used)


def test_a_lot_that_is_not_there_is_not_found() -> None:
    then_refused(when(given(Inventory), lambda i, _: i.require_contingent(LOT)), NotFound)


# -- lots without a fixed amount


def test_tickets_of_an_open_lot_are_made_as_they_are_taken() -> None:
    inventory = given(Inventory, lot(None))

    assert (inventory.pick(LOT, 3, []), total(inventory)) == (tickets((1, 3)), 0)
    when(inventory, taking(1, (1, 3)))

    assert (counters(inventory), total(inventory)) == ({"reserved": 3}, 3)
    assert inventory.pick(LOT, 1, []) == tickets(4)


def test_what_is_given_back_to_an_open_lot_is_taken_first() -> None:
    inventory = given(Inventory, lot(None), taking(1, (1, 5)), giving_back(1, 2, 4))

    assert inventory.pick(LOT, 3, []) == tickets(2, 4, 6)
    assert inventory.pick(LOT, 3, tickets(2, 6)) == tickets(4, (7, 8))


def test_two_takings_of_one_fact_make_their_own_tickets() -> None:
    inventory = given(Inventory, lot(None))
    moves = [move("free", "reserved", 1, price=1), move("free", "reserved", (2, 3), price=2)]

    when(inventory, lambda i, metadata: i.take(1, 1, moves, DUE, metadata))

    assert inventory.free(LOT) == []
    assert counters(inventory) == {"reserved": 3}
    assert [piece[:2] for piece in inventory.pieces(LOT)] == [
        (ticket(1), ticket(1)),
        (ticket(2), ticket(3)),
    ]


def test_an_open_lot_becomes_a_fixed_one_and_open_again() -> None:
    inventory = given(Inventory, lot(None), taking(1, (1, 5)), giving_back(1, 2, 4))

    then_refused(when(inventory, changed(amount=2)), TicketsInUse, inuse=3)
    when(inventory, changed(amount=4))
    assert (inventory.free(LOT), total(inventory)) == (tickets(2), 4)
    when(inventory, changed(amount=None))
    assert inventory.pick(LOT, 2, []) == tickets(2, 6)


# -- ids are never used again


def test_a_ticket_that_was_shrunk_away_does_not_come_back() -> None:
    inventory = given(Inventory, lot(10), changed(amount=4), changed(amount=6))

    assert inventory.free(LOT) == tickets((1, 4), (11, 12))
    for gone in (5, 10, 13):
        outcome = when(inventory, lambda i, _, n=gone: i.require_tickets([ticket(n)], "tickets"))
        then_refused(outcome, Invalid)


def test_a_lot_that_was_removed_and_comes_back_has_other_tickets() -> None:
    inventory = given(Inventory, lot(10), taking(1, (1, 3)), giving_back(1))
    past = inventory.capture().state

    for turn in (1, 2):
        when(inventory, removed())
        when(inventory, reverting(past))
        assert inventory.free(LOT) == tickets((10 * turn + 1, 10 * turn + 10))

    assert counters(inventory) == {"free": 10}


def test_an_open_lot_that_comes_back_goes_on_counting() -> None:
    inventory = given(Inventory, lot(None), taking(1, (1, 3)), giving_back(1))
    past = inventory.capture().state

    when(inventory, all_at_once(removed(), reverting(past)))

    assert inventory.pick(LOT, 1, []) == tickets(4)


def used_up(amount: int | None) -> Inventory:
    """A lot that had all the tickets but two that it can have in its life."""
    inventory = given(Inventory, lot(None))
    moves = [movement(LOT, 1, "free", "reserved", [[ticket(PLACES - 3), ticket(PLACES - 3)]])]
    inventory.take(1, 1, moves, DUE, metadata())
    for command in (giving_back(1), changed(amount=0), changed(amount=amount)):
        command(inventory, metadata())
    inventory.pending = []
    return inventory


def test_the_tickets_of_a_lot_never_reach_into_the_next_one() -> None:
    """Ids leave room for so many in the life of a lot."""
    fixed, open_lot = used_up(0), used_up(None)

    then_refused(when(fixed, changed(amount=3)), Invalid)
    then(when(fixed, changed(amount=2)), resized(2))
    with pytest.raises(SoldOut) as refused:
        open_lot.pick(LOT, 3, [])
    assert refused.value.details["left"] == 2
    assert open_lot.pick(LOT, 2, []) == tickets((PLACES - 2, PLACES - 1))


def test_a_lot_that_has_used_up_its_ids_does_not_come_back() -> None:
    inventory = used_up(0)
    when(inventory, changed(amount=2))
    past = inventory.capture().state

    then_refused(when(inventory, all_at_once(removed(), reverting(past))), Invalid)


# -- orders


def test_an_order_takes_the_lowest_free_tickets() -> None:
    inventory = given(Inventory, lot(10), taking(1, (2, 3)), locking_these(5))

    assert inventory.pick(LOT, 3, []) == tickets(1, 4, 6)
    assert inventory.pick(LOT, 3, tickets(4)) == tickets(1, (6, 7))


def test_more_than_are_left_cannot_be_taken() -> None:
    inventory = given(Inventory, lot(5), taking(1, 1), locking(1))

    for amount, but, left in ((4, [], 3), (3, tickets(2), 2)):
        with pytest.raises(SoldOut) as refused:
            inventory.pick(LOT, amount, but)
        assert refused.value.details == {
            "limit": "contingent",
            "asked": amount,
            "left": left,
            "contingentid": LOT,
        }


def test_a_taking_says_for_whom_and_until_when() -> None:
    inventory = given(Inventory, lot(10))

    outcome = when(inventory, taking(2, (1, 2), root=1))

    moves = [move("free", "reserved", (1, 2), price=1)]
    then(outcome, says(TicketsTaken, orderid=2, root=1, expiryts=DUE, moves=moves))
    assert counters(inventory) == {"free": 8, "reserved": 2}


def test_what_an_order_gives_back_is_free_again() -> None:
    inventory = given(Inventory, lot(10), taking(1, (1, 3)), taking(1, 4, price=2))

    outcome = when(inventory, giving_back(1, 2, 4, until=at(1_300)))

    moves = [move("reserved", "free", 2, price=1), move("reserved", "free", 4, price=2)]
    then(outcome, says(TicketsReleased, orderid=1, expiryts=at(1_300), moves=moves))
    assert inventory.free(LOT) == tickets(2, (4, 10))
    assert inventory.lines(1) == [[LOT, 1, "reserved", tickets(1, 3)]]


def test_who_holds_nothing_here_gives_nothing_back() -> None:
    inventory = given(Inventory, lot(10), taking(1, 1))

    for command in (giving_back(2), giving_back(1, 5), lapsing(2), handing_over(2, 3, 1)):
        then(when(inventory, command))


def test_an_order_that_lapses_gives_all_back() -> None:
    inventory = given(Inventory, lot(10), taking(1, (1, 2)))

    outcome = when(inventory, lapsing(1))

    moves = [move("reserved", "free", (1, 2), price=1)]
    then(outcome, says(TicketsLapsed, orderid=1, duets=DUE, moves=moves))
    assert (counters(inventory), inventory.lines(1)) == ({"free": 10}, [])


def test_tickets_go_where_their_price_type_belongs_when_the_order_is_settled() -> None:
    inventory = given(Inventory, lot(10), taking(1, (1, 2)), taking(1, 3, price=3))

    outcome = when(inventory, settling(1, "sold_unpaid", _3="complimentary"))

    moves = [
        move("reserved", "sold_unpaid", (1, 2), price=1),
        move("reserved", "complimentary", 3, price=3),
    ]
    then(outcome, says(TicketsSettled, orderid=1, moves=moves))
    assert counters(inventory) == {"free": 7, "sold_unpaid": 2, "complimentary": 1}
    assert inventory.unpaid() == [1]


def test_what_stands_where_it_belongs_is_not_settled_again() -> None:
    inventory = given(Inventory, lot(10), taking(1, 1), settling(1, "sold_paid"))

    then(when(inventory, settling(1, "sold_paid")))
    when(inventory, settling(1, "sold_unpaid"))
    assert counters(inventory) == {"free": 9, "sold_unpaid": 1}


def test_tickets_that_are_handed_over_stay_what_they_are() -> None:
    inventory = given(Inventory, lot(10), taking(1, (1, 3)), settling(1, "sold_paid"))

    outcome = when(inventory, handing_over(1, 2, 2))

    moves = [move("sold_paid", "sold_paid", 2, price=1)]
    handed = {"orderid": 1, "toorderid": 2, "root": 1, "expiryts": None, "moves": moves}
    then(outcome, says(TicketsHandedOver, **handed))
    assert counters(inventory) == {"free": 7, "sold_paid": 3}
    assert inventory.lines(1) == [[LOT, 1, "sold_paid", tickets(1, 3)]]
    assert inventory.lines(2) == [[LOT, 1, "sold_paid", tickets(2)]]


def test_neighbours_at_one_price_are_one_range_again() -> None:
    inventory = given(Inventory, lot(10), taking(1, (1, 2)), taking(1, (3, 4)))

    assert inventory.lines(1) == [[LOT, 1, "reserved", tickets((1, 4))]]


def test_how_many_are_held_at_a_price_follows_them() -> None:
    inventory = given(Inventory, lot(10), taking(1, (1, 4)), taking(2, 5, price=2))
    key = f"{LOT}000001"

    for command, held in (
        (settling(1, "sold_paid"), 4),
        (handing_over(1, 3, 1), 4),
        (giving_back(1, 2), 3),
        (taking(4, 6), 4),
        (lapsing(4), 3),
    ):
        when(inventory, command)
        assert inventory.state["priced"] == {key: held, f"{LOT}000002": 1}


# -- when they are due


def test_unconfirmed_orders_are_due_the_longest_first() -> None:
    inventory = given(
        Inventory,
        lot(10),
        taking(1, 1, until=at(30)),
        taking(2, 2, until=at(10)),
        taking(3, 3, until=at(20)),
        settling(3, "sold_unpaid"),
    )

    assert inventory.due(at(9.999)) == []
    assert inventory.due(at(10)) == [2]
    assert inventory.due(at(30)) == [2, 1]
    when(inventory, lapsing(2))
    assert inventory.due(at(30)) == [1]


@pytest.mark.parametrize(
    "command",
    [
        taking(1, 5, until=at(40)),
        giving_back(1, 1, until=at(40)),
        handing_over(1, 2, 1, until=at(40)),
    ],
)
def test_an_action_gives_the_order_more_time(command: Command) -> None:
    inventory = given(Inventory, lot(10), taking(1, (1, 2), until=at(20)))

    when(inventory, command)

    assert inventory.due(at(39)) == []
    assert 1 in inventory.due(at(40))


@pytest.mark.parametrize(
    "command", [taking(1, 5, until=at(10)), giving_back(1, 1, until=at(10))], ids=["take", "back"]
)
def test_an_action_under_a_shorter_hold_is_noticed_in_time(command: Command) -> None:
    """A sales channel may hold its orders shorter than it did before."""
    inventory = given(Inventory, lot(10), taking(1, (1, 2), until=at(20)))
    assert inventory.due(at(5)) == []

    when(inventory, command)

    assert inventory.due(at(10)) == [1]


@pytest.mark.parametrize("command", [giving_back(1), handing_over(1, 2, (1, 2), until=at(20))])
def test_who_holds_nothing_is_not_due(command: Command) -> None:
    inventory = given(Inventory, lot(10), taking(1, (1, 2), until=at(20)), command)

    assert 1 not in inventory.due(at(30))


# -- every ticket, once


def test_a_lot_is_told_piece_by_piece() -> None:
    inventory = given(
        Inventory,
        lot(10),
        locking(2, 2),
        taking(1, (2, 3)),
        settling(1, "sold_paid"),
        taking(2, 4, price=3),
    )

    shown = [(p.first % PLACES, p.last % PLACES, *p[2:]) for p in inventory.pieces(LOT)]
    assert shown == [
        (1, 1, "free", None, None),
        (2, 3, "sold_paid", 1, 1),
        (4, 4, "reserved", 2, 3),
        (5, 8, "free", None, None),
        (9, 10, "locked_soft", None, 2),
    ]
    assert isinstance(inventory.pieces(LOT)[0], TicketRange)


PLAYED: list[Command] = [
    taking(1, (1, 2)),
    locking(2, 1),
    settling(1, "sold_unpaid"),
    handing_over(1, 2, 1),
    giving_back(1),
    unlocking(1),
    changed(amount=12),
    lapsing(2),
    changed(amount=9),
]


@pytest.mark.parametrize("amount", [10, None], ids=["fixed", "open"])
def test_after_every_fact_the_seven_sum_to_the_total(amount: int | None) -> None:
    inventory = given(Inventory, lot(amount), taking(9, (1, 5)), giving_back(9))

    for command in PLAYED:
        when(inventory, command)
        counted = inventory.contingent(LOT)["counters"]
        assert sum(n for name, n in counted.items() if name != "total") == counted["total"]
        assert min(counted.values()) >= 0
        by_piece = dict.fromkeys(COUNTERS, 0)
        for piece, name in product(inventory.pieces(LOT), COUNTERS):
            by_piece[name] += (piece.last - piece.first + 1) * (name in (piece.counter, "total"))
        assert by_piece == counted
        assert inventory.count(*HELD) == sum(counted[name] for name in HELD)
