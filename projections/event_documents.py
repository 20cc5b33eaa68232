"""The document of an Event, as it is served: its own fields, its dates, its Location's name,
its contingents and their availability.

Its state has a part for each aggregate that owns the facts; a Location's name and a price list's
prices are kept beside the documents, so that a change reaches every Event that shows them.
"""

from collections.abc import Mapping
from operator import itemgetter
from typing import Any, ClassVar
from uuid import UUID

from pydantic_core import to_json

from domain.base import DomainEvent, State
from domain.catalog import PriceList
from domain.contingents import (
    BOOKKEEPING,
    EDITS,
    ContingentAdded,
    ContingentChanged,
    ContingentRemoved,
    fold_contingents,
)
from domain.event import DateFields, Event, ends, starts
from domain.event_facts import (
    DateAdded,
    DateChanged,
    DateRemoved,
    EventCreated,
    EventRelocated,
)
from domain.event_fields import EventBody
from domain.ids import Kind, guid, unpack
from domain.images import image_url
from domain.location import LocationChanged, LocationCreated
from domain.offers import prices_document
from domain.values import microseconds
from projections.base import (
    Column,
    Columns,
    Documents,
    Indexes,
    RecordedFact,
    Row,
    View,
    shown_in,
)
from projections.texts import exact, sort_key, words

FOREVER = 2**62
"""Where an Event without a start sorts: behind all others. One without an end ends as it starts."""

PLACED = EventCreated | EventRelocated

SHAPE: State = {
    "id": None,
    "name": None,
    "audiopreviewurl": None,
    "availability": [],
    "code": None,
    "contingents": [],
    "currentstatus": None,
    "description": None,
    "endts": None,
    "externalcode": None,
    "image": None,
    "info": None,
    "layout": {},
    "locationid": None,
    "locationname": None,
    "maxnbrofticketsperbasket": None,
    "optinsetid": None,
    "previews": [],
    "prices": {"contingents": []},
    "productionid": None,
    "publishedts": None,
    "queuetoken": None,
    "revenuesplitid": None,
    "saleendts": None,
    "saleschannels": [],
    "salestartts": None,
    "salestatusmessagesid": None,
    "schedule": None,
    "seatallowsingle": False,
    "seated_chartkey": "",
    "seated_contingents": [],
    "seatingplancontingents": [],
    "seatingplaneventspecificprices": None,
    "seatingplanid": None,
    "seatingplanlocktemplate": None,
    "seatingplanpricelistid": None,
    "seatselection": False,
    "segmentationtags": [],
    "servicemailids": [],
    "shortdescription": None,
    "socialdistance": None,
    "startts": None,
    "subtitle": None,
    "subtitle2": None,
    "tags": [],
    "ticketfeeid": None,
    "ticketinfoid": None,
    "ticketlayoutid": None,
    "totalmaxtickets": None,
    "translations": {},
    "upsellid": None,
    "waitinglisttype": None,
    "webremark": None,
    "createdts": None,
    "lastupdatets": None,
    "guid": None,
    "version": None,
    "dates": [],
    "type": None,
    "locale": None,
    "website": None,
    "category": None,
    "subcategories": [],
    "retrievable_after": None,
    "auto_prune": False,
}
"""All 55 named fields in the vendor's order, three of ours and those of `Listing`, with what they
show when nothing was said; custom fields follow. A state has the same names."""


def event_document(
    event: State,
    inventory: State,
    location: State,
    pricelists: Mapping[int, State],
    account: int,
) -> dict[str, Any]:
    """The Event as it is shown, from the states of its aggregates. `lastupdatets` moves with all
    that is shown: who asks for what changed since then misses no name of a Location, no price."""
    number = event["number"]
    contingents = _by_id(inventory.get("contingents", {}))
    document = SHAPE | event
    del document["number"]
    document.pop("deleted", None)
    document.update(
        id=number,
        startts=starts(event),
        endts=ends(event),
        image=image_url(account, event.get("image")),
        locationname=location.get("name"),
        guid=str(guid(account, Kind.EVENT, number)),
        dates=[date_document(d, number, account) for d in _by_id(event["dates"])],
        contingents=[contingent(c, number) for c in contingents if not c["seated"]],
        seated_contingents=[contingent(c, number) for c in contingents if c["seated"]],
        availability=[available(c) for c in contingents],
        prices={"contingents": [prices_document(c, pricelists) for c in contingents]},
        lastupdatets=max(
            event["lastupdatets"],
            inventory.get("lastupdatets", ""),
            location.get("namedts", ""),
            *(prices["lastupdatets"] for prices in pricelists.values()),
        ),
    )
    if channels := document["saleschannels"]:
        document["saleschannels"] = [{"eventid": number, **channel} for channel in channels]
    return document


def _by_id(things: State) -> list[State]:
    """In the order of their ids, so that what was removed and comes back has its place again."""
    return sorted(things.values(), key=itemgetter("id"))


def contingent(state: State, event_number: int) -> dict[str, Any]:
    shown = {n: v for n, v in state.items() if n not in BOOKKEEPING}
    locks = [{**lock, "tickettypeid": state["id"]} for lock in state["locks"]]
    return shown | {"eventid": event_number, "locks": locks}


def available(state: State) -> dict[str, Any]:
    """The counters of a contingent; the seven before `total` always sum to it."""
    return {
        "tickettypeid": state["id"],
        **state["counters"],
        "lastupdatets": state["lastupdatets"],
    }


def date_document(state: State, event_number: int, account: int) -> dict[str, Any]:
    fields = {n: state.get(n, v) for n, v in DateFields.defaults().items()}
    identity = str(guid(account, Kind.DATE, state["id"]))
    return {"id": state["id"], "guid": identity, "eventid": event_number, **fields}


def event_etag(
    event: State, inventory: State, location: State, pricelists: Mapping[int, State]
) -> str:
    """Changes with everything that the body shows; its first number is the Event's version, the
    second its tickets', the last one there where a price list is used."""
    versions = [event["version"], inventory.get("version", 0), location.get("namedversion", 0)]
    if pricelists:
        versions.append(sum(one["version"] for one in pricelists.values()))
    return f'"{".".join(map(str, versions))}"'


class EventDocuments:
    name: ClassVar = "events"
    version: ClassVar = 8
    kinds: ClassVar[frozenset[int]] = frozenset(
        {Kind.EVENT, Kind.INVENTORY, Kind.LOCATION, Kind.PRICE_LIST}
    )
    beside: ClassVar[frozenset[int]] = frozenset({Kind.LOCATION, Kind.PRICE_LIST})
    columns: ClassVar[Columns] = tuple(
        Column(name, "text" if name == "name" else "int")
        for name in (
            "number",
            "status",
            "locationid",
            "productionid",
            "starts",
            "ends",
            "updated",
            "name",
        )
    )
    indexes: ClassVar[Indexes] = (
        ("account", "number"),
        ("account", "starts", "number"),
        ("account", "name", "number"),
        ("locationid",),
    )

    def keys(self, fact: DomainEvent) -> tuple[bytes, ...]:
        kind, key = shown_in(fact.originator_id)
        return (key,) if kind in self.kinds else ()

    def fold(self, documents: Documents, recorded: RecordedFact) -> None:
        fact = recorded.fact
        kind, key = shown_in(fact.originator_id)
        if kind == Kind.LOCATION:
            self._fold_location(documents, key, fact)
            return
        if kind == Kind.PRICE_LIST:
            self._fold_price_list(documents, key, fact)
            return
        state = documents.get(key) or {"event": {}, "inventory": {}, "location": {}, "lists": {}}
        if kind == Kind.EVENT:
            Event.evolve(state["event"], fact)
            state["event"]["version"] = fact.originator_version
            if isinstance(fact, PLACED):
                account = int.from_bytes(key[:6])
                place = guid(account, Kind.LOCATION, state["event"]["locationid"]).bytes
                state["location"] = documents.get(place) or {}
        else:
            fold_contingents(state["inventory"], fact)
            state["inventory"]["version"] = fact.originator_version
            if isinstance(fact, EDITS):
                state["lists"] = self._lists(documents, key, state["inventory"])
        _fold_times(state.setdefault("times", {}), fact)
        documents.put(key, state)

    def _fold_location(self, documents: Documents, key: bytes, fact: DomainEvent) -> None:
        fields = {}
        if isinstance(fact, LocationCreated):
            fields = fact.fields
        elif isinstance(fact, LocationChanged):
            fields = fact.changed
        if "name" not in fields:
            return
        named = {"namedversion": fact.originator_version, "namedts": fact.time}
        location = {"name": fields["name"], **named}
        documents.put(key, location)
        account, _, number = unpack(fact.originator_id)

        def is_there(state: State) -> bool:
            return bool(state.get("event", {}).get("locationid") == number)

        for event_key, state in documents.where("locationid", number, account, is_there):
            documents.put(event_key, state | {"location": location})

    def _fold_price_list(self, documents: Documents, key: bytes, fact: DomainEvent) -> None:
        prices = documents.get(key) or {}
        PriceList.evolve(prices, fact)
        prices["version"] = fact.originator_version
        documents.put(key, prices)
        account, _, number = unpack(fact.originator_id)

        def uses_it(state: State) -> bool:
            return number in _list_numbers(state.get("inventory", {}))

        for event_key, state in documents.found_by(f"pricelist:{number}", account, uses_it):
            lists = {**state["lists"], str(number): prices}
            lists = {n: lists[n] for n in sorted(lists, key=int)}
            documents.put(event_key, state | {"lists": lists})

    def showing(self, view: View, key: bytes) -> list[bytes]:
        """The Events that show a Location or a price list."""
        account, kind, number = unpack(UUID(bytes=key))
        if kind == Kind.LOCATION:
            return view.keys_where("locationid", number, account)
        return view.keys_with(f"pricelist:{number}", account)

    def _lists(self, documents: Documents, key: bytes, inventory: State) -> State:
        account = int.from_bytes(key[:6])
        found = {
            str(number): documents.get(guid(account, Kind.PRICE_LIST, number).bytes)
            for number in _list_numbers(inventory)
        }
        return {number: prices for number, prices in found.items() if prices}

    def row(self, key: bytes, state: State) -> Row:
        account = int.from_bytes(key[:6])
        stored = to_json(state)
        event = state.get("event")
        lists = {int(number): prices for number, prices in state.get("lists", {}).items()}
        used = tuple(f"pricelist:{n}" for n in _list_numbers(state.get("inventory", {})))
        if not event or event.get("deleted"):
            place = event.get("locationid") if event else None
            nothing = (None, None, place, None, None, None, None, None)
            return Row(key, None, stored, None, columns=nothing, terms=used)
        document = event_document(event, state["inventory"], state["location"], lists, account)
        first, last = microseconds(document["startts"]), microseconds(document["endts"])
        columns = (
            event["number"],
            event["currentstatus"],
            event["locationid"],
            event.get("productionid"),
            FOREVER if first is None else first,
            FOREVER if first is None else first if last is None else last,
            microseconds(document["lastupdatets"]),
            sort_key(document["name"]),
        )
        tags = tuple(f"tag:{exact(tag)}" for tag in dict.fromkeys(document["tags"]))
        codes = {name: document[name] for name in ("code", "externalcode") if document[name]}
        parts = [f"{name}:{exact(code)}" for name, code in codes.items()]
        parts += [f"contingent:{key}" for key in state["inventory"].get("contingents", {})]
        parts += [f"date:{key}" for key in event["dates"]]
        priced = document["prices"]["contingents"]
        types = {of_type["pricetypeid"] for lot in priced for of_type in lot["pricetypes"]}
        parts += [f"pricetype:{number}" for number in sorted(types)]
        return Row(
            key,
            account,
            stored,
            to_json(document),
            event_etag(event, state["inventory"], state["location"], lists),
            columns,
            terms=(
                *words(document["name"], document["subtitle"], *codes.values()),
                *tags,
                *used,
                *parts,
            ),
        )


def _fold_times(times: State, fact: DomainEvent) -> None:
    """When each date and each contingent came, and when it last changed, by its kind and id."""
    match fact:
        case DateAdded():
            times[f"date:{fact.dateid}"] = [fact.time, fact.time]
        case DateChanged():
            key = f"date:{fact.dateid}"
            times[key] = [times[key][0], fact.time]
        case DateRemoved():
            times.pop(f"date:{fact.dateid}", None)
        case ContingentAdded():
            times[f"contingent:{fact.contingentid}"] = [fact.time, fact.time]
        case ContingentChanged():
            key = f"contingent:{fact.contingentid}"
            times[key] = [times[key][0], fact.time]
        case ContingentRemoved():
            times.pop(f"contingent:{fact.contingentid}", None)


def _list_numbers(inventory: State) -> list[int]:
    """The price lists that its contingents name."""
    contingents = inventory.get("contingents", {}).values()
    return sorted({c["pricelistid"] for c in contingents if c["pricelistid"]})


assert EventBody.model_fields.keys() <= SHAPE.keys()  # noqa: S101 - checked once, at import
