"""The OpenAPI documents as they are served: from bytes, one a surface, never made on the loop."""

import asyncio
import gzip
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from adapters.http import openapi_bytes
from adapters.http.openapi import DOCUMENTS, Described
from adapters.http.openapi_served import OpenApi
from adapters.http.prepared import takes_gzip

PATHS = [document.path for document in DOCUMENTS]
PLAIN = {"Accept-Encoding": "identity"}


@pytest.fixture
def anybody(web: TestClient) -> Iterator[TestClient]:
    """A client without a token."""
    token = web.headers.pop("Authorization")
    yield web
    web.headers["Authorization"] = token


@pytest.mark.parametrize("path", PATHS)
def test_a_document_is_sent_as_it_is_or_compressed(anybody: TestClient, path: str) -> None:
    plain = anybody.get(path, headers=PLAIN)
    zipped = anybody.get(path, headers={"Accept-Encoding": "br, gzip;q=0.5"})

    assert plain.headers["content-type"] == "application/json"
    assert "content-encoding" not in plain.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.content == plain.content
    assert int(zipped.headers["content-length"]) < len(plain.content) / 10
    assert plain.headers["vary"] == zipped.headers["vary"] == "Accept-Encoding"
    assert plain.headers["etag"] != zipped.headers["etag"]


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_who_has_a_document_gets_no_other_copy(anybody: TestClient, encoding: str) -> None:
    headers = {"Accept-Encoding": encoding}
    tag = anybody.get("/v1/openapi.json", headers=headers).headers["etag"]

    held = anybody.get("/v1/openapi.json", headers={**headers, "If-None-Match": f'"x", W/{tag}'})
    other = anybody.get("/v1/openapi.json", headers={**headers, "If-None-Match": '"x"'})

    assert (held.status_code, held.content, held.headers["etag"]) == (304, b"", tag)
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("accepted", "taken"),
    [
        ("gzip", True),
        ("deflate, gzip;q=1.0, *;q=0.5", True),
        ("*", True),
        ("GZIP; q=0.1", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000, *", False),
        ("br", False),
        ("", False),
    ],
)
def test_an_accept_encoding_is_read(accepted: str, taken: bool) -> None:  # noqa: FBT001 - an example
    assert takes_gzip(accepted) is taken


@pytest.mark.parametrize("described", DOCUMENTS, ids=lambda one: one.name)
def test_a_document_is_whole_by_itself(anybody: TestClient, described: Described) -> None:
    document = anybody.get(described.path).json()
    whole = anybody.get("/openapi.json").json()

    assert document["info"]["title"] == described.title
    assert document["info"]["license"] == {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    assert len(document["info"]["description"]) > 500
    assert document["servers"][0]["url"] == "/"
    assert [tag["name"] for tag in document["tags"]] == list(described.tags)
    assert {*references(document)} <= {
        f"#/components/schemas/{name}" for name in document["components"]["schemas"]
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation == whole["paths"][path][method]
            needed = {name for one in operation.get("security", []) for name in one}
            assert needed <= document["components"]["securitySchemes"].keys()


def test_each_operation_is_in_the_document_of_one_surface(anybody: TestClient) -> None:
    surfaces = [anybody.get(path).json()["paths"] for path in PATHS if path != "/openapi.json"]
    whole = anybody.get("/openapi.json").json()["paths"]

    assert sorted(path for paths in surfaces for path in paths) == sorted(whole)


def test_the_introduction_names_what_a_client_has_to_know(anybody: TestClient) -> None:
    text = anybody.get("/v1/openapi.json").json()["info"]["description"]

    for word in (
        *("Bearer TOKEN", "viewer", "Stagebook-Position", "ETag", "Idempotency-Key"),
        *("application/problem+json", "19002 Active", "21002 Confirmed", "`startts`"),
    ):
        assert word in text


def test_documents_are_made_once_for_many_processes_while_the_event_loop_goes_on(
    tmp_path: Path,
) -> None:
    async def ticking() -> tuple[float, list[openapi_bytes.Files]]:
        making = asyncio.gather(*(openapi_bytes.made_beside(tmp_path) for _ in range(2)))
        worst, before = 0.0, time.perf_counter()
        while not making.done():
            await asyncio.sleep(0.01)
            now = time.perf_counter()
            worst, before = max(worst, now - before), now
        return worst, await making

    worst, (first, second) = asyncio.run(ticking())

    assert worst < 0.5
    assert first.keys() == {document.name for document in DOCUMENTS}
    assert first == second == openapi_bytes.kept(tmp_path)
    (archive,) = tmp_path.glob("*.zip")
    before = archive.stat().st_mtime_ns
    assert asyncio.run(openapi_bytes.made_beside(tmp_path)) == first
    assert archive.stat().st_mtime_ns == before


def test_documents_of_other_code_are_not_used_and_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    openapi_bytes.keep({"whole": b"old"}, tmp_path)
    monkeypatch.setattr(openapi_bytes, "fingerprint", lambda: "0" * 16)

    assert openapi_bytes.kept(tmp_path) is None
    openapi_bytes.keep({"whole": b"new"}, tmp_path)

    assert openapi_bytes.kept(tmp_path) == {"whole": b"new"}
    assert len([*tmp_path.iterdir()]) == 1


def test_a_damaged_archive_is_made_again(tmp_path: Path) -> None:
    openapi_bytes.keep({"whole": b"{}"}, tmp_path)
    (archive,) = tmp_path.glob("*.zip")
    archive.write_bytes(archive.read_bytes()[:40])

    assert openapi_bytes.kept(tmp_path) is None
    openapi_bytes.keep({"whole": b"{}"}, tmp_path)
    assert openapi_bytes.kept(tmp_path) == {"whole": b"{}"}


def test_a_folder_that_takes_no_files_keeps_nothing(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    openapi_bytes.keep({"whole": b"{}"}, file / "folder")

    assert openapi_bytes.kept(file / "folder") is None


def test_without_a_child_the_documents_are_made_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def no_child() -> openapi_bytes.Files:
        raise PermissionError("no process")

    monkeypatch.setattr(openapi_bytes, "made_beside", no_child)
    monkeypatch.setattr(openapi_bytes, "made", lambda: {"native": b"{}"})

    async def asked() -> bytes:
        return (await OpenApi().of("native")).packed

    assert gzip.decompress(asyncio.run(asked())) == b"{}"


def references(part: Any) -> Any:
    if isinstance(part, dict):
        yield from ([part["$ref"]] if isinstance(part.get("$ref"), str) else [])
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from references(inner)
