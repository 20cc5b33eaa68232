"""One fact of every class, fixed for ever: what the golden files were made from."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from domain.base import DomainEvent
from domain.buyers import BuyerRecorded, BuyersKeyed
from domain.catalog import PriceListFields, SalesChannelFields
from domain.catalog_item import (
    CatalogItemArchived,
    CatalogItemChanged,
    CatalogItemCreated,
    CatalogItemRestored,
)
from domain.contingents import (
    ContingentAdded,
    ContingentChanged,
    ContingentFields,
    ContingentRemoved,
)
from domain.custom_keys import CustomKeyTaken
from domain.event import DateFields
from domain.event_facts import (
    DateAdded,
    DateChanged,
    DateRemoved,
    EventCreated,
    EventDeleted,
    EventDetailsChanged,
    EventImageChanged,
    EventLimitsChanged,
    EventLinksChanged,
    EventListingChanged,
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
from domain.images import Image
from domain.location import (
    LocationChanged,
    LocationCreated,
    LocationDeleted,
    LocationFields,
    LocationRestored,
)
from domain.order_facts import (
    HeldTicketsChanged,
    HoldersNamed,
    OrderCancelled,
    OrderChanged,
    OrderConfirmed,
    OrderCreated,
    OrderLapsed,
    OrderMerged,
    OrderRepriced,
    OrderSplit,
    PaymentAdded,
    RefundAdded,
    TicketsAdded,
    TicketsMerged,
    TicketsRemoved,
)
from domain.order_fields import OrderFields
from domain.prices import PricelistPrice, PricelistPrices
from domain.registry import (
    AccountOpened,
    CurrencyChosen,
    FactDiscarded,
    KeyAdded,
    KeyGranted,
    KeyRevoked,
    SigningKeyAdded,
    TimezoneChosen,
)
from domain.taking import Holder
from domain.ticket_fields import TicketFields
from domain.tickets import (
    NEVER_SCANNED,
    BarcodesSeeded,
    TicketsChanged,
    TicketsHandedOver,
    TicketsLapsed,
    TicketsLocked,
    TicketsReleased,
    TicketsRepriced,
    TicketsScanned,
    TicketsSettled,
    TicketsTaken,
    TicketsUnlocked,
    movement,
)
from domain.usage import UsageEnded, UsageRecorded
from domain.webhook import WebhookChanged, WebhookCreated, WebhookDeleted, WebhookFields

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
        "seats_chart_key": "hall-1",
        "parent_guid": "2a97516c-354b-8002-8000-000000000007",
        "translations": {"namefr": "Salle de concert"},
        "c_floors": [0, {"bar": True}],
    }
)
DATE = DateFields(
    start="2026-11-21T20:00:00+01:00",
    end="2026-11-21T22:30:00.5+01:00",
    name="Saturday",
    seats_event_key="live-saturday",
    facebook_event_id="1234",
)
CONTINGENT = ContingentFields.model_validate(
    {
        **SEED["contingents"][0],
        "eventspecificprices": SEED["seatingplaneventspecificprices"],
        "dateids": [7],
        "class": "ticket",
        "description": "Standing",
        "vat_percentage": 21,
        "available_from": "2026-10-01T10:00:00+02:00",
        "available_until": "2026-11-21T20:00:00+01:00",
        "availability_margin": 5,
        "increment": 2,
        "min_orderable_amount_per_order": 2,
        "max_orderable_amount_per_order": 20,
        "percentage_service_costs_in_ticket": 12.5,
        "include_service_cost_in_price": True,
        "swappable": False,
        "hide_without_coupon": True,
        "late_personalization": True,
        "combines_products": True,
        "status_overrule": "sold_out",
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

FLOOR = [[9800000001, 9800000002], [9800000100, 9800000100]]
BALCONY = [[9900000007, 9900000007]]
DUE = "2026-11-21T20:20:00.000000Z"
LINES = [
    {
        "eventid": 42,
        "contingentid": 98,
        "pricetypeid": 1,
        "price": 2550,
        "complimentary": False,
        "tickets": FLOOR,
    },
    {
        "eventid": 43,
        "contingentid": 99,
        "pricetypeid": 3,
        "price": 0,
        "complimentary": True,
        "tickets": BALCONY,
    },
]


def moves(source: str, target: str) -> list[dict[str, Any]]:
    """Tickets of two contingents, at a price each."""
    return [
        movement(98, 1, source, target, FLOOR),
        movement(99, 3, source, target, BALCONY),
    ]


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
    fact(
        EventListingChanged,
        changed=event(
            type="recurring",
            locale="nl_NL",
            website="https://example.org/live",
            category="Music",
            subcategories=["Jazz"],
            retrievable_after="2026-11-20T12:00:00+01:00",
            auto_prune=True,
        ),
    ),
    fact(EventImageChanged, image=Image("ab" * 32, "image/jpeg", 48_213).state()),
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
        fields={n: v for n, v in CONTINGENT.patch().items() if n not in ("id", "locks")},
    ),
    fact(
        ContingentChanged,
        kind=Kind.INVENTORY,
        contingentid=98,
        changed=ContingentFields(amount=None, dateids=None).patch(),
        pricesbefore=PricelistPrices(
            prices=[PricelistPrice(pricetypeid=1, prices=[30.0])]
        ).model_dump(),
    ),
    fact(ContingentRemoved, kind=Kind.INVENTORY, contingentid=98),
    fact(
        TicketsTaken,
        kind=Kind.INVENTORY,
        orderid=42,
        root=41,
        expiryts=DUE,
        moves=moves("free", "reserved"),
    ),
    fact(
        TicketsReleased,
        kind=Kind.INVENTORY,
        orderid=42,
        expiryts=DUE,
        moves=moves("reserved", "free"),
    ),
    fact(
        TicketsLapsed, kind=Kind.INVENTORY, orderid=42, duets=DUE, moves=moves("reserved", "free")
    ),
    fact(
        TicketsSettled,
        kind=Kind.INVENTORY,
        orderid=42,
        moves=[
            movement(98, 1, "reserved", "sold_unpaid", FLOOR),
            movement(99, 3, "reserved", "complimentary", BALCONY),
        ],
    ),
    fact(
        TicketsRepriced,
        kind=Kind.INVENTORY,
        orderid=42,
        expiryts=DUE,
        moves=[
            movement(98, 1, "reserved", "reserved", FLOOR) | {"topricetypeid": 2},
            movement(99, 3, "complimentary", "sold_unpaid", BALCONY) | {"topricetypeid": 1},
        ],
    ),
    fact(
        TicketsHandedOver,
        kind=Kind.INVENTORY,
        orderid=42,
        toorderid=43,
        root=41,
        expiryts=DUE,
        moves=moves("reserved", "reserved"),
    ),
    fact(
        TicketsLocked,
        kind=Kind.INVENTORY,
        locktypeid=1,
        moves=[movement(98, None, "free", "locked_hard", FLOOR)],
    ),
    fact(
        TicketsUnlocked,
        kind=Kind.INVENTORY,
        locktypeid=2,
        moves=[movement(98, None, "locked_soft", "free", FLOOR)],
    ),
    fact(
        TicketsChanged,
        kind=Kind.INVENTORY,
        tickets=[
            TicketFields(
                id=9800000001,
                barcode="ÉTÉ-0001",
                properties={"row": "A", "seat": 7, "view": {"clear": True}},
                c_floors=[0, {"bar": True}],
            ).patch(),
            TicketFields(id=9800000002, barcode=None, properties=None, c_note=None).patch(),
        ],
        before=[
            {"id": 9800000001, "barcode": None, "properties": {"row": "B"}, "c_floors": None},
            {"id": 9800000002, "barcode": "ÉTÉ-0002", "properties": {"seat": 8}, "c_note": "x"},
        ],
    ),
    fact(
        TicketsScanned,
        kind=Kind.INVENTORY,
        tickets=[9800000001, 9800000002],
        direction="in",
        scandeviceid=7,
        before=[
            NEVER_SCANNED,
            {
                **NEVER_SCANNED,
                "accesscontrolstatus": 2,
                "accesscontrollastexitts": "2026-11-21T19:30:00.000000Z",
            },
        ],
    ),
    fact(BarcodesSeeded, kind=Kind.INVENTORY, seed="cd" * 16),
    fact(
        OrderCreated,
        1,
        kind=Kind.ORDER,
        number=42,
        guid="6f1d3c52-8f0e-4a55-9a53-0d6f3f2a9b10",
        saleschannelid=2,
        currency="EUR",
        expiryts=DUE,
        heldsince="2026-11-21T19:58:00.000000Z",
        root=40,
        splitfrom=41,
        lines=LINES,
    ),
    fact(TicketsAdded, kind=Kind.ORDER, lines=LINES, expiryts=DUE),
    fact(TicketsRemoved, kind=Kind.ORDER, tickets=[*FLOOR, *BALCONY], expiryts=DUE),
    fact(OrderRepriced, kind=Kind.ORDER, lines=LINES, expiryts=DUE),
    fact(
        HoldersNamed,
        kind=Kind.ORDER,
        tickets=[
            Holder(id=9800000001, ticketholderid=17, ticketname="Zoë").patch(),
            Holder(id=9800000002, ticketname=None).patch(),
        ],
    ),
    fact(
        HeldTicketsChanged,
        kind=Kind.ORDER,
        tickets=[
            {
                "id": 9800000001,
                "before": {"properties": {}, "accesscontrolstatus": 0, "barcode": None},
                "after": {"properties": {"row": 3}, "accesscontrolstatus": 1, "barcode": "A-1"},
            }
        ],
    ),
    fact(
        OrderChanged,
        kind=Kind.ORDER,
        changed=OrderFields(
            customerid=17,
            deliveryscenarioid=None,
            paymentscenarioid=3,
            rappelts="2026-11-28T20:00:00.25+01:00",
            expiryts="2026-12-05T20:00:00+01:00",
            c_note={"gift": [True, "é"]},
        ).patch(),
    ),
    fact(OrderConfirmed, kind=Kind.ORDER),
    fact(PaymentAdded, kind=Kind.ORDER, paymentid=1, amount=7650, paymentmethodid=3),
    fact(RefundAdded, kind=Kind.ORDER, paymentid=2, amount=2550, of=1),
    fact(OrderSplit, kind=Kind.ORDER, toorderid=43, tickets=[*FLOOR, *BALCONY]),
    fact(TicketsMerged, kind=Kind.ORDER, fromorderid=43, lines=LINES),
    fact(OrderMerged, kind=Kind.ORDER, toorderid=42),
    fact(OrderCancelled, kind=Kind.ORDER),
    fact(BuyersKeyed, kind=Kind.BUYERS, key="cd" * 16),
    fact(BuyerRecorded, kind=Kind.BUYERS, buyer="ab" * 16, orderid=42),
    fact(OrderLapsed, kind=Kind.ORDER, duets=DUE),
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
        UsageRecorded,
        1,
        kind=Kind.USAGE,
        eventid=42,
        uses={"pricetypes": [1, 2], "pricelists": [6], "saleschannels": [2], "locktypes": []},
    ),
    fact(UsageEnded, kind=Kind.USAGE, eventid=42),
    fact(CustomKeyTaken, 13003, kind=Kind.CUSTOMKEYS, customfieldid=7, key="genre"),
    fact(
        AccountOpened,
        1,
        kind=Kind.REGISTRY,
        accountname="demo",
        account=0x2A97516C354B,
        language="en",
    ),
    fact(CurrencyChosen, kind=Kind.REGISTRY, account=0x2A97516C354B, currency="JPY"),
    fact(TimezoneChosen, kind=Kind.REGISTRY, account=0x2A97516C354B, timezone="Europe/Brussels"),
    fact(
        SigningKeyAdded,
        kind=Kind.REGISTRY,
        keyid=2,
        account=0x2A97516C354B,
        keyname="web site",
        role="seller",
        accesskey="ak",
        sealed="gAAAAAB-sealed",
    ),
    fact(KeyGranted, kind=Kind.REGISTRY, keyid=2, account=0x0F0F0F0F0F0F, role="viewer"),
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
    fact(
        FactDiscarded,
        kind=Kind.REGISTRY,
        view="events",
        key="2a97516c-354b-8003-8000-00000000002a",
        aggregateid="2a97516c-354b-8006-8000-00000000002a",
        aggregateversion=7,
        position=1234,
        error="ContingentChanged: KeyError('404')",
    ),
    fact(
        WebhookCreated,
        1,
        kind=Kind.WEBHOOK,
        number=42,
        nonce="ab" * 16,
        secret="cd" * 32,
        fields=WebhookFields(
            name="Spiegel",
            url="https://example.com:8443/hear?of=all",
            resource="Event Date",
            trigger="updated",
            retries=5,
            identifier="2A97516C-354B-8004-8000-000000000001",
            enabled=True,
        ).patch(),
    ),
    fact(
        WebhookChanged,
        kind=Kind.WEBHOOK,
        changed=WebhookFields(retries=None, identifier=None, enabled=False).patch(),
    ),
    fact(WebhookDeleted, kind=Kind.WEBHOOK),
)
