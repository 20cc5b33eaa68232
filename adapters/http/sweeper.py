"""The sweeper: ends orders that were not confirmed in time, within a second or two.

It looks in the view of orders, and every order decides for itself, so it does not matter how many
processes sweep or how late they are: an order lapses once, and a confirmed one never. Should all
of them be late, a buyer who needs the tickets does not wait for it (`application.planning`).
"""

import asyncio
import secrets
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from structlog import get_logger

from adapters.bootstrap import ORDERS, Stagebook
from application import sales
from application.ports import CommandResult
from application.unit_of_work import Origin, PendingCommand
from domain.base import CommandMetadata
from domain.ids import unpack
from domain.values import microseconds, stamp

ACTOR = "stagebook"
ORIGIN = Origin("lapse_order")
AT_ONCE = 200
"""Orders a sweep ends at a time: buyers' commands come in between."""

log = get_logger()


async def sweep(book: Stagebook) -> int:
    """Ends the orders whose time is over; returns how many were found."""
    now = stamp(datetime.now(UTC))
    view = book.view(ORDERS)
    keys = await asyncio.to_thread(view.keys_upto, "expires", microseconds(now) or 0, AT_ONCE)
    outcomes = await asyncio.gather(
        *(_submitted(book, key, now) for key in keys), return_exceptions=True
    )
    for failure in (outcome for outcome in outcomes if isinstance(outcome, BaseException)):
        log.warning("an order was not swept", reason=repr(failure))
    return len(keys)


def _submitted(book: Stagebook, key: bytes, now: str) -> "asyncio.Future[CommandResult]":
    account, _, number = unpack(UUID(bytes=key))
    command = secrets.token_hex(16)
    cause = CommandMetadata(ACTOR, now, correlation=command, causation=command)
    decide = partial(sales.lapse_order, number=number)
    waiting: asyncio.Future[CommandResult] = asyncio.get_running_loop().create_future()
    assert book.writer  # noqa: S101 - started with the app
    book.writer.submit(
        PendingCommand(account, cause, decide, _nothing, None, waiting, origin=ORIGIN)
    )
    return waiting


def _nothing(_: Any) -> CommandResult:
    return CommandResult(204, {}, b"")
