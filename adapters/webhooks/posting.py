"""Posts one message to the very address that was checked: the name is not looked up again.

No redirect is followed, no proxy or certificate of the environment is used, no connection or cookie
is kept: what one receiver answers has no effect on what another one gets.
"""

import asyncio
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx2

from adapters.webhooks.egress import EgressPolicy, port_of
from adapters.webhooks.message import Reply
from domain.errors import Invalid

CONNECT_SECONDS, TOTAL_SECONDS = 3.0, 10.0
MAX_ANSWER = 4_096
"""Bytes of an answer's body that are read, and not looked at."""


class WebhookSender:
    def __init__(
        self,
        doorman: EgressPolicy,
        *,
        trust: ssl.SSLContext | None = None,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self._doorman = doorman
        self._trust = trust or httpx2.create_ssl_context(trust_env=False)
        self._total_seconds = total_seconds

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        try:
            async with asyncio.timeout(self._total_seconds):
                return await self._post(url, headers, body)
        except TimeoutError:
            return Reply(None, f"no answer in {self._total_seconds:g} s")
        except Invalid as refusal:
            return Reply(None, refusal.detail)
        except Exception as error:  # noqa: BLE001 - whatever one receiver does, the others go on
            return Reply(None, f"{type(error).__name__}: {error}"[:500])

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        addresses = await self._doorman.addresses(url)
        for address in addresses[:-1]:
            try:
                return await self._post_to(address, url, headers, body)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                continue
        return await self._post_to(addresses[-1], url, headers, body)

    async def _post_to(
        self, address: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> Reply:
        parts = urlsplit(url)
        literal = f"[{address}]" if ":" in address else address
        target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        where = f"{parts.scheme}://{literal}:{port_of(parts)}{target}"
        timeout = httpx2.Timeout(self._total_seconds, connect=CONNECT_SECONDS)
        async with (
            httpx2.AsyncClient(verify=self._trust, trust_env=False, timeout=timeout) as client,
            client.stream(
                "POST",
                where,
                content=body,
                headers={**headers, "Host": parts.netloc},
                extensions={"sni_hostname": parts.hostname},
                follow_redirects=False,
            ) as response,
        ):
            read = 0
            async for chunk in response.aiter_raw(MAX_ANSWER):
                read += len(chunk)
                if read >= MAX_ANSWER:
                    break
            return Reply(response.status_code)
