"""Questions in SQL have threads of their own: whoever waits for an answer keeps no other read."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

T = TypeVar("T")
ASKING = ThreadPoolExecutor(40, thread_name_prefix="question")
"""More than one account may have waiting: `Turns` refuses what is beyond that at once."""


async def answered(call: Callable[..., T], *args: Any) -> T:
    """Runs a question beside the event loop."""
    run = copy_context().run  # lines of the log say which request they are about
    return await asyncio.get_running_loop().run_in_executor(ASKING, run, call, *args)
