"""Keys in memory, refreshed from the store; tokens are kept as hashes only."""

import pytest
from pydantic_core import to_json

from application.as_of import load
from application.keyring import (
    Keyring,
    NewKey,
    adding_key,
    hash_of,
    new_token,
    opening_account,
    revoking_key,
)
from application.ports import Store
from domain.base import payload_fields
from domain.catalog import SalesChannel
from domain.errors import Invalid, NotFound
from domain.ids import account_number
from domain.registry import Role
from tests.application.desk import Desk


def test_a_token_finds_the_key_that_it_was_made_for(desk: Desk) -> None:
    desk.do(adding_key(NewKey("demo", Role.EDITOR, "box office", "nl"), "sb_1"))

    found = Keyring(desk.store).find("sb_1")

    assert found is not None
    assert (found.account, found.account_name, found.language) == (
        account_number("demo"),
        "demo",
        "nl",
    )
    assert (found.actor, found.role) == ("box office", Role.EDITOR)


def test_another_token_finds_nothing(desk: Desk) -> None:
    desk.do(adding_key(NewKey("demo", Role.ADMIN, language="en"), "sb_1"))
    keyring = Keyring(desk.store)

    assert keyring.find("sb_2") is None
    assert keyring.find(hash_of("sb_1")) is None
    assert keyring.find("") is None


def test_keys_that_come_and_go_are_seen_after_a_refresh(store: Store) -> None:
    desk = Desk(store)
    keyring = Keyring(store)

    desk.do(adding_key(NewKey("demo", Role.VIEWER, "ann", "en"), "sb_1"))
    desk.do(adding_key(NewKey("demo", Role.VIEWER, "bob", "en"), "sb_2"))
    keyring.refresh()
    added = [keyring.find("sb_1"), keyring.find("sb_2")]

    desk.do(revoking_key(1))
    before = keyring.find("sb_1")
    keyring.refresh()
    desk.close()

    assert all(added)
    assert before is not None
    assert keyring.find("sb_1") is None
    assert keyring.find("sb_2") is not None


def test_a_refresh_without_news_changes_nothing(desk: Desk) -> None:
    desk.do(adding_key(NewKey("demo", Role.VIEWER, "ann", "en"), "sb_1"))
    keyring = Keyring(desk.store)
    before = keyring.find("sb_1")

    keyring.refresh()

    assert keyring.find("sb_1") is before


def test_the_first_key_opens_its_account_with_its_language(desk: Desk) -> None:
    desk.do(adding_key(NewKey("demo", Role.EDITOR, language="nl"), "sb_1"))
    desk.do(adding_key(NewKey("demo", Role.EDITOR, language="fr"), "sb_2"))

    keyring = Keyring(desk.store)

    assert [name for name in desk.facts() if not name.startswith("Catalog")] == [
        "AccountOpened",
        "CurrencyChosen",
        "KeyAdded",
        "KeyAdded",
    ]
    assert [keyring.find(t).language for t in ("sb_1", "sb_2")] == ["nl", "nl"]  # type: ignore[union-attr]
    assert [keyring.find(t).actor for t in ("sb_1", "sb_2")] == ["editor-1", "editor-2"]  # type: ignore[union-attr]


def test_the_first_key_opens_its_account_with_its_currency(desk: Desk) -> None:
    desk.do(adding_key(NewKey("demo", Role.SELLER, language="nl", currency="JPY"), "sb_1"))
    desk.do(adding_key(NewKey("demo", Role.SELLER, language="nl"), "sb_2"))
    desk.do(adding_key(NewKey("other", Role.SELLER, language="nl"), "sb_3"))
    with pytest.raises(Invalid, match="has JPY, for ever"):
        desk.do(adding_key(NewKey("demo", Role.SELLER, language="nl", currency="EUR"), "sb_4"))

    keyring = Keyring(desk.store)

    held = [keyring.find(token) for token in ("sb_1", "sb_2", "sb_3", "sb_4")]
    assert [principal and principal.currency for principal in held] == ["JPY", "JPY", "EUR", None]


def test_the_currency_of_an_account_is_found_by_its_number(desk: Desk) -> None:
    keyring = Keyring(desk.store)
    desk.do(adding_key(NewKey("demo", Role.SELLER, language="nl", currency="JPY"), "sb_1"))

    assert keyring.currency(account_number("demo")) == "JPY"
    assert keyring.currency(account_number("nobody's")) == "EUR"


def test_an_account_starts_with_a_catalog_once(desk: Desk) -> None:
    desk.do(adding_key(NewKey("demo", Role.ADMIN, language="en"), "sb_1"))
    starts = desk.facts()

    desk.do(opening_account("demo", "en", "EUR"))

    channel = load(desk.store, SalesChannel, SalesChannel.id_of(account_number("demo"), 1))
    assert channel.exists
    assert desk.facts() == starts


def test_a_key_of_the_same_name_is_refused(desk: Desk) -> None:
    desk.do(adding_key(NewKey("demo", Role.EDITOR, "ann", "en"), "sb_1"))

    with pytest.raises(Invalid):
        desk.do(adding_key(NewKey("demo", Role.VIEWER, "ann", "en"), "sb_2"))
    with pytest.raises(NotFound):
        desk.do(revoking_key(2))


def test_no_fact_knows_a_token(desk: Desk) -> None:
    token = new_token()
    desk.do(adding_key(NewKey("demo", Role.EDITOR, "ann", "en"), token))

    for recorded in desk.store.read(0, 10):
        said = {name: getattr(recorded.fact, name) for name in payload_fields(type(recorded.fact))}
        assert token.encode() not in to_json(said)


def test_tokens_are_long_and_all_different() -> None:
    tokens = {new_token() for _ in range(1_000)}

    assert len(tokens) == 1_000
    assert all(token.startswith("sb_") and len(token) == 46 for token in tokens)
