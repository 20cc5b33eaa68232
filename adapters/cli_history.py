"""`stagebook history`: who changed what, when and why, as lines of text."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from uuid import UUID

from pydantic_core import to_json

from adapters.bootstrap import ORDERS, Stagebook
from application.as_of import replay
from application.event_history import event_history
from application.history import Filter, HistoryEntries, history_of_one
from application.ports import Store
from domain.base import Aggregate
from domain.catalog import CATALOG, PriceType
from domain.ids import VERSION, Kind, account_number, guid, unpack
from domain.inventory import CountedInventory, Inventory
from domain.location import Location
from domain.order import Order
from domain.order_facts import OrderCreated
from projections.orders import guid_term

ALONE: dict[Kind, type[Aggregate]] = {Kind.LOCATION: Location, Kind.ORDER: Order, **CATALOG}
KINDS = {kind.name.lower().replace("_", ""): kind for kind in (Kind.EVENT, *ALONE)}
"""What has a history, by the name that the API has for it."""
PAGE = 1_000
PRICE = re.compile(r"contingents\.(\d+)(?:\.price(?:s|terms)\.(\d+))?")


def named(kind: str, thing: str, account: str | None) -> tuple[int, int] | str:
    """The account and the number that an id names, or why it names none."""
    if kind not in KINDS:
        return f"expected one of {', '.join(KINDS)}, not {kind}"
    if thing.isascii() and thing.isdigit():
        needs = "a number needs --account"
        return needs if account is None else (account_number(account), int(thing))
    try:
        identity = unpack(UUID(thing))
    except ValueError:
        identity = None
    if identity is None or identity.kind != KINDS[kind]:
        return f"{thing} is neither a number nor the guid of {kind}"
    return identity.account, identity.number


def guid_of_order(thing: str) -> str | None:
    """The guid that only an order has: it says no number, unlike all others."""
    try:
        guid = UUID(thing)
    except ValueError:
        return None
    return None if thing.isdigit() or guid.version == VERSION else str(guid)


def order_with(book: Stagebook, guid: str) -> UUID | None:
    """The order of that guid: in its view, or among the facts that this one lacks."""
    view = book.view(ORDERS)
    position = view.position()
    if keys := view.keys_of_any(guid_term(guid)):
        return UUID(bytes=keys[0])
    while page := book.store.read(position, PAGE):
        for recorded in page:
            if isinstance(recorded.fact, OrderCreated) and recorded.fact.guid == guid:
                return recorded.fact.originator_id
        position = page[-1].position
    return None


def lines(store: Store, kind: str, of: tuple[int, int], limit: int, asked: Filter) -> Iterator[str]:
    """The newest entries, each with what it changed."""
    read: Callable[..., HistoryEntries] = event_history
    if KINDS[kind] != Kind.EVENT:
        read = partial(history_of_one, ALONE[KINDS[kind]])
    account, number = of
    names = Names(store, account, number)
    for entry in read(store, account, number, limit, None, asked).entries:
        fact = entry.recorded.fact
        why = f" ({fact.reason})" if fact.reason else ""
        yield f"{entry.version:>6}  {fact.time}  {fact.actor}  {fact.name}{why}"
        for path, before, after in entry.changes:
            values = f"{to_json(before).decode()} → {to_json(after).decode()}"
            yield f"        {path}{names.of(path)}: {values}"


class Names:
    """What the numbers in paths are called."""

    def __init__(self, store: Store, account: int, event: int) -> None:
        self._store, self._account = store, account
        self._inventory = Inventory.id_of(account, event)
        self._contingents: dict[str, str] | None = None

    def of(self, path: str) -> str:
        found = PRICE.match(path)
        if found is None:
            return ""
        parts = [self._contingent(found[1]), found[2] and self._price_type(int(found[2]))]
        said = ", ".join(part for part in parts if part)
        return f" ({said})" if said else ""

    def _contingent(self, number: str) -> str | None:
        if self._contingents is None:
            inventory = CountedInventory(self._inventory)
            for recorded in self._store.stream(self._inventory, edits=True):
                inventory.apply(recorded.fact)
            contingents = inventory.state.get("contingents", {})
            self._contingents = {key: one["name"] for key, one in contingents.items()}
        return self._contingents.get(number)

    def _price_type(self, number: int) -> str | None:
        price_type = guid(self._account, Kind.PRICE_TYPE, number)
        return replay(self._store, PriceType, price_type).state.get("name")
