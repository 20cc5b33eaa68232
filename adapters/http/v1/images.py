"""`/v1/events/{id}/image`, and where images are served: to anyone who has the address, which nobody
guesses, and for ever the same."""

import re
from functools import partial
from hashlib import sha256
from typing import Any, ClassVar

from fastapi import APIRouter, Request
from starlette.responses import Response

from adapters.http import reads, requests
from adapters.http.auth import Permission, authorize, stagebook
from adapters.http.body import StrictRequest
from adapters.http.commands import execute
from adapters.http.routes import StrictRoute
from adapters.http.v1.documents import EventDocument
from adapters.http.v1.events import answer
from adapters.http.v1.spec import Id, changes, problems
from application import events
from application.ports import PUT_BACK, Store, StoreDamaged, StoreUnavailable
from domain.errors import EventClosed, NotFound
from domain.ids import Kind
from domain.images import EXTENSION, FILE, MAX_IMAGE, image_of

router = APIRouter(prefix="/v1/events", tags=["Events"], route_class=StrictRoute)
served = APIRouter(tags=["Images"])

ACCOUNT = re.compile(r"[0-9a-f]{12}", re.ASCII)
FILE_NAME = f"{'0' * 64}.jpg"
FOREVER = "public, max-age=31536000, immutable"
BYTES = {"schema": {"type": "string", "format": "binary"}}


def within(name: str, example: str) -> dict[str, Any]:
    """A part of an image's address."""
    said = {"description": "As the Event's `image` says it", "schema": {"type": "string"}}
    return {"name": name, "in": "path", "required": True, "example": example, **said}


class ImageRequest(StrictRequest):
    most: ClassVar = MAX_IMAGE


PUT = changes(EventDocument, EventClosed)
PUT["openapi_extra"]["requestBody"] = {
    "required": True,
    "content": {"image/jpeg": BYTES, "image/png": BYTES},
}


@router.put("/{id}/image", **PUT)
async def put_image(request: Request, id: Id) -> Response:
    """Sets the picture of an Event: the bytes of a JPEG or a PNG, at most 10 MiB."""
    principal = authorize(request, Permission.COMMAND)
    number = requests.number_of(id, Kind.EVENT, principal)
    sent = ImageRequest.of(request)
    data = await sent.body()
    decide = partial(
        events.change_image,
        number=number,
        image=await reads.blocking(image_of, data),
        data=data,
        version=requests.if_match(request)[0],
    )
    return await execute(sent, decide, answer, principal=principal)


@router.delete("/{id}/image", **changes(EventDocument, EventClosed, body=False))
async def delete_image(request: Request, id: Id) -> Response:
    """Removes the picture of an Event; the past keeps it."""
    principal = authorize(request, Permission.COMMAND)
    decide = partial(
        events.change_image,
        number=requests.number_of(id, Kind.EVENT, principal),
        image=None,
        version=requests.if_match(request)[0],
    )
    return await execute(request, decide, answer, principal=principal)


@served.get(
    "/images/{account}/{file}",  # noqa: FAST003 - declared, they would be refused with 422
    responses={
        200: {"description": "The picture", "content": {"image/jpeg": BYTES, "image/png": BYTES}},
        304: {"description": "The client has it"},
        **problems(NotFound, StoreUnavailable, StoreDamaged),
    },
    response_class=Response,
    openapi_extra={"parameters": [within("account", "2a97516c354b"), within("file", FILE_NAME)]},
)
async def get_image(request: Request) -> Response:
    """A picture, for anyone who has its address."""
    account, name = request.path_params["account"], FILE.fullmatch(request.path_params["file"])
    found = None
    if name and ACCOUNT.fullmatch(account):
        found = await reads.blocking(undamaged, stagebook(request).store, int(account, 16), name[1])
    if not found or not name or EXTENSION[found[0]] != name[2]:
        raise NotFound("there is no such image")
    headers = {
        "ETag": f'"{name[1]}"',
        "Cache-Control": FOREVER,
        "X-Content-Type-Options": "nosniff",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(found[1], 200, headers, found[0])


def undamaged(store: Store, account: int, digest: str) -> tuple[str, bytes] | None:
    """The type and the bytes that are kept under a digest, where it is theirs: 0.5 ms a MiB."""
    kept = store.blob(account, digest)
    if kept and sha256(kept[1]).hexdigest() != digest:
        place = f"image {digest} of account {account:x}"
        raise StoreDamaged(place, "it is not what its digest says", PUT_BACK)
    return kept
