"""Parked documents of a running Stagebook, as its readers and whoever looks after it see them."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner, Result

from adapters.bootstrap import bootstrap
from adapters.cli import app
from adapters.http.app import make_app
from adapters.http.ticketmatic.signing import signature
from adapters.sealing import Seal
from adapters.settings import Settings
from adapters.stores.mapper import NEWER
from application.keyring import NewKey, adding_signing_key
from domain.base import UnknownFact, type_of_topic
from domain.event_facts import EventDetailsChanged
from domain.ids import Kind, account_number, guid
from domain.registry import Role
from projections.event_documents import EventDocuments
from projections.location_documents import LocationDocuments
from tests.adapters.http.talk import (
    AS,
    END,
    START,
    a_location,
    after,
    an_event,
    book_of,
    changed,
    made,
    now,
    opened,
    position,
    refused,
)
from tests.conftest import ACCOUNT, TOKENS, add_keys
from tests.processes.program import eventually

Run = Callable[..., Result]
BOUND = 30.0
HOUSE = account_number(ACCOUNT)
TOPIC = EventDetailsChanged.TOPIC
SPOILT = "Spoilt"
"""No document digests that name."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Of a Stagebook with keys, one of which signs."""
    keyed = settings.model_copy(update={"secret_key": "k" * 32})
    with closing(bootstrap(keyed)) as book:
        book.start_writer()
        add_keys(book)
        signing = adding_signing_key(
            NewKey(ACCOUNT, Role.ADMIN), "ak", Seal(keyed).seal("ak", "sk")
        )
        book.execute(signing, account=0, actor="tests")
    return keyed


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with opened(make_app(settings)) as client:
        yield client


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `stagebook` beside the running application."""
    monkeypatch.setenv("STAGEBOOK_STORE", settings.store)
    if settings.secret_key:
        monkeypatch.setenv("STAGEBOOK_SECRET_KEY", settings.secret_key)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


@contextmanager
def indigestible(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Documents of Events have a fault, while inside."""
    fold = EventDocuments.fold

    def faulty(self: EventDocuments, documents: Any, recorded: Any) -> None:
        fact = recorded.fact
        if isinstance(fact, EventDetailsChanged) and fact.changed.get("name") == SPOILT:
            raise ValueError(SPOILT)
        fold(self, documents, recorded)

    with monkeypatch.context() as faults:
        faults.setattr(EventDocuments, "fold", faulty)
        yield


def signed() -> dict[str, str]:
    """What clients of Ticketmatic say who they are with."""
    ts = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    sign = signature("ak", b"sk", ACCOUNT, ts)
    return {"Authorization": f"TM-HMAC-SHA256 key=ak ts={ts} sign={sign}"}


def key_of(event: int) -> str:
    return guid(HOUSE, Kind.EVENT, event).hex


def parked(client: TestClient) -> dict[str, list[dict[str, Any]]]:
    """What of the account is parked, by view, once the views have every fact."""
    assert book_of(client).catch_up(BOUND)
    views = client.get("/v1/projections").json()["data"]
    return {view["name"]: view["parkeddocuments"] for view in views if view["parked"]}


def two_events(client: TestClient) -> tuple[int, int]:
    one = an_event(client, name="A")
    other = an_event(client, name="B", locationid=one["locationid"])
    assert book_of(client).catch_up(BOUND)
    return one["id"], other["id"]


# -- a fact that cannot be folded


def test_who_may_know_of_a_parked_document_and_nobody_reads_its_text(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, _ = two_events(client)
    with closing(bootstrap(book_of(client).settings)) as beside:
        beside.start_writer()
        add_keys(beside, "other", "-other")

    with indigestible(monkeypatch):
        at = after(changed(client, f"/v1/events/{event}", name=SPOILT))
        parked(client)
        seen = {
            role: client.get("/v1/projections/events", headers=AS[role]).json()
            for role in (Role.AUDITOR, Role.ADMIN, Role.OPERATOR)
        }
        others = {"Authorization": f"Bearer {TOKENS[Role.ADMIN]}-other"}
        elsewhere = client.get("/v1/projections/events", headers=others).json()
        ready = client.get("/health/ready")
        late = client.get(f"/v1/events/{event}", headers=AS[Role.VIEWER] | at)

    for one in seen.values():
        assert [document["key"] for document in one["parkeddocuments"]] == [key_of(event)]
    assert (elsewhere["parked"], elsewhere["parkeddocuments"]) == (1, [])
    assert ready.json()["views"]["events"]["parked"] == 1
    assert refused(late, 503, "parked")["error"] == "EventDetailsChanged: ValueError"
    assert SPOILT not in f"{seen} {ready.text} {late.text}"


def test_one_document_waits_and_every_fresh_read_of_it_says_so(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, other = two_events(client)
    path = f"/v1/events/{event}"
    before = client.get(path)
    long_ago = {"Stagebook-After": str(position(client))}

    with indigestible(monkeypatch):
        at = after(changed(client, path, name=SPOILT))
        changed(client, path, subtitle="Later")
        (found,) = parked(client)["events"]

        assert (found["key"], found["position"]) == (key_of(event), int(at["Stagebook-After"]))
        assert found["error"] == "EventDetailsChanged: ValueError"
        assert found["since"].startswith("20")
        assert client.get("/health/ready").status_code == 200
        assert list(parked(client)) == ["events"]

        shown = client.get(path)
        assert shown.content == before.content
        assert int(shown.headers["Stagebook-Position"]) == found["position"] - 1
        assert float(shown.headers["Stagebook-Lag"]) >= 0
        assert client.get(path, headers=long_ago).content == before.content
        problem = refused(client.get(path, headers=at), 503, "parked")
        assert (problem["view"], problem["position"]) == ("events", found["position"])
        assert (problem["since"], problem["error"]) == (found["since"], found["error"])
        refused(client.get(f"{path}/dates", headers=at), 503, "parked")
        shown = f"/event/{guid(HOUSE, Kind.EVENT, event)}"
        assert client.get(f"/api/1/{ACCOUNT}/events/{event}", headers=signed()).status_code == 503
        assert [client.get(one).status_code for one in (shown, f"{shown}/location")] == [503, 503]

        theirs = changed(client, f"/v1/events/{other}", name="B2")
        read = client.get(f"/v1/events/{other}", headers=after(theirs))
        assert read.content == theirs.content
        assert now(client, f"/v1/events/{event}/availability").status_code == 200


def test_what_is_parked_from_its_first_fact_on_is_never_said_not_to_exist(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as faults:
        faults.delattr(LocationDocuments, "fold")
        place = a_location(client)
        assert parked(client)["locations"]

        for headers in ({}, {"Stagebook-After": "0"}):
            problem = refused(
                client.get(f"/v1/locations/{place['id']}", headers=headers), 503, "parked"
            )
            assert problem["view"] == "locations"
        refused(client.get("/v1/locations/404"), 404, "not-found")


def test_a_retry_takes_it_up_again_once_the_cause_is_gone(
    client: TestClient, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, _ = two_events(client)
    path = f"/v1/events/{event}"
    with indigestible(monkeypatch):
        changed(client, path, name=SPOILT)
        at = after(changed(client, path, subtitle="Later"))
        (found,) = parked(client)["events"]

        listed, bare, vain = run("parked", "list"), run("parked"), run("parked", "retry")

        assert listed.stdout == bare.stdout
        assert {"events", key_of(event), str(found["position"])} <= set(listed.stdout.split())
        assert vain.exit_code == 1
        assert f"waits at position {found['position']}: EventDetailsChanged" in vain.stdout
        assert parked(client)["events"] == [found]

    again = run("parked", "retry", "events", key_of(event))

    assert (again.exit_code, again.stdout.strip()[-7:]) == (0, "goes on")
    document = client.get(path, headers=at).json()
    assert (document["name"], document["subtitle"]) == (SPOILT, "Later")
    assert parked(client) == {}
    assert changed(client, path, name="C").content == now(client, path).content
    nothing = run("parked", "retry", "events", key_of(event))
    assert (nothing.exit_code, "is not parked" in nothing.stderr) == (1, True)


def test_a_fact_is_given_up_with_a_reason_that_is_kept(
    client: TestClient, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, _ = two_events(client)
    path, which = f"/v1/events/{event}", ("events", key_of(event))
    with indigestible(monkeypatch):
        changed(client, path, name=SPOILT)
        at = after(changed(client, path, subtitle="Later"))
        (found,) = parked(client)["events"]
        before = position(client)

        without = run("parked", "discard", *which)
        blank = run("parked", "discard", *which, "--reason", " ")
        wrong = run("parked", "discard", "events", "x", "--reason", "y")
        assert [one.exit_code for one in (without, blank, wrong)] == [2, 1, 1]
        assert "--reason" in without.stderr
        assert "expected why the fact is skipped" in blank.stderr
        assert "x is no key" in wrong.stderr
        assert (position(client), parked(client)["events"]) == (before, [found])

        done = run("parked", "discard", *which, "--reason", "typed by a cat")
        assert (done.exit_code, done.stdout.strip()[-7:]) == (0, "goes on")

    document = client.get(path, headers=at).json()
    assert (document["name"], document["subtitle"]) == ("A", "Later")
    entry = now(client, "/v1/changes?limit=1000").json()["data"][-1]
    assert (entry["fact"], entry["kind"], entry["id"]) == ("FactDiscarded", "event", event)
    assert (entry["reason"], entry["actor"]) == ("typed by a cat", "command line")
    assert (entry["data"]["view"], entry["data"]["position"]) == ("events", found["position"])
    body = client.get(path).content

    assert run("check", "--views").exit_code == 0
    assert run("rebuild", "events", "--workers", "1").exit_code == 0

    assert now(client, path).content == body
    assert run("check", "--views").exit_code == 0
    assert now(client, "/health/ready").json()["views"]["events"]["parked"] == 0


# -- a fact that is not known


def newer(client: TestClient, event: int, **fields: Any) -> None:
    """What a newer version records of an Event, beside the running application."""
    aggregate = guid(HOUSE, Kind.EVENT, event)
    store = book_of(client).store
    last = store.stream(aggregate)[-1].fact
    cause = {n: getattr(last, n) for n in ("time", "actor", "correlation", "causation", "reason")}
    fact = EventDetailsChanged(
        originator_id=aggregate,
        originator_version=last.originator_version + 1,
        changed=fields,
        **cause,
    )
    store.append([fact])


@pytest.fixture
def older(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A version that does not know yet that details change, until it is undone."""
    with monkeypatch.context() as version:
        version.delitem(type_of_topic, TOPIC)
        yield version


def test_what_is_not_known_holds_that_thing_alone_until_the_upgrade(
    settings: Settings, older: pytest.MonkeyPatch, run: Run
) -> None:
    date = {"start": START, "end": END}
    with opened(make_app(settings)) as client:
        event, other = two_events(client)
        path = f"/v1/events/{event}"
        before = client.get(path).content
        newer(client, event, name="From tomorrow")
        at = {"Stagebook-After": str(position(client))}
        (found,) = parked(client)["events"]

        assert (found["key"], found["error"]) == (key_of(event), f"{TOPIC}, {NEWER}")
        assert client.get(path).content == before
        refused(client.get(path, headers=at), 503, "parked")
        problem = refused(client.post(f"{path}/dates", json=date), 503, "fact-unknown")
        assert (problem["id"], problem["topic"], problem["version"]) == (event, TOPIC, 2)
        made(client, f"/v1/events/{other}/dates", **date)
        feed = now(client, f"/v1/changes?after={found['position'] - 1}").json()["data"]
        assert [one["fact"] for one in feed] == [TOPIC, "DateAdded"]
        assert now(client, f"/v1/events/{other}/dates").json()["data"][0]["end"] == END
        impatient = run("parked", "discard", "events", key_of(event), "--reason", "impatient")
        assert (impatient.exit_code, "it waits for that" in impatient.stderr) == (1, True)
        assert run("check").exit_code == 1

    older.undo()
    with opened(make_app(settings)) as client:
        eventually(lambda: not parked(client))
        assert client.get(path, headers=at).json()["name"] == "From tomorrow"
        made(client, f"{path}/dates", **date)
        assert now(client, path).json()["version"] > problem["version"]
        assert parked(client) == {}
    assert run("check").exit_code == 0


def test_a_rebuild_leaves_parked_what_is_not_known_and_shows_it_as_it_was(
    client: TestClient, run: Run
) -> None:
    event, other = two_events(client)
    path = f"/v1/events/{event}"
    before = client.get(path).content
    aggregate = guid(HOUSE, Kind.EVENT, event)
    sold = UnknownFact(
        originator_id=aggregate,
        originator_version=2,
        topic="event.sold",
        payload=b"{}",
        why=NEWER,
        time="",
        actor="eve",
        correlation="",
        causation=None,
        reason=None,
    )
    book_of(client).store.append([sold])
    (waiting,) = parked(client)["events"]

    checked = run("check", "--views")
    rebuilt = run("rebuild", "events", "--workers", "1")

    assert (checked.exit_code, "is parked since" in checked.stdout + checked.stderr) == (1, True)
    assert rebuilt.exit_code == 0
    assert parked(client)["events"] == [waiting]
    assert client.get(path).content == before
    refused(now(client, path), 503, "parked")
    theirs = changed(client, f"/v1/events/{other}", name="B2")
    assert client.get(f"/v1/events/{other}", headers=after(theirs)).content == theirs.content
