"""`/` and `/docs`: pages that load from this server alone."""

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files as resources
from pathlib import Path
from zipfile import ZipFile

import pytest
from fastapi.testclient import TestClient

from adapters.http.openapi import DOCUMENTS
from adapters.http.pages import assets, files

ROOT = Path(__file__).parents[3]
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
LOADED = re.compile(r'(?:src|href)="([^"]+)"')
PAGES = ["/", "/docs", "/docs/", "/docs/ticketmatic", "/docs/openticket", "/docs/whole"]
OWN = ("home.html", "docs.html", "docs.js", "pages.css")


@pytest.fixture
def anybody(web: TestClient) -> Iterator[TestClient]:
    """A client without a token."""
    token = web.headers.pop("Authorization")
    yield web
    web.headers["Authorization"] = token


@pytest.mark.parametrize("page", PAGES)
def test_a_page_leads_to_addresses_of_this_server_that_answer(
    anybody: TestClient, page: str
) -> None:
    answer = anybody.get(page, headers=BROWSER)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "://" not in answer.headers["content-security-policy"]
    assert "{{" not in answer.text
    addresses = LOADED.findall(answer.text)
    assert len(addresses) > 5
    for address in addresses:
        assert re.fullmatch(r"/[^/].*|/", address), address
        assert anybody.get(address).status_code == 200, address


def test_the_home_page_leads_to_documentation_documents_and_health(anybody: TestClient) -> None:
    page = anybody.get("/", headers=BROWSER)

    addresses = {*LOADED.findall(page.text)}
    assert {"/docs", "/docs/ticketmatic", "/docs/openticket", "/health/ready"} <= addresses
    assert {document.path for document in DOCUMENTS} <= addresses
    assert "README.md" in page.text
    assert page.headers["vary"] == "Accept, Accept-Encoding"


def test_the_home_page_shows_a_request_to_the_address_that_answered(anybody: TestClient) -> None:
    for host in ("localhost:8420", "tickets.example"):
        page = anybody.get("/", headers={**BROWSER, "Host": host})

        assert f"http://{host}/v1/locations</pre>" in page.text


def test_the_home_page_writes_an_address_as_text(anybody: TestClient) -> None:
    page = anybody.get("/", headers={**BROWSER, "Host": "a<script>b"})

    assert "<script>b" not in page.text


def test_the_home_page_is_json_for_a_program(anybody: TestClient) -> None:
    answer = anybody.get("/", headers={"Accept": "*/*"})

    document = answer.json()
    assert document["name"] == "Stagebook"
    assert document["openapi"] == {one.name: one.path for one in DOCUMENTS}
    for path in (document["docs"], *document["openapi"].values(), document["health"]["live"]):
        assert anybody.get(path).status_code == 200


def test_the_documentation_is_readable_without_javascript(anybody: TestClient) -> None:
    page = anybody.get("/docs").text

    (message,) = re.findall(r"<noscript>(.*?)</noscript>", page, re.DOTALL)
    assert "/v1/openapi.json" in message


def test_an_asset_is_kept_for_ever_under_the_hash_of_its_content(anybody: TestClient) -> None:
    for name, address in assets.addresses().items():
        answer = anybody.get(address)

        assert hashlib.sha256(answer.content).hexdigest()[:12] in address
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-type"] == assets.KINDS[Path(name).suffix]
    bundle = assets.addresses()["swagger-ui-bundle.js"]
    assert anybody.get(bundle, headers={"Accept-Encoding": "gzip"}).headers["content-encoding"]


@pytest.mark.parametrize("path", ["/docs/nothing", "/assets/nothing.js", "/assets/..%2Fapp.py"])
def test_what_is_not_there_is_a_problem(anybody: TestClient, path: str) -> None:
    answer = anybody.get(path)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_nothing_of_ours_names_another_host() -> None:
    for name in OWN:
        hosts = set(re.findall(r"(?:https?:)?//[\w.:-]+", files.text(name)))
        assert hosts <= {"http://localhost:8000"}, name  # of the example of a request


def test_the_stylesheets_load_nothing_from_another_host() -> None:
    for name in ("pages.css", "swagger-ui/swagger-ui.css"):
        loaded = re.findall(r"url\(\s*[\"']?([^\"')\s]{1,12})", files.text(name))
        assert all(address.startswith("data:") for address in loaded), name
        assert "@import" not in files.text(name)


def test_the_bundle_asks_no_other_host_for_a_verdict() -> None:
    assert "validatorUrl: null" in files.text("docs.js")


def test_the_bundle_is_what_its_package_published() -> None:
    manifest = json.loads(files.text("swagger-ui/manifest.json"))
    folder = resources(files.__name__) / "swagger-ui"

    hashes = {
        file.name: f"sha256-{hashlib.sha256(file.read_bytes()).hexdigest()}"
        for file in folder.iterdir()
        if file.name != "manifest.json"
    }

    assert hashes == manifest["files"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", manifest["version"])
    assert {"LICENSE", "NOTICE"} <= hashes.keys()


def test_the_wheel_has_every_file_and_the_licence(tmp_path: Path) -> None:
    build = (
        "import os, sys; os.chdir(sys.argv[1])\n"
        "from setuptools import build_meta\n"
        "print(build_meta.build_wheel(sys.argv[2]))"
    )
    sources = tmp_path / "sources"
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        sources.mkdir(exist_ok=True)
        (sources / name).write_bytes((ROOT / name).read_bytes())
    (sources / "adapters").symlink_to(ROOT / "adapters")
    subprocess.run(
        [sys.executable, "-c", build, sources, tmp_path], check=True, capture_output=True
    )

    (wheel,) = tmp_path.glob("*.whl")
    with ZipFile(wheel) as archive:
        names = {name.removeprefix("adapters/http/pages/files/") for name in archive.namelist()}
        packed = archive.read("adapters/http/pages/files/swagger-ui/swagger-ui-bundle.js")
        metadata = archive.read(next(n for n in archive.namelist() if n.endswith("/METADATA")))
    assert packed == files.read("swagger-ui/swagger-ui-bundle.js")
    manifest = json.loads(files.text("swagger-ui/manifest.json"))
    assert {f"swagger-ui/{name}" for name in (*manifest["files"], "manifest.json")} <= names
    assert {*OWN, "icon.svg", "introduction.md", "ticketmatic.md", "openticket.md"} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert b"License-Expression: Apache-2.0" in metadata
    assert wheel.stat().st_size < 2_000_000
