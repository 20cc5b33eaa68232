"""Structured logs: one JSON object a line, on standard error.

A store that is away is told of once a minute and process, in plain words: whatever meets it says so
again and again, and a traceback says nothing more.
"""

import logging
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from types import TracebackType
from typing import Any, TextIO, cast

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

about: ContextVar[tuple[Callable[[Any], dict[str, Any]], Any] | None] = ContextVar(
    "about", default=None
)
"""What tells what the lines are about, and of what: it is only asked when a line is written."""

AWAY, DAMAGED = "the store is unavailable", "the store is damaged"
AGAIN_SECONDS = 60.0
MANY_PLACES = 100
"""Places that are damaged: of more, no more lines are written."""


class StandardError:
    """Wherever standard error leads now. Nobody reading it must not stop who writes."""

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.flush()


class InPlainWords:
    """Makes lines about a store that is away one a minute, without a traceback."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """The next such line is written."""
        self._again, self._more = 0.0, 0
        self._damages: set[str] = set()

    def __call__(self, _: WrappedLogger, __: str, line: EventDict) -> EventDict:
        error = _raised(line.get("exc_info"))
        away = _away(error)
        if away is None:
            return line
        if place := getattr(away, "place", None):
            return self._damaged(line, away, place)
        now = time.monotonic()
        with self._lock:
            if now < self._again:
                self._more += 1
                raise structlog.DropEvent
            self._again, more, self._more = now + AGAIN_SECONDS, self._more, 0
        del line["exc_info"]
        told = {"reason": " ".join(str(error).split()), "met": line["event"]}
        return {**line, **told, **({"more": more} if more else {}), "event": AWAY}

    def _damaged(self, line: EventDict, error: BaseException, place: str) -> EventDict:
        """Damage stays: each place is told once."""
        with self._lock:
            if place in self._damages or len(self._damages) > MANY_PLACES:
                raise structlog.DropEvent
            self._damages.add(place)
        del line["exc_info"]
        return {
            **line,
            "place": place,
            "reason": str(error),
            "met": line["event"],
            "event": DAMAGED,
        }


in_plain_words = InPlainWords()


def configure(level: str, *, serving: bool = False) -> None:
    """`serving`: also what libraries and the interpreter itself say is in JSON."""
    # What is wrong with a form is told to whoever sent it; the log is no place for it.
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
    # The pool warns at every attempt; whoever asked it for a connection tells why there is none.
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    common: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _say_what_about,
        structlog.processors.add_log_level,
        in_plain_words,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    render = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*common, render],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", StandardError())),
        cache_logger_on_first_use=True,
    )
    if serving:
        _in_json(common, render)


def _in_json(common: list[Processor], render: Processor) -> None:
    """What is logged by libraries, warned of, or raised where nobody catches it."""
    handler = logging.StreamHandler(cast("TextIO", StandardError()))
    alone = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[alone, render],
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *common],
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    log = structlog.get_logger()

    def raised(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if not isinstance(error, KeyboardInterrupt):
            log.error("unexpected", exc_info=(kind, error, trace))

    def raised_in(thread: threading.ExceptHookArgs) -> None:
        if thread.exc_value:
            raised(thread.exc_type, thread.exc_value, thread.exc_traceback)

    sys.excepthook, threading.excepthook = raised, raised_in


def _raised(said: Any) -> BaseException | None:
    """The exception that a line is about."""
    if said is True:
        return sys.exc_info()[1]
    if isinstance(said, tuple):
        said = said[1]
    return said if isinstance(said, BaseException) else None


def _away(error: BaseException | None) -> BaseException | None:
    """What the store said, also where another error was made of it, as of a view that could not be
    read."""
    from application.ports import StoreUnavailable  # noqa: PLC0415 - only who has one needs it

    while error is not None and not isinstance(error, StoreUnavailable):
        error = error.__cause__
    return error


def _say_what_about(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    told = about.get()
    if told is None:
        return line
    tell, of = told
    return {**tell(of), **line}
