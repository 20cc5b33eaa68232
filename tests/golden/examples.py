"""One fact of every class, fixed for ever: what the golden files were made from."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from domain.base import DomainEvent
from domain.catalog import (
    CatalogItemArchived,
    CatalogItemChanged,
    CatalogItemCreated,
    CatalogItemRestored,
    PriceListFields,
    SalesChannelFields,
)
from domain.event import DateFields
from domain.event_facts import (
    DateAdded,
    DateChanged,
    DateRemoved,
    EventCreated,
    EventDeleted,
    EventDetailsChanged,
    EventLimitsChanged,
    EventLinksChanged,
    EventRelocated,
    EventRescheduled,
    EventRestored,
    EventSalePeriodChanged,
    EventSeatingChanged,
    StatusChanged,
)
from domain.event_fields import EventBody
from domain.hosting import EventHosted, EventReleased, HostingClosed, HostingOpened
from domain.ids import Kind, guid
from domain.inventory import (
    ContingentAdded,
    ContingentChanged,
    ContingentFields,
    ContingentRemoved,
)
from domain.location import (
    LocationChanged,
    LocationCreated,
    LocationDeleted,
    LocationFields,
    LocationRestored,
)
from domain.registry import AccountOpened, CurrencyChosen, KeyAdded, KeyRevoked

SEED = json.loads((Path(__file__).parents[1] / "seed_event.json").read_text())


def fact(cls: type[DomainEvent], version: int = 2, *, kind: Kind = Kind.EVENT, **says: Any) -> Any:
    return cls(
        originator_id=place(kind),
        originator_version=version,
        time="2026-11-21T20:00:00.000000Z",
        actor="box office",
        correlation="0123456789abcdef01234567",
        causation="89abcdef0123456789abcdef",
        reason=None,
        **says,
    )


def place(kind: Kind) -> UUID:
    return guid(0x2A97516C354B, kind, 42)


def event(**fields: Any) -> Mapping[str, Any]:
    """A patch of an Event as a body makes it."""
    return EventBody.model_validate(fields).own()


def seeded(*names: str) -> Mapping[str, Any]:
    return event(**{name: SEED[name] for name in names})


LOCATION = LocationFields.model_validate(
    {
        "name": "Concert hall",
        "capacity": 840,
        "address": "Kerkstraat 1, 9000 Gent",
        "description": "Zaal met “balkon”",
        "info": None,
        "street1": "Kerkstraat",
        "street2": "1",
        "street3": None,
        "street4": None,
        "zip": "9000",
        "city": "Gent",
        "state": "Oost-Vlaanderen",
        "countrycode": "BE",
        "lat": 51.05,
        "long": 3,
        "timezone": "Europe/Brussels",
        "public": True,
        "translations": {"namefr": "Salle de concert"},
        "c_floors": [0, {"bar": True}],
    }
)
DATE = DateFields(
    start="2026-11-21T20:00:00+01:00", end="2026-11-21T22:30:00.5+01:00", name="Saturday"
)
CONTINGENT = ContingentFields.model_validate(
    {
        **SEED["contingents"][0],
        "eventspecificprices": SEED["seatingplaneventspecificprices"],
        "locks": [{"amount": 5, "locktypeid": 1, "tickettypeid": 98}],
    }
)

PRICES = PriceListFields.model_validate(
    {
        "name": "Concerts",
        "hasranks": True,
        "prices": SEED["seatingplaneventspecificprices"],
        "translations": {"namefr": "Concerts de l'été"},
        "c_floors": [0, {"bar": True}],
    }
)

EXAMPLES: tuple[DomainEvent, ...] = (
    fact(EventCreated, 1, number=42, code="290392769694", fields=EventBody(**SEED, c_a="é").own()),
    fact(
        EventDetailsChanged,
        changed={
            **seeded("name", "previews", "layout", "tags", "translations"),
            **event(subtitle=None, c_field={"any": [1, 1.5, None, True]}),
        },
    ),
    fact(EventRescheduled, changed=event(startts="2026-11-21T20:00:00.25+01:00", endts=None)),
    fact(EventSalePeriodChanged, changed=seeded("salestartts", "saleendts", "saleschannels")),
    fact(EventRelocated, changed=event(locationid=126)),
    fact(
        EventLimitsChanged,
        changed=seeded(
            "maxnbrofticketsperbasket", "totalmaxtickets", "waitinglisttype", "socialdistance"
        ),
    ),
    fact(
        EventSeatingChanged,
        changed=seeded(
            "seatallowsingle",
            "seatselection",
            "seated_chartkey",
            "seatingplanid",
            "seatingplanpricelistid",
            "seatingplaneventspecificprices",
        ),
    ),
    fact(EventLinksChanged, changed=seeded("externalcode", "productionid", "servicemailids")),
    fact(DateAdded, dateid=7, fields=DateFields.defaults() | DATE.patch()),
    fact(DateChanged, dateid=7, changed=DateFields(name=None, capacity=840).patch()),
    fact(DateRemoved, dateid=7),
    fact(StatusChanged, currentstatus=19002),
    fact(EventDeleted),
    fact(EventRestored),
    fact(
        ContingentAdded,
        1,
        kind=Kind.INVENTORY,
        contingentid=98,
        seated=False,
        fields={n: v for n, v in CONTINGENT.patch().items() if n != "id"},
    ),
    fact(
        ContingentChanged,
        kind=Kind.INVENTORY,
        contingentid=98,
        changed=ContingentFields(amount=90, locks=None).patch(),
    ),
    fact(ContingentRemoved, kind=Kind.INVENTORY, contingentid=98),
    fact(LocationCreated, 1, kind=Kind.LOCATION, number=42, fields=LOCATION.patch()),
    fact(
        LocationChanged,
        kind=Kind.LOCATION,
        changed=LocationFields(capacity=None, lat=-90, timezone=None).patch(),
    ),
    fact(LocationDeleted, kind=Kind.LOCATION),
    fact(LocationRestored, kind=Kind.LOCATION),
    fact(CatalogItemCreated, 1, kind=Kind.PRICE_LIST, number=42, fields=PRICES.patch()),
    fact(
        CatalogItemChanged,
        kind=Kind.SALES_CHANNEL,
        changed=SalesChannelFields(typeid=None, name="Web", basketseconds=900).patch(),
    ),
    fact(CatalogItemArchived, kind=Kind.LOCK_TYPE),
    fact(CatalogItemRestored, kind=Kind.LOCK_TYPE),
    fact(HostingOpened, 1, kind=Kind.HOSTING),
    fact(EventHosted, kind=Kind.HOSTING, eventid=42),
    fact(EventReleased, kind=Kind.HOSTING, eventid=42),
    fact(HostingClosed, kind=Kind.HOSTING),
    fact(
        AccountOpened,
        1,
        kind=Kind.REGISTRY,
        accountname="demo",
        account=0x2A97516C354B,
        language="en",
    ),
    fact(CurrencyChosen, kind=Kind.REGISTRY, account=0x2A97516C354B, currency="JPY"),
    fact(
        KeyAdded,
        kind=Kind.REGISTRY,
        keyid=1,
        account=0x2A97516C354B,
        keyname="box office",
        role="editor",
        hash="ab" * 32,
    ),
    fact(KeyRevoked, kind=Kind.REGISTRY, keyid=1),
)
