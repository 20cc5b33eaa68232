"""A webhook: somebody who wants to hear of one kind of change of one kind of thing.

What is signed with, and what the receiver knows it by, is told once: in the answer that makes it.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from domain.base import Aggregate, CommandMetadata, DomainEvent, Fields, State
from domain.errors import Invalid
from domain.ids import Kind, unpack
from domain.values import field
from domain.webhook_triggers import KIND_OF, known_resource, known_trigger

SCHEMES = ("http", "https")
PRINTABLE = re.compile(r"[!-~]+")
RANDOM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
HOST = re.compile(r"[A-Za-z0-9_.-]{1,253}|[0-9A-Fa-f:.]{2,45}")


def web_address(url: str) -> str:
    """An address that something can be posted to: http or https, no user, no fragment."""
    parts = urlsplit(url)
    if (
        not PRINTABLE.fullmatch(url)
        or "\\" in url
        or parts.scheme not in SCHEMES
        or not HOST.fullmatch(parts.hostname or "")
        or parts.port == 0
    ):
        message = "expected an http or https address in ASCII, such as https://example.com/hear"
        raise ValueError(message)
    if "@" in parts.netloc or "#" in url:
        message = "expected an address without user, password or fragment"
        raise ValueError(message)
    return url


def any_guid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        message = "expected a guid"
        raise ValueError(message) from None


Resource = Annotated[str, StringConstraints(max_length=50), AfterValidator(known_resource)]
Trigger = Annotated[str, StringConstraints(max_length=50), AfterValidator(known_trigger)]


class WebhookFields(Fields):
    """The writable fields. Unset means leave, null means clear."""

    READ_ONLY: ClassVar[frozenset[str]] = frozenset(
        {"id", "guid", "version", "createdts", "lastupdatets"}
    )
    REQUIRED: ClassVar[tuple[str, ...]] = ("name", "url", "resource", "trigger")

    name: Annotated[str, Field(min_length=1, max_length=255)] | None = field(
        "Name; required at creation", "Mirror"
    )
    url: Annotated[str, StringConstraints(max_length=2_000), AfterValidator(web_address)] | None = (
        field("Where changes are posted to; required at creation", "https://example.com/hear")
    )
    resource: Resource | None = field("What it hears of; required at creation", "event")
    trigger: Trigger | None = field("Which changes it hears; required at creation", "update")
    retries: Annotated[int, Field(ge=0, le=15)] | None = field(
        "How often a delivery is tried, each wait twice as long as the one before", 3, cleared=3
    )
    identifier: (
        Annotated[str, StringConstraints(max_length=64), AfterValidator(any_guid)] | None
    ) = field("The one thing that it hears of; null = all", "d6e21286-621a-8003-8000-000000000001")
    enabled: bool | None = field("Whether it hears anything", True, cleared=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookCreated(DomainEvent, topic="webhook.created"):
    """Deliveries are signed with the secret and carry the nonce. Both are shown to nobody."""

    SECRET: ClassVar[frozenset[str]] = frozenset({"nonce", "secret"})
    number: int
    nonce: str
    secret: str
    fields: State


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChanged(DomainEvent, topic="webhook.changed"):
    changed: State


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDeleted(DomainEvent, topic="webhook.deleted"):
    pass


class Webhook(Aggregate):
    KIND = Kind.WEBHOOK

    @staticmethod
    def evolve(state: State, fact: DomainEvent) -> None:
        state["lastupdatets"] = fact.time
        match fact:
            case WebhookCreated():
                state.update(WebhookFields.defaults())
                state.update(fact.fields)
                state.update(number=fact.number, nonce=fact.nonce, secret=fact.secret)
                state["createdts"] = fact.time
            case WebhookChanged():
                state.update(fact.changed)
            case WebhookDeleted():
                state["deleted"] = True

    def create(
        self, fields: WebhookFields, nonce: str, secret: str, metadata: CommandMetadata
    ) -> None:
        patch = fields.patch()
        for name in fields.REQUIRED:
            if patch.get(name) is None:
                raise Invalid(name, "required at creation")
        self._check_identifier(patch)
        self.trigger(
            WebhookCreated, metadata, number=self.number, nonce=nonce, secret=secret, fields=patch
        )

    def change(self, fields: WebhookFields, metadata: CommandMetadata) -> None:
        changed = self.differing(fields.patch(), WebhookFields.defaults())
        for name in fields.REQUIRED:
            if name in changed and changed[name] is None:
                raise Invalid(name, "cannot be cleared")
        self._check_identifier(self.state | changed)
        if changed:
            self.trigger(WebhookChanged, metadata, changed=changed)

    def delete(self, metadata: CommandMetadata) -> None:
        self.trigger(WebhookDeleted, metadata)

    def _check_identifier(self, fields: dict[str, Any]) -> None:
        """It is of this account, and of the kind that is heard of."""
        identifier, kind = fields.get("identifier"), KIND_OF[fields["resource"]]
        if identifier is None or kind is None:
            return
        try:
            of = unpack(UUID(identifier))
        except ValueError:
            of = None
        if kind == Kind.ORDER and of is None and RANDOM.fullmatch(identifier):
            return  # an order's guid says neither its account nor its number
        if of is None or (of.account, of.kind) != (self.account, kind):
            what = fields["resource"]
            raise Invalid("identifier", f"expected the guid of a thing of this account: {what}")
