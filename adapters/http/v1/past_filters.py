"""What can be asked of the past: changes, histories, differences, series."""

import json
from datetime import datetime, timedelta
from functools import cache
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from adapters.http.body import check_text
from adapters.http.requests import moment
from adapters.http.v1.filters import Cursor, Limit, moment_field, reference_field
from adapters.views.select import Condition, Select
from application import history
from domain.base import type_of_topic
from domain.errors import Invalid
from domain.ids import Kind
from domain.values import microseconds, parse_time, stamp
from projections.changes import SHOWN

MAX_SAMPLES = 1_000
DAYS = 30
"""How long a series is that does not say from when."""
SINCE, UNTIL = "First moment, RFC 3339, with an offset", "Last moment, RFC 3339, with an offset"

ChangedKind = Literal[
    "location",
    "event",
    "order",
    "pricetype",
    "pricelist",
    "saleschannel",
    "locktype",
    "customfield",
    "seatrank",
    "contact",
    "seatingplan",
    "customfieldvalue",
    "paymentscenario",
    "tracker",
    "paymentmethod",
    "deliveryscenario",
    "relationtype",
    "contacttitle",
    "contactaddresstype",
    "phonenumbertype",
    "webhook",
]


class ChangeFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    after: int = Field(0, ge=0, le=2**62, description="A position: what was committed behind it")
    limit: Limit = 100
    kind: ChangedKind | None = Field(None, description="Only of this kind")
    fact: str | None = Field(
        None, max_length=100, description="Only this fact", examples=["StatusChanged"]
    )
    actor: str | None = Field(
        None, max_length=255, description="Only by the key of this name", examples=["box office"]
    )
    since: str | None = moment_field("At or after")
    until: str | None = moment_field("At or before")

    def select(self, account: int) -> Select:
        where: list[Condition] = []
        for name in ("kind", "fact", "actor"):
            value: Any = getattr(self, name)
            if value is not None:
                check_text(name, value)
                where.append((name, "=", value))
        if self.since is not None:
            where.append(("time", ">=", microseconds(moment("since", self.since))))
        if self.until is not None:
            where.append(("time", "<=", microseconds(moment("until", self.until))))
        return Select(
            account,
            tuple(where),
            order="position",
            then="position",
            after=(self.after,),
            limit=self.limit,
            counted=False,
        )


POSITION = "position:"
THEN = f"A version, a moment in RFC 3339, or `{POSITION}` and a position"


class HistoryFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: Limit = 50
    after: Cursor = None
    since: str | None = moment_field("At or after")
    until: str | None = moment_field("At or before")
    fact: str | None = Field(
        None, max_length=100, description="Only this fact", examples=["ContingentChanged"]
    )
    actor: str | None = Field(
        None, max_length=255, description="Only by the key of this name", examples=["box office"]
    )
    path: str | None = Field(
        None,
        max_length=200,
        description="Only what changed along this path, or a part of one; the last name may be"
        " the beginning of one",
        examples=["price", "dates.5.start"],
    )
    kind: ChangedKind | None = Field(
        None, description="Only changes of a thing of this kind: an Event shows others, too"
    )

    def asked(
        self, kind: Kind, account: int, number: int, *, sales: bool = False
    ) -> tuple[Any, str]:
        """What is asked for, and the history that a cursor belongs to: this one so filtered."""
        for name in ("actor", "path"):
            check_text(name, getattr(self, name))
        if self.fact is not None and self.fact not in (known := facts_in(kind)):
            raise Invalid("fact", f"expected one of {', '.join(known)}")
        filters = self.model_dump(exclude={"limit", "after"}, exclude_none=True)
        of = f"history {kind} {account} {number} {json.dumps(filters, sort_keys=True)}"
        kinds = self.kind and frozenset(k for k, name in SHOWN.items() if name == self.kind)
        since, until = (
            None if text is None else moment(name, text)
            for name, text in (("since", self.since), ("until", self.until))
        )
        return history.Filter(since, until, self.fact, self.actor, self.path, kinds, sales), of


class EventHistoryFilter(HistoryFilter):
    sales: bool = Field(False, description="Also what was sold, given back, scanned")

    def asked(
        self, kind: Kind, account: int, number: int, *, sales: bool = False
    ) -> tuple[Any, str]:
        return super().asked(kind, account, number, sales=self.sales or sales)


@cache
def facts_in(kind: Kind) -> list[str]:
    """The names of the facts that a history of that kind of thing may have."""
    prefixes = FACTS_IN.get(kind, ("catalog.",))
    found = (fact for topic, fact in type_of_topic.items() if topic.startswith(prefixes))
    return sorted(fact.__name__ for fact in found)


FACTS_IN = {
    Kind.EVENT: ("event.", "inventory.", "location.changed", "catalog."),
    Kind.LOCATION: ("location.",),
    Kind.ORDER: ("order.",),
}
"""The topics of the facts in a history, by their beginnings."""


class DiffFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    from_: str = Field(alias="from", max_length=40, description=THEN, examples=["1"])
    to: str | None = Field(
        None,
        max_length=40,
        description=f"{THEN}; now, when it is not sent",
        examples=[f"{POSITION}1814"],
    )


class SeriesFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    from_: str | None = Field(
        None,
        alias="from",
        max_length=40,
        description=f"{SINCE}; {DAYS} days before `to`, when it is not sent",
        examples=["2026-11-21T20:00:00Z"],
    )
    to: str | None = Field(
        None,
        max_length=40,
        description=f"{UNTIL}; now, when it is not sent",
        examples=["2026-11-22T20:00:00Z"],
    )
    step: int = Field(
        86_400, ge=1, le=31_622_400, description="Seconds; a day, when it is not sent"
    )
    contingentid: int | None = reference_field("Of this contingent alone")

    def times(self, now: datetime) -> list[str]:
        """From the first moment on, step by step, up to the last."""
        last = now if self.to is None else parse_time(moment("to", self.to))
        first = last - timedelta(days=DAYS)
        if self.from_ is not None:
            first = parse_time(moment("from", self.from_))
        if last < first:
            raise Invalid("to", "expected a time that is not before from")
        steps = int((last - first).total_seconds() // self.step)
        if steps >= MAX_SAMPLES:
            raise Invalid("step", f"expected at most {MAX_SAMPLES} steps between from and to")
        return [stamp(first + timedelta(seconds=self.step * n)) for n in range(steps + 1)]


ChangeQuery = Annotated[ChangeFilter, Query()]
SeriesQuery = Annotated[SeriesFilter, Query()]
HistoryQuery = Annotated[HistoryFilter, Query()]
EventHistoryQuery = Annotated[EventHistoryFilter, Query()]
DiffQuery = Annotated[DiffFilter, Query()]
