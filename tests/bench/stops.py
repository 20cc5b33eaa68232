"""Stops of the program while it is measured, read from its metrics."""

from collections import Counter
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from tests.bench.servers import Server

LONGEST = "0.25"
"""Seconds; one of the bounds that the program counts by."""
COMPUTED = frozenset({"running", "deciding"})
"""The causes that are the program's own, whatever else the machine does meanwhile."""


def long_stops(program: "Server") -> Counter[tuple[str, str]]:
    """How many stops were longer, by where and why, since the program started."""
    stops: Counter[tuple[str, str]] = Counter()
    for family in text_string_to_metric_families(program.body("/metrics").decode()):
        for sample in family.samples:
            by = (sample.labels.get("where", ""), sample.labels.get("cause", ""))
            if sample.name == "stagebook_stall_seconds_count":
                stops[by] += int(sample.value)
            elif sample.name == "stagebook_stall_seconds_bucket" and sample.labels["le"] == LONGEST:
                stops[by] -= int(sample.value)
    return +stops


def table(stops: Counter[tuple[str, str]]) -> str:
    return ", ".join(f"{where} {cause} {n}" for (where, cause), n in sorted(stops.items()))


def own(stops: Counter[tuple[str, str]]) -> int:
    return sum(number for (_, cause), number in stops.items() if cause in COMPUTED)
