"""What the processes of a server hold: memory, descriptors and threads, each second, by role."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression, median

MOST = 500.0
"""Megabytes that a process may hold."""
GROWTH, LEAST_GROWTH = 0.05, 10.0
"""What the median of the last quarter may be above that of the first, of memory (MB) and
of descriptors: the share, or so many if that is more. Connections over the network are no part of
these descriptors: they come and go with clients, and are judged when all have left."""
SERVER, WORKER, QUESTIONS, OTHER = "server", "worker", "questions", "others"
JUDGED = (SERVER, WORKER)
"""Processes that live as long as the server; the others come and go."""
LEFT_OPEN = {SERVER: 24, WORKER: 64 + 24}
"""Sockets that a process may have more of when all clients have left: a pool of databases', and
the deliveries that are still under way."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the processes of one role hold at a moment: of the largest of them, in megabytes."""

    rss: float = 0.0
    pss: float = 0.0
    descriptors: int = 0
    sockets: int = 0
    threads: int = 0
    pids: frozenset[int] = frozenset()
    connections: int = 0
    """Of the sockets, those over the network."""


@dataclass(frozen=True, slots=True)
class Sample:
    seconds: float
    """Since the start."""
    roles: dict[str, Held]

    def of(self, role: str) -> Held:
        return self.roles.get(role, Held())


def sample(leader: int, begun: float) -> Sample:
    """Of the server process and all that descend from it."""
    roles: dict[str, Held] = {}
    for pid in descendants(leader):
        with suppress(OSError, ValueError, IndexError):  # it has ended meanwhile
            role, held = role_of(pid, leader), _held(pid)
            so_far = roles.get(role, Held())
            roles[role] = Held(
                max(held.rss, so_far.rss),
                max(held.pss, so_far.pss),
                max(held.descriptors, so_far.descriptors),
                max(held.sockets, so_far.sockets),
                max(held.threads, so_far.threads),
                so_far.pids | held.pids,
                max(held.connections, so_far.connections),
            )
    return Sample(time.monotonic() - begun, roles)


def role_of(pid: int, leader: int) -> str:
    if pid == leader:
        return SERVER
    command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    if b"work" in command:
        return WORKER
    return QUESTIONS if b"adapters.queries.helping" in command else OTHER


def descendants(leader: int) -> list[int]:
    """The process and its children, at any depth, in whatever session."""
    children: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(place.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(place.parent.name))
    family = [leader]
    for pid in family:
        family += children.get(pid, ())
    return family


def _held(pid: int) -> Held:
    sizes = _numbers(f"/proc/{pid}/smaps_rollup")
    opened = [_target(place) for place in Path(f"/proc/{pid}/fd").iterdir()]
    sockets = [target for target in opened if target.startswith("socket:")]
    network = {line.split()[9] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]}
    connections = sum(target[len("socket:[") : -1] in network for target in sockets)
    threads = _numbers(f"/proc/{pid}/status")["Threads"]
    memory = (sizes["Rss"] / 1_024, sizes["Pss"] / 1_024)
    return Held(*memory, len(opened), len(sockets), threads, frozenset({pid}), connections)


def _target(place: Path) -> str:
    try:
        return str(place.readlink())
    except OSError:  # closed meanwhile
        return ""


def _numbers(path: str) -> dict[str, int]:
    lines = (line.partition(":") for line in Path(path).read_text().splitlines())
    words = ((name, rest.split()) for name, _, rest in lines)
    return {name: int(rest[0]) for name, rest in words if rest and rest[0].isdigit()}


# -- what is said of them


def first(values: Sequence[float]) -> float:
    """The median of the first quarter: one sample says little, for memory comes and goes."""
    return median(values[: max(1, len(values) // 4)])


def growth(values: Sequence[float]) -> float:
    """From the median of the first quarter to that of the last one."""
    return first(values[::-1]) - first(values)


def faults(
    samples: Sequence[Sample], warm: float, after: Sample | None, *, flat: bool = True
) -> list[str]:
    """What is over its bound: `warm` are the seconds after which nothing may grow, if it is to be
    `flat`; `after` is when all clients have left."""
    found = []
    for role in sorted({role for one in samples for role in one.roles}):
        peak = max(one.of(role).rss for one in samples)
        if peak > MOST:
            found.append(f"{role}: {peak:.0f} MB, more than {MOST:.0f}")
    for role in JUDGED:
        later = [one.of(role) for one in samples if one.seconds >= warm]
        files = [h.descriptors - h.connections for h in later]
        series = {"MB": [h.rss for h in later], "descriptors": files}
        for what, values in series.items():
            grown = growth(values)
            if flat and grown > max(LEAST_GROWTH, GROWTH * first(values)):
                found.append(f"{role}: {grown:.0f} {what} more after the first {warm:.0f} s")
        if after:
            left = after.of(role).sockets - samples[0].of(role).sockets
            if left > LEFT_OPEN[role]:
                found.append(f"{role}: {left} sockets more when all clients had left")
        if len(frozenset().union(*(one.of(role).pids for one in samples))) > 1:
            found.append(f"{role}: ended and was started again")
    return found


SHOWN = {
    "rss": "MB",
    "descriptors": "descriptors",
    "connections": "of the network",
    "threads": "threads",
}
HEADS = ("", "0 s", "warm", "end", "peak", "MB/min", "grown", "PSS", "after")


def table(samples: Sequence[Sample], warm: float, after: Sample) -> str:
    """A line for the memory of each role, and one for its descriptors."""
    rows: list[tuple[str, ...]] = [HEADS]
    at_warm = next(one for one in samples if one.seconds >= warm)
    for role in (SERVER, WORKER, QUESTIONS, OTHER):
        if not any(role in one.roles for one in samples):
            continue
        for what, name in SHOWN.items():
            values = [(one.seconds, float(getattr(one.of(role), what))) for one in samples]
            later = [(seconds, value) for seconds, value in values if seconds >= warm]
            slope = linear_regression(*zip(*later, strict=True)).slope if len(later) > 2 else 0.0
            numbers = (
                values[0][1],
                getattr(at_warm.of(role), what),
                values[-1][1],
                max(value for _, value in values),
            )
            pss = f"{max(one.of(role).pss for one in samples):.0f}" if what == "rss" else ""
            rows.append(
                (
                    f"{role} {name}",
                    *(f"{number:.0f}" for number in numbers),
                    f"{slope * 60:+.1f}",
                    f"{growth([value for _, value in later]):+.0f}",
                    pss,
                    f"{getattr(after.of(role), what):.0f}",
                )
            )
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def series(samples: Sequence[Sample], role: str) -> str:
    """Its memory every few seconds, in MB."""
    step = max(1, len(samples) // 24)
    return " ".join(f"{one.of(role).rss:.0f}" for one in samples[::step])
