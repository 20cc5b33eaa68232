"""Structured logs: one JSON object a line, on standard error."""

import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, TextIO, cast

import structlog
from structlog.types import EventDict, WrappedLogger

about: ContextVar[tuple[Callable[[Any], dict[str, Any]], Any] | None] = ContextVar(
    "about", default=None
)
"""What tells what the lines are about, and of what: it is only asked when a line is written."""


class StandardError:
    """Wherever standard error leads now. Nobody reading it must not stop who writes."""

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.flush()


def configure(level: str) -> None:
    # What is wrong with a form is told to whoever sent it; the log is no place for it.
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _say_what_about,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", StandardError())),
        cache_logger_on_first_use=True,
    )


def _say_what_about(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    told = about.get()
    if told is None:
        return line
    tell, of = told
    return {**tell(of), **line}
