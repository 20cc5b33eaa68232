"""The body of a webhook: the resource itself, as this vendor's clients read it, as of the domain
event that is delivered; what was removed is shown as it was before."""

from collections.abc import Callable
from uuid import UUID

from adapters.http.openticket.documents import (
    Held,
    date_shown,
    event_shown,
    location_shown,
    shop_shown,
    ticket_shown,
    time_in,
)
from adapters.http.openticket.order_documents import buyer_shown, order_shown
from adapters.webhooks.message import Delivery
from application.as_of import A, load, version_where
from application.keyring import Principal
from application.ports import Recorded, Store
from domain.base import DomainEvent, State
from domain.catalog import PriceList, SalesChannel
from domain.contact import Contact
from domain.contingents import ContingentRemoved
from domain.event import Event
from domain.event_facts import DateRemoved, EventDeleted
from domain.ids import Kind, unpack
from domain.inventory import CountedInventory
from domain.location import Location, LocationDeleted
from domain.order import Order
from projections.catalog_documents import catalog_document
from projections.location_documents import location_document

REMOVALS = (EventDeleted, DateRemoved, ContingentRemoved, LocationDeleted)
KEPT = 32
"""Inventories that are kept to be folded on: sales of one Event follow each other."""


class Resources:
    """Shows the things that deliveries are about."""

    def __init__(self, store: Store, owner: Callable[[int], Principal | None]) -> None:
        self._store, self._owner = store, owner
        self._inventories: dict[UUID, CountedInventory] = {}

    def __call__(self, delivery: Delivery, fact: DomainEvent) -> State:
        account = unpack(UUID(delivery.stream)).account
        owner = self._owner(account)
        if owner is None:
            return {"guid": delivery.thing}
        of = _Moment(self._store, account, delivery, fact)
        match delivery.kind:
            case Kind.ORDER:
                return of.order()
            case Kind.LOCATION:
                shown = location_shown(of.place(of.its_own(Location)), owner)
                deleted = fact.time if isinstance(fact, LocationDeleted) else None
                return shown | {"deleted_at": time_in(deleted, owner.timezone)}
            case Kind.SALES_CHANNEL:
                channel = of.its_own(SalesChannel)
                document = catalog_document(channel.KIND, channel.state, account)
                return shop_shown(document, owner, "")
            case Kind.CONTINGENT:
                return self._ticket(of, owner, fact)
        return self._of_event(of, owner, fact)

    def _of_event(self, of: "_Moment", owner: Principal, fact: DomainEvent) -> State:
        delivery, held = of.delivery, of.held(of.its_own(Event), {})
        if delivery.kind == Kind.EVENT:
            return event_shown(held, owner)
        date = held.event["dates"][str(delivery.number)]
        return _only_updated(date_shown(held, date, owner), fact, owner)

    def _ticket(self, of: "_Moment", owner: Principal, fact: DomainEvent) -> State:
        inventory = self._inventory(UUID(of.delivery.stream), of.version)
        event = of.latest(Event, inventory.number)
        held = of.held(event, inventory.state)
        lot = inventory.contingent(of.delivery.number)
        return _only_updated(ticket_shown(held, lot, owner, fact.time), fact, owner)

    def _inventory(self, aggregate: UUID, version: int) -> CountedInventory:
        """Folded on from where it was, so that each sale of a busy Event costs itself alone."""
        kept = self._inventories.pop(aggregate, None)
        if kept is None or kept.version > version:
            kept = load(self._store, CountedInventory, aggregate, version)
        for recorded in self._store.stream(aggregate, after=kept.version, upto=version):
            kept.apply(recorded.fact)
        self._inventories[aggregate] = kept
        while len(self._inventories) > KEPT:
            del self._inventories[next(iter(self._inventories))]
        return kept


class _Moment:
    """What was so right after a domain event; right before it, when something was removed."""

    def __init__(self, store: Store, account: int, delivery: Delivery, fact: DomainEvent) -> None:
        self.store, self.account, self.delivery = store, account, delivery
        removed = isinstance(fact, REMOVALS)
        self._command = None if removed else fact.causation
        self.version = delivery.version - removed
        self._position = delivery.position - removed

    def its_own(self, cls: type[A]) -> A:
        """The aggregate whose domain event it is."""
        return load(self.store, cls, UUID(self.delivery.stream), self.version)

    def latest(self, cls: type[A], number: int) -> A:
        """Another aggregate, as the command left it, which saved them together."""

        def before(recorded: Recorded) -> bool:
            together = recorded.fact.causation == self._command
            return together or recorded.position <= self._position

        aggregate = cls.id_of(self.account, number)
        return load(self.store, cls, aggregate, version_where(self.store, aggregate, before))

    def order(self) -> State:
        order = self.its_own(Order)
        number = order.state.get("customerid")
        buyer = self.latest(Contact, number).state if number else None
        return order_shown(order.state, self.account) | buyer_shown(buyer)

    def place(self, location: Location) -> State:
        return location_document(location.state, self.account)

    def held(self, event: Event, inventory: State) -> Held:
        """The Event's states, as far as they are shown."""
        lots = inventory.get("contingents", {}).values()
        numbers = {lot["pricelistid"] for lot in lots if lot["pricelistid"]}
        lists = {n: self.latest(PriceList, n).state for n in numbers}
        place = self.place(self.latest(Location, event.locationid))
        return Held(event.state, inventory, lists, {}, place)


def _only_updated(shown: State, fact: DomainEvent, owner: Principal) -> State:
    """When a part of an Event came is not known from its domain event alone."""
    kept = {name: value for name, value in shown.items() if name != "created_at"}
    return kept | {"updated_at": time_in(fact.time, owner.timezone)}
