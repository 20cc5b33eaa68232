"""Keys: who may act for which accounts. Tokens are shown once and only their hashes are kept; the
secrets of signing keys are kept sealed, for a signature is checked with the secret itself."""

import hashlib
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from application.as_of import replay
from application.catalog import open_catalog
from application.ports import Store
from application.unit_of_work import UnitOfWork
from domain.base import State
from domain.errors import Invalid
from domain.ids import account_number
from domain.money import DEFAULT_CURRENCY
from domain.registry import Registry, Role

REGISTRY_ID = Registry.id_of(0, 1)
LEAST_SECRET, LEAST_LETTERS = 16, 6
"""What a secret of a signing key that is brought along has at least."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling: the key's name is the actor in the facts."""

    account: int
    account_name: str
    language: str
    currency: str
    timezone: str
    actor: str
    role: Role
    key: int


@dataclass(frozen=True, slots=True)
class SigningKey:
    """What signatures are checked with, and whom it stands for by account."""

    secret: bytes
    principals: dict[int, Principal]


class Keyring:
    """The keys in memory, refreshed from the store. `unseal` opens the secret of a signing key, or
    answers None: then the key is not to be used here."""

    def __init__(
        self, store: Store, unseal: Callable[[str, str], str | None] | None = None
    ) -> None:
        self._store = store
        self._unseal = unseal or (lambda _accesskey, _sealed: None)
        self._registry = Registry(REGISTRY_ID)
        self._principals: dict[str, dict[int, Principal]] = {}
        self._signing: dict[str, SigningKey] = {}
        self._keys: list[dict[str, Any]] = []
        self._refreshing = threading.Lock()
        self._revoked: frozenset[str] = frozenset()
        self.refresh()

    def refresh(self) -> None:
        """Reads what was added or revoked since, here or in another process."""
        with self._refreshing:
            self._refresh()

    def _refresh(self) -> None:
        registry = self._registry
        if registry.version == 0:
            registry = self._registry = replay(self._store, Registry, REGISTRY_ID)
        else:
            following = self._store.stream(REGISTRY_ID, after=registry.version)
            if not following:
                return
            for recorded in following:
                registry.apply(recorded.fact)
        self._keys = registry.key_list()
        valid = [key for key in self._keys if key["revokedts"] is None]
        self._revoked = frozenset(
            secret
            for key in self._keys
            if key["revokedts"] and (secret := key.get("hash") or key.get("accesskey"))
        )
        self._principals = {
            k["hash"]: acting for k in valid if "hash" in k and (acting := self._acting(k))
        }
        self._signing = {
            key["accesskey"]: SigningKey(secret.encode(), self._acting(key))
            for key in valid
            if "sealed" in key and (secret := self._unseal(key["accesskey"], key["sealed"]))
        }

    def _acting(self, key: State) -> dict[int, Principal]:
        """Whom a key stands for in each of its accounts, its own first."""
        roles = {key["account"]: key["role"]}
        roles |= {int(number): role for number, role in key.get("granted", {}).items()}
        return {
            number: Principal(
                number,
                account["name"],
                account["language"],
                account["currency"],
                account["timezone"],
                key["name"],
                Role(role),
                key["id"],
            )
            for number, role in roles.items()
            if (account := self._registry.opened(number))
        }

    def every_key(self) -> list[dict[str, Any]]:
        """Every key there ever was, without its token."""
        return self._keys

    def every_account(self) -> list[State]:
        """Every account that is open, in the order in which they were opened."""
        numbers = [*self._registry.state.get("accounts", {})]  # another thread may open one more
        return [held for number in numbers if (held := self._registry.opened(int(number)))]

    def account(self, name: str) -> State | None:
        """The account of that name, if it is open."""
        return self._registry.opened(account_number(name))

    def opened(self, account: int) -> State | None:
        """The account of that number, if it is open."""
        if self._registry.opened(account) is None:
            self.refresh()
        return self._registry.opened(account)

    def visitor(self, account: int, actor: str) -> Principal | None:
        """Somebody without a key, as one who may buy from an account that is open."""
        held = self._registry.opened(account)
        if held is None:
            return None
        return Principal(
            account,
            held["name"],
            held["language"],
            held["currency"],
            held["timezone"],
            actor,
            Role.SELLER,
            key=0,
        )

    def currency(self, account: int) -> str:
        """What the account's money is in."""
        held = self.opened(account)
        return held["currency"] if held else DEFAULT_CURRENCY

    def find(self, token: str) -> Principal | None:
        """Whom a token stands for in its own account."""
        held = self._principals.get(hash_of(token))
        return next(iter(held.values())) if held else None

    def was_revoked(self, token: str) -> bool:
        """Whether it is the token, or the access key, of a key that was revoked."""
        return hash_of(token) in self._revoked or token in self._revoked

    def everywhere(self, token: str) -> list[Principal]:
        """Whom a token stands for in each of its accounts, its own first."""
        return list(self._principals.get(hash_of(token), {}).values())

    def signing(self, accesskey: str) -> SigningKey | None:
        return self._signing.get(accesskey)


def hash_of(token: str) -> str:
    """A token is 256 random bits, so a plain hash cannot be turned back."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token() -> str:
    return f"sb_{secrets.token_urlsafe(32)}"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key to add: to which account, in which role; without a name it is given one.

    The account is opened with the first one. Without a currency or a time zone it has the usual
    ones then, and keeps its own later."""

    account: str
    role: Role
    name: str | None = None
    language: str = "en"
    currency: str | None = None
    timezone: str | None = None

    def prepare(self, work: UnitOfWork) -> tuple[Registry, str]:
        """The registry with the account opened, and the key's name."""
        registry = work.load_id(Registry, REGISTRY_ID)
        held = registry.opened(account_number(self.account)) or {"currency": DEFAULT_CURRENCY}
        currency = self.currency or held["currency"]
        opening_account(self.account, self.language, currency, self.timezone)(work)
        keys = registry.key_list()
        work.require_keys(
            sum(k["account"] == account_number(self.account) and not k["revokedts"] for k in keys)
        )
        if self.name is not None:
            return registry, self.name
        return registry, f"{self.role}-{len(keys) + 1}"


def new_access_key() -> str:
    return secrets.token_hex(10)


def adding_key(key: NewKey, token: str) -> Callable[[UnitOfWork], str]:
    """The command that adds a key by its token. Answers its name."""

    def decide(work: UnitOfWork) -> str:
        registry, name = key.prepare(work)
        registry.add_key(key.account, name, key.role, hash_of(token), work.metadata)
        return name

    return decide


def adding_signing_key(key: NewKey, accesskey: str, sealed: str) -> Callable[[UnitOfWork], str]:
    """The command that adds a key that signs. Answers its name."""

    def decide(work: UnitOfWork) -> str:
        registry, name = key.prepare(work)
        registry.add_signing_key(key.account, name, key.role, accesskey, sealed, work.metadata)
        return name

    return decide


def granting_key(key_id: int, account: str, role: Role) -> Callable[[UnitOfWork], str]:
    """The command that lets a key act for one more account."""

    def decide(work: UnitOfWork) -> str:
        work.load_id(Registry, REGISTRY_ID).grant_key(key_id, account, role, work.metadata)
        return str(key_id)

    return decide


def opening_account(
    name: str, language: str, currency: str, timezone: str | None = None
) -> Callable[[UnitOfWork], None]:
    """The command that opens an account with its starting catalog, unless it is open."""

    def decide(work: UnitOfWork) -> None:
        registry = work.load_id(Registry, REGISTRY_ID)
        registry.open_account(name, language, currency, work.metadata)
        if timezone:
            registry.choose_timezone(name, timezone, work.metadata)
        open_catalog(work, account_number(name))

    return decide


def revoking_key(key_id: int) -> Callable[[UnitOfWork], str]:
    """The command that revokes a key; at once here, within a second in other processes."""

    def decide(work: UnitOfWork) -> str:
        work.load_id(Registry, REGISTRY_ID).revoke_key(key_id, work.metadata)
        return str(key_id)

    return decide


def check_secret(secret: str) -> None:
    """Whether a secret that was brought along is hard to guess."""
    if len(secret) < LEAST_SECRET or len(set(secret)) < LEAST_LETTERS:
        message = f"expected at least {LEAST_SECRET} characters, {LEAST_LETTERS} of them different"
        raise Invalid("secret-key", message)
