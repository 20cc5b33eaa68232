"""What comes in, in the vendor's spelling: its type here, and its name in the domain."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from adapters.http import validation
from adapters.http.openticket.wire import boolean, command, decimal, integer, text, texts, typed
from application.keyring import Principal
from application.unit_of_work import UnitOfWork
from domain.base import State
from domain.errors import Invalid

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")
Table = Mapping[str, tuple[str, Callable[[str, Any], Any]]]


def time(path: str, value: Any) -> str:
    """A time; a `+` that a form turned into a space is forgiven."""
    return re.sub(r" (?=\d\d:\d\d$)", "+", text(path, value).strip())


def code(path: str, value: Any) -> str | None:
    return text(path, value) or None


def folded(path: str, value: Any) -> str:
    return text(path, value).strip().lower()


def same(*names: str, read: Callable[[str, Any], Any]) -> Table:
    return {name: (name, read) for name in names}


LOCATION: Table = {
    **same("name", "description", "address", "seats_chart_key", read=text),
    "parent_guid": ("parent_guid", folded),
    "capacity": ("capacity", integer),
    "latitude": ("lat", decimal),
    "longitude": ("long", decimal),
    "public": ("public", boolean),
}
EVENT: Table = {
    **same("name", "description", "website", "category", read=text),
    "locale": ("locale", code),
    "type": ("type", folded),
    "subcategories": ("subcategories", texts),
    "retrievable_after": ("retrievable_after", time),
    "auto-prune": ("auto_prune", boolean),
    "start": ("startts", time),
    "end": ("endts", time),
}
DATE: Table = {
    "start": ("start", time),
    "end": ("end", time),
    "capacity": ("capacity", integer),
    **same("name", "seats_event_key", "facebook_event_id", read=text),
}
TICKET: Table = {
    **same("name", "description", "class", "status_overrule", read=text),
    **same("vat_percentage", "percentage_service_costs_in_ticket", read=decimal),
    **same("available_from", "available_until", read=time),
    **same("availability_margin", "increment", read=integer),
    **same("min_orderable_amount_per_order", "max_orderable_amount_per_order", read=integer),
    **same("include_service_cost_in_price", "swappable", "hide_without_coupon", read=boolean),
    **same("late_personalization", "combines_products", read=boolean),
    "available_stock": ("amount", integer),
}
SHOP: Table = {
    **same("name", "description", "global_terms", "company_terms", read=text),
    **same("email_validation_rule", "facebook_page_url", read=text),
    **same("auto_prune", "email_must_be_unique", "event_selection", read=boolean),
    "max_tickets_per_order": ("max_tickets_per_order", integer),
}
TRACKER: Table = same("name", "type", "extra_url_parameters", read=text)


def required(body: State, *names: str) -> None:
    """Refuses a body without them, all at once."""
    if missing := [name for name in names if body.get(name) in (None, "")]:
        raise invalid((name, "required") for name in missing)


def native(body: State, table: Table) -> State:
    """What is said in the body, by the domain's names."""
    said = typed(body, {name: read for name, (_, read) in table.items()})
    return {table[name][0]: value for name, value in said.items()}


def anew(body: State, shown: State) -> State:
    """What a body asks for that is not so already. A document that is sent back as it was read
    changes nothing, though it shows more, or less exactly, than what was ever said."""
    return {n: v for n, v in body.items() if n not in shown or _written(v) != _written(shown[n])}


def _written(value: Any) -> str:
    """A value as a form has it."""
    if isinstance(value, list):
        return ",".join(map(_written, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def model(cls: type[M], fields: State, table: Table) -> M:
    try:
        return cls.model_validate(fields)
    except ValidationError as error:
        raise invalid(
            (_vendors(".".join(map(str, e["loc"])), table), validation.message(dict(e)))
            for e in error.errors(include_url=False)[: validation.MOST]
        ) from None


async def run(
    request: Request,
    principal: Principal,
    table: Table,
    decide: Callable[[UnitOfWork], T],
    answer: Callable[[T], State] | None = None,
) -> Response:
    """A command, whose refusals name fields as the vendor does."""
    try:
        return await command(request, principal, decide, answer)
    except Invalid as refusal:
        said = refusal.details["errors"]
        raise invalid((_vendors(e["path"], table), e["message"]) for e in said) from None


def _vendors(path: str, table: Table) -> str:
    if path.startswith("eventspecificprices"):
        return "min_price"
    return next((name for name, (inside, _) in table.items() if inside == path), path)


def invalid(found: Any) -> Invalid:
    """Every bad field at once."""
    said = [*found]
    made = Invalid(*said[0])
    made.detail = "; ".join(f"{path}: {message}" for path, message in said)
    made.details = {"errors": [{"path": path, "message": message} for path, message in said]}
    return made
