"""What is printed: one table per store, and one line that names what is missed."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table. `met` is None where there is no target."""

    case: str
    measured: str
    floor: str = ""
    ratio: str = ""
    p50: str = ""
    p99: str = ""
    target: str = ""
    met: bool | None = None
    errors: int = 0
    example: str = ""
    everywhere: bool = False
    """The target is said of every store, not of the default one alone."""


HEADS = ("case", "store", "measured", "floor", "ratio", "p50 ms", "p99 ms", "target", "")


def table(store: str, results: Sequence[Result]) -> str:
    rows = [HEADS]
    for r in results:
        verdict = {True: "met", False: "MISSED", None: ""}[r.met]
        if r.errors:
            verdict = f"{r.errors} ERRORS"
        rows.append((r.case, store, r.measured, r.floor, r.ratio, r.p50, r.p99, r.target, verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    rows.insert(1, tuple("-" * width for width in widths))
    texts = {0, 1, 7, 8}
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in texts else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def per_second(rate: float) -> str:
    return f"{rate:,.0f}/s"


def milliseconds(value: float) -> str:
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"
