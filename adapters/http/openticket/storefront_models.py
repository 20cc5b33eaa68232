"""What a shop's page reads, for OpenAPI alone: `storefront_documents.py` makes it."""

from typing import Any

from adapters.http.openticket.models import MaybeText, shape

LocationOnSale = shape(
    "LocationOnSale", "Where it is.", guid=MaybeText, name=MaybeText, address=MaybeText
)
EventOnSale = shape(
    "EventOnSale",
    "An Event of a shop.",
    guid=str,
    name=MaybeText,
    description=MaybeText,
    start=MaybeText,
    end=MaybeText,
    status=str,
    category=MaybeText,
    subcategories=list[str],
    location=LocationOnSale,
)
TicketOnSale = shape(
    "TicketOnSale",
    "A type of tickets that a shop sells.",
    guid=str,
    name=MaybeText,
    event_id=str,
    status=str,
    min_price=int | None,
    event_dates=list[str],
)
ShopOnSale = shape("ShopOnSale", "The shop.", guid=str, currency=str)
ShopData = shape(
    "ShopData",
    "What a shop sells.",
    events=list[EventOnSale],  # type: ignore[valid-type] # made above
    tickets=dict[str, TicketOnSale],  # type: ignore[valid-type] # made above
    products=list[dict[str, Any]],
    shops=list[ShopOnSale],  # type: ignore[valid-type] # made above
)
Reserved = shape(
    "Reserved",
    "What is held: so many tickets, at that price each.",
    guid=str,
    reservation=str,
    expires_at=MaybeText,
    ticket=str,
    amount=int,
    price=int,
    currency=str,
    products=list[dict[str, Any]],
)
TicketOfOrder = shape(
    "TicketOfOrder",
    "A ticket of an order.",
    guid=str,
    original_id=str,
    ticket_number=str,
    event_id=str,
    price=int,
    invalidated_since=MaybeText,
)
Payment = shape("PaymentOfOrder", "Whether it is paid.", status=str)
ORDER: dict[str, Any] = {
    "currency": str,
    "price": int,
    "amount": int,
    "amount_paid": int,
    "payment": Payment,
    "is_complete": bool,
    "invalidated_since": MaybeText,
    "invalidated_reason": MaybeText,
    "created_at": str,
    "updated_at": str,
    "tickets": list[TicketOfOrder],  # type: ignore[valid-type] # made above
    "products": list[dict[str, Any]],
}
ShopOrder = shape("ShopOrder", "An order.", guid=str, shop_id=str, status=str, **ORDER)
PlacedOrder = shape(
    "PlacedOrder",
    "An order that was placed, and who placed it.",
    guid=str,
    shop_id=str,
    status=str,
    email=MaybeText,
    firstName=MaybeText,
    lastName=MaybeText,
    locale=MaybeText,
    **ORDER,
)
