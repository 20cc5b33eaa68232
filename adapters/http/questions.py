"""Questions in SQL have threads of their own: whoever waits for an answer keeps no other read."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

from adapters.queries.turns import AT_ONCE, WAITING

T = TypeVar("T")
ASKING = ThreadPoolExecutor(WAITING + AT_ONCE, thread_name_prefix="question")
"""As many as may wait and run: `Turns` refuses what is beyond that, and nobody waits for it."""


async def answered(call: Callable[..., T], *args: Any) -> T:
    """Runs a question beside the event loop."""
    run = copy_context().run  # lines of the log say which request they are about
    return await asyncio.get_running_loop().run_in_executor(ASKING, run, call, *args)
