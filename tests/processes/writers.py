"""Writers that remember what they were told, and ask again about what they were not."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.processes.program import BOUND, UNANSWERED, Client

PATCHES = 6
"""Changes of an Event before its writer makes the next one."""


@dataclass
class Told:
    """What a writer was told of one of its Events."""

    number: int
    versions: list[int] = field(default_factory=list)
    subtitles: list[str] = field(default_factory=list)


class Writer:
    """Makes Events and changes them, alone, one request after another.

    A request that was not answered, or told to come later, is sent again with its
    Idempotency-Key until it is answered; no other is sent before.
    """

    def __init__(self, name: str, location: int, port: Callable[[], int]) -> None:
        self.name, self._location, self._port = name, location, port
        self.told: list[Told] = []
        self.statuses: set[int] = set()
        self.unanswered = 0
        self.answered_at: list[float] = []
        self.slowest = 0.0
        """Seconds that a single request took, whatever its answer."""
        self._requests = count(1)
        self._stopping = threading.Event()
        self._client: Client | None = None
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends after the request at hand is answered."""
        self._stopping.set()
        self._thread.join(2 * BOUND)
        if self._client:
            self._client.close()
        if self.error:
            raise self.error

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._work()
        except BaseException as error:  # noqa: BLE001 - raised where the writer is stopped
            self.error = error

    def _work(self) -> None:
        made = self._answered(
            "POST", "/v1/events", {"name": self.name, "locationid": self._location}
        )
        told = Told(made["id"], [made["version"]])
        self.told.append(told)
        for _ in range(PATCHES):
            if self._stopping.is_set():
                return
            subtitle = f"{self.name}-{next(self._requests)}"
            changed = self._answered("PATCH", f"/v1/events/{told.number}", {"subtitle": subtitle})
            assert changed["subtitle"] == subtitle
            told.versions.append(changed["version"])
            told.subtitles.append(subtitle)

    def _answered(self, method: str, path: str, body: Any) -> Any:
        key = f"{self.name}-{next(self._requests)}"
        deadline = time.monotonic() + 2 * BOUND
        while True:
            assert time.monotonic() < deadline, f"{key} was never answered"
            client = self._client = self._client or Client(self._port())
            asked = time.monotonic()
            try:
                answer = client(method, path, body, Idempotency_Key=key)
                self.slowest = max(self.slowest, time.monotonic() - asked)
            except UNANSWERED:
                self.unanswered += 1
                self._client = None
                time.sleep(0.02)
                continue
            self.statuses.add(answer.status)
            if answer.status != 503:
                assert answer.status in (200, 201), answer
                self.answered_at.append(time.monotonic())
                return answer.json()
            assert answer.headers["retry-after"] == "1", answer
            assert answer.headers["content-type"] == "application/problem+json", answer
            time.sleep(0.02)


def check_told(writers: list[Writer], client: Client, after: int, others: int = 0) -> None:
    """Everything that was answered is there, once, and nothing else but so many other Events."""
    listed = client.read("/v1/events?limit=1000", after=after)
    by_number = {told.number: told for writer in writers for told in writer.told}
    assert listed["total"] - others == len(by_number) == sum(len(w.told) for w in writers)
    for number, told in by_number.items():
        assert told.versions == list(range(1, len(told.versions) + 1)), told
        document = client.read(f"/v1/events/{number}", after=after)
        assert document["version"] == told.versions[-1]
        assert document["subtitle"] == (told.subtitles[-1] if told.subtitles else None)
    assert len({d["id"] for d in listed["data"]} - by_number.keys()) <= others
