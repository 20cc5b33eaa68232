"""What was large once goes back to the system."""

import subprocess
import sys

MEASURED = """
import psutil
from adapters import heap
{bound}
def rss():
    return psutil.Process().memory_info().rss
once = bytearray(30 * 2**20)  # from then on, glibc by itself keeps pieces of up to that size
del once
before, small, large = rss(), [], []
for _ in range(60):
    large.append(bytearray(2**20))
    small.append(bytes(60_000))
del large
print((rss() - before) // 2**20)
"""


BETWEEN = """
import psutil
from adapters import heap
heap.bound()
pieces = [bytes(60_000) for _ in range(1_000)]
before = psutil.Process().memory_info().rss
del pieces[::2]
heap.trim()
print((before - psutil.Process().memory_info().rss) // 2**20)
"""


def printed(program: str) -> int:
    command = [sys.executable, "-c", program]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_large_pieces_go_back_to_the_system_whatever_small_ones_stay() -> None:
    assert printed(MEASURED.format(bound="heap.bound()")) < 10


def test_what_is_free_between_pieces_goes_back_when_the_heap_is_trimmed() -> None:
    assert printed(BETWEEN) > 15
