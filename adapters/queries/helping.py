"""The program of a helper: reads questions, and on SQLite runs them, within bounds that the
operating system holds. `python -m adapters.queries.helping DESCRIPTOR`.

Each message is JSON; an answer begins with a letter for what it is: `+` an answer, `-` a refusal,
`x` a refusal after which the process ends, `t` out of time, `m` a view has moved, `u` no store.
"""

import os
import resource
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from math import ceil
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json

from adapters.queries import answers
from adapters.queries.asking import read_question, view_name
from adapters.queries.failures import Failed, OutOfTime
from adapters.queries.running import MAX_MEMORY, TOO_MUCH, QueryContext, Question
from adapters.queries.schema import Column
from adapters.queries.sqlite import Missing, Sources, opened
from adapters.queries.times import Clock
from application.ports import StoreUnavailable
from domain.errors import Invalid

SPARE_SECONDS = 1
NICENESS = 10
"""Whoever answers other requests goes first."""
STATM = Path("/proc/self/statm")


class Helping:
    """One question after another; `read` comes before `run`."""

    def __init__(self) -> None:
        self._message: Mapping[str, Any] = {}
        self._question: Question | None = None

    def answer(self, message: Mapping[str, Any]) -> bytes:
        return self._read(message) if message["do"] == "read" else self._run(message)

    def _read(self, message: Mapping[str, Any]) -> bytes:
        self._message = message
        self._question = question = read_question(message, asker(message))
        tables = {
            name: [[c.name, c.type, c.path, c.custom, c.otherwise] for c in columns]
            for name, (_, columns) in question.tables.items()
        }
        return to_json(
            {
                "sql": question.sql,
                "tables": tables,
                "booleans": sorted(question.booleans),
                "jsons": sorted(question.jsons),
            }
        )

    def _run(self, message: Mapping[str, Any]) -> bytes:
        question, read = self._question, self._message
        assert question  # noqa: S101 - read before
        clock = Clock(read["zone"])
        tables = [(view_name(n, read["secret"]), t, c) for n, (t, c) in question.tables.items()]
        sources = Sources(message["files"], message["pieces"], message["details"])
        deadline = time.monotonic() + message["seconds"]
        with opened(tables, sources, read["account"], read["secret"], clock, deadline) as session:
            match message["want"]:
                case "ids":
                    return to_json(answers.ids(session, question))
                case "page":
                    limit, offset = message["limit"], message["offset"]
                    total, rows = answers.page(session, question, clock, limit, offset)
                    return b"\n".join([b"%d" % total, *rows])
                case _:
                    return b"\n".join(answers.every(session, question, clock))


def asker(message: Mapping[str, Any]) -> QueryContext:
    customs = {
        int(owner): {column[0]: Column(column[0], column[1], tuple(column[2]), custom=True)
                     for column in columns}
        for owner, columns in message["customs"].items()
    }  # fmt: skip
    return QueryContext(
        message["account"], message["language"], Clock(message["zone"]), message["sells"], customs
    )


def serve(connection: Connection) -> None:
    helping = Helping()
    connection.send_bytes(b"+")
    while True:
        try:
            message = from_json(connection.recv_bytes())
        except EOFError:
            return
        used = resource.getrusage(resource.RUSAGE_SELF)
        spent = used.ru_utime + used.ru_stime + message["seconds"] + SPARE_SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (ceil(spent), resource.RLIM_INFINITY))
        outcome = answered(helping, message)
        connection.send_bytes(outcome)
        if outcome[:1] == b"x":
            return


def answered(helping: Helping, message: Mapping[str, Any]) -> bytes:
    try:
        return b"+" + helping.answer(message)
    except (Invalid, Failed) as error:
        return b"-" + str(error).encode()
    except OutOfTime:
        return b"t"
    except Missing:
        return b"m"
    except StoreUnavailable as error:
        return b"u" + str(error).encode()
    except MemoryError:
        return b"x" + TOO_MUCH.encode()


def bound() -> None:
    """The memory that there is for questions, beyond what the program has already."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(FileNotFoundError):  # other systems have no such file, and no such bound
        pages = int(STATM.read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + MAX_MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends with the server, not before it
    os.nice(NICENESS)
    sys.setrecursionlimit(20_000)
    bound()
    serve(Connection(int(sys.argv[1])))
