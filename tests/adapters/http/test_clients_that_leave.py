"""Requests that are cut short or strange in what comes before their route."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.types import Message, Scope

from tests.conftest import ACCOUNT


def asked(web: TestClient, method: str, path: str, **headers: str) -> list[Message]:
    """What is sent to a client that has left before its body came."""
    sent: list[Message] = []
    scope: Scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [
            (name.encode(), value.encode("latin-1"))
            for name, value in {**web.headers, **headers}.items()
        ],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
        "scheme": "http",
    }

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    async def call() -> None:
        app: Any = web.app
        await app(scope, receive, send)

    assert web.portal
    web.portal.call(call)
    return sent


@pytest.mark.parametrize("path", ["/v1/locations", "/v1/orders"])
def test_a_client_that_leaves_within_its_body_is_no_fault(web: TestClient, path: str) -> None:
    assert asked(web, "POST", path)[0]["status"] == 499


def test_the_star_is_no_path(web: TestClient) -> None:
    assert asked(web, "OPTIONS", "*")[0]["status"] == 404


@pytest.mark.parametrize("path", ["/v1/locations", f"/api/1/{ACCOUNT}/events"])
@pytest.mark.parametrize("said", ["Basic \xff", "Basic ÿÿÿÿ", "Basic /w==", "Basic ="])
def test_credentials_that_are_no_text_are_not_known(web: TestClient, path: str, said: str) -> None:
    answer = asked(web, "GET", path, authorization=said)

    assert answer[0]["status"] == 401
