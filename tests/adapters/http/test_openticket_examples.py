"""Every example of OpenTicket's documentation is answered as its page says."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from adapters.bootstrap import bootstrap
from adapters.http.app import make_app
from adapters.settings import Settings
from tests.adapters.http.openticket_examples import EXAMPLES, GO, SHELL, Example
from tests.adapters.http.talk import opened
from tests.adapters.http.vendor_tutorial import Tutorial, as_text, done
from tests.conftest import add_keys

HOOK = {"name": "Log", "url": "http://127.0.0.1:9", "resource": "shop", "trigger": "delete"}


class World:
    """What the tutorial makes, by the names that examples use."""

    def __init__(self, web: TestClient) -> None:
        self.web = web
        tutorial = Tutorial(web).on_sale()
        names = ("location", "event", "date", "ticket", "shop", "tracker")
        self.guids = {name: getattr(tutorial, name)["guid"] for name in names}
        self.guids["webhook"] = done(web.post("/webhook", json=HOOK))["guid"]

    def filled(self, text: str) -> str:
        """With guids in place of names; a reservation is made when it is named."""
        if "{reservation}" in text:
            path = self.filled("/storefront/{shop}/reserve/ticket/{ticket}")
            text = text.replace("{reservation}", done(self.web.get(path))["guid"])
        for name, guid in self.guids.items():
            text = text.replace(f"{{{name}}}", guid)
        return text

    def ask(self, example: Example) -> Any:
        path = self.filled(example.path)
        headers = {"Authorization": ""} if example.public else {}
        if example.body is None:
            return self.web.request(example.method, path, headers=headers)
        body = json.loads(self.filled(json.dumps(example.body)))
        if example.tab == SHELL:
            files = {name: (None, text) for name, text in as_text(body).items()}
            return self.web.request(example.method, path, files=files, headers=headers)
        if example.tab == GO:
            return self.web.request(
                example.method, path, content=json.dumps(body).encode(), headers=headers
            )
        return self.web.request(example.method, path, json=body, headers=headers)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    store = str(tmp_path_factory.mktemp("examples"))
    settings = Settings(store=store, view_wait=60, webhook_hosts="127.0.0.0/8")
    book = bootstrap(settings)
    book.start()
    add_keys(book)
    book.close()
    with opened(make_app(settings)) as client:
        yield World(client)


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_an_example_of_the_documentation_is_answered_as_its_page_says(
    world: World, example: Example
) -> None:
    answer = world.ask(example)

    assert answer.status_code == example.status, answer.text
    if example.status == 204:
        assert not answer.content
        return
    shown = answer.json()
    if "" in example.values:
        assert shown == example.values[""]
        return
    things = shown if isinstance(shown, list) else [shown]
    for thing in things:
        assert {*example.has.split()} <= thing.keys()
    if example.keys:
        assert list(shown) == example.keys.split()
    for name, value in example.values.items():
        assert shown[name] == value, name


def test_there_are_many_examples_and_each_names_its_page() -> None:
    assert len(EXAMPLES) >= 60
    assert all(example.page.startswith("docs.") for example in EXAMPLES)
