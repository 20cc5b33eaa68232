"""Running the command line as a user does, and watching what it and its children hold."""

import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tests.bench.servers import SETTINGS

LOOK_SECONDS = 0.02


@dataclass(slots=True)
class Watched:
    """A command that has ended: how long it took, and the most that each process ever held."""

    seconds: float = 0.0
    megabytes: list[float] = field(default_factory=list)

    @property
    def memory(self) -> str:
        """The largest first, as text; what holds next to nothing is left out."""
        return " + ".join(f"{size:.0f}" for size in self.megabytes if size >= 1)


def started(
    store: str, *arguments: str, output: int | IO[bytes] | None = None
) -> subprocess.Popen[bytes]:
    """The command `stagebook …`, on a store."""
    environment = {**os.environ, **SETTINGS, "STAGEBOOK_STORE": store}
    command = [sys.executable, "-m", "adapters.cli", *arguments]
    return subprocess.Popen(
        command, env=environment, stdout=output, stderr=output, start_new_session=True
    )


def watched(store: str, *arguments: str) -> Watched:
    """Runs it to its end; `RuntimeError` with what it said when it fails."""
    seen: dict[int, float] = {}
    begun = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = started(store, *arguments, output=said)
        while process.poll() is None:
            for pid in family(process.pid):
                seen[pid] = max(seen.get(pid, 0.0), peak(pid))
            time.sleep(LOOK_SECONDS)
        said.seek(0)
        if process.returncode:
            message = f"stagebook {' '.join(arguments)}: {said.read()[-400:].decode()}"
            raise RuntimeError(message)
    return Watched(time.perf_counter() - begun, sorted(seen.values(), reverse=True))


def family(leader: int) -> list[int]:
    """The processes of a session that runs here."""
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            said = place.read_text().rpartition(")")[2].split()
            if int(said[3]) == leader:
                found.append(int(place.parent.name))
    return found


def peak(pid: int) -> float:
    """The most memory that a process ever held, in MB.

    Not `ru_maxrss`: that begins with what the process that started this one held.
    """
    with suppress(OSError, IndexError):  # it has ended meanwhile
        status = Path(f"/proc/{pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1_024
    return 0.0
