"""How the C library keeps memory: pieces that are large, such as bodies and pictures, come from the
system and go back to it, all threads share two heaps, and what lies free in them goes back, too.

By itself glibc keeps what was once large for good, in up to eight heaps a processor: a server that
had many large requests once stays as large as it was then.
"""

import ctypes
import threading
import time

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
LARGE = 2**18
"""Bytes of a piece that the system is asked for by itself."""
HEAPS = 2
TRIM_SECONDS = 10.0
"""How often whole pages that are free between pieces go back: glibc by itself gives back the end of
a heap alone."""


def bound() -> None:
    """To be called before threads are started. Of another C library nothing is asked."""
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt") and hasattr(library, "gnu_get_libc_version"):
        library.mallopt(M_MMAP_THRESHOLD, LARGE)
        library.mallopt(M_ARENA_MAX, HEAPS)


def trim() -> None:
    """Some milliseconds, without the interpreter's lock."""
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):
        library.malloc_trim(0)


def keep_trimmed() -> None:
    """In a thread, for as long as the process lives."""

    def trimming() -> None:
        while True:
            time.sleep(TRIM_SECONDS)
            trim()

    threading.Thread(target=trimming, name="heap", daemon=True).start()
