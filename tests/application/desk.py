"""A desk that takes commands: the real writer over a store, with answers as HTTP gives them."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import Any

from pydantic_core import to_json

from adapters.stores.memory import MemoryStore
from application import events, locations
from application.group_commit import GroupCommit, IdempotencyKey, Job, Work
from application.history import ShownEvent
from application.ports import Answer, Store
from domain.base import Cause
from domain.catalog import CatalogItem
from domain.event import DateFields
from domain.event_fields import EventBody
from domain.location import Location, LocationFields
from projections.catalog_documents import catalog_document
from projections.event_documents import event_document, event_etag
from projections.location_documents import location_document, location_etag
from tests.spec import ACCOUNT, by

PATIENCE = 30
"""Seconds that a test waits for what must come."""


def rendered(decided: Any) -> bytes:
    """The document that a command answers with."""
    match decided:
        case ShownEvent(event, inventory, location):
            return to_json(
                event_document(event.state, inventory.state, location.state, event.account)
            )
        case (ShownEvent() as shown, int()):
            return rendered(shown)
        case Location() as location:
            return to_json(location_document(location.state, location.account))
        case CatalogItem() as item:
            return to_json(catalog_document(item.KIND, item.state, item.account))
        case _:
            return to_json(decided)


def etag(decided: Any) -> str:
    """The ETag of that document."""
    match decided:
        case ShownEvent(event, inventory, location):
            return event_etag(event.state, inventory.state, location.state)
        case (ShownEvent() as shown, int()):
            return etag(shown)
        case Location() as location:
            return location_etag(location.state)
        case _:
            return ""


class Desk:
    """Every command waits for its commit, and raises its refusal."""

    def __init__(self, store: Store | None = None, account: int = ACCOUNT, **options: Any) -> None:
        self.store = store or MemoryStore()
        self.account = account
        self.writer = GroupCommit(self.store, **options)

    def close(self) -> None:
        self.writer.close()

    def job(
        self,
        decide: Callable[[Work], Any],
        *,
        key: str | None = None,
        request: str = "",
        cause: Cause | None = None,
    ) -> Job:
        """A command, ready to be handed in."""

        def answer(decided: Any) -> Answer:
            return Answer(200, {"ETag": etag(decided)}, rendered(decided))

        idempotency = IdempotencyKey(key, request) if key else None
        return Job(self.account, cause or by(), decide, answer, idempotency)

    def do(self, decide: Callable[[Work], Any], **options: Any) -> Answer:
        answer: Answer = self.writer.submit(self.job(decide, **options)).result(PATIENCE)
        return answer

    def decided(self, decide: Callable[[Work], Any], **options: Any) -> Any:
        """What the command returned."""
        seen: list[Any] = []

        def remember(work: Work) -> Any:
            seen[:] = [decide(work)]
            return seen[0]

        self.do(remember, **options)
        return seen[0]

    def together(self, *jobs: Job) -> list[Future[Answer]]:
        """Hands the jobs in as one batch, and waits until all are answered."""
        with self.held():
            futures = [self.writer.submit(job) for job in jobs]
        for future in futures:
            future.exception(PATIENCE)
        return futures

    @contextmanager
    def held(self) -> Iterator[None]:
        """While inside, the writer waits: what is handed in becomes one batch."""
        reached, go = threading.Event(), threading.Event()

        def wait(_: Work) -> None:
            reached.set()
            go.wait(PATIENCE)

        waiting = self.writer.submit(self.job(wait))
        assert reached.wait(PATIENCE)
        try:
            yield
        finally:
            go.set()
        waiting.result(PATIENCE)

    # -- the commands, shorter

    def location(self, **fields: Any) -> int:
        body = LocationFields(**{"name": "Concert hall", **fields})
        made: Location = self.decided(partial(locations.create_location, fields=body))
        return made.number

    def event(self, **fields: Any) -> int:
        if "locationid" not in fields:
            fields["locationid"] = self.location()
        body = EventBody.model_validate({"name": "Live", **fields})
        made: ShownEvent = self.decided(partial(events.create_event, body=body))
        return made.event.number

    def date(self, event: int, start: str, end: str, **fields: Any) -> int:
        body = DateFields(start=start, end=end, **fields)
        added: tuple[ShownEvent, int] = self.decided(
            partial(events.add_date, number=event, fields=body)
        )
        return added[1]

    def change(self, event: int, **fields: Any) -> Answer:
        body = EventBody.model_validate(fields)
        return self.do(partial(events.change_event, number=event, body=body))

    def change_location(self, location: int, **fields: Any) -> Answer:
        body = LocationFields.model_validate(fields)
        return self.do(partial(locations.change_location, number=location, fields=body))

    def delete(self, event: int) -> Answer:
        return self.do(partial(events.delete_event, number=event))

    def revert(self, event: int, to: int) -> Answer:
        return self.do(partial(events.revert_event, number=event, to=to))

    def facts(self, after: int = 0) -> Sequence[str]:
        """The names of what was recorded behind a position."""
        return [recorded.fact.name for recorded in self.store.read(after, 10_000)]
