"""A webhook: what may be subscribed to, and what of it is told once."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.errors import Invalid, NotFound
from domain.ids import Kind, guid
from domain.webhook import (
    Webhook,
    WebhookChanged,
    WebhookCreated,
    WebhookDeleted,
    WebhookFields,
)
from tests.spec import ACCOUNT, given, says, then, then_refused, when

WHOLE = {"name": "Mirror", "url": "https://example.com", "resource": "event", "trigger": "update"}
SECRETS = {"nonce": "a nonce", "secret": "a secret"}


def created(**fields: Any) -> Any:
    body = WebhookFields(**WHOLE | fields)
    return lambda webhook, metadata: webhook.create(body, **SECRETS, metadata=metadata)


def changed(**fields: Any) -> Any:
    return lambda webhook, metadata: webhook.change(WebhookFields(**fields), metadata)


def deleted(webhook: Webhook, metadata: Any) -> None:
    webhook.require().delete(metadata)


def test_a_webhook_is_created_with_its_secrets() -> None:
    outcome = when(given(Webhook), created(retries=5))

    fields = WHOLE | {"retries": 5}
    then(outcome, says(WebhookCreated, number=5, **SECRETS, fields=fields))


def test_three_tries_of_every_thing_are_the_default() -> None:
    webhook = given(Webhook, created())

    state = webhook.state
    assert (state["retries"], state["identifier"], state["enabled"]) == (3, None, True)


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_needed_is_named_at_creation_and_kept(name: str) -> None:
    then_refused(when(given(Webhook), created(**{name: None})), Invalid)
    then_refused(when(given(Webhook, created()), changed(**{name: None})), Invalid)


def test_a_change_records_what_differs() -> None:
    webhook = given(Webhook, created())

    then(when(webhook, changed(name="Mirror", retries=3)))
    then(
        when(webhook, changed(name="Mirror", enabled=False)),
        says(WebhookChanged, changed={"enabled": False}),
    )


def test_a_deleted_webhook_is_gone() -> None:
    webhook = given(Webhook, created())

    then(when(webhook, deleted), says(WebhookDeleted))
    webhook.pending = []
    then_refused(when(webhook, deleted), NotFound)


@pytest.mark.parametrize(
    ("resource", "kind"),
    [
        ("event", Kind.EVENT),
        ("eventdate", Kind.DATE),
        ("location", Kind.LOCATION),
        ("ticket", Kind.CONTINGENT),
        ("shop", Kind.SALES_CHANNEL),
        ("order", Kind.ORDER),
    ],
)
def test_one_thing_is_heard_of_by_its_own_guid(resource: str, kind: Kind) -> None:
    own = str(guid(ACCOUNT, kind, 5))
    others = (guid(ACCOUNT + 1, kind, 5), guid(ACCOUNT, Kind.WEBHOOK, 5))

    then_refused(
        when(given(Webhook), created(resource=resource, identifier=str(others[0]))), Invalid
    )
    then_refused(
        when(given(Webhook), created(resource=resource, identifier=str(others[1]))), Invalid
    )
    then_refused(when(given(Webhook), created(resource=resource, identifier="0" * 32)), Invalid)
    webhook = given(Webhook, created(resource=resource, identifier=own.upper()))
    assert webhook.state["identifier"] == own


def test_the_thing_is_of_the_kind_that_is_heard_of_after_a_change_too() -> None:
    webhook = given(Webhook, created(identifier=str(guid(ACCOUNT, Kind.EVENT, 5))))

    then_refused(when(webhook, changed(resource="order")), Invalid)
    then(
        when(webhook, changed(resource="order", identifier=None)),
        says(WebhookChanged, changed={"resource": "order", "identifier": None}),
    )


def test_what_is_never_heard_of_has_any_guid() -> None:
    webhook = given(Webhook, created(resource="Coupon", identifier="{%s}" % ("ab" * 16)))

    assert webhook.state["identifier"] == "abababab-abab-abab-abab-abababababab"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Event", "event"),
        ("event date", "eventdate"),
        ("Event Date", "eventdate"),
        ("EVENT_DATE", "eventdate"),
        ("Event Location", "location"),
        ("location", "location"),
        ("Ticket Type", "ticket"),
        ("Waiting List", "waitinglist"),
        ("coupon-code", "couponcode"),
    ],
)
def test_resources_have_the_vendors_names(said: str, meant: str) -> None:
    assert WebhookFields(resource=said).resource == meant


def test_updated_is_update() -> None:
    assert WebhookFields(trigger="Updated").trigger == "update"


@pytest.mark.parametrize(
    "wrong",
    [
        {"resource": "guest"},
        {"trigger": "moved"},
        {"retries": -1},
        {"retries": 16},
        {"identifier": "1"},
        {"secret": "own"},
        *(
            {"url": url}
            for url in (
                "",
                "example.com",
                "ftp://example.com",
                "file:///etc/passwd",
                "https://",
                "https:///path",
                "https://user@example.com",
                "https://user:word@example.com",
                "https://example.com/#part",
                "https://example.com:0",
                "https://example.com:65536",
                "https://example.com:port",
                "https://exa mple.com",
                "https://example.com/\n",
                "https://example.com\\@127.0.0.1",
                "https://exämple.com",
                "https://[::1",
                "https://[fe80::1%25eth0]",
                "https://example.com/" + "x" * 2_000,
            )
        ),
    ],
    ids=str,
)
def test_other_values_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        WebhookFields(**wrong)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "https://example.com:8443/a?b=c",
        "https://127.0.0.1",
        "https://[::1]:80/x",
    ],
)
def test_addresses_of_the_web_are_taken(url: str) -> None:
    assert WebhookFields(url=url).url == url
