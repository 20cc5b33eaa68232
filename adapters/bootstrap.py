"""The composition root: one process's store, views, writer, worker and keys, made from Settings."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Protocol
from uuid import uuid4

from adapters.continuity import Continuity, begun
from adapters.damage import Damage
from adapters.queries.postgres import PostgresEngine
from adapters.queries.queries import Queries
from adapters.queries.sqlite import SqliteEngine
from adapters.queries.tickets import TicketRanges
from adapters.sealing import Seal
from adapters.settings import Settings
from adapters.signals.notifications import NotifiedSignals
from adapters.signals.pipes import PipeSignals
from adapters.signals.signals import Signals
from adapters.stores.opening import open_store
from adapters.stores.postgres import PostgresStore
from adapters.stores.sqlite import SqliteStore
from adapters.views.postgres import PostgresViews
from adapters.views.sql import SqlView
from adapters.views.sqlite import SqliteViews
from adapters.webhooks.deliverer import Deliverer
from adapters.webhooks.egress import EgressPolicy, HostAllowlist
from adapters.webhooks.outbox import Outbox
from adapters.webhooks.postgres import PostgresLedger
from adapters.webhooks.sqlite import SqliteLedger
from adapters.writes import Writes
from application import watching as commits
from application.as_of import replay
from application.catalog import open_catalog
from application.group_commit import Committer, GroupCommit, WriterOptions
from application.keyring import REGISTRY_ID, Keyring, Principal, opening_account
from application.ports import CommandResult, Store
from application.unit_of_work import PendingCommand, UnitOfWork
from application.webhooks import before_the_first
from domain.base import CommandMetadata
from domain.catalog import STARTING
from domain.lineage import Identity
from domain.registry import Registry
from domain.values import UTC_ZONE, stamp
from projections import watching as folds
from projections.availability import Availability
from projections.base import Projection
from projections.catalog_documents import CatalogDocuments
from projections.changes import Changes
from projections.event_documents import EventDocuments
from projections.lineage import Foreign, foreign, settle, strangers
from projections.location_documents import LocationDocuments
from projections.orders import Orders
from projections.rebuilding import bring_up_to_date
from projections.webhooks import Webhooks
from projections.worker import LiveWorker

EVENTS, LOCATIONS, AVAILABILITY, CATALOG, ORDERS, CHANGES, WEBHOOKS = (
    EventDocuments(),
    LocationDocuments(),
    Availability(),
    CatalogDocuments(),
    Orders(),
    Changes(),
    Webhooks(),
)
PROJECTIONS: tuple[Projection, ...] = (
    EVENTS,
    LOCATIONS,
    AVAILABILITY,
    CATALOG,
    ORDERS,
    CHANGES,
    WEBHOOKS,
)
NAMED = {projection.name: projection for projection in PROJECTIONS}


POLL_SECONDS = 0.01
GC_THRESHOLDS = (20_000, 20, 50)
"""The collector's default looks through a request's objects several times while it waits for its
commit, and through a rebuild's over and over: a fifth of the time of a busy process."""


class Watch(commits.CommitWatch, folds.FoldWatch, Protocol):
    """Hears what the writer and the views do."""


class Nobody(commits.Unwatched, folds.Unwatched):
    """Nobody watches."""


NOBODY = Nobody()


class Writer(Protocol):
    """Takes jobs and answers their futures after the commit."""

    def submit(self, job: PendingCommand) -> Any: ...
    def close(self) -> None: ...


@dataclass(slots=True)
class Stagebook:
    """The parts of one process."""

    settings: Settings
    store: Store
    views: SqliteViews | PostgresViews
    keyring: Keyring
    queries: Queries
    signals: Signals
    reads_block: bool
    """Whether a read of a view waits for a network: then it must not run on the event loop."""
    writes: Writes
    """Whether the store takes writes; started where somebody asks."""
    writer: Writer | None = None
    worker: LiveWorker | None = None
    deliverer: Deliverer | None = None
    watch: Watch = NOBODY
    identity: Identity = field(init=False)
    """Which store this process began with, in which epoch."""
    continuity: Continuity = field(init=False)
    """Whether it still is that one."""
    damage: Damage = field(default_factory=Damage)
    _ledger: Outbox | None = None
    _opening: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.identity = self.store.identity()
        self.continuity = Continuity(self)

    def begin_epoch(self, reason: str) -> None:
        """Whoever has seen positions of the store is to look anew."""
        self.identity = begun(self.store, self.identity, reason)
        self.continuity = Continuity(self)

    def start(self) -> None:
        """Starts the live worker and the writer that wakes it, both in this process."""
        self.start_worker()
        self.start_writer()

    def start_worker(self, *, renewing: bool = True) -> LiveWorker:
        """Starts the live worker; views that another version made are rebuilt first, unless that
        is done beside it."""
        self.settle()
        for projection in PROJECTIONS if renewing else ():
            bring_up_to_date(projection, self.store, self.views)
        self.worker = LiveWorker(PROJECTIONS, self.store, self.views, self.watch)
        self.worker.start()
        self.signals.listen(self.worker.wake, self.worker.hurry)
        return self.worker

    def hurry(self, view: str) -> None:
        """Whoever leads that view folds what was committed at once: a reader waits for it."""
        if self.worker:
            self.worker.hurry(view)
        self.signals.awaited(view)

    def start_deliverer(self) -> None:
        """Starts the deliverer of webhooks, where an admin allowed any host."""
        if self.settings.webhook_hosts:
            from adapters.http.openticket.webhook_documents import (  # noqa: PLC0415 - for it alone
                Resources,
            )
            from adapters.webhooks.posting import WebhookSender  # noqa: PLC0415 - its library is slow

            post = WebhookSender(self.doorman())
            since = partial(before_the_first, self.store)
            show = Resources(self.store, self.owner)
            self.deliverer = Deliverer(self.store, self.ledger(), post, since=since, show=show)
            self.deliverer.start()

    def owner(self, account: int) -> Principal | None:
        """The account itself, as it is by now: its name, its currency, its time zone."""
        self.keyring.refresh()
        return self.keyring.visitor(account, "webhook")

    def ledger(self) -> Outbox:
        """What is to be delivered, and what came of it; opened when it is first asked for."""
        with self._opening:
            if self._ledger is None:
                if isinstance(self.store, PostgresStore):
                    self._ledger = PostgresLedger(self.store.datastore)
                else:
                    self._ledger = SqliteLedger(self.settings.folder / "webhooks.sqlite")
            return self._ledger

    def doorman(self) -> EgressPolicy:
        return EgressPolicy(HostAllowlist(self.settings.webhook_hosts))

    def start_writer(
        self, settle: Callable[[Sequence[PendingCommand]], None] | None = None
    ) -> None:
        """Starts the writer as a thread."""
        options = self.writer_options()
        self.writer = GroupCommit(self.store, settle=settle, **options)

    def writer_options(self) -> WriterOptions:
        """What every writer is made with; live workers in all processes hear of its commits."""
        self.forget_answers()
        self.open_catalogs()
        worker, signals = self.worker, self.signals

        def wake(_position: int) -> None:
            if worker:
                worker.wake()
            signals.committed()

        cached = self.settings.cached_bytes
        return {
            "cached_bytes": cached,
            "quotas": self.settings.quotas,
            "on_commit": wake,
            "watch": self.watch,
        }

    def close(self) -> None:
        """Commits what is waiting, saves where the views are, and lets go of everything."""
        self.queries.close()
        if self.writer:
            self.writer.close()
        self.signals.close()
        if self.worker:
            self.worker.stop()
        if self.deliverer:
            self.deliverer.stop()
        self.writes.stop()
        if self._ledger:
            self._ledger.close()
        self.views.close()
        self.store.close()

    def view(self, projection: Projection) -> SqlView:
        """What readers are given. Whoever writes a view, or compares one, holds a generation."""
        return self.views.served(projection)

    def outdated(self) -> list[Projection]:
        """The views that another version of their projection has made."""
        return [p for p in PROJECTIONS if not self.views.up_to_date(p)]

    def settle(self) -> None:
        """Views of another history are empty from here on, and are rebuilt by whoever renews. Where
        they, the outbox or kept answers know facts that the store lacks, its new epoch begins
        first, and what accounts have is counted from the facts that are there."""
        whole = self._whole()
        found = [*strangers(whole, self.store, self.views, self.identity), self.foreign_outbox()]
        lost = [one.reason for one in found if one and one.lost]
        if ahead := self.store.answered_ahead():
            lost.append(f"an answer was kept {ahead} positions ahead of the store")
        if lost:
            self.begin_epoch(lost[0])
            self.store.recount()
        settle(whole, self.store, self.views, self.identity)

    def foreign(self) -> dict[str, str]:
        """The views that belong to another history than the store's, and why."""
        found = strangers(self._whole(), self.store, self.views, self.identity)
        return {projection.name: why for projection, why, _ in found}

    def foreign_outbox(self) -> Foreign | None:
        """Why the outbox is of another history, where webhooks are delivered."""
        if not self.settings.webhook_hosts:
            return None
        return foreign(self.store, self.identity, *self.ledger().lineage())

    def _whole(self) -> list[Projection]:
        """The views that can be read: of the others nothing is known but that."""
        return [projection for projection in PROJECTIONS if not self.views.damage(projection)]

    def catch_up(self, seconds: float) -> bool:
        """Waits until the views have everything that is in the store."""
        head, deadline = self.store.position(), time.monotonic() + seconds
        while any(self.view(projection).position() < head for projection in PROJECTIONS):
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def execute(
        self,
        decide: Callable[[UnitOfWork], Any],
        *,
        account: int,
        actor: str,
        reason: str | None = None,
    ) -> Any:
        """Runs one command and returns what it decided, for the command line."""
        assert self.writer  # noqa: S101 - started
        decided: list[Any] = []

        def answer(outcome: Any) -> CommandResult:
            decided[:] = [outcome]
            return CommandResult(200, {}, b"")

        command = uuid4().hex
        cause = CommandMetadata(actor, stamp(datetime.now(UTC)), command, command, reason)
        currency = self.keyring.currency(account)
        opened = self.keyring.opened(account)
        timezone = opened["timezone"] if opened else UTC_ZONE
        job = PendingCommand(account, cause, decide, answer, currency=currency, timezone=timezone)
        self.writer.submit(job).result()
        return decided[0]

    def open_account(self, name: str, language: str, currency: str, timezone: str) -> None:
        opening = opening_account(name, language, currency, timezone)
        self.execute(opening, account=0, actor="command line")

    def open_catalogs(self) -> None:
        """Gives the accounts of an older version what every account starts with today."""
        accounts = replay(self.store, Registry, REGISTRY_ID).state.get("accounts", {})
        for account in map(int, accounts):
            ids = (cls.id_of(account, number) for cls, some in STARTING.items() for number in some)
            if not all(self.store.stream(one, limit=1) for one in ids):
                by = CommandMetadata("stagebook", stamp(datetime.now(UTC)), correlation=uuid4().hex)
                job = PendingCommand(
                    account, by, open_catalog, lambda _: CommandResult(200, {}, b"")
                )
                Committer(self.store).commit([job])

    def forget_answers(self) -> None:
        """Kept answers are for 24 hours."""
        self.store.forget_answers(stamp(datetime.now(UTC) - timedelta(hours=24)))


def bootstrap(settings: Settings, *, make: bool = True) -> Stagebook:
    """Opens store and views, and migrates them, safely when several processes start at once.
    `NoStore` where there is none and none is to be made."""
    store = open_store(settings, make=make)
    try:
        return _on(store, settings)
    except BaseException:
        store.close()
        raise


def _on(store: SqliteStore | PostgresStore, settings: Settings) -> Stagebook:
    views: SqliteViews | PostgresViews
    engine: SqliteEngine | PostgresEngine
    signals: PipeSignals | NotifiedSignals
    if isinstance(store, PostgresStore):
        views = PostgresViews(store.datastore, PROJECTIONS)
        engine = PostgresEngine(store.datastore, views, PROJECTIONS, TicketRanges(store))
        signals = NotifiedSignals(store.datastore)
    else:
        views = SqliteViews(settings.folder / "views", PROJECTIONS)
        engine = SqliteEngine(views, PROJECTIONS, TicketRanges(store))
        signals = PipeSignals(settings.folder / "signals")
    keyring = Keyring(store, Seal(settings).open)
    queries = Queries(engine, keyring, lambda: views.served(CATALOG))
    parts = (settings, store, views, keyring, queries, signals)
    return Stagebook(*parts, reads_block=settings.is_postgres, writes=Writes(store))
