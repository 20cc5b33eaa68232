"""Every refusal, one class a reason.

Refusal                     a command was understood and is not allowed; nothing was recorded
├── NotFound                no such thing in this account, or it was deleted
├── VersionMismatch         the caller decided on an older version than today's
├── Conflict                other writers kept changing the same things; try again
├── Invalid                 a value that only the rules can judge; names the field
│   └── UnknownLocation     `locationid` names no Location of this account
├── LocationInUse           it hosts Events that are not deleted
├── EventClosed             a closed Event refuses edits
├── WrongStatus             that status cannot follow this one
├── NotPublishable          something that buyers need is missing
├── EventActive             an Active Event cannot be deleted
├── TooManyDates            the limit of dates on one Event
├── KeyReused               the same Idempotency-Key with another request
├── AccountNotEmpty         an import would mix two books
└── NameTaken               another account already has this number
"""

from typing import Any, ClassVar


class Refusal(Exception):  # noqa: N818 - it is the domain's word; not every refusal is an error
    """A command that is not allowed. `details` are machine-readable and part of the answer."""

    title: ClassVar[str] = "Refused"

    def __init__(self, detail: str, **details: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.details = details


class NotFound(Refusal):
    title = "Not found"


class VersionMismatch(Refusal):
    title = "The version has moved on"


class Conflict(Refusal):
    title = "Too many writers at once"


class Invalid(Refusal):
    title = "Invalid value"

    def __init__(self, path: str, expected: str) -> None:
        super().__init__(f"{path}: {expected}", errors=[{"path": path, "message": expected}])


class UnknownLocation(Invalid):
    title = "No such Location"


class LocationInUse(Refusal):
    title = "The Location hosts Events"


class EventClosed(Refusal):
    title = "The Event is closed"


class WrongStatus(Refusal):
    title = "That status cannot follow this one"


class NotPublishable(Refusal):
    title = "The Event is not complete"


class EventActive(Refusal):
    title = "The Event is Active"


class TooManyDates(Refusal):
    title = "Too many dates"


class KeyReused(Refusal):
    title = "The Idempotency-Key was used for another request"


class AccountNotEmpty(Refusal):
    title = "The account is not empty"


class NameTaken(Refusal):
    title = "The name is taken"
