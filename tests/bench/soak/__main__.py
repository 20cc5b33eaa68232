"""`make soak MINUTES=2`: mixed load at every bound on a server and its worker, and what they hold.

64 clients ask everything on all three surfaces, the largest bodies, answers, orders and pictures
among it; beside them are followers that do not read, idle connections, half requests, slow
bodies, and webhooks to receivers that are slow or refuse. Fails when a process holds more than
500 MB, grows after the first half minute, keeps descriptors, or answers what it should not.
"""

import argparse
import asyncio
import os
import platform
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.bench.servers import READY, SETTINGS, Server, empty_store
from tests.bench.soak.asking import Client, Tally
from tests.bench.soak.mix import STEPS, Buyer, Sizes, create_large
from tests.bench.soak.nuisances import Counts, Nuisances, receivers
from tests.bench.soak.sampling import JUDGED, Sample, faults, sample, series, table
from tests.bench.soak.shop import Account, open_accounts, put_on_sale

STORES = ("sqlite", "postgres")
CLIENTS, ACCOUNTS = 64, 4
WARM_SECONDS = 30.0
BEGUN = 0.8
"""Of that: the share in which all clients have begun that cost something without doing anything."""
LEFT_SECONDS = 5.0
"""How long it takes until the server has seen that all clients have left."""
BASKETS = {"STAGEBOOK_BASKET_SECONDS": "20", "STAGEBOOK_WEBHOOK_HOSTS": "127.0.0.0/8"}
"""Orders lapse meanwhile, and webhooks are delivered here."""
FAULTY = ("Traceback (most recent call last)", '"exception"', '"level":"error"')
LARGEST, MANY = Sizes(), Counts()
QUICK = Sizes(tickets=20_000, order=200, crowd=20, large=50_000, image=100_000, first=4)
QUICK_NUISANCES = Counts(idle=10, half=2, slow=2, deaf=6, followers=4)


@dataclass(frozen=True, slots=True)
class Plan:
    seconds: float
    clients: int = CLIENTS
    sizes: Sizes = LARGEST
    nuisances: Counts = MANY

    @property
    def warm(self) -> float:
        return min(WARM_SECONDS, self.seconds / 4)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.soak", description=__doc__)
    parser.add_argument("--store", choices=[*STORES, "both"], default="both")
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--log", type=Path, help="a file that the server's log is kept in")
    parser.add_argument("--quick", action="store_true", help="tiny: shows that it works")
    asked = parser.parse_args(arguments)
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}")
    plan = Plan(60 * asked.minutes)
    if asked.quick:
        plan = Plan(60 * asked.minutes, 8, QUICK, QUICK_NUISANCES)
    found: list[str] = []
    for kind in STORES if asked.store == "both" else (asked.store,):
        found += [f"{kind} {fault}" for fault in soak(kind, plan, asked.log)]
    print("faults:", "; ".join(found) or "none")
    return 1 if found else 0


def soak(kind: str, plan: Plan, log: Path | None = None) -> list[str]:
    with empty_store(kind) as store, tempfile.TemporaryDirectory() as folder:
        return asyncio.run(Soak(kind, store, log or Path(folder) / "log", plan).run())


class Soak:
    """One store, from its making to what is found."""

    def __init__(self, kind: str, store: str, log: Path, plan: Plan) -> None:
        self.kind, self.store, self.log, self.plan = kind, store, log, plan
        self.tally, self.samples = Tally(), list[Sample]()

    async def run(self) -> list[str]:
        async with receivers() as urls:
            accounts = open_accounts(self.store, ACCOUNTS, urls)
            with self.log.open("wb") as log, closing(self._server(log)) as server:
                for account in accounts:
                    await self._put_on_sale(server, account)
                begun = time.monotonic()
                self.samples.append(sample(server.process.pid, begun))
                await self._load(server, accounts, begun)
                await asyncio.sleep(LEFT_SECONDS)
                after = sample(server.process.pid, begun)
                ready = server.get(READY)
        said = self._told()
        print(f"\n{self.kind}: {sum(self.tally.statuses.values()):,} answers,", end=" ")
        print(", ".join(f"{n:,} of {status}" for status, n in sorted(self.tally.statuses.items())))
        print(f"{self.tally.lost} connections lost, store at position {ready['position']:,}")
        print(table(self.samples, self.plan.warm, after))
        for role in JUDGED:
            print(f"{role}, MB as time goes: {series(self.samples, role)}", flush=True)
        return [
            *faults(self.samples, self.plan.warm, after, flat=self.plan.seconds > WARM_SECONDS),
            *self.tally.faults.values(),
            *said,
        ]

    def _server(self, log: object) -> Server:
        line = ("adapters.cli", "--json-log", "serve", "--port", "PORT", "--store", self.store)
        return Server(*line, output=log, **SETTINGS | BASKETS)

    async def _put_on_sale(self, server: Server, account: Account) -> None:
        client = Client(server.port, self.tally)
        sizes = self.plan.sizes
        await put_on_sale(client, account, sizes.tickets, sizes.crowd)
        client.close()

    async def _load(self, server: Server, accounts: list[Account], begun: float) -> None:
        answers = [
            f"GET {path} HTTP/1.1\r\nHost: here\r\nAuthorization: {one.bearer}\r\n\r\n".encode()
            for one in accounts
            for path in (f"/v1/events/{one.crowded[0]}", "/v1/events?limit=40", self._picture(one))
        ]
        feed = (
            "GET /v1/changes?after=0 HTTP/1.1\r\nHost: here\r\nAccept: text/event-stream\r\n"
            f"Authorization: {accounts[0].bearer}\r\n\r\n"
        ).encode()
        first = [create_large] * self.plan.sizes.first
        until = begun + self.plan.seconds
        buyers = [
            Buyer(
                Client(server.port, self.tally),
                accounts[number % len(accounts)],
                random.Random(number),  # noqa: S311 - a mix, no secret
                self.plan.sizes,
            )
            for number in range(self.plan.clients)
        ]
        within = BEGUN * self.plan.warm
        bad = Nuisances(server.port, self.plan.nuisances, answers, feed, within)
        try:
            await asyncio.gather(
                self._watch(server, begun, until), *(_work(b, first, until) for b in buyers)
            )
        finally:
            await bad.close()
            for buyer in buyers:
                buyer.client.close()

    @staticmethod
    def _picture(account: Account) -> str:
        return account.images[0] if account.images else "/v1/changes?limit=1000"

    async def _watch(self, server: Server, begun: float, until: float) -> None:
        while (now := time.monotonic()) < until:
            self.samples.append(await asyncio.to_thread(sample, server.process.pid, begun))
            await asyncio.sleep(max(0.0, now + 1 - time.monotonic()))

    def _told(self) -> list[str]:
        """Lines of the log that nobody should find there."""
        lines = self.log.read_text(errors="replace").splitlines()
        wrong = [line for line in lines if any(mark in line for mark in FAULTY)]
        return (
            [f"{len(wrong)} faults in the log: {wrong[0][:300]} … {wrong[0][-900:]}"]
            if wrong
            else []
        )


async def _work(buyer: Buyer, first: list, until: float) -> None:  # type: ignore[type-arg]
    steps, weights = zip(*STEPS.items(), strict=True)
    while time.monotonic() < until:
        step = first.pop() if first else buyer.rng.choices(steps, weights)[0]
        try:
            await step(buyer)
        except ConnectionError:
            await asyncio.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
