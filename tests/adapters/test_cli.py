"""The command line, on both stores: what it prints, what it refuses, what it leaves."""

import json
import re
import shlex
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from typer.testing import CliRunner, Result

from adapters import demo
from adapters.bootstrap import EVENTS, Stagebook, bootstrap
from adapters.cli import app
from adapters.http.app import make_app
from adapters.settings import Settings
from adapters.views.sql import THERE
from application import contingents, events, locations, sales
from application.keyring import opening_account
from application.transfer import export_lines
from domain.contingents import ContingentBody
from domain.event_fields import EventBody
from domain.ids import Kind, account_number, key
from domain.location import LocationFields
from domain.order import Hold
from domain.taking import OrderBody
from tests.adapters.http.talk import opened
from tests.exports import facts_in, head_of, sealed

ACCOUNT = account_number("house")
Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `stagebook` on an empty store."""
    monkeypatch.setenv("STAGEBOOK_STORE", settings.store)

    def invoke(*arguments: str, data: str | None = None) -> Result:
        return CliRunner().invoke(app, list(arguments), input=data)

    return invoke


def filled(settings: Settings, run: Run) -> None:
    """An account `house` with a Location and an Event that was renamed, and its views."""
    assert run("keys", "add", "--account", "house", "--role", "admin").exit_code == 0
    book = bootstrap(settings)
    book.start()
    do = partial(book.execute, account=ACCOUNT, actor="anna")
    do(partial(locations.create_location, fields=LocationFields(name="Hall")))
    do(partial(events.create_event, body=EventBody(locationid=1, name="Before", tags=["jazz"])))
    do(partial(events.change_event, number=1, body=EventBody(name="After")))
    assert book.catch_up(10)
    book.close()


def view_of(settings: Settings, change: Callable[[Stagebook], None]) -> None:
    book = bootstrap(settings)
    change(book)
    book.close()


def test_a_token_is_printed_once_alone_and_its_key_is_listed_until_it_is_revoked(run: Run) -> None:
    added = run("keys", "add", "--account", "house", "--role", "viewer", "--name", "anna")
    assert re.fullmatch(r"sb_[\w-]{43}\n", added.stdout)

    listed = run("keys", "list").stdout
    assert "anna" in listed
    assert "viewer" in listed
    assert added.stdout.strip() not in listed

    assert run("keys", "revoke", "1").exit_code == 0
    assert run("keys", "list").stdout.count("Z") == listed.count("Z") + 1


def test_keys_that_cannot_be_are_refused_with_a_reason(run: Run) -> None:
    add = ("keys", "add", "--account", "house", "--role", "viewer", "--name", "anna")
    assert run(*add).exit_code == 0

    again = run(*add)
    unknown = run("keys", "revoke", "7")

    assert (again.exit_code, unknown.exit_code) == (1, 1)
    assert "has a key 'anna' already" in again.stderr
    assert "there is no key 7" in unknown.stderr


def test_an_export_is_imported_elsewhere_with_all_its_facts_and_ids(
    settings: Settings, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(settings, run)
    exported = run("export", "--account", "house").stdout

    monkeypatch.setenv("STAGEBOOK_STORE", str(tmp_path / "elsewhere"))
    imported = run("import", "-", data=exported)

    assert imported.exit_code == 0
    assert facts_in(run("export", "--account", "house").stdout) == facts_in(exported)
    history = run("history", "event", "1", "--account", "house").stdout
    assert 'name: "Before" → "After"' in history
    again = run("import", "-", data=exported)
    assert again.exit_code == 1
    assert "has facts already" in again.stderr


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda lines: sealed(lines[1:-1]), "line 1: expected the head"),
        (lambda lines: sealed(x for x in lines[:-1] if "event.created" not in x), "version 1"),
        (lambda lines: [*lines[:-1], lines[-1][:-9]], "expected a JSON object"),
        (lambda lines: sealed(x.replace("event.", "evil.") for x in lines[:-1]), "expected a fact"),
        (lambda lines: lines[:-1], "the export is not whole: its last line says no end"),
        (lambda lines: [*lines[:-2], lines[-1]], "the export was changed or cut"),
        (lambda lines: [x.replace("After", "Later") for x in lines], "was changed or cut"),
        (lambda lines: [*lines, lines[-2]], "the export is not whole"),
    ],
)
def test_a_damaged_export_is_refused_whole(
    run: Run,
    settings: Settings,
    damage: Callable[[list[str]], list[str]],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    filled(settings, run)
    lines = run("export", "--account", "house").stdout.splitlines()

    monkeypatch.setenv("STAGEBOOK_STORE", str(tmp_path / "elsewhere"))
    imported = run("import", "-", data="\n".join(damage(lines)))

    assert imported.exit_code == 1
    assert says in imported.stderr
    assert "there is no account" in run("export", "--account", "house").stderr


def test_check_is_content_with_what_is_sound(settings: Settings, run: Run) -> None:
    filled(settings, run)

    assert run("check").stdout == "sound\n"


def test_check_names_a_document_that_is_not_what_its_facts_say(
    settings: Settings, run: Run
) -> None:
    filled(settings, run)

    def tamper(book: Stagebook) -> None:
        view = book.views.live(EVENTS)
        with view.writing() as c:
            forged = f"UPDATE {view.documents} SET body = ? WHERE body IS NOT NULL"  # noqa: S608 - our name
            c.execute(forged, (b"{}",))

    view_of(settings, tamper)
    checked = run("check")

    assert checked.exit_code == 1
    what = f"event 1 of account {ACCOUNT:x} ({key(ACCOUNT, Kind.EVENT, 1).hex()})"
    assert checked.stdout == f"view events: {what} differs from what its facts say: body\n"
    assert run("rebuild", "events").exit_code == 0
    assert run("check").stdout == "sound\n"


def test_check_of_views_tells_their_digests_and_heals_what_differs(
    settings: Settings, run: Run
) -> None:
    filled(settings, run)
    sound = run("check", "--views").stdout

    def tamper(book: Stagebook) -> None:
        view = book.views.live(EVENTS)
        with view.writing() as c:
            c.execute(f"UPDATE {view.documents} SET etag = ''")  # noqa: S608 - our name

    view_of(settings, tamper)
    found, others = run("check", "--views"), run("check", "--views", "locations", "orders")
    healed, again = run("check", "--views", "events", "--heal"), run("check", "--views")

    digests = [line.split()[-2:] for line in sound.splitlines()[1:8]]
    assert all(re.fullmatch("[0-9a-f]{32}", one) and one == other for one, other in digests)
    assert (found.exit_code, others.exit_code, healed.exit_code) == (1, 0, 0)
    assert "differs from what its facts say: etag" in found.stdout
    assert f"healed view events: event 1 of account {ACCOUNT:x}: etag" in healed.stdout
    assert again.stdout.splitlines()[:8] == sound.splitlines()[:8]
    assert again.stdout.endswith("sound\n")


def test_a_rebuild_that_is_compared_switches_only_to_the_same(settings: Settings, run: Run) -> None:
    filled(settings, run)

    def tamper(book: Stagebook) -> None:
        view = book.views.live(EVENTS)
        with view.writing() as c:
            c.execute(f"UPDATE {view.documents} SET etag = ''")  # noqa: S608 - our name

    assert run("rebuild", "events", "--compare").exit_code == 0
    view_of(settings, tamper)
    differing, checked = run("rebuild", "events", "locations", "--compare"), run("check")
    switched = run("rebuild", "events")

    assert (differing.exit_code, checked.exit_code, switched.exit_code) == (1, 1, 0)
    named = f"view events: event 1 of account {ACCOUNT:x} is rebuilt otherwise: etag\n"
    assert named in differing.stdout
    assert "not switched: events\n" in differing.stderr
    assert run("check").stdout == "sound\n"


@pytest.mark.parametrize("wrong", [["--heal"], ["events"], ["--views", "nonsense"]])
def test_what_cannot_be_checked_is_refused(run: Run, wrong: list[str]) -> None:
    refused = run("check", *wrong)

    assert refused.exit_code == 1
    assert "stagebook: n" in refused.stderr


def execute(settings: Settings, statement: str, database: str = "facts.sqlite") -> None:
    """Tampers with the store behind the program's back."""
    if settings.is_postgres:
        with psycopg.connect(settings.store) as connection:
            connection.execute(statement)
    else:
        with closing(sqlite3.connect(settings.folder / database)) as connection:
            connection.execute(statement)
            connection.commit()


def test_check_names_a_document_that_another_account_could_list(
    settings: Settings, run: Run
) -> None:
    filled(settings, run)

    def tamper(book: Stagebook) -> None:
        view = book.views.live(EVENTS)
        with view.writing() as c:
            c.execute(f"UPDATE {view.documents} SET account = 7 WHERE body IS NOT NULL")  # noqa: S608
        with view.writing() as c:
            c.execute(f"DELETE FROM {view.terms} WHERE {THERE}")  # noqa: S608 - ours

    view_of(settings, tamper)

    assert "view events: event 1 of account" in run("check").stdout


def test_check_names_counts_of_an_account_that_has_no_fact(settings: Settings, run: Run) -> None:
    filled(settings, run)

    execute(settings, "INSERT INTO account_usage VALUES (7, 'orders', 3)")

    assert "what account 7 has is counted as {'orders': 3}, its facts say {}" in run("check").stdout
    assert run("recount").stdout == "counted\n"
    assert run("check").stdout == "sound\n"


def test_check_names_numbers_that_could_be_given_out_again(settings: Settings, run: Run) -> None:
    filled(settings, run)

    execute(settings, "UPDATE numbers SET next = 1 WHERE kind = 3")

    could = f"event 1 of account {ACCOUNT:x} could be given out again; run: stagebook recount\n"
    assert run("check").stdout == could
    assert run("recount").stdout == "counted\n"
    assert run("check").stdout == "sound\n"


def test_check_names_a_snapshot_that_is_not_what_its_facts_say(
    settings: Settings, run: Run
) -> None:
    filled(settings, run)
    book = bootstrap(settings)
    book.start()
    for turn in range(250):
        change = partial(events.change_event, number=1, body=EventBody(name=f"Name {turn}"))
        book.execute(change, account=ACCOUNT, actor="anna")
    assert book.catch_up(10)
    book.close()
    assert run("check").stdout == "sound\n"

    with closing(bootstrap(settings)) as book:
        wrong = [replace(s, state={**s.state, "name": "Nome"}) for s in book.store.snapshots()]
        execute(settings, "DELETE FROM stored_snapshots")
        book.store.append([], snapshots=wrong)

    checked = run("check").stdout
    assert checked.count("is not what its facts say") == 2
    assert "at version 100" in checked


def test_facts_that_come_while_an_export_runs_wait_for_the_next_one(book: Stagebook) -> None:
    book.execute(opening_account("house", "en", "EUR"), account=0, actor="tests")
    do = partial(book.execute, account=ACCOUNT, actor="anna")
    do(partial(locations.create_location, fields=LocationFields(name="Hall")))
    held = {"name": "house", "language": "en", "currency": "EUR", "timezone": "UTC"}
    exporting = export_lines(book.store, [held])
    lines = [next(exporting)]

    do(partial(locations.create_location, fields=LocationFields(name="Meanwhile")))

    lines += exporting
    exported = b"".join(lines)
    assert b"Hall" in exported
    assert b"Meanwhile" not in exported


@pytest.mark.parametrize(
    "head",
    [
        '{"stagebook":1}',
        head_of(account=""),
        head_of(language="english"),
        head_of(currency="euro"),
        head_of(currency=None),
        head_of(timezone="Mars"),
        head_of(numbers={"3": -1}),
        head_of(numbers={"3": 2**70}),
        "[]",
    ],
)
def test_an_export_without_a_proper_head_is_refused(run: Run, head: str) -> None:
    imported = run("import", "-", data="\n".join(sealed([head])))

    assert imported.exit_code == 1
    assert "expected" in imported.stderr


def test_an_export_of_nothing_is_not_whole(run: Run) -> None:
    imported = run("import", "-", data="")

    assert (imported.exit_code, imported.stderr) == (
        1,
        "stagebook: line 0: the export is not whole: its last line says no end\n",
    )


@pytest.mark.parametrize(
    "option",
    [("--account", ""), ("--name", " anna"), ("--language", "english"), ("--currency", "euro")],
)
def test_names_languages_and_currencies_that_cannot_be_are_refused(
    run: Run, option: tuple[str, str]
) -> None:
    asked = {"--account": "house", "--role": "viewer"} | dict([option])

    added = run("keys", "add", *(word for pair in asked.items() for word in pair))

    assert added.exit_code == 1
    assert "expected" in added.stderr


def currency_in(run: Run, account: str = "house") -> str:
    """The currency that an export says."""
    head = json.loads(run("export", "--account", account).stdout.splitlines()[0])
    return str(head["accounts"][0]["currency"])


def test_an_account_gets_the_currency_that_its_first_key_was_added_with(run: Run) -> None:
    add = ("keys", "add", "--account", "house", "--role", "seller")
    assert run(*add, "--currency", "JPY").exit_code == 0

    again, same, other = run(*add), run(*add, "--currency", "JPY"), run(*add, "--currency", "EUR")

    assert [again.exit_code, same.exit_code, other.exit_code] == [0, 0, 1]
    assert "currency: account house has JPY, for ever" in other.stderr
    assert currency_in(run) == "JPY"


def test_an_account_that_asks_for_no_currency_gets_that_of_the_settings(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("keys", "add", "--account", "euros", "--role", "admin")
    monkeypatch.setenv("STAGEBOOK_CURRENCY", "KWD")
    for account in ("euros", "dinars"):
        assert run("keys", "add", "--account", account, "--role", "seller").exit_code == 0

    assert [currency_in(run, account) for account in ("euros", "dinars")] == ["EUR", "KWD"]


def test_a_currency_that_nobody_knows_is_no_setting(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAGEBOOK_CURRENCY", "DEM")

    said = run("keys", "list")

    assert said.exit_code == 1
    assert "STAGEBOOK_CURRENCY" in said.stderr
    assert "expected a currency of ISO 4217, such as EUR" in said.stderr


def test_an_import_brings_its_currency_and_one_without_is_in_euros(
    run: Run, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("keys", "add", "--account", "house", "--role", "admin", "--currency", "JPY")
    exported = run("export", "--account", "house").stdout
    head = {"stagebook": 2, "everything": False}
    head["accounts"] = [{"account": "older", "language": "en", "numbers": {}}]
    older = "\n".join(sealed([json.dumps(head)]))

    monkeypatch.setenv("STAGEBOOK_STORE", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("STAGEBOOK_CURRENCY", "USD")
    imported = [run("import", "-", data=exported), run("import", "-", data=older)]

    assert [one.exit_code for one in imported] == [0, 0]
    assert [currency_in(run, account) for account in ("house", "older")] == ["JPY", "EUR"]


def test_an_import_into_an_account_of_another_currency_records_nothing(run: Run) -> None:
    run("keys", "add", "--account", "house", "--role", "admin", "--currency", "JPY")
    before = run("export", "--account", "house").stdout

    head = head_of(account="house", currency="USD", numbers={"3": 99})
    imported = run("import", "-", data="\n".join(sealed([head])))

    assert imported.exit_code == 1
    assert "currency: account house has JPY" in imported.stderr
    assert run("export", "--account", "house").stdout == before


@pytest.mark.parametrize("state", [b"{", b"[]", b'{"name": 1}'])
def test_check_names_the_first_fact_that_cannot_be_read(
    settings: Settings, run: Run, state: bytes
) -> None:
    filled(settings, run)
    forged = "UPDATE stored_events SET state = ? WHERE topic = 'event.details-changed'"
    if settings.is_postgres:
        with psycopg.connect(settings.store) as connection:
            connection.execute(forged.replace("?", "%s"), (state,))
    else:
        with closing(sqlite3.connect(settings.folder / "facts.sqlite")) as connection:
            connection.execute(forged, (state,))
            connection.commit()

    checked = run("check")

    assert checked.exit_code == 1
    named = r"position \d+: event.details-changed of [0-9a-f-]{36}, which cannot be read: .+"
    assert re.match(named, checked.stdout)


def test_rebuild_takes_names_or_all_and_shows_its_progress(settings: Settings, run: Run) -> None:
    filled(settings, run)

    rebuilt = run("rebuild", "--all")

    assert rebuilt.exit_code == 0
    for name in ("events", "locations", "availability", "changes"):
        assert name in rebuilt.stderr
    assert run("rebuild", "nonsense").exit_code == 1
    assert run("rebuild").exit_code == 1


def test_history_needs_something_it_can_find(settings: Settings, run: Run) -> None:
    filled(settings, run)
    guid = json.loads(run("export", "--account", "house").stdout.splitlines()[1])
    assert guid["number"] == 1

    unknown = run("history", "ticket", "1")
    assert "a number needs --account" in run("history", "event", "1").stderr
    assert "neither a number nor the guid" in run("history", "event", "x").stderr
    assert "expected one of event, location, order, pricetype" in unknown.stderr
    nothing = run("history", "event", "99", "--account", "house")
    assert nothing.exit_code == 1
    assert "Event 99 does not exist" in nothing.stderr


def test_the_history_of_an_order_is_found_by_its_guid_in_its_view_or_behind_it(
    settings: Settings, run: Run
) -> None:
    filled(settings, run)
    create = partial(
        sales.create_order,
        body=OrderBody.model_validate({"saleschannelid": 2}),
        hold=Hold(60, 60),
    )
    with closing(bootstrap(settings)) as book:
        book.start_writer()  # and no worker: no view has the first order before it is rebuilt
        first = book.execute(create, account=ACCOUNT, actor="anna").state["guid"]
        run("rebuild", "orders")
        second = book.execute(create, account=ACCOUNT, actor="bert").state["guid"]

    for guid, actor in ((first, "anna"), (second, "bert"), (first.replace("-", ""), "anna")):
        told = run("history", "order", guid)
        assert (told.exit_code, f"{actor}  OrderCreated" in told.stdout) == (0, True), told.stderr
    unknown = run("history", "order", "0f8fad5b-d9cb-469f-a165-70867728950e")
    assert unknown.exit_code == 1
    assert "there is no order 0f8fad5b" in unknown.stderr


def test_a_history_is_of_anything_and_names_contingents_and_price_types(
    settings: Settings, run: Run
) -> None:
    filled(settings, run)
    book = bootstrap(settings)
    book.start()
    do = partial(book.execute, account=ACCOUNT, actor="anna")
    add = partial(contingents.add_contingent, number=1)
    do(partial(add, body=ContingentBody(name="Floor", amount=5, price=30)))
    change = partial(contingents.change_contingent, number=1, contingent_id=1)
    do(partial(change, body=ContingentBody(price=35)))
    order = OrderBody.model_validate({"saleschannelid": 2})
    do(partial(sales.create_order, body=order, hold=Hold(60, 60)))
    book.close()

    def told(kind: str, thing: str, *options: str) -> str:
        made = run("history", kind, thing, "--account", "house", *options)
        assert made.exit_code == 0, made.stderr
        return str(made.stdout)

    assert "contingents.1.prices.1 (Floor, Normal): 30" in told("event", "1", "--limit", "1")
    assert "OrderCreated" in told("order", "1")
    assert 'name: null → "Normal"' in told("pricetype", "1")
    assert 'name: null → "Web"' in told("saleschannel", "2")
    assert "ContingentChanged" in told("event", "1", "--sales")


def test_a_wrong_setting_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGEBOOK_PORT", "door")

    said = run("keys", "list")

    assert said.exit_code == 1
    assert "STAGEBOOK_PORT" in said.stderr


def test_the_demo_is_filled_once_and_keeps_its_token(book: Stagebook, tmp_path: Path) -> None:
    demo.fill(book)
    facts = book.store.position()
    token = demo.token(book, tmp_path)
    book.keyring.refresh()

    demo.fill(book)

    assert demo.token(book, tmp_path) == token
    assert book.store.position() == facts + 1  # the key
    assert (next(tmp_path.glob("demo-token-*")).stat().st_mode & 0o777) == 0o600


def test_the_lines_that_the_demo_prints_work_as_they_are(
    settings: Settings, tmp_path: Path
) -> None:
    with closing(bootstrap(settings)) as book:
        book.start()
        demo.fill(book)
        token = demo.token(book, tmp_path / "token")
    printed = demo.welcome("http://testserver", token, "there")
    curls = [line for line in printed.splitlines() if line.startswith("curl")]

    with opened(make_app(settings)) as client:
        answers = [as_curl(client, shlex.split(line)) for line in curls]

    read, changed, history, order = (answer.json() for answer in answers)
    assert (read["id"], changed["subtitle"]) == (1, "Extra night")
    assert history["data"][0]["fact"] == "EventDetailsChanged"
    assert [ticket["price"] for ticket in order["tickets"]] == [20.0, 20.0]


def as_curl(client: TestClient, words: list[str]) -> Response:
    """What curl would be answered."""
    headers = dict(w.split(": ") for flag, w in pairwise(words) if flag == "-H")
    (body,) = [w for flag, w in pairwise(words) if flag == "-d"] or [None]
    (verb,) = [w for flag, w in pairwise(words) if flag == "-X"] or ["POST" if body else "GET"]
    answer = client.request(verb, words[-1], headers=headers, content=body)
    assert answer.is_success, answer.text
    return answer
