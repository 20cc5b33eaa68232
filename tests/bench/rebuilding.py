"""Rebuilds one projection, or all, in a process of its own; prints speed and memory as JSON.

python -m tests.bench.rebuilding STORE NAME|--all
"""

import gc
import json
import sys
import time
from pathlib import Path

from adapters.bootstrap import GC_THRESHOLDS, PROJECTIONS, bootstrap
from adapters.settings import Settings
from projections.rebuilding import rebuild_together


def peak() -> float:
    """The most memory that this process ever held, in MB.

    Not `ru_maxrss`: that begins with what the process that started this one held.
    """
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1_024


def main(store: str, name: str) -> None:
    chosen = [p for p in PROJECTIONS if name in (p.name, "--all")]
    gc.set_threshold(*GC_THRESHOLDS)
    book = bootstrap(Settings(store=store))
    halfway = 0.0
    begun, before = time.perf_counter(), peak()

    def progress(_: str, position: int, head: int) -> None:
        nonlocal halfway
        if not halfway and position * 2 >= head:
            halfway = peak()

    rebuild_together(chosen, book.store, book.views, progress)
    seconds = time.perf_counter() - begun
    facts = book.store.position()
    book.close()
    memory = {"start": before, "half": halfway, "end": peak()}
    print(json.dumps({"facts": facts, "seconds": seconds, **memory}))


if __name__ == "__main__":
    main(*sys.argv[1:])
