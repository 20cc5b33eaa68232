"""Documents as this surface shows them, field by field.

Where times are is read off the models of the documents. So what a caller keeps under names of his
own (custom fields, properties of tickets) is never touched, whatever it looks like.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from pydantic import BaseModel
from pydantic_core import from_json, to_json

from adapters.http.ticketmatic import times
from domain.location import PLACEHOLDER
from domain.money import DEFAULT_CURRENCY
from domain.outside import Outside, shown
from domain.translations import in_first

Body = dict[str, Any]
Places = dict[str, Any]
"""Fields by name: True is a time, another map is what is within."""
NONE: frozenset[str] = frozenset()
NOBODY = Outside(DEFAULT_CURRENCY)
"""Whom nothing personal is shown to; documents have their money in the currency already."""


@cache
def places_of(model: type[BaseModel]) -> Places:
    """Where a model has times."""
    schema = model.model_json_schema()
    places = _places(schema, schema.get("$defs", {}))
    return places if isinstance(places, dict) else {}


def _places(schema: dict[str, Any], defs: dict[str, Any]) -> Places | bool:
    if reference := schema.get("$ref"):
        return _places(defs[reference.rpartition("/")[2]], defs)
    if schema.get("format") == "date-time":
        return True
    found: Places = {}
    items = schema.get("items")
    parts = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *([items] if items else ())]
    for part in parts:
        within = _places(part, defs)
        if isinstance(within, bool):
            return within
        found |= within
    for name, field in schema.get("properties", {}).items():
        if within := _places(field, defs):
            found[name] = within
    return found


def change_times(value: Any, places: Places, change: Callable[[str], str]) -> None:
    """Puts what `change` makes of each time in its place."""
    if type(value) is list:
        for one in value:
            change_times(one, places, change)
    elif type(value) is dict:
        for name, within in places.items():
            held = value.get(name)
            if held and within is not True:
                change_times(held, within, change)
            elif held:
                value[name] = change(held)


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a document is shown."""

    zone: str
    language: str
    """The account's base language."""
    wanted: tuple[str, ...] = ()
    """The languages that were asked for, best first."""
    address: str = ""
    """Where the server is, without a slash at its end: before addresses that are paths."""
    personal: bool = False
    """Whether what is personal is for the reader."""


@dataclass(frozen=True, eq=False, slots=True)
class Form:
    """How one sort of document is shown."""

    model: type[BaseModel]
    translatable: frozenset[str] = NONE
    event: bool = False

    def show(self, document: Body, reader: Reader) -> Body:
        """The document in the zone and the language of its reader. It may be changed itself."""
        if not reader.personal:
            document = shown(self.model, document, NOBODY)
        if reader.zone != times.UTC_ZONE:
            zone = reader.zone
            change_times(document, places_of(self.model), lambda time: times.zoned(time, zone))
        if self.event:
            _show_event(document, reader.address)
        if self.translatable:
            base = reader.language
            named = {n + base: text for n in self.translatable if (text := document.get(n))}
            document["translations"] = document.get("translations", {}) | named
        if reader.wanted:
            return in_first(document, reader.wanted, reader.language)[0]
        return document

    def shown(self, body: bytes, reader: Reader) -> bytes:
        """A stored document: who polls a list asks for the same ones again and again."""
        if not (self.translatable or self.event or reader.wanted or reader.zone != times.UTC_ZONE):
            return body
        if len(body) > MAX_REMEMBERED:
            return _made(body, self, reader)
        return _shown(body, self, reader)


MAX_REMEMBERED = 8_192
"""Bytes of a document that is remembered as it is shown: what is kept is bounded with it."""


def _made(body: bytes, form: Form, reader: Reader) -> bytes:
    return to_json(form.show(from_json(body), reader))


@lru_cache(2_048)
def _shown(body: bytes, form: Form, reader: Reader) -> bytes:
    return _made(body, form, reader)


def _show_event(document: Body, address: str) -> None:
    """A Location that is to be announced is none; a picture has a whole address."""
    if document["locationid"] == PLACEHOLDER:
        document["locationid"] = None
    image = document["image"]
    if image and image.startswith("/"):
        document["image"] = address + image
