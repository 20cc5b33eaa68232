"""The demo account: a Location, the complete example Event with two dates, an Event that is on sale
at two prices, and a token."""

import hashlib
import os
from datetime import timedelta
from functools import partial
from pathlib import Path

from pydantic_core import from_json

from adapters.bootstrap import Stagebook
from application import events, locations
from application.keyring import NewKey, adding_key, new_token
from application.unit_of_work import UnitOfWork
from domain.event import DateFields
from domain.event_fields import EventBody
from domain.ids import account_number
from domain.location import LocationFields
from domain.registry import Role
from domain.values import parse_time, stamp

ACCOUNT = "demo"
EVENT = Path(__file__).with_name("demo_event.json")
DATES = (
    {"name": "Friday", "start": "2026-12-04T20:00:00+01:00", "end": "2026-12-04T23:00:00+01:00"},
    {"name": "Saturday", "start": "2026-12-05T20:00:00+01:00", "end": "2026-12-05T23:00:00+01:00"},
)


def fill(book: Stagebook) -> None:
    """Fills the account, once."""
    account = account_number(ACCOUNT)
    if next(iter(book.store.facts_of(account)), None) is not None:
        return
    its = book.settings
    book.open_account(ACCOUNT, its.language, its.currency, its.timezone)
    fields = LocationFields(name="Concert hall", capacity=840)
    location = book.execute(
        lambda work: locations.create_location(work, fields), account=account, actor=ACCOUNT
    ).number
    body = EventBody.model_validate({**from_json(EVENT.read_bytes()), "locationid": location})
    event = book.execute(
        lambda work: events.create_event(work, body).event.number, account=account, actor=ACCOUNT
    )
    for date in DATES:
        adding = partial(events.add_date, number=event, fields=DateFields.model_validate(date))
        book.execute(adding, account=account, actor=ACCOUNT)
    book.execute(partial(put_on_sale, location=location), account=account, actor=ACCOUNT)


def put_on_sale(work: UnitOfWork, location: int) -> None:
    """An Event of in a month, whose tickets can be bought at once: for 25, or reduced for 20."""
    start = parse_time(work.metadata.time).replace(hour=19, minute=0, second=0, microsecond=0)
    start += timedelta(days=30)
    date = {"start": stamp(start), "end": stamp(start + timedelta(hours=3))}
    lot = {"name": "Standing", "amount": 500, "prices": {"1": 25, "2": 20}}
    said = {"name": "Friends of Bonobo", "locationid": location, "contingents": [lot]}
    event = events.create_event(work, EventBody.model_validate(said)).event.number
    events.add_date(work, event, DateFields.model_validate(date))
    events.change_status(work, event, "publish")


def token(book: Stagebook, folder: Path) -> str:
    """The demo's token, kept in a file that only its owner reads, so that it stays the same."""
    mark = hashlib.sha256(book.settings.store.encode()).hexdigest()[:8]
    kept = folder / f"demo-token-{mark}"
    if kept.exists() and book.keyring.find(kept.read_text().strip()):
        return kept.read_text().strip()
    made = new_token()
    book.execute(
        adding_key(NewKey(ACCOUNT, Role.ADMIN, language=book.settings.language), made),
        account=0,
        actor=ACCOUNT,
    )
    folder.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(made)
    return made


def welcome(base: str, token: str, store: str) -> str:
    """What the program prints last: where it answers, and four lines that work as they are."""
    bearer, json = f"-H 'Authorization: Bearer {token}'", "-H 'Content-Type: application/json'"
    change = f'{json} -X PATCH -d \'{{"subtitle": "Extra night"}}\''
    take = '{"eventid": 2, "contingentid": 3, "pricetypeid": 2, "amount": 2}'
    buy = f'{json} -d \'{{"saleschannelid": 2, "take": [{take}]}}\''
    rule = "-" * 72
    return "\n".join(
        (
            "",
            rule,
            f"Stagebook answers on {base} (Ctrl-C stops it).",
            f"  pages   {base}/ to begin with, {base}/docs for every call",
            f"  store   {store}",
            f"  token   {token}",
            "",
            "Four lines to paste into another terminal: read, change, who changed it, buy.",
            "",
            f"curl -s {bearer} {base}/v1/events/1",
            f"curl -s {bearer} {change} {base}/v1/events/1",
            f"curl -s {bearer} '{base}/v1/events/1/history?limit=3'",
            f"curl -s {bearer} {buy} {base}/v1/orders",
            rule,
        )
    )
