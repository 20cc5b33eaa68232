"""Documents as this vendor's clients read them."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from adapters.http.addresses import one_text
from application.as_of import ShownEvent
from application.keyring import Principal
from application.shop_tickets import least_price, status
from domain.base import State
from domain.event import ends, starts
from domain.event_fields import CLOSED, EventFields
from domain.ids import Kind, guid
from domain.images import image_url
from domain.selling import Shelf
from domain.ticket_types import TicketType
from domain.values import local_time
from projections.location_documents import location_document

ONCE, NORMAL, ARCHIVED = "once", "normal", "archived"


def company_id(account: int) -> str:
    """The guid of an account."""
    return str(guid(account, Kind.REGISTRY, 1))


@lru_cache(32_768)
def time_in(text: str | None, zone: str) -> str | None:
    """A time of a document as this wire has it: ISO 8601 in seconds, with a numeric offset."""
    if text is None:
        return None
    return local_time(text, zone).replace(microsecond=0).isoformat()


def zone_of(location: State | None, principal: Principal) -> str:
    """Where times are shown: the Location's zone when it has one, else the account's."""
    zone = location["timezone"] if location else "UTC"
    return principal.timezone if zone == "UTC" else str(zone)


class Held(NamedTuple):
    """An Event's states and its Location's document: what its documents are made of."""

    event: State
    inventory: State
    lists: Mapping[int, State]
    times: Mapping[str, Sequence[str]]
    location: State

    def contingents(self) -> list[State]:
        return sorted(self.inventory.get("contingents", {}).values(), key=itemgetter("id"))

    def dates(self) -> list[State]:
        return sorted(self.event["dates"].values(), key=itemgetter("id"))

    def shelf(self) -> Shelf:
        """What its tickets are judged by."""
        contingents = {lot["id"]: lot for lot in self.contingents()}
        priced = self.inventory.get("priced", {})
        return Shelf(self.event, self.location, contingents, self.lists, priced)

    def stamps(self, part: str, zone: str) -> State:
        """When a part came and last changed; right after a command, both are now."""
        now = max(self.event["lastupdatets"], self.inventory.get("lastupdatets", ""))
        created, updated = self.times.get(part, (now, now))
        return stamps(created, updated, zone)


def just_made(shown: ShownEvent, principal: Principal) -> Held:
    """As of the end of a command."""
    place = location_document(shown.location.state, principal.account)
    return Held(shown.event.state, shown.inventory.state, shown.pricelists, {}, place)


def stamps(created: str, updated: str, zone: str) -> State:
    return {"updated_at": time_in(updated, zone), "created_at": time_in(created, zone)}


def location_shown(location: State, principal: Principal) -> State:
    """A Location, from its native document."""
    return {
        "guid": location["guid"],
        "company_id": company_id(principal.account),
        "name": location["name"],
        "description": location["description"],
        "capacity": location["capacity"],
        "address": one_text(location),
        "latitude": plain(location["lat"]),
        "longitude": plain(location["long"]),
        "public": location["public"],
        "seats_chart_key": location["seats_chart_key"],
        "parent_guid": location["parent_guid"],
        "seated": bool(location["seats_chart_key"]),
        **stamps(location["createdts"], location["lastupdatets"], zone_of(location, principal)),
        "deleted_at": None,
    }


def event_shown(held: Held, principal: Principal) -> State:
    event, zone = held.event, zone_of(held.location, principal)
    fields = EventFields.defaults() | event
    image = event.get("image")
    return {
        "guid": str(guid(principal.account, Kind.EVENT, event["number"])),
        "company_id": company_id(principal.account),
        "location_id": held.location["guid"],
        "name": fields["name"],
        "description": fields["description"],
        "website": fields["website"],
        "type": fields["type"] or ONCE,
        "locale": fields["locale"],
        "currency": principal.currency,
        "status": ARCHIVED if event["currentstatus"] == CLOSED else NORMAL,
        "category": fields["category"],
        "subcategories": fields["subcategories"],
        "retrievable_after": time_in(fields["retrievable_after"], zone),
        "auto-prune": fields["auto_prune"],
        "image": image_url(principal.account, image),
        "start": time_in(starts(event), zone),
        "end": time_in(ends(event), zone),
        **stamps(event["createdts"], held.event["lastupdatets"], zone),
        "location": location_shown(held.location, principal),
    }


def date_shown(held: Held, date: State, principal: Principal) -> State:
    zone = zone_of(held.location, principal)
    return {
        "guid": str(guid(principal.account, Kind.DATE, date["id"])),
        "event_id": str(guid(principal.account, Kind.EVENT, held.event["number"])),
        "name": date.get("name"),
        "start": time_in(date["start"], zone),
        "end": time_in(date["end"], zone),
        "capacity": date.get("capacity") or 0,
        "seats_event_key": date.get("seats_event_key"),
        "facebook_event_id": date.get("facebook_event_id"),
        "seated": bool(date.get("seats_event_key")),
        **held.stamps(f"date:{date['id']}", zone),
    }


def ticket_shown(held: Held, lot: State, principal: Principal, now: str) -> State:
    """A type of tickets is a contingent; what an order has and did not pay is pending."""
    zone, counters = zone_of(held.location, principal), lot["counters"]
    fields = {n: lot.get(n, v) for n, v in TicketType.defaults().items()}
    shares = ("vat_percentage", "percentage_service_costs_in_ticket")
    times = ("available_from", "available_until")
    return {
        **fields,
        **{name: plain(fields[name]) for name in shares},
        **{name: time_in(fields[name], zone) for name in times},
        "guid": str(guid(principal.account, Kind.CONTINGENT, lot["id"])),
        "company_id": company_id(principal.account),
        "event_id": str(guid(principal.account, Kind.EVENT, held.event["number"])),
        "name": lot["name"],
        "min_price": least_price(lot, held.lists, principal.currency),
        "available_stock": lot["amount"],
        "seated": lot["seated"],
        "status": status(held.shelf(), lot, principal.currency, now),
        "reserved_count": counters["reserved"],
        "pending_count": counters["sold_unpaid"],
        "sold_count": counters["sold_paid"] + counters["complimentary"],
        **held.stamps(f"contingent:{lot['id']}", zone),
    }


def sales_shown(held: Held, principal: Principal) -> State:
    """How an Event sells: `sold` is paid or given away, `pending` is ordered and not paid;
    `available` is null where there is no limit."""
    types = []
    for lot in held.contingents():
        counters = lot["counters"]
        types.append(
            {
                "guid": str(guid(principal.account, Kind.CONTINGENT, lot["id"])),
                "name": lot["name"],
                "sold": counters["sold_paid"] + counters["complimentary"],
                "pending": counters["sold_unpaid"],
                "reserved": counters["reserved"],
                "available": None if lot["amount"] is None else counters["free"],
            }
        )
    totals = {n: sum(one[n] for one in types) for n in ("sold", "pending", "reserved")}
    event = str(guid(principal.account, Kind.EVENT, held.event["number"]))
    return {"guid": event, "name": held.event.get("name"), **totals, "ticket_types": types}


def shop_shown(channel: State, principal: Principal, base: str) -> State:
    """A shop is a sales channel; its orders are held for so many minutes. `base`: the address that
    this service is asked at, which its link begins with."""
    names = ("name", "description", "global_terms", "company_terms", "facebook_page_url")
    rules = ("auto_prune", "email_must_be_unique", "email_validation_rule", "event_selection")
    return {
        "guid": channel["guid"],
        "company_id": company_id(principal.account),
        **{name: channel[name] for name in (*names, *rules, "max_tickets_per_order")},
        "currency": principal.currency,
        "reservation_time": (channel["basketseconds"] or 0) // 60,
        "seats_public_key": None,
        "url": f"{base}/storefront/{channel['guid']}/data",
        **stamps(channel["createdts"], channel["lastupdatets"], principal.timezone),
    }


def tracker_shown(tracker: State, principal: Principal, base: str) -> State:
    """A tracker, with the link that counts who follows it."""
    shop = str(guid(principal.account, Kind.SALES_CHANNEL, tracker["saleschannelid"]))
    return {
        "name": tracker["name"],
        "type": tracker["type"],
        "shop_id": shop,
        "code": tracker["code"],
        "guid": tracker["guid"],
        "clicks": tracker["clicks"],
        "extra_url_parameters": tracker["extra_url_parameters"],
        "url": f"{base}/storefront/{shop}/t/{tracker['code']}",
        **stamps(tracker["createdts"], tracker["lastupdatets"], principal.timezone),
    }


def plain(number: float | None) -> float | None:
    """A whole number without a fraction: 21, not 21.0."""
    return int(number) if number is not None and number == int(number) else number
