"""The folder in which the processes of one machine count, so that any of them can tell the sum.

Every process counts in a file of its own. It takes the first that nobody holds: who comes after
one that died goes on where that one stood, so no sum ever falls and no files pile up.
"""

import fcntl
import os
from itertools import count
from pathlib import Path

from prometheus_client import values

_held: dict[str, int] = {}


def join(folder: Path) -> None:
    """From here on this process counts there. Called before anything is counted."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)  # where the library looks for it
    place = _place(folder)
    values.ValueClass = values.MultiProcessValue(process_identifier=lambda: place)  # type: ignore[no-untyped-call]


def _place(folder: Path) -> int:
    for number in count(1):
        descriptor = os.open(folder / f"{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
        else:
            _held[str(folder)] = descriptor  # free again when the process ends
            return number
    raise AssertionError
