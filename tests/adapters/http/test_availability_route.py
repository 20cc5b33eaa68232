"""`/v1/events/{id}/availability`: the counters now, then, by date and over time."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from fastapi.testclient import TestClient

from adapters.bootstrap import Stagebook, bootstrap
from adapters.http.app import make_app
from adapters.http.v1.order_documents import AvailabilityDocument, SeriesDocument
from adapters.settings import Settings
from application import contingents, events, locations, sales
from application.ports import CommandResult
from application.unit_of_work import PendingCommand
from domain.base import CommandMetadata
from domain.contingents import ContingentBody
from domain.event_fields import EventBody
from domain.ids import account_number
from domain.location import LocationFields
from domain.order import Hold
from domain.taking import OrderBody, PaymentBody, RefundBody, Take
from domain.ticket_fields import Lock, Unlock
from domain.values import stamp
from tests.adapters.http.conftest import PATIENCE
from tests.adapters.http.selling import (
    FREE,
    HARD,
    NORMAL,
    OTHER,
    SOFT,
    WEB,
    Sale,
    filled,
    ok,
    on_sale,
    price,
    prices,
)
from tests.adapters.http.talk import (
    LATER,
    START,
    Json,
    after,
    an_event,
    changed,
    made,
    now,
    opened,
    paths,
    refused,
)
from tests.conftest import ACCOUNT, add_keys

Move = tuple[str, str, int]


# -- now


def test_every_step_is_counted_exactly(web: TestClient) -> None:
    sale = on_sale(web, **prices(price(NORMAL, 25), price(FREE, 0)))
    bought, gift = sale.order(4), sale.order(1, pricetypeid=FREE)
    first, second, *_ = bought.ticket_ids()
    counted = Counter(sale.counted())
    assert counted == {"free": 5, "reserved": 5}

    def lock(how: str, lock_type: int, amount: int) -> Any:
        body = {"contingentid": sale.contingent, "locktypeid": lock_type, "amount": amount}
        return partial(web.post, sale.url(f"/tickets/{how}"), json=body)

    def did(*step: Any) -> Any:
        return partial(bought.did, *step)

    resized = partial(changed, web, sale.url(f"/contingents/{sale.contingent}"))
    steps: list[tuple[Any, *tuple[Move, ...]]] = [
        (lock("lock", HARD, 2), ("free", "locked_hard", 2)),
        (lock("lock", SOFT, 1), ("free", "locked_soft", 1)),
        (lock("unlock", HARD, 2), ("locked_hard", "free", 2)),
        (partial(gift.did, "confirm"), ("reserved", "complimentary", 1)),
        (did("tickets", {"tickets": [first]}, "DELETE"), ("reserved", "free", 1)),
        (did("confirm"), ("reserved", "sold_unpaid", 3)),
        (did("payments", {"amount": 74.99}), ("sold_unpaid", "sold_paid", 0)),
        (did("payments", {"amount": 0.01}), ("sold_unpaid", "sold_paid", 3)),
        (did("refunds", {"amount": 25}), ("sold_paid", "sold_unpaid", 3)),
        (
            did("tickets", {"tickets": [second]}, "DELETE"),
            ("sold_unpaid", "free", 1),
            ("sold_unpaid", "sold_paid", 2),
        ),
        (partial(gift.did, "cancel"), ("complimentary", "free", 1)),
        (did("cancel"), ("sold_paid", "free", 2)),
        (partial(resized, amount=3), ("free", "none", 7)),
        (partial(resized, amount=9), ("none", "free", 6)),
    ]
    for number, (step, *moves) in enumerate(steps):
        step()
        for source, target, count in moves:
            counted.subtract({source: count})
            counted.update({target: count})

        shown = {name: n for name, n in counted.items() if n and name != "none"}
        assert sale.counted() == shown, number


def test_the_document_has_each_contingent_each_date_and_the_whole_event(web: TestClient) -> None:
    sale = on_sale(web)
    first = made(web, sale.url("/dates"), start=START, end=LATER, capacity=6)["id"]
    second = made(web, sale.url("/dates"), start=START, end=LATER)["id"]
    evening = sale.contingent_of(4, dateids=[second])
    sale.order(3, "confirm")
    evening.order(1)

    answer = now(web, sale.url("/availability"))

    AvailabilityDocument.model_validate_json(answer.content)
    shown = answer.json()
    assert [(c["tickettypeid"], filled(c), c["percentsold"]) for c in shown["contingents"]] == [
        (sale.contingent, {"free": 7, "sold_unpaid": 3}, 30.0),
        (evening.contingent, {"free": 3, "reserved": 1}, 0.0),
    ]
    assert [(d["id"], d["capacity"], filled(d), d["percentsold"]) for d in shown["dates"]] == [
        (first, 6, {"free": 7, "sold_unpaid": 3}, 30.0),
        (second, 0, {"free": 10, "sold_unpaid": 3, "reserved": 1}, 21.43),
    ]
    assert filled(shown["total"]) == {"free": 10, "sold_unpaid": 3, "reserved": 1}
    assert shown["total"]["percentsold"] == 21.43


def test_the_event_s_document_has_the_same_counters(web: TestClient) -> None:
    sale = on_sale(web)
    sale.order(2, "confirm")

    event = now(web, sale.url()).json()

    (own,) = event["availability"]
    (lot,) = sale.availability()["contingents"]
    assert own == {name: value for name, value in lot.items() if name != "percentsold"}


@pytest.mark.parametrize(
    ("amount", "sold", "percent"),
    [(0, 0, 0.0), (3, 1, 33.33), (3, 2, 66.67), (3, 3, 100.0), (8, 1, 12.5)],
)
def test_percent_sold_has_two_decimals(
    web: TestClient, amount: int, sold: int, percent: float
) -> None:
    sale = on_sale(web, amount)
    if sold:
        sale.order(sold, "confirm")

    assert sale.availability()["total"]["percentsold"] == percent


def test_who_has_it_is_told_so_until_anything_in_it_changes(web: TestClient) -> None:
    sale = on_sale(web)
    date = made(web, sale.url("/dates"), start=START, end=LATER)["id"]
    seen = []

    for change in (
        lambda: ok(sale.ask()),
        lambda: changed(web, sale.url(f"/dates/{date}"), capacity=5),
        lambda: sale.contingent_of(2),
    ):
        etag = now(web, sale.url("/availability")).headers["ETag"]
        held = now(web, sale.url("/availability"), **{"If-None-Match": etag})
        change()
        fresh = now(web, sale.url("/availability"), **{"If-None-Match": etag})
        seen.append((held.status_code, held.content, fresh.status_code))

    assert seen == [(304, b"", 200)] * 3


def test_an_event_without_contingents_has_nothing(web: TestClient) -> None:
    url = f"/v1/events/{an_event(web)['id']}/availability"

    shown = now(web, url).json()

    assert (shown["inventoryversion"], shown["contingents"], shown["dates"]) == (0, [], [])
    assert shown["total"]["total"] == shown["total"]["percentsold"] == 0


def test_a_deleted_or_unknown_or_foreign_event_has_no_availability(web: TestClient) -> None:
    gone, there = an_event(web), on_sale(web)
    answer = web.delete(f"/v1/events/{gone['id']}")

    for url in (f"/v1/events/{gone['id']}", f"/v1/events/{gone['guid']}", "/v1/events/8888888"):
        refused(web.get(f"{url}/availability", headers=after(answer)), 404, "not-found")
    refused(web.get(there.url("/availability"), headers=OTHER), 404, "not-found")
    assert paths(refused(web.get("/v1/events/x/availability"), 422, "invalid")) == ["id"]


# -- then


def test_any_past_moment_is_shown_as_it_was(web: TestClient) -> None:
    sale = on_sale(web)
    made(web, sale.url("/dates"), start=START, end=LATER)
    bought = sale.order(3)
    seen = [now(web, sale.url("/availability"))]
    moments = [bought.shown()["lastupdatets"]]
    for step, body in (("confirm", None), ("payments", {"amount": 75}), ("cancel", None)):
        bought.did(step, body)
        seen.append(now(web, sale.url("/availability")))
        moments.append(bought.shown()["lastupdatets"])

    for then, moment in zip(seen, moments, strict=True):
        version = then.json()["inventoryversion"]
        by_version = web.get(sale.url(f"/availability?inventoryversion={version}"))
        by_time = web.get(sale.url("/availability"), params={"at": moment})

        for read in (by_version, by_time):
            assert (read.status_code, read.content) == (200, then.content)
            assert read.headers["ETag"] == then.headers["ETag"]
            assert read.headers["Stagebook-As-Of"]
    refused(web.get(sale.url("/availability?inventoryversion=99")), 404, "not-found")
    refused(web.get(sale.url("/availability?at=2020-01-01T00:00:00Z")), 404, "not-found")


@pytest.mark.parametrize(
    "query",
    [
        "version=0",
        "version=x",
        "at=now",
        "at=2026-11-21",
        "x=1",
        "version=1&at=2026-11-21T20:00:00Z",
    ],
)
def test_what_is_no_moment_is_refused(web: TestClient, query: str) -> None:
    refused(web.get(on_sale(web).url(f"/availability?{query}")), 422, "invalid")


# -- over time


MORNING = datetime(2026, 3, 1, 9, tzinfo=UTC)
HOLD = Hold(1_200, 7_200)


def decided(book: Stagebook, hours: float, decide: Any, **said: Any) -> Any:
    """A command that was given so many hours after that morning."""
    moment = stamp(MORNING + timedelta(hours=hours))
    outcome: list[Any] = []

    def answer(made: Any) -> CommandResult:
        outcome.append(made)
        return CommandResult(200, {}, b"")

    by = CommandMetadata("tests", moment, correlation="day", causation=f"at {moment}")
    job = PendingCommand(account_number(ACCOUNT), by, partial(decide, **said), answer)
    assert book.writer
    book.writer.submit(job).result()
    return outcome[0]


CURVE: list[tuple[float, Json]] = [
    (-0.001, {}),
    (0, {"free": 100}),
    (1, {"free": 98, "reserved": 2}),
    (1.5, {"free": 98, "reserved": 2}),
    (2, {"free": 98, "sold_unpaid": 2}),
    (2.25, {"free": 98, "sold_paid": 2}),
    (3, {"free": 88, "sold_paid": 2, "locked_hard": 10}),
    (4, {"free": 138, "sold_paid": 2, "locked_hard": 10}),
    (5, {"free": 141, "sold_paid": 2, "locked_hard": 7}),
    (6, {"free": 141, "sold_unpaid": 2, "locked_hard": 7}),
    (7, {"free": 143, "locked_hard": 7}),
    (24, {"free": 143, "locked_hard": 7}),
]
"""What was counted so many hours after that morning, and until the next line."""


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sale]:
    """A day of selling, long ago: what `CURVE` tells of it."""
    settings = Settings(store=str(tmp_path_factory.mktemp("day")), view_wait=PATIENCE)
    book = bootstrap(settings)
    book.start_writer()
    add_keys(book)
    did = partial(decided, book)
    place = did(-1, locations.create_location, fields=LocationFields(name="Hall"))
    body = EventBody(name="Then", locationid=place.number, startts=START, endts=LATER)
    event = did(-1, events.create_event, body=body).event.number
    lot = did(
        0, contingents.add_contingent, number=event, body=ContingentBody(amount=100, price=25)
    )[2]
    did(0, events.change_status, number=event, transition="publish")
    take = [Take(eventid=event, contingentid=lot, amount=2)]
    order = did(
        1,
        sales.create_order,
        body=OrderBody(saleschannelid=WEB, take=take),
        hold=Hold(7_200, 7_200),
    ).number
    did(2, sales.confirm_order, number=order)
    did(2.25, sales.add_payment, number=order, body=PaymentBody(amount=50))
    did(
        3,
        contingents.lock_tickets,
        number=event,
        body=Lock(contingentid=lot, amount=10, locktypeid=HARD),
    )
    did(4, contingents.add_contingent, number=event, body=ContingentBody(amount=50))
    did(5, contingents.unlock_tickets, number=event, body=Unlock(contingentid=lot, amount=3))
    did(6, sales.add_refund, number=order, body=RefundBody(amount=1))
    did(7, sales.cancel_order, number=order)
    book.close()
    with opened(make_app(settings)) as client:
        yield Sale(client, event, lot)


def series(day: Sale, first: float, last: float, step: int, **more: Any) -> list[Json]:
    """The samples between two moments of that day, in hours."""
    query = {
        "from": stamp(MORNING + timedelta(hours=first)),
        "to": stamp(MORNING + timedelta(hours=last)),
        "step": step,
        **more,
    }
    answer = day.client.get(day.url("/availability/series"), params=query)
    assert answer.status_code == 200, answer.text
    SeriesDocument.model_validate_json(answer.content)
    samples: list[Json] = answer.json()["data"]
    return samples


def then(hours: float) -> Json:
    return [counted for since, counted in CURVE if since <= hours][-1]


@pytest.mark.parametrize(
    ("first", "last", "step"),
    [
        (-0.001, 24, 900),
        (0, 8, 3_600),
        (0.5, 7.5, 60),
        (2, 2.25, 1),
        (5, 5, 1),
        (-1, 0.5, 5_400),
        (7, 24, 31_622_400),
    ],
)
def test_the_counters_are_right_at_every_step(
    day: Sale, first: float, last: float, step: int
) -> None:
    samples = series(day, first, last, step)

    assert len(samples) == int((last - first) * 3_600 // step) + 1
    for n, sample in enumerate(samples):
        hours = first + n * step / 3_600
        assert sample["time"] == stamp(MORNING + timedelta(hours=first, seconds=n * step))
        assert filled(sample) == (then(hours) if hours >= -0.001 else {}), hours


def test_a_moment_has_what_happened_in_that_very_microsecond(day: Sale) -> None:
    hour = 1 / 3_600_000_000

    (before,) = series(day, 1 - hour, 1 - hour, 1)
    (at,) = series(day, 1, 1, 1)

    assert (filled(before), filled(at)) == ({"free": 100}, {"free": 98, "reserved": 2})


def test_a_series_is_of_one_contingent_too(day: Sale) -> None:
    samples = series(day, 3, 5, 3_600, contingentid=day.contingent)
    unknown = series(day, 3, 5, 3_600, contingentid=8_888_888)

    assert [filled(sample) for sample in samples] == [
        {"free": 88, "sold_paid": 2, "locked_hard": 10},
        {"free": 88, "sold_paid": 2, "locked_hard": 10},
        {"free": 91, "sold_paid": 2, "locked_hard": 7},
    ]
    assert [filled(sample) for sample in unknown] == [{}, {}, {}]


def test_every_sample_is_the_availability_of_its_moment(day: Sale) -> None:
    for sample in series(day, 0, 8, 2_700):
        moment = {"at": sample.pop("time")}
        total = ok(day.client.get(day.url("/availability"), params=moment))["total"]
        del total["percentsold"]

        assert total == sample


def test_the_day_ends_as_it_is_now(day: Sale) -> None:
    (last,) = series(day, 24, 24, 1)

    assert filled(last) == filled(day.availability()["total"]) == CURVE[-1][1]


FROM, TO = "2026-03-01T09:00:00Z", "2026-03-01T10:00:00Z"


@pytest.mark.parametrize(
    ("query", "bad"),
    [
        (f"from={TO}&to={FROM}&step=60", ["to"]),
        (f"from={FROM}&to={TO}&step=0", ["step"]),
        (f"from={FROM}&to={TO}&step=-60", ["step"]),
        (f"from={FROM}&to={TO}&step=1.5", ["step"]),
        (f"from={FROM}&to={TO}&step=1h", ["step"]),
        (f"from={FROM}&to={TO}&step=31622401", ["step"]),
        (f"from={FROM}&to={TO}&step=3", ["step"]),
        (f"from={FROM}&to=9999-12-31T23:59:59Z&step=31622400&contingentid=-1", ["contingentid"]),
        ("from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z&step=31622400", ["step"]),
        ("from=0001-01-01T00:00:00%2B01:00&to=9999-12-31T23:59:59Z&step=31622400", ["from"]),
        (f"from=2026-03-01&to={TO}&step=60", ["from"]),
        (f"from={FROM}&to=later&step=60", ["to"]),
        (f"from={FROM}&to={TO}&step=60&step=60", ["step"]),
        (f"from={FROM}&to={TO}&step=60&at={TO}", ["at"]),
    ],
)
def test_a_bad_series_is_told_by_its_parameter(day: Sale, query: str, bad: list[str]) -> None:
    answer = day.client.get(day.url(f"/availability/series?{query}"))

    assert paths(refused(answer, 422, "invalid")) == bad


def test_a_thousand_samples_are_given_and_one_more_is_not(day: Sale) -> None:
    assert len(series(day, 0, 999 / 3_600, 1)) == 1_000
    query = f"from={FROM}&to={stamp(MORNING + timedelta(seconds=1_000))}&step=1"
    refused(day.client.get(day.url(f"/availability/series?{query}")), 422, "invalid")


def test_a_series_of_an_event_that_never_was_is_not_found(web: TestClient) -> None:
    query = f"/availability/series?from={FROM}&to={TO}&step=60"
    sale = on_sale(web)

    refused(web.get(f"/v1/events/8888888{query}"), 404, "not-found")
    refused(web.get(sale.url(query), headers=OTHER), 404, "not-found")
