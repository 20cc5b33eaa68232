"""Two servers that hold the same Event and its tickets in memory: what one has answered, the next
answer of the other rests on, whichever is asked."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial
from itertools import count
from random import Random

import pytest

from tests.processes.pair import Pair, at_once, buying, problem, taking
from tests.processes.program import Client

pytestmark = pytest.mark.slow

ROUNDS, CROWD = 12, 4


def servers(pair: Pair, opened: ExitStack, seed: int) -> Iterator[Client]:
    """One of the two, and mostly not the one that was asked before."""
    clients = [opened.enter_context(closing(pair.client(number))) for number in range(2)]
    turns = Random(seed)  # noqa: S311 - the same again
    for number in count():
        yield clients[(number + (turns.random() < 0.2)) % 2]


def sell(pair: Pair, seed: int) -> list[int]:
    """Takes, gives back, and moves the limit to what is held: the amounts held, round by round."""
    event, (lot,) = pair.on_sale(1)
    path, held = f"/v1/events/{event}", 0
    orders: list[int] = []
    seen = []
    with ExitStack() as opened:
        asked = partial(next, servers(pair, opened, seed))
        for number in range(ROUNDS):
            room = held + 1 + number % 3
            raised = asked()("PATCH", f"{path}/contingents/{lot}", {"amount": room})
            assert raised.status == 200, raised

            taken = asked()("POST", "/v1/orders", buying(taking(event, lot, room - held)))
            assert taken.status == 201, taken
            orders.append(taken.json()["id"])
            refused = asked()("POST", "/v1/orders", buying(taking(event, lot)))
            assert (problem(refused), refused.json()["left"]) == ("sold-out", 0)
            shown = asked()("GET", f"/v1/orders/{orders[-1]}/tickets").json()
            assert len(shown["data"]) == room - held

            if number % 3 == 2:
                gone = asked()("POST", f"/v1/orders/{orders.pop(0)}/cancel")
                assert gone.status == 200, gone
            held = len(asked()("GET", f"{path}/tickets?state=reserved").body.splitlines())
            lowered = asked()("PATCH", f"{path}/contingents/{lot}", {"amount": held})
            assert lowered.status == 200, lowered
            too_low = asked()("PATCH", f"{path}/contingents/{lot}", {"amount": held - 1})
            assert (problem(too_low), too_low.json()["inuse"]) == ("tickets-in-use", held)

            free = asked().read(f"{path}/availability", after=lowered.position)["total"]
            assert (free["free"], free["reserved"], free["total"]) == (0, held, held)
            seen.append(held)
    return seen


def edit(pair: Pair, seed: int) -> None:
    """Changes and takes back, each time on what the other server has shown."""
    event, _ = pair.on_sale(10)
    path, versions = f"/v1/events/{event}", {}
    with ExitStack() as opened:
        asked = partial(next, servers(pair, opened, seed))
        last = asked()("PATCH", path, {"subtitle": "first"})
        for number in range(ROUNDS):
            before = last
            versions[last.json()["version"]] = last.json()["subtitle"]
            body = {"subtitle": f"{number}", "maxnbrofticketsperbasket": number}
            last = asked()("PATCH", path, body, If_Match=before.headers["etag"])
            assert last.status == 200, last
            late = asked()("PATCH", path, {"subtitle": "late"}, If_Match=before.headers["etag"])
            assert (late.status, late.json()["version"]) == (412, last.json()["version"])
            versions[last.json()["version"]] = f"{number}"

            to = min(versions) if number % 2 else max(versions) - 1
            wanted = asked()("GET", f"{path}?version={to}").json()
            back = asked()("POST", f"{path}/revert", {"version": to, "reason": "A mistake"})
            assert back.status == 200, back
            newest = asked()("GET", f"{path}/history?limit=1").json()["data"][0]
            assert newest["version"] == back.json()["version"]
            assert back.json()["subtitle"] == wanted["subtitle"]
            unchanged = asked()("PATCH", path, {"subtitle": wanted["subtitle"]})
            assert unchanged.headers["etag"] == back.headers["etag"]
            assert asked().read(path, after=back.position) == back.json()
            last = back


def test_what_one_server_sold_the_other_counts(pair: Pair) -> None:
    told = at_once([partial(sell, pair, seed) for seed in range(CROWD)])

    assert len({tuple(seen) for seen in told}) == 1
    pair.check()


def test_what_one_server_changed_the_other_goes_on_from(pair: Pair) -> None:
    at_once([partial(edit, pair, seed) for seed in range(CROWD)])

    pair.check()
