"""The examples of OpenTicket's published documentation: what is sent, and what comes back.

Each names its page. `{location}` and the like stand for the guid of a thing that the tutorial
makes; a body is sent in the way of the sample's tab. Answers are compared by their keys in the
documented order, or by the values that the documentation gives.
"""

from typing import Any, NamedTuple

TUTORIAL = "docs.eventix.io/docs"
EVENTS, SHOP = f"{TUTORIAL}/events-tickets/events", f"{TUTORIAL}/shops/shop"
SHOPS, TRACKERS = f"{TUTORIAL}/shops/shops", f"{TUTORIAL}/shops/shops: tracker"
RESERVATIONS, ORDER = f"{TUTORIAL}/orders/reservations", f"{TUTORIAL}/orders/order"
REFERENCE = "docs.weeztix.com/api/dashboard"
WEBHOOKS = "docs.openticket.tech/docs/webhooks/create-webhook"
REMARKS = "docs.openticket.tech/docs/webhooks/remarks"
ACCOUNT = f"{TUTORIAL}/introduction/authentication"

SHELL, NODE, GO = "Shell", "Node", "GO"
TABS = (SHELL, NODE, GO)
START, END = "2026-12-18T21:00:00+02:00", "2026-12-18T23:00:00+02:00"


class Example(NamedTuple):
    page: str
    method: str
    path: str
    body: dict[str, Any] | None = None
    tab: str = NODE
    status: int = 200
    keys: str = ""
    """All keys of the answer, in their order."""
    values: dict[str, Any] = {}  # noqa: RUF012 - never changed
    has: str = ""
    """Keys that the answer, or each thing of a list, has among others."""
    public: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.tab if self.body else ''} ({self.page})"


def created(page: str, path: str, body: dict[str, Any], keys: str, **values: Any) -> list[Example]:
    """A create page: one sample in each tab; the GO tab sends PUT and no content type."""
    return [
        Example(page, "PUT" if tab == GO else "POST", path, body, tab, keys=keys, values=values)
        for tab in TABS
    ]


def reading(page: str, has: str, *paths: str) -> list[Example]:
    return [Example(page, "GET", path, has=has) for path in paths]


def empty(*paths: str) -> list[Example]:
    return [Example(REFERENCE, "GET", path, values={"": []}) for path in paths]


LOCATION = "guid name description capacity address latitude longitude public seats_chart_key"
EVENT = "guid company_id location_id name type locale currency status location"
DATE = "guid event_id start end capacity seats_event_key facebook_event_id seated"
TICKET = """guid event_id name vat_percentage min_price available_from available_until
    hide_without_coupon status_overrule reserved_count pending_count sold_count"""
SHOP_KEYS = """guid name auto_prune company_terms description email_must_be_unique
    email_validation_rule event_selection facebook_page_url max_tickets_per_order"""
ORDER_KEYS = "guid shop_id status currency amount tickets products is_complete invalidated_since"

EXAMPLES = [
    # -- locations, Events, EventDates, Tickets
    *created(
        f"{EVENTS}: location",
        "/location",
        {"name": "Concert hall", "capacity": 952, "address": "Kerkstraat 1"},
        "name capacity address company_id guid updated_at created_at seated",
        name="Concert hall",
        capacity=952,
        seated=False,
    ),
    *created(
        f"{EVENTS}: event",
        "/location/{location}/event",
        {"name": "Live", "type": "once", "locale": "nl_NL", "currency": "EUR"},
        "status name type currency locale location_id company_id guid updated_at created_at",
        status="normal",
        type="once",
        currency="EUR",
        locale="nl_NL",
    ),
    *created(
        f"{EVENTS}: eventDate",
        "/eventdate",
        {"event_id": "{event}", "start": START, "end": END},
        "start end event_id guid updated_at created_at seated",
        start=START,
        end=END,
        seated=False,
    ),
    *created(
        f"{EVENTS}: ticket",
        "/event/{event}/ticket",
        {"name": "Standing", "vat_percentage": "21"},
        """increment min_orderable_amount_per_order max_orderable_amount_per_order
        availability_margin percentage_service_costs_in_ticket swappable name vat_percentage
        event_id company_id guid updated_at created_at status seated include_service_cost_in_price
        reserved_count pending_count""",
        increment=1,
        max_orderable_amount_per_order=20,
        vat_percentage=21,
        status=None,
        reserved_count=0,
    ),
    Example(f"{EVENTS}: ticket", "POST", "/ticket/{ticket}/dates/{date}", status=204),
    *reading(f"{EVENTS}: location", LOCATION, "/location/{location}", "/location"),
    *reading(f"{EVENTS}: event", EVENT, "/event/{event}", "/event", "/event/upcoming"),
    *reading(f"{EVENTS}: eventDate", DATE, "/eventdate/{date}", "/eventdate"),
    *reading(f"{EVENTS}: ticket", TICKET, "/ticket/{ticket}", "/event/{event}/ticket"),
    # -- shops and trackers
    *created(
        SHOP,
        "/shop",
        {"name": "Ticket shop"},
        """name company_id guid updated_at created_at global_terms currency reservation_time
        seats_public_key""",
        name="Ticket shop",
        seats_public_key=None,
    ),
    *reading(SHOP, SHOP_KEYS, "/shop/{shop}", "/shop"),
    Example(SHOP, "PUT", "/shop/{shop}", {"description": "All of it"}, has=SHOP_KEYS),
    Example(SHOPS, "POST", "/shop/{shop}/tickets/{ticket}", status=204),
    *created(
        TRACKERS,
        "/trackers",
        {"shop_id": "{shop}", "name": "Spring", "type": "facebook"},
        "name type shop_id code guid updated_at created_at",
        name="Spring",
    ),
    # -- reservations and orders
    *(
        Example(
            RESERVATIONS,
            method,
            "/storefront/{shop}/reserve/ticket/{ticket}",
            has="guid reservation products",
            public=True,
        )
        for method in ("GET", "PUT")
    ),
    *reading(ORDER, "guid name", "/shop/{shop}/payment_methods"),
    Example(
        ORDER,
        "POST",
        "/storefront/{shop}/order",
        {
            "receiver": {
                "locale": "nl_NL",
                "email": "john.appleseed@example.com",
                "firstname": "John",
                "lastname": "Appleseed",
            },
            "currency": "EUR",
            "paymentProvider": "56f5e720-611c-11ee-8dc2-455b4c4323d2",
            "tickets": [{"guid": "{ticket}", "reservation": "{reservation}", "products": []}],
        },
        has=ORDER_KEYS,
        values={"email": "john.appleseed@example.com", "firstName": "John", "locale": "nl"},
        public=True,
    ),
    Example(ORDER, "GET", "/storefront/{shop}/order/{reservation}", has=ORDER_KEYS, public=True),
    Example(ORDER, "GET", "/order/{reservation}", has=ORDER_KEYS, public=True),
    Example(
        ORDER, "GET", "/storefront/{shop}/data", has="events tickets products shops", public=True
    ),
    # -- the reference
    *reading(REFERENCE, LOCATION, "/event/{event}/location", "/eventdate/{date}/location"),
    *reading(REFERENCE, EVENT, "/eventdate/{date}/event", "/event/normal"),
    *reading(
        REFERENCE,
        DATE,
        "/event/{event}/dates",
        "/event/{event}/dates/products",
        "/location/{location}/dates",
        "/ticket/{ticket}/dates",
    ),
    *reading(
        REFERENCE,
        TICKET,
        "/event/{event}/ticket/normal",
        "/event/{event}/ticket/products",
        "/event/{event}/ticket/shops",
        "/shop/{shop}/tickets",
    ),
    *reading(REFERENCE, SHOP_KEYS, "/event/{event}/shops", "/ticket/{ticket}/shops"),
    *reading(REFERENCE, "code clicks extra_url_parameters", "/shop/{shop}/trackers"),
    *empty(
        "/ticket/{ticket}/products",
        "/ticket/{ticket}/groups",
        "/shop/{shop}/products",
        "/shop/{shop}/metadata",
    ),
    Example(REFERENCE, "PUT", "/ticket/{ticket}", {"min_price": 1250}, values={"min_price": 1250}),
    Example(REFERENCE, "POST", "/event/{event}/salesstats", {}, has="ticket_types"),
    Example(
        REFERENCE,
        "POST",
        "/location",
        {"name": "Hall"},
        status=406,
        has="error_code error_description status_code fields",
    ),
    Example(
        REFERENCE,
        "GET",
        "/location/56f5e720-611c-11ee-8dc2-455b4c4323d2",
        status=404,
        has="error_code error_description status_code",
    ),
    # -- who is calling, webhooks
    *(
        Example(ACCOUNT, "GET", path, has="guid default_company_id name email created_at")
        for path in ("/users/me", "/user/me", "/me")
    ),
    *(
        Example(
            WEBHOOKS,
            "POST",
            "/webhook",
            {
                "name": "Mirror",
                "url": "http://127.0.0.1:9/your-path",
                "resource": "event",
                "trigger": "update",
                "retries": 3,
            },
            tab,
            has="name url resource trigger retries nonce guid",
            values={"resource": "event", "trigger": "update", "retries": 3},
        )
        for tab in (SHELL, NODE)
    ),
    Example(REMARKS, "GET", "/webhook/{webhook}/invocations", values={"": []}),
]
