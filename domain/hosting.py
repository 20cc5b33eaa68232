"""Which Events a Location hosts: what keeps a Location from going while an Event needs it.

A stream of its own beside the Location's, so that the Location's version and history speak of
the Location alone. Whoever brings an Event to a Location or takes it away, and whoever deletes
the Location, writes here: two of them at the same moment meet at one version, and one decides
again.
"""

from dataclasses import dataclass

from domain.base import Aggregate, CommandMetadata, DomainEvent, State
from domain.errors import LocationInUse, UnknownLocation
from domain.ids import Kind
from domain.wording import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class HostingOpened(DomainEvent, topic="hosting.opened"):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class EventHosted(DomainEvent, topic="hosting.event-hosted"):
    eventid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventReleased(DomainEvent, topic="hosting.event-released"):
    eventid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HostingClosed(DomainEvent, topic="hosting.closed"):
    pass


class Hosting(Aggregate):
    KIND = Kind.HOSTING

    @staticmethod
    def evolve(state: State, fact: DomainEvent) -> None:
        state["lastupdatets"] = fact.time
        match fact:
            case HostingOpened():
                state["open"] = True
                state.setdefault("events", {})
            case EventHosted():
                state["events"][str(fact.eventid)] = True
            case EventReleased():
                state["events"].pop(str(fact.eventid), None)
            case HostingClosed():
                state["open"] = False

    def open(self, metadata: CommandMetadata) -> None:
        self.trigger(HostingOpened, metadata)

    def host(self, event_number: int, metadata: CommandMetadata) -> None:
        if not self.state.get("open"):
            raise UnknownLocation("locationid", f"there is no Location {self.number}")
        self.trigger(EventHosted, metadata, eventid=event_number)

    def release(self, event_number: int, metadata: CommandMetadata) -> None:
        self.trigger(EventReleased, metadata, eventid=event_number)

    def close(self, metadata: CommandMetadata) -> None:
        if hosted := self.state["events"]:
            message = f"Location {self.number} still hosts {counted(len(hosted), 'Event')}"
            raise LocationInUse(
                message, blockedby=sorted(map(int, hosted))[:100], count=len(hosted)
            )
        self.trigger(HostingClosed, metadata)
