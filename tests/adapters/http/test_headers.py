"""A header of a request, and whom a request is taken to come from."""

from fastapi import Request
from fastapi.testclient import TestClient

from adapters.http.headers import header
from tests.adapters.http.talk import a_location
from tests.conftest import TOKENS


def sent(*headers: tuple[bytes, bytes]) -> Request:
    return Request({"type": "http", "headers": headers})


def test_a_header_is_what_was_sent_first() -> None:
    request = sent((b"host", b"x"), (b"etag", b"caf\xe9"), (b"etag", b"other"), (b"empty", b""))
    assert header(request, b"etag") == request.headers["etag"] == "café"
    assert header(request, b"empty") == ""
    assert header(request, b"if-match") is None


def test_a_token_is_looked_at_in_every_request_of_a_connection(web: TestClient) -> None:
    place = a_location(web)
    path = f"/v1/locations/{place['id']}"
    bearer = {"Authorization": f"Bearer {TOKENS['viewer']}"}
    assert web.get(path, headers=bearer).status_code == 200
    assert web.patch(path, headers=bearer, json={"name": "x"}).status_code == 403
    assert web.get(path, headers={"Authorization": "Bearer other"}).status_code == 401
    assert web.get(path, headers=bearer).status_code == 200
