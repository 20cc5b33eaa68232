"""Subscribing as OpenTicket's clients do; what is told of deliveries."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from adapters.bootstrap import bootstrap
from adapters.http.app import make_app
from adapters.settings import Settings
from adapters.webhooks.message import Delivery
from adapters.webhooks.outbox import DELIVERED, GIVEN_UP, Invocation
from domain.ids import Kind, account_number, guid
from domain.registry import Role
from domain.values import stamp
from tests.adapters.http.talk import opened
from tests.conftest import ACCOUNT, TOKENS, add_keys
from tests.spec import START

URL = "http://127.0.0.1:9/hear"
SAID = {"name": "Mirror", "url": URL, "resource": "Event", "trigger": "updated", "retries": 5}
KEYS = [
    *("name", "url", "resource", "trigger", "retries", "identifier", "enabled", "company_id"),
    *("guid", "updated_at", "created_at"),
]


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """An admin of a server whose webhooks may go to the loopback and to example.com."""
    store = str(tmp_path_factory.mktemp("hooks"))
    hosts = "127.0.0.0/8, example.com"
    settings = Settings(store=store, view_wait=60, webhook_hosts=hosts)
    book = bootstrap(settings)
    book.start()
    add_keys(book)
    add_keys(book, "other", "-other")
    book.close()
    with opened(make_app(settings)) as client:
        yield client


def subscribed(web: TestClient, **fields: Any) -> Any:
    answer = web.post("/webhook", json=SAID | fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def bearer(role: Role, suffix: str = "") -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKENS[role]}{suffix}"}


def test_what_signs_is_told_once(web: TestClient) -> None:
    made = subscribed(web)

    assert list(made) == [*KEYS, "nonce", "secret"]
    assert (made["resource"], made["trigger"], made["retries"]) == ("event", "update", 5)
    assert (len(made["nonce"]), len(made["secret"])) == (32, 64)
    shown = web.get(f"/webhook/{made['guid']}").json()
    assert shown == {name: made[name] for name in KEYS} | {
        "failing_since": None,
        "waiting_count": 0,
        "failed_count": 0,
    }
    assert shown in web.get("/webhook").json()
    assert made["secret"] not in web.get("/v1/changes?kind=webhook").text


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("kind", ["json", "bare", "form", "multipart"])
@pytest.mark.parametrize("prefix", ["", "/3.0.0"])
def test_every_kind_of_body_subscribes(
    web: TestClient, method: str, kind: str, prefix: str
) -> None:
    texts = {name: str(value) for name, value in SAID.items()}
    sent: dict[str, Any] = {
        "json": {"json": SAID},
        "bare": {"content": str(texts).replace("'", '"').encode()},
        "form": {"data": {**texts, "identifier": ""}},
        "multipart": {"files": {name: (None, text) for name, text in texts.items()}},
    }[kind]

    answer = web.request(method, f"{prefix}/webhook", **sent)

    assert answer.status_code == 200, answer.text
    assert (answer.json()["retries"], answer.json()["identifier"]) == (5, None)


def test_a_webhook_is_changed_and_deleted(web: TestClient) -> None:
    path = f"/webhook/{subscribed(web)['guid']}"

    changed = web.put(path, data={"enabled": "0", "retries": "1", "unknown": "x"})
    deleted = web.delete(path)

    assert list(changed.json()) == KEYS
    assert (changed.json()["enabled"], changed.json()["retries"]) == (False, 1)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert [web.get(path).status_code, web.put(path, json={}).status_code] == [404, 404]
    assert path[9:] not in web.get("/webhook").text
    actors = [c["actor"] for c in web.get("/v1/changes?kind=webhook").json()["data"]]
    assert {actor.partition("-")[0] for actor in actors} == {"admin"}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"url": "https://10.0.0.1"}, "url"),
        ({"url": "https://[::1]"}, "url"),
        ({"url": "ftp://example.com"}, "url"),
        ({"url": None}, "url"),
        ({"name": ""}, "name"),
        ({"resource": "guest"}, "resource"),
        ({"trigger": "moved"}, "trigger"),
        ({"retries": "many"}, "retries"),
        ({"enabled": "perhaps"}, "enabled"),
        ({"identifier": "1"}, "identifier"),
        ({"identifier": str(guid(7, Kind.EVENT, 1))}, "identifier"),
    ],
    ids=str,
)
def test_bad_input_is_named(web: TestClient, wrong: dict[str, Any], field: str) -> None:
    before = web.get("/webhook").json()

    answer = web.post("/webhook", json=SAID | wrong)

    assert (answer.status_code, list(answer.json()["fields"])) == (406, [field])
    assert web.get("/webhook").json() == before
    path = f"/webhook/{subscribed(web)['guid']}"
    assert web.put(path, json=wrong).status_code == 406


def test_an_address_that_no_admin_allowed_is_told_of_the_setting(web: TestClient) -> None:
    answer = web.post("/webhook", json=SAID | {"url": "https://10.0.0.1"})

    said = "10.0.0.1 is not allowed: an admin names hosts in STAGEBOOK_WEBHOOK_HOSTS"
    assert answer.json() == {
        "error_code": "invalid",
        "error_description": f"url: {said}",
        "status_code": 406,
        "fields": {"url": [said]},
    }


@pytest.mark.parametrize("role", Role)
def test_admins_subscribe_and_auditors_look(web: TestClient, role: Role) -> None:
    path = f"/webhook/{subscribed(web)['guid']}"
    headers = bearer(role)

    writes = [
        web.post("/webhook", json=SAID, headers=headers),
        web.put(path, json={"name": "B"}, headers=headers),
        web.post(f"{path}/retry", headers=headers),
        web.delete(path, headers=headers),
    ]
    kept = f"/webhook/{subscribed(web)['guid']}"
    looks = [web.get(p, headers=headers) for p in ("/webhook", kept, f"{kept}/invocations")]

    may_write, may_look = role is Role.ADMIN, role in (Role.ADMIN, Role.AUDITOR)
    assert {answer.status_code < 300 for answer in writes} == {may_write}
    assert {answer.status_code for answer in looks} == {200 if may_look else 403}


def test_another_accounts_webhooks_are_not_there(web: TestClient) -> None:
    path = f"/webhook/{subscribed(web)['guid']}"
    theirs = bearer(Role.ADMIN, "-other")

    answers = [
        web.get(path, headers=theirs),
        web.put(path, json={}, headers=theirs),
        web.delete(path, headers=theirs),
        web.get(f"{path}/invocations", headers=theirs),
        web.post(f"{path}/retry", headers=theirs),
        web.get("/webhook/none", headers=theirs),
    ]

    assert [answer.status_code for answer in answers] == [404] * 6
    assert web.get("/webhook", headers=theirs).json() == []
    assert web.get("/webhook", headers={"Authorization": ""}).status_code == 401


def test_attempts_are_told_and_what_was_given_up_is_tried_again(web: TestClient) -> None:
    webhook = subscribed(web)["guid"]
    app = web.app
    assert isinstance(app, FastAPI)
    ledger = app.state.stagebook.ledger()
    account = account_number(ACCOUNT)
    term, now = ledger.begin(), stamp(START)
    made = [
        Delivery(
            webhook=webhook,
            stream=str(guid(account, Kind.EVENT, number)),
            position=number,
            part=0,
            version=1,
            resource="event",
            trigger="update",
            kind=Kind.EVENT,
            number=number,
        )
        for number in (1, 2)
    ]
    ledger.hear(term, 9, made, {webhook: {}}, now)
    ledger.settle(term, Invocation(made[0], now, DELIVERED, 200, None, 3), None)
    later = now.replace("00:00:00", "00:00:01")
    ledger.settle(term, Invocation(made[1], later, GIVEN_UP, None, "no answer", 4), None)

    log = web.get(f"/webhook/{webhook}/invocations").json()
    faring = web.get(f"/webhook/{webhook}").json()
    retried = web.post(f"/webhook/{webhook}/retry")

    assert [one["outcome"] for one in log] == ["given up", "delivered"]
    assert log[0] == {
        "time": "2026-01-01T00:00:01+00:00",
        "position": 2,
        "dedupekey": made[1].key,
        "trigger": "event.update",
        "guid": made[1].stream,
        "attempt": 1,
        "outcome": "given up",
        "status": None,
        "error": "no answer",
        "milliseconds": 4,
    }
    assert (faring["failing_since"], faring["failed_count"]) == ("2026-01-01T00:00:01+00:00", 1)
    assert (retried.status_code, retried.json()) == (200, {"retried": 1})
    assert web.get(f"/webhook/{webhook}").json()["waiting_count"] == 1
