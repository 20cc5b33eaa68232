"""Keys: who may act for which account. Tokens are shown once and only their hashes are kept."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from application.group_commit import Work
from application.history import load
from application.ports import Store
from domain.base import State
from domain.registry import Registry, Role

REGISTRY_ID = Registry.id_of(0, 1)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling: the key's name is the actor in the facts."""

    account: int
    account_name: str
    language: str
    actor: str
    role: Role


class Keyring:
    """The keys in memory, refreshed from the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._registry = Registry(REGISTRY_ID)
        self._principals: dict[str, Principal] = {}
        self.refresh()

    def refresh(self) -> None:
        """Reads what was added or revoked since, here or in another process."""
        registry = self._registry
        if registry.version == 0:
            registry = self._registry = load(self._store, Registry, REGISTRY_ID)
        else:
            following = self._store.stream(REGISTRY_ID, after=registry.version)
            if not following:
                return
            for recorded in following:
                registry.apply(recorded.fact)
        accounts = registry.state.get("accounts", {})
        self._principals = {
            key["hash"]: Principal(
                key["account"],
                key["account_name"],
                accounts[str(key["account"])]["language"],
                key["name"],
                Role(key["role"]),
            )
            for key in registry.key_list()
            if key["revokedts"] is None
        }

    def every_key(self) -> list[dict[str, Any]]:
        """Every key there ever was, without its token."""
        return self._registry.key_list()

    def account(self, name: str) -> State | None:
        """The account of that name, if it is open."""
        return self._registry.account_named(name)

    def find(self, token: str) -> Principal | None:
        return self._principals.get(hash_of(token))


def hash_of(token: str) -> str:
    """A token is 256 random bits, so a plain hash cannot be turned back."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token() -> str:
    return f"sb_{secrets.token_urlsafe(32)}"


def adding_key(
    account: str, name: str | None, role: Role, language: str, token: str
) -> Callable[[Work], str]:
    """The command that adds a key, and opens its account when it is the first. Answers its name."""

    def decide(work: Work) -> str:
        registry = work.load_id(Registry, REGISTRY_ID)
        registry.open_account(account, language, work.by)
        key_name = name or f"{role}-{len(registry.key_list()) + 1}"
        registry.add_key(account, key_name, role, hash_of(token), work.by)
        return key_name

    return decide


def opening_account(name: str, language: str) -> Callable[[Work], None]:
    """The command that opens an account, unless it is open."""
    return lambda work: work.load_id(Registry, REGISTRY_ID).open_account(name, language, work.by)


def revoking_key(key_id: int) -> Callable[[Work], str]:
    """The command that revokes a key; at once here, within a second in other processes."""

    def decide(work: Work) -> str:
        work.load_id(Registry, REGISTRY_ID).revoke_key(key_id, work.by)
        return str(key_id)

    return decide
