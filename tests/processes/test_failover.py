"""The primary dies, its standby takes over: what was answered is there, and nothing twice.

As it is deployed: two nodes that serve, a worker apart, one URL that names both databases.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from adapters.check import faults
from tests.processes.buyers import Buyer
from tests.processes.cluster import Cluster
from tests.processes.pair import Pair, taking
from tests.processes.program import Place, eventually
from tests.processes.test_sales_crashes import check_bought
from tests.processes.writers import Writer, check_told

pytestmark = pytest.mark.slow

ANSWER_SECONDS = 20.0
"""The longest that anybody waits for an answer, a primary or none."""
OUTAGE_SECONDS = 10.0
"""The longest that nothing can be written once there is a primary: it takes a second or two."""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with closing(Cluster()) as made:
        yield made


@pytest.fixture
def deployed(cluster: Cluster, tmp_path: Path) -> Iterator[Pair]:
    with closing(Place(cluster.url, tmp_path)) as place:
        place.add_keys()
        place.work()
        with closing(Pair(place, serve_worker=False)) as pair:
            yield pair


def test_a_primary_that_is_killed_under_load_costs_nothing_that_was_answered(
    cluster: Cluster, deployed: Pair, capsys: pytest.CaptureFixture[str]
) -> None:
    ports = [server.port for server in deployed.servers]
    location = deployed.made("/v1/locations", name="Hall")["id"]
    event, lots = deployed.on_sale(10_000, 10_000)
    take = [taking(event, lot, amount) for amount, lot in enumerate(lots, 1)]
    buyers = [Buyer(f"b{n}", take, lambda n=n: ports[n % 2]) for n in range(4)]  # type: ignore[misc]
    editors = [Writer(f"w{n}", location, lambda n=n: ports[n % 2]) for n in range(4)]  # type: ignore[misc]
    clients = [*buyers, *editors]

    with ExitStack() as stopping:
        for client in clients:
            stopping.callback(client.stop)
            client.start()
        go_on(clients)
        cluster.primary.kill()
        killed = time.monotonic()
        cluster.standby.promote()
        promoted = time.monotonic()
        go_on(clients)

    outage = max(min(at for at in c.answered_at if at > promoted) for c in clients) - promoted
    with capsys.disabled():
        print(  # noqa: T201 - the figure is what is asked for
            f"\nfailover: promoted {promoted - killed:.2f} s after the primary's death, "
            f"every client writes again {outage:.2f} s later; "
            f"slowest answer {max(client.slowest for client in clients):.2f} s"
        )
    assert outage < OUTAGE_SECONDS
    assert max(client.slowest for client in clients) < ANSWER_SECONDS
    assert sum(client.unanswered for client in clients) == 0
    assert set().union(*(client.statuses for client in clients)) <= {200, 201, 503}
    check_bought(deployed, buyers)
    for server in deployed.servers:
        with closing(server.client()) as client:
            check_told(editors, client, deployed.book.store.position(), others=1)
            eventually(lambda client=client: client("GET", "/health/ready").status == 200)  # type: ignore[misc]
    assert list(faults(deployed.book)) == []


def go_on(clients: list[Writer]) -> None:
    """Until every client was answered some more."""
    enough = [len(client.answered_at) + 10 for client in clients]
    eventually(lambda: all(len(c.answered_at) >= n for c, n in zip(clients, enough, strict=True)))
