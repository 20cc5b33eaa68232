"""Who is calling and what they may do: `Authorization: Bearer TOKEN`, one role a key."""

from enum import Flag, auto

from fastapi import Request

from adapters.bootstrap import Stagebook
from adapters.http.errors import Forbidden, Unauthorized
from application.keyring import Principal
from domain.registry import Role

WHO = "stagebook.who"
"""Where a request's scope has its caller, for the lines of the log."""


class May(Flag):
    """What a route needs."""

    READ = auto()
    COMMAND = auto()
    SELL = auto()
    REVIEW = auto()
    """The past of what may be edited: Events, Locations, the catalog."""
    AUDIT = auto()
    """Any past, and the changes of the whole account."""
    ADMINISTER = auto()


GRANTED = {
    Role.VIEWER: May.READ,
    Role.SELLER: May.READ | May.SELL,
    Role.EDITOR: May.READ | May.COMMAND | May.SELL | May.REVIEW,
    Role.AUDITOR: May.READ | May.REVIEW | May.AUDIT,
    Role.ADMIN: May.READ | May.COMMAND | May.SELL | May.REVIEW | May.AUDIT | May.ADMINISTER,
}


def stagebook(request: Request) -> Stagebook:
    made: Stagebook = request.app.state.stagebook
    return made


def allowed(request: Request, need: May) -> Principal:
    """The caller, or a refusal: 401 without a valid token, 403 for the wrong role."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    principal = None
    if scheme.lower() == "bearer" and token:
        principal = stagebook(request).keyring.find(token.strip())
    request.scope[WHO] = principal
    if principal is None:
        raise Unauthorized("send a valid token: Authorization: Bearer TOKEN")
    if need not in GRANTED[principal.role]:
        message = f"the role {principal.role} does not include {need.name or need}"
        raise Forbidden(message.lower(), role=principal.role)
    return principal
