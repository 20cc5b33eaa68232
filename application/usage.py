"""What Active Events use of the catalog: recorded with every change of it."""

from application.unit_of_work import UnitOfWork
from domain.catalog import STARTING, PriceList, PriceType, SalesChannel
from domain.catalog_item import CatalogItem
from domain.errors import CatalogItemInUse, NotPublishable
from domain.event import Event
from domain.event_facts import EventSalePeriodChanged, EventSeatingChanged, StatusChanged
from domain.event_fields import ACTIVE
from domain.ids import Kind
from domain.inventory import Inventory
from domain.usage import (
    CHANNELS,
    LOCK_TYPES,
    ONE,
    PRICE_LISTS,
    PRICE_TYPES,
    Usage,
    Uses,
    named_in,
    uses_of,
)

CHANGES = StatusChanged | EventSalePeriodChanged | EventSeatingChanged
WHAT: dict[Kind, str] = {
    Kind.PRICE_TYPE: PRICE_TYPES,
    Kind.PRICE_LIST: PRICE_LISTS,
    Kind.SALES_CHANNEL: CHANNELS,
    Kind.LOCK_TYPE: LOCK_TYPES,
}
SOLD_BY: dict[str, type[CatalogItem]] = {
    PRICE_TYPES: PriceType,
    PRICE_LISTS: PriceList,
    CHANNELS: SalesChannel,
}
"""What cannot begin to sell when it is archived."""


def record_usage(work: UnitOfWork, event: Event, inventory: Inventory) -> None:
    """Records what an Active Event uses now, after a command that may have changed it."""
    changed = any(isinstance(fact, CHANGES) for fact in event.pending)
    active = event.exists and event.status == ACTIVE
    if not changed and not (active and inventory.pending):
        return
    usage = work.load(Usage, ONE)
    uses = uses_of(event.state, inventory.contingents()) if active else None
    if uses is not None:
        _require_offered(work, uses, usage.of(event.number))
    usage.record(event.number, uses, work.metadata)


def _require_offered(work: UnitOfWork, uses: Uses, before: Uses) -> None:
    """Refuses to begin to sell by what is archived or was never there: a Draft may name it."""
    for what, cls in SOLD_BY.items():
        for number in sorted({*uses[what]} - {*before.get(what, ())}):
            thing = work.load(cls, number)
            exists = thing.version > 0 or number in STARTING.get(cls, ())
            if thing.archived or not exists:
                name = f"{cls.KIND.title.lower()} {number}"
                why = "is archived" if exists else "does not exist"
                raise NotPublishable(
                    f"An Active Event cannot sell by {name}, which {why}", missing=[what]
                )


def require_unused(work: UnitOfWork, item: CatalogItem) -> None:
    """Refuses to archive what an Active Event uses, by itself or by its price list."""
    what = WHAT.get(item.KIND)
    if what is None or item.archived:
        return
    usage = work.load(Usage, ONE)
    users = usage.users(what, item.number)
    if what in (PRICE_TYPES, CHANNELS):
        for number in usage.price_lists():
            prices = work.load(PriceList, number)
            if not prices.archived and item.number in named_in(prices.state.get("prices"), what):
                users |= usage.users(PRICE_LISTS, number)
    if users:
        count = len(users)
        name = f"{item.KIND.title} {item.number}"
        message = f"{name} is used by {count} Active Event{'s' * (count > 1)}"
        raise CatalogItemInUse(message, blockedby=sorted(users)[:100], count=count)
