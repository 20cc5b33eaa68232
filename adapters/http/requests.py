"""What requests say beside their bodies: ids, versions, times, keys, reasons, cursors."""

import base64
import binascii
import hashlib
import json
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic_core import to_json

from adapters.http.body import check_text
from adapters.http.validation import printable
from application.keyring import Principal
from application.unit_of_work import IdempotencyKey
from domain.errors import Invalid, NotFound
from domain.ids import Kind, unpack
from domain.location import PLACEHOLDER
from domain.values import MAX_ID, parse_time, stamp

GUID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE
)
RANDOM = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE
)
ETAG = re.compile(
    r'(?:W/)?"(\d{1,15})(?:\.(\d{1,15})(?:\.\d{1,15}){0,2})?(?:-[a-z]{2})?"', re.ASCII
)
TAG = re.compile(r'(?:W/)?"[!#-~\x80-\xff]*"')
TAGS = re.compile(rf"[ \t,]*{TAG.pattern}(?:[ \t]*,[ \t,]*(?:{TAG.pattern})?)*[ \t]*")
MOST_TAGS = 20
AHEAD = timedelta(minutes=1)
"""How far a client's clock may be ahead."""
NO_VERSION = 0
TURN = "stagebook.if-match"
"""Where a request's scope has which of its entity tags is looked at."""
KEY = re.compile(r"[!-~]{1,255}", re.ASCII)
CORRELATION = re.compile(r"[!-~]{1,100}", re.ASCII)
TRACE = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?"
)


def number_of(text: str, kind: Kind, principal: Principal) -> int:
    """An id in a path, as a number or a guid, without a search. A guid of another account, or
    of another kind of thing, names nothing here. A Location may have the number 0."""
    least = PLACEHOLDER if kind == Kind.LOCATION else 1
    if text.isascii() and text.isdigit():
        if len(text) <= 16 and least <= (number := int(text)) <= MAX_ID:
            return number
    elif GUID.fullmatch(text):
        identity = unpack(UUID(text))
        if (identity.account, identity.kind) != (principal.account, kind):
            raise NotFound(f"{kind.title} {text} does not exist", id=text)
        return identity.number
    elif RANDOM.fullmatch(text):  # a guid, and none that says its number
        raise NotFound(f"{kind.title} {text} does not exist", id=text)
    raise Invalid("id", f"expected an integer from {least} to {MAX_ID}, or a guid")


def if_match(request: Request) -> tuple[int | None, int | None]:
    """The versions that an `If-Match` names: the aggregate's, and its contingents'. Of several
    entity tags it is the one whose turn it is; a tag that was never ours is that of no version."""
    header = request.headers.get("if-match")
    if header is None or header.strip() == "*":
        return None, None
    tag = entity_tags(header)[request.scope.get(TURN, 0)]
    found = ETAG.fullmatch(tag)
    if found is None:
        return NO_VERSION, None
    contingents = found[2]
    return int(found[1]), None if contingents is None else int(contingents)


def next_turn(request: Request) -> bool:
    """Whether the `If-Match` has another entity tag, whose turn it is now: one that matches is
    enough."""
    header = request.headers.get("if-match", "*").strip()
    turn: int = request.scope.get(TURN, 0) + 1
    if header == "*" or turn >= len(entity_tags(header)):
        return False
    request.scope[TURN] = turn
    return True


def entity_tags(header: str) -> list[str]:
    """The entity tags of a list, as RFC 9110 has them."""
    if not TAGS.fullmatch(header) or not 1 <= len(tags := TAG.findall(header)) <= MOST_TAGS:
        raise Invalid("If-Match", "expected entity tags, as they were given in answers, or *")
    return tags


def idempotency_key(request: Request, body: bytes) -> IdempotencyKey | None:
    """The key, with a hash of everything that may not change with it."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    key = key.strip(" \t")  # white space around a field's value is none of it
    if not KEY.fullmatch(key):
        raise Invalid("Idempotency-Key", "expected 1 to 255 printable ASCII characters")
    asked = f"{request.method} {request.url.path} {request.headers.get('if-match')}\n".encode()
    return IdempotencyKey(key, hashlib.sha256(asked + body).hexdigest())


def fresh_id() -> str:
    """An id of a request, a command or a trace."""
    return secrets.token_hex(16)


def correlation(request: Request, parent: str | None, otherwise: str) -> str:
    """What the caller says that this belongs to, else the trace it is in."""
    given = request.headers.get("x-correlation-id")
    if given is None:
        return parent[3:35] if parent else otherwise
    if not CORRELATION.fullmatch(given):
        raise Invalid("X-Correlation-ID", "expected 1 to 100 printable ASCII characters")
    return given


def trace_parent(request: Request) -> str | None:
    """The caller's span, of W3C's Trace Context; by that standard a bad one was not sent."""
    for name, value in request.scope["headers"]:
        if name == b"traceparent":
            said: str = value.decode("latin-1")
            return said if TRACE.fullmatch(said) else None
    return None


def reason(request: Request) -> str | None:
    """Why, in the words of the caller: `Stagebook-Reason`, UTF-8, at most 1,000 characters."""
    given = request.headers.get("stagebook-reason")
    if given is None:
        return None
    try:
        text = given.encode("latin-1").decode()
    except UnicodeDecodeError:
        raise Invalid("Stagebook-Reason", "expected UTF-8") from None
    return checked_reason(text, "Stagebook-Reason")


def checked_reason(text: str | None, path: str) -> str | None:
    if text is not None and (len(text) > 1_000 or not text.isprintable()):
        raise Invalid(path, "expected at most 1,000 printable characters")
    return text or None


def moment(name: str, text: str) -> str:
    """A time in a query, as facts carry it. A `+` that a URL turned into a space is forgiven."""
    try:
        return stamp(parse_time(re.sub(r" (?=\d\d:\d\d$)", "+", text)))
    except ValueError as error:
        raise Invalid(name, str(error)) from None


def past_moment(name: str, text: str) -> str:
    """The same, of a time that has come: nobody knows what will be, as of a position that is not
    there yet. The client's clock may be a minute ahead."""
    asked = moment(name, text)
    if asked > stamp(datetime.now(UTC) + AHEAD):
        raise Invalid(name, "expected a time that is not in the future")
    return asked


def whole(name: str, text: str, low: int, high: int) -> int:
    """An integer in a query or a header."""
    if not re.fullmatch(r"\d{1,19}", text, re.ASCII) or not low <= int(text) <= high:
        raise Invalid(name, f"expected an integer from {low} to {high}")
    return int(text)


def encode_cursor(of: str, at: tuple[Any, ...]) -> str:
    """Where the next page starts. `of` is the list that it belongs to."""
    raw = to_json([_mark(of), *at])
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_cursor(of: str, cursor: str | None, types: tuple[type, ...]) -> tuple[Any, ...] | None:
    """The place in that list, and no other."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        mark, *at = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        mark, at = None, []
    fits = len(at) == len(types) and all(map(_is, at, types))
    if mark != _mark(of) or not fits:
        raise Invalid("after", f"expected a cursor from this list, not {printable(cursor)[:60]!r}")
    for value in at:
        check_text("after", value)
    return tuple(at)


def _is(value: Any, of: type) -> bool:
    return type(value) is of and (not isinstance(value, int) or abs(value) < 2**63)


def _mark(of: str) -> str:
    return hashlib.sha256(of.encode()).hexdigest()[:10]
