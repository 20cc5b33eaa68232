"""Helper processes of a rebuild or a check. Each opens the store itself. It ends when the process
that started it ends, also when that is killed."""

import gc
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from typing import Any

from adapters import logs
from adapters.bootstrap import GC_THRESHOLDS, Stagebook, bootstrap
from adapters.settings import Settings


def pool(count: int, begin: Callable[..., None], *arguments: Any) -> ProcessPoolExecutor:
    """So many processes, each of which begins with that."""
    return ProcessPoolExecutor(count, get_context("spawn"), begin, arguments)


def opened(settings: Settings) -> Stagebook:
    """The book, in such a process; its end closes it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C reaches all; the first one tells
    threading.Thread(target=_end_with_parent, daemon=True).start()
    logs.configure(settings.log_level)
    gc.set_threshold(*GC_THRESHOLDS)
    return bootstrap(settings)


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)
