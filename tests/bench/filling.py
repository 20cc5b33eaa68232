"""The book that is measured: a million facts, made by the real commands, always the same mix.

catalogue   10,000 Events, 200,000 facts with those below: most edits are of recent Events
long        one Event with 10,000 versions, contingents and a Location that changed with it
young       Events at version 10
season      the other 800,000: three accounts that sell, as `season.py` tells
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any
from uuid import uuid4

from pydantic_core import from_json

from adapters.bootstrap import Stagebook
from adapters.sealing import Seal
from adapters.settings import Settings
from application import catalog, events, locations, sales
from application.group_commit import Committer
from application.keyring import NewKey, adding_key, adding_signing_key
from application.ports import CommandResult
from application.unit_of_work import PendingCommand, UnitOfWork
from domain.base import CommandMetadata
from domain.catalog import PriceList, PriceListFields
from domain.event import DateFields
from domain.event_fields import EventBody
from domain.ids import account_number
from domain.location import LocationFields
from domain.order import Hold
from domain.registry import Role
from domain.taking import OrderBody
from domain.values import stamp

CATALOGUE, HOT = "catalogue", "hot"
TOKENS = {CATALOGUE: "sb_bench-catalogue", HOT: "sb_bench-hot"}
ACCESS_KEY, SECRET, SECRET_KEY = "bench", "sk", "k" * 32
ZONE = "Europe/Brussels"
BATCH = 1_000
"""Commands a commit."""
CACHED = 2**30
"""Aggregates that are held meanwhile: none is loaded twice."""
WINDOW = 500
"""Events that are being edited at a time."""
PRICED = 6
"""The price list that every contingent of the mix names."""
WEB, NORMAL, REDUCTION = 2, 1, 2
HOLD = Hold(7_200, 7_200)

PACE = 0.5
"""Seconds of the book's own time between two commands."""

Decide = Callable[[UnitOfWork], Any]
Tells = Callable[[Any], CommandResult]


@dataclass(frozen=True, slots=True)
class Sizes:
    events: int = 10_000
    facts: int = 200_000
    """Without the season's."""
    season: int = 800_000
    versions: int = 10_000
    young: int = 100
    locations: int = 50


@dataclass(slots=True)
class Filled:
    """Where things are."""

    sizes: Sizes
    facts: int = 0
    locations: list[int] = field(default_factory=list)
    hot_locations: list[int] = field(default_factory=list)
    events: list[int] = field(default_factory=list)
    long: int = 0
    long_times: tuple[datetime, ...] = ()
    """When its first and its last version were made."""
    young: list[int] = field(default_factory=list)
    hot: int = 0
    refused: int = 0
    """Commands of the season: what was sold out meanwhile."""
    mix: str = ""
    """The facts by type, in per cent."""


def event_body(rng: random.Random, location: int, number: int) -> dict[str, Any]:
    """What an organiser sends to create an Event."""
    start = datetime(2027, 1, 1, 19, tzinfo=UTC) + timedelta(hours=rng.randrange(8_000))
    return {
        "name": f"Evening {number} with {rng.choice(WORDS)} and {rng.choice(WORDS)}",
        "subtitle": f"{rng.choice(WORDS)} live",
        "locationid": location,
        "startts": start.isoformat(),
        "endts": (start + timedelta(hours=3)).isoformat(),
        "salestartts": (start - timedelta(days=90)).isoformat(),
        "description": " ".join(rng.choices(WORDS, k=30)),
        "productionid": rng.randrange(1, 500),
        "maxnbrofticketsperbasket": 8,
        "tags": rng.sample(WORDS, 3),
        "translations": {"namefr": f"Soirée {number}"},
    }


def lots(rng: random.Random) -> dict[str, Any]:
    amounts = (rng.randrange(50, 800), rng.randrange(10, 100))
    named = zip(("Standing", "Seated"), amounts, strict=True)
    return {"contingents": [{"name": n, "amount": a, "pricelistid": PRICED} for n, a in named]}


def edit_body(rng: random.Random, number: int) -> dict[str, Any]:
    """What an organiser changes: mostly texts, sometimes two groups at once."""
    return rng.choices(
        [
            {"subtitle": f"{rng.choice(WORDS)} {number}"},
            {"description": " ".join(rng.choices(WORDS, k=30)), "webremark": f"Note {number}"},
            {"saleendts": f"2027-12-{rng.randrange(1, 29):02}T12:00:00Z", "info": f"Info {number}"},
            {"totalmaxtickets": rng.randrange(100, 9_000)},
            {"externalcode": f"x{number}"},
            {"tags": rng.sample(WORDS, 4), "c_note": {"by": "desk", "n": number}},
            lots(rng),
        ],
        weights=[30, 20, 15, 10, 10, 10, 5],
    )[0]


def commit(committer: Committer, jobs: Sequence[PendingCommand]) -> None:
    """All of them, in as many batches as it takes."""
    while jobs:
        jobs = committer.commit(jobs)


class Filler:
    """Runs an account's commands by the thousand."""

    def __init__(self, committer: Committer, account: str, seed: int) -> None:
        self.committer, self.account = committer, account_number(account)
        self.rng = random.Random(seed)  # noqa: S311 - a mix, no secret
        self.now = datetime.now(UTC) - timedelta(days=60)

    def run(self, decides: Iterable[Decide], answer: Tells | None = None) -> list[Any]:
        """What the commands answered: the numbers of what was created or changed."""
        answers = []
        waiting = iter(decides)
        while batch := list(islice(waiting, BATCH)):
            jobs = [self.job(decide, answer or numbered) for decide in batch]
            commit(self.committer, jobs)
            for job in jobs:
                if not isinstance(job.outcome, CommandResult):
                    raise job.outcome or AssertionError
                answers.append(from_json(job.outcome.body))
        return answers

    def job(self, decide: Decide, answer: Tells) -> PendingCommand:
        self.now += timedelta(seconds=PACE)
        command = uuid4().hex
        cause = CommandMetadata(
            "organiser", stamp(self.now), correlation=command, causation=command
        )
        return PendingCommand(self.account, cause, decide, answer, future=None)

    def create_price_lists(self) -> None:
        for number in range(1, PRICED + 1):
            prices = [(NORMAL, 20.0 + number), (REDUCTION, 15.5 + number)]
            listed = [{"pricetypeid": of, "prices": [price]} for of, price in prices]
            body = {"name": f"Prices {number}", "prices": {"prices": listed}}
            fields = PriceListFields.model_validate(body)
            self.run([partial(catalog.create_item, cls=PriceList, fields=fields)])

    def create_locations(self, count: int, capacity: int = 840) -> list[int]:
        halls = ({"name": f"Hall {n}", "capacity": capacity, "city": "Gent"} for n in range(count))
        fields = map(LocationFields.model_validate, halls)
        return self.run(partial(locations.create_location, fields=f) for f in fields)

    def create_events(self, places: Sequence[int], count: int) -> list[int]:
        bodies = (event_body(self.rng, places[n % len(places)], n) for n in range(count))
        return self.run(
            partial(events.create_event, body=EventBody.model_validate(b | lots(self.rng)))
            for b in bodies
        )

    def edit(self, chosen: Iterable[int]) -> None:
        self.run(
            partial(
                events.change_event,
                number=number,
                body=EventBody.model_validate(edit_body(self.rng, n)),
            )
            for n, number in enumerate(chosen)
        )

    def add_dates(self, chosen: Iterable[int]) -> None:
        date = {"start": "2027-03-01T20:00:00+01:00", "end": "2027-03-01T23:00:00+01:00"}
        fields = DateFields.model_validate({**date, "name": "Extra night", "capacity": 500})
        self.run(partial(events.add_date, number=number, fields=fields) for number in chosen)

    def publish(self, chosen: Iterable[int]) -> None:
        self.run(partial(events.change_status, number=n, transition="publish") for n in chosen)

    def sell(self, taken: dict[str, Any], count: int) -> None:
        """So many orders that take the same, confirmed."""
        body = OrderBody.model_validate(taken)
        for start in range(0, count, BATCH):
            many = min(BATCH, count - start)
            orders = self.run([partial(sales.create_order, body=body, hold=HOLD)] * many)
            self.run(partial(sales.confirm_order, number=number) for number in orders)

    def rename(self, place: int, name: str) -> None:
        fields = LocationFields(name=name)
        self.run([partial(locations.change_location, number=place, fields=fields)])


def numbered(made: Any) -> CommandResult:
    """The smallest answer: which number it is about."""
    made = made[0] if isinstance(made, tuple) else made
    number = made.event.number if isinstance(made, events.ShownEvent) else made.number
    return CommandResult(200, {}, str(number).encode())


def fill(book: Stagebook, sizes: Sizes) -> Filled:
    filled = Filled(sizes)
    for account, token in TOKENS.items():
        open_account(book, account, token)
    sealed = Seal(Settings(store=book.settings.store, secret_key=SECRET_KEY)).seal(
        ACCESS_KEY, SECRET
    )
    signing = adding_signing_key(NewKey(CATALOGUE, Role.ADMIN), ACCESS_KEY, sealed)
    book.execute(signing, account=0, actor="bench")
    committer = Committer(book.store, cached_bytes=CACHED)
    hot = Filler(committer, HOT, seed=1)
    hot.create_price_lists()
    filled.hot_locations = hot.create_locations(10)
    filled.hot = hot.create_events(filled.hot_locations, 1)[0]
    _young(hot, filled)
    _long(hot, filled)
    _catalogue(Filler(committer, CATALOGUE, seed=2), filled, book)
    filled.facts = book.store.position()
    return filled


def open_account(book: Stagebook, account: str, token: str) -> None:
    key = adding_key(NewKey(account, Role.ADMIN, timezone=ZONE), token)
    book.execute(key, account=0, actor="bench")


def _young(filler: Filler, filled: Filled) -> None:
    filled.young = filler.create_events(filled.hot_locations, filled.sizes.young)
    for version in range(2, 11):
        body = EventBody(subtitle=f"Version {version}")
        filler.run(partial(events.change_event, number=n, body=body) for n in filled.young)


def _long(filler: Filler, filled: Filled) -> None:
    places = filler.create_locations(1)
    filled.long = number = filler.create_events(places, 1)[0]
    begun = filler.now
    for version in range(2, filled.sizes.versions, 50):
        count = min(50, filled.sizes.versions - version + 1)
        bodies = (EventBody(subtitle=f"Version {version + n}") for n in range(count))
        filler.run(partial(events.change_event, number=number, body=body) for body in bodies)
        body = EventBody.model_validate(lots(filler.rng))
        filler.run([partial(events.change_event, number=number, body=body)])
        filler.rename(places[0], f"Hall of version {version}")
    filled.long_times = (begun, filler.now)


def _catalogue(filler: Filler, filled: Filled, book: Stagebook) -> None:
    sizes = filled.sizes
    filler.create_price_lists()
    filled.locations = filler.create_locations(sizes.locations)
    while len(filled.events) < sizes.events:
        count = min(WINDOW, sizes.events - len(filled.events))
        recent = filler.create_events(filled.locations, count)
        filled.events += recent
        filler.add_dates(recent)
        filler.publish(recent)
        share = sizes.facts * len(filled.events) // sizes.events
        while (missing := share - book.store.position()) > 0:
            chosen = min(2 * BATCH, max(1, missing // 2))
            old = filler.rng.choices(filled.events, k=chosen // 20)
            filler.edit([*filler.rng.choices(recent, k=chosen - len(old)), *old])
        place = filler.rng.choice(filled.locations)
        filler.rename(place, f"Hall {place}, after {len(filled.events)} Events")


WORDS = """
amber ballad brass candle chorus cobalt copper dancer dawn drum ember falcon fiddle garden glass
harbor indigo island jasmine lantern lilac marble meadow midnight mirror north ocean opal orchard
piano quartz raven river saffron silver spring tango velvet willow zephyr
""".split()  # noqa: SIM905 - forty lines of one word each say no more
