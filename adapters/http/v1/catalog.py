"""`/v1/catalog/…`: the same seven routes for each kind of thing, with the kind's own schema."""

from functools import partial
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from pydantic import BaseModel
from pydantic_core import to_json
from starlette.responses import Response

from adapters.bootstrap import CATALOG
from adapters.http import reads, requests
from adapters.http.auth import Permission, authorize, stagebook
from adapters.http.commands import document, execute
from adapters.http.routes import ReviewRoute, SellRoute, StrictRoute
from adapters.http.v1 import catalog_documents as shown
from adapters.http.v1 import settings_documents as plain
from adapters.http.v1.documents import HistoryPage
from adapters.http.v1.filters import CatalogQuery
from adapters.http.v1.past import Shown, history_response, past_response
from adapters.http.v1.past_filters import HistoryQuery
from adapters.http.v1.spec import LANGUAGE, Id, changes, creates, finds, lists, shows
from application import as_of, catalog, history
from application.as_of import PastMoment
from application.keyring import Principal
from application.ports import CommandResult
from application.unit_of_work import UnitOfWork
from domain.catalog import LockType, PriceList, PriceType, SalesChannel
from domain.catalog_item import CatalogItem
from domain.contact import Contact
from domain.custom_fields import CustomField, CustomFieldValue
from domain.errors import CatalogItemInUse
from domain.payment_scenario import PaymentScenario
from domain.seating import SeatingPlan, SeatRank
from domain.settings_items import (
    ContactAddressType,
    ContactTitle,
    DeliveryScenario,
    PaymentMethod,
    PhoneNumberType,
    RelationType,
)
from domain.tracker import Tracker
from projections.catalog_documents import catalog_document, catalog_etag

PREFIX = "/v1/catalog"

router = APIRouter(prefix=PREFIX, tags=["Catalog"], route_class=StrictRoute)
personal = APIRouter(prefix=PREFIX, tags=["Catalog"], route_class=SellRoute)
"""Things that those who may sell write, too."""
audited = APIRouter(prefix=PREFIX, tags=["History"], route_class=ReviewRoute)


def answer(item: CatalogItem, place: str | None = None) -> CommandResult:
    body = to_json(catalog_document(item.KIND, item.state, item.account))
    status = 201 if place else 200
    return document(
        body, catalog_etag(item.state), status=status, place=place and f"{place}/{item.number}"
    )


def present(work: UnitOfWork, cls: type[CatalogItem], number: int) -> dict[str, Any]:
    """The document as it is before a command."""
    item = catalog.item(work, cls, number).require()
    return catalog_document(item.KIND, item.state, item.account)


def item_at(
    cls: type[CatalogItem], request: Request, principal: Principal, number: int, asked: PastMoment
) -> Shown:
    store = stagebook(request).store
    past = as_of.past_one(cls, store, principal.account, number, **asked)
    state = past.state
    found = catalog_document(past.KIND, state, past.account)
    return Shown(found, catalog_etag(state), as_of.place_of(store, past))


class Needs(NamedTuple):
    """What reading, changing and looking back at one kind of thing needs."""

    read: Permission = Permission.READ
    write: Permission = Permission.COMMAND
    past: Permission = Permission.REVIEW


NEEDS = Needs()


def routes(
    path: str,
    what: str,
    cls: type[CatalogItem],
    one: type[BaseModel],
    page: type[BaseModel],
    needs: Needs = NEEDS,
) -> None:
    """The routes of one kind of thing."""
    read, write, past = needs
    kind, name = cls.KIND, what.replace(" ", "_")
    fields = cls.FIELDS
    written = personal if write is Permission.SELL else router

    @written.post(path, name=f"create_{name}", description=f"Creates a {what}.", **creates(one))
    async def create(request: Request, body: fields) -> Response:  # type: ignore[valid-type] # the kind's own
        decide = partial(catalog.create_item, cls=cls, fields=body)
        principal = authorize(request, write)
        return await execute(
            request, decide, partial(answer, place=PREFIX + path), principal=principal
        )

    @written.get(
        path,
        name=f"list_{name}s",
        description=f"The {what}s of the account.",
        **lists(page, LANGUAGE),
    )
    async def listed(request: Request, query: CatalogQuery) -> Response:
        principal = authorize(request, read)
        select, of = query.select(principal.account, kind)
        return await reads.listed(request, CATALOG, select, of, principal, query.only(one))

    @written.get(
        path + "/{id}",
        name=f"get_{name}",
        description=f"One {what}, now, at a version or at a moment.",
        **shows(one),
    )
    async def get(request: Request, id: Id) -> Response:
        if request.scope["query_string"]:
            return await past_response(request, id, kind, partial(item_at, cls), read | past)
        principal = authorize(request, read)
        number = requests.number_of(id, kind, principal)
        return await reads.stored(request, CATALOG, kind, number, principal)

    @written.patch(
        path + "/{id}",
        name=f"change_{name}",
        description=f"Changes a {what}: the fields that are sent; null clears one.",
        **changes(one),
    )
    async def change(request: Request, id: Id, body: fields) -> Response:  # type: ignore[valid-type]
        principal = authorize(request, write)
        number = requests.number_of(id, kind, principal)
        decide = partial(
            catalog.change_item,
            cls=cls,
            number=number,
            fields=body,
            version=requests.if_match(request)[0],
        )
        was = partial(present, cls=cls, number=number)
        return await execute(request, decide, answer, principal=principal, present=was)

    @written.post(
        path + "/{id}/archive",
        name=f"archive_{name}",
        description=f"Archives a {what}: takes it out of the list; what names it still finds it.",
        **changes(one, CatalogItemInUse, body=False),
    )
    async def archive(request: Request, id: Id) -> Response:
        return await moved(request, id, archived=True)

    @written.post(
        path + "/{id}/restore",
        name=f"restore_{name}",
        description=f"Restores an archived {what}.",
        **changes(one, body=False),
    )
    async def restore(request: Request, id: Id) -> Response:
        return await moved(request, id, archived=False)

    async def moved(request: Request, id_: str, *, archived: bool) -> Response:
        principal = authorize(request, Permission.COMMAND)
        decide = partial(
            catalog.archive_item,
            cls=cls,
            number=requests.number_of(id_, kind, principal),
            archived=archived,
            version=requests.if_match(request)[0],
        )
        return await execute(request, decide, answer, principal=principal)

    @audited.get(
        path + "/{id}/history",
        name=f"{name}_history",
        description=f"The history of a {what}: who changed what and when, newest first.",
        **finds(HistoryPage),
    )
    async def item_history(request: Request, id: Id, query: HistoryQuery) -> Response:
        entries = partial(history.history_of_one, cls)
        return await history_response(request, id, query, kind, entries, past)


routes("/pricetypes", "price type", PriceType, shown.PriceTypeDocument, shown.PriceTypePage)
routes("/pricelists", "price list", PriceList, shown.PriceListDocument, shown.PriceListPage)
routes("/saleschannels", "sales channel", SalesChannel, shown.ChannelDocument, shown.ChannelPage)
routes("/locktypes", "lock type", LockType, shown.LockTypeDocument, shown.LockTypePage)
routes(
    "/customfields", "custom field", CustomField, shown.CustomFieldDocument, shown.CustomFieldPage
)
routes("/seatranks", "seat rank", SeatRank, shown.SeatRankDocument, shown.SeatRankPage)
routes(
    "/seatingplans", "seating plan", SeatingPlan, shown.SeatingPlanDocument, shown.SeatingPlanPage
)
routes(
    "/customfieldvalues",
    "custom field value",
    CustomFieldValue,
    shown.CustomFieldValueDocument,
    shown.CustomFieldValuePage,
)
routes(
    "/paymentscenarios",
    "payment scenario",
    PaymentScenario,
    shown.PaymentScenarioDocument,
    shown.PaymentScenarioPage,
)
routes("/trackers", "tracker", Tracker, shown.TrackerDocument, shown.TrackerPage)
routes(
    "/contacts",
    "contact",
    Contact,
    shown.ContactDocument,
    shown.ContactPage,
    Needs(read=Permission.SELL, write=Permission.SELL, past=Permission.AUDIT),
)
routes(
    "/paymentmethods",
    "payment method",
    PaymentMethod,
    plain.PaymentMethodDocument,
    plain.PaymentMethodPage,
)
routes(
    "/deliveryscenarios",
    "delivery scenario",
    DeliveryScenario,
    plain.DeliveryScenarioDocument,
    plain.DeliveryScenarioPage,
)
routes(
    "/relationtypes",
    "relation type",
    RelationType,
    plain.RelationTypeDocument,
    plain.RelationTypePage,
)
routes(
    "/contacttitles",
    "contact title",
    ContactTitle,
    plain.ContactTitleDocument,
    plain.ContactTitlePage,
)
routes(
    "/contactaddresstypes",
    "contact address type",
    ContactAddressType,
    plain.ContactAddressTypeDocument,
    plain.ContactAddressTypePage,
)
routes(
    "/phonenumbertypes",
    "phone number type",
    PhoneNumberType,
    plain.PhoneNumberTypeDocument,
    plain.PhoneNumberTypePage,
)
