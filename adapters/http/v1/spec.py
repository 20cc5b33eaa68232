"""What OpenAPI says beside the bodies: headers, parameters, answers. Documentation only."""

from typing import Any


def header(name: str, description: str, example: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string"},
        "example": example,
    }


def query(name: str, description: str, example: str) -> dict[str, Any]:
    return header(name, description, example) | {"in": "query"}


IF_MATCH = header("If-Match", "The ETag of the version that this was decided on", '"3.1.1"')
KEY = header("Idempotency-Key", "Retries with it have one effect, for 24 hours", "7f3a-retry-1")
REASON = header("Stagebook-Reason", "Why; kept in the facts", "Sold out, adding a night")
CORRELATION = header("X-Correlation-ID", "Kept in the facts; made when absent", "import-42")
AFTER = header("Stagebook-After", "Wait until the view has this position", "1042")
NONE_MATCH = header("If-None-Match", "The ETag that the client has", '"3.1.1"')
LANGUAGE = header("Accept-Language", "Translations to show", "fr, en;q=0.5")
VERSION = query("version", "As it was right after this version (auditor)", "3")
AT = query("at", "As it was at this moment, RFC 3339 (auditor)", "2026-11-21T20:00:00Z")

PROBLEM = {
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
}


def answers(*codes: tuple[int, str]) -> dict[str, Any]:
    refusals = {
        401: "No valid token",
        403: "The key's role does not allow this",
        503: "The store or the view is not there yet; nothing was recorded",
    }
    return {
        str(code): {"description": says, **PROBLEM}
        for code, says in {**dict(codes), **refusals}.items()
    }


NOT_FOUND = (404, "No such thing in this account")
REFUSED = (409, "The rules refuse it")
STALE = (412, "The version has moved on")
INVALID = (422, "A field is not valid")

READS = {"parameters": [AFTER, LANGUAGE], "responses": answers(NOT_FOUND, INVALID)}
AS_OF = {
    "parameters": [VERSION, AT, AFTER, NONE_MATCH, LANGUAGE],
    "responses": answers(NOT_FOUND, INVALID),
}
CREATES = {
    "parameters": [KEY, REASON, CORRELATION],
    "responses": answers(NOT_FOUND, REFUSED, INVALID),
}
CHANGES = {
    "parameters": [IF_MATCH, KEY, REASON, CORRELATION],
    "responses": answers(NOT_FOUND, REFUSED, STALE, INVALID),
}
TRANSITION = CHANGES
DELETES = CHANGES

PROBLEM_SCHEMA = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:stagebook:problem:event-closed"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"path": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
