"""What a document shows is what a question finds: every column of every table, on both stores."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic_core import from_json

from adapters.queries.schema import BOOL, COUNT, INT, LIST, NUMBER, TABLES, TIME, Column
from domain.catalog import CATALOG as KINDS
from domain.errors import Invalid
from domain.values import local_time
from tests.adapters.queries.conftest import ZONE, House


def entries(table: str, document: dict[str, Any]) -> Iterator[list[Any]]:
    """What the rows of a document are made of: an entry, what is around it, the document."""
    for name in TABLES[table].inside or ("",):
        around: list[list[Any]] = [[document]]
        for part in filter(None, name.split("/")):
            around = [[one, *way] for way in around for one in at(way[0], part.split("."))]
        yield from around


def at(value: Any, path: list[str]) -> Any:
    for name in path:
        if value is not None:
            value = value[int(name)] if name.isdigit() else value.get(name)
    return value


def said(column: Column, way: list[Any]) -> Any:
    """What the document has where the column is."""
    first, *path = column.path
    if first in ("^", "<"):
        value = at(way[-1] if first == "^" else way[1], path)
    else:
        value = at(way[0], list(column.path))
    if column.type == COUNT:
        return len(value)
    if value is None:
        return {"false": False, "2601": 2601}.get(column.otherwise or "")
    if column.type == TIME:
        return local_time(value, ZONE).isoformat().replace("+00:00", "Z")
    return value


MADE_OF_DOCUMENTS = [n for n, t in TABLES.items() if t.view not in ("tickets", "changes")]


@pytest.mark.parametrize("name", MADE_OF_DOCUMENTS)
def test_every_column_is_what_the_document_shows(house: House, name: str) -> None:
    table = TABLES[name]
    wanted = [
        {c.name: said(c, way) for c in table.columns.values()}
        for document in house.documents(table.view, table.kind)
        for way in entries(name, document)
    ]
    by_language = {text: f"{text}en" for text in table.translatable}

    for row, document in zip(
        sorted(house.rows(f"select * from {name}"), key=repr_of_id),
        sorted(wanted, key=repr_of_id),
        strict=True,
    ):
        for column in table.columns.values():
            value = row[by_language.get(column.name, column.name)]
            if column.type == LIST and value is not None:
                value = from_json(value)
            assert value == document[column.name], column.name
            assert isinstance(value, shapes(column) | None)


def shapes(column: Column) -> Any:
    return {INT: int, COUNT: int, NUMBER: int | float, BOOL: bool, LIST: list | dict}.get(
        column.type, str
    )


def repr_of_id(row: dict[str, Any]) -> str:
    return repr([row.get(name) for name in ("id", "eventid", "tickettypeid", "saleschannelid")])


@pytest.mark.parametrize("name", MADE_OF_DOCUMENTS)
def test_every_value_is_found_by_asking_for_it(house: House, name: str) -> None:
    for row in house.rows(f"select * from {name}")[:3]:
        for column, value in row.items():
            literal = repr(value) if isinstance(value, int | float) else f"'{value}'"
            if isinstance(value, bool):
                literal = str(value).lower()
            if isinstance(value, str) and "'" in value:
                continue
            test = "is null" if value is None else f"= {literal}"
            found = house.rows(f'select count(*) as n from {name} where "{column}" {test}')
            assert found[0]["n"] >= 1, (column, value)


def test_the_kinds_of_the_catalog_have_no_columns_that_their_documents_have_not(
    house: House,
) -> None:
    for name, table in TABLES.items():
        if table.view == "catalog" and table.kind in KINDS:
            for document in house.documents("catalog", table.kind):
                assert table.columns.keys() <= document.keys(), name


def test_keys_that_differ_in_case_are_columns_of_their_own(house: House) -> None:
    (row,) = house.rows("select * from tm.event")
    asked = 'select "c_Foo", c_mood from tm.event where "c_foo" = 7 and "c_Foo" = \'upper\''

    assert (row["c_Foo"], row["c_foo"], row["c_mood"]) == ("upper", 7, True)
    assert house.rows(asked) == [{"c_Foo": "upper", "c_mood": True}]
    assert house.rows('select q."c_Foo" as x from (select "c_Foo", c_foo from tm.event) q') == [
        {"x": "upper"}
    ]
    assert house.rows("select c_foo from tm.event") == [{"c_foo": 7}]
    with pytest.raises(Invalid, match='"c_Foo" or "c_foo"'):
        house.rows('select C_FOO_ from tm.event where "c_FOO" = 1')


def test_what_vendors_clients_join_is_not_ambiguous(house: House) -> None:
    """Names that only the documented columns of the tables make unambiguous."""
    tickets = "tm.ticket t inner join tm.tickettype tt on tt.id = t.tickettypeid"

    assert house.rows(
        f"select count(distinct eventid) > 1 as mixed from {tickets} where orderid = {house.order}"
    ) == [{"mixed": False}]
    assert house.rows(
        "select o.id orderid, t.id ticketid from tm.order o inner join tm.ticket t on"
        f" t.orderid = o.id inner join tm.tickettype tt on tt.id = t.tickettypeid where eventid in"
        f" ({house.event}) and orderid = {house.order} order by t.id limit 1"
    ) == [{"orderid": house.order, "ticketid": house.desk.tickets(house.order)[0]}]
    assert house.rows(
        "select ttp.pricetypeid, pt.nameen as name, count(*) as sold,"
        " sum(t.price + coalesce(t.orderfee, 0)) as gross from tm.ticket t"
        " join tm.tickettype tt on tt.id = t.tickettypeid"
        " join tm.tickettypeprice ttp on ttp.id = t.tickettypepriceid"
        " join tm.pricetype pt on pt.id = ttp.pricetypeid"
        f" where tt.eventid = {house.event} and t.orderid is not null"
        " and t.currentstatus in (101, 103) group by ttp.pricetypeid, pt.nameen"
    ) == [{"pricetypeid": 1, "name": "Normal", "sold": 4, "gross": 100}]
    assert house.rows(
        "select tm.order.id, contact.firstname, amount, paidts is null as unpaid from tm.order"
        " left join tm.contact on tm.order.contactid = contact.id"
        " left join tm.payment p on p.orderid = tm.order.id order by tm.order.id desc limit 10"
    ) == [
        {"id": house.basket, "firstname": None, "amount": None, "unpaid": True},
        {"id": house.order, "firstname": "Ann", "amount": 30.5, "unpaid": False},
    ]


def test_a_ticket_has_its_holder_its_barcode_and_its_custom_fields(house: House) -> None:
    named, other, *_ = house.desk.tickets(house.order)
    sql = (
        "select id, ticketname, barcode, c_row from tm.ticket where orderid is not null order by id"
    )
    inventory = house.desk.inventory(house.event)

    first, second, _, basket = house.rows(sql)

    code = inventory.barcode(named, house.order)
    assert first == {"id": named, "ticketname": "Bea", "barcode": code, "c_row": None}
    assert (second["id"], second["c_row"]) == (other, "F")
    assert second["barcode"] not in (None, code)
    assert basket["barcode"] is None


@pytest.mark.parametrize("column", ["barcode", "ticketname", "ticketholderid"])
def test_who_has_a_ticket_is_for_keys_that_sell(house: House, column: str) -> None:
    with pytest.raises(Invalid, match=f"{column} of tm.ticket is for keys that may sell"):
        house.rows(f"select id from tm.ticket where {column} is not null", sells=False)

    (row,) = house.rows("select * from tm.ticket limit 1", sells=False)
    assert column not in row
    assert "currentstatus" in row
