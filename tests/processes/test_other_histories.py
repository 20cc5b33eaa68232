"""Stores that were put back, emptied, mixed up or copied, as servers and commands find them: one
test for each row of the documented table, on both stores."""

import base64
import http.client
import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from adapters.bootstrap import bootstrap
from adapters.settings import Settings
from domain.lineage import Identity
from domain.registry import Role
from tests.adapters import test_killed_imports as imports
from tests.adapters.test_put_back_stores import add
from tests.adapters.webhooks import test_outbox_of_another_history as outbox
from tests.conftest import ACCOUNT, TOKENS
from tests.copies import Copy, remove
from tests.followers import changes, following
from tests.processes.pair import problem
from tests.processes.program import UNANSWERED, Answer, Client, Place, Server, eventually

pytestmark = pytest.mark.slow

DOCUMENT = Path(__file__).parents[2] / "docs/operations/postgresql.md"

NOTICED_SECONDS = 3.0
"""Far more than a look and its answer take, on a machine with other things to do."""


@pytest.fixture
def elsewhere(request: pytest.FixtureRequest, place: Place, tmp_path: Path) -> Iterator[Place]:
    """Another place of the same sort."""
    store = str(tmp_path / "elsewhere")
    if place.settings.is_postgres:
        store = request.getfixturevalue("new_database")()
    (tmp_path / "logs").mkdir()
    with closing(Place(store, tmp_path / "logs")) as made:
        yield made


def identity(place: Place) -> Identity:
    with place.book() as book:
        return book.identity


def names(client: Client) -> list[str]:
    return [one["name"] for one in client.read("/v1/locations")["data"]]


def shows(server: Server, *wanted: str) -> None:
    """Its views are rebuilt by then, or soon."""
    client = server.client()
    eventually(lambda: sorted(names(client)) == sorted(wanted), server.log)


def asked(server: Server, position: int, store: object = None) -> str:
    """What comes of an old position: why it is refused, or that the feed goes on."""
    named = {} if store is None else {"Stagebook_Store": str(store)}
    answer = server.client()("GET", f"/v1/changes?after={position}", **named)
    return "goes on" if answer.status == 200 else problem(answer)


def refuses(server: Server, since: float) -> None:
    """The server notices at its next look that its store was replaced."""

    def replaced() -> bool:
        try:
            with closing(Client(server.port)) as client:
                answer = client("GET", "/v1/locations")
        except UNANSWERED:
            return server.process.poll() is not None
        return answer.status == 503 and problem(answer) == "store-replaced"

    eventually(replaced, server.log)
    assert time.monotonic() - since < NOTICED_SECONDS
    assert "the store was replaced; this process ends" in server.log.read_text()


def lose(settings: Settings, behind: int) -> None:
    """The newest facts go, as with a standby that never had them."""
    if settings.is_postgres:
        with psycopg.connect(settings.store) as connection:
            delete = "DELETE FROM stored_events WHERE notification_id > %s"
            connection.execute(delete, (behind,))
    else:
        with closing(sqlite3.connect(settings.folder / "facts.sqlite")) as connection, connection:
            connection.execute("DELETE FROM stored_events WHERE rowid > ?", (behind,))


def created(server: Server, name: str, **headers: str) -> Answer:
    answer = server.client()("POST", "/v1/locations", {"name": name}, **headers)
    assert answer.status == 201, answer
    return answer


def test_an_older_copy_of_the_facts(place: Place, tmp_path: Path) -> None:
    add(place.settings, "Hall")
    copy, before = Copy(place.settings, tmp_path / "copy"), identity(place)
    server = place.serve()
    lost = created(server, "Lost")

    with following(server.port, "/v1/changes?after=0", TOKENS[Role.ADMIN]) as stream:
        last = next(changes(stream))
        copy.put_back()
        refuses(server, time.monotonic())
        with closing(Client(server.port)) as client:
            health = client("GET", "/health/ready")
        assert (health.status, health.json()["status"]) == (503, "store replaced")
        list(stream)  # it ends
    assert server.process.wait(20) == os.EX_SOFTWARE

    again = place.serve()
    shows(again, "Hall")
    answer = again.client()("GET", "/v1/locations")
    after = Identity.parse(answer.headers["stagebook-store"])
    assert after is not None
    assert after.id == before.id
    assert after.epoch > before.epoch
    assert asked(again, lost.position) == "ahead-of-store"
    assert asked(again, 0, before) == "other-epoch"
    of_stream = {"Accept": "text/event-stream", "Last_Event_ID": f"{last.store}.{last.id}"}
    assert problem(again.client()("GET", "/v1/changes", **of_stream)) == "other-epoch"
    logs = server.log.read_text() + again.log.read_text()  # its worker may have been the first
    assert "view of another history emptied" in logs


def test_several_server_processes_end_together(place: Place, tmp_path: Path) -> None:
    add(place.settings, "Hall")
    copy = Copy(place.settings, tmp_path / "copy")
    server = place.serve(workers=2)
    created(server, "Lost")

    copy.put_back()

    refuses(server, time.monotonic())
    assert server.process.wait(20) == os.EX_SOFTWARE


def test_a_newer_copy_of_the_facts(place: Place, tmp_path: Path) -> None:
    add(place.settings, "Hall")
    older, before = Copy(place.settings, tmp_path / "older", "everything"), identity(place)
    add(place.settings, "New")
    newer = Copy(place.settings, tmp_path / "newer")
    older.put_back()
    server = place.serve()
    old = server.client()("GET", "/v1/locations").position

    newer.put_back()
    if place.settings.is_postgres:
        shows(server, "Hall", "New")
    else:
        refuses(server, time.monotonic())
    server.kill()

    again = place.serve()
    shows(again, "Hall", "New")
    assert asked(again, old, before) == "goes on"
    assert "of another history" not in again.log.read_text()


def test_an_older_copy_of_everything(place: Place, tmp_path: Path) -> None:
    add(place.settings, "Hall")
    copy, before = Copy(place.settings, tmp_path / "copy", "everything"), identity(place)
    add(place.settings, "Lost")
    with place.book() as book:
        lost = book.store.position()

    copy.put_back()
    assert identity(place) == before
    place.run("identity", "--new-epoch")

    server = place.serve()
    shows(server, "Hall")
    assert asked(server, lost) == "ahead-of-store"
    assert asked(server, 0, before) == "other-epoch"
    assert "of another history" not in server.log.read_text()


def test_a_lost_tail(place: Place) -> None:
    add(place.settings, "Hall")
    with place.book() as book:
        before, kept = book.identity, book.store.position()
    server = place.serve()
    lost = created(server, "Lost", Idempotency_Key="k")

    lose(place.settings, kept)
    refuses(server, time.monotonic())
    server.kill()

    again = place.serve()
    shows(again, "Hall")
    assert asked(again, lost.position) == "ahead-of-store"
    assert asked(again, 0, before) == "other-epoch"
    created(again, "New")  # on SQLite, in the position of the lost one
    retried = created(again, "Lost", Idempotency_Key="k")
    assert "idempotent-replayed" not in retried.headers
    shows(again, "Hall", "New", "Lost")


def test_no_facts_beside_what_was_made_of_them(place: Place) -> None:
    add(place.settings, "Hall")
    before = identity(place)
    server = place.serve()

    remove(place.settings, "facts")
    refuses(server, time.monotonic())
    server.kill()

    refused = place.run("serve")
    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert f"the facts of {place.settings.place} are gone" in line
    beginning = place.settings.model_copy(update={"lost_store": "begin"})
    with closing(bootstrap(beginning)) as book:
        assert book.identity.id != before.id
        assert not book.keyring.account(ACCOUNT)


def test_nothing(place: Place) -> None:
    add(place.settings, "Hall")
    before = identity(place)
    server = place.serve()

    remove(place.settings, "everything")
    refuses(server, time.monotonic())
    server.kill()

    place.add_keys()
    again = place.serve()
    shows(again)
    assert asked(again, 0, before) == "other-epoch"
    assert identity(place).id != before.id


def test_views_of_another_store(place: Place, elsewhere: Place, tmp_path: Path) -> None:
    add(place.settings, "Hall")
    add(elsewhere.settings, "Club", "Bar")
    before = identity(place)

    Copy(elsewhere.settings, tmp_path / "copy", "views").put_back(place.settings)

    refused = place.run("serve", STAGEBOOK_FOREIGN_VIEWS="refuse")
    assert refused.returncode == 1
    assert "views of another history" in refused.stderr
    server = place.serve()
    shows(server, "Hall")
    assert f"it was made of the store {identity(elsewhere).id}" in server.log.read_text()
    eventually(lambda: asked(server, 0, before) == "goes on", server.log)


def test_the_secret_key_of_another_store(place: Place) -> None:
    add(place.settings, "Hall")
    pair = ("--kind", "signing", "--access-key", "ak", "--secret-key", "what it signs with")
    options = ("--account", ACCOUNT, "--role", "admin", "--name", "site")
    assert place.run("keys", "add", *options, *pair, STAGEBOOK_SECRET_KEY="1" * 32).returncode == 0

    server = place.serve(secret_key="2" * 32)

    shows(server, "Hall")
    sent = base64.b64encode(b"ak:what it signs with").decode()
    with closing(http.client.HTTPConnection("127.0.0.1", server.port)) as connection:
        headers = {"Authorization": f"Basic {sent}"}
        connection.request("GET", f"/api/1/{ACCOUNT}/tools/account", headers=headers)
        assert connection.getresponse().status == 401
    assert "a signing key cannot be used" in server.log.read_text()


def test_a_copy_beside_its_original(place: Place, elsewhere: Place, tmp_path: Path) -> None:
    add(place.settings, "Hall")
    before = identity(place)
    bootstrap(elsewhere.settings).close()
    Copy(place.settings, tmp_path / "copy", "everything").put_back(elsewhere.settings)
    assert identity(elsewhere) == before

    elsewhere.run("identity", "--new-id")

    server = elsewhere.serve()
    shows(server, "Hall")
    assert identity(elsewhere).id != before.id
    assert asked(server, 0) == "goes on"
    assert asked(server, 0, before) == "other-epoch"
    assert identity(place) == before


def test_an_export_of_everything_imported_where_facts_are(
    place: Place, elsewhere: Place, tmp_path: Path
) -> None:
    add(place.settings, "Hall")
    add(elsewhere.settings, "Club")
    export = tmp_path / "book.jsonl"
    export.write_text(elsewhere.run("export", "--all").stdout)
    before = place.run("identity").stdout

    refused = place.run("import", str(export))

    assert refused.returncode == 1
    assert "the store has facts already" in refused.stderr
    assert place.run("identity").stdout == before


def test_an_export_of_an_account_of_another_store(
    place: Place, elsewhere: Place, tmp_path: Path
) -> None:
    elsewhere.run("keys", "add", "--account", "house", "--role", "admin")
    export = tmp_path / "house.jsonl"
    export.write_text(elsewhere.run("export", "--account", "house").stdout)
    before = identity(place)

    imported, again = (place.run("import", str(export)) for _ in range(2))

    assert imported.returncode == 0, imported.stderr
    assert again.returncode == 1
    assert "account house has facts already" in again.stderr
    assert identity(place) == before


CASES: dict[str, Callable[..., Any]] = {
    "an older copy of the facts": test_an_older_copy_of_the_facts,
    "a newer copy of the facts": test_a_newer_copy_of_the_facts,
    "an older copy of everything": test_an_older_copy_of_everything,
    "a lost tail": test_a_lost_tail,
    "no facts, beside what was made of them": test_no_facts_beside_what_was_made_of_them,
    "nothing": test_nothing,
    "views of another store": test_views_of_another_store,
    "the outbox of another store": outbox.test_the_outbox_of_another_store_is_not_delivered_from,
    "an older outbox": (
        outbox.test_of_an_older_copy_of_the_outbox_what_came_since_is_delivered_again
    ),
    "an outbox that is ahead": (
        outbox.test_facts_that_were_lost_are_not_delivered_and_the_others_have_the_keys_they_had
    ),
    "the secret key of another store": test_the_secret_key_of_another_store,
    "a copy beside its original": test_a_copy_beside_its_original,
    "an export of everything, imported where facts are": (
        test_an_export_of_everything_imported_where_facts_are
    ),
    "an export of everything, imported into an empty store": (
        imports.test_a_kill_before_the_commit_leaves_neither_and_the_next_import_both
    ),
    "an export of an account of another store": test_an_export_of_an_account_of_another_store,
}


def test_each_case_of_the_documentation_has_a_test() -> None:
    (table,) = re.findall("<!-- cases -->\n(.*?)<!-- /cases -->", DOCUMENT.read_text(), re.DOTALL)
    rows = [line.split("|")[1].strip() for line in table.splitlines()[2:]]

    assert rows == [*CASES]
