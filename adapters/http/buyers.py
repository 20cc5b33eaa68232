"""Orders by who bought them and by their tickets' barcodes: what a customer on the telephone knows
of an order."""

from dataclasses import replace
from uuid import UUID

from fastapi import Request

from adapters.bootstrap import CATALOG, ORDERS
from adapters.http import reads
from adapters.http.auth import ROLE_PERMISSIONS, Permission, stagebook
from adapters.http.body import check_text
from adapters.views.select import Select
from application.keyring import Principal
from domain.ids import Kind, unpack
from domain.values import MAX_ID
from projections.catalog_documents import email_term
from projections.order_barcodes import barcode_term
from projections.texts import words

MOST = 1_000
"""Contacts whose orders are looked for: a word that more of them have tells nobody apart."""


async def called(
    request: Request, principal: Principal, orders: Select, name: str, term: str
) -> Select:
    """The order of that number, the one that holds the ticket with that barcode, or the orders
    whose buyer or a ticket's holder is called so, as the parameter `name` asks; without the right
    to sell nothing is found but by a number."""
    check_text(name, term)
    if term.isascii() and term.isdigit():
        return replace(orders, where=(*orders.where, ("number", "=", min(int(term[:20]), MAX_ID))))
    if Permission.SELL not in ROLE_PERMISSIONS[principal.role]:
        return replace(orders, where=(*orders.where, ("number", "in", ())))
    if await _is_barcode(request, principal, term):
        return ticketed(orders, term, name)
    prefixes = words(term)
    if not prefixes:
        return orders
    contacts = await _contacts(request, Select(principal.account, prefixes=prefixes))
    return replace(orders, prefixes=prefixes, or_in=("customerid", contacts))


async def addressed(request: Request, principal: Principal, orders: Select, email: str) -> Select:
    """The orders of the buyers with that e-mail address."""
    check_text("email", email)
    contacts = await _contacts(request, Select(principal.account, exact=(email_term(email),)))
    return replace(orders, where=(*orders.where, ("customerid", "in", contacts)))


def ticketed(orders: Select, code: str, name: str = "barcode") -> Select:
    """The order that holds the ticket with that barcode, as the parameter `name` asks."""
    check_text(name, code)
    return replace(orders, exact=(*orders.exact, barcode_term(code)))


async def _is_barcode(request: Request, principal: Principal, code: str) -> bool:
    """Whether an order of the account holds a ticket with that barcode."""
    await reads.seen(request, ORDERS)
    view = stagebook(request).view(ORDERS)
    return bool(await reads.blocking(view.keys_with, barcode_term(code), principal.account))


async def _contacts(request: Request, named: Select) -> tuple[int, ...]:
    """The numbers of the contacts, archived ones included."""
    await reads.seen(request, CATALOG)
    where = (("kind", "=", int(Kind.CONTACT)),)
    select = replace(named, where=where, limit=MOST, counted=False)
    page = await reads.blocking(stagebook(request).view(CATALOG).page, select)
    return tuple(unpack(UUID(bytes=key)).number for key in page.keys)
