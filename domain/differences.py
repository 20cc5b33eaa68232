"""What differs between two JSON values, path by path.

Objects are compared field by field, lists of objects by their ids, other lists as a whole:
`name`, `layout.color`, `dates.5.start`, `contingents.98.amount`, `tags`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from domain.values import same

ID_FIELDS = ("id", "tickettypeid", "saleschannelid")


class Difference(NamedTuple):
    path: str
    before: Any
    after: Any


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], path: str = ""
) -> Iterator[Difference]:
    """Every path that differs, in the order of the fields; a missing field counts as null."""
    for name in {**before, **after}:
        one, other = before.get(name), after.get(name)
        where = f"{path}{name}"
        if same(one, other):
            continue
        one_parts, other_parts = _parts(one), _parts(other)
        inside: list[Difference] = []
        if one_parts is not None and other_parts is not None and not _moved(one, other):
            inside = list(differences(one_parts, other_parts, where + "."))
        yield from inside or [Difference(where, one, other)]


def _parts(value: Any) -> Mapping[str, Any] | None:
    """The value as named parts, or None when it is only comparable as a whole."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        ids = [found for item in value if (found := _identity(item)) is not None]
        if len(set(ids)) == len(value):
            return dict(zip(ids, value, strict=True))
    return None


def _identity(item: Mapping[str, Any]) -> str | None:
    """Its id as a part of a path; a custom field may hold anything under that name."""
    found = next((item[name] for name in ID_FIELDS if name in item), None)
    return str(found) if isinstance(found, int | str) else None


def _moved(one: Any, other: Any) -> bool:
    """Whether the same items stand in another order."""
    if not isinstance(one, list) or not isinstance(other, list):
        return False
    ids, other_ids = [_identity(i) for i in one], [_identity(i) for i in other]
    return ids != other_ids and set(ids) == set(other_ids)
