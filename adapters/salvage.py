"""Reading every fact of a store that may be damaged: what cannot be read is named by its place, and
what is behind it is read all the same."""

from collections.abc import Iterator
from typing import NamedTuple

from adapters.stores.integrity import positions
from adapters.stores.mapper import NEWER
from application.ports import PUT_BACK, Recorded, Store, StoreDamaged
from application.transfer import numbers_in
from domain.base import DomainEvent, UnknownFact
from domain.event_facts import EventImageChanged
from domain.ids import unpack

PAGE = 2_000


class FactScan:
    """One reading of every fact, and what the rest of the store is compared with."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.whole = True
        """Whether every fact was there, in its place."""
        self.numbers: dict[int, dict[int, int]] = {}
        """The highest that facts have, by account and kind."""
        self.images: set[tuple[int, str]] = set()
        """Account and digest of those that facts name."""

    def faults(self) -> Iterator[str]:
        newest: dict[bytes, tuple[int, str]] = {}
        for recorded in every_fact(self._store):
            if isinstance(recorded, Unreadable):
                self.whole = False
                yield f"{recorded}; {PUT_BACK}"
                continue
            fact = recorded.fact
            try:
                account = unpack(fact.originator_id).account
            except ValueError:
                self.whole = False
                yield f"position {recorded.position} is of no aggregate; {PUT_BACK}"
                continue
            version, time = newest.get(fact.originator_id.bytes, (0, ""))
            yield from self._of_one(recorded, version, time)
            newest[fact.originator_id.bytes] = (fact.originator_version, fact.time)
            highest = self.numbers.setdefault(account, {})
            for kind, number in numbers_in(fact):
                highest[kind] = max(number, highest.get(kind, 0))
            if image := image_in(fact):
                self.images.add(image)

    def _of_one(self, recorded: Recorded, version: int, time: str) -> Iterator[str]:
        """What is wrong with a fact, behind that version and that time of its aggregate."""
        fact = recorded.fact
        where = f"position {recorded.position}: {fact.name} of {fact.originator_id}"
        if isinstance(fact, UnknownFact):
            self.whole = self.whole and fact.why == NEWER
            yield f"{where}, {fact.why}"
        elif fact.time < time:
            yield f"{where} has a time before its predecessor's"
        if fact.originator_version != version + 1:
            self.whole = False
            what = f"has version {fact.originator_version}, expected {version + 1}"
            yield f"{where} {what}; {PUT_BACK}"


def image_in(fact: DomainEvent) -> tuple[int, str] | None:
    """Account and digest of the image that a fact names."""
    if isinstance(fact, EventImageChanged) and fact.image:
        return unpack(fact.originator_id).account, fact.image["digest"]
    return None


class Unreadable(NamedTuple):
    """Facts that follow each other and cannot be read."""

    first: int
    last: int
    why: str

    def __str__(self) -> str:
        return f"{positions(self.first, self.last)} cannot be read: {self.why}"


def every_fact(store: Store) -> Iterator[Recorded | Unreadable]:
    """All facts in commit order, with what cannot be read between them."""
    head, position = _head(store), 0
    while head is None or position < head:
        try:
            page = store.read(position, PAGE)
        except StoreDamaged as error:
            fact = False
            for part in _one_by_one(store, position + 1, min(position + PAGE, head or 2**62)):
                fact = fact or isinstance(part, Recorded)
                yield part
            position += PAGE
            if head is None and not fact:  # and so it would go on for ever
                yield Unreadable(position + 1, position + 1, f"and all behind it: {error.what}")
                return
        else:
            if not page:
                return
            yield from page
            position = page[-1].position


def _head(store: Store) -> int | None:
    try:
        return store.position()
    except StoreDamaged:
        return None


def _one_by_one(store: Store, first: int, last: int) -> Iterator[Recorded | Unreadable]:
    lost: Unreadable | None = None
    for position in range(first, last + 1):
        try:
            facts = store.at([position])
        except StoreDamaged as error:
            if lost and lost.why == error.what:
                lost = lost._replace(last=position)
                continue
            if lost:
                yield lost
            lost = Unreadable(position, position, error.what)
        else:
            if lost:
                yield lost
                lost = None
            yield from facts
    if lost:
        yield lost
