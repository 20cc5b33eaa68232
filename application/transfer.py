"""Export and import: every fact of an account as JSON lines, and back.

The first line says whose facts they are; then one line an image, then one line a fact, in the
order of commits. An account has the same number, and so the same guids, in every store that it is
imported into.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pydantic_core import from_json, to_json

from application.as_of import load
from application.keyring import REGISTRY_ID
from application.ports import Store
from domain.base import DomainEvent, State, UnknownFact, payload_fields, type_of_topic
from domain.catalog import CATALOG
from domain.contingents import ContingentAdded
from domain.errors import AccountNotEmpty, Invalid
from domain.event_facts import DateAdded
from domain.ids import Kind, account_number, guid, unpack
from domain.images import image_of
from domain.money import DEFAULT_CURRENCY
from domain.registry import DEFAULT_TIMEZONE, Registry, check_timezone
from domain.values import parse_time, stamp

FORMAT = 1
NUMBERED = frozenset({Kind.LOCATION, Kind.EVENT, Kind.ORDER, Kind.WEBHOOK, *CATALOG})
"""The kinds whose numbers the store gives out; an Inventory has that of its Event."""


def export_lines(store: Store, account: str, held: State) -> Iterator[bytes]:
    """The account as JSON lines. `held`: what the registry has of it."""
    number = account_number(account)
    end = store.position()  # before the numbers: facts that come meanwhile are not exported
    given = {str(kind): n for kind, n in sorted(store.numbers_given(number).items())}
    said = {name: held[name] for name in ("language", "currency", "timezone")}
    says_whose = {"account": account, **said}
    yield to_json({"stagebook": FORMAT, **says_whose, "numbers": given})
    for digest in store.blobs(number):
        if kept := store.blob(number, digest):
            yield to_json({"blob": digest, "type": kept[0], "data": b64encode(kept[1]).decode()})
    for recorded in store.facts_of(number):
        if recorded.position > end:
            return
        fact = recorded.fact
        fact_class: Any = type(fact)
        _, kind, of = unpack(fact.originator_id)
        place = {"kind": kind, "number": of, "version": fact.originator_version}
        if isinstance(fact, UnknownFact):
            yield _as_it_is(recorded.position, place, fact)
            continue
        says = {name: getattr(fact, name) for name in payload_fields(fact_class)}
        yield to_json({**place, "topic": fact.TOPIC, "fact": says})


def _as_it_is(position: int, place: dict[str, int], fact: UnknownFact) -> bytes:
    """A fact that is not known here, byte for byte."""
    try:
        from_json(fact.payload)
    except ValueError as error:
        raise Invalid(f"position {position}", f"expected a fact, not {error}") from None
    return to_json({**place, "topic": fact.topic})[:-1] + b',"fact":%b}' % fact.payload


def import_lines(
    store: Store, lines: Iterable[bytes], open_account: Callable[[str, str, str, str], None]
) -> tuple[str, int]:
    """Records an export at once or not at all; returns the account and how many facts.

    Everything is read and checked first. `AccountNotEmpty` when the account has facts already.
    Images are kept as they come: one that no fact names does no harm.
    """
    numbered = enumerate(lines, 1)
    head = _object(next(numbered, (1, b"")))
    account, language, currency, timezone, numbers = _head(head)
    check_timezone(timezone)
    account_id = account_number(account)
    load(store, Registry, REGISTRY_ID).has_open(account, language, currency)
    if next(iter(store.facts_of(account_id)), None) is not None:
        raise AccountNotEmpty(f"account {account} has facts already; nothing was imported")
    versions: dict[Any, int] = {}
    facts = []
    for line in numbered:
        data, at = _object(line), f"line {line[0]}"
        if "blob" in data:
            _keep(store, account_id, data, at)
        else:
            facts.append(_fact(data, at, account_id, versions))
    for fact in facts:
        for kind, number in numbers_in(fact):
            numbers[kind] = max(number, numbers.get(kind, 0))
    store.reserve_numbers(account_id, numbers)
    if facts:
        store.append(facts)
    open_account(account, language, currency, timezone)
    return account, len(facts)


def numbers_in(fact: DomainEvent) -> Iterator[tuple[int, int]]:
    """The numbers that were given out and that a fact has taken, by kind."""
    _, kind, number = unpack(fact.originator_id)
    if kind in NUMBERED and number:  # the placeholder's 0 is given out by nobody
        yield kind, number
    if isinstance(fact, DateAdded):
        yield Kind.DATE, fact.dateid
    elif isinstance(fact, ContingentAdded):
        yield Kind.CONTINGENT, fact.contingentid


def _head(head: dict[str, Any]) -> tuple[str, str, str, str, dict[int, int]]:
    account, language, numbers = (head.get(n) for n in ("account", "language", "numbers"))
    currency = head.get("currency", DEFAULT_CURRENCY)  # older exports do not say it
    timezone = head.get("timezone", DEFAULT_TIMEZONE)  # nor this
    if (
        head.get("stagebook") != FORMAT
        or not isinstance(account, str)
        or not isinstance(language, str)
        or not isinstance(currency, str)
        or not isinstance(timezone, str)
        or not isinstance(numbers, dict)
        or not all(k.isdecimal() and type(n) is int for k, n in numbers.items())
    ):
        raise Invalid("line 1", 'expected the head of an export: {"stagebook": 1, …}')
    return account, language, currency, timezone, {int(kind): n for kind, n in numbers.items()}


def _keep(store: Store, account: int, line: dict[str, Any], at: str) -> None:
    """One line as an image, which must be what its digest says."""
    try:
        data = b64decode(line["data"], validate=True)
        image = image_of(data)
    except (KeyError, TypeError, ValueError, Invalid) as error:
        raise Invalid(at, f"expected an image as it was exported: {error!r}") from None
    if (image.digest, image.type) != (line["blob"], line.get("type")):
        raise Invalid(at, "expected an image as it was exported")
    store.put_blob(account, image.digest, image.type, data)


def _fact(data: dict[str, Any], at: str, account: int, versions: dict[Any, int]) -> DomainEvent:
    """One line as a fact; each aggregate's versions must follow one another from 1."""
    try:
        if data["topic"] not in type_of_topic:
            known = f"expected a fact that this version knows: {data['topic']} is none"
            raise Invalid(at, known)
        fact_class, says = type_of_topic[data["topic"]], data["fact"]
        place = guid(account, Kind(data["kind"]), data["number"])
        version = data["version"]
        fact = fact_class(originator_id=place, originator_version=version, **says)
        stamped = stamp(parse_time(says["time"])) == says["time"]
    except (KeyError, TypeError, OverflowError, ValueError) as error:
        raise Invalid(at, f"expected a fact as it was exported: {error!r}") from None
    texts = (fact.actor, fact.correlation, fact.causation or "", fact.reason or "")
    fits = _fits(fact_class.TOPIC, Kind(data["kind"]))
    if not stamped or not fits or not all(isinstance(text, str) for text in texts):
        raise Invalid(at, "expected a fact as it was exported")
    if version != versions.get(place, 0) + 1:
        raise Invalid(at, f"expected version {versions.get(place, 0) + 1} of {place}")
    versions[place] = version
    return fact


def _fits(topic: str, kind: Kind) -> bool:
    """Whether an aggregate of that kind has facts of that topic."""
    subject = topic.partition(".")[0]
    return kind in CATALOG if subject == "catalog" else subject == kind.name.lower()


def _object(line: tuple[int, bytes]) -> dict[str, Any]:
    try:
        data = from_json(line[1])
    except ValueError as error:
        raise Invalid(f"line {line[0]}", f"expected a JSON object: {error}") from None
    if not isinstance(data, dict):
        raise Invalid(f"line {line[0]}", "expected a JSON object")
    return data
