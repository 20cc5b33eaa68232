"""What integrations ask, on both stores: the same question has the same answer."""

from typing import Any

import pytest
from pydantic_core import from_json

from domain.errors import Invalid
from tests.adapters.queries.conftest import DEMO, Asked

Found = list[dict[str, Any]]


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("select id from tm.event where nameen ilike '%JAZZ%'", "jazz"),
        ("select id from tm.event where nameen like '%Jazz%'", "jazz"),
        ("select id from tm.event where nameen like '%jazz%'", ""),
        (r"select id from tm.event where nameen like '%100\%'", "jazz"),
        ("select id from tm.event where nameen like '%100!%' escape '!'", "jazz"),
        (r"select id from tm.event where nameen like '%10\%'", ""),
        ("select id from tm.event where nameen not ilike '%jazz%'", "rock"),
        ("select id from tm.event where namefr ilike '%soirée%'", "jazz"),
        ("select id from tm.event where namefr is null", "rock"),
        ("select id from tm.event where lower(nameen) = 'rock'", "rock"),
        ("SELECT ID FROM TM.EVENT WHERE CURRENTSTATUS = 19002", "jazz"),
        ("select event.id from tm.event where tm.event.currentstatus in (19001, 19003)", "rock"),
        ("select id from tm.event where lastupdatets > now() - interval '40 years'", "jazz rock"),
        ("select id from tm.event where lastupdatets > now() + interval '7 days'", ""),
        ("select id from tm.event where startts > '2026-06-01' order by id", "jazz"),
        ("select id from tm.event where startts < '2026-06-01 00:00:00'", "rock"),
        ("select id from tm.event where startts = '2026-05-01T18:00:00.5Z'", "rock"),
        ("select id from tm.event where startts = '2026-05-01T20:00:00.500+02:00'", "rock"),
        ("select id from tm.event where startts in ('2026-05-01 18:00:00.5')", "rock"),
        ("select id from tm.event where startts between '2026-05-01' and '2026-05-02'", "rock"),
        ("select id from tm.event where startts::date = '2026-05-01'", "rock"),
        ("select id from tm.event where date(startts) = date '2026-05-01'", "rock"),
        ("select id from tm.event where extract(year from startts) = 2026", "jazz rock"),
        ("select id from tm.event where extract(dow from startts) = 5", "rock"),
        ("select id from tm.event where date_trunc('month', startts) = '2026-05-01'", "rock"),
        ("select id from tm.event where startts - interval '1 month' < '2026-04-02'", "rock"),
        ("select id from tm.event where endts is null or seatselection", "rock"),
        ("select id from tm.event where seatselection = true", "rock"),
        ("select id from tm.event where not seatselection", "jazz"),
        ("select id from tm.event where c_genre = 7", "jazz"),
        ("select id from tm.event where c_mood = 'blue'", "jazz"),
        ("select id from tm.event where c_genre is distinct from 7", "rock"),
        ("select id from tm.event where c_unheardof is null", "jazz rock"),
        ("select id from tm.event where tags ilike '%late%'", "jazz"),
        ("select id from tm.event where coalesce(namefr, nameen) = 'Rock'", "rock"),
        ("select id from tm.event where nameen || '!' = 'Rock!'", "rock"),
        ("select id from tm.event where concat(nameen, null, 1) = 'Rock1'", "rock"),
        ("select id from tm.event where left(nameen, 2) = 'Ro' and length(nameen) = 4", "rock"),
        ("select id from tm.event where strpos(nameen, 'ck') = 3", "rock"),
        ("select id from tm.event where substring(nameen from 2 for 2) = 'oc'", "rock"),
        ("select id from tm.event where id::text = id::varchar and '1'::int = 1", "jazz rock"),
        (("select e.id from tm.event e join tm.eventlocation l on l.id = e.locationid"
         " where l.namenl = 'Concertzaal' and e.startts > '2026-06-01'"), "jazz"),
        (("select e.id from tm.event e left join tm.tickettype t on t.eventid = e.id"
         " where t.id is null"), "rock"),
        ("select eventid from tm.contingentavailability where free = 5", "jazz"),
        ("select eventid from tm.eventsaleschannel where saleschannelid = 2 and isactive", "jazz"),
        (("select tt.eventid from tm.ticket t join tm.tickettype tt on tt.id = t.tickettypeid"
         " where currentstatus = 104"), "jazz"),
        (("select eventid from tm.ticket t join tm.tickettype tt on tt.id = t.tickettypeid"
         " where orderid is not null group by eventid having count(*) = 3"), "jazz"),
        ("select id from tm.event where id in (select eventid from tm.tickettype)", "jazz"),
        ("select id from tm.event where exists (select 1 from tm.order)", "jazz rock"),
        ("with late as (select id from tm.event where tags like '%late%') select id from late",
         "jazz"),
        ("with a(x) as (select id from tm.event), b as (select x from a) select max(x) from b",
         "rock"),
        ("select id from tm.event where id = 1 union select id from tm.event order by id",
         "jazz rock"),
        ("(select id from tm.event except select eventid from tm.tickettype)", "rock"),
        ("select id from tm.event order by startts desc nulls last limit 1", "jazz"),
        ("select id from tm.event order by id limit 1 offset 1", "rock"),
        ("select case when nameen = 'Rock' then id end from tm.event", "rock"),
        ("select id /* here */ from tm.event -- there\n where nameen = 'Rock';", "rock"),
        ('select "ünïcode" from (select id as "ünïcode" from tm.event) "été" order by 1',
         "jazz rock"),
        ("select count(*) from tm.event where nameen = 'x'", "none"),
    ],
)  # fmt: skip
def test_a_filter_finds(asked: Asked, sql: str, found: str) -> None:
    wanted = [0] if found == "none" else [getattr(asked, name) for name in found.split()]

    assert sorted(asked.ids(sql)) == sorted(wanted)


def test_ids_are_told_once_and_none_is_left_out(asked: Asked) -> None:
    sql = "select orderid from tm.ticket order by id"

    assert asked.ids(sql) == [asked.order]


@pytest.mark.parametrize(
    ("table", "count"),
    [
        ("tm.event", 2), ("tm.eventlocation", 1), ("conf.eventlocation", 1), ("tm.contingent", 1),
        ("tm.ticket", 10), ('tm."order"', 1), ("tm.order", 1), ("tm.orderlog", 2),
        ("tm.contact", 0), ("tm.paymentscenario", 3), ("conf.pricetype", 3),
        ("conf.pricelist", 0), ("conf.saleschannel", 3), ("conf.locktype", 2),
        ("conf.customfield", 2), ("tm.pricetype", 3), ("tm.payment", 0),
        ("tm.tickettypeprice", 1), ("conf.customfieldvalue", 0), ("conf.seatrank", 0),
        ("conf.seatingplan", 0),
    ],
)  # fmt: skip
def test_every_table_has_the_rows_of_the_account(asked: Asked, table: str, count: int) -> None:
    total, rows = asked.book.queries.rows(DEMO, f"select * from {table}", 100, 0, sells=True)

    assert (total, len(rows)) == (count, count)
    assert asked.rows(f"select count(*) as n from {table}") == [{"n": count}]


def test_an_event_is_told_as_its_document_says(asked: Asked) -> None:
    sql = "select * from tm.event where id = " + str(asked.rock)

    (row,) = asked.rows(sql)

    assert row["nameen"] == "Rock"
    assert row["locationname"] == "Concert hall"
    assert row["startts"] == "2026-05-01T18:00:00.500000Z"
    assert row["seatselection"] is True
    assert row["seatallowsingle"] is False
    assert row["currentstatus"] == 19001
    assert row["c_genre"] is None
    assert row["totalmaxtickets"] is None


def test_a_ticket_says_who_has_it_and_at_what_price(asked: Asked) -> None:
    sql = "select * from tm.ticket order by id"

    tickets = asked.rows(sql)

    assert sorted(t["currentstatus"] or 0 for t in tickets) == [0] * 5 + [101] * 3 + [104] * 2
    sold, locked, free = (
        next(t for t in tickets if t["currentstatus"] == s) for s in (101, 104, None)
    )
    assert locked | {"locktypeid": 1, "currentstatus": 104, "orderid": None} == locked
    assert (
        free | {"locktypeid": None, "currentstatus": None, "orderid": None, "price": None} == free
    )
    assert sold["barcode"]
    assert {name: value for name, value in sold.items() if value is not None} == {
        "id": sold["id"],
        "barcode": sold["barcode"],
        "tickettypeid": asked.lot,
        "orderid": asked.order,
        "tickettypepriceid": asked.lot * 1_000_000 + 1,
        "ordertickettypepriceid": asked.lot * 1_000_000 + 1,
        "currentstatus": 101,
        "price": 25,
        "orderprice": 25,
        "orderfee": 0,
    }


def test_a_log_has_the_vendors_types(asked: Asked) -> None:
    rows = asked.rows("select typeid, orderid from tm.orderlog order by id")

    assert rows == [
        {"typeid": 18001, "orderid": asked.order},
        {"typeid": 18006, "orderid": asked.order},
    ]


def test_a_log_says_when_as_the_order_does(asked: Asked) -> None:
    (order,) = asked.rows("select createdts, confirmedts, guid from tm.order")

    said = asked.rows("select ts, username is null as nobody, reason, fact from tm.orderlog")

    assert [(row["fact"], row["ts"]) for row in said] == [
        ("OrderCreated", order["createdts"]),
        ("OrderConfirmed", order["confirmedts"]),
    ]
    assert [(row["nobody"], row["reason"]) for row in said] == [(False, None)] * 2
    since = f"select count(*) as n from tm.orderlog where ts >= '{order['confirmedts']}'"
    assert asked.rows(since) == [{"n": 1}]


def test_rows_have_names_and_types(asked: Asked) -> None:
    sql = (
        "select e.nameen, count(*), sum(t.price) as money, e.startts::date as day,"
        " max(t.id) is null as empty, 1 + 1, 'x'"
        " from tm.ticket t join tm.tickettype tt on tt.id = t.tickettypeid"
        " join tm.event e on e.id = tt.eventid where t.currentstatus = 101"
        " group by e.nameen, e.startts"
    )

    assert asked.rows(sql) == [
        {
            "nameen": "Jazz Night 100%",
            "count": 3,
            "money": 75,
            "day": "2026-12-01",
            "empty": False,
            "column6": 2,
            "column7": "x",
        }
    ]


def test_what_json_cannot_say_is_null(asked: Asked) -> None:
    large = "*".join(["99999999999999999999999999999.9"] * 15)

    assert asked.rows(f"select {large} as x") == [{"x": None}]


def test_a_page_has_its_rows_and_the_number_of_all(asked: Asked) -> None:
    sql = "select id from conf.pricetype order by id desc"

    assert asked.book.queries.rows(DEMO, sql, 1, 1) == (3, [b'{"id":2}'])
    assert asked.book.queries.rows(DEMO, sql, 5, 7) == (3, [])


def test_an_export_has_every_row(asked: Asked) -> None:
    rows = asked.book.queries.export(DEMO, "select id, nameen from tm.event order by id")

    assert [from_json(row) for row in rows] == [
        {"id": asked.jazz, "nameen": "Jazz Night 100%"},
        {"id": asked.rock, "nameen": "Rock"},
    ]


def test_an_export_is_refused_before_its_first_row(asked: Asked) -> None:
    with pytest.raises(Invalid):
        asked.book.queries.export(DEMO, "drop table x")
