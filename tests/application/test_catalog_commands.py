"""Commands on the catalog, and what every account starts with."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import pytest
from pydantic_core import from_json, to_json

from application.catalog import archive_item, change_item, create_item, item, open_catalog
from application.transfer import export_lines, import_lines, numbers_in
from application.unit_of_work import UnitOfWork
from domain.catalog import CATALOG, STARTING, PriceType, SalesChannel
from domain.catalog_item import CatalogItem
from domain.contact import Contact
from domain.custom_fields import CustomField, CustomFieldValue
from domain.errors import Invalid, NotFound, VersionMismatch
from domain.ids import Kind, account_number
from domain.payment_scenario import PaymentScenario
from domain.seating import SeatRank
from domain.tracker import Tracker
from tests.application.desk import Desk
from tests.spec import ACCOUNT, metadata

LEAST: dict[type[CatalogItem], dict[str, Any]] = {
    CustomField: {"typeid": 13001, "key": "a"},
    CustomFieldValue: {"typeid": 1, "caption": "A"},
    Contact: {"email": "ann@example.org"},
    PaymentScenario: {"typeid": 2701, "name": "A"},
    Tracker: {"name": "A", "type": "Other", "saleschannelid": 1},
}
"""What makes such a thing, where its name is not enough."""
STARTS = sum(map(len, STARTING.values()))


def created(desk: Desk, cls: type[CatalogItem], **fields: Any) -> CatalogItem:
    made: CatalogItem = desk.decided(
        partial(create_item, cls=cls, fields=cls.FIELDS.model_validate(fields))
    )
    return made


def changed(
    desk: Desk, cls: type[CatalogItem], number: int, version: int | None = None, **fields: Any
) -> CatalogItem:
    body = cls.FIELDS.model_validate(fields)
    decide = partial(change_item, cls=cls, number=number, fields=body, version=version)
    made: CatalogItem = desk.decided(decide)
    return made


def state(desk: Desk, cls: type[CatalogItem], number: int) -> dict[str, Any]:
    """What was recorded of it."""
    seen: list[Any] = []
    desk.do(lambda work: seen.append(dict(item(work, cls, number).state)))
    found: dict[str, Any] = seen[0]
    return found


def opened(desk: Desk, account: int | None = None) -> None:
    desk.do(lambda work: open_catalog(work, account))


def test_a_catalog_is_opened_once(desk: Desk) -> None:
    opened(desk)
    opened(desk)

    assert desk.facts() == ["CatalogItemCreated"] * STARTS


def test_a_catalog_is_opened_by_whoever_opens_the_account() -> None:
    desk = Desk(account=0)

    opened(desk, ACCOUNT)

    facts = [recorded.fact for recorded in desk.store.facts_of(ACCOUNT)]
    desk.close()
    assert len(facts) == STARTS
    assert SalesChannel.id_of(ACCOUNT, 1) in {fact.originator_id for fact in facts}


def test_a_starting_thing_is_there_for_whoever_asks_for_it_first(desk: Desk) -> None:
    assert state(desk, SalesChannel, 2)["name"] == "Web"
    assert desk.facts() == ["CatalogItemCreated"] * STARTS


def test_what_no_account_starts_with_opens_nothing(desk: Desk) -> None:
    assert state(desk, SalesChannel, 4) == {}
    assert state(desk, SeatRank, 1) == {}
    assert desk.facts() == []


@pytest.mark.parametrize("cls", CATALOG.values(), ids=lambda cls: cls.__name__)
def test_numbers_of_its_own_come_behind_the_starting_ones(
    desk: Desk, cls: type[CatalogItem]
) -> None:
    if cls is CustomFieldValue:
        created(desk, CustomField, **LEAST[CustomField])

    least = LEAST.get(cls, {"name": "A"})
    other = least | ({"key": "b"} if cls is CustomField else {})
    numbers = [created(desk, cls, **fields).number for fields in (least, other)]

    first = max(STARTING.get(cls, {0: {}})) + 1
    assert numbers == [first, first + 1]


def test_a_refused_command_leaves_the_catalog_for_the_next_one_to_open(desk: Desk) -> None:
    with pytest.raises(Invalid):
        created(desk, PriceType)
    assert desk.facts() == []

    created(desk, PriceType, name="A")

    assert desk.facts() == ["CatalogItemCreated"] * (STARTS + 1)


def test_a_thing_is_changed_archived_and_restored(desk: Desk) -> None:
    opened(desk)
    since = desk.store.position()

    changed(desk, PriceType, 2, name="Students")
    changed(desk, PriceType, 2, name="Students")
    for archived in (True, True, False):
        desk.do(partial(archive_item, cls=PriceType, number=2, archived=archived))

    assert desk.facts(since) == [
        "CatalogItemChanged",
        "CatalogItemArchived",
        "CatalogItemRestored",
    ]
    assert state(desk, PriceType, 2)["name"] == "Students"


def test_who_saw_another_version_is_refused(desk: Desk) -> None:
    assert changed(desk, PriceType, 1, version=1, name="Full").version == 2
    for version in (1, 3):
        with pytest.raises(VersionMismatch):
            changed(desk, PriceType, 1, version=version, name="Half")
    with pytest.raises(VersionMismatch):
        desk.do(partial(archive_item, cls=PriceType, number=1, archived=True, version=1))


def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        changed(desk, PriceType, 4, name="A")
    with pytest.raises(NotFound):
        desk.do(partial(archive_item, cls=SeatRank, number=1, archived=True))


@pytest.mark.parametrize("account_has", ["nothing", "what it had before there were scenarios"])
def test_a_payment_scenario_comes_behind_the_starting_ones(desk: Desk, account_has: str) -> None:
    if account_has != "nothing":
        desk.do(lambda work: work.load(SalesChannel, 1).open(work.metadata))

    assert created(desk, PaymentScenario, **LEAST[PaymentScenario]).number == 4


def test_what_a_thing_names_has_to_be_there(desk: Desk) -> None:
    with pytest.raises(Invalid, match="typeid"):
        created(desk, CustomFieldValue, **LEAST[CustomFieldValue])
    with pytest.raises(Invalid, match="saleschannelid"):
        created(desk, Tracker, **LEAST[Tracker] | {"saleschannelid": 4})
    created(desk, Tracker, **LEAST[Tracker])
    with pytest.raises(Invalid, match="saleschannelid"):
        changed(desk, Tracker, 1, saleschannelid=4)


def test_a_trackers_code_is_kept_and_no_two_are_alike(desk: Desk) -> None:
    codes = [created(desk, Tracker, **LEAST[Tracker]).state["code"] for _ in range(2)]

    assert codes[0] != codes[1]
    assert [state(desk, Tracker, number)["code"] for number in (1, 2)] == codes
    assert all(len(code) == 16 for code in codes)


def test_what_is_found_in_memory_is_not_opened_again(desk: Desk) -> None:
    seen: list[CatalogItem] = []

    def ask(work: UnitOfWork) -> None:
        seen.extend(item(work, SalesChannel, 1) for _ in range(2))

    desk.do(ask)

    assert seen[0] is seen[1]
    assert len(desk.facts()) == STARTS


# -- export and import


def test_the_numbers_of_a_catalog_are_known_to_export_and_check(desk: Desk) -> None:
    created(desk, SeatRank, name="Balcony")

    taken = {n for r in desk.store.facts_of(ACCOUNT) for n in numbers_in(r.fact)}

    expected = {(cls.KIND, number) for cls, numbers in STARTING.items() for number in numbers}
    assert taken == expected | {(Kind.SEAT_RANK, 1)}


DEMO = {"name": "demo", "language": "en", "currency": "EUR", "timezone": "UTC"}


@pytest.fixture
def exported() -> Iterator[list[bytes]]:
    """An export of an account whose catalog has grown."""
    desk = Desk(account=account_number("demo"))
    created(desk, PriceType, name="Students")
    changed(desk, PriceType, 1, name="Full")
    desk.do(partial(archive_item, cls=PriceType, number=2, archived=True))
    yield list(export_lines(desk.store, [DEMO]))
    desk.close()


def imported(lines: Iterable[bytes]) -> Desk:
    """A desk of the account in another store, after the import."""
    desk = Desk(account=account_number("demo"))
    import_lines(desk.store, lines, metadata())
    return desk


def test_a_catalog_is_imported_as_it_was_exported(exported: list[bytes]) -> None:
    desk = imported(exported)

    names = [state(desk, PriceType, number)["name"] for number in (1, 2, 3, 4)]
    facts = len(desk.facts())
    following = created(desk, PriceType, name="Pupils").number
    desk.close()

    assert names == ["Full", "Reduction", "Free", "Students"]
    assert facts == STARTS + 3 + 2  # the account is opened, and has its currency
    assert following > 4


def test_a_tracker_has_the_same_code_where_it_is_imported() -> None:
    desk = Desk(account=account_number("demo"))
    code = created(desk, Tracker, **LEAST[Tracker]).state["code"]
    lines = list(export_lines(desk.store, [DEMO]))
    desk.close()

    desk = imported(lines)

    assert state(desk, Tracker, 1)["code"] == code
    desk.close()


@pytest.mark.parametrize("kind", [Kind.EVENT, Kind.REGISTRY, Kind.ORDER, 99])
def test_a_fact_of_the_catalog_is_of_nothing_else(exported: list[bytes], kind: int) -> None:
    head, first, *_ = exported
    moved = to_json(from_json(first) | {"kind": int(kind)})

    with pytest.raises(Invalid, match="line 2"):
        imported([head, moved])
