"""Who holds which ticket, for questions about `tm.ticket`: the pieces of the account's Events.

They are known by the Inventories alone. What was read of one is kept until its version moves, so
that the next question is quick, and one that ran out of time gets further when it is asked again.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from uuid import UUID

from pydantic_core import to_json

from adapters.queries.failures import Failed, OutOfTime
from adapters.queries.schema import Column
from adapters.queries.views import SqlFragments, quoted
from adapters.views.sql import SqlView
from application.as_of import replay
from application.ports import Store
from domain.ids import Kind, guid, unpack
from domain.inventory import Inventory
from domain.offers import PRICE_TYPES

MAX_KEPT = 300_000
"""TicketRanges that are kept, of all accounts together."""
SOLD, LOCKED = 101, 104
COLUMNS = (
    "eventid",
    "contingentid",
    "first",
    "last",
    "orderid",
    "pricetypeid",
    "locktypeid",
    "status",
)


def columns_of(
    columns: Sequence[Column], words: SqlFragments, ticket: str, nothing: Mapping[str, str]
) -> str:
    """What a question names of tickets, from the pieces `t`, the prices `p`, the holders `h` and
    the details `x`; `ticket` is the expression of its id."""
    price_id = f"t.contingentid * {PRICE_TYPES} + t.pricetypeid"
    shown = {
        "id": ticket,
        "tickettypeid": "t.contingentid",
        "tickettypepriceid": price_id,
        "ordertickettypepriceid": price_id,
        "orderid": "t.orderid",
        "locktypeid": "t.locktypeid",
        "currentstatus": "t.status",
        "price": "p.price",
        "orderprice": "p.price",
        "orderfee": "CASE WHEN t.orderid IS NOT NULL THEN 0.0 END",
        "ticketname": "h.ticketname",
        "ticketholdername": "h.ticketname",
        "ticketholderid": "h.ticketholderid",
        "orderticketholderid": "h.ticketholderid",
    }

    def value(column: Column) -> str:
        if column.custom or column.name == "barcode":
            return words.value("x", column)
        return shown.get(column.name, nothing[column.type])

    return ", ".join(f"{value(column)} AS {quoted(column.name)}" for column in columns)


def named(columns: Sequence[Column], *names: str) -> bool:
    return any(column.name in names for column in columns)


def need_prices(columns: Sequence[Column]) -> bool:
    return named(columns, "price", "orderprice")


def need_holders(columns: Sequence[Column]) -> bool:
    return named(columns, "ticketname", "ticketholdername", "ticketholderid", "orderticketholderid")


def need_details(columns: Sequence[Column]) -> bool:
    return named(columns, "barcode") or any(column.custom for column in columns)


Piece = tuple[int, int, int, int, int | None, int | None, int | None, int | None]
"""An Event's neighbouring tickets that are held alike: as `COLUMNS`."""


class TicketRanges:
    """The pieces of Events, by Event, with the version of the Inventory that they are of."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[UUID, tuple[str, Sequence[Piece]]] = OrderedDict()
        self._count = 0
        self._lock = threading.Lock()

    def of(self, view: SqlView, account: int, deadline: float) -> Iterator[Piece]:
        """Of every Event of the account, as the view of their availability lists them."""
        found = []
        for key, etag in view.etags(account):
            if time.monotonic() > deadline:
                raise OutOfTime
            found.append(self._of_event(account, unpack(UUID(bytes=key)).number, etag))
        return chain.from_iterable(found)

    def details(self, view: SqlView, account: int, deadline: float) -> list[tuple[int, str]]:
        """What is known of single tickets, as JSON, by ticket: barcodes of what is confirmed, and
        custom fields."""
        found: list[tuple[int, str]] = []
        for key, etag in view.etags(account):
            if time.monotonic() > deadline:
                raise OutOfTime
            if not etag.startswith('"0.'):
                number = unpack(UUID(bytes=key)).number
                found += _details(
                    replay(self._store, Inventory, guid(account, Kind.INVENTORY, number))
                )
            if len(found) > MAX_KEPT:
                raise Failed(f"more than {MAX_KEPT} tickets have a barcode: leave out barcodes")
        return found

    def _of_event(self, account: int, number: int, etag: str) -> Sequence[Piece]:
        version = etag.strip('"').partition(".")[0]
        inventory_id = guid(account, Kind.INVENTORY, number)
        with self._lock:
            held = self._kept.get(inventory_id)
            if held and held[0] == version:
                self._kept.move_to_end(inventory_id)
                return held[1]
        if version == "0":
            return ()
        pieces = _pieces(replay(self._store, Inventory, inventory_id))
        with self._lock:
            before = self._kept.pop(inventory_id, None)
            self._kept[inventory_id] = (version, pieces)
            self._count += len(pieces) - (len(before[1]) if before else 0)
            while self._count > MAX_KEPT and len(self._kept) > 1:
                self._count -= len(self._kept.popitem(last=False)[1][1])
        return pieces


def _pieces(inventory: Inventory) -> list[Piece]:
    event = inventory.number
    found: list[Piece] = []
    for lot in inventory.contingents():
        for piece in inventory.pieces(lot["id"]):
            held = piece.orderid is not None
            status = SOLD if held else LOCKED if piece.of is not None else None
            price_type, lock_type = (piece.of, None) if held else (None, piece.of)
            found.append(
                (
                    event,
                    lot["id"],
                    piece.first,
                    piece.last,
                    piece.orderid,
                    price_type,
                    lock_type,
                    status,
                )
            )
    return found


def _details(inventory: Inventory) -> Iterator[tuple[int, str]]:
    known = inventory.state.get("tickets", {})
    baskets = inventory.state.get("baskets", {})
    for lot in inventory.contingents():
        for piece in inventory.pieces(lot["id"]):
            confirmed = piece.orderid is not None and str(piece.orderid) not in baskets
            for ticket in range(piece.first, piece.last + 1):
                said = known.get(str(ticket), {})
                if not confirmed and not said:
                    continue
                shown = {name: value for name, value in said.items() if name.startswith("c_")}
                if confirmed or said.get("barcode"):
                    shown["barcode"] = inventory.barcode(ticket, piece.orderid)
                yield ticket, to_json(shown).decode()
