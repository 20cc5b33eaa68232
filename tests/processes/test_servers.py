"""Several server processes on one store: they start at once, race, and take over from another."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier
from typing import Any, TypeVar
from uuid import uuid4

import psutil
import pytest

from tests.processes.program import BOUND, Answer, Client, Place, eventually
from tests.spec import PRICED

pytestmark = pytest.mark.slow

T = TypeVar("T")
TIMES = {"startts": "2026-11-21T20:00:00Z", "endts": "2026-11-21T22:00:00Z"}


class Trio:
    """Three servers that were started at once on an empty store, and an admin's token."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.servers = [place.launch() for _ in range(3)]
        for server in self.servers:
            server.ready()
        self.added = place.run("keys", "add", "--account", "demo", "--role", "admin")
        self.token = self.added.stdout.strip()
        eventually(lambda: all(c("GET", "/v1/events").status == 200 for c in self.clients()))

    def client(self, number: int) -> Client:
        """A client of that server, which is started again if a test has killed it."""
        if self.servers[number].process.poll() is not None:
            self.servers[number] = self.place.serve()
        return self.servers[number].client(self.token)

    def clients(self) -> list[Client]:
        return [self.client(number) for number in range(3)]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def trio(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Trio]:
    folder = tmp_path_factory.mktemp("trio")
    store = str(folder / "data")
    if request.param == "postgres":
        store = request.getfixturevalue("new_database")()
    with closing(Place(store, folder)) as place:
        yield Trio(place)


def at_once(*calls: Callable[[], T]) -> list[T]:
    """What they return, called at the same moment."""
    start = Barrier(len(calls))

    def call(one: Callable[[], T]) -> T:
        start.wait(BOUND)
        return one()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(call, calls))


def problem(answer: Answer) -> str:
    return str(answer.json()["type"]).rpartition(":")[2]


def patched(client: Client, path: str, body: Any, **headers: str) -> Answer:
    """The answer, asked for again while too many others write at the same time."""
    while (answer := client("PATCH", path, body, **headers)).status == 409:
        assert problem(answer) == "conflict", answer
    return answer


def test_servers_that_start_at_once_on_an_empty_store_all_come_up(trio: Trio) -> None:
    one, *others = trio.clients()
    made = one("POST", "/v1/locations", {"name": "Hall"})

    for client in others:
        shown = client.read(f"/v1/locations/{made.json()['id']}", after=made.position)
        assert shown == made.json()

    assert trio.added.returncode == 0, trio.added.stderr
    assert len(trio.added.stdout.splitlines()) == 1
    for server in trio.servers:
        assert server.log.read_text() == ""


def test_a_location_is_never_deleted_while_an_event_is_made_there(trio: Trio) -> None:
    maker, deleter, reader = trio.clients()
    outcomes = set()

    for _ in range(25):
        location = maker.made("/v1/locations", name="Hall")["id"]
        event = {"name": "Live", "locationid": location}
        made, deleted = at_once(
            lambda event=event: maker("POST", "/v1/events", event),  # type: ignore[misc]
            lambda location=location: deleter("DELETE", f"/v1/locations/{location}"),  # type: ignore[misc]
        )
        outcomes.add((made.status, deleted.status))
        if made.status == 201:
            assert problem(deleted) == "location-in-use"
            assert deleted.json()["blockedby"] == [made.json()["id"]]
        else:
            assert problem(made) == "unknown-location"
        after = max(a.position for a in (made, deleted) if "stagebook-position" in a.headers)
        hosts = reader.read(f"/v1/events?locationid={location}", after=after)["total"]
        there = reader("GET", f"/v1/locations/{location}", Stagebook_After=str(after)).status
        assert (hosts, there) in {(1, 200), (0, 404)}

    assert outcomes <= {(201, 409), (422, 204)}


def test_edits_of_one_event_by_several_servers_have_versions_without_gaps(trio: Trio) -> None:
    location = trio.client(0).made("/v1/locations", name="Hall")["id"]
    event = trio.client(0).made("/v1/events", name="Live", locationid=location)["id"]

    def edit(number: int) -> list[int]:
        client, versions = trio.client(number % 3), []
        for count in range(1, 11):
            answer = patched(client, f"/v1/events/{event}", {f"c_editor{number}": count})
            assert answer.status == 200, answer
            assert answer.json()[f"c_editor{number}"] == count
            versions.append(answer.json()["version"])
        return versions

    versions = [v for vs in at_once(*[lambda n=n: edit(n) for n in range(6)]) for v in vs]  # type: ignore[misc]

    assert sorted(versions) == list(range(2, 62))
    final = trio.client(1)("PATCH", f"/v1/events/{event}", {})
    assert final.json()["version"] == 61
    assert [final.json()[f"c_editor{n}"] for n in range(6)] == [10] * 6


def test_no_update_is_lost_between_editors_who_say_what_they_saw(trio: Trio) -> None:
    location = trio.client(0).made("/v1/locations", name="Hall")["id"]
    event = trio.client(0).made("/v1/events", name="Live", locationid=location, c_count=0)["id"]

    def increment(number: int) -> int:
        """Five times, however often another one was first."""
        client, done = trio.client(number), 0
        seen = client("PATCH", f"/v1/events/{event}", {})
        while done < 5:
            body = {"c_count": seen.json()["c_count"] + 1}
            answer = patched(client, f"/v1/events/{event}", body, If_Match=seen.headers["etag"])
            if answer.status == 412:
                assert answer.json()["version"] > seen.json()["version"]
                seen = client("PATCH", f"/v1/events/{event}", {})
                continue
            assert answer.status == 200, answer
            done, seen = done + 1, answer
        return done

    at_once(*[lambda n=n: increment(n) for n in range(3)])  # type: ignore[misc]

    final = trio.client(0)("PATCH", f"/v1/events/{event}", {}).json()
    assert (final["c_count"], final["version"]) == (15, 16)


def test_nothing_is_decided_on_what_another_server_has_changed_since(trio: Trio) -> None:
    one, other, _ = trio.clients()
    location = one.made("/v1/locations", name="Hall")["id"]
    priced = {"locationid": location, "contingents": [PRICED]}
    event = one.made("/v1/events", name="Live", **priced, **TIMES)["id"]
    path = f"/v1/events/{event}"
    assert one("POST", f"{path}/publish").status == 200

    for count in range(8):
        assert one("POST", f"{path}/close").status == 200
        refused = other("PATCH", path, {"subtitle": f"{count}"})
        assert (refused.status, problem(refused)) == (409, "event-closed")

        assert one("POST", f"{path}/reopen").status == 200
        accepted = other("PATCH", path, {"subtitle": f"{count}"})
        assert (accepted.status, accepted.json()["subtitle"]) == (200, f"{count}")
        one, other = other, one


def test_a_key_that_is_sent_to_two_servers_at_once_has_one_effect(trio: Trio) -> None:
    one, other, _ = trio.clients()

    for _ in range(8):
        key, body = uuid4().hex, {"name": uuid4().hex}
        answers = at_once(
            *[
                lambda client=client, key=key, body=body: client(  # type: ignore[misc]
                    "POST", "/v1/locations", body, Idempotency_Key=key
                )
                for client in (one, other)
            ]
        )

        assert [a.status for a in answers] == [201, 201]
        assert answers[0].body == answers[1].body
        assert answers[0].position == answers[1].position
        listed = one.read(f"/v1/locations?q={body['name']}", after=answers[0].position)
        assert listed["total"] == 1


def test_workers_that_are_killed_are_started_again(trio: Trio) -> None:
    client, *_ = trio.clients()
    children = [w for s in trio.servers for w in psutil.Process(s.process.pid).children()]
    workers = [child for child in children if "work" in child.cmdline()]  # others may make OpenAPI
    assert len(workers) == 3

    for worker in workers:
        worker.kill()

    made = client("POST", "/v1/locations", {"name": "Hall"})
    shown = client.read(f"/v1/locations/{made.json()['id']}", after=made.position)
    assert shown == made.json()


def test_the_last_server_keeps_the_views_when_the_others_are_killed(trio: Trio) -> None:
    """Whoever of them kept which view."""
    *_, last = trio.clients()
    for server in trio.servers[:2]:
        server.kill()

        location = last("POST", "/v1/locations", {"name": "after"})
        number = location.json()["id"]
        event = last("POST", "/v1/events", {"name": "Live", "locationid": number})

        head = event.position
        assert last.read(f"/v1/locations/{number}", after=head) == location.json()
        assert last.read(f"/v1/events/{event.json()['id']}", after=head) == event.json()
        changes = last.read(f"/v1/changes?after={location.position}", after=head)
        assert [change["fact"] for change in changes["data"]] == ["EventCreated"]
