"""`/v1/events/{id}/contingents` and `…/tickets`: lots of tickets, locks, and single tickets."""

import json
import tracemalloc
from itertools import islice
from typing import Any

import pytest
from fastapi.testclient import TestClient

from adapters.http.v1.documents import ContingentDocument
from adapters.http.v1.order_documents import ContingentPage, TicketDocument, TicketRanges
from adapters.http.v1.tickets import ticket_lines
from application import as_of
from domain.ids import account_number
from domain.outside import Outside
from tests.adapters.http.selling import (
    HARD,
    NORMAL,
    OTHER,
    SOFT,
    Sale,
    nothing_recorded,
    ok,
    on_sale,
)
from tests.adapters.http.talk import (
    LATER,
    START,
    Json,
    after,
    an_event,
    book_of,
    changed,
    made,
    now,
    paths,
    position,
    refused,
)
from tests.conftest import ACCOUNT

MILLION = 1_000_000


@pytest.fixture(scope="module")
def still(web: TestClient) -> Sale:
    """For whoever changes nothing."""
    return on_sale(web)


def one_of(sale: Sale) -> str:
    return sale.url(f"/contingents/{sale.contingent}")


# -- contingents


def test_a_contingent_is_made_shown_changed_and_removed(web: TestClient) -> None:
    event = an_event(web)["id"]
    url = f"/v1/events/{event}/contingents"

    answer = web.post(url, json={"name": "Standing", "amount": 100, "price": 25.5})
    lot = answer.json()
    place = answer.headers["Location"]
    shown = now(web, place)
    patched = web.patch(place, json={"name": "Floor", "amount": 120})
    listed = web.get(url, headers=after(patched))
    removed = web.delete(place)

    assert (answer.status_code, place) == (201, f"{url}/{lot['id']}")
    ContingentDocument.model_validate_json(answer.content)
    assert (lot["name"], lot["amount"], lot["eventid"]) == ("Standing", 100, event)
    assert lot["eventspecificprices"]["prices"] == [
        {
            "pricetypeid": NORMAL,
            "prices": [25.5],
            "availabilities": [],
            "saleschannels": None,
            "conditions": [],
            "position": None,
        }
    ]
    assert shown.content == answer.content
    assert patched.json() == lot | {"name": "Floor", "amount": 120}
    assert "Location" not in patched.headers
    page = ContingentPage.model_validate_json(listed.content)
    assert (listed.json()["data"], page.total, page.next) == ([patched.json()], 1, None)
    assert (removed.status_code, removed.content) == (204, b"")
    refused(web.get(place, headers=after(removed)), 404, "not-found")
    refused(web.delete(place), 404, "not-found")
    refused(web.patch(place, json={"amount": 1}), 404, "not-found")


def test_a_contingent_is_part_of_its_event(web: TestClient) -> None:
    sale = on_sale(web, 7)
    event = now(web, sale.url())
    shown, listed = now(web, one_of(sale)), now(web, sale.url("/contingents"))

    assert event.json()["contingents"] == listed.json()["data"] == [shown.json()]
    for read in (shown, listed):
        assert read.headers["ETag"] == event.headers["ETag"]
        held = web.get(read.request.url.path, headers={"If-None-Match": read.headers["ETag"]})
        assert (held.status_code, held.content) == (304, b"")


@pytest.mark.parametrize("number", [None, 1])
def test_a_contingent_keeps_its_id(web: TestClient, still: Sale, number: int | None) -> None:
    with nothing_recorded(web):
        answer = web.patch(one_of(still), json={"id": number})

    assert paths(refused(answer, 422, "invalid")) == ["id"]
    assert ok(web.patch(one_of(still), json={"id": still.contingent}))["id"] == still.contingent


def test_a_price_of_null_takes_the_short_price_away(web: TestClient) -> None:
    sale = on_sale(web)

    cleared = changed(web, one_of(sale), price=None).json()

    assert cleared["eventspecificprices"] is None
    refused(sale.ask(), 409, "price-not-offered")


def test_what_is_so_already_is_not_recorded(web: TestClient) -> None:
    sale = on_sale(web)
    shown = now(web, one_of(sale)).json()

    with nothing_recorded(web):
        assert changed(web, one_of(sale), **shown).json() == shown
        changed(web, one_of(sale), price=25, amount=10)


def test_an_amount_grows_at_any_time_and_shrinks_by_free_tickets(web: TestClient) -> None:
    sale = on_sale(web)
    sale.order(3, "confirm")
    ok(web.post(sale.url("/tickets/lock"), json={"contingentid": sale.contingent, "locktypeid": 1}))

    with nothing_recorded(web):
        problem = refused(web.patch(one_of(sale), json={"amount": 3}), 409, "tickets-in-use")
        removal = refused(web.delete(one_of(sale)), 409, "tickets-in-use")
    changed(web, one_of(sale), amount=4)
    shrunk = sale.counted()
    changed(web, one_of(sale), amount=6)

    assert (problem["inuse"], problem["contingentid"]) == (4, sale.contingent)
    assert removal["inuse"] == 4
    assert shrunk == {"sold_unpaid": 3, "locked_hard": 1}
    assert sale.counted() == {"free": 2, "sold_unpaid": 3, "locked_hard": 1}
    assert [t["id"] for t in sale.tickets("?state=free")] == [sale.ticket(11), sale.ticket(12)]


def test_an_amount_of_null_is_bounded_by_the_other_limits_and_can_be_fixed(web: TestClient) -> None:
    sale = on_sale(web, None, event={"totalmaxtickets": 4})
    sale.order(3)

    problem = refused(sale.ask(sale.takes(2)), 409, "sold-out")
    with nothing_recorded(web):
        in_use = refused(web.patch(one_of(sale), json={"amount": 2}), 409, "tickets-in-use")
    changed(web, one_of(sale), amount=3)

    assert (problem["limit"], problem["left"]) == ("event", 1)
    assert in_use["inuse"] == 3
    assert refused(sale.ask(), 409, "sold-out")["limit"] == "contingent"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"amount": -1}, "amount"),
        ({"amount": 10 * MILLION + 1}, "amount"),
        ({"amount": 10**12}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": "2"}, "amount"),
        ({"amount": 1.0}, "amount"),
        ({"price": -0.01}, "price"),
        ({"price": 1e300}, "price"),
        ({"price": True}, "price"),
        ({"price": "25"}, "price"),
        ({"price": [25]}, "price"),
        ({"name": "x" * 256}, "name"),
        ({"name": 1}, "name"),
        ({"dateids": [8_888_888]}, "dateids"),
        ({"dateids": [0]}, "dateids"),
        ({"dateids": ["1"]}, "dateids.0"),
        ({"dateids": 1}, "dateids"),
        ({"locks": [{"amount": 1}]}, "locks.0.locktypeid"),
        ({"locks": [{"amount": -1, "locktypeid": 1}]}, "locks.0.amount"),
        ({"locks": [{"amount": 1, "locktypeid": 8_888_888}]}, "locks.0.locktypeid"),
        (
            {"eventspecificprices": {"prices": [{"pricetypeid": 1, "prices": [1.005]}]}},
            "eventspecificprices.prices.0.prices.0",
        ),
        ({"capacity": 1}, "capacity"),
        ({"c_color": "red"}, "c_color"),
    ],
)
def test_a_contingent_is_told_by_its_field(
    web: TestClient, still: Sale, body: Json, path: str
) -> None:
    with nothing_recorded(web):
        answers = [
            web.post(still.url("/contingents"), json={"amount": 5, **body}),
            web.patch(one_of(still), json=body),
        ]

    for answer in answers:
        assert paths(refused(answer, 422, "invalid")) == [path]


def test_a_short_price_is_told_by_its_name(web: TestClient, still: Sale) -> None:
    twice = {"price": 25, "eventspecificprices": {"prices": []}}

    with nothing_recorded(web):
        for body in ({"price": 25.001}, twice):
            for answer in (
                web.post(still.url("/contingents"), json=body),
                web.patch(one_of(still), json=body),
            ):
                assert paths(refused(answer, 422, "invalid")) == ["price"]


def test_locks_by_count_come_with_the_contingent(web: TestClient) -> None:
    sale = on_sale(web, locks=[{"amount": 2, "locktypeid": HARD}])
    counted = sale.counted()

    changed(
        web,
        one_of(sale),
        locks=[{"amount": 1, "locktypeid": HARD}, {"amount": 3, "locktypeid": SOFT}],
    )
    with nothing_recorded(web):
        problem = refused(
            web.patch(one_of(sale), json={"locks": [{"amount": 11, "locktypeid": HARD}]}),
            409,
            "sold-out",
        )

    assert counted == {"free": 8, "locked_hard": 2}
    assert sale.counted() == {"free": 6, "locked_hard": 1, "locked_soft": 3}
    assert (problem["limit"], problem["left"]) == ("contingent", 9)


def test_a_contingent_is_valid_on_dates_that_there_are(web: TestClient) -> None:
    sale = on_sale(web)
    date = made(web, sale.url("/dates"), start=START, end=LATER, capacity=1)["id"]
    lot = sale.contingent_of(5, dateids=[date])

    lot.order()
    problem = refused(lot.ask(), 409, "sold-out")
    with nothing_recorded(web):
        refused(web.delete(sale.url(f"/dates/{date}")), 409, "date-in-use")

    assert (problem["limit"], problem["dateid"], problem["left"]) == ("date", date, 0)


def test_a_closed_event_s_contingents_stay_as_they_are(web: TestClient) -> None:
    sale = on_sale(web)
    ok(web.post(sale.url("/close")))

    with nothing_recorded(web):
        refused(web.post(sale.url("/contingents"), json={}), 409, "event-closed")
        refused(web.patch(one_of(sale), json={"amount": 11}), 409, "event-closed")
        refused(web.delete(one_of(sale)), 409, "event-closed")


def test_who_decided_before_a_sale_may_edit_and_who_decided_before_an_edit_may_not(
    web: TestClient,
) -> None:
    sale = on_sale(web)
    seen = now(web, one_of(sale)).headers["ETag"]
    sale.order(2, "confirm", "payments")

    first = web.patch(one_of(sale), json={"amount": 20}, headers={"If-Match": seen})
    sale.order()
    with nothing_recorded(web):
        late = [
            web.patch(one_of(sale), json={"amount": 30}, headers={"If-Match": seen}),
            web.post(sale.url("/contingents"), json={}, headers={"If-Match": seen}),
            web.delete(one_of(sale), headers={"If-Match": seen}),
        ]
        odd = web.patch(one_of(sale), json={"amount": 30}, headers={"If-Match": "x"})
    second = web.patch(
        one_of(sale), json={"amount": 30}, headers={"If-Match": first.headers["ETag"]}
    )

    assert (first.status_code, second.status_code) == (200, 200)
    for answer in late:
        refused(answer, 412, "version-mismatch")
    assert paths(refused(odd, 422, "invalid")) == ["If-Match"]
    assert sale.counted() == {"free": 27, "sold_paid": 2, "reserved": 1}


def test_a_retry_makes_one_contingent(web: TestClient) -> None:
    event = an_event(web)["id"]
    ask = {"json": {"amount": 5}, "headers": {"Idempotency-Key": f"lot-{event}"}}

    first = web.post(f"/v1/events/{event}/contingents", **ask)  # type: ignore[arg-type] # both
    with nothing_recorded(web):
        again = web.post(f"/v1/events/{event}/contingents", **ask)  # type: ignore[arg-type] # both

    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Location"] == first.headers["Location"]


# -- locks


def locked(sale: Sale, how: str = "lock", **body: Any) -> Json:
    """What was locked or unlocked."""
    answer = sale.client.post(sale.url(f"/tickets/{how}"), json=body)
    assert answer.status_code == 200, answer.text
    assert int(answer.headers["Stagebook-Position"]) == position(sale.client)
    TicketRanges.model_validate_json(answer.content)
    found: Json = answer.json()
    return found


def test_tickets_are_locked_and_come_back_by_count_and_by_id(web: TestClient) -> None:
    sale = on_sale(web)

    by_count = locked(sale, contingentid=sale.contingent, amount=3, locktypeid=HARD)
    by_id = locked(sale, tickets=[sale.ticket(2), sale.ticket(1), sale.ticket(4)], locktypeid=SOFT)
    counted = sale.counted()
    one_back = locked(sale, "unlock", contingentid=sale.contingent)
    soft_back = locked(sale, "unlock", tickets=[sale.ticket(4)], locktypeid=SOFT)

    assert by_count == {"amount": 3, "tickets": [[sale.ticket(8), sale.ticket(10)]]}
    assert by_id == {
        "amount": 3,
        "tickets": [[sale.ticket(1), sale.ticket(2)], [sale.ticket(4), sale.ticket(4)]],
    }
    assert counted == {"free": 4, "locked_hard": 3, "locked_soft": 3}
    assert one_back["amount"] == 1
    assert soft_back == {"amount": 1, "tickets": [[sale.ticket(4), sale.ticket(4)]]}
    assert sale.counted() == {"free": 6, "locked_hard": 2, "locked_soft": 2}


def test_a_locked_ticket_is_not_sold(web: TestClient) -> None:
    sale = on_sale(web, 2)
    locked(sale, contingentid=sale.contingent, amount=2, locktypeid=SOFT)

    problem = refused(sale.ask(), 409, "sold-out")
    locked(sale, "unlock", contingentid=sale.contingent, amount=2)

    assert problem["left"] == 0
    assert len(ok(sale.ask(sale.takes(2)))["tickets"]) == 2


LOCKS: list[tuple[str, Json, str]] = [
    ("nothing", {}, "locktypeid"),
    ("neither way", {"locktypeid": 1}, "body"),
    ("both ways", {"locktypeid": 1, "contingentid": 1, "tickets": [1]}, "body"),
    ("a count beside ids", {"locktypeid": 1, "tickets": [1], "amount": 1}, "amount"),
    ("no tickets", {"locktypeid": 1, "tickets": []}, "tickets"),
    ("a ticket twice", {"locktypeid": 1, "tickets": [5, 5]}, "tickets"),
    ("too many tickets", {"locktypeid": 1, "tickets": list(range(1, 5_002))}, "tickets"),
    ("ticket 0", {"locktypeid": 1, "tickets": [0]}, "tickets.0"),
    ("an unknown ticket", {"locktypeid": 1, "tickets": [5]}, "tickets.0"),
    ("count 0", {"locktypeid": 1, "contingentid": 1, "amount": 0}, "amount"),
    ("a trillion", {"locktypeid": 1, "contingentid": 1, "amount": 10**12}, "amount"),
    ("count true", {"locktypeid": 1, "contingentid": 1, "amount": True}, "amount"),
    ("count as a text", {"locktypeid": 1, "contingentid": 1, "amount": "2"}, "amount"),
    ("a fraction", {"locktypeid": 1, "contingentid": 1, "amount": 1.0}, "amount"),
    ("an unknown field", {"locktypeid": 1, "contingentid": 1, "reason": "x"}, "reason"),
]


@pytest.mark.parametrize(("body", "path"), [c[1:] for c in LOCKS], ids=[c[0] for c in LOCKS])
def test_a_lock_is_told_by_its_field(web: TestClient, still: Sale, body: Json, path: str) -> None:
    with nothing_recorded(web):
        answer = web.post(still.url("/tickets/lock"), json=body)
        back = web.post(
            still.url("/tickets/unlock"), json={n: v for n, v in body.items() if n != "locktypeid"}
        )

    assert paths(refused(answer, 422, "invalid")) == [path]
    if path != "locktypeid":
        assert paths(refused(back, 422, "invalid")) == [path]


def test_what_a_lock_names_must_be_there_and_free(web: TestClient) -> None:
    sale, other = on_sale(web), on_sale(web)
    sale.order()
    lock, unlock = sale.url("/tickets/lock"), sale.url("/tickets/unlock")

    def asked(url: str, **body: Any) -> Any:
        return web.post(url, json=body)

    with nothing_recorded(web):
        kind = asked(lock, contingentid=sale.contingent, locktypeid=8_888_888)
        lot = asked(lock, contingentid=other.contingent, locktypeid=HARD)
        foreign = asked(lock, tickets=[sale.ticket(2), other.ticket(2)], locktypeid=HARD)
        taken = asked(lock, tickets=[sale.ticket(2), sale.ticket(1)], locktypeid=HARD)
        many = asked(lock, contingentid=sale.contingent, amount=10, locktypeid=HARD)
        nobody = asked("/v1/events/8888888/tickets/lock", contingentid=1, locktypeid=HARD)
        free = asked(unlock, tickets=[sale.ticket(2)])
        none = asked(unlock, contingentid=sale.contingent)

    assert paths(refused(kind, 422, "invalid")) == ["locktypeid"]
    assert paths(refused(lot, 422, "invalid")) == ["contingentid"]
    assert paths(refused(foreign, 422, "invalid")) == ["tickets.1"]
    assert refused(taken, 409, "ticket-not-free")["ticketid"] == sale.ticket(1)
    problem = refused(many, 409, "sold-out")
    assert (problem["limit"], problem["asked"], problem["left"]) == ("contingent", 10, 9)
    refused(nobody, 404, "not-found")
    assert paths(refused(free, 422, "invalid")) == ["tickets"]
    assert paths(refused(none, 422, "invalid")) == ["amount"]


def test_an_archived_lock_type_locks_nothing_more_and_lets_go(web: TestClient) -> None:
    kind = made(web, "/v1/catalog/locktypes", name="House", ishardlock=True)["id"]
    sale = on_sale(web)
    locked(sale, contingentid=sale.contingent, locktypeid=kind)
    ok(web.post(sale.url("/redraft")))
    ok(web.post(f"/v1/catalog/locktypes/{kind}/archive"))
    ok(web.post(sale.url("/publish")))

    with nothing_recorded(web):
        answer = web.post(
            sale.url("/tickets/lock"), json={"contingentid": sale.contingent, "locktypeid": kind}
        )
    locked(sale, "unlock", contingentid=sale.contingent, locktypeid=kind)

    assert paths(refused(answer, 422, "invalid")) == ["locktypeid"]
    assert sale.counted() == {"free": 10}


def test_a_retried_lock_locks_once(web: TestClient) -> None:
    sale = on_sale(web)
    body = {"contingentid": sale.contingent, "amount": 2, "locktypeid": HARD}
    key = {"Idempotency-Key": f"lock-{sale.event}"}

    answers = [web.post(sale.url("/tickets/lock"), json=body, headers=key) for _ in range(2)]

    assert answers[0].content == answers[1].content
    assert sale.counted() == {"free": 8, "locked_hard": 2}


# -- the tickets one by one


def test_every_ticket_is_a_line_in_the_order_of_ids(web: TestClient) -> None:
    sale = on_sale(web, 4)
    balcony = sale.contingent_of(2)
    bought = sale.order(1, "confirm")
    locked(sale, tickets=[sale.ticket(3)], locktypeid=SOFT)

    lines = sale.tickets()

    for line in lines:
        TicketDocument.model_validate_json(json.dumps(line))
    assert [line["id"] for line in lines] == [
        *(sale.ticket(n) for n in range(1, 5)),
        *(balcony.ticket(n) for n in range(1, 3)),
    ]
    assert [line["state"] for line in lines] == [
        "sold_unpaid",
        "free",
        "locked_soft",
        *["free"] * 3,
    ]
    assert len({line["barcode"] for line in lines}) == 6
    first, _, third, *_ = lines
    assert (first["orderid"], first["pricetypeid"], first["locktypeid"]) == (bought.number, 1, None)
    assert (third["orderid"], third["pricetypeid"], third["locktypeid"]) == (None, None, SOFT)


def test_lines_are_filtered_by_contingent_and_state(web: TestClient) -> None:
    sale = on_sale(web, 5)
    balcony = sale.contingent_of(5)
    for lot in (sale, balcony):
        lot.order(1)
        lot.order(1, "confirm")
        lot.order(1, "confirm", "payments")
        locked(lot, contingentid=lot.contingent, locktypeid=HARD)

    states = (
        "free",
        "locked_hard",
        "locked_soft",
        "reserved",
        "sold_unpaid",
        "sold_paid",
        "complimentary",
    )
    counts = {
        state: [
            len(sale.tickets(f"?state={state}")),
            len(sale.tickets(f"?state={state}&contingentid={balcony.contingent}")),
        ]
        for state in states
    }

    taken = {"free", "locked_hard", "reserved", "sold_unpaid", "sold_paid"}
    assert counts == {state: [2, 1] if state in taken else [0, 0] for state in states}
    assert {t["contingentid"] for t in sale.tickets(f"?contingentid={sale.contingent}")} == {
        sale.contingent
    }
    assert sale.tickets("?contingentid=8888888") == []


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("state=sold", "state"),
        ("state=free&state=reserved", "state"),
        ("contingentid=x", "contingentid"),
        ("contingentid=-1", "contingentid"),
        ("limit=5", "limit"),
        ("version=1&at=2026-11-21T20:00:00Z", "query"),
    ],
)
def test_lines_are_not_filtered_otherwise(
    web: TestClient, still: Sale, query: str, path: str
) -> None:
    url = still.url(f"/tickets?{query}")

    assert paths(refused(web.get(url), 422, "invalid")) == [path]


def test_the_tickets_of_an_event_that_never_was_are_not_found(web: TestClient) -> None:
    sale = on_sale(web)

    refused(web.get("/v1/events/8888888/tickets"), 404, "not-found")
    refused(web.get(sale.url("/tickets"), headers=OTHER), 404, "not-found")
    refused(web.get("/v1/events/8888888/contingents"), 404, "not-found")
    refused(web.get(sale.url("/contingents/8888888")), 404, "not-found")


def test_a_hundred_thousand_tickets_are_streamed_in_flat_memory(web: TestClient) -> None:
    sale = on_sale(web, 100_000)
    for amount in (1, 3_000, 2):
        sale.order(amount, "confirm")
    locked(sale, contingentid=sale.contingent, amount=5_000, locktypeid=HARD)
    newest = {"Stagebook-After": str(position(web))}

    with web.stream("GET", sale.url("/tickets"), headers=newest) as answer:
        ids = [int(line[len('{"id":') :].partition(",")[0]) for line in answer.iter_lines()]
    inventory = as_of.inventory_now(book_of(web).store, account_number(ACCOUNT), sale.event)
    lines = ticket_lines(inventory, None, None, Outside("EUR", personal=True))
    begun = sum(len(chunk) for chunk in islice(lines, 5))
    tracemalloc.start()
    try:
        size = sum(len(chunk) for chunk in islice(lines, 20))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert ids == [sale.ticket(n) for n in range(1, 100_001)]
    assert begun + size > MILLION
    assert peak < size / 3


def test_lines_come_in_few_pieces_however_the_tickets_are_held(web: TestClient) -> None:
    sale = on_sale(web, 1_000)
    locked(sale, tickets=[sale.ticket(n) for n in range(1, 1_000, 2)], locktypeid=SOFT)
    inventory = as_of.inventory_now(book_of(web).store, account_number(ACCOUNT), sale.event)

    chunks = list(ticket_lines(inventory, None, None, Outside("EUR", personal=True)))

    assert [chunk.count(b"\n") for chunk in chunks] == [500, 500]
    assert b"".join(chunks) == now(web, sale.url("/tickets")).content


# -- what is known of a ticket


def test_tickets_are_given_barcodes_properties_and_custom_fields(web: TestClient) -> None:
    sale = on_sale(web, 3, withimportedbarcodes=True)
    bare = sale.tickets()
    known = {"barcode": "A-1", "properties": {"row": [1, {"seat": None}]}, "c_name": {"x": 1.5}}

    first = sent(sale, {"id": sale.ticket(1), **known}, {"id": sale.ticket(2), "barcode": "A-2"})
    with nothing_recorded(web):
        same = sent(sale, {"id": sale.ticket(1), **known}, {"id": sale.ticket(3)})
    shown = sale.tickets()
    sent(sale, {"id": sale.ticket(1), "barcode": None, "properties": None, "c_name": None})

    assert (first, same) == ({"changed": 2}, {"changed": 2})
    assert [t["barcode"] for t in bare] == [None, None, None]
    assert shown[0] == bare[0] | known
    assert shown[1] == bare[1] | {"barcode": "A-2"}
    assert sale.tickets() == [bare[0], shown[1], bare[2]]


def sent(sale: Sale, *tickets: Json) -> Json:
    return ok(sale.client.patch(sale.url("/tickets"), json={"tickets": tickets}))


def test_an_imported_barcode_stays_with_its_ticket_and_the_own_one_comes_back(
    web: TestClient,
) -> None:
    sale = on_sale(web, 1)
    (own,) = sale.tickets()
    sent(sale, {"id": own["id"], "barcode": "PAPER-1"})

    bought = sale.order(1, "confirm")
    (held,) = bought.shown("/tickets")["data"]
    bought.did("cancel")
    (free,) = sale.tickets()
    sent(sale, {"id": own["id"], "barcode": None})

    assert (held["barcode"], free["barcode"]) == ("PAPER-1", "PAPER-1")
    assert sale.tickets() == [own]


def test_a_thousand_tickets_are_changed_at_once(web: TestClient) -> None:
    sale = on_sale(web, 1_001)
    imported = [{"id": sale.ticket(n), "barcode": f"CODE-{n:08}"} for n in range(1, 1_001)]

    before = position(web)
    answer = sent(sale, *imported)
    recorded = position(web) - before
    with nothing_recorded(web):
        more = web.patch(
            sale.url("/tickets"), json={"tickets": [*imported, {"id": sale.ticket(1_001)}]}
        )

    assert (answer, recorded) == ({"changed": 1_000}, 1)
    assert paths(refused(more, 422, "invalid")) == ["tickets"]
    assert sum(t["barcode"].startswith("CODE-") for t in sale.tickets()) == 1_000


def test_no_two_tickets_of_an_event_have_one_imported_barcode(web: TestClient) -> None:
    sale = on_sale(web, 3)
    other = sale.contingent_of(1)
    one, two, three = (sale.ticket(n) for n in (1, 2, 3))
    sent(sale, {"id": one, "barcode": "A"}, {"id": two, "barcode": "B"})

    with nothing_recorded(web):
        for ticket in (three, other.ticket(1)):
            body = {"tickets": [{"id": one, "c_x": None}, {"id": ticket, "barcode": "A"}]}
            answer = web.patch(sale.url("/tickets"), json=body)
            assert paths(refused(answer, 422, "invalid")) == ["tickets.1.barcode"]
    sent(sale, {"id": one, "barcode": "B"}, {"id": two, "barcode": "A"})
    sent(sale, {"id": one, "barcode": None}, {"id": three, "barcode": "B"})

    assert [t["barcode"] for t in sale.tickets()[1:3]] == ["A", "B"]


def test_a_history_says_what_was_changed_of_a_ticket(web: TestClient) -> None:
    sale = on_sale(web, 3)
    sent(sale, {"id": sale.ticket(2), "barcode": "A-2", "c_name": "Ann"})

    (entry,) = now(web, sale.url("/history?limit=1")).json()["data"]

    path = f"tickets.{sale.ticket(2)}"
    assert entry["changes"] == [
        {"path": f"{path}.barcode", "before": None, "after": "A-2"},
        {"path": f"{path}.c_name", "before": None, "after": "Ann"},
    ]


PATCHES: list[tuple[str, Any, str]] = [
    ("nothing", [], "tickets"),
    ("no id", [{"barcode": "A"}], "tickets.0.id"),
    ("id 0", [{"id": 0}], "tickets.0.id"),
    ("id true", [{"id": True}], "tickets.0.id"),
    ("id as a text", [{"id": "1"}], "tickets.0.id"),
    ("an unknown ticket", [{"id": 5}], "tickets.0"),
    ("a ticket twice", [{"id": 5}, {"id": 5, "c_x": 1}], "tickets"),
    ("a barcode twice", [{"id": 5, "barcode": "A"}, {"id": 6, "barcode": "A"}], "tickets"),
    ("an empty barcode", [{"id": 5, "barcode": ""}], "tickets.0.barcode"),
    ("a long barcode", [{"id": 5, "barcode": "x" * 101}], "tickets.0.barcode"),
    ("a barcode of digits", [{"id": 5, "barcode": 123}], "tickets.0.barcode"),
    ("properties as a list", [{"id": 5, "properties": []}], "tickets.0.properties"),
    (
        "too many properties",
        [{"id": 5, "properties": {str(n): n for n in range(101)}}],
        "tickets.0.properties",
    ),
    ("a state", [{"id": 5, "state": "free"}], "tickets.0.state"),
    ("a price", [{"id": 5, "price": 1}], "tickets.0.price"),
    ("a custom field without a name", [{"id": 5, "c_": 1}], "tickets.0.c_"),
    ("a map", {"id": 5}, "tickets"),
    ("null", None, "tickets"),
]


@pytest.mark.parametrize(("tickets", "path"), [c[1:] for c in PATCHES], ids=[c[0] for c in PATCHES])
def test_a_change_of_tickets_is_told_by_its_field(
    web: TestClient, still: Sale, tickets: Any, path: str
) -> None:
    with nothing_recorded(web):
        answer = web.patch(still.url("/tickets"), json={"tickets": tickets})

    assert paths(refused(answer, 422, "invalid")) == [path]


def test_only_tickets_that_are_there_are_changed(web: TestClient) -> None:
    sale, other = on_sale(web), on_sale(web)
    made_later = on_sale(web, None)
    changed(web, one_of(sale), amount=9)

    with nothing_recorded(web):
        for lot, ticket in (
            (sale, sale.ticket(10)),
            (sale, sale.ticket(11)),
            (sale, sale.ticket(0)),
            (sale, other.ticket(1)),
            (made_later, made_later.ticket(1)),
        ):
            good = {"id": lot.ticket(1)} if lot is sale else None
            body = {"tickets": [*filter(None, [good]), {"id": ticket, "barcode": "A"}]}
            problem = refused(web.patch(lot.url("/tickets"), json=body), 422, "invalid")

            assert paths(problem) == [f"tickets.{len(body['tickets']) - 1}"]
        refused(
            web.patch("/v1/events/8888888/tickets", json={"tickets": [{"id": 1}]}), 404, "not-found"
        )
