"""Who is calling and what they may do: `Authorization: Bearer TOKEN`, one role a key."""

from enum import Flag, auto

from fastapi import Request

from adapters.bootstrap import Stagebook
from adapters.http.errors import Forbidden, Unauthorized
from adapters.http.headers import header
from adapters.http.readers import PAYER
from application.keyring import Principal
from domain.registry import Role

WHO = "stagebook.who"
"""Where a request's scope has its caller, for the lines of the log."""
BEARER = "stagebook.bearer"
"""Where it has whom the token stands for, once that was looked up."""

HOW = "send Authorization: Bearer TOKEN"


class Permission(Flag):
    """What a route needs."""

    READ = auto()
    COMMAND = auto()
    SELL = auto()
    REVIEW = auto()
    """The past of what may be edited: Events, Locations, the catalog."""
    PERSONAL = auto()
    """To know who buys: contacts, names, barcodes."""
    AUDIT = auto()
    """Any past, and the changes of the whole account."""
    ADMINISTER = auto()
    MONITOR = auto()
    """How far the views are, and the parked documents of the own account."""
    OPERATE = auto()
    """What concerns the whole store: rebuilds, and the parked documents of every account."""


ROLE_PERMISSIONS = {
    Role.VIEWER: Permission.READ,
    Role.SELLER: Permission.READ | Permission.SELL | Permission.PERSONAL,
    Role.EDITOR: Permission.READ
    | Permission.COMMAND
    | Permission.SELL
    | Permission.REVIEW
    | Permission.PERSONAL,
    Role.AUDITOR: Permission.READ | Permission.REVIEW | Permission.AUDIT | Permission.MONITOR,
    Role.ADMIN: ~Permission.OPERATE,
    Role.OPERATOR: Permission.MONITOR | Permission.OPERATE,
}


DATA: dict[str, Permission] = {
    "Documents of Events, Locations, catalog and orders; availability, tickets": Permission.READ,
    "What is personal: contacts, names on tickets and of buyers, barcodes": Permission.PERSONAL,
    "History, as-of, difference and series of Events, Locations, catalog": Permission.REVIEW,
    "History, as-of and difference of orders; the account's changes; webhooks": Permission.AUDIT,
    "History and as-of of contacts, with what is personal": Permission.AUDIT | Permission.PERSONAL,
    "The secrets of a webhook, once, when it is made": Permission.ADMINISTER,
    "How far the views are; which documents of the account are parked": Permission.MONITOR,
    "Parked documents of every account": Permission.OPERATE,
}
"""What there is to see, and what seeing it needs. What is personal is withheld from the others."""


def stagebook(request: Request) -> Stagebook:
    made: Stagebook = request.app.state.stagebook
    return made


def authorize(request: Request, need: Permission) -> Principal:
    """The caller, or a refusal: 401 without a valid token, 403 for the wrong role."""
    if known := request.scope.get(BEARER):
        return granted(known, need)
    return still_authorized(request, need)


def still_authorized(request: Request, need: Permission) -> Principal:
    """The same, though the key was revoked since the request began: for what lasts."""
    sent = header(request, b"authorization") or ""
    scheme, _, token = sent.partition(" ")
    token = token.strip() if scheme.lower() == "bearer" else ""
    principal = stagebook(request).keyring.find(token) if token else None
    if principal is None:
        request.scope[WHO] = None
        raise unknown(request, sent, token)
    request.scope[BEARER] = principal
    return granted(identified(request, principal), need)


def identified(request: Request, principal: Principal) -> Principal:
    """Notes the caller, whose account pays for what the request reads, and counts the request."""
    request.scope[WHO] = principal
    PAYER.set(principal.account)
    request.app.state.rates.meet(request, principal)
    return principal


def granted(principal: Principal, need: Permission) -> Principal:
    """The caller, if the role includes what is needed; the refusal says which roles do."""
    if need not in ROLE_PERMISSIONS[principal.role]:
        what = str(need.name or need).lower()
        *others, last = [role for role, may in ROLE_PERMISSIONS.items() if need in may]
        those = f"{', '.join(others)} and {last} do" if others else f"{last} does"
        message = f"the role {principal.role} does not include {what}: {those}"
        raise Forbidden(message, role=principal.role)
    return principal


def unknown(request: Request, sent: str, token: str) -> Unauthorized:
    """Why a caller is not known: nothing was sent, no token of ours, one that was revoked."""
    if not sent.strip():
        return Unauthorized(f"there is no Authorization header: {HOW}")
    if not token:
        return Unauthorized(f"the Authorization header has no token: {HOW}")
    if stagebook(request).keyring.was_revoked(token):
        return Unauthorized("this key was revoked")
    return Unauthorized(f"this token is not known here: {HOW}")
