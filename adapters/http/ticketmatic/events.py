"""`/events`: one by one, and many at once."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from pydantic_core import from_json, to_json
from starlette.responses import Response

from adapters.bootstrap import EVENTS
from adapters.http import reads, requests
from adapters.http.auth import Permission
from adapters.http.ticketmatic import languages, wire
from adapters.http.ticketmatic.event_list import PARAMETERS, list_of_events
from adapters.http.ticketmatic.forms import Form
from adapters.http.ticketmatic.resources import valid
from adapters.http.ticketmatic.settings_documents import OnlyId
from adapters.http.ticketmatic.signing import caller
from adapters.http.ticketmatic.spec import Account, Id, answers
from adapters.http.ticketmatic.wire import PREFIX, TicketmaticRoute, command, in_turns
from adapters.http.v1.documents import EventDocument
from adapters.http.v1.images import ImageRequest
from application import events, sales
from application.as_of import ShownEvent
from application.keyring import Principal
from application.unit_of_work import UnitOfWork
from domain.contingents import TRANSLATABLE as LOT_TEXTS
from domain.errors import Invalid
from domain.event import Event
from domain.event_fields import TRANSLATABLE, EventBody
from domain.ids import Kind
from domain.images import image_of
from domain.inventory import Inventory
from domain.location import PLACEHOLDER
from domain.translations import TRANSLATED_PARTS
from projections.event_documents import event_document

router = APIRouter(prefix=PREFIX, tags=["Ticketmatic"], route_class=TicketmaticRoute)
EVENT = "/{accountname}/events/{id}"
LOTS, MAPS = TRANSLATED_PARTS, ("layout", "translations")
EMPTY: tuple[tuple[str, Any], ...] = (("name", ""), ("translations", []))
"""What a contingent says for want of a value."""
UNKNOWN = ("price", "prices")
"""Fields of a contingent that the native surface alone has: they are ignored here."""


class TicketmaticEvent(EventDocument):
    """An Event, with its times in the account's time zone."""

    locationid: int | None = Field(description="Its Location; null: to be announced")


EVENT_FORM = Form(TicketmaticEvent, TRANSLATABLE, event=True)


class EventList(BaseModel):
    """A page of Events."""

    data: list[TicketmaticEvent | OnlyId] = Field(description="The Events, or their ids alone")
    nbrofresults: int = Field(ge=0, description="How many there are in all pages")
    lookup: dict[str, dict[str, Any]] = Field({}, description="What they name, by id")


class Translations(BaseModel):
    """Texts by field and language."""

    __pydantic_extra__: dict[str, str]

    model_config = {"extra": "allow"}


def document_for(request: Request, principal: Principal) -> Callable[[ShownEvent], bytes]:
    """What shows an Event to whom it is changed by."""
    reader = wire.reader_of(request, principal)

    def document(shown: ShownEvent) -> bytes:
        made = to_json(event_document(*shown.states, shown.event.account))
        return EVENT_FORM.shown(made, reader)

    return document


@router.get(
    "/{accountname}/events", name="tm_list_events", **answers(EventList, parameters=PARAMETERS)
)
async def list_events(request: Request, accountname: Account) -> Response:
    """Active and Closed Events, unless other statuses are asked for."""
    return await list_of_events(request, caller(request, accountname, Permission.READ), EVENT_FORM)


@router.get(EVENT, name="tm_get_event", **answers(TicketmaticEvent))
async def get_event(request: Request, accountname: Account, id: Id) -> Response:
    """One Event."""
    principal = caller(request, accountname, Permission.READ)
    number = requests.number_of(id, Kind.EVENT, principal)
    await reads.fresh(request, EVENTS)
    body, _ = await reads.found(request, EVENTS, Kind.EVENT, number, principal)
    return wire.json_response(EVENT_FORM.shown(body, wire.reader_of(request, principal)))


@router.post(
    "/{accountname}/events", name="tm_create_event", **answers(TicketmaticEvent, body="EventBody")
)
async def create_event(request: Request, accountname: Account) -> Response:
    """Creates an Event as a Draft. A name is enough: its Location is to be announced."""
    principal = caller(request, accountname, Permission.COMMAND)
    said = tidy(await wire.sent_object(request, principal, EventBody))
    said = written_event(said, languages.language_of(request, principal), principal, {}, {})
    body = wire.lenient(EventBody, said)
    decide = partial(events.create_event, body=body, placeholder=True)
    return await command(request, principal, decide, document_for(request, principal))


@router.put(EVENT, name="tm_update_event", **answers(TicketmaticEvent, body="EventBody"))
async def update_event(request: Request, accountname: Account, id: Id) -> Response:
    """Changes the fields that are sent, in the language that is written in."""
    principal = caller(request, accountname, Permission.COMMAND)
    said = tidy(await wire.sent_object(request, principal, EventBody))
    language = languages.language_of(request, principal)
    wire.lenient(EventBody, said)  # what is wrong in it is told before anything is looked up

    def written(event: Event, inventory: Inventory) -> dict[str, Any]:
        lots = inventory.state.get("contingents", {})
        return written_event(said, language, principal, event.state, lots)

    return await command(
        request, principal, changing(id, principal, written), document_for(request, principal)
    )


@router.delete(EVENT, name="tm_delete_event", **answers(None))
async def delete_event(request: Request, accountname: Account, id: Id) -> Response:
    """Deletes an Event that is not Active, and of which no order holds tickets."""
    principal = caller(request, accountname, Permission.COMMAND)
    number = requests.number_of(id, Kind.EVENT, principal)
    return await command(request, principal, partial(events.delete_event, number=number))


@router.get(f"{EVENT}/translate", name="tm_event_translations", **answers(Translations))
async def translations(request: Request, accountname: Account, id: Id) -> Response:
    """Its texts in every language, by field and language."""
    principal = caller(request, accountname, Permission.READ)
    await reads.fresh(request, EVENTS)
    number = requests.number_of(id, Kind.EVENT, principal)
    body, _ = await reads.found(request, EVENTS, Kind.EVENT, number, principal)
    return wire.json_response(to_json(languages.flat(from_json(body), principal, TRANSLATABLE)))


@router.put(
    f"{EVENT}/translate", name="tm_translate_event", **answers(Translations, body=Translations)
)
async def translate(request: Request, accountname: Account, id: Id) -> Response:
    """Changes the texts that are sent; an empty one takes a translation away."""
    principal = caller(request, accountname, Permission.COMMAND)
    said = await wire.sent_object(request, principal)

    def written(event: Event, _: Inventory) -> dict[str, Any]:
        return languages.unflat(said, principal, TRANSLATABLE, event.state)

    def texts(shown: ShownEvent) -> bytes:
        made = event_document(*shown.states, shown.event.account)
        return to_json(languages.flat(made, principal, TRANSLATABLE))

    return await command(request, principal, changing(id, principal, written), texts)


@router.post(
    f"{EVENT}/image",
    name="tm_save_image",
    **answers(str, body=bytes, kinds=("image/jpeg", "image/png")),
)
async def save_image(request: Request, accountname: Account, id: Id) -> Response:
    """The Event's picture, a JPEG or a PNG of at most 10 MiB. Answers its address."""
    principal = caller(request, accountname, Permission.COMMAND)
    sent = ImageRequest.of(request)
    data = await sent.body()
    image = await reads.blocking(image_of, data)
    base = str(request.base_url).rstrip("/")

    def address(shown: ShownEvent) -> bytes:
        made = event_document(*shown.states, shown.event.account)
        return to_json(base + made["image"])

    number = requests.number_of(id, Kind.EVENT, principal)
    decide = partial(events.change_image, number=number, image=image, data=data)
    return await command(sent, principal, decide, address)


@router.delete(f"{EVENT}/image", name="tm_delete_image", **answers(None))
async def delete_image(request: Request, accountname: Account, id: Id) -> Response:
    """The Event has no picture any more."""
    principal = caller(request, accountname, Permission.COMMAND)
    number = requests.number_of(id, Kind.EVENT, principal)
    return await command(
        request, principal, partial(events.change_image, number=number, image=None)
    )


@router.put(f"{EVENT}/purge", name="tm_purge_event", **answers(None))
async def purge(request: Request, accountname: Account, id: Id) -> Response:
    """Ends what is still in baskets: its unconfirmed orders give their tickets back. What is sold
    stays, and so does the history: nothing in this book is ever taken out."""
    principal = caller(request, accountname, Permission.COMMAND)
    number = requests.number_of(id, Kind.EVENT, principal)
    empty = partial(sales.empty_baskets, number=number)
    return await in_turns(request, principal, empty, lambda _orders: b"null")


def changing(id_: str, principal: Principal, written: Any) -> Any:
    """The command that changes an Event to what is written for what it is now."""
    number = requests.number_of(id_, Kind.EVENT, principal)

    def decide(work: UnitOfWork) -> ShownEvent:
        event = work.load(Event, number).require()
        body = valid(EventBody, written(event, work.load(Inventory, number)))
        return events.change_event(work, number, body)

    return decide


def written_event(
    said: dict[str, Any],
    language: str,
    principal: Principal,
    current: Mapping[str, Any],
    lots: Mapping[str, Any],
) -> dict[str, Any]:
    """A body whose texts are in that language, those of its contingents, too."""
    made = languages.written(said, language, principal, TRANSLATABLE, current)
    for name in set(LOTS) & made.keys():
        made[name] = [
            languages.written(lot, language, principal, LOT_TEXTS, lots.get(str(lot.get("id")), {}))
            if isinstance(lot, dict)
            else lot
            for lot in made[name]
        ]
    return made


def tidy(said: dict[str, Any]) -> dict[str, Any]:
    """A body without what clients send for want of a value: a contingent's empty name, and null
    for what was not set. An empty map is a list where PHP wrote it. No Location is the one that is
    to be announced."""
    made = dict(said)
    for name in LOTS:
        if name not in made:
            continue
        if made[name] is None:
            del made[name]
        elif not isinstance(made[name], list):
            raise Invalid(name, "expected a list")
        else:
            made[name] = [
                {
                    n: v
                    for n, v in lot.items()
                    if v is not None and n not in UNKNOWN and (n, v) not in EMPTY
                }
                if isinstance(lot, dict)
                else lot
                for lot in made[name]
            ]
    made |= {name: {} for name in MAPS if made.get(name) == []}
    if made.get("locationid", PLACEHOLDER) is None:
        made["locationid"] = PLACEHOLDER
    return made
