"""Every refusal, one class a reason.

Refusal                     a command was understood and is not allowed; nothing was recorded
├── NotFound                no such thing in this account, or it was deleted
├── VersionMismatch         the caller decided on an older version than today's
├── FactUnknown             one of its facts cannot be read here: a newer version recorded it
├── Conflict                other writers kept changing the same things; try again
├── Invalid                 a value that only the rules can judge; names the field
│   └── UnknownLocation     `locationid` names no Location of this account
├── LocationInUse           it hosts Events that are not deleted
├── CatalogItemInUse        Active Events sell by it
├── EventClosed             a closed Event refuses edits
├── WrongStatus             that status cannot follow this one
├── NotPublishable          something that buyers need is missing
├── EventActive             an Active Event cannot be deleted
├── TooManyDates            the limit of dates on one Event
├── TicketsInUse            fewer tickets than are locked or held by orders; says how many are
├── DateInUse               a contingent is valid on that date
├── EventHasTickets         orders hold tickets of it, so it cannot be deleted
├── UnpaidOrders            an Event with unpaid orders cannot be closed
├── SoldOut                 a limit has no room for so many tickets; says which, and what is left
├── TicketNotFree           that very ticket is locked, or somebody has it
├── NotOnSale               not Active, not on that channel, or not now; says from and until when
├── PriceNotOffered         not at that price: not on that channel, or a condition is not met
├── BasketLimit             more tickets than one order may have, or fewer than it needs
├── OrderEnded              it lapsed or was cancelled
├── OrderNotConfirmed       money is taken for confirmed orders only
├── OrderEmpty              there is nothing to confirm
├── RefundTooLarge          more than was paid
├── NotAdmitted             a ticket may not go through that door; says which, and why
├── KeyReused               the same Idempotency-Key with another request
├── AccountNotEmpty         an import would mix two books
├── NameTaken               another account already has this number
├── Quota                   the account has as much as it may have; names limit and setting
└── TooBusy                 so much is being asked at once that this would wait too long
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


class FactUnknown(Refusal):
    title = "A fact of it is unknown to this version"


class Conflict(Refusal):
    title = "Too many writers at once"


class Invalid(Refusal):
    title = "Invalid value"

    def __init__(self, path: str, expected: str) -> None:
        super().__init__(f"{path}: {expected}", errors=[{"path": path, "message": expected}])

    def within(self, path: str) -> "Invalid":
        """The same, of a part of the body."""
        errors = self.details["errors"]
        return Invalid.several([{**e, "path": f"{path}.{e['path']}"} for e in errors])

    @classmethod
    def several(cls, errors: list[dict[str, str]]) -> "Invalid":
        """All bad fields at once, each with `path` and `message`; at least one."""
        made = cls(errors[0]["path"], errors[0]["message"])
        made.detail = "; ".join(f"{e['path']}: {e['message']}" for e in errors)[:2_000]
        made.details = {"errors": errors}
        return made


class UnknownLocation(Invalid):
    title = "No such Location"


class LocationInUse(Refusal):
    title = "The Location hosts Events"


class CatalogItemInUse(Refusal):
    title = "Active Events use it"


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


class TicketsInUse(Refusal):
    title = "The tickets are in use"


class DateInUse(Refusal):
    title = "A contingent is valid on the date"


class EventHasTickets(Refusal):
    title = "Orders hold tickets of the Event"


class UnpaidOrders(Refusal):
    title = "The Event has unpaid orders"


class SoldOut(Refusal):
    title = "Sold out"


class TicketNotFree(Refusal):
    title = "The ticket is not free"


class NotOnSale(Refusal):
    title = "Not on sale"


class PriceNotOffered(Refusal):
    title = "Not for sale at that price"


class BasketLimit(Refusal):
    title = "Too many tickets in one order, or too few"


class OrderEnded(Refusal):
    title = "The order has ended"


class OrderNotConfirmed(Refusal):
    title = "The order is not confirmed"


class BuyerRefused(Refusal):
    title = "The buyer may not order on this sales channel"


class OrderEmpty(Refusal):
    title = "The order has no tickets"


class RefundTooLarge(Refusal):
    title = "The refund is more than was paid"


class NotAdmitted(Refusal):
    title = "The ticket may not pass"


class KeyReused(Refusal):
    title = "The Idempotency-Key was used for another request"


class AccountNotEmpty(Refusal):
    title = "The account is not empty"


class NameTaken(Refusal):
    title = "The name is taken"


class Quota(Refusal):
    title = "A quota of the account is reached"


class TooBusy(Refusal):
    title = "Too much is asked at once"
