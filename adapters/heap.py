"""How the C library keeps memory: pieces that are large, such as bodies and pictures, come from the
system and go back to it, and all threads share two heaps.

By itself glibc keeps what was once large for good, in up to eight heaps a processor: a server that
had many large requests once stays as large as it was then.
"""

import ctypes

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
LARGE = 2**18
"""Bytes of a piece that the system is asked for by itself."""
HEAPS = 2


def bound() -> None:
    """To be called before threads are started. Of another C library nothing is asked."""
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt") and hasattr(library, "gnu_get_libc_version"):
        library.mallopt(M_MMAP_THRESHOLD, LARGE)
        library.mallopt(M_ARENA_MAX, HEAPS)
