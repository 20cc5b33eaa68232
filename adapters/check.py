"""Whether a store and its views are sound: every fault found, in words."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from uuid import UUID

from pydantic_core import to_json

from adapters.bootstrap import PROJECTIONS, Stagebook
from adapters.proving import mend, prove
from application.aggregates import AGGREGATES
from application.ports import Recorded, Store
from application.transfer import numbers_in
from domain.base import Aggregate, CountedSnapshot, Snapshot, UnknownFact
from domain.event_facts import EventImageChanged
from domain.ids import Kind, guid, unpack
from domain.inventory import CountedInventory
from projections.base import Projection
from projections.looking import LAST_ENTRY
from projections.proving import Found, Verdict

PAGE = 2_000


def faults(book: Stagebook, processes: int = 0) -> Iterator[str]:
    """Reads every fact and every document once."""
    yield from store_faults(book.store)
    for name, why in book.foreign().items():
        yield f"view {name} is of another history: {why}; to rebuild it: stagebook rebuild {name}"
    if outbox := book.foreign_outbox():
        yield f"the webhook deliveries are of another history: {outbox.reason}"
    yield from damages(book, PROJECTIONS)
    for verdict in prove(book, whole(book, PROJECTIONS), processes):
        yield from told(verdict)


def damages(book: Stagebook, projections: Sequence[Projection]) -> Iterator[str]:
    """The views that cannot be read, and what to do about it."""
    for projection in projections:
        if reason := book.views.damage(projection, thoroughly=True):
            name = projection.name
            yield f"view {name} is damaged: {reason}; run: stagebook rebuild {name}"


def whole(book: Stagebook, projections: Sequence[Projection]) -> list[Projection]:
    """Those that can be read."""
    return [p for p in projections if book.views.damage(p, thoroughly=True) is None]


def store_faults(store: Store) -> Iterator[str]:
    """Facts that can be read, versions without gaps, times that never run back, numbers that were
    given out, snapshots that are what the facts say, images that are there."""
    newest: dict[bytes, tuple[int, str]] = {}
    taken: dict[int, dict[int, int]] = {}
    images: set[tuple[int, str]] = set()
    position = 0
    while page := store.read(position, PAGE):
        for recorded in page:
            fact = recorded.fact
            version, time = newest.get(fact.originator_id.bytes, (0, ""))
            yield from fact_faults(recorded, version, time)
            newest[fact.originator_id.bytes] = (fact.originator_version, fact.time)
            highest = taken.setdefault(unpack(fact.originator_id).account, {})
            for kind, number in numbers_in(fact):
                highest[kind] = max(number, highest.get(kind, 0))
            if image := image_in(recorded):
                images.add(image)
        position = page[-1].position
    for account, highest in taken.items():
        given = store.numbers_given(account)
        for kind in highest:
            if highest[kind] > given.get(kind, 0):
                what = named(guid(account, kind, highest[kind]).bytes)
                yield f"{what} could be given out again"
    if damaged := [*image_faults(store, images)]:
        yield from damaged
    else:  # lost images were counted
        yield from usage_faults(store)
    for account, digest in unnamed_images(store, images):
        yield (
            f"image {digest} of account {account:x} is named by no fact;"
            " to remove it: stagebook remove-images"
        )
    yield from snapshot_faults(store)


def fact_faults(recorded: Recorded, version: int, time: str) -> Iterator[str]:
    """What is wrong with a fact, behind that version and that time of its aggregate."""
    fact = recorded.fact
    where = f"position {recorded.position}: {fact.name} of {fact.originator_id}"
    if isinstance(fact, UnknownFact):
        yield f"{where}, {fact.why}"
    elif fact.time < time:
        yield f"{where} has a time before its predecessor's"
    if fact.originator_version != version + 1:
        yield f"{where} has version {fact.originator_version}, expected {version + 1}"


def image_faults(store: Store, named: set[tuple[int, str]]) -> Iterator[str]:
    """Every image that a fact names is kept, and is what its digest says."""
    for account, digest in sorted(named):
        kept = store.blob(account, digest)
        if kept is None:
            yield f"image {digest} of account {account:x} is not there"
        elif hashlib.sha256(kept[1]).hexdigest() != digest:
            yield f"image {digest} of account {account:x} is not what its digest says"


def usage_faults(store: Store) -> Iterator[str]:
    """Whether what accounts have, for their quotas, is what facts and images say."""
    counted = store.count_usage()
    for account in sorted({account for account, _ in counted}):
        known = {name: n for name, n in store.usage(account).items() if n}
        right = {name: n for (owner, name), n in counted.items() if owner == account}
        if known != right:
            what = f"is counted as {known}, its facts say {right}"
            yield f"what account {account:x} has {what}; run: stagebook recount"


def unnamed_images(store: Store, named: set[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Images that are kept though no fact names them."""
    for account in store.blob_accounts():
        for digest in store.blobs(account):
            if (account, digest) not in named:
                yield account, digest


def remove_images(store: Store) -> int:
    """Removes the images that no fact names, and returns how many. Nobody writes meanwhile."""
    with store.exclusive():
        named: set[tuple[int, str]] = set()
        position = 0
        while page := store.read(position, PAGE):
            named |= set(filter(None, map(image_in, page)))
            position = page[-1].position
        unnamed = [*unnamed_images(store, named)]
        for account, digest in unnamed:
            store.drop_blob(account, digest)
    return len(unnamed)


def image_in(recorded: Recorded) -> tuple[int, str] | None:
    """The account and the digest of the image that a fact names."""
    fact = recorded.fact
    if isinstance(fact, EventImageChanged) and fact.image:
        return unpack(fact.originator_id).account, fact.image["digest"]
    return None


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
    for verdict in prove(book, projections or PROJECTIONS):
        yield from told(verdict)


def told(verdict: Verdict) -> Iterator[str]:
    view = f"view {verdict.projection.name}"
    for parked in verdict.parked:
        since = f" since {parked.since}" if parked.since else ""
        yield f"{view}: {named(parked.key)} is parked{since}: {parked.error}"
    if verdict.ahead:
        yield f"{view} is ahead of the store, at {verdict.position}"
    for key, what in sorted(verdict.found.differing.items()):
        yield f"{view}: {difference(key, what)}"


def unhealed(book: Stagebook, verdict: Verdict, tell: Callable[[str], None]) -> Iterator[str]:
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
