"""Export and import: every fact of an account as JSON lines, and back.

The first line says whose facts they are; then one line a fact, in the order of commits. An
account has the same number, and so the same guids, in every store that it is imported into.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pydantic_core import from_json, to_json

from application.ports import Store
from domain.base import DomainEvent, payload_fields, type_of_topic
from domain.errors import AccountNotEmpty, Invalid
from domain.ids import account_number, guid, unpack

FORMAT = 1


def export_lines(store: Store, account: str, language: str) -> Iterator[bytes]:
    """The account as JSON lines."""
    number = account_number(account)
    given = {str(kind): n for kind, n in sorted(store.numbers_given(number).items())}
    yield to_json({"stagebook": FORMAT, "account": account, "language": language, "numbers": given})
    for recorded in store.facts_of(number):
        fact = recorded.fact
        fact_class: Any = type(fact)
        _, kind, of = unpack(fact.originator_id)
        place = {"kind": kind, "number": of, "version": fact.originator_version}
        says = {name: getattr(fact, name) for name in payload_fields(fact_class)}
        yield to_json({**place, "topic": fact.TOPIC, "fact": says})


def import_lines(
    store: Store, lines: Iterable[bytes], open_account: Callable[[str, str], None]
) -> tuple[str, int]:
    """Records an export at once or not at all; returns the account and how many facts.

    Everything is read and checked first. `AccountNotEmpty` when the account has facts already.
    """
    numbered = enumerate(lines, 1)
    head = _object(next(numbered, (1, b"")))
    if head.get("stagebook") != FORMAT:
        raise Invalid("line 1", 'expected the head of an export: {"stagebook": 1, …}')
    account, language, numbers = head["account"], head["language"], head["numbers"]
    account_id = account_number(account)
    if next(iter(store.facts_of(account_id)), None) is not None:
        raise AccountNotEmpty(f"account {account} has facts already; nothing was imported")
    versions: dict[Any, int] = {}
    facts = [_fact(line, account_id, versions) for line in numbered]
    open_account(account, language)
    store.reserve_numbers(account_id, {int(kind): n for kind, n in numbers.items()})
    if facts:
        store.append(facts)
    return account, len(facts)


def _fact(line: tuple[int, bytes], account: int, versions: dict[Any, int]) -> DomainEvent:
    """One line as a fact; each aggregate's versions must follow one another from 1."""
    data, at = _object(line), f"line {line[0]}"
    try:
        fact_class = type_of_topic[data["topic"]]
        place = guid(account, data["kind"], data["number"])
        version = data["version"]
        fact = fact_class(originator_id=place, originator_version=version, **data["fact"])
    except (KeyError, TypeError, OverflowError, ValueError) as error:
        raise Invalid(at, f"expected a fact as it was exported: {error!r}") from None
    if version != versions.get(place, 0) + 1:
        raise Invalid(at, f"expected version {versions.get(place, 0) + 1} of {place}")
    versions[place] = version
    return fact


def _object(line: tuple[int, bytes]) -> dict[str, Any]:
    try:
        data = from_json(line[1])
    except ValueError as error:
        raise Invalid(f"line {line[0]}", f"expected a JSON object: {error}") from None
    if not isinstance(data, dict):
        raise Invalid(f"line {line[0]}", "expected a JSON object")
    return data
