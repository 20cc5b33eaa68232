"""What lists can be asked for, and the select it becomes."""

import json
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from adapters.http.requests import decode_cursor, moment
from adapters.views.select import Condition, Select
from domain.errors import Invalid
from domain.values import MAX_ID, microseconds
from projections.event_documents import FOREVER
from projections.location_documents import words

Limit = Annotated[int, Field(ge=1, le=1_000, description="Documents a page")]
After = Annotated[str, Field(max_length=500, description="The `next` of the page before")]


class Filter(BaseModel):
    """Query parameters of a list: unknown ones are refused, so a typing error filters nothing."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[str, Field(max_length=200, description="Words that begin so")] | None = None
    updatedsince: Annotated[str, Field(max_length=40, description="RFC 3339")] | None = None
    limit: Limit = 50
    after: After | None = None

    def name(self, kind: str) -> str:
        """The list that a cursor belongs to: this one with these filters."""
        asked = self.model_dump(exclude={"limit", "after"}, exclude_none=True)
        return kind + json.dumps(asked, sort_keys=True)

    def updated(self) -> list[Condition]:
        if self.updatedsince is None:
            return []
        return [("updated", ">=", microseconds(moment("updatedsince", self.updatedsince)))]

    def prefixes(self) -> tuple[str, ...]:
        if self.q and "\0" in self.q:
            raise Invalid("q", "a text cannot hold a NUL character")
        return words(self.q)


class LocationFilter(Filter):
    orderby: Literal["id", "-id", "name", "-name"] = "id"

    def select(self, account: int) -> tuple[Select, str]:
        order, types = ORDERS[self.orderby.removeprefix("-")]
        of = self.name("locations")
        return Select(
            account,
            tuple(self.updated()),
            self.prefixes(),
            order=order,
            descending=self.orderby.startswith("-"),
            limit=self.limit,
            after=None if self.after is None else decode_cursor(of, self.after, types),
        ), of


Status = Literal["19001", "19002", "19003"]


class EventFilter(Filter):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    status: Annotated[list[Status], Field(description="Repeatable")] | None = None
    locationid: Annotated[int, Field(ge=0, le=MAX_ID)] | None = None
    productionid: Annotated[int, Field(ge=0, le=MAX_ID)] | None = None
    tag: Annotated[str, Field(max_length=100)] | None = None
    from_: Annotated[
        str | None, Field(alias="from", max_length=40, description="Ends at or after; RFC 3339")
    ] = None
    to: Annotated[str, Field(max_length=40, description="Starts at or before")] | None = None
    orderby: Literal["id", "-id", "startts", "-startts", "name", "-name"] = "id"

    def select(self, account: int) -> tuple[Select, str]:
        where = self.updated()
        if self.status:
            where.append(("status", "in", tuple(sorted({int(s) for s in self.status}))))
        if self.locationid is not None:
            where.append(("locationid", "=", self.locationid))
        if self.productionid is not None:
            where.append(("productionid", "=", self.productionid))
        if self.from_ is not None:
            where.append(("ends", ">=", microseconds(moment("from", self.from_))))
        if self.to is not None:
            where.append(("starts", "<=", microseconds(moment("to", self.to))))
        if self.from_ is not None or self.to is not None:
            where.append(("starts", "<", FOREVER))
        if self.tag and "\0" in self.tag:
            raise Invalid("tag", "a text cannot hold a NUL character")
        order, types = ORDERS[self.orderby.removeprefix("-")]
        of = self.name("events")
        return Select(
            account,
            tuple(where),
            self.prefixes(),
            exact=(f"tag:{self.tag}",) if self.tag else (),
            order=order,
            descending=self.orderby.startswith("-"),
            limit=self.limit,
            after=None if self.after is None else decode_cursor(of, self.after, types),
        ), of


ORDERS: dict[str, tuple[str, tuple[type, ...]]] = {
    "id": ("number", (int,)),
    "name": ("name", (str, int)),
    "startts": ("starts", (int, int)),
}


class ChangeFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    after: Annotated[int, Field(ge=0, le=2**62, description="A position: what came behind")] = 0
    limit: Limit = 100
    kind: Literal["location", "event"] | None = None
    fact: Annotated[str, Field(max_length=100, description="A fact's name")] | None = None
    actor: Annotated[str, Field(max_length=255, description="A key's name")] | None = None
    since: Annotated[str, Field(max_length=40, description="RFC 3339, inclusive")] | None = None
    until: Annotated[str, Field(max_length=40, description="RFC 3339, inclusive")] | None = None

    def select(self, account: int) -> Select:
        where: list[Condition] = []
        for name in ("kind", "fact", "actor"):
            value: Any = getattr(self, name)
            if value is not None:
                if "\0" in value:
                    raise Invalid(name, "a text cannot hold a NUL character")
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
        )


class HistoryFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: Limit = 50
    after: After | None = None


LocationQuery = Annotated[LocationFilter, Query()]
EventQuery = Annotated[EventFilter, Query()]
ChangeQuery = Annotated[ChangeFilter, Query()]
HistoryQuery = Annotated[HistoryFilter, Query()]
