"""Which accounts there are, and which keys may act for them."""

from dataclasses import replace
from typing import Any

import pytest

from domain.base import CommandMetadata, UnknownFact
from domain.errors import FactUnknown, Invalid, NameTaken, NotFound
from domain.event_facts import EventDetailsChanged
from domain.ids import Kind, account_number, guid
from domain.money import DEFAULT_CURRENCY
from domain.registry import (
    AccountOpened,
    CurrencyChosen,
    FactDiscarded,
    KeyAdded,
    KeyRevoked,
    Registry,
    Role,
    Stopped,
)
from tests.spec import Outcome, given, metadata, says, then, then_refused, when


def opened(registry: Registry, metadata: Any) -> None:
    registry.open_account("demo", "en", "EUR", metadata)


def key(name: str, role: Role = Role.EDITOR) -> Any:
    return lambda registry, metadata: registry.add_key(
        "demo", name, role, f"hash of {name}", metadata
    )


def revoked(key_id: int) -> Any:
    return lambda registry, metadata: registry.revoke_key(key_id, metadata)


def test_an_account_is_opened_once() -> None:
    registry = given(Registry, number=1)

    then(
        when(registry, opened),
        says(AccountOpened, accountname="demo", account=account_number("demo"), language="en"),
        says(CurrencyChosen, account=account_number("demo"), currency="EUR"),
    )
    then(when(given(Registry, opened), opened))


@pytest.mark.parametrize("name", ["", "n" * 101, " demo", "demo ", "de\nmo", "\ud800", "\x00"])
def test_names_are_printable_and_bounded(name: str) -> None:
    registry = given(Registry, opened)

    then_refused(
        when(registry, lambda r, metadata: r.open_account(name, "en", "EUR", metadata)), Invalid
    )
    then_refused(when(registry, key(name)), Invalid)


@pytest.mark.parametrize("language", ["", "EN", "eng", "e1", "en\n"])
def test_a_language_is_two_small_letters(language: str) -> None:
    outcome = when(
        given(Registry), lambda r, metadata: r.open_account("demo", language, "EUR", metadata)
    )

    then_refused(outcome, Invalid)


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "XXX", "EUR\n", "\x00"])
def test_a_currency_is_one_of_iso_4217(currency: str) -> None:
    outcome = when(
        given(Registry), lambda r, metadata: r.open_account("demo", "en", currency, metadata)
    )

    refused_currency(outcome)


def test_an_account_keeps_the_currency_that_it_was_opened_with() -> None:
    registry = given(Registry, lambda r, metadata: r.open_account("demo", "en", "JPY", metadata))

    then(when(registry, lambda r, metadata: r.open_account("demo", "nl", "JPY", metadata)))
    refused_currency(when(registry, opened))
    assert currency_of_demo(registry) == "JPY"


def test_an_account_of_an_older_version_keeps_euros() -> None:
    opens = {"accountname": "demo", "account": account_number("demo"), "language": "en"}
    registry = given(Registry, lambda r, metadata: r.trigger(AccountOpened, metadata, **opens))

    assert currency_of_demo(registry) == DEFAULT_CURRENCY == "EUR"
    then(when(registry, opened))
    refused_currency(
        when(registry, lambda r, metadata: r.open_account("demo", "en", "JPY", metadata))
    )


def currency_of_demo(registry: Registry) -> Any:
    return (registry.opened(account_number("demo")) or {}).get("currency")


def refused_currency(outcome: Outcome) -> None:
    then_refused(outcome, Invalid)
    assert str(outcome.refusal).startswith("currency: ")


def test_an_account_whose_number_another_has_is_refused() -> None:
    registry = given(Registry, opened)
    registry.state["accounts"][str(account_number("other"))] = {"name": "not other"}

    outcome = when(registry, lambda r, metadata: r.open_account("other", "en", "EUR", metadata))

    then_refused(outcome, NameTaken)


def test_a_key_is_kept_by_the_hash_of_its_token() -> None:
    registry = given(Registry, opened)

    outcome = when(registry, key("box office", Role.AUDITOR))

    then(
        outcome,
        says(
            KeyAdded,
            keyid=1,
            account=account_number("demo"),
            keyname="box office",
            role="auditor",
            hash="hash of box office",
        ),
    )
    (listed,) = registry.key_list()
    assert (listed["name"], listed["account_name"], listed["revokedts"]) == (
        "box office",
        "demo",
        None,
    )


def test_a_name_belongs_to_one_key_until_it_is_revoked() -> None:
    registry = given(Registry, opened, key("ann"))

    then_refused(when(registry, key("ann")), Invalid)

    when(registry, revoked(1))
    when(registry, key("ann"))
    assert [k["id"] for k in registry.key_list()] == [1, 2]


def test_a_key_is_revoked_once() -> None:
    registry = given(Registry, opened, key("ann"))

    then(when(registry, revoked(1)), says(KeyRevoked, keyid=1))
    then(when(given(Registry, opened, key("ann"), revoked(1)), revoked(1)))


@pytest.mark.parametrize("key_id", [0, -1, 2, 10**20])
def test_a_key_that_is_not_there_cannot_be_revoked(key_id: int) -> None:
    registry = given(Registry, opened, key("ann"))

    then_refused(when(registry, revoked(key_id)), NotFound, id=key_id)


# -- facts that are skipped

EVENT = guid(7, Kind.EVENT, 5)
BAD = EventDetailsChanged(
    originator_id=EVENT,
    originator_version=3,
    time="2026-11-21T20:00:00.000000Z",
    actor="ann",
    correlation="request",
    causation=None,
    reason=None,
    changed={},
)


def skipped(registry: Registry, metadata: CommandMetadata) -> None:
    registry.discard(
        BAD, 12, Stopped("events", EVENT, "EventDetailsChanged: KeyError(5)"), metadata
    )


def because(reason: str | None) -> CommandMetadata:
    return replace(metadata(), reason=reason)


def test_a_fact_is_skipped_for_a_document_once_and_with_a_reason() -> None:
    registry = given(Registry, number=1)

    first = when(registry, skipped, because("its contingent never was"))
    registry.pending = []
    again = when(registry, skipped, because("twice"))

    place = {"key": str(EVENT), "aggregateid": str(EVENT), "aggregateversion": 3, "position": 12}
    error = "EventDetailsChanged: KeyError(5)"
    then(first, says(FactDiscarded, view="events", **place, error=error))
    then(again)


@pytest.mark.parametrize("reason", [None, "", "  ", "a\nb", "x" * 1_001])
def test_a_fact_is_not_skipped_without_a_reason_that_can_be_read(reason: str | None) -> None:
    then_refused(when(given(Registry), skipped, because(reason)), Invalid)


def test_behind_a_fact_that_is_not_known_a_key_can_only_lose_its_rights() -> None:
    registry = given(Registry, opened, key("anna"), key("ben"), number=1)
    of = {"originator_id": registry.id, "time": BAD.time, "actor": "ann", "correlation": ""}
    more = {"causation": None, "reason": None}
    newer = UnknownFact(
        **of, **more, originator_version=5, topic="registry.narrowed", payload=b"{}", why="newer"
    )

    registry.apply(newer)
    registry.apply(KeyRevoked(**of, **more, originator_version=6, keyid=1))
    registry.apply(KeyRevoked(**of, **more, originator_version=7, keyid=99))
    registry.apply(CurrencyChosen(**of, **more, originator_version=8, account=1, currency="JPY"))

    assert [one["revokedts"] for one in registry.key_list()] == [BAD.time, None]
    assert registry.opened(account_number("demo"))["currency"] == "EUR"  # type: ignore[index]
    assert registry.version == 8
    with pytest.raises(FactUnknown, match=r"registry.narrowed at version 5"):
        registry.require_whole()


def signing(role: Role) -> Any:
    return lambda registry, metadata: registry.add_signing_key(
        "demo", "ops", role, "ak", "sealed", metadata
    )


def granted(key_id: int, role: Role) -> Any:
    return lambda registry, metadata: registry.grant_key(key_id, "house", role, metadata)


def house(registry: Registry, metadata: Any) -> None:
    registry.open_account("house", "en", "EUR", metadata)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (signing(Role.OPERATOR), "an operator's key is a token"),
        (granted(1, Role.VIEWER), "for the whole store, not for one account"),
        (granted(2, Role.OPERATOR), "for the whole store, not for one account"),
    ],
)
def test_an_operators_key_is_a_token_for_the_whole_store(asked: Any, why: str) -> None:
    registry = given(Registry, number=1)
    for command in (opened, house, key("ops", Role.OPERATOR), key("anna")):
        when(registry, command)

    outcome = when(registry, asked)

    then_refused(outcome, Invalid)
    assert why in str(outcome.refusal)
