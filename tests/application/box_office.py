"""A box office: a desk whose clock stands still until it is told how late it is."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from adapters.stores.memory import MemoryStore
from application import catalog, contingents, events
from application.group_commit import Committer, GroupCommit, settle_futures
from application.ports import CommandResult, Recorded, Store
from application.unit_of_work import PendingCommand, UnitOfWork
from domain.base import Aggregate, CommandMetadata
from domain.catalog import SalesChannel, SalesChannelFields
from domain.catalog_item import CatalogFields, CatalogItem
from domain.contingents import ContingentBody
from domain.errors import Refusal
from domain.event import Event
from domain.inventory import Inventory
from domain.money import DEFAULT_CURRENCY
from domain.prices import PricelistPrices
from domain.tickets import PLACES
from tests.application.desk import Desk
from tests.spec import ACCOUNT, at, metadata

WEB, EXTERNAL = 2, 3
NORMAL, REDUCED, FREE = 1, 2, 3
HARD, SOFT = 1, 2
STARTS, ENDS = "2026-12-01T20:00:00Z", "2026-12-01T23:00:00Z"


def ticket(contingent: int, place: int) -> int:
    return contingent * PLACES + place


def price(price_type: int, amount: float | None, **more: Any) -> dict[str, Any]:
    """An event-specific price; `conditions` by type."""
    said = {"pricetypeid": price_type, "prices": [amount], **more}
    if conditions := said.pop("conditions", None):
        said["conditions"] = [{"type": kind, "value": value} for kind, value in conditions.items()]
    return said


def prices(*those: dict[str, Any]) -> PricelistPrices:
    return PricelistPrices.model_validate({"prices": list(those)})


class AtOnce(Committer):
    """The writer without its thread: a command is committed while it is handed in."""

    def submit(self, job: PendingCommand) -> Any:
        self.commit([job])
        settle_futures([job])
        return job.future

    def close(self) -> None:
        pass


class BoxOffice(Desk):
    """It is `now` seconds after the start of the tests' time."""

    def __init__(
        self,
        store: Store | None = None,
        account: int = ACCOUNT,
        *,
        currency: str = DEFAULT_CURRENCY,
        writer: Callable[[Store], Any] = GroupCommit,
    ) -> None:
        self.store = store or MemoryStore()
        self.account = account
        self.writer = writer(self.store)
        self.currency = currency
        self.timezone = "UTC"
        self.now = 0.0

    def job(
        self,
        decide: Callable[[UnitOfWork], Any],
        *,
        cause: CommandMetadata | None = None,
        **options: Any,
    ) -> PendingCommand:
        made = super().job(decide, cause=cause or metadata(time=at(self.now)), **options)
        made.currency, made.timezone = self.currency, self.timezone
        return made

    def recorded(self, after: int = 0) -> list[Recorded]:
        """What was recorded for this account behind a position."""
        return [r for r in self.store.read(after, 100_000) if self.is_ours(r)]

    def is_ours(self, recorded: Recorded) -> bool:
        return recorded.fact.originator_id.int >> 80 == self.account

    def facts(self, after: int = 0) -> Sequence[str]:
        return [recorded.fact.name for recorded in self.recorded(after)]

    @contextmanager
    def refuses(self, refusal: type[Refusal], **details: Any) -> Iterator[None]:
        """What is inside is refused for that reason, and nothing is recorded."""
        position = self.store.position()
        with pytest.raises(Refusal) as refused:
            yield
        assert type(refused.value) is refusal, repr(refused.value)
        told = {name: refused.value.details.get(name) for name in details}
        assert told == details, refused.value.details
        assert self.facts(position) == []

    # -- commands that a desk has not

    def lot(self, event: int, *own: dict[str, Any], **fields: Any) -> int:
        """A hundred tickets at these prices of its own."""
        said = {"amount": 100, "eventspecificprices": prices(*own), **fields}
        decide = partial(contingents.add_contingent, number=event, body=ContingentBody(**said))
        added: tuple[Event, Inventory, int] = self.decided(decide)
        return added[2]

    def status(self, event: int, transition: str) -> CommandResult:
        """publish, redraft, close, reopen"""
        return self.do(partial(events.change_status, number=event, transition=transition))

    def change_date(self, event: int, date: int, **fields: Any) -> CommandResult:
        body = events.DateFields(**fields)
        return self.do(partial(events.change_date, number=event, date_id=date, fields=body))

    def remove_date(self, event: int, date: int) -> CommandResult:
        return self.do(partial(events.remove_date, number=event, date_id=date))

    def remove_contingent(self, event: int, contingent: int) -> CommandResult:
        return self.do(
            partial(contingents.remove_contingent, number=event, contingent_id=contingent)
        )

    def archive(
        self, cls: type[CatalogItem], number: int, *, archived: bool = True
    ) -> CommandResult:
        decide = partial(catalog.archive_item, cls=cls, number=number, archived=archived)
        return self.do(decide)

    def archive_at_once(self, cls: type[CatalogItem], number: int) -> CommandResult:
        """While Active Events sell by it, as it could be done when nobody asked for that."""
        return self.do(lambda work: archived(catalog.item(work, cls, number), work))

    def made_item(self, cls: type[CatalogItem], fields: CatalogFields) -> int:
        made: CatalogItem = self.decided(partial(catalog.create_item, cls=cls, fields=fields))
        return made.number

    def hold_for(self, channel: int, seconds: int | None) -> CommandResult:
        """How long that sales channel holds its orders from now on."""
        body = SalesChannelFields(basketseconds=seconds)
        return self.do(partial(catalog.change_item, cls=SalesChannel, number=channel, fields=body))

    def in_memory(self, cls: type[Aggregate], *numbers: int) -> dict[int, Any]:
        """The states of aggregates, as the writer holds them."""
        found: dict[int, Any] = {}

        def look(work: UnitOfWork) -> None:
            found.update({number: work.load(cls, number).capture().state for number in numbers})

        self.do(look)
        return found

    def counted(self, *of: tuple[int, int]) -> list[dict[str, int]]:
        """The counters of these Events and contingents that are not 0, but `total`."""
        shown = [self.counters(event, contingent) for event, contingent in of]
        return [{name: n for name, n in one.items() if name != "total"} for one in shown]


def archived(item: CatalogItem, work: UnitOfWork) -> CatalogItem:
    item.archive(work.metadata)
    return item
