"""What seats are like: ranks, and plans of where they are."""

import json
from typing import Annotated

from pydantic import AfterValidator, Field, JsonValue

from domain.catalog_item import CatalogFields, CatalogItem
from domain.ids import Kind
from domain.values import Color, Line, Name, custom_value, field

MAX_PLAN = 1_000_000


def bounded(plan: JsonValue) -> JsonValue:
    if len(json.dumps(plan)) > MAX_PLAN:
        message = f"expected at most {MAX_PLAN:,} characters of JSON"
        raise ValueError(message)
    return plan


class SeatRankFields(CatalogFields):
    name: Name | None = field("Name; required at creation", "Balcony")
    color: Color | None = field("How it looks on a plan", "#00c000")
    sortorder: Annotated[int, Field(ge=0, le=10_000)] | None = field(
        "Where it stands among the ranks, the best first", 1, cleared=0
    )
    priority: Annotated[int, Field(ge=0, le=10_000)] | None = field(
        "Which rank is sold first", 1, cleared=0
    )


class SeatingPlanFields(CatalogFields):
    name: Name | None = field("Name; required at creation", "Main hall")
    status: Line | None = field("How far it is", "ready")
    useszones: bool | None = field("Several zones", True, cleared=False)
    logicalplan: Annotated[JsonValue, AfterValidator(custom_value), AfterValidator(bounded)] = (
        field(
            "Its rows and seats, kept as they are; at most 1 MB",
            {"id": 1, "name": "Floor", "rows": [{"name": "A", "seats": [{"id": "a1"}]}]},
        )
    )


class SeatRank(CatalogItem):
    KIND = Kind.SEAT_RANK
    FIELDS = SeatRankFields


class SeatingPlan(CatalogItem):
    KIND = Kind.SEATING_PLAN
    FIELDS = SeatingPlanFields
