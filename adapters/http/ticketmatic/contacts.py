"""`/contacts`: whom orders are for. Reading them needs a key that may sell."""

from fastapi import APIRouter, Request
from pydantic_core import to_json
from starlette.responses import Response

from adapters.bootstrap import CATALOG
from adapters.http.body import check_text, parse
from adapters.http.ticketmatic import wire
from adapters.http.ticketmatic.resources import CONTACTS
from adapters.http.ticketmatic.settings import LISTS, ROOT, asked, single
from adapters.http.ticketmatic.settings_documents import Listed, OnlyId, documented
from adapters.http.ticketmatic.signing import caller
from adapters.http.ticketmatic.spec import Account, answers
from adapters.http.ticketmatic.wire import PREFIX, TicketmaticRoute, json_response
from adapters.views.select import Select
from domain.errors import Invalid, NotFound
from projections.catalog_documents import email_term
from projections.texts import words

MAX_PAGE = 1_000
ORDERS = {"name": "name", "lastupdatets": "updated", "createdts": "number"}
PARAMETERS = (*LISTS, "limit", "offset", "orderby", "output", "searchterm")

ContactList = Listed[documented(CONTACTS, listed=True) | OnlyId]  # type: ignore[misc, valid-type] # made above

router = APIRouter(prefix=PREFIX, tags=["Ticketmatic"], route_class=TicketmaticRoute)


@router.get(
    ROOT + CONTACTS.path,
    name="tm_list_contacts",
    **answers(ContactList, parameters=PARAMETERS),
)
async def list_contacts(request: Request, accountname: Account) -> Response:
    """The contacts."""
    principal = caller(request, accountname, CONTACTS.read)
    offset = wire.number(request, "offset", 0, 0, 10**9)
    limit = wire.number(request, "limit", MAX_PAGE, 0, MAX_PAGE)
    orderby, term = wire.parameter(request, "orderby"), wire.parameter(request, "searchterm")
    check_text("searchterm", term)
    if orderby is not None and orderby not in ORDERS:
        raise Invalid("orderby", f"expected one of {', '.join(ORDERS)}")
    select = Select(
        principal.account,
        await asked(request, principal, CONTACTS),
        words(term),
        order=ORDERS[orderby or "createdts"],
        limit=limit,
        offset=offset,
    )
    bodies, total = await wire.page(request, principal, CATALOG, select, CONTACTS.form)
    shaped = [CONTACTS.shape(body, listed=True) for body in bodies]
    if wire.parameter(request, "output") == "ids":
        shaped = [to_json({"id": parse(body)["id"]}) for body in shaped]
    return wire.listed(shaped, total)


@router.get(
    ROOT + CONTACTS.path + "/0",
    name="tm_find_contact",
    **answers(documented(CONTACTS), parameters=("email",)),
)
async def find_contact(request: Request, accountname: Account) -> Response:
    """The contact of an e-mail address, in any case."""
    principal = caller(request, accountname, CONTACTS.read)
    email = wire.parameter(request, "email")
    if email is None:
        raise Invalid("email", "expected an e-mail address, for id 0")
    check_text("email", email)
    where = (*CONTACTS.where, ("archived", "=", 0))
    select = Select(principal.account, where, exact=(email_term(email),), limit=1)
    bodies, _ = await wire.page(request, principal, CATALOG, select, CONTACTS.form)
    if not bodies:
        raise NotFound("there is no contact of that e-mail address")
    return json_response(CONTACTS.shape(bodies[0]))


single(router, CONTACTS)
