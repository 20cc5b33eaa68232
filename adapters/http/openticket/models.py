"""What answers look like, key by key in the vendor's order: OpenAPI and the documents themselves
are made of these."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from domain.base import State

MaybeText, Number = str | None, int | float
STAMPS: State = {"updated_at": str, "created_at": str}


def shape(name: str, says: str, /, **fields: Any) -> type[BaseModel]:
    """A model of required fields."""
    spelled: Any = {
        n.replace("__", "-"): (kind, Field(description=n)) for n, kind in fields.items()
    }
    made: type[BaseModel] = create_model(
        f"OpenTicket{name}", __doc__=says, __config__=ConfigDict(extra="allow"), **spelled
    )
    return made


def shaped(model: type[BaseModel], document: State) -> State:
    """The keys of a model, in its order."""
    return {name: document[name] for name in model.model_fields}


LocationCreated = shape(
    "LocationCreated",
    "A Location that was created.",
    name=str,
    capacity=int,
    address=MaybeText,
    company_id=str,
    guid=str,
    **STAMPS,
    seated=bool,
)
LocationShown = shape(
    "Location",
    "A Location.",
    guid=str,
    company_id=str,
    name=str,
    description=MaybeText,
    capacity=int,
    address=MaybeText,
    latitude=Number | None,
    longitude=Number | None,
    public=bool,
    seats_chart_key=MaybeText,
    parent_guid=MaybeText,
    seated=bool,
    **STAMPS,
    deleted_at=None,
)
EventCreated = shape(
    "EventCreated",
    "An Event that was created.",
    status=str,
    name=MaybeText,
    type=str,
    currency=str,
    locale=MaybeText,
    location_id=str,
    company_id=str,
    guid=str,
    **STAMPS,
)
EventShown = shape(
    "Event",
    "An Event.",
    guid=str,
    company_id=str,
    location_id=str,
    name=MaybeText,
    description=MaybeText,
    website=MaybeText,
    type=str,
    locale=MaybeText,
    currency=str,
    status=str,
    category=MaybeText,
    subcategories=list[str],
    retrievable_after=MaybeText,
    auto__prune=bool,
    image=MaybeText,
    start=MaybeText,
    end=MaybeText,
    **STAMPS,
    location=LocationShown,
)
DateCreated = shape(
    "EventDateCreated",
    "An EventDate that was created.",
    start=str,
    end=str,
    event_id=str,
    guid=str,
    **STAMPS,
    seated=bool,
)
DateShown = shape(
    "EventDate",
    "An EventDate.",
    guid=str,
    event_id=str,
    name=MaybeText,
    start=str,
    end=str,
    capacity=int,
    seats_event_key=MaybeText,
    facebook_event_id=MaybeText,
    seated=bool,
    **STAMPS,
)
TicketCreated = shape(
    "TicketCreated",
    "A type of tickets that was created.",
    increment=int,
    min_orderable_amount_per_order=int,
    max_orderable_amount_per_order=int | None,
    availability_margin=int,
    percentage_service_costs_in_ticket=Number,
    swappable=bool,
    name=str,
    vat_percentage=Number | None,
    event_id=str,
    company_id=str,
    guid=str,
    **STAMPS,
    status=MaybeText,
    seated=bool,
    include_service_cost_in_price=bool,
    reserved_count=int,
    pending_count=int,
)
TYPE_FIELDS: State = {
    "guid": str,
    "company_id": str,
    "event_id": str,
    "name": str,
    "description": MaybeText,
    "class": MaybeText,
    "min_price": int | None,
    "vat_percentage": Number | None,
    "available_stock": int | None,
    "availability_margin": int,
    "available_from": MaybeText,
    "available_until": MaybeText,
    "increment": int,
    "min_orderable_amount_per_order": int,
    "max_orderable_amount_per_order": int | None,
    "percentage_service_costs_in_ticket": Number,
    "include_service_cost_in_price": bool,
    "swappable": bool,
    "hide_without_coupon": bool,
    "late_personalization": bool,
    "combines_products": bool,
    "seated": bool,
    "status_overrule": MaybeText,
    "status": MaybeText,
    "reserved_count": int,
    "pending_count": int,
    "sold_count": int,
}
TicketShown = shape("Ticket", "A type of tickets.", **TYPE_FIELDS, **STAMPS)
SoldOfType = shape(
    "SoldOfType",
    "How many of a type of tickets are where.",
    guid=str,
    name=str,
    sold=int,
    pending=int,
    reserved=int,
    available=int | None,
)
SalesStats = shape(
    "SalesStats",
    "How an Event sells.",
    guid=str,
    name=MaybeText,
    sold=int,
    pending=int,
    reserved=int,
    ticket_types=list[SoldOfType],  # type: ignore[valid-type] # made above
)
ShopCreated = shape(
    "ShopCreated",
    "A shop that was created.",
    name=str,
    company_id=str,
    guid=str,
    **STAMPS,
    global_terms=MaybeText,
    currency=str,
    reservation_time=int,
    seats_public_key=None,
)
ShopShown = shape(
    "Shop",
    "A shop.",
    guid=str,
    company_id=str,
    name=str,
    description=MaybeText,
    currency=str,
    reservation_time=int,
    seats_public_key=None,
    global_terms=MaybeText,
    company_terms=MaybeText,
    auto_prune=bool,
    email_must_be_unique=bool,
    email_validation_rule=MaybeText,
    event_selection=bool,
    facebook_page_url=MaybeText,
    max_tickets_per_order=int | None,
    url=str,
    **STAMPS,
)
TrackerCreated = shape(
    "TrackerCreated",
    "A tracker that was created.",
    name=str,
    type=str,
    shop_id=str,
    code=MaybeText,
    guid=str,
    **STAMPS,
)
TrackerShown = shape(
    "Tracker",
    "A tracker.",
    name=str,
    type=str,
    shop_id=str,
    code=MaybeText,
    guid=str,
    **STAMPS,
    clicks=int,
    extra_url_parameters=MaybeText,
    url=str,
)
PaymentMethod = shape("PaymentMethod", "A way to pay.", guid=str, name=str)
User = shape(
    "User",
    "Who is calling.",
    guid=str,
    default_company_id=str,
    whitelabel_id=None,
    name=str,
    email=None,
    phone=None,
    **STAMPS,
)
Nothing = list[dict[str, Any]]
"""What this version has none of."""
