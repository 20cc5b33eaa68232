"""Export and import: the facts of accounts, or everything that a store has, as JSON lines.

    head     which store and epoch, which accounts, with the numbers that were given out
    images   a line each
    answers  to requests with an Idempotency-Key of the last day, a line each
    facts    a line each, in the order of commits
    end      how many lines and facts come before it, their digest, position and mark of the last

An export without its end is not whole, and one with another digest was changed: neither is
imported. An account has the same number, and so the same guids, in every store.
A store that everything is imported into has the id of the exported one, and begins a later epoch.
"""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from uuid import UUID

from pydantic_core import from_json, to_json

from application.aggregates import AGGREGATES
from application.as_of import load
from application.keyring import REGISTRY_ID
from application.payloads import check_payload
from application.ports import Blob, CommandResult, IdempotentResult, Recorded, Store, VersionTaken
from domain.base import (
    Aggregate,
    CommandMetadata,
    DomainEvent,
    State,
    UnknownFact,
    payload_fields,
    type_of_topic,
)
from domain.catalog import CATALOG
from domain.contingents import ContingentAdded
from domain.errors import AccountNotEmpty, Conflict, Invalid, Refusal
from domain.event_facts import DateAdded
from domain.ids import Kind, account_number, guid, unpack
from domain.images import image_of
from domain.lineage import Identity, mark_of
from domain.money import DEFAULT_CURRENCY
from domain.registry import DEFAULT_TIMEZONE, Registry, check_timezone
from domain.values import MAX_ID, parse_time, stamp

FORMAT = 2
NUMBERED = frozenset({Kind.LOCATION, Kind.EVENT, Kind.ORDER, Kind.WEBHOOK, *CATALOG})
"""The kinds whose numbers the store gives out; an Inventory has that of its Event."""
PAGE = 1_000
IN_MEMORY = 16 * 2**20
"""Bytes of an import beyond which it waits in a file."""
NO_ACCOUNT = 0
"""Whose the registry is."""


# -- out


def export_lines(store: Store, accounts: Sequence[State]) -> Iterator[bytes]:
    """These accounts, each as the registry has it, without their keys."""
    numbers = [account_number(one["name"]) for one in accounts]
    end = store.position()  # before the numbers: facts that come meanwhile are not exported
    if len(numbers) == 1:
        facts = (one for one in store.facts_of(numbers[0]) if one.position <= end)
    else:
        facts = (one for one in _every_fact(store, end) if _account(one) in numbers)
    last: list[Recorded] = []
    yield from _ended(_lines(store, accounts, facts, last, everything=False), last)


def export_everything(store: Store, accounts: Sequence[State]) -> Iterator[bytes]:
    """All accounts with their keys, and all else that a store needs to be what this one is."""
    facts = _every_fact(store, store.position())
    last: list[Recorded] = []
    yield from _ended(_lines(store, accounts, facts, last, everything=True), last)


def _every_fact(store: Store, end: int) -> Iterator[Recorded]:
    position = 0
    while page := store.read(position, PAGE):
        for recorded in page:
            if recorded.position > end:
                return
            yield recorded
        position = page[-1].position


def _account(recorded: Recorded) -> int:
    return unpack(recorded.fact.originator_id).account


def _lines(
    store: Store,
    accounts: Sequence[State],
    facts: Iterable[Recorded],
    last: list[Recorded],
    *,
    everything: bool,
) -> Iterator[bytes]:
    """All but the end; `last` then has the last fact."""
    names = {account_number(one["name"]): one["name"] for one in accounts}
    heads = []
    for number, account in zip(names, accounts, strict=True):
        said = {name: account[name] for name in ("language", "currency", "timezone")}
        given = {str(kind): n for kind, n in sorted(store.numbers_given(number).items())}
        heads.append({"account": account["name"], **said, "numbers": given})
    of = store.identity()._asdict()
    head = {"stagebook": FORMAT, "everything": everything, "store": of, "accounts": heads}
    yield to_json(head)
    for number, name in names.items():
        for digest in store.blobs(number):
            if kept := store.blob(number, digest):
                data = b64encode(kept[1]).decode()
                yield to_json({"blob": digest, "account": name, "type": kept[0], "data": data})
        for one in store.kept_answers(number):
            yield _answer_line(name, one)
    names[NO_ACCOUNT] = None
    for recorded in facts:
        last[:] = [recorded]
        yield _fact_line(names[_account(recorded)], recorded)


def _answer_line(account: str, kept: IdempotentResult) -> bytes:
    answer = kept.answer
    asked = {"answer": kept.key, "account": account, "request": kept.request, "time": kept.time}
    told: State = {"status": answer.status, "headers": answer.headers, "position": answer.position}
    return to_json({**asked, **told, "body": b64encode(answer.body).decode()})


def _fact_line(account: str | None, recorded: Recorded) -> bytes:
    fact = recorded.fact
    fact_class: Any = type(fact)
    _, kind, number = unpack(fact.originator_id)
    place = {"account": account, "kind": kind, "number": number}
    place["version"] = fact.originator_version
    if isinstance(fact, UnknownFact):
        return _as_it_is(recorded.position, place, fact)
    says = {name: getattr(fact, name) for name in payload_fields(fact_class)}
    return to_json({**place, "topic": fact.TOPIC, "fact": says})


def _as_it_is(position: int, place: dict[str, Any], fact: UnknownFact) -> bytes:
    """A fact that is not known here, byte for byte."""
    try:
        from_json(fact.payload)
    except ValueError as error:
        raise Invalid(f"position {position}", f"expected a fact, not {error}") from None
    return to_json({**place, "topic": fact.topic})[:-1] + b',"fact":%b}' % fact.payload


def _ended(lines: Iterable[bytes], last: list[Recorded]) -> Iterator[bytes]:
    """The lines, and the one that says that they are all."""
    count, facts, digest = 0, 0, hashlib.sha256()
    for line in lines:
        count += 1
        facts += line.startswith(b'{"account":')
        digest.update(line + b"\n")
        yield line
    end: State = {"lines": count, "facts": facts, "digest": digest.hexdigest()}
    for recorded in last:
        end |= {"position": recorded.position, "mark": mark_of(recorded.fact)}
    yield to_json({"end": end})


# -- in


@dataclass(slots=True)
class Import:
    """What an export says, read and checked."""

    everything: bool
    accounts: list[State]
    store: Identity | None
    """Where it comes from; None: it does not say."""
    facts: list[DomainEvent] = field(default_factory=list)
    answers: list[IdempotentResult] = field(default_factory=list)
    aggregates: dict[UUID, Aggregate] = field(default_factory=dict)
    blobs: list[tuple[int, str, str, int]] = field(default_factory=list)
    """Account, digest, type, and where its line begins."""

    numbers: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.numbers = {a["account"]: account_number(a["account"]) for a in self.accounts}

    def account_of(self, line: State) -> int:
        name = line.get("account")
        if name is None and self.everything:
            return NO_ACCOUNT
        if not isinstance(name, str) or name not in self.numbers:
            raise Invalid("account", "expected one of the accounts that the head names")
        return self.numbers[name]


def import_lines(
    store: Store, lines: Iterable[bytes], metadata: CommandMetadata
) -> tuple[list[str], int]:
    """Records an export at once or not at all; returns the accounts and how many facts.

    Everything is read and checked first. `AccountNotEmpty` when an account, or of an export of
    everything the store, has facts already.
    """
    with SpooledTemporaryFile(IN_MEMORY) as spooled:
        mark = _whole(lines, spooled)
        read = _read(spooled)
        if mark is not None and (not read.facts or mark != mark_of(read.facts[-1])):
            raise Invalid("end", "expected the mark of the last fact: facts of another history")
        registry = _opened(store, read, metadata)
        if not store.position():  # what is left of facts that were lost rests on none of these
            store.begin_epoch(store.identity())
            store.recount()
        given = _given(read)
        for account, numbers in given.items():
            store.reserve_numbers(account, numbers)
        facts = [*read.facts, *registry.pending]
        read_from = {} if registry.pending else {REGISTRY_ID: registry.version}
        identity = read.store if read.everything else None
        try:
            # Positions are the store's own: what they rest on is there with the last fact.
            answers = [replace(one, facts=len(facts)) for one in read.answers if facts]
            blobs = _blobs(spooled, read)
            store.append(facts, answers=answers, read=read_from, blobs=blobs, identity=identity)
        except VersionTaken:
            message = "another process has written meanwhile; nothing was imported: run it again"
            raise Conflict(message) from None
    return [one["account"] for one in read.accounts], len(read.facts)


def _blobs(spooled: IO[bytes], read: Import) -> Iterator[Blob]:
    """One at a time: all of them together may not fit into memory."""
    for account, digest, type_, start in read.blobs:
        spooled.seek(start)
        data = b64decode(from_json(spooled.readline())["data"])
        yield Blob(account, digest, type_, data)


def _whole(lines: Iterable[bytes], spooled: IO[bytes]) -> str | None:
    """Keeps the lines, and refuses what has no end, or another one than they have. Returns the mark
    of the last fact, where the end has one."""
    count, digest, last = 0, hashlib.sha256(), b""
    for line in lines:
        if not line.strip():
            continue
        if last:
            if last.startswith(b'{"end":'):
                raise Invalid(
                    f"line {count + 1}", "the export is not whole: expected no more behind its end"
                )
            digest.update(last + b"\n")
            spooled.write(last + b"\n")
        count, last = count + 1, line.rstrip(b"\r\n")
    end = _object(last, f"line {count}").get("end") if last else None
    if not isinstance(end, dict):
        raise Invalid(f"line {count}", "the export is not whole: its last line says no end")
    if (end.get("lines"), end.get("digest")) != (count - 1, digest.hexdigest()):
        raise Invalid(
            f"line {count}",
            f"the export was changed or cut: it had {end.get('lines')} lines of the digest"
            f" {end.get('digest')}, here are {count - 1} of {digest.hexdigest()}",
        )
    spooled.seek(0)
    return end.get("mark")


def _read(spooled: IO[bytes]) -> Import:
    """Every line in the words of the domain; the first that is wrong is refused by its number."""
    read = _head(_object(spooled.readline(), "line 1"))
    start, number = spooled.tell(), 1
    while line := spooled.readline():
        number += 1
        at = f"line {number}"
        data = _object(line, at)
        try:
            account = read.account_of(data)
            if "blob" in data:
                read.blobs.append((account, *_image(data), start))
            elif "answer" in data:
                read.answers.append(_answer(data, account))
            else:
                _take(read, _fact(data, account))
        except Refusal as refusal:
            raise Invalid(at, str(refusal.detail)) from None
        start = spooled.tell()
    return read


def _head(head: dict[str, Any]) -> Import:
    accounts = head.get("accounts")
    if (
        head.get("stagebook") != FORMAT
        or not isinstance(head.get("everything"), bool)
        or not isinstance(accounts, list)
        or not all(isinstance(one, dict) and _is_account(one) for one in accounts)
        or len({one["account"] for one in accounts}) < len(accounts)
    ):
        raise Invalid("line 1", f'expected the head of an export: {{"stagebook": {FORMAT}, …}}')
    for one in accounts:
        check_timezone(one["timezone"])
    return Import(head["everything"], accounts, _store(head.get("store")))


def _store(of: Any) -> Identity | None:
    if of is None:
        return None
    if not isinstance(of, dict) or [type(of.get(n)) for n in Identity._fields] != [str, int]:
        raise Invalid("line 1", "expected id and epoch in store")
    return Identity(of["id"], of["epoch"])


def _is_account(one: State) -> bool:
    one.setdefault("currency", DEFAULT_CURRENCY)
    one.setdefault("timezone", DEFAULT_TIMEZONE)
    numbers = one.get("numbers")
    texts = (one.get(name) for name in ("account", "language", "currency", "timezone"))
    return (
        all(isinstance(text, str) for text in texts)
        and isinstance(numbers, dict)
        and all(k.isdecimal() and type(n) is int and 0 <= n <= MAX_ID for k, n in numbers.items())
    )


def _image(line: State) -> tuple[str, str]:
    """The digest and the type of an image, which must be what they say."""
    try:
        image = image_of(b64decode(line["data"], validate=True))
    except (KeyError, TypeError, ValueError, Invalid) as error:
        raise Invalid("data", f"expected an image as it was exported: {error!r}") from None
    if (image.digest, image.type) != (line["blob"], line.get("type")):
        raise Invalid("blob", "expected an image as it was exported")
    return image.digest, image.type


def _answer(line: State, account: int) -> IdempotentResult:
    try:
        body, headers = b64decode(line["body"], validate=True), line["headers"]
        texts = [line[name] for name in ("answer", "request", "time")]
        answer = CommandResult(line["status"], headers, body, line["position"])
        parse_time(line["time"])
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid("answer", f"expected an answer as it was exported: {error!r}") from None
    counts, said = (answer.status, answer.position), (*texts, *headers, *headers.values())
    if not all(type(n) is int for n in counts) or not all(isinstance(t, str) for t in said):
        raise Invalid("answer", "expected an answer as it was exported")
    key, request, time = texts
    return IdempotentResult(account, key, request, time, answer, facts=0)


def _fact(line: State, account: int) -> DomainEvent:
    """One line as a fact."""
    topic, version, number = (line.get(name) for name in ("topic", "version", "number"))
    if not isinstance(topic, str) or topic not in type_of_topic:
        raise Invalid("topic", f"expected a fact that this version knows: {topic} is none")
    if type(version) is not int or type(number) is not int:
        raise Invalid("version", "expected whole numbers in version and number")
    try:
        kind = Kind(line.get("kind", 0))
        place = guid(account, kind, number)
    except (OverflowError, ValueError) as error:
        raise Invalid("kind", f"expected an aggregate: {error}") from None
    if not _fits(topic, kind, account):
        raise Invalid("topic", f"expected a fact of a {kind.title}, not {topic}")
    says = line.get("fact")
    check_payload(type_of_topic[topic], kind, says)
    assert isinstance(says, dict)  # noqa: S101 - checked
    if stamp(parse_time(says["time"])) != says["time"]:
        raise Invalid("time", "expected a time as it is recorded: UTC, with microseconds")
    return type_of_topic[topic](originator_id=place, originator_version=version, **says)


def _fits(topic: str, kind: Kind, account: int) -> bool:
    """Whether an aggregate of that kind has facts of that topic."""
    if (account == NO_ACCOUNT) is not (kind == Kind.REGISTRY):
        return False
    subject = topic.partition(".")[0]
    return kind in CATALOG if subject == "catalog" else subject == kind.name.lower()


def _take(read: Import, fact: DomainEvent) -> None:
    """Folds a fact into its aggregate: what cannot be folded would stop whatever reads it."""
    place = fact.originator_id
    if place not in read.aggregates:
        read.aggregates[place] = AGGREGATES[Kind(unpack(place).kind)](place)
    aggregate = read.aggregates[place]
    if fact.originator_version != aggregate.version + 1:
        raise Invalid("version", f"expected version {aggregate.version + 1} of {place}")
    if fact.time < aggregate.state.get("lastupdatets", ""):
        raise Invalid("time", "expected a time that is not before its predecessor's")
    try:
        aggregate.apply(fact)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise Invalid("fact", f"it does not follow from those before it: {error!r}") from None
    read.facts.append(fact)


def _opened(store: Store, read: Import, metadata: CommandMetadata) -> Registry:
    """The registry with the accounts opened, where nothing is in the way."""
    if read.everything:
        if store.position():
            raise AccountNotEmpty(
                "the store has facts already; an export of everything goes into an empty one"
            )
        known = read.aggregates.get(REGISTRY_ID)
        opened = known.state.get("accounts", {}) if known else {}
        if opened.keys() != {str(number) for number in read.numbers.values()}:
            raise Invalid("line 1", "expected the accounts that the facts of the registry open")
        return Registry(REGISTRY_ID)
    registry = load(store, Registry, REGISTRY_ID)
    for one in read.accounts:
        name = one["account"]
        registry.open_account(name, one["language"], one["currency"], metadata)
        registry.choose_timezone(name, one["timezone"], metadata)
        if next(iter(store.facts_of(account_number(name))), None) is not None:
            raise AccountNotEmpty(f"account {name} has facts already; nothing was imported")
    return registry


def _given(read: Import) -> dict[int, dict[int, int]]:
    """The highest number of each kind, by account: of the head, and of what facts have taken."""
    given = {
        account_number(one["account"]): {int(kind): n for kind, n in one["numbers"].items()}
        for one in read.accounts
    }
    for fact in read.facts:
        account = unpack(fact.originator_id).account
        for kind, number in numbers_in(fact):
            numbers = given.setdefault(account, {})
            numbers[kind] = max(number, numbers.get(kind, 0))
    return given


def numbers_in(fact: DomainEvent) -> Iterator[tuple[int, int]]:
    """The numbers that were given out and that a fact has taken, by kind."""
    _, kind, number = unpack(fact.originator_id)
    if kind in NUMBERED and number:  # the placeholder's 0 is given out by nobody
        yield kind, number
    if isinstance(fact, DateAdded):
        yield Kind.DATE, fact.dateid
    elif isinstance(fact, ContingentAdded):
        yield Kind.CONTINGENT, fact.contingentid


def _object(line: bytes, at: str) -> dict[str, Any]:
    try:
        data = from_json(line, allow_inf_nan=False)
    except ValueError as error:
        raise Invalid(at, f"expected a JSON object: {error}") from None
    if not isinstance(data, dict):
        raise Invalid(at, "expected a JSON object")
    return data
