"""What both vendors have, endpoint by endpoint: the documented tables say which are there.

Ticketmatic's are those that its published client calls; OpenTicket's are those that its tutorial,
its reference and published clients name.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import ticketmatic

METHODS = ("GET", "POST", "PUT", "DELETE")
CALL = re.compile(r'new_request\(\s*f?"([A-Z]+)",\s*f?"(?:/\{accountname\})?(/[^"]+)"')
Endpoint = tuple[str, str]
"""A path, without the account, and a method."""

NOT_THERE = {
    "/contacts": "contacts are kept as far as orders point at them",
    "/jobs": "nothing is done later",
    "/orders/import": "`stagebook import` brings whole accounts",
    "/orders/purge": "nothing in this book is ever taken out",
    "/orders/{id}/paymentrequest": "payments are recorded, not requested",
    "/orders/{id}/products": "no products",
    "/orders": "no documents and no mail",
    "/sales": "no waiting lists",
    "/settings/accountparameters": "no such parameters",
    "/settings/vouchers": "no vouchers",
    "/settings": "not kept",
    "/subscribers": "no mailing lists",
    "/tools": "use `tools/queries`",
    "/coupon": "no coupons",
    "/statistics": "use availability and the series of it",
    "/event/{guid}/analysis": "use availability and the series of it",
    "/event/{guid}/ticket/products": "no products",
    "/order": "use `/v1/orders`",
    "/scanner": "use `/v1/events/{id}/tickets/scan`",
    "/shop": "not kept",
    "/ticket/{guid}": "no products",
    "/ticketswap": "no resale",
    "/token": "keys are made by `stagebook keys add`",
}
OPENTICKET = """
GET POST /location
GET PUT DELETE /location/{guid}
GET /location/{guid}/dates
GET POST /location/{guid}/event
GET /event
GET PUT DELETE /event/{guid}
GET /event/{guid}/location
GET /event/{guid}/dates
GET /event/{guid}/dates/products
GET POST /event/{guid}/ticket
GET /event/{guid}/ticket/products
GET /event/{guid}/ticket/shops
GET /event/{guid}/shops
GET /event/{guid}/analysis
GET POST /eventdate
GET PUT DELETE /eventdate/{guid}
GET /eventdate/{guid}/event
GET /eventdate/{guid}/location
GET PUT DELETE /ticket/{guid}
GET /ticket/{guid}/dates
POST DELETE /ticket/{guid}/dates/{dateguid}
GET /ticket/{guid}/shops
GET /ticket/{guid}/products
GET /ticket/{guid}/groups
GET POST /shop
GET PUT /shop/{guid}
GET /shop/{guid}/tickets
POST DELETE /shop/{guid}/tickets/{ticketguid}
GET /shop/{guid}/trackers
GET /shop/{guid}/metadata
GET /shop/{guid}/payment_methods
GET /shop/{guid}/options
GET POST /trackers
GET /users/me
GET /storefront/{shop}/data
GET POST /storefront/{shop}/reserve/ticket/{ticket}
POST /storefront/{shop}/order
GET /storefront/{shop}/order/{guid}
GET POST /webhook
GET PUT DELETE /webhook/{guid}
GET /order/{guid}
GET /coupon/{guid}
GET /scanner
GET /statistics/trackers
GET /ticketswap/order/{guid}
POST /tokens
"""


def of_the_client() -> set[Endpoint]:
    """Every call that the published client can make."""
    root = Path(ticketmatic.__file__).parent / "endpoints"
    sources = (path.read_text("utf-8") for path in root.rglob("*.py"))
    return {(path, method) for source in sources for method, path in CALL.findall(source)}


def of_openticket() -> set[Endpoint]:
    lines = (line.split() for line in OPENTICKET.strip().splitlines())
    return {(path, method) for *methods, path in lines for method in methods}


def there(openapi: dict[str, Any], tag: str) -> set[Endpoint]:
    """What the application has under that tag."""
    found = {
        (path, method.upper())
        for path, operations in openapi["paths"].items()
        for method, operation in operations.items()
        if tag in operation["tags"]
    }
    return {(re.sub(r"^/api/1(/\{accountname\}|/_)?", "", path), m) for path, m in found}


def table(have: set[Endpoint], documented: set[Endpoint]) -> str:
    """Path by path: the methods that are there, and those that are not, with the reason."""
    known = {_shape(one): one for one in have}
    missing = {one for one in documented if _shape(one) not in known}
    rows = ["| path | there | not there |", "|---|---|---|"]
    listed: dict[str, dict[bool, list[str]]] = defaultdict(lambda: {True: [], False: []})
    for is_there, endpoints in ((True, have), (False, missing)):
        for path, method in sorted(endpoints, key=lambda one: METHODS.index(one[1])):
            listed[path][is_there].append(method)
    for path in sorted(listed):
        yes, no = listed[path][True], listed[path][False]
        says = f"{', '.join(no)}: {_reason(path)}" if no else ""
        rows.append(f"| `{path}` | {', '.join(yes)} | {says} |")
    return "\n".join(rows)


def _shape(endpoint: Endpoint) -> Endpoint:
    return re.sub(r"\{[^}]+\}", "{}", endpoint[0]), endpoint[1]


def _reason(path: str) -> str:
    return next(says for start, says in longest_first(NOT_THERE) if path.startswith(start))


def longest_first(reasons: dict[str, str]) -> Iterable[tuple[str, str]]:
    return sorted(reasons.items(), key=lambda one: -len(one[0]))
