"""Whether all documents of the served views are what the facts say.

The facts are folded aside, a part after the other, and compared with the stored documents of the
same keys. What differs is looked at again, alone and as of one moment, because views move
meanwhile; only what differs then is told. A view's digest is the sum of its documents', so it is
the same in whatever order they come.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from operator import itemgetter
from typing import NamedTuple

from domain.ids import MAX_NUMBER, Span, key, unpack
from projections.base import IndexProjection, Parked, Projection, RecordedFact, Row, ViewMoved
from projections.bulk import (
    SLICE,
    Book,
    BulkFolder,
    Slice,
    build,
    fold_alone,
    kind_of,
    reads,
    shown_with,
    slices,
    weight,
)
from projections.inspection import (
    LAST_ENTRY,
    TRIES,
    Content,
    Inspection,
    Live,
    Stored,
    content_of,
    digest,
    look,
)

LAST = b"\xff" * 16
MODULUS = 2**128
PAGE = 2_000
TOGETHER = 2_000
"""Views that are no further apart than this many facts are folded together."""


class Part(NamedTuple):
    """Keys from the first to the last, and the slice of facts that makes their documents."""

    first: bytes
    last: bytes
    slice: Slice | None


def cut(projections: Sequence[Projection], spans: Iterable[Span]) -> list[Part]:
    """All facts, and all keys there can be but those of entries, so that what no fact makes is
    seen. What is most work comes first."""
    found = sorted(slices(projections, spans, SLICE), key=lambda one: _key(one, one.first))
    parts: list[tuple[float, Part]] = []
    first = _after(LAST_ENTRY)
    for one, following in zip_longest(found, found[1:]):
        open_end = following is None or following[:2] != one[:2]
        upto = MAX_NUMBER if open_end else one.last  # what comes meanwhile is in the last one
        last = _key(one, upto)
        parts.append((weight(one), Part(first, last, one._replace(last=upto))))
        first = _after(last)
    parts.sort(key=itemgetter(0), reverse=True)
    return [*(part for _, part in parts), Part(first, LAST, None)]


def _key(one: Slice, number: int) -> bytes:
    return key(one.account, shown_with(one.kinds[0]), number)


def _after(last: bytes) -> bytes:
    """What every key behind it is not before."""
    return last + b"\0"


@dataclass(slots=True)
class Found:
    """What was found in a view, or in a part of it."""

    documents: int = 0
    live: int = 0
    rebuilt: int = 0
    """The sums of the documents' digests, as they are stored and as they should be."""
    entries: int = 0
    """The documents of single facts that are there, up to where the check began."""
    differing: dict[bytes, tuple[str, ...]] = field(default_factory=dict)
    """The documents that are not what their facts say, and in what."""

    @property
    def digests(self) -> tuple[str, str]:
        """Of the view as it is stored, and as it should be."""
        return f"{self.live % MODULUS:032x}", f"{self.rebuilt % MODULUS:032x}"

    def same(self, key: bytes, content: Content) -> None:
        self.documents += 1
        of_both = digest(key, content)
        self.live += of_both
        self.rebuilt += of_both

    def looked_at(self, one: Inspection) -> None:
        stored, expected = one.stored, one.content
        self.documents += stored is not None
        self.live += digest(one.key, stored) if stored else 0
        self.rebuilt += digest(one.key, expected) if expected else 0
        self.tell(one)

    def tell(self, one: Inspection) -> None:
        if one.what:
            self.differing[one.key] = one.what

    def add(self, other: "Found") -> None:
        self.documents += other.documents
        self.live += other.live
        self.rebuilt += other.rebuilt
        self.entries += other.entries
        self.differing |= other.differing


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """What a view was found to be."""

    projection: Projection
    position: int
    """Where it stood at first."""
    ahead: bool
    """Whether it has what the store has not."""
    parked: Sequence[Parked]
    found: Found


Proofs = Callable[[Iterable[Part]], Iterable[list[Found]]]
Proving = Callable[[Sequence[int]], Proofs]


def verify(
    projections: Sequence[Projection],
    log: Book,
    live: Live,
    proving: Proving | None = None,
) -> list[VerificationReport]:
    """Folds every fact and compares every document. `proving` may do that elsewhere, in other
    processes; it gets to know where the views stood at first."""
    since = [standing(projection, live)[1] for projection in projections]
    head = log.position()
    found = [Found() for _ in projections]
    proofs = (
        proving(since) if proving else partial(map, Verifier(projections, log, live, since).verify)
    )
    for of_part in proofs(cut(projections, log.spans())):
        for whole, part in zip(found, of_part, strict=True):
            whole.add(part)
    verdicts = []
    for projection, position, whole in zip(projections, since, found, strict=True):
        prove_entries(projection, log, live, position, whole)
        parked = list(live(projection).parked().values())
        for stopped in parked:
            whole.tell(look(projection, log, live, stopped.key))
        verdicts.append(VerificationReport(projection, position, position > head, parked, whole))
    return verdicts


class Verifier:
    """Folds parts for several views at once; each goes on from where it stands."""

    def __init__(
        self, projections: Sequence[Projection], log: Book, live: Live, since: Sequence[int]
    ) -> None:
        self._log = log
        self._aside = [
            VerifyingSink(projection, log, live, begun)
            for projection, begun in zip(projections, since, strict=True)
        ]

    def verify(self, part: Part) -> list[Found]:
        for one in self._aside:
            one.begin(part)
        if part.slice:
            reading = (one for one in self._aside if reads(one.projection, part.slice))
            left = sorted(reading, key=lambda one: one.position)
            while left:
                upto = left[0].position
                near = [one for one in left if one.position <= upto + TOGETHER]
                build(part.slice, [one.folder for one in near], self._log, upto)
                left = left[len(near) :]
        return [one.finish() for one in self._aside]


class VerifyingSink:
    """Compares a part of a view; to its folder it is a generation that is being built."""

    def __init__(self, projection: Projection, log: Book, live: Live, begun: int) -> None:
        self.projection = projection
        self.folder = BulkFolder(projection, self, log)
        self._log, self._live, self._begun = log, live, begun.to_bytes(16)

    def begin(self, part: Part) -> None:
        self._part, self._first, self._found = part, part.first, Found()
        self._view, self.position = standing(self.projection, self._live)

    def states(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """What documents show of others is folded, too: what is stored of it may be the fault."""
        own = {shown_with(kind) for kind in self._part.slice.kinds} if self._part.slice else ()
        found: dict[bytes, bytes] = {}
        for other in keys:
            if kind_of(other) not in own:
                made = fold_alone(self.projection, self._log, other, self.position)
                found |= made.states([other])
        return found

    def add(self, one: Slice, rows: Sequence[Row], parked: Sequence[Parked], *, done: bool) -> None:  # noqa: ARG002 - of the port
        expected = {row.key: content_of(row) for row in rows}
        if entries := {k: content for k, content in expected.items() if k <= LAST_ENTRY}:
            stored = self._view.those([*entries])
            self._found.entries += sum(k <= self._begun for k in stored)
            self._compare(entries, stored)
        documents = expected if not entries else expected.keys() - entries.keys()
        if documents or done:
            of_keys = {k: expected[k] for k in documents}
            self._compare_upto(self._part.last if done else max(documents), of_keys)
        for stopped in parked:
            self._found.tell(self._look(stopped.key))

    def finish(self) -> Found:
        if self._first <= self._part.last:
            self._compare_upto(self._part.last, {})
        return self._found

    def _compare_upto(self, last: bytes, expected: dict[bytes, Content]) -> None:
        for stored in paged(self._view, self._first, last):
            self._compare({k: expected.pop(k) for k in stored if k in expected}, stored)
        self._compare(expected, {})
        self._first = _after(last)

    def _compare(self, expected: dict[bytes, Content], stored: dict[bytes, Content]) -> None:
        for one in stored.keys() | expected.keys():
            content = stored.get(one)
            if content is not None and content == expected.get(one):
                self._found.same(one, content)
            else:
                self._found.looked_at(self._look(one))

    def _look(self, key: bytes) -> Inspection:
        return look(self.projection, self._log, self._live, key)


def standing(projection: Projection, live: Live) -> tuple[Stored, int]:
    """The view that is served, and where it stands."""
    for _ in range(TRIES):
        view = live(projection)
        if (position := view.position()) >= 0:
            return view, position
    raise ViewMoved


def paged(view: Stored, first: bytes, last: bytes) -> Iterator[dict[bytes, Content]]:
    """All documents of these keys, some at a time."""
    while first <= last:
        page = view.between(first, last, PAGE)
        yield page
        if len(page) < PAGE:
            return
        first = _after(max(page))


# -- documents of single facts


def prove_entries(projection: Projection, log: Book, live: Live, begun: int, found: Found) -> None:
    """That there are no others than those that were found in the parts."""
    view, position = standing(projection, live)
    if view.count(bytes(16), begun.to_bytes(16)) != found.entries:
        for suspect in _unexpected(projection, log, view, begun, found.entries):
            found.looked_at(look(projection, log, live, suspect))
    for stored in paged(view, _after(position.to_bytes(16)), LAST_ENTRY):
        for suspect in stored:
            one = look(projection, log, live, suspect)
            if one.what:  # and it did not only come since
                found.looked_at(one)


def _unexpected(
    projection: Projection, log: Book, view: Stored, upto: int, there: int
) -> Iterator[bytes]:
    position, first = 0, bytes(16)
    while position < upto:
        facts = log.read(position, PAGE)
        position = min(facts[-1].position, upto) if facts else upto
        expected = _entries(projection, log, facts) if there else set()
        last = position.to_bytes(16)
        for stored in paged(view, first, last):
            yield from stored.keys() - expected
        first = _after(last)


def _entries(projection: Projection, log: Book, facts: Iterable[RecordedFact]) -> set[bytes]:
    """The keys of the documents that these facts are."""
    if isinstance(projection, IndexProjection):
        return {projection.key_of(one) for one in facts if projection.keys(one.fact)}
    made = Collected()
    folder = BulkFolder(projection, made, log)
    for recorded in facts:
        if unpack(recorded.fact.originator_id).kind in projection.kinds:
            folder.fold(recorded)
    folder.write(done=True)
    return made.keys


class Collected:
    """The keys of what is built."""

    def __init__(self) -> None:
        self.keys: set[bytes] = set()

    def states(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:  # noqa: ARG002 - of the port
        return {}

    def add(self, one: Slice, rows: Sequence[Row], parked: Sequence[Parked], *, done: bool) -> None:  # noqa: ARG002 - of the port
        self.keys.update(row.key for row in rows)
