"""What OpenAPI says beside the bodies: headers, parameters, answers. Documentation only.

Each function gives the keyword arguments that document one sort of route.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Annotated, Any

from fastapi import Path
from fastapi.sse import EventSourceResponse
from pydantic import BaseModel
from starlette.responses import StreamingResponse

from adapters.http.errors import (
    STATUS,
    AheadOfStore,
    Forbidden,
    Malformed,
    NotYet,
    OtherEpoch,
    Parked,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    slug,
    title,
)
from adapters.http.readers import in_turns
from application.ports import OutcomeUnknown, StoreDamaged, StoreReplaced, StoreUnavailable
from domain.errors import (
    Conflict,
    FactUnknown,
    Invalid,
    KeyReused,
    NotFound,
    Quota,
    TooBusy,
    VersionMismatch,
)

Id = Annotated[str, Path(description="Its number or its guid", examples=["1"])]
ContingentId = Annotated[str, Path(description="The contingent's number or guid", examples=["1"])]
DateId = Annotated[str, Path(description="The date's number or guid", examples=["1"])]
ViewName = Annotated[str, Path(description="The name of a projection", examples=["events"])]

Operation = dict[str, Any]


LINES = 500


class Lines(StreamingResponse):
    """One JSON object a line."""

    media_type = "application/x-ndjson"

    def __init__(
        self,
        chunks: Iterator[bytes],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(in_turns(chunks), status_code, headers)


def in_chunks(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The same lines, some hundreds at a time: each chunk takes a turn of its account."""
    while chunk := b"".join(islice(lines, LINES)):
        yield chunk


def header(name: str, description: str, example: str, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string", **schema},
        "example": example,
    }


def query(name: str, description: str, example: str, **schema: Any) -> dict[str, Any]:
    return header(name, description, example, **schema) | {"in": "query"}


IF_MATCH = header("If-Match", "The ETag of the version that this was decided on", '"3.1.1"')
KEY = header(
    "Idempotency-Key",
    "Retries with it have one effect, for 24 hours; printable ASCII",
    "7f3a-retry-1",
    maxLength=255,
)
REASON = header("Stagebook-Reason", "Why, in UTF-8; kept in the facts", "Sold out", maxLength=1_000)
CORRELATION = header(
    "X-Correlation-ID",
    "Kept in the facts, made when absent; printable ASCII",
    "import-42",
    maxLength=100,
)
AFTER = header(
    "Stagebook-After",
    "At least as new as this position, beside what a read shows anyway; 0: whatever is there",
    "1042",
)
OF_STORE = header(
    "Stagebook-Store",
    "The store and epoch that positions, versions and entity tags in this request are of;"
    " 409 where it is another by now",
    "9f2c61d07be84a35.1767225600000",
)
LAST_EVENT = header(
    "Last-Event-ID",
    "Of server-sent events: the `id` of the last one that came, or a position",
    "9f2c61d07be84a35.1767225600000.1042",
)
NONE_MATCH = header("If-None-Match", "The ETag that the client has", '"3.1.1"')
LANGUAGE = header("Accept-Language", "Translations to show", "fr, en;q=0.5")
THEN = "(for auditors; for editors, too, but of orders)"
VERSION = query("version", f"As it was right after this version {THEN}", "3")
TICKETS_VERSION = query(
    "inventoryversion", f"As it was right after this version of the tickets {THEN}", "12"
)
AT = query(
    "at",
    f"As it was at this moment, RFC 3339 {THEN}",
    "2026-11-21T20:00:00Z",
    format="date-time",
)
POSITION = query("position", f"As it was at this position of the store {THEN}", "1814")
MOMENTS = (VERSION, AT, POSITION)

ANSWER_HEADERS = {
    "ETag": "Changes whenever anything in the document does",
    "Location": "Where the document is",
    "Stagebook-Position": "The position that it is as of: of a command, that of its last fact",
    "Stagebook-Store": "The id of the store and its epoch: positions of another are no cursors",
    "Stagebook-Lag": "Only where a view is behind: the age in seconds of what the answer lacks",
    "Stagebook-As-Of": "Of a past: the time of the newest change that is shown",
    "Content-Language": "The language shown, when one was asked for",
}


def operation(
    answer: type[BaseModel] | None,
    says: str,
    refusals: tuple[type[Exception], ...],
    *,
    status: int = 200,
    headers: tuple[str, ...] = (),
    parameters: tuple[dict[str, Any], ...] = (),
) -> Operation:
    shown: dict[str, Any] = {"description": says}
    if answer:
        shown["model"] = answer
    if headers:
        shown["headers"] = {name: described(name) for name in headers}
    away = (StoreUnavailable, OutcomeUnknown, StoreReplaced, StoreDamaged, FactUnknown)
    anybody = (Unauthorized, Forbidden, TooManyRequests, OtherEpoch)
    answers = {status: shown, **problems(*refusals, *anybody, *away)}
    return {
        "status_code": status,
        "responses": answers,
        "openapi_extra": {"parameters": [*parameters, OF_STORE]},
    }


def described(header: str) -> dict[str, Any]:
    """A header of an answer."""
    return {"description": ANSWER_HEADERS[header], "schema": {"type": "string"}}


def problems(*refusals: type[Exception]) -> dict[int | str, dict[str, Any]]:
    """What can be refused, by status: each with its `type` as an example."""
    examples: dict[int | str, dict[str, Any]] = {}
    for refusal in sorted(refusals, key=lambda refusal: STATUS[refusal]):
        problem = {
            "type": f"urn:stagebook:problem:{slug(refusal)}",
            "title": title(refusal),
            "status": STATUS[refusal],
            "detail": title(refusal),
        }
        examples.setdefault(STATUS[refusal], {})[slug(refusal)] = {"value": problem}
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {
            "description": "; ".join(example["value"]["title"] for example in said.values()),
            "content": {"application/problem+json": {"schema": schema, "examples": said}},
        }
        for status, said in examples.items()
    }


NEWER = (NotYet, AheadOfStore)
"""What a position may come to that is asked for."""


def finds(
    answer: type[BaseModel],
    *refusals: type[Exception],
    parameters: tuple[dict[str, Any], ...] = (),
) -> Operation:
    """One thing of an account."""
    refused = (NotFound, Invalid, *NEWER, TooBusy, Parked, *refusals)
    return operation(answer, "Found", refused, parameters=(*parameters, AFTER))


def streams(answer: type[BaseModel]) -> Operation:
    """Many things of an account, each on a line of its own."""
    return finds(answer) | {"response_class": Lines}


def lists(answer: type[BaseModel], *parameters: dict[str, Any]) -> Operation:
    """A page of an account."""
    return operation(answer, "A page", (Invalid, *NEWER, TooBusy), parameters=(AFTER, *parameters))


def follows(page: type[BaseModel], one: type[BaseModel]) -> Operation:
    """A page, or what comes as server-sent events where those are asked for."""
    return streamed(lists(page, LAST_EVENT), f"the data of each is one {one.__name__}")


def watches(answer: type[BaseModel]) -> Operation:
    """What the program does, now or as it goes on."""
    return streamed(operation(answer, "Found", (Invalid,)), "the data of each is the whole answer")


def streamed(said: Operation, what: str) -> Operation:
    schema = {"type": "string", "description": f"Server-sent events; {what}"}
    said["responses"][200]["content"] = {EventSourceResponse.media_type: {"schema": schema}}
    return said


def names(answer: type[BaseModel]) -> Operation:
    """One part of the program."""
    return operation(answer, "Found", (NotFound, Invalid))


def orders(answer: type[BaseModel], *refusals: type[Exception]) -> Operation:
    """Work for later, and where to look for it."""
    refused = (NotFound, Invalid, *refusals)
    return operation(answer, "Asked for", refused, status=202, headers=("Location",))


def shows(answer: type[BaseModel]) -> Operation:
    """A document, now or then."""
    return remembers(answer, LANGUAGE, headers=("Content-Language",))


def remembers(
    answer: type[BaseModel], *parameters: dict[str, Any], headers: tuple[str, ...] = ()
) -> Operation:
    """A part of a document, now or then."""
    return holds(answer, *MOMENTS, *parameters, headers=(*headers, "Stagebook-As-Of"))


def holds(
    answer: type[BaseModel], *parameters: dict[str, Any], headers: tuple[str, ...] = ()
) -> Operation:
    """What has an ETag, so that a client can say that it holds it already."""
    found = operation(
        answer,
        "Found",
        (NotFound, Invalid, *NEWER, TooBusy, Parked),
        headers=("ETag", *headers),
        parameters=(*parameters, AFTER, NONE_MATCH),
    )
    found["responses"][304] = {"description": "The client has it"}
    return found


COMMAND = (Invalid, KeyReused, Conflict, Quota)
BODY = (Malformed, TooLarge)
FOUND = (NotFound, VersionMismatch)


def creates(answer: type[BaseModel], *refusals: type[Exception], inside: bool = False) -> Operation:
    """A command that makes something; inside of something, that has a version."""
    return operation(
        answer,
        "Created",
        (*COMMAND, *BODY, *refusals, *(FOUND if inside else ())),
        status=201,
        headers=("Location", "ETag"),
        parameters=(*((IF_MATCH,) if inside else ()), KEY, REASON, CORRELATION),
    )


def changes(answer: type[BaseModel], *refusals: type[Exception], body: bool = True) -> Operation:
    return operation(
        answer,
        "Changed",
        (*COMMAND, *FOUND, *refusals, *(BODY if body else ())),
        headers=("ETag",),
        parameters=(IF_MATCH, KEY, REASON, CORRELATION),
    )


def moves(answer: type[BaseModel], *refusals: type[Exception]) -> Operation:
    """A command on tickets: they change with every sale, so no version is asked for."""
    return operation(
        answer,
        "Changed",
        (*COMMAND, *BODY, NotFound, *refusals),
        parameters=(KEY, REASON, CORRELATION),
    )


def deletes(*refusals: type[Exception]) -> Operation:
    return operation(
        None,
        "Deleted",
        (*COMMAND, *FOUND, *refusals),
        status=204,
        parameters=(IF_MATCH, KEY, REASON, CORRELATION),
    )


PROBLEM_SCHEMA = {
    "type": "object",
    "description": "RFC 9457; a refusal may say more, such as `version` or `blockedby`",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {
            "type": "string",
            "description": "One per refusal",
            "examples": ["urn:stagebook:problem:event-closed"],
        },
        "title": {"type": "string", "description": "The same for every problem of the type"},
        "status": {"type": "integer", "description": "The answer's status"},
        "detail": {"type": "string", "description": "What it was this time"},
        "errors": {
            "type": "array",
            "description": "Every bad field",
            "items": {
                "type": "object",
                "required": ["path", "message"],
                "properties": {
                    "path": {"type": "string", "description": "The field, header or parameter"},
                    "message": {"type": "string", "description": "What was expected"},
                },
            },
        },
    },
}
