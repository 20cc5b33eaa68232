"""What every ledger of deliveries keeps, for whom, and in which order."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from adapters.stores.postgres import PostgresStore
from adapters.webhooks.message import Delivery
from adapters.webhooks.outbox import DELIVERED, FAILED, GIVEN_UP, Invocation, LeaseLost, Outbox
from adapters.webhooks.postgres import PostgresLedger
from adapters.webhooks.sqlite import SqliteLedger
from domain.ids import Kind, guid
from domain.lineage import Identity
from tests.contracts.conftest import Place
from tests.spec import at

ONE, OTHER = str(guid(7, Kind.WEBHOOK, 1)), str(guid(7, Kind.WEBHOOK, 2))
HALL, GARDEN = str(guid(7, Kind.LOCATION, 1)), str(guid(7, Kind.LOCATION, 2))
NOW = 1_000.0
STORE = Identity("0123456789abcdef", 1)


def delivery(position: int, stream: str = HALL, webhook: str = ONE, part: int = 0) -> Delivery:
    return Delivery(
        webhook=webhook,
        stream=stream,
        position=position,
        part=part,
        version=position,
        resource="location",
        trigger="update",
        kind=Kind.LOCATION,
        number=1,
    )


def tried(made: Delivery, outcome: str, second: int = 1) -> Invocation:
    return Invocation(made, at(second), outcome, 200 if outcome == DELIVERED else None, None, 5)


def ledger_at(place: Place) -> Outbox:
    if place.kind == "sqlite":
        return SqliteLedger(Path(place.where) / "webhooks.sqlite")
    store = place.store()
    assert isinstance(store, PostgresStore)
    return PostgresLedger(store.datastore)


@pytest.fixture
def ledger(place: Place) -> Iterator[Outbox]:
    with closing(ledger_at(place)) as made:
        yield made


def due(ledger: Outbox, now: float = NOW, webhook: str = ONE, limit: int = 9) -> list[int]:
    return [d.position for d in ledger.due(webhook, now, limit)]


def test_a_new_one_has_heard_nothing(ledger: Outbox) -> None:
    assert ledger.standing() == (None, {})
    assert ledger.due_webhooks(NOW) == []


def test_what_was_heard_is_kept_with_its_position(place: Place, ledger: Outbox) -> None:
    term = ledger.begin()

    ledger.hear(term, 7, [delivery(5)], {ONE: {"url": "a"}, OTHER: {"url": "b"}}, at(1))
    ledger.hear(term, 9, [], {OTHER: {"url": "c"}}, at(2), "mark")
    ledger.belongs(term, STORE)
    assert ledger.lineage() == (STORE, 9, "mark")

    with closing(ledger_at(place)) as again:
        assert again.standing() == (9, {ONE: {"url": "a"}, OTHER: {"url": "c"}})
        assert again.due(ONE, NOW, 9) == [delivery(5)]


def test_the_first_of_each_queue_is_due(ledger: Outbox) -> None:
    term = ledger.begin()
    waiting = [delivery(5), delivery(6, GARDEN), delivery(7), delivery(7, part=1)]

    ledger.hear(term, 9, [*waiting, delivery(8, webhook=OTHER)], {}, at(1))

    assert sorted(ledger.due_webhooks(NOW)) == [ONE, OTHER]
    assert due(ledger) == [5, 6]
    assert due(ledger, limit=1) == [5]
    assert due(ledger, webhook=OTHER) == [8]


def test_what_is_delivered_makes_way_for_the_next(ledger: Outbox) -> None:
    term = ledger.begin()
    ledger.hear(term, 9, [delivery(5), delivery(7), delivery(7, part=1)], {}, at(1))

    for made in (delivery(5), delivery(7), delivery(7, part=1)):
        assert ledger.due(ONE, NOW, 9) == [made]
        ledger.settle(term, tried(made, DELIVERED), None)

    assert due(ledger) == []
    assert ledger.due_webhooks(NOW) == []


def test_what_fails_holds_back_its_queue_until_its_time(ledger: Outbox) -> None:
    term = ledger.begin()
    ledger.hear(term, 9, [delivery(5), delivery(6, GARDEN), delivery(7)], {}, at(1))

    ledger.settle(term, tried(delivery(5), FAILED), NOW + 10)

    assert due(ledger) == [6]
    assert due(ledger, NOW + 10) == [6, 5]
    assert ledger.due(ONE, NOW + 10, 9)[1] == replace(delivery(5), attempts=1)


def test_what_is_given_up_makes_way_and_comes_back_first(ledger: Outbox) -> None:
    term = ledger.begin()
    ledger.hear(term, 9, [delivery(5), delivery(7), delivery(6, GARDEN)], {}, at(1))

    for made in (delivery(5), delivery(6, GARDEN)):
        ledger.settle(term, tried(made, GIVEN_UP), None)

    assert due(ledger) == [7]
    assert ledger.health(ONE)["failed_count"] == 2
    assert ledger.retry(ONE) == 2
    assert ledger.due(ONE, NOW, 9) == [delivery(5), delivery(6, GARDEN)]
    assert ledger.health(ONE) == {"failing_since": None, "waiting_count": 3, "failed_count": 0}


def test_a_retry_does_not_wait(ledger: Outbox) -> None:
    term = ledger.begin()
    ledger.hear(term, 9, [delivery(5)], {}, at(1))
    ledger.settle(term, tried(delivery(5), FAILED), NOW + 1_000)

    assert ledger.retry(ONE) == 0

    assert due(ledger) == [5]


def test_since_when_it_fails_is_known_until_it_does_not(ledger: Outbox) -> None:
    term = ledger.begin()
    ledger.hear(term, 9, [delivery(5)], {ONE: {}, OTHER: {}}, at(1))

    ledger.settle(term, tried(delivery(5), FAILED, 2), NOW)
    ledger.settle(term, tried(delivery(5), FAILED, 3), NOW)
    ledger.hear(term, 9, [], {ONE: {"url": "new"}}, at(4))

    assert ledger.health(ONE)["failing_since"] == at(2)
    assert ledger.health(OTHER)["failing_since"] is None
    ledger.settle(term, tried(delivery(5), DELIVERED, 5), None)
    assert ledger.health(ONE)["failing_since"] is None


def test_the_log_has_every_attempt_the_newest_first(ledger: Outbox) -> None:
    term = ledger.begin()
    ledger.hear(term, 9, [delivery(5)], {}, at(1))

    ledger.settle(term, tried(delivery(5), FAILED, 2), NOW)
    again = replace(delivery(5), attempts=1)
    ledger.settle(term, tried(again, DELIVERED, 3), None)

    second, first = ledger.invocations(ONE)
    assert (first["outcome"], first["attempt"], first["status"]) == (FAILED, 1, None)
    assert (second["outcome"], second["attempt"], second["status"]) == (DELIVERED, 2, 200)
    assert first["dedupekey"] == second["dedupekey"] == delivery(5).key
    assert second["guid"] == HALL
    assert ledger.invocations(ONE, limit=1) == [second]
    assert ledger.invocations(OTHER) == []


def test_what_is_a_week_old_is_forgotten(ledger: Outbox) -> None:
    term = ledger.begin()
    ledger.hear(term, 9, [delivery(5)], {}, at(1))
    ledger.hear(term, 9, [delivery(7)], {}, at(9))
    ledger.settle(term, tried(delivery(5), FAILED, 2), NOW)

    assert ledger.forget(term, at(5)) == 1

    assert ledger.invocations(ONE) == []
    assert due(ledger) == [7]
    assert ledger.forget(term, at(10)) == 1
    assert ledger.due_webhooks(NOW) == []


def test_the_log_has_a_bound(ledger: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.webhooks.outbox.MOST_LOGGED", 2)
    term = ledger.begin()
    ledger.hear(term, 9, [delivery(5), delivery(6, webhook=OTHER)], {ONE: {}, OTHER: {}}, at(9))
    for second in range(1, 5):
        ledger.settle(term, tried(delivery(5), FAILED, second), NOW)
    ledger.settle(term, tried(delivery(6, webhook=OTHER), DELIVERED, 1), None)

    ledger.forget(term, at(0))

    assert [made["time"] for made in ledger.invocations(ONE)] == [at(4), at(3)]
    assert len(ledger.invocations(OTHER)) == 1


def test_with_a_webhook_goes_what_waits_for_it(ledger: Outbox) -> None:
    term = ledger.begin()
    ledger.hear(term, 9, [delivery(5), delivery(6, webhook=OTHER)], {ONE: {}, OTHER: {}}, at(1))

    ledger.hear(term, 10, [], {ONE: None}, at(2))

    assert ledger.standing() == (10, {OTHER: {}})
    assert ledger.due_webhooks(NOW) == [OTHER]
    assert ledger.retry(ONE) == 0


def test_what_is_heard_twice_is_kept_once(ledger: Outbox) -> None:
    term = ledger.begin()

    for _ in range(2):
        ledger.hear(term, 9, [delivery(5)], {}, at(1))

    assert ledger.health(ONE)["waiting_count"] == 1


def test_whose_term_is_over_writes_no_more(place: Place, ledger: Outbox) -> None:
    before = ledger.begin()
    ledger.hear(before, 5, [delivery(5)], {}, at(1))

    with closing(ledger_at(place)) as other:
        other.begin()

    for write in (
        lambda: ledger.hear(before, 6, [delivery(6)], {}, at(1)),
        lambda: ledger.settle(before, tried(delivery(5), DELIVERED), None),
        lambda: ledger.forget(before, at(9)),
    ):
        with pytest.raises(LeaseLost):
            write()
    assert ledger.standing()[0] == 5
    assert due(ledger) == [5]


def test_one_leads_at_a_time(place: Place, ledger: Outbox) -> None:
    with closing(ledger_at(place)) as other:
        with ledger.leading() as first, other.leading() as second:
            assert (first, second) == (True, False)
        with other.leading() as free:
            assert free


def test_the_key_is_that_of_the_fact_the_webhook_and_the_thing() -> None:
    made = delivery(5)

    assert made.key == replace(made, attempts=3, part=1, position=99).key
    others = (
        *(replace(made, version=6), replace(made, webhook=OTHER), replace(made, number=2)),
        replace(made, mark="of another fact at this place"),
    )
    assert made.key not in {other.key for other in others}
    assert UUID(made.thing) == guid(7, Kind.LOCATION, 1)


def test_what_is_of_another_history_is_set_aside_until_the_next_time(ledger: Outbox) -> None:
    term = ledger.begin()
    ledger.belongs(term, STORE)
    ledger.hear(term, 7, [delivery(5)], {ONE: {"url": "a"}}, at(1), "mark")

    assert ledger.reset(term) == 1

    assert ledger.standing() == (None, {})
    assert ledger.lineage() == (None, 0, None)
    assert ledger.due_webhooks(0) == []
    aside = "SELECT store, webhook, position FROM webhook_set_aside"
    with ledger.reading() as c:
        assert c.execute(aside).fetchall() == [(str(STORE), ONE, 5)]
    assert ledger.reset(term) == 0
    with ledger.reading() as c:
        assert c.execute(aside).fetchall() == []
