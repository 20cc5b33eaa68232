"""The documents of the catalog."""

import tempfile
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import from_json

from adapters.views.select import Select
from application.as_of import past_one
from application.catalog import archive_item, change_item, create_item
from domain.catalog import CATALOG, PriceType, SalesChannel
from domain.catalog_item import (
    CatalogItem,
    CatalogItemArchived,
    CatalogItemChanged,
    CatalogItemCreated,
    CatalogItemRestored,
)
from domain.contact import Contact
from domain.custom_fields import CustomField
from domain.ids import Kind
from domain.tracker import Tracker
from projections.catalog_documents import CatalogDocuments
from projections.texts import words
from tests.application.desk import Desk, rendered
from tests.projections.conftest import MakeView, new_view
from tests.projections.facts import Facts
from tests.projections.histories import answered
from tests.spec import ACCOUNT, Projected, at, given_facts

NAMED = {
    Kind.CUSTOM_FIELD: {"key": "genre"},
    Kind.CUSTOM_FIELD_VALUE: {"caption": "Jazz"},
    Kind.CONTACT: {"email": "ann@example.org"},
}
"""What is recorded at least of those that have no `name`."""


def a_thing(facts: Facts, cls: type[CatalogItem], number: int = 5, **fields: Any) -> Facts:
    return facts.add(CatalogItemCreated, number, kind=cls.KIND, number=number, fields=fields)


def documents(make_view: MakeView, facts: Facts, batch: int = 500) -> Projected:
    projection = CatalogDocuments()
    return given_facts(projection, make_view(projection), facts, batch)


def listed(shown: Projected, kind: Kind, *where: Any, **which: Any) -> list[int]:
    select = Select(ACCOUNT, (("kind", "=", int(kind)), *where), **which)
    return [from_json(body)["id"] for body in shown.view.page(select).bodies]


@pytest.mark.parametrize("cls", CATALOG.values(), ids=lambda cls: cls.__name__)
def test_a_new_thing_shows_every_field(make_view: MakeView, cls: type[CatalogItem]) -> None:
    fields = NAMED.get(cls.KIND, {"name": "A"})
    facts = a_thing(Facts(), cls, **fields, c_a=[1])

    shown = documents(make_view, facts).body(cls.id_of(ACCOUNT, 5))

    assert shown == {
        "id": 5,
        "guid": str(cls.id_of(ACCOUNT, 5)),
        "version": 1,
        **cls.FIELDS.defaults(),
        **cls.SET,
        **fields,
        "isarchived": False,
        "createdts": at(1),
        "lastupdatets": at(1),
        "c_a": [1],
    }
    own = [name for name in cls.FIELDS.defaults() if name != "translations"] + [*cls.SET]
    last = ["isarchived", "translations", "createdts", "lastupdatets", "c_a"]
    assert list(shown) == ["id", "guid", "version", *own, *last]


def test_a_change_shows_with_its_version_and_time(make_view: MakeView) -> None:
    facts = a_thing(Facts(), PriceType, name="Students", remark="With a card", c_a=1)
    changed = {"name": "Pupils", "remark": None, "c_a": None}
    facts.add(CatalogItemChanged, 5, kind=Kind.PRICE_TYPE, changed=changed)

    projected = documents(make_view, facts)

    shown = projected.body(PriceType.id_of(ACCOUNT, 5))
    assert (shown["name"], shown["remark"], shown["version"]) == ("Pupils", None, 2)
    assert (shown["createdts"], shown["lastupdatets"]) == (at(1), at(2))
    assert "c_a" not in shown
    assert projected.etag(PriceType.id_of(ACCOUNT, 5)) == '"2"'


def test_what_is_archived_is_shown_as_such_until_it_comes_back(make_view: MakeView) -> None:
    facts = a_thing(a_thing(Facts(), PriceType, name="A"), PriceType, 6, name="B")
    facts.add(CatalogItemArchived, 5, kind=Kind.PRICE_TYPE)
    projected = documents(make_view, facts)
    offered = ("archived", "=", 0)

    gone = (
        projected.body(PriceType.id_of(ACCOUNT, 5))["isarchived"],
        listed(projected, Kind.PRICE_TYPE, offered),
        listed(projected, Kind.PRICE_TYPE),
    )
    facts.add(CatalogItemRestored, 5, kind=Kind.PRICE_TYPE)
    projected.follow()

    assert gone == (True, [6], [5, 6])
    assert projected.body(PriceType.id_of(ACCOUNT, 5))["isarchived"] is False
    assert listed(projected, Kind.PRICE_TYPE, offered) == [5, 6]


def test_things_of_one_kind_are_listed_and_found_by_their_names(make_view: MakeView) -> None:
    facts = a_thing(Facts(), PriceType, 1, name="b normal")
    a_thing(facts, PriceType, 2, name="A Reduction")
    a_thing(facts, SalesChannel, 3, name="Normal")
    facts.add(
        CatalogItemCreated,
        4,
        kind=Kind.CUSTOM_FIELD,
        number=4,
        fields={"key": "genre", "caption": "Sort of music"},
    )

    shown = documents(make_view, facts)

    assert listed(shown, Kind.PRICE_TYPE, order="name") == [2, 1]
    assert listed(shown, Kind.PRICE_TYPE, prefixes=("word:nor",)) == [1]
    assert listed(shown, Kind.SALES_CHANNEL, prefixes=("word:nor",)) == [3]
    assert listed(shown, Kind.CUSTOM_FIELD, prefixes=("word:mus",)) == [4]
    assert listed(shown, Kind.CUSTOM_FIELD, prefixes=("word:genre",)) == [4]


def test_contacts_are_sorted_and_found_by_whatever_they_are_called(make_view: MakeView) -> None:
    facts = a_thing(Facts(), Contact, 1, firstname="Cleo", lastname="Maes", company="Zaal")
    a_thing(facts, Contact, 2, company="Bozar")
    a_thing(facts, Contact, 3, email="ann@example.org")

    shown = documents(make_view, facts)

    assert listed(shown, Kind.CONTACT, order="name") == [3, 2, 1]
    assert listed(shown, Kind.CONTACT, prefixes=("word:za",)) == [1]
    assert listed(shown, Kind.CONTACT, prefixes=("word:maes",)) == [1]
    assert listed(shown, Kind.CONTACT, prefixes=words("ann@ex")) == [3]


def test_a_thing_is_found_by_its_type_and_a_contact_by_its_address_in_any_case(
    make_view: MakeView,
) -> None:
    facts = a_thing(Facts(), CustomField, 1, key="genre", typeid=13003)
    a_thing(facts, CustomField, 2, key="diet", typeid=13002)
    a_thing(facts, Contact, 3, email="Ann@Example.org")

    shown = documents(make_view, facts)

    assert listed(shown, Kind.CUSTOM_FIELD, exact=("typeid:13003",)) == [1]
    assert listed(shown, Kind.CONTACT, exact=("email:ann@example.org",)) == [3]


def test_other_things_leave_the_catalog_alone(make_view: MakeView) -> None:
    facts = Facts().location(5, name="Hall").event(5, locationid=5)

    projected = documents(make_view, facts)

    assert list(projected.rows()) == []


numbers, kinds = st.integers(1, 5), st.sampled_from([PriceType, SalesChannel, Tracker, Contact])
names = st.sampled_from(["A", "b c", "B"])
customs = {"c_a": st.none() | st.booleans()}
typed = st.fixed_dictionaries({"name": names}, optional={"typeid": st.none(), **customs})
fields: dict[type[CatalogItem], st.SearchStrategy[Any]] = {
    PriceType: typed,
    SalesChannel: typed,
    Tracker: st.fixed_dictionaries(
        {"name": names, "type": st.just("email"), "saleschannelid": st.integers(1, 4)},
        optional=customs,
    ),
    Contact: st.fixed_dictionaries(
        {}, optional={"firstname": names, "email": st.none() | st.just("a@b"), **customs}
    ),
}
commands: st.SearchStrategy[Any] = kinds.flatmap(
    lambda cls: st.one_of(
        st.builds(partial, st.just(create_item), cls=st.just(cls), fields=bodies(cls)),
        st.builds(
            partial, st.just(change_item), cls=st.just(cls), number=numbers, fields=bodies(cls)
        ),
        st.builds(
            partial,
            st.just(archive_item),
            cls=st.just(cls),
            number=numbers,
            archived=st.booleans(),
        ),
    )
)


def bodies(cls: type[CatalogItem]) -> st.SearchStrategy[Any]:
    return fields[cls].map(cls.FIELDS.model_validate)


def asked(desk: Desk, decide: Any, body: bytes) -> bytes:
    """The document of the past that such an answer is of."""
    document = from_json(body)
    past = past_one(
        decide.keywords["cls"],
        desk.store,
        ACCOUNT,
        document["id"],
        version=document["version"],
    )
    return rendered(past)


@settings(max_examples=20)
@given(st.lists(st.lists(commands, min_size=1, max_size=4), min_size=1, max_size=5))
def test_the_live_view_is_the_rebuilt_view_the_answer_and_the_past(
    history: list[list[Any]],
) -> None:
    projection = CatalogDocuments()
    with tempfile.TemporaryDirectory() as folder, closing(Desk()) as desk:
        with closing(new_view(projection, Path(folder, "live"))) as view:
            live = given_facts(projection, view, desk.store)
            for batch in history:
                jobs = [desk.job(decide) for decide in batch]
                for job, answer in zip(jobs, desk.together(*jobs), strict=True):
                    if said := answered(answer):
                        assert asked(desk, job.decide, said.body) == said.body
                live.follow(1)
            served = list(live.rows())

        with closing(new_view(projection, Path(folder, "rebuilt"))) as view:
            assert list(given_facts(projection, view, desk.store).rows()) == served
