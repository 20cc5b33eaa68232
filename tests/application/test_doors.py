"""Tickets go through doors, in and out; and their seats have ranks."""

from functools import partial

from application.admission import rank_tickets
from application.event_history import event_history
from application.history import Filter
from domain.errors import Invalid, NotAdmitted, NotOnSale
from domain.seating import SeatRank, SeatRankFields
from tests.application.box_office import BoxOffice, ticket
from tests.application.desk import taking
from tests.spec import at


def scan_of(office: BoxOffice, event: int, number: int) -> list[object]:
    return list(office.inventory(event).scan_of(number).values())


def test_a_ticket_is_read_by_its_barcode_on_its_way_in_and_out(office: BoxOffice) -> None:
    event, lot = office.on_sale(5)
    order = office.sold(event, lot)
    code = office.inventory(event).barcode(ticket(lot, 1), order)

    office.scan(event, barcodes=[code], scandeviceid=7)
    office.now += 60
    office.scan(event, "out", barcodes=[code])

    assert scan_of(office, event, ticket(lot, 1)) == [2, at(0), 7, at(60), None]
    assert office.inventory(event).inside() == []


def test_nobody_goes_in_twice(office: BoxOffice) -> None:
    event, lot = office.on_sale(5)
    office.sold(event, lot, 2)
    office.scan(event, tickets=[ticket(lot, 1)])

    with office.refuses(NotAdmitted, ticketid=ticket(lot, 1), why="inside"):
        office.scan(event, tickets=[ticket(lot, 2), ticket(lot, 1)])

    with office.refuses(NotAdmitted, ticketid=ticket(lot, 2), why="outside"):
        office.scan(event, "out", tickets=[ticket(lot, 2)])


def test_only_what_is_sold_goes_in(office: BoxOffice) -> None:
    event, lot = office.on_sale(5)
    office.order(taking(event, lot))

    for number in (ticket(lot, 1), ticket(lot, 2)):
        with office.refuses(NotAdmitted, ticketid=number, why="notsold"):
            office.scan(event, tickets=[number])

    with office.refuses(Invalid):
        office.scan(event, tickets=[ticket(lot, 6)])


def test_a_barcode_of_a_ticket_that_was_given_back_opens_no_door(office: BoxOffice) -> None:
    event, lot = office.on_sale(1)
    first = office.sold(event, lot)
    old = office.inventory(event).barcode(ticket(lot, 1), first)
    office.scan(event, barcodes=[old])
    office.cancel(first)
    second = office.sold(event, lot)

    with office.refuses(NotAdmitted, barcode=old, why="unknown"):
        office.scan(event, barcodes=[old])

    assert scan_of(office, event, ticket(lot, 1))[0] == 0
    office.scan(event, barcodes=[office.inventory(event).barcode(ticket(lot, 1), second)])


def test_an_imported_barcode_takes_the_place_of_the_generated_one(office: BoxOffice) -> None:
    event, lot = office.on_sale(5)
    order = office.sold(event, lot)
    generated = office.inventory(event).barcode(ticket(lot, 1), order)
    office.change_ticket(event, ticket(lot, 1), barcode="A-1")

    with office.refuses(NotAdmitted, why="unknown"):
        office.scan(event, barcodes=[generated])

    office.scan(event, barcodes=["A-1"])
    assert office.inventory(event).inside() == [ticket(lot, 1)]


def test_tickets_that_are_split_off_are_still_inside(office: BoxOffice) -> None:
    event, lot = office.on_sale(5)
    order = office.sold(event, lot, 2)
    code = office.inventory(event).barcode(ticket(lot, 2), order)
    office.scan(event, barcodes=[code])

    office.split(order, ticket(lot, 2))

    assert office.inventory(event).inside() == [ticket(lot, 2)]
    office.scan(event, "out", barcodes=[code])


def test_everyone_of_a_contingent_is_scanned_out_at_once(office: BoxOffice) -> None:
    event, lot = office.on_sale(5)
    other = office.contingent(event)
    office.confirm(office.order(taking(event, lot, 2), taking(event, other)))
    everyone = [ticket(lot, 1), ticket(lot, 2), ticket(other, 1)]
    office.scan(event, tickets=everyone)

    assert office.scan_out(event, lot) == everyone[:2]
    assert office.scan_out(event) == everyone[2:]
    position = office.store.position()
    assert office.scan_out(event) == []
    assert office.facts(position) == []


def test_the_history_of_an_event_tells_who_went_in(office: BoxOffice) -> None:
    event, lot = office.on_sale(5)
    office.sold(event, lot)
    office.scan(event, tickets=[ticket(lot, 1)])

    asked = Filter(sales=True)
    (entry,) = event_history(office.store, office.account, event, 1, asked=asked).entries

    changes = {change.path: (change.before, change.after) for change in entry.changes}
    assert changes[f"scans.{ticket(lot, 1)}.accesscontrolstatus"] == (0, 1)


def test_seats_are_ranked_while_their_event_is_active(office: BoxOffice) -> None:
    event, lot = office.on_sale(5)
    rank = office.made_item(SeatRank, SeatRankFields(name="Balcony"))
    those = [ticket(lot, 1), ticket(lot, 2)]

    assert office.decided(partial(rank_tickets, number=event, seatrankid=rank, tickets=those)) == 2

    known = office.inventory(event).state["tickets"]
    assert {number: known[str(number)]["seatrankid"] for number in those} == dict.fromkeys(
        those, rank
    )
    with office.refuses(Invalid):
        office.do(partial(rank_tickets, number=event, seatrankid=99, tickets=those))
    office.status(event, "redraft")
    with office.refuses(NotOnSale):
        office.do(partial(rank_tickets, number=event, seatrankid=rank, tickets=those))
