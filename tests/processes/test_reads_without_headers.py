"""Two servers on one store, asked without any header: a document has what either of them has
committed, and while the workers are stopped or dead, no answer is old without a word, or a 404."""

import signal
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import psutil
import pytest

from tests.processes.pair import problem
from tests.processes.program import BOUND, Answer, Client, Place, Server

ROUNDS = 25
WAIT = 0.2


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """Two servers on each store, for the whole module: they start slowly."""
    folder = tmp_path_factory.mktemp("headerless")
    store = str(folder / "data")
    if request.param == "postgres":
        store = request.getfixturevalue("new_database")()
    with closing(Place(store, folder)) as place:
        place.add_keys()
        for server in [place.launch(view_wait=WAIT) for _ in range(2)]:
            server.ready()
        yield place


@pytest.fixture
def servers(place: Place) -> list[Server]:
    return place.servers


@contextmanager
def clients(servers: list[Server]) -> Iterator[list[Client]]:
    made = [server.client() for server in servers]
    try:
        yield made
    finally:
        for client in made:
            client.close()


def workers(servers: list[Server]) -> list[psutil.Process]:
    return [one for s in servers for one in psutil.Process(s.process.pid).children()]


def is_late(answer: Answer) -> bool:
    """It lacks something, and says so."""
    if answer.status == 200:
        return float(answer.headers["stagebook-lag"]) >= 0
    return answer.status == 503 and problem(answer) == "not-yet"


def test_each_server_shows_what_the_other_has_committed(servers: list[Server]) -> None:
    with clients(servers) as (one, other):
        location = one.made("/v1/locations", name="Hall")
        for number in range(ROUNDS):
            writer, reader = (one, other) if number % 2 else (other, one)
            event = writer.made("/v1/events", name="Live", locationid=location["id"])
            path = f"/v1/events/{event['id']}"
            assert reader("GET", path).json() == event
            changed = writer("PATCH", path, {"name": f"Live {number}"})
            read = reader("GET", path)
            assert (read.json(), read.position >= changed.position) == (changed.json(), True)
            assert "stagebook-lag" not in read.headers
            found = writer("GET", f"/v1/events?q={number}").json()["data"]
            assert event["id"] in [one["id"] for one in found]


def test_an_order_that_a_door_has_moved_is_as_new_at_each_server(servers: list[Server]) -> None:
    with clients(servers) as (one, other):
        hall = one.made("/v1/locations", name="Hall")["id"]
        times = {"startts": "2036-11-21T20:00:00Z", "endts": "2036-11-21T22:00:00Z"}
        event = one.made("/v1/events", name="Live", locationid=hall, **times)["id"]
        lot = one.made(f"/v1/events/{event}/contingents", name="A", amount=5, price=25)["id"]
        assert one("POST", f"/v1/events/{event}/publish").status == 200
        take = [{"eventid": event, "contingentid": lot}]
        order = one.made("/v1/orders", saleschannelid=2, take=take)
        path, (ticket,) = f"/v1/orders/{order['id']}", order["tickets"]
        assert one("POST", f"{path}/confirm").status == 200
        for number in range(ROUNDS):
            writer, reader = (one, other) if number % 2 else (other, one)
            body = {"tickets": [ticket["id"]], "direction": "out" if number % 2 else "in"}
            way = writer("POST", f"/v1/events/{event}/tickets/scan", body)
            assert way.status == 200, way
            assert reader("GET", path).json()["version"] == order["version"] + 2 + number
            (held,) = reader("GET", f"{path}/tickets").json()["data"]
            assert held["accesscontrolstatus"] == 1 + number % 2


def test_while_no_view_moves_nothing_is_old_without_a_word(servers: list[Server]) -> None:
    with clients(servers) as (one, other):
        event_of = one.made("/v1/locations", name="Hall")["id"]
        event = one.made("/v1/events", name="Live", locationid=event_of)
        path = f"/v1/events/{event['id']}"
        assert one("GET", path).json() == event

        stopped = workers(servers)
        for worker in stopped:
            worker.send_signal(signal.SIGSTOP)
        try:
            place = one.made("/v1/locations", name="Hall 2")
            changed = one("PATCH", path, {"name": "Changed"})
            for reader in (one, other):
                old = reader("GET", path)
                assert (old.json(), is_late(old)) == (event, True)
                assert old.position < changed.position
                assert problem(reader("GET", f"/v1/locations/{place['id']}")) == "not-yet"
                assert reader("GET", "/v1/locations/404").status == 404
            assert is_late(one("GET", "/v1/events"))
        finally:
            for worker in stopped:
                worker.send_signal(signal.SIGCONT)
        until_fresh(one, path, changed)
        assert one("GET", f"/v1/locations/{place['id']}").json() == place


def test_a_worker_that_is_killed_leaves_nothing_old_without_a_word(
    servers: list[Server],
) -> None:
    with clients(servers) as (one, other):
        for _ in range(3):
            for worker in workers(servers):
                with suppress(psutil.NoSuchProcess):
                    worker.kill()
            place = one.made("/v1/locations", name="Hall")
            path = f"/v1/locations/{place['id']}"
            for reader in (other, one):
                answer = reader("GET", path)
                assert is_late(answer) or answer.json() == place
        changed = one("PATCH", path, {"name": "Changed"})
        until_fresh(other, path, changed)


def until_fresh(client: Client, path: str, written: Answer) -> None:
    """Each answer on the way says that it is late."""
    deadline = time.monotonic() + BOUND
    while (answer := client("GET", path)).body != written.body:
        assert is_late(answer), answer
        assert time.monotonic() < deadline, answer


def test_a_key_from_the_command_line_works_at_the_next_request(
    servers: list[Server], place: Place
) -> None:
    added = place.run("keys", "add", "--account", "demo", "--role", "viewer", "--name", "new")
    for server in servers:
        with closing(server.client(added.stdout.strip())) as client:
            assert client("GET", "/v1/events").status == 200
