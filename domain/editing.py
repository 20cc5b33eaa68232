"""Editing contingents: they come, change, go, and come back. One grows at any time and shrinks by
its free tickets; no ticket is ever made twice."""

from collections.abc import Callable, Sequence

from domain.base import CommandMetadata, State
from domain.contingents import (
    BOOKKEEPING,
    MAX_CONTINGENTS,
    MAX_DATES_NAMED,
    ContingentAdded,
    ContingentChanged,
    ContingentFields,
    ContingentRemoved,
    growth,
    in_use,
    made_before,
)
from domain.errors import Invalid, TicketsInUse
from domain.locking import Locking
from domain.tickets import (
    last_ticket,
)
from domain.values import same
from domain.wording import counted

PRICES = "eventspecificprices"


class Editing(Locking):
    def set_contingents(
        self,
        wanted: Sequence[ContingentFields],
        *,
        seated: bool,
        new_id: Callable[[], int],
        lock_counter: Callable[[int, str], str],
        metadata: CommandMetadata,
    ) -> None:
        """Makes the contingents of one sort exactly these: by id changed, the others added,
        what is not named removed. `lock_counter` gives the counter of a lock type."""
        path = "seated_contingents" if seated else "contingents"
        current = {c["id"]: c for c in self.contingents(seated=seated)}
        named = [c.id for c in wanted if c.id is not None]
        for index, contingent in enumerate(wanted):
            if contingent.id is not None and contingent.id not in current:
                raise Invalid(f"{path}.{index}.id", "no such contingent in this Event")
        if len(set(named)) < len(named):
            raise Invalid(path, "expected each id at most once")
        for gone in sorted(current.keys() - set(named)):
            self.remove_contingent(gone, metadata)
        for index, contingent in enumerate(wanted):
            where = f"{path}.{index}."
            if contingent.id is None:
                self.add_contingent(
                    new_id(),
                    contingent,
                    seated=seated,
                    lock_counter=lock_counter,
                    metadata=metadata,
                    path=where,
                )
            else:
                self.change_contingent(
                    contingent.id,
                    contingent,
                    lock_counter=lock_counter,
                    metadata=metadata,
                    path=where,
                )

    def require_room_for_one(self) -> None:
        """Refuses one contingent more, without seats, than an Event may have."""
        if len(self.contingents(seated=False)) >= MAX_CONTINGENTS:
            message = f"an Event has at most {MAX_CONTINGENTS} contingents"
            raise Invalid("contingents", message)

    def add_contingent(
        self,
        contingent_id: int,
        fields: ContingentFields,
        *,
        lock_counter: Callable[[int, str], str],
        metadata: CommandMetadata,
        seated: bool = False,
        path: str = "",
    ) -> None:
        patch = fields.patch()
        patch.pop("id", None)
        locks = patch.pop("locks", [])
        self._require_dates(contingent_id, patch, path)
        self.trigger(
            ContingentAdded, metadata, contingentid=contingent_id, seated=seated, fields=patch
        )
        self._count_locks(contingent_id, locks, lock_counter, metadata, path)

    def change_contingent(
        self,
        contingent_id: int,
        fields: ContingentFields,
        *,
        lock_counter: Callable[[int, str], str],
        metadata: CommandMetadata,
        path: str = "",
    ) -> None:
        current, patch = self.contingent(contingent_id), fields.patch()
        if patch.pop("id", contingent_id) != contingent_id:
            raise Invalid(f"{path}id", "a contingent keeps its id")
        locks = patch.pop("locks", None)
        changed = {n: v for n, v in patch.items() if not same(current.get(n), v)}
        unlocking = [] if locks is None else _fewer(current, locks)
        for lock_type, amount in unlocking:
            self.unlock_amount(contingent_id, amount, lock_type, metadata, path + "locks")
        self._change(contingent_id, changed, metadata, path)
        if locks is not None:
            self._count_locks(contingent_id, locks, lock_counter, metadata, path)

    def remove_contingent(
        self, contingent_id: int, metadata: CommandMetadata, path: str = "contingents"
    ) -> None:
        if used := in_use(self.contingent(contingent_id)):
            message = f"{path}: contingent {contingent_id} has {counted(used, 'ticket')} in use"
            raise TicketsInUse(message, contingentid=contingent_id, inuse=used)
        self.trigger(ContingentRemoved, metadata, contingentid=contingent_id)

    def revert(self, past: State, metadata: CommandMetadata) -> None:
        """Brings the contingents back to what they were, with the ids that they had. Tickets
        stay with whoever holds them, locks too."""
        current, wanted = self.state.get("contingents", {}), past.get("contingents", {})
        bookkeeping = BOOKKEEPING | {"id", "locks"}
        for key in [k for k in current if k not in wanted]:
            self.remove_contingent(int(key), metadata)
        for key, contingent in wanted.items():
            past_fields = {n: v for n, v in contingent.items() if n not in bookkeeping}
            fields = ContingentFields.checked(past_fields)
            if key in current:
                changed = {n: v for n, v in fields.items() if not same(current[key][n], v)}
                self._change(int(key), changed, metadata, "contingents.")
            else:
                self._require_dates(int(key), fields, "contingents.")
                seated, amount = contingent["seated"], fields["amount"] or 0
                _check_places(int(key), made_before(self.state, int(key)) + amount, "contingents.")
                self.trigger(
                    ContingentAdded, metadata, contingentid=int(key), seated=seated, fields=fields
                )

    def _change(
        self, contingent_id: int, changed: State, metadata: CommandMetadata, path: str
    ) -> None:
        if not changed:
            return
        self._require_dates(contingent_id, changed, path)
        current, amount = self.contingent(contingent_id), changed.get("amount")
        used = in_use(current)
        if amount is not None and amount < used:
            message = f"{path}amount: {counted(used, 'ticket')} in use"
            raise TicketsInUse(message, contingentid=contingent_id, inuse=used)
        _check_places(contingent_id, current["made"] + growth(current, changed), path)
        before = current[PRICES] if PRICES in changed else None
        self.trigger(
            ContingentChanged,
            metadata,
            contingentid=contingent_id,
            changed=changed,
            pricesbefore=before,
        )

    def _require_dates(self, contingent_id: int, fields: State, path: str) -> None:
        """Refuses dates of a contingent where all of them together would name too many."""
        if not fields.get("dateids"):
            return
        others = (len(c["dateids"]) for c in self.contingents() if c["id"] != contingent_id)
        if sum(others) + len(fields["dateids"]) > MAX_DATES_NAMED:
            message = f"the contingents of an Event name at most {MAX_DATES_NAMED:,} dates in all"
            raise Invalid(f"{path}dateids", message)


def _check_places(contingent_id: int, made: int, path: str) -> None:
    if made > last_ticket(contingent_id):
        raise Invalid(f"{path}amount", "too many tickets in the life of this contingent")


def _fewer(contingent: State, wanted: Sequence[State]) -> list[tuple[int, int]]:
    """The lock types of which fewer are wanted, and how many fewer."""
    amounts = {str(lock["locktypeid"]): lock["amount"] for lock in wanted}
    locked = contingent["locked"].items()
    return [(int(k), n - amounts.get(k, 0)) for k, n in locked if n > amounts.get(k, 0)]
