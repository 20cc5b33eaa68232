"""Quotas of an account: things and bytes, counted in the transaction of the facts."""

from functools import partial
from typing import Any

import pytest

from application import events, locations, webhooks
from application.group_commit import GroupCommit
from application.ports import Store
from application.quotas import BYTES
from application.unit_of_work import UnitOfWork
from domain.errors import Quota
from domain.event_fields import EventBody
from domain.images import image_of
from domain.location import LocationFields
from domain.webhook import WebhookFields
from tests.adapters.http.talk import PNG
from tests.application.desk import Desk, taking
from tests.spec import ACCOUNT


def desk_with(store: Store | None = None, **quotas: int) -> Desk:
    return Desk(store, quotas=quotas)


def new_location(name: str = "Hall") -> Any:
    return partial(locations.create_location, fields=LocationFields(name=name))


def test_one_more_than_the_account_may_have_is_refused_and_takes_no_number() -> None:
    desk = desk_with(locations=2)
    desk.location()
    second = desk.location()

    with pytest.raises(Quota) as refused:
        desk.do(new_location())

    desk.do(partial(locations.delete_location, number=second))
    third = desk.location()
    desk.close()
    assert refused.value.details == {
        "quota": "locations",
        "limit": 2,
        "current": 2,
        "setting": "STAGEBOOK_QUOTA_LOCATIONS",
    }
    assert third == second + 1


def test_what_is_decided_together_is_counted_together() -> None:
    desk = desk_with(locations=3)

    answers = desk.together(*(desk.job(new_location(f"Hall {n}")) for n in range(5)))
    refused = [answer.exception() for answer in answers]
    desk.close()

    assert [type(error) for error in refused] == [type(None)] * 3 + [Quota] * 2


def test_a_deleted_thing_cannot_come_back_over_the_quota() -> None:
    desk = desk_with(locations=1)
    first = desk.location()
    desk.do(partial(locations.delete_location, number=first))
    desk.location()

    with pytest.raises(Quota):
        desk.do(partial(locations.revert_location, number=first, to=1))
    desk.close()


def test_what_another_process_made_counts(store: Store) -> None:
    desk, other = desk_with(store, locations=2), desk_with(store, locations=2)
    desk.location()
    other.location()

    with pytest.raises(Quota):
        desk.do(new_location())
    desk.close()
    other.close()


def test_webhook_subscriptions_are_bounded() -> None:
    desk = desk_with(webhooks=1)
    fields = WebhookFields(
        name="Mirror", url="https://shop.example/hook", resource="event", trigger="update"
    )

    def subscribe(work: UnitOfWork) -> int:
        return webhooks.create_webhook(work, fields).number

    desk.do(subscribe)

    with pytest.raises(Quota):
        desk.do(subscribe)
    desk.close()


def test_over_its_bytes_an_account_makes_nothing_new_and_still_sells_what_it_has() -> None:
    desk = desk_with(bytes=200_000)
    event, contingent = desk.on_sale()
    order = desk.order(taking(event, contingent, 2))
    store = desk.writer.store
    while store.usage(ACCOUNT)[BYTES] < 200_000:
        desk.change(event, info="x" * 3_000 + str(store.usage(ACCOUNT)[BYTES]))
    later = Desk(store, quotas={"bytes": 200_000})

    with pytest.raises(Quota) as refused:
        later.do(new_location())
    with pytest.raises(Quota):
        later.change(event, info="y" * 10_000)
    later.confirm(order)
    later.cancel(order)
    later.close()
    desk.close()

    assert refused.value.details["quota"] == "bytes"


def test_an_image_that_does_not_fit_is_refused_and_not_kept() -> None:
    desk = desk_with(bytes=100_000)
    event = desk.event()
    data = PNG + b"\0" * 100_000

    with pytest.raises(Quota):
        desk.do(partial(events.change_image, number=event, image=image_of(data), data=data))
    desk.close()

    assert [*desk.writer.store.blobs(ACCOUNT)] == []


def test_a_quota_of_0_is_none() -> None:
    desk = desk_with(events=0)
    for _ in range(3):
        desk.decided(partial(events.create_event, body=EventBody(locationid=0, name="Live")))
    desk.close()


def test_the_store_counts_what_the_facts_say(store: Store) -> None:
    desk: Desk = Desk(store)
    assert isinstance(desk.writer, GroupCommit)
    event, contingent = desk.on_sale()
    desk.order(taking(event, contingent, 2))
    picture = partial(events.change_image, number=event, image=image_of(PNG), data=PNG)
    desk.do(picture)
    desk.do(partial(locations.delete_location, number=desk.location()))
    desk.close()

    counted = {name: n for (account, name), n in store.count_usage().items() if account == ACCOUNT}
    known = store.usage(ACCOUNT)
    store.recount()

    assert {name: n for name, n in known.items() if n} == counted
    assert (counted["events"], counted["orders"]) == (1, 1)
    assert {name: n for name, n in store.usage(ACCOUNT).items() if n} == counted
