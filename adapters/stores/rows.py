"""Rows of what is kept beside the facts, and back: kept answers with their checksum, and ids."""

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID
from zlib import crc32

from application.ports import Blob, CommandResult, IdempotentResult, StoreDamaged

DIGITS = 8
"""Of a checksum, hexadecimal, before what it is of."""


def blob_row(blob: Blob) -> tuple[Any, ...]:
    return (blob.account, blob.digest, blob.type, blob.data)


def answer_row(kept: IdempotentResult) -> tuple[Any, ...]:
    """A row of `kept_answers` but for its position. Its headers begin with its checksum."""
    answer = kept.answer
    headers = json.dumps(answer.headers)
    checksum = _checksum(kept.request, answer.status, headers, answer.body)
    asked = (kept.account, kept.key, kept.request, kept.time)
    return (*asked, answer.status, checksum + headers, answer.body)


def answer_in(row: Sequence[Any], account: int, key: str) -> tuple[str, CommandResult]:
    """The request and the answer of request, status, headers, body and position."""
    request, status, headers, body, position = row
    with suppress(TypeError, ValueError, AttributeError):
        checksum, headers, body = headers[:DIGITS], headers[DIGITS:], bytes(body)
        if checksum == _checksum(request, status, headers, body):
            return request, CommandResult(status, json.loads(headers), body, position)
    place = f"the kept answer to the Idempotency-Key {key} of account {account:x}"
    raise StoreDamaged(place, "it is not what its checksum says", "it is dropped within 24 hours")


def _checksum(request: str, status: int, headers: str, body: bytes) -> str:
    return f"{crc32(body, crc32(f'{request} {status} {headers}'.encode())):08x}"


def uuid_in(stored: Any) -> UUID:
    """An aggregate's id as either database has it."""
    if isinstance(stored, UUID):
        return stored
    try:
        return UUID(stored)
    except (TypeError, ValueError, AttributeError) as error:
        raise StoreDamaged("table stored_events", f"{stored!r} is no aggregate's id") from error
