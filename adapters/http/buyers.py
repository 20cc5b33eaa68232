"""Orders by who bought them: what a customer on the telephone knows of an order."""

from dataclasses import replace
from uuid import UUID

from fastapi import Request

from adapters.bootstrap import CATALOG
from adapters.http import reads
from adapters.http.auth import GRANTED, May, stagebook
from adapters.http.body import check_text
from adapters.views.select import Select
from application.keyring import Principal
from domain.ids import Kind, unpack
from domain.values import MAX_ID
from projections.catalog_documents import email_term
from projections.texts import words

MOST = 1_000
"""Contacts whose orders are looked for: a word that more of them have tells nobody apart."""


async def called(request: Request, who: Principal, orders: Select, name: str, term: str) -> Select:
    """The order of that number, or the orders whose buyer or a ticket's holder is called so, as
    the parameter `name` asks; without the right to sell nobody is found by a name."""
    check_text(name, term)
    if term.isascii() and term.isdigit():
        return replace(orders, where=(*orders.where, ("number", "=", min(int(term[:20]), MAX_ID))))
    if May.SELL not in GRANTED[who.role]:
        return replace(orders, where=(*orders.where, ("number", "in", ())))
    prefixes = words(term)
    if not prefixes:
        return orders
    contacts = await _contacts(request, Select(who.account, prefixes=prefixes))
    return replace(orders, prefixes=prefixes, or_in=("customerid", contacts))


async def addressed(request: Request, who: Principal, orders: Select, email: str) -> Select:
    """The orders of the buyers with that e-mail address."""
    check_text("email", email)
    contacts = await _contacts(request, Select(who.account, exact=(email_term(email),)))
    return replace(orders, where=(*orders.where, ("customerid", "in", contacts)))


async def _contacts(request: Request, named: Select) -> tuple[int, ...]:
    """The numbers of the contacts, archived ones included."""
    await reads.seen(request, CATALOG)
    where = (("kind", "=", int(Kind.CONTACT)),)
    select = replace(named, where=where, limit=MOST, counted=False)
    page = await reads.blocking(stagebook(request).view(CATALOG).page, select)
    return tuple(unpack(UUID(bytes=key)).number for key in page.keys)
