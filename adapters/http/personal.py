"""What is personal, and whom it is shown to: those who sell."""

from collections.abc import Iterable
from typing import Any

from pydantic_core import from_json, to_json

from adapters.http.auth import ROLE_PERMISSIONS, Permission
from adapters.http.v1.order_documents import OrderDocument
from application.keyring import Principal
from domain.contact import ContactFields
from domain.differences import Difference
from domain.ids import Kind
from domain.outside import Outside, personal_fields, shown, withheld
from domain.taking import HoldersBody
from domain.ticket_fields import TicketsPatch

OF_TICKETS = personal_fields(HoldersBody) | personal_fields(TicketsPatch)
OF_CONTACTS = personal_fields(ContactFields)


def knows(principal: Principal) -> bool:
    """Whether the caller may know who buys."""
    return Permission.PERSONAL in ROLE_PERMISSIONS[principal.role]


def outside(principal: Principal) -> Outside:
    """How values are shown to the caller."""
    return Outside(principal.currency, knows(principal))


def order_shown(document: dict[str, Any], principal: Principal) -> dict[str, Any]:
    """An order's document as the caller may see it."""
    return document if knows(principal) else shown(OrderDocument, document, outside(principal))


def order_body(body: bytes, principal: Principal) -> bytes:
    """The same, of a stored one."""
    return body if knows(principal) else to_json(order_shown(from_json(body), principal))


def differences_shown(
    changes: Iterable[Difference], kind: Kind, principal: Principal
) -> list[dict[str, Any]]:
    """Differences as the caller may see them: that a name changed, but not from what to what."""
    if knows(principal):
        return [change._asdict() for change in changes]
    names = OF_CONTACTS if kind == Kind.CONTACT else OF_TICKETS
    return [_withheld(change, names, custom=kind == Kind.CONTACT) for change in changes]


def _withheld(change: Difference, names: frozenset[str], *, custom: bool) -> dict[str, Any]:
    def secret(name: str) -> bool:
        return name in names or (custom and name.startswith("c_"))

    def show(value: Any) -> Any:
        if isinstance(value, dict):
            return {n: withheld(v) if secret(n) else show(v) for n, v in value.items()}
        return [show(one) for one in value] if isinstance(value, list) else value

    hide = any(map(secret, change.path.split(".")))
    before, after = (withheld(v) if hide else show(v) for v in (change.before, change.after))
    return {"path": change.path, "before": before, "after": after}
