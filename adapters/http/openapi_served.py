"""The OpenAPI documents of one server process, as they are served."""

import asyncio
from functools import cache

from structlog import get_logger

from adapters.http import openapi_bytes
from adapters.http.prepared import Prepared

log = get_logger()


class OpenApi:
    """Makes them once, beside the requests: only who asks for them before they are there waits."""

    def __init__(self) -> None:
        self._making: asyncio.Task[dict[str, Prepared]] | None = None

    def start(self) -> "asyncio.Task[dict[str, Prepared]]":
        if self._making is None:
            self._making = asyncio.create_task(_prepared())
        return self._making

    async def of(self, name: str) -> Prepared:
        return (await asyncio.shield(self.start()))[name]

    async def close(self) -> None:
        """Ends what is being made."""
        if self._making:
            self._making.cancel()
            await asyncio.gather(self._making, return_exceptions=True)
            self._making = None


async def _prepared() -> dict[str, Prepared]:
    try:
        files = await openapi_bytes.made_beside()
    except OSError as error:  # no child on this machine: slower, and here
        log.warning("the OpenAPI documents are made in the server process", reason=str(error))
        files = await asyncio.to_thread(openapi_bytes.made)
    return await asyncio.to_thread(compressed, tuple(files.items()))


@cache
def compressed(files: tuple[tuple[str, bytes], ...]) -> dict[str, Prepared]:
    """Once in a process, however many applications it has."""
    return {name: Prepared(body, "application/json") for name, body in files}
