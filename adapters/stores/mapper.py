"""Facts to rows and back: the library's Mapper, on pydantic-core's JSON.

A fact is stored under its explicit topic, its place in columns, the rest as one JSON object in
the order of its declaration. Reading does not validate: what was recorded stays readable. An
older shape is lifted by a function registered in `UPCASTS`. What cannot be read is an
`UnknownFact`, which stands for itself and holds back nothing else.
"""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID
from zlib import crc32

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent
from pydantic_core import from_json, to_json

from domain import (
    buyers,
    catalog_item,
    custom_keys,
    event_facts,
    hosting,
    inventory,
    location,
    order,
    registry,
    usage,
    webhook,
)
from domain.base import DomainEvent, Snapshot, UnknownFact, payload_fields, type_of_topic
from domain.values import parse_time, stamp

FACTS_OF = (
    buyers,
    catalog_item,
    custom_keys,
    event_facts,
    hosting,
    inventory,
    location,
    order,
    registry,
    usage,
    webhook,
)
"""Imported so that every topic is known wherever facts are read."""

UPCASTS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""By topic: what turns an older stored shape into today's. None was needed so far."""


NEWER = "recorded by a newer version of Stagebook"
COMMON = ("time", "actor", "correlation", "causation", "reason")


class FactMapper(Mapper[UUID]):
    """Encodes and decodes the facts of the domain."""

    def __init__(self) -> None:
        super().__init__(transcoder=JSONTranscoder())

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        fact = cast("DomainEvent", domain_event)
        fact_class: Any = type(fact)
        topic = fact.TOPIC
        if isinstance(fact, UnknownFact):
            topic, state = fact.topic, fact.payload
        else:
            state = to_json({name: getattr(fact, name) for name in payload_fields(fact_class)})
            if issubclass(fact_class, Snapshot):
                state = checksum(fact.originator_id, fact.originator_version, state) + state
        return StoredEvent(
            originator_id=fact.originator_id,
            originator_version=fact.originator_version,
            topic=topic,
            state=state,
        )

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        place = (stored_event.originator_id, stored_event.originator_version)
        return self.fact(*place, stored_event.topic, stored_event.state)

    def fact(
        self, originator_id: UUID | str, version: int, topic: str, state: bytes
    ) -> DomainEvent:
        """One row as a fact; `TypeError` where its place is none."""
        if type(version) is not int:
            message = f"its version is {version!r}"
            raise TypeError(message)
        place = cast("UUID", originator_id)  # both stores keep ids as UUIDs
        try:
            fact_class = type_of_topic[topic]
            if issubclass(fact_class, Snapshot):
                state = proven(place, version, state)
            payload = from_json(state, cache_strings="keys")
            if upcast := UPCASTS.get(topic):
                payload = upcast(payload)
            return fact_class(originator_id=place, originator_version=version, **payload)
        except (LookupError, AttributeError, TypeError, ValueError) as error:
            return unknown(place, version, topic, state, error)


def checksum(place: UUID, version: int, state: bytes) -> bytes:
    """Of a snapshot: eight digits before its JSON."""
    return b"%08x" % crc32(state, crc32(b"%d" % version, crc32(place.bytes)))


def proven(place: UUID, version: int, state: bytes) -> bytes:
    """A snapshot's JSON, behind its checksum: facts that are decided on a wrong one would be wrong
    for ever, and the facts before say the same. `ValueError` where it is not what was written."""
    if checksum(place, version, state[8:]) != state[:8]:
        message = "its checksum is another"
        raise ValueError(message)
    return state[8:]


def unknown(
    place: UUID, version: int, topic: str, state: bytes | str | None, error: Exception
) -> UnknownFact:
    """What can be said of a row that is no fact of this version."""
    state = state if isinstance(state, bytes | str) else b""  # SQLite keeps whatever is there
    try:
        payload = from_json(state)
    except ValueError:
        payload = None
    says = payload if isinstance(payload, dict) else {}
    common: dict[str, Any] = {n: v if isinstance(v := says.get(n), str) else None for n in COMMON}
    common |= {n: common[n] or "" for n in ("actor", "correlation")}
    common["time"] = canonical(common["time"])
    why = NEWER if topic not in type_of_topic else f"which cannot be read: {error!r}"
    return UnknownFact(
        originator_id=place,
        originator_version=version,
        topic=str(topic),
        payload=state.encode() if isinstance(state, str) else bytes(state),
        why=why,
        **common,
    )


def canonical(time: str | None) -> str:
    """A time as facts carry it; nothing where it is none."""
    try:
        return time if time and stamp(parse_time(time)) == time else ""
    except ValueError:
        return ""
