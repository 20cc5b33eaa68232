"""Who holds which ticket, for questions about `tm.ticket`: the pieces of the account's Events.

They are known by the Inventories alone. What was read of one is kept until its version moves, so
that the next question is quick, and one that ran out of time gets further when it is asked again.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import chain
from uuid import UUID

from adapters.queries.running import OutOfTime
from adapters.views.sql import SqlView
from application.as_of import replay
from application.ports import Store
from domain.ids import Kind, guid, unpack
from domain.inventory import Inventory

MAX_KEPT = 300_000
"""Pieces that are kept, of all accounts together."""
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

Piece = tuple[int, int, int, int, int | None, int | None, int | None, int | None]
"""An Event's neighbouring tickets that are held alike: as `COLUMNS`."""


class Pieces:
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
