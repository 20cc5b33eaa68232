"""A process that has all of the program loaded and nothing open, and brings up rebuilds to kill:
`python -m tests.processes.nursery`. For each number that it reads, a rebuild has so many seconds.
"""

import os
import signal
import sys
import time
from contextlib import closing

from adapters.bootstrap import EVENTS, LOCATIONS, bootstrap
from adapters.settings import Settings
from projections.rebuilding import rebuild_together

REBUILT = (EVENTS, LOCATIONS)


def rebuilt(where: str, begun: int) -> None:
    with closing(bootstrap(Settings(store=where, connections=2))) as book:
        os.write(begun, b".")
        rebuild_together(REBUILT, book.store, book.views, lambda *_: None)


def child(where: str, begun: int) -> int:
    made = os.fork()
    if made:
        return made
    try:
        rebuilt(where, begun)
    except BaseException as error:  # noqa: BLE001 - the parent's code is not run here
        os.write(2, f"{error!r}\n".encode())
        os._exit(1)
    os._exit(0)


def lives(where: str, seconds: float) -> tuple[int, float]:
    """How a rebuild ended, and how many seconds it had."""
    told, begun = os.pipe()
    pid = child(where, begun)
    os.close(begun)
    os.read(told, 1)
    os.close(told)
    start = time.monotonic()
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), time.monotonic() - start
        if time.monotonic() - start >= seconds:
            os.kill(pid, signal.SIGKILL)
            seconds = 2**30
        time.sleep(0.0005)


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write("{} {}\n".format(*lives(sys.argv[1], float(line))))
        sys.stdout.flush()
