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
        if (
            one_parts is None
            or other_parts is None
            or not (one_parts or other_parts)
            or _moved(one, other)
        ):
            yield Difference(where, one, other)
        else:
            yield from differences(one_parts, other_parts, where + ".")


def _parts(value: Any) -> Mapping[str, Any] | None:
    """The value as named parts, or None when it is only comparable as a whole."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        ids = [_identity(item) for item in value]
        if None not in ids and len(set(ids)) == len(ids):
            return {str(i): item for i, item in zip(ids, value, strict=True)}
    return None


def _identity(item: Mapping[str, Any]) -> Any:
    return next((item[name] for name in ID_FIELDS if name in item), None)


def _moved(one: Any, other: Any) -> bool:
    """Whether the same items stand in another order."""
    if not isinstance(one, list) or not isinstance(other, list):
        return False
    ids, other_ids = [_identity(i) for i in one], [_identity(i) for i in other]
    return ids != other_ids and set(ids) == set(other_ids)
