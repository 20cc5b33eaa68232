"""The documents of the catalog, as they are served: one view for all its kinds."""

from typing import Any, ClassVar
from uuid import UUID

from pydantic_core import to_json

from domain.base import DomainEvent, State
from domain.catalog import CATALOG
from domain.catalog_item import CatalogItem
from domain.ids import Kind, guid, unpack
from domain.values import microseconds
from projections.base import Column, Columns, Documents, Indexes, RecordedFact, Row
from projections.texts import exact, sort_key, words


def catalog_document(kind: int, state: State, account: int) -> dict[str, Any]:
    """One thing as it is shown: own fields first, then the writable ones, then custom ones."""
    number = state["number"]
    cls = CATALOG[Kind(kind)]
    shown = cls.FIELDS.defaults() | cls.SET
    fields = {n: state.get(n, v) for n, v in shown.items()}
    translations = fields.pop("translations")
    return {
        "id": number,
        "guid": str(guid(account, kind, number)),
        "version": state["version"],
        **fields,
        "isarchived": state["isarchived"],
        "translations": translations,
        "createdts": state["createdts"],
        "lastupdatets": state["lastupdatets"],
        **{n: v for n, v in state.items() if n.startswith("c_")},
    }


def catalog_etag(state: State) -> str:
    return f'"{state["version"]}"'


class CatalogDocuments:
    name: ClassVar = "catalog"
    version: ClassVar = 3
    kinds: ClassVar[frozenset[int]] = frozenset(CATALOG)
    beside: ClassVar[frozenset[int]] = frozenset()
    columns: ClassVar[Columns] = (
        Column("kind", "int"),
        Column("number", "int"),
        Column("name", "text"),
        Column("archived", "int"),
        Column("updated", "int"),
    )
    indexes: ClassVar[Indexes] = (
        ("account", "kind", "number"),
        ("account", "kind", "name", "number"),
    )

    def keys(self, fact: DomainEvent) -> tuple[bytes, ...]:
        kind = unpack(fact.originator_id).kind
        return (fact.originator_id.bytes,) if kind in CATALOG else ()

    def fold(self, documents: Documents, recorded: RecordedFact) -> None:
        fact = recorded.fact
        key = fact.originator_id.bytes
        state = documents.get(key) or {}
        CatalogItem.evolve(state, fact)
        state["version"] = fact.originator_version
        documents.put(key, state)

    def row(self, key: bytes, state: State) -> Row:
        account, kind, number = unpack(UUID(bytes=key))
        document = catalog_document(kind, state, account)
        name, *others = CATALOG[Kind(kind)].texts(state)
        updated = microseconds(state["lastupdatets"])
        return Row(
            key,
            account,
            to_json(state),
            to_json(document),
            catalog_etag(state),
            (kind, number, sort_key(name), int(state["isarchived"]), updated),
            terms=(*words(name, *others), *exactly(document)),
        )


def exactly(document: dict[str, Any]) -> tuple[str, ...]:
    """What some kinds are asked for by, besides the words of their names."""
    email, typeid = document.get("email"), document.get("typeid")
    found = (email and email_term(email), typeid and f"typeid:{typeid}")
    return tuple(term for term in found if term)


def email_term(email: str) -> str:
    """What a contact of that e-mail address is found by, in any case."""
    return f"email:{exact(email.casefold())}"
