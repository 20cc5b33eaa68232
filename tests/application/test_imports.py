"""What comes in is what the program would have recorded; anything else is refused by its line."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from application import locations
from application.keyring import opening_account
from application.payloads import check_payload
from application.ports import Store
from application.transfer import export_lines, import_lines
from domain.base import type_of_topic
from domain.catalog import CATALOG
from domain.errors import Invalid
from domain.ids import Kind, account_number
from domain.location import LocationFields
from tests.application.desk import Desk
from tests.exports import sealed
from tests.spec import metadata

DEMO = {"name": "demo", "language": "en", "currency": "EUR", "timezone": "UTC"}
GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("*.json"))
Line = dict[str, Any]
Change = Callable[[Line], object]


@pytest.fixture(scope="module")
def exported() -> list[str]:
    """An Event with a contingent, on a Location, and an order of two tickets."""
    with closing(Desk(account=account_number("demo"))) as desk:
        desk.do(opening_account("demo", "en", "EUR"))
        desk.on_sale(amount=10)
        desk.order({"eventid": 1, "contingentid": 1, "amount": 2})
        return [line.decode() for line in export_lines(desk.store, [DEMO])]


@pytest.fixture
def empty() -> Iterator[Desk]:
    with closing(Desk(account=account_number("demo"))) as desk:
        yield desk


def changed(lines: list[str], topic: str, change: Change) -> tuple[int, list[str]]:
    """The export with one line of that topic changed, and the line's number."""
    at = next(n for n, line in enumerate(lines) if f'"topic":"{topic}"' in line)
    line = json.loads(lines[at])
    change(line)
    return at + 1, sealed([*lines[:at], json.dumps(line), *lines[at + 1 : -1]])


def sets(*path: str | int, to: Any) -> Callable[[Line], None]:
    def change(line: Line) -> None:
        place: Any = line["fact"]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to

    return change


DEEP: Any = 1
for _ in range(40):
    DEEP = [DEEP]

WRONG = [
    ("location.created", sets("fields", to="a text"), "valid dictionary"),
    ("location.created", sets("fields", to=[1]), "valid dictionary"),
    ("location.created", sets("fields", "name", to=7), "fields.name"),
    ("location.created", sets("fields", "capacity", to=-1), "fields.capacity"),
    ("location.created", sets("fields", "name", to="a\0b"), "NUL"),
    ("location.created", sets("fields", "capacity", to=2**70), "numbers of at most"),
    ("location.created", sets("fields", "lat", to=float("nan")), "line"),
    ("location.created", sets("fields", "nonsense", to=1), "fields.nonsense"),
    ("location.created", sets("fields", "c_deep", to=DEEP), "levels"),
    ("location.created", sets("number", to="1"), "number"),
    ("location.created", sets("number", to=2**70), "numbers of at most"),
    ("location.created", sets("actor", to=None), "actor"),
    ("location.created", sets("more", to=1), "more"),
    ("location.created", sets("time", to="tomorrow"), "time"),
    ("location.created", sets("time", to="2026-01-01T00:00:00Z"), "as it is recorded"),
    ("location.created", lambda line: line.pop("fact"), "expected an object"),
    ("location.created", lambda line: line.update(kind=3), "expected a fact of"),
    ("location.created", lambda line: line.update(kind=99), "kind"),
    ("location.created", lambda line: line.update(number=-1), "kind"),
    ("location.created", lambda line: line.update(version=True), "whole numbers"),
    ("location.created", lambda line: line.update(account="other"), "accounts that the head"),
    ("inventory.contingent-added", sets("fields", "amount", to=-5), "fields.amount"),
    ("inventory.contingent-added", sets("fields", "name", to=5), "fields.name"),
    ("inventory.tickets-taken", sets("moves", to=[1]), "moves.0"),
    ("inventory.tickets-taken", sets("moves", 0, "contingentid", to=9), "does not follow"),
    ("inventory.tickets-taken", sets("moves", 0, "to", to="nowhere"), "moves.0.to"),
    ("inventory.tickets-taken", sets("moves", 0, "tickets", to=[[5, 1]]), "moves.0.tickets"),
    ("order.created", sets("lines", 0, "price", to=-1), "lines.0.price"),
    ("order.created", sets("lines", 0, "price", to=1.5), "lines.0.price"),
    ("order.created", sets("expiryts", to="soon"), "expiryts"),
]


@pytest.mark.parametrize(("topic", "change", "says"), WRONG)
def test_a_line_that_is_no_such_fact_is_refused_with_its_number_and_records_nothing(
    exported: list[str], empty: Desk, topic: str, change: Change, says: str
) -> None:
    number, lines = changed(exported, topic, change)
    before = empty.store.position()

    with pytest.raises(Invalid) as refused:
        import_lines(empty.store, [line.encode() for line in lines], metadata())

    assert refused.value.detail.startswith(f"line {number}: ")
    assert says in refused.value.detail
    assert empty.store.position() == before


def mark(lines: list[str]) -> str:
    found: str = json.loads(lines[-1])["end"]["mark"]
    return found


def test_facts_of_another_history_under_a_digest_that_fits_are_refused(
    exported: list[str], empty: Desk
) -> None:
    end = json.loads(exported[-1])
    end["end"]["mark"] = "0" * 32

    with pytest.raises(Invalid, match="of another history"):
        import_lines(
            empty.store, [*map(str.encode, exported[:-1]), json.dumps(end).encode()], metadata()
        )

    assert empty.store.position() == 0


def test_an_export_behind_another_is_refused(exported: list[str], empty: Desk) -> None:
    with pytest.raises(Invalid, match=f"line {len(exported) + 1}: the export is not whole"):
        import_lines(empty.store, map(str.encode, [*exported, *exported]), metadata())

    assert empty.store.position() == 0


def test_what_the_program_recorded_comes_in_as_it_was(exported: list[str], empty: Desk) -> None:
    accounts, count = import_lines(
        empty.store, [f"{line}\n".encode() for line in exported], metadata()
    )

    assert accounts == ["demo"]
    assert count == sum('"fact"' in line for line in exported)
    again = [line.decode() for line in export_lines(empty.store, [DEMO])]
    assert again[1:-1] == exported[1:-1]
    assert mark(again) == mark(exported)
    assert json.loads(again[0])["store"] != json.loads(exported[0])["store"]


def test_lines_may_end_as_another_system_ends_them(exported: list[str], empty: Desk) -> None:
    import_lines(empty.store, [f"{line}\r\n".encode() for line in [*exported, ""]], metadata())

    again = [line.decode() for line in export_lines(empty.store, [DEMO])]
    assert again[1:-1] == exported[1:-1]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_every_fact_that_was_ever_released_may_come_in(path: Path) -> None:
    golden = json.loads(path.read_text())
    subject = golden["topic"].partition(".")[0]
    kinds = list(CATALOG) if subject == "catalog" else [Kind[subject.upper()]]

    def fits(kind: Kind) -> bool:
        try:
            check_payload(type_of_topic[golden["topic"]], kind, golden["payload"])
        except Invalid:
            return False
        return True

    assert any(map(fits, kinds))


def test_a_kept_answer_is_as_new_as_what_came_in(store: Store) -> None:
    """Positions are of one store alone: that of another one is one that no read here comes to."""
    create = partial(locations.create_location, fields=LocationFields(name="Hall"))
    with closing(Desk(account=account_number("demo"))) as desk:
        desk.do(opening_account("demo", "en", "EUR"))
        for _ in range(10):
            Desk(desk.store, account=account_number("other")).do(create)
        desk.do(create, key="k1", request="POST hall")
        lines = [line + b"\n" for line in export_lines(desk.store, [DEMO])]
        old = desk.store.position()

    import_lines(store, lines, metadata())

    kept = store.kept_answer(account_number("demo"), "k1")
    assert kept is not None
    assert kept[1].position == store.position() < old


@pytest.mark.parametrize("strange", [[], {}, 1])
@pytest.mark.parametrize("name", ["account", "topic"])
def test_a_name_that_is_no_text_is_refused(
    exported: list[str], empty: Desk, name: str, strange: Any
) -> None:
    number, lines = changed(exported, "location.created", lambda line: line.update({name: strange}))

    with pytest.raises(Invalid, match=f"line {number}: {name}"):
        import_lines(empty.store, [line.encode() for line in lines], metadata())
