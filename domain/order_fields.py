"""The fields of an order that a client sets."""

from typing import ClassVar

from domain.base import CustomizableFields
from domain.values import Reference, Timestamp, field


class OrderFields(CustomizableFields):
    """Unset means leave, null means clear."""

    READ_ONLY: ClassVar[frozenset[str]] = frozenset(
        {
            "id",
            "guid",
            "version",
            "status",
            "ended",
            "saleschannelid",
            "tickets",
            "holders",
            "totalamount",
            "amountpaid",
            "currency",
            "paymentstatus",
            "payments",
            "confirmedts",
            "splitfrom",
            "mergedinto",
            "createdts",
            "lastupdatets",
        }
    )

    customerid: Reference | None = field("Whose order it is: a contact", 17)
    deliveryscenarioid: Reference | None = field("How it is delivered", 2)
    paymentscenarioid: Reference | None = field("How it is to be paid", 3)
    rappelts: Timestamp | None = field(
        "When to remind of the payment; nothing happens by itself", "2026-11-28T20:00:00Z"
    )
    expiryts: Timestamp | None = field(
        "By when a confirmed order is to be paid; nothing lapses by it. An unconfirmed one is held "
        "as long as it is: it cannot be changed",
        "2026-12-05T20:00:00Z",
    )
