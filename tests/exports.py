"""Exports written by hand, with the end that belongs to them."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any


def sealed(lines: Iterable[str]) -> list[str]:
    """The lines with the end that says that they are all."""
    whole = list(lines)
    digest = hashlib.sha256("".join(f"{line}\n" for line in whole).encode()).hexdigest()
    facts = sum('"fact"' in line for line in whole)
    return [*whole, json.dumps({"end": {"lines": len(whole), "facts": facts, "digest": digest}})]


def head_of(**said: Any) -> str:
    """The head of an export of one account."""
    one = {"account": "a", "language": "en", "currency": "EUR", "timezone": "UTC", "numbers": {}}
    return json.dumps({"stagebook": 2, "everything": False, "accounts": [one | said]})


def facts_in(exported: str) -> list[str]:
    """The lines between the head, which names the store, and the end."""
    return exported.splitlines()[1:-1]
