"""Nothing of the catalog goes while an Active Event sells by it, also when two processes write."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from application import events
from application.catalog import archive_item, change_item, create_item
from application.ports import Store
from domain.catalog import LockType, PriceList, PriceListFields, PriceType, SalesChannel
from domain.catalog_item import CatalogItem
from domain.custom_fields import CustomField
from domain.errors import CatalogItemInUse, Invalid, NotPublishable
from tests.application.desk import PATIENCE, Desk

TIMES = {"startts": "2027-06-22T20:00:00Z", "endts": "2027-06-22T22:00:00Z"}


def price(price_type: int, *channels: int) -> dict[str, Any]:
    return {"prices": [{"pricetypeid": price_type, "prices": [20.0], "saleschannels": [*channels]}]}


def new(desk: Desk, cls: type[CatalogItem], **fields: Any) -> int:
    body = cls.FIELDS.model_validate({"name": "New"} | fields if "key" not in fields else fields)
    made: CatalogItem = desk.decided(partial(create_item, cls=cls, fields=body))
    return made.number


def archiving(cls: type[CatalogItem], number: int) -> Any:
    return partial(archive_item, cls=cls, number=number, archived=True)


def active(desk: Desk, **lot: Any) -> int:
    event = desk.event(**TIMES, contingents=[{"name": "Floor", "amount": 10, **lot}])
    desk.change(event, currentstatus=19002)
    return event


def test_a_price_type_stays_while_an_active_event_sells_at_it(desk: Desk) -> None:
    student = new(desk, PriceType)
    event = active(desk, eventspecificprices=price(student, 1))

    with pytest.raises(CatalogItemInUse) as refused:
        desk.do(archiving(PriceType, student))

    assert refused.value.details == {"blockedby": [event], "count": 1}
    assert refused.value.detail == f"Price type {student} is used by 1 Active Event"


@pytest.mark.parametrize("step", ["redraft", "close"])
def test_it_may_go_once_the_event_is_not_active_any_more(desk: Desk, step: str) -> None:
    student = new(desk, PriceType)
    event = active(desk, eventspecificprices=price(student, 1))

    desk.do(partial(events.change_status, number=event, transition=step))

    assert desk.decided(archiving(PriceType, student)).archived


def test_it_may_go_once_no_price_names_it(desk: Desk) -> None:
    student = new(desk, PriceType)
    event = active(desk, eventspecificprices=price(student, 1))
    lots = [{"name": "Floor", "amount": 10, "eventspecificprices": price(1, 1)}]

    desk.change(event, contingents=lots)

    assert desk.decided(archiving(PriceType, student)).archived


def test_a_price_list_keeps_itself_and_what_it_names(desk: Desk) -> None:
    student, shop = new(desk, PriceType), new(desk, SalesChannel)
    prices = new(desk, PriceList, prices=price(student, shop))
    event = active(desk, pricelistid=prices)

    for cls, number in ((PriceList, prices), (PriceType, student), (SalesChannel, shop)):
        with pytest.raises(CatalogItemInUse) as refused:
            desk.do(archiving(cls, number))
        assert refused.value.details["blockedby"] == [event]

    fields = PriceListFields.model_validate({"prices": price(1, 1)})
    desk.do(partial(change_item, cls=PriceList, number=prices, fields=fields))
    assert desk.decided(archiving(PriceType, student)).archived
    assert desk.decided(archiving(SalesChannel, shop)).archived


def test_a_sales_channel_stays_while_an_active_event_is_for_sale_on_it(desk: Desk) -> None:
    shop = new(desk, SalesChannel)
    event = active(desk, eventspecificprices=price(1, 1))
    desk.change(event, saleschannels=[{"saleschannelid": shop}])

    with pytest.raises(CatalogItemInUse):
        desk.do(archiving(SalesChannel, shop))

    desk.change(event, saleschannels=[{"saleschannelid": shop, "isactive": False}])
    assert desk.decided(archiving(SalesChannel, shop)).archived


def test_a_lock_type_stays_while_tickets_of_an_active_event_are_locked_by_it(desk: Desk) -> None:
    house = new(desk, LockType)
    event = active(desk, eventspecificprices=price(1, 1))
    lot = desk.contingent(event)
    desk.lock(event, house, contingentid=lot, amount=3)

    with pytest.raises(CatalogItemInUse):
        desk.do(archiving(LockType, house))

    desk.unlock(event, locktypeid=house, contingentid=lot, amount=3)
    assert desk.decided(archiving(LockType, house)).archived


def test_an_event_cannot_begin_to_sell_by_what_is_archived(desk: Desk) -> None:
    student = new(desk, PriceType)
    desk.do(archiving(PriceType, student))
    lots = [{"name": "Floor", "amount": 10, "eventspecificprices": price(student, 1)}]
    event = desk.event(**TIMES, contingents=lots)

    with pytest.raises(NotPublishable, match=f"price type {student}, which is archived"):
        desk.change(event, currentstatus=19002)


@pytest.mark.parametrize(
    ("lot", "name"),
    [
        ({"eventspecificprices": price(99, 1)}, "price type 99"),
        ({"eventspecificprices": price(1, 99)}, "sales channel 99"),
        ({"eventspecificprices": price(1, 1), "pricelistid": 99}, "price list 99"),
    ],
)
def test_an_event_cannot_begin_to_sell_by_what_does_not_exist(
    desk: Desk, lot: dict[str, Any], name: str
) -> None:
    draft = desk.event(**TIMES, contingents=[{"name": "Floor", "amount": 10, **lot}])
    selling = active(desk, eventspecificprices=price(1, 1))

    with pytest.raises(NotPublishable, match=f"{name}, which does not exist"):
        desk.change(draft, currentstatus=19002)
    with pytest.raises(NotPublishable, match=f"{name}, which does not exist"):
        desk.change(selling, contingents=[{"name": "Floor", "amount": 10, **lot}])


def test_what_is_archived_already_can_be_archived_again(desk: Desk) -> None:
    student = new(desk, PriceType)

    assert desk.decided(archiving(PriceType, student)).archived
    assert desk.decided(archiving(PriceType, student)).archived


@pytest.fixture
def desks(store: Store) -> Iterator[tuple[Desk, Desk]]:
    """Two writers over one store, as two processes have them."""
    made = Desk(store), Desk(store)
    yield made
    for each in made:
        each.close()


def test_of_publishing_and_archiving_in_two_processes_one_is_refused(
    desks: tuple[Desk, Desk],
) -> None:
    one, other = desks
    for _ in range(5):
        student = new(one, PriceType)
        lots = [{"name": "Floor", "amount": 10, "eventspecificprices": price(student, 1)}]
        event = one.event(**TIMES, contingents=lots)
        publish = partial(events.change_status, number=event, transition="publish")

        published = one.writer.submit(one.job(publish))
        gone = other.writer.submit(other.job(archiving(PriceType, student)))

        refused = [type(e) for f in (published, gone) if (e := f.exception(PATIENCE))]
        assert refused in ([NotPublishable], [CatalogItemInUse])


def test_of_two_fields_with_one_key_in_two_processes_one_is_refused(
    desks: tuple[Desk, Desk],
) -> None:
    one, other = desks
    for number in range(5):
        asked = [
            desk.writer.submit(
                desk.job(
                    partial(
                        create_item,
                        cls=CustomField,
                        fields=CustomField.FIELDS.model_validate({"typeid": 13003, "key": key}),
                    )
                )
            )
            for desk, key in ((one, f"Foo{number}"), (other, f"foo{number}"))
        ]

        refused = [type(e) for f in asked if (e := f.exception(PATIENCE))]
        assert refused == [Invalid]


def test_a_key_is_unique_in_its_kind_of_thing_alone(desk: Desk) -> None:
    new(desk, CustomField, typeid=13003, key="foo")
    new(desk, CustomField, typeid=13001, key="foo")

    with pytest.raises(Invalid, match="key: custom field 1 has this key"):
        new(desk, CustomField, typeid=13003, key="FOO")
