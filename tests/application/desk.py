"""A desk that takes commands: the real writer over a store, with answers as HTTP gives them."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import Any

from pydantic_core import to_json

from adapters.stores.memory import MemoryStore
from application import admission, contingents, events, locations, orders, sales
from application.as_of import ShownEvent, load
from application.group_commit import GroupCommit
from application.ports import CommandResult, Store
from application.unit_of_work import IdempotencyKey, PendingCommand, UnitOfWork
from domain.base import CommandMetadata
from domain.catalog_item import CatalogItem
from domain.contingents import ContingentBody
from domain.event import DateFields, Event
from domain.event_fields import EventBody
from domain.inventory import Inventory
from domain.location import Location, LocationFields
from domain.order import Hold, Order
from domain.order_fields import OrderFields
from domain.taking import Holder, OrderBody, PaymentBody, RefundBody, Scan, Take
from domain.ticket_fields import Lock, TicketFields, Unlock
from projections.catalog_documents import catalog_document, catalog_etag
from projections.event_documents import contingent, event_document, event_etag
from projections.location_documents import location_document, location_etag
from projections.orders import order_document, order_etag
from tests.spec import ACCOUNT, metadata

PATIENCE = 30
"""Seconds that a test waits for what must come."""
HOLD = Hold(1_200, 7_200)
"""As long as an unconfirmed order is held where nothing else is said."""


def rendered(decided: Any) -> bytes:
    """The document that a command answers with."""
    match decided:
        case (ShownEvent() as shown, int()):
            return rendered(shown)
        case ShownEvent(event):
            document: Any = event_document(*decided.states, event.account)
        case (Event() as event, Inventory() as inventory, int() as number):
            document = contingent(inventory.contingent(number), event.number)
        case (Inventory(), list() as tickets):
            document = tickets
        case Order() as order:
            document = order_document(order.state)
        case Location() as location:
            document = location_document(location.state, location.account)
        case CatalogItem() as item:
            document = catalog_document(item.KIND, item.state, item.account)
        case _:
            document = decided
    return to_json(document)


def etag(decided: Any) -> str:
    """The ETag of that document."""
    match decided:
        case ShownEvent():
            return event_etag(*decided.states)
        case (ShownEvent() as shown, int()):
            return etag(shown)
        case Location() as location:
            return location_etag(location.state)
        case Order() as order:
            return order_etag(order.state)
        case CatalogItem() as item:
            return catalog_etag(item.state)
        case _:
            return ""


def taking(event: int, contingent: int, amount: int = 1, **fields: Any) -> dict[str, Any]:
    """What an order takes, as in a request."""
    return {"eventid": event, "contingentid": contingent, "amount": amount, **fields}


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
        decide: Callable[[UnitOfWork], Any],
        *,
        key: str | None = None,
        request: str = "",
        cause: CommandMetadata | None = None,
    ) -> PendingCommand:
        """A command, ready to be handed in."""

        def answer(decided: Any) -> CommandResult:
            return CommandResult(200, {"ETag": etag(decided)}, rendered(decided))

        idempotency = IdempotencyKey(key, request) if key else None
        return PendingCommand(self.account, cause or metadata(), decide, answer, idempotency)

    def do(self, decide: Callable[[UnitOfWork], Any], **options: Any) -> CommandResult:
        answer: CommandResult = self.writer.submit(self.job(decide, **options)).result(PATIENCE)
        return answer

    def decided(self, decide: Callable[[UnitOfWork], Any], **options: Any) -> Any:
        """What the command returned."""
        seen: list[Any] = []

        def remember(work: UnitOfWork) -> Any:
            seen[:] = [decide(work)]
            return seen[0]

        self.do(remember, **options)
        return seen[0]

    def together(self, *jobs: PendingCommand) -> list[Future[CommandResult]]:
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

        def wait(_: UnitOfWork) -> None:
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

    def change(self, event: int, **fields: Any) -> CommandResult:
        body = EventBody.model_validate(fields)
        return self.do(partial(events.change_event, number=event, body=body))

    def change_location(self, location: int, **fields: Any) -> CommandResult:
        body = LocationFields.model_validate(fields)
        return self.do(partial(locations.change_location, number=location, fields=body))

    def delete(self, event: int) -> CommandResult:
        return self.do(partial(events.delete_event, number=event))

    def revert(self, event: int, to: int) -> CommandResult:
        return self.do(partial(events.revert_event, number=event, to=to))

    def contingent(self, event: int, **fields: Any) -> int:
        """A hundred tickets at 25, unless said otherwise."""
        price = {} if "eventspecificprices" in fields else {"price": 25.0}
        body = ContingentBody(**{"name": "Standing", "amount": 100, **price, **fields})
        added: tuple[Event, Inventory, int] = self.decided(
            partial(contingents.add_contingent, number=event, body=body)
        )
        return added[2]

    def change_contingent(self, event: int, contingent: int, **fields: Any) -> CommandResult:
        body = ContingentBody(**fields)
        return self.do(
            partial(
                contingents.change_contingent, number=event, contingent_id=contingent, body=body
            )
        )

    def publish(self, event: int) -> CommandResult:
        return self.do(partial(events.change_status, number=event, transition="publish"))

    def close_event(self, event: int) -> CommandResult:
        return self.do(partial(events.change_status, number=event, transition="close"))

    def on_sale(self, amount: int | None = 100, **fields: Any) -> tuple[int, int]:
        """An Active Event, and its one contingent."""
        when = {"startts": "2026-12-01T20:00:00Z", "endts": "2026-12-01T23:00:00Z"}
        event = self.event(**{**when, **fields})
        contingent = self.contingent(event, amount=amount)
        self.publish(event)
        return event, contingent

    def lock(self, event: int, locktype: int = 1, **fields: Any) -> CommandResult:
        body = Lock(locktypeid=locktype, **fields)
        return self.do(partial(contingents.lock_tickets, number=event, body=body))

    def unlock(self, event: int, **fields: Any) -> CommandResult:
        return self.do(partial(contingents.unlock_tickets, number=event, body=Unlock(**fields)))

    def order(
        self,
        *take: dict[str, Any],
        channel: int = 2,
        promocodes: Sequence[str] = (),
        hold: Hold = HOLD,
        **options: Any,
    ) -> int:
        """`take`: as in a request, see `taking`."""
        body = OrderBody.model_validate(
            {"saleschannelid": channel, "take": list(take), "promocodes": list(promocodes)}
        )
        made: Order = self.decided(partial(sales.create_order, body=body, hold=hold), **options)
        return made.number

    def add(
        self,
        order: int,
        *take: dict[str, Any],
        promocodes: Sequence[str] = (),
        hold: Hold = HOLD,
        **options: Any,
    ) -> CommandResult:
        takes = [Take.model_validate(one) for one in take]
        decide = partial(
            sales.add_tickets, number=order, take=takes, promocodes=promocodes, hold=hold
        )
        return self.do(decide, **options)

    def remove(self, order: int, *tickets: int, hold: Hold = HOLD, **options: Any) -> CommandResult:
        decide = partial(sales.remove_tickets, number=order, tickets=tickets, hold=hold)
        return self.do(decide, **options)

    def confirm(self, order: int, **options: Any) -> CommandResult:
        return self.do(partial(sales.confirm_order, number=order), **options)

    def pay(self, order: int, amount: float, **options: Any) -> CommandResult:
        body = PaymentBody.model_validate({"amount": amount})
        return self.do(partial(sales.add_payment, number=order, body=body), **options)

    def refund(
        self, order: int, amount: float, payment: int | None = None, **options: Any
    ) -> CommandResult:
        body = RefundBody.model_validate({"amount": amount, "paymentid": payment})
        return self.do(partial(sales.add_refund, number=order, body=body), **options)

    def cancel(self, order: int, **options: Any) -> CommandResult:
        return self.do(partial(sales.cancel_order, number=order), **options)

    def split(self, order: int, *tickets: int, **options: Any) -> int:
        """Returns the new order."""
        decide = partial(sales.split_order, number=order, tickets=tickets)
        made: Order = self.decided(decide, **options)
        return made.number

    def reprice(
        self,
        order: int,
        price_type: int,
        *tickets: int,
        promocodes: Sequence[str] = (),
        hold: Hold = HOLD,
        **options: Any,
    ) -> CommandResult:
        decide = partial(
            orders.reprice_tickets,
            number=order,
            wanted=dict.fromkeys(tickets, price_type),
            promocodes=promocodes,
            hold=hold,
        )
        return self.do(decide, **options)

    def name_holders(self, order: int, names: dict[int, str | None]) -> CommandResult:
        holders = [Holder(id=ticket, ticketname=name) for ticket, name in names.items()]
        return self.do(partial(orders.name_holders, number=order, holders=holders))

    def change_order(self, order: int, **fields: Any) -> CommandResult:
        body = OrderFields.model_validate(fields)
        return self.do(partial(orders.change_order, number=order, fields=body))

    def scan(self, event: int, way: str = "in", **fields: Any) -> CommandResult:
        body = Scan.model_validate({"direction": way, **fields})
        return self.do(partial(admission.scan_tickets, number=event, body=body))

    def change_ticket(self, event: int, ticket: int, **fields: Any) -> CommandResult:
        said = [TicketFields(id=ticket, **fields)]
        return self.do(partial(contingents.change_tickets, number=event, tickets=said))

    def scan_out(self, event: int, *contingents: int) -> list[int]:
        """Returns the tickets that were inside."""
        decide = partial(admission.scan_out, number=event, contingents=contingents)
        out: list[int] = self.decided(decide)
        return out

    def lapse(self, order: int, **options: Any) -> CommandResult:
        return self.do(partial(sales.lapse_order, number=order), **options)

    def sold(self, event: int, contingent: int, amount: int = 1) -> int:
        """An order that is confirmed and not paid."""
        order = self.order(taking(event, contingent, amount))
        self.confirm(order)
        return order

    def order_document(self, order: int) -> dict[str, Any]:
        """As it is now."""
        found = load(self.store, Order, Order.id_of(self.account, order))
        return order_document(found.state)

    def tickets(self, order: int) -> list[int]:
        """The tickets that an order holds."""
        return [ticket["id"] for ticket in self.order_document(order)["tickets"]]

    def inventory(self, event: int) -> Inventory:
        """The tickets of an Event, as they are now."""
        return load(self.store, Inventory, Inventory.id_of(self.account, event))

    def counters(self, event: int, contingent: int) -> dict[str, int]:
        """The counters that are not 0."""
        counted = self.inventory(event).contingent(contingent)["counters"]
        return {name: count for name, count in counted.items() if count}

    def facts(self, after: int = 0) -> Sequence[str]:
        """The names of what was recorded behind a position."""
        return [recorded.fact.name for recorded in self.store.read(after, 10_000)]
