"""A tracker: a link to a sales channel whose followers are counted."""

from typing import Annotated, ClassVar, Literal, get_args

from pydantic import BeforeValidator

from domain.base import CommandMetadata, State
from domain.catalog_item import CatalogFields, CatalogItem, CatalogItemChanged
from domain.ids import Kind
from domain.values import Line, Name, Reference, field

WHERE = Literal[
    "Website", "Facebook", "Twitter", "Pinterest", "LinkedIn", "Instagram", "Email", "Other"
]


def spelled(where: object) -> object:
    """The one spelling of what was written in any case."""
    by_folded = {name.casefold(): name for name in get_args(WHERE)}
    return by_folded.get(where.casefold(), where) if isinstance(where, str) else where


class TrackerFields(CatalogFields):
    READ_ONLY: ClassVar[frozenset[str]] = CatalogFields.READ_ONLY | {"code", "clicks"}
    REQUIRED: ClassVar[tuple[str, ...]] = ("name", "type", "saleschannelid")
    TRANSLATABLE: ClassVar[frozenset[str]] = frozenset()

    name: Name | None = field("Name; required at creation", "Spring campaign")
    type: Annotated[WHERE, BeforeValidator(spelled)] | None = field(
        "Where its link is shown, in any case; required at creation", "Facebook"
    )
    saleschannelid: Reference | None = field(
        "The sales channel it leads to; required at creation", 2
    )
    extra_url_parameters: Line | None = field("What its link says besides", "utm_medium=post")


class Tracker(CatalogItem):
    """Its code is what the link ends in; it comes with the command that makes it."""

    KIND = Kind.TRACKER
    FIELDS = TrackerFields
    SET: ClassVar[State] = {"code": None, "clicks": 0}
    REFERS: ClassVar[dict[str, Kind]] = {"saleschannelid": Kind.SALES_CHANNEL}

    def follow(self, metadata: CommandMetadata) -> None:
        """Somebody came by its link."""
        clicks = self.state.get("clicks", 0) + 1
        self.trigger(CatalogItemChanged, metadata, changed={"clicks": clicks})
