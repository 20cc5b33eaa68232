"""Whether an order's buyer may order on its sales channel: asked whenever one is confirmed, on any
surface, and whenever the buyer of a confirmed one changes."""

import secrets

from application.unit_of_work import UnitOfWork
from domain.buyers import Buyers, check_buyer
from domain.catalog import SalesChannel
from domain.contact import Contact
from domain.errors import BuyerRefused
from domain.order import Order


def admit_buyer(work: UnitOfWork, order: Order, customer: int | None) -> None:
    """Refuses a buyer whom the channel's rules keep out, and remembers one who is let in where an
    address orders once."""
    email = work.load(Contact, customer).state.get("email") if customer else None
    require_admitted(work, order, email)
    channel = work.load(SalesChannel, order.state["saleschannelid"])
    if email and channel.value("email_must_be_unique"):
        buyers = work.load(Buyers, channel.number)
        buyers.record(email, order.number, secrets.token_hex(16), work.metadata)


def require_admitted(work: UnitOfWork, order: Order, email: str | None) -> None:
    """Refuses a buyer whom the rules keep out. One order an address: from when the rule was set,
    and while that order stands."""
    channel = work.load(SalesChannel, order.state["saleschannelid"])
    check_buyer(channel.state, email)
    if not email or not channel.value("email_must_be_unique"):
        return
    other = work.load(Buyers, channel.number).order_of(email)
    if other not in (None, order.number) and work.load(Order, other).confirmed:
        message = f"the e-mail address has ordered on sales channel {channel.number} already"
        raise BuyerRefused(message, saleschannelid=channel.number, rule="email_must_be_unique")
