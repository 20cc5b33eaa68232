"""Whether a store and its views are sound: every fault found, in words."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from uuid import UUID

from pydantic_core import to_json

from adapters.bootstrap import PROJECTIONS, Stagebook
from adapters.salvage import PAGE, FactScan, image_in
from adapters.sealing import Seal
from adapters.verification import mend, verify
from application.aggregates import AGGREGATES
from application.ports import PUT_BACK, Store, StoreDamaged
from domain.base import Aggregate, CountedSnapshot, Snapshot
from domain.ids import Kind, guid, unpack
from domain.inventory import CountedInventory
from projections.base import Projection
from projections.inspection import LAST_ENTRY
from projections.verification import Found, VerificationReport

SEALED = "put back STAGEBOOK_SECRET_KEY, or its file, that sealed it, or revoke the key"
REINDEX = "to make the indexes again: stagebook repair-index"


def faults(book: Stagebook, processes: int = 0) -> Iterator[str]:
    """Reads every fact and every document once."""
    store = StoreCheck(book.store)
    yield from store.faults()
    if store.sound:
        yield from view_faults_of_all(book, processes)


class StoreCheck:
    """One check of the store without its views."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.sound = True
        """Whether facts and indexes are what they were, so that views can be compared with them."""

    def faults(self) -> Iterator[str]:
        """Facts that can be read, versions without gaps, times that never run back, numbers that
        were given out, snapshots that are what the facts say, images that are there; and what the
        database finds damaged itself."""
        store = self._store
        facts = FactScan(store)
        yield from facts.faults()
        yield from _as_far_as_readable(number_faults(store, facts))
        yield from _as_far_as_readable(blob_faults(store, facts))
        yield from _as_far_as_readable(snapshot_faults(store))
        yield from _as_far_as_readable(answer_faults(store))
        defects = store.defects()
        self.sound = facts.whole and not defects
        remedy = REINDEX if facts.whole else PUT_BACK
        yield from (f"{defect}; {remedy}" for defect in defects)


def view_faults_of_all(book: Stagebook, processes: int = 0) -> Iterator[str]:
    """Views and deliveries of another history, views that cannot be read, and every document that
    is not what the facts say."""
    for name, why in book.foreign().items():
        yield f"view {name} is of another history: {why}; to rebuild it: stagebook rebuild {name}"
    if outbox := book.foreign_outbox():
        yield f"the webhook deliveries are of another history: {outbox.reason}"
    for key in Seal(book.settings).shut(book.keyring.every_key()):
        yield f"signing key {key} cannot be used: {SEALED}"
    yield from damages(book, PROJECTIONS)
    for verdict in verify(book, whole(book, PROJECTIONS), processes):
        yield from told(verdict)


def _as_far_as_readable(found: Iterator[str]) -> Iterator[str]:
    try:
        yield from found
    except StoreDamaged as error:
        yield f"{error.place} is damaged: {error.what}; {PUT_BACK}"


def answer_faults(store: Store) -> Iterator[str]:
    if store.lost_answers():
        yield (
            "table kept_answers was emptied: a command that is sent again with its Idempotency-Key"
            f" may be carried out twice; {PUT_BACK}, or to go on without: stagebook recount"
        )


def repair_indexes(store: Store) -> list[str]:
    """Makes the indexes again where every fact is there, and returns what is damaged all the same.
    From a table that is damaged itself, indexes would be made that hide it."""
    facts = FactScan(store)
    found = [*facts.faults()]
    if facts.whole:
        store.repair_indexes()
        found = [f"{defect}; {PUT_BACK}" for defect in store.defects()]
    return found


def recount(store: Store) -> list[str]:
    """Counts what accounts have, and which numbers were given out, from all facts; where some are
    lost nothing is counted, and they are returned."""
    facts = FactScan(store)
    found = [*facts.faults()]
    if facts.whole:
        store.recount()
        for account, highest in facts.numbers.items():
            store.reserve_numbers(account, highest)
        return []
    return found


def damages(book: Stagebook, projections: Sequence[Projection]) -> Iterator[str]:
    """The views that cannot be read, and what to do about it."""
    for projection in projections:
        if reason := book.views.damage(projection, thoroughly=True):
            name = projection.name
            yield f"view {name} is damaged: {reason}; run: stagebook rebuild {name}"


def whole(book: Stagebook, projections: Sequence[Projection]) -> list[Projection]:
    """Those that can be read."""
    return [p for p in projections if book.views.damage(p, thoroughly=True) is None]


def number_faults(store: Store, facts: FactScan) -> Iterator[str]:
    """Numbers that facts have were given out."""
    for account, highest in facts.numbers.items():
        given = store.numbers_given(account)
        for kind in highest:
            if highest[kind] > given.get(kind, 0):
                what = named(guid(account, kind, highest[kind]).bytes)
                yield f"{what} could be given out again; run: stagebook recount"


def blob_faults(store: Store, facts: FactScan) -> Iterator[str]:
    """Images that facts name are kept, and are counted with the facts."""
    if damaged := [*image_faults(store, facts.images)]:
        yield from damaged
    elif facts.whole:  # what is lost was counted
        yield from usage_faults(store)
    for account, digest in unnamed_images(store, facts.images) if facts.whole else ():
        yield (
            f"image {digest} of account {account:x} is named by no fact;"
            " to remove it: stagebook remove-images"
        )


def image_faults(store: Store, named: set[tuple[int, str]]) -> Iterator[str]:
    """Every image that a fact names is kept, and is what its digest says."""
    for account, digest in sorted(named):
        kept = store.blob(account, digest)
        if kept is None:
            yield f"image {digest} of account {account:x} is not there; {PUT_BACK}"
        elif hashlib.sha256(kept[1]).hexdigest() != digest:
            what = f"image {digest} of account {account:x} is not what its digest says"
            yield f"{what}; {PUT_BACK}"


def usage_faults(store: Store) -> Iterator[str]:
    """Whether what accounts have, for their quotas, is what facts and images say."""
    counted = store.count_usage()
    accounts = {account for account, _ in counted}.union(store.counted_accounts())
    for account in sorted(accounts):  # those too that no fact and no image is of
        known = {name: n for name, n in store.usage(account).items() if n}
        right = {name: n for (owner, name), n in counted.items() if owner == account}
        if known != right:
            what = f"is counted as {known}, its facts say {right}"
            less = any(right.get(name, 0) < n for name, n in known.items())
            remedy = f"facts may be lost: {PUT_BACK}, or if none is, run" if less else "run"
            yield f"what account {account:x} has {what}; {remedy}: stagebook recount"


def unnamed_images(store: Store, named: set[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Images that are kept though no fact names them."""
    for account in store.blob_accounts():
        for digest in store.blobs(account):
            if (account, digest) not in named:
                yield account, digest


def remove_images(store: Store) -> int:
    """Removes the images that no fact names, and returns how many. Others wait with what they write
    only while that is looked through which came meanwhile."""
    facts, position = FactScan(store), store.position()
    if found := [*facts.faults()]:  # what is lost may name them
        raise StoreDamaged("the log of facts", found[0], PUT_BACK)
    with store.append_lock():
        while page := store.read(position, PAGE):
            facts.images.update(filter(None, (image_in(one.fact) for one in page)))
            position = page[-1].position
        unnamed = [*unnamed_images(store, facts.images)]
        for account, digest in unnamed:
            store.drop_blob(account, digest)
    return len(unnamed)


def snapshot_faults(store: Store) -> Iterator[str]:
    """Snapshots come by aggregate and version, so each aggregate is folded once for each sort."""
    of_id, folds = None, dict[str, Aggregate]()
    for snapshot in store.snapshots():
        kind = unpack(snapshot.originator_id).kind
        if kind not in AGGREGATES:  # a newer version's
            continue
        if of_id != snapshot.originator_id:
            of_id, folds = snapshot.originator_id, {}
        counted = isinstance(snapshot, CountedSnapshot)
        cls = CountedInventory if counted else AGGREGATES[Kind(kind)]
        folded = folds.setdefault(snapshot.TOPIC, cls(snapshot.originator_id))
        upto = snapshot.originator_version
        for recorded in store.stream(folded.id, after=folded.version, upto=upto):
            folded.apply(recorded.fact)
        usable = isinstance(snapshot, Snapshot) and snapshot.usable(folded.SHAPE)
        if not usable or folded.gap:
            continue
        state = (
            CountedInventory.of(folded).state
            if isinstance(folded, CountedInventory)
            else folded.state
        )
        if to_json(state) != to_json(snapshot.state):
            yield f"the snapshot of {folded.id} at version {upto} is not what its facts say"


def view_faults(book: Stagebook, *projections: Projection) -> Iterator[str]:
    """Whether the served documents are what the facts say."""
    for verdict in verify(book, projections or PROJECTIONS):
        yield from told(verdict)


def told(verdict: VerificationReport) -> Iterator[str]:
    view = f"view {verdict.projection.name}"
    for parked in verdict.parked:
        since = f" since {parked.since}" if parked.since else ""
        yield f"{view}: {named(parked.key)} is parked{since}: {parked.error}"
    if verdict.ahead:
        yield f"{view} is ahead of the store, at {verdict.position}"
    for key, what in sorted(verdict.found.differing.items()):
        yield f"{view}: {difference(key, what)}"


def unhealed(
    book: Stagebook, verdict: VerificationReport, tell: Callable[[str], None]
) -> Iterator[str]:
    """Mends the documents that differ, tells of each, and returns what cannot be mended."""
    for key in sorted(verdict.found.differing):
        if what := mend(book, verdict.projection, key):
            tell(f"healed view {verdict.projection.name}: {named(key)}: {', '.join(what)}")
    yield from told(replace(verdict, found=Found()))


def difference(key: bytes, what: Sequence[str]) -> str:
    return f"{named(key)} ({key.hex()}) differs from what its facts say: {', '.join(what)}"


def named(key: bytes) -> str:
    """A document's key in words."""
    if key <= LAST_ENTRY:
        return f"change {int.from_bytes(key)}"
    try:
        account, kind, number = unpack(UUID(bytes=key))
    except ValueError:
        return "a document that nothing has"
    what = Kind(kind).name.lower() if kind in KINDS else f"kind {kind}, number"
    return f"{what} {number} of account {account:x}"


KINDS = frozenset(Kind)
