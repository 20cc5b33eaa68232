"""Facts to rows and back: the library's Mapper, on pydantic-core's JSON.

A fact is stored under its explicit topic, its place in columns, the rest as one JSON object in
the order of its declaration. Reading does not validate: what was recorded stays readable. An
older shape is lifted by a function registered in `UPCASTS`.
"""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent
from pydantic_core import from_json, to_json

from domain import (
    catalog_item,
    event_facts,
    hosting,
    inventory,
    location,
    order,
    registry,
    webhook,
)
from domain.base import DomainEvent, payload_fields, type_of_topic

FACTS_OF = (catalog_item, event_facts, hosting, inventory, location, order, registry, webhook)
"""Imported so that every topic is known wherever facts are read."""

UPCASTS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""By topic: what turns an older stored shape into today's. None was needed so far."""


class UnknownTopic(Exception):  # noqa: N818 - read as "this topic is unknown"
    """A fact of a type this version does not know: it was written by a newer one."""


class FactMapper(Mapper[UUID]):
    """Encodes and decodes the facts of the domain."""

    def __init__(self) -> None:
        super().__init__(transcoder=JSONTranscoder())

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        fact = cast("DomainEvent", domain_event)
        fact_class: Any = type(fact)
        return StoredEvent(
            originator_id=fact.originator_id,
            originator_version=fact.originator_version,
            topic=fact.TOPIC,
            state=to_json({name: getattr(fact, name) for name in payload_fields(fact_class)}),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        place = (stored_event.originator_id, stored_event.originator_version)
        return self.fact(*place, stored_event.topic, stored_event.state)

    def fact(
        self, originator_id: UUID | str, version: int, topic: str, state: bytes
    ) -> DomainEvent:
        """One row as a fact."""
        try:
            fact_class = type_of_topic[topic]
        except KeyError:
            message = f"{topic} at version {version} of {originator_id}"
            raise UnknownTopic(message) from None
        payload = from_json(state, cache_strings="keys")
        if upcast := UPCASTS.get(topic):
            payload = upcast(payload)
        place = cast("UUID", originator_id)  # both stores keep ids as UUIDs
        return fact_class(originator_id=place, originator_version=version, **payload)
