"""Whether a generation that is built shows what the served one shows, document by document."""

from collections.abc import Iterator

from projections.base import Projection
from projections.bulk import Book
from projections.inspection import Content, Stored, differing, look_at

LAST = b"\xff" * 16
PAGE = 2_000

Differing = dict[bytes, tuple[str, ...]]


def compared(
    projection: Projection, log: Book, live: Stored, built: Stored, *, same_version: bool
) -> Differing:
    """The documents that are not the same, and in what. Both may stand elsewhere, so what differs
    is looked at again: each beside what its facts say where it stands. What another version of the
    projection made cannot be folded here; of that both are only read again."""
    found: Differing = {}
    for key, one, other in _pairs(live, built):
        if one != other:
            if same_version:
                looks = (look_at(projection, log, view, key) for view in (live, built))
                what = next((look.what for look in looks if look.what), ())
            else:
                what = differing(live.moment(key).content, built.moment(key).content)
            if what:
                found[key] = what
    return found


def _pairs(live: Stored, built: Stored) -> Iterator[tuple[bytes, Content | None, Content | None]]:
    first = b""
    while True:
        one, other = (view.between(first, LAST, PAGE) for view in (live, built))
        ends = [max(page) for page in (one, other) if len(page) >= PAGE]
        last = min(ends, default=LAST)
        for key in sorted(one.keys() | other.keys()):
            if key <= last:
                yield key, one.get(key), other.get(key)
        if not ends:
            return
        first = last + b"\0"
