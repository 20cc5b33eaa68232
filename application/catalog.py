"""Commands on the catalog. Each returns the aggregate it changed."""

import secrets
from typing import Any, TypeVar

from application.unit_of_work import UnitOfWork
from application.usage import require_unused
from domain.catalog import CATALOG, STARTING, PriceListFields, SalesChannel
from domain.catalog_item import CatalogFields, CatalogItem
from domain.custom_fields import CustomField
from domain.custom_keys import CustomKeys
from domain.errors import Invalid
from domain.prices import check_digits
from domain.tracker import Tracker

C = TypeVar("C", bound=CatalogItem)


def create_item(work: UnitOfWork, cls: type[C], fields: CatalogFields) -> C:
    opening = cls if cls.STARTING else SalesChannel
    item(work, opening, 1)  # opened first: numbers of its own come behind the starting ones
    _check_prices(work, fields)
    _check_references(work, cls, fields)
    made = work.new(cls)
    made.create(fields, work.metadata, **_sets(cls))
    if isinstance(made, CustomField):
        keys = work.load(CustomKeys, made.state["typeid"])
        keys.take(made.state["key"], made.number, work.metadata)
    return made


def _sets(cls: type[CatalogItem]) -> dict[str, Any]:
    """What comes with the command: a tracker's code, which nobody can guess."""
    return {"code": secrets.token_hex(8)} if cls is Tracker else {}


def change_item(
    work: UnitOfWork, cls: type[C], number: int, fields: CatalogFields, version: int | None = None
) -> C:
    changed = item(work, cls, number)
    _check_prices(work, fields)
    _check_references(work, cls, fields)
    changed.require(version).change(fields, work.metadata)
    return changed


def follow_tracker(work: UnitOfWork, number: int) -> Tracker:
    """Counts one more who followed its link."""
    tracker = item(work, Tracker, number).require()
    tracker.follow(work.metadata)
    return tracker


def archive_item(
    work: UnitOfWork, cls: type[C], number: int, *, archived: bool, version: int | None = None
) -> C:
    """Archives it, or restores it."""
    changed = item(work, cls, number)
    changed.require(version)
    if archived:
        require_unused(work, changed)
        changed.archive(work.metadata)
    else:
        changed.restore(work.metadata)
    return changed


def _check_prices(work: UnitOfWork, fields: CatalogFields) -> None:
    """Refuses a price list with more digits than the account's currency has."""
    if isinstance(fields, PriceListFields):
        check_digits(fields.patch().get("prices"), work.currency, "prices")


def _check_references(work: UnitOfWork, cls: type[CatalogItem], fields: CatalogFields) -> None:
    """Refuses to name what is not there."""
    for name, kind in cls.REFERS.items():
        number = getattr(fields, name)
        if number is not None and not item(work, CATALOG[kind], number).exists:
            raise Invalid(name, f"there is no {kind.title.lower()} {number}")


def item(work: UnitOfWork, cls: type[C], number: int) -> C:
    """The thing of that number, version 0 if there is none."""
    found = work.load(cls, number)
    if found.version == 0 and number in STARTING.get(cls, ()):
        open_catalog(work)
    return found


def open_catalog(work: UnitOfWork, account: int | None = None) -> None:
    """What every account starts with, where it is not there yet."""
    owner = work.account if account is None else account
    starting = [
        work.load_id(cls, cls.id_of(owner, number))
        for cls, numbers in STARTING.items()
        for number in numbers
    ]
    if any(one.version == 0 for one in starting):
        highest = {int(cls.KIND): max(numbers) for cls, numbers in STARTING.items()}
        work.store.reserve_numbers(owner, highest)
        for one in starting:
            one.open(work.metadata)
