"""What the answers of settings look like, for OpenAPI alone: our documents as the vendor's."""

from functools import cache
from types import new_class
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from adapters.http.ticketmatic.resources import Resource
from adapters.http.v1.catalog_documents import ContactDocument
from adapters.http.v1.documents import AS_SHOWN_CUSTOM, NOTHING, LocationDocument, as_shown

M = TypeVar("M")


class EventLocationDocument(LocationDocument):
    """A Location."""

    model_config = AS_SHOWN_CUSTOM
    READ_ONLY: ClassVar[frozenset[str]] = NOTHING

    isarchived: Annotated[bool, Field(description="Deleted on the other surfaces")]


class CustomerDocument(ContactDocument):
    """A contact: whom orders are for."""

    model_config = AS_SHOWN_CUSTOM
    READ_ONLY: ClassVar[frozenset[str]] = NOTHING

    optins: Annotated[list[Any], Field(max_length=0, description="Nothing, in this version")]
    relationships: Annotated[list[Any], Field(max_length=0, description="Nothing, in this version")]
    isdeleted: Annotated[bool, Field(description="The same as isarchived")]
    status: Annotated[str, Field(description="`deleted`, or nothing")]


BESIDE: dict[type[BaseModel], type[BaseModel]] = {
    LocationDocument: EventLocationDocument,
    ContactDocument: CustomerDocument,
}


class OnlyId(BaseModel):
    """Its number, where nothing more was asked for."""

    model_config = ConfigDict(extra="forbid")

    id: int = Field(description="Its number")


class Listed(BaseModel, Generic[M]):
    """A list."""

    data: list[M] = Field(description="What was found")
    nbrofresults: int = Field(description="How many there are in all")


@cache
def documented(resource: Resource, *, listed: bool = False) -> type[BaseModel]:
    """The model of its documents, in lists or alone."""
    base = BESIDE.get(resource.one, resource.one)
    without = resource.without(listed=listed)
    if not without:
        return base

    def schema(made: dict[str, Any], model: type[BaseModel]) -> None:
        as_shown(made, model)
        made["properties"] = {n: v for n, v in made["properties"].items() if n not in without}
        made["required"] = list(made["properties"])

    name = base.__name__.replace("Document", "Listed" if listed else "Shown")
    says = {
        "__doc__": base.__doc__,
        "__module__": __name__,
        "READ_ONLY": NOTHING,
        "model_config": AS_SHOWN_CUSTOM | {"json_schema_extra": schema},
    }
    return new_class(name, (base,), exec_body=lambda body: body.update(says))


def listing(resource: Resource) -> Any:
    """The model of its list."""
    return Listed[documented(resource, listed=True)]  # type: ignore[misc] # made above
