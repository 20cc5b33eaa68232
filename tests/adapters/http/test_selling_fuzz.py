"""Whatever comes in where tickets are sold: an answer or a problem document, never a 500."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from domain.contingents import ContingentBody
from domain.order_fields import OrderFields
from domain.taking import Holder, OrderBody, PaymentBody, PriceTypeBody, RefundBody, Scan, Take
from domain.ticket_fields import Lock, TicketFields
from tests.adapters.http.selling import JSON, on_sale
from tests.adapters.http.talk import Json

MOMENT = "2020-01-01T00:00:00Z"
Target = dict[str, int]


@pytest.fixture(scope="module")
def target(web: TestClient) -> Target:
    """What the paths lead to."""
    sale = on_sale(web, 100)
    bought = sale.order(5, "confirm", "payments")
    return {"event": sale.event, "contingent": sale.contingent, "order": bought.number}


BODIES: list[type[BaseModel]] = [
    *(OrderBody, Take, PaymentBody, RefundBody, Lock, TicketFields, ContingentBody),
    *(OrderFields, PriceTypeBody, Holder, Scan),
]
NAMES = sorted(
    {
        *("c_x", "prices", "conditions", "type", "value", "datetype", "saleschannels", "version"),
        *(n for m in BODIES for n in m.model_fields),
    }
)
NUMBERS = st.integers() | st.floats() | st.sampled_from([0, 1, 2, 3, 100_000_001, 1_000_001, 0.01])
TEXTS = st.text(max_size=5) | st.sampled_from(["A", MOMENT, "promocode", "absolute", "ticketlimit"])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=10,
)
ROUTES: list[tuple[str, str, Json]] = [
    ("POST", "/v1/orders", {"saleschannelid": 2, "take": [{"contingentid": 1}]}),
    ("POST", "/v1/orders/{order}/tickets", {"take": [{"contingentid": 1}]}),
    ("DELETE", "/v1/orders/{order}/tickets", {"tickets": [1]}),
    ("PATCH", "/v1/orders/{order}", {"customerid": 1}),
    ("POST", "/v1/orders/{order}/tickets/pricetype", {"tickets": [1], "pricetypeid": 1}),
    ("POST", "/v1/orders/{order}/tickets/holders", {"tickets": [{"id": 1}]}),
    ("POST", "/v1/orders/{order}/confirm", {}),
    ("POST", "/v1/orders/{order}/payments", {"amount": 1}),
    ("POST", "/v1/orders/{order}/refunds", {"amount": 1}),
    ("POST", "/v1/orders/{order}/split", {"tickets": [1]}),
    ("POST", "/v1/events/{event}/contingents", {"amount": 1, "price": 1}),
    ("PATCH", "/v1/events/{event}/contingents/{contingent}", {"amount": 100}),
    ("PATCH", "/v1/events/{event}/tickets", {"tickets": [{"id": 100_000_001}]}),
    ("POST", "/v1/events/{event}/tickets/lock", {"contingentid": 1, "locktypeid": 1}),
    ("POST", "/v1/events/{event}/tickets/unlock", {"contingentid": 1}),
    ("POST", "/v1/events/{event}/tickets/scan", {"barcodes": ["A"], "direction": "in"}),
]


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    route=st.sampled_from(ROUTES),
    body=st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), VALUES, max_size=5) | VALUES,
    real=st.booleans(),
)
def test_any_json_is_answered(
    web: TestClient,
    target: Target,
    route: tuple[str, str, Json],
    body: Any,
    *,
    real: bool,
) -> None:
    method, path, example = route
    if real and isinstance(body, dict):
        body = {**example, **body}
    place = path.format(**target)

    answer = web.request(method, place, content=json.dumps(body), headers=JSON)

    answered(answer)


QUERIES = [
    "status",
    "state",
    "contingentid",
    "from",
    "to",
    "step",
    "version",
    "at",
    "limit",
    "after",
]
READS = [
    "/v1/orders",
    "/v1/orders/{order}",
    "/v1/orders/{order}/tickets",
    "/v1/orders/{order}/history",
    "/v1/orders/{order}/diff",
    "/v1/events/{event}/tickets",
    "/v1/events/{event}/contingents",
    "/v1/events/{event}/contingents/{contingent}",
    "/v1/events/{event}/availability",
    "/v1/events/{event}/availability/series",
]


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    path=st.sampled_from(READS),
    query=st.lists(
        st.tuples(st.sampled_from(QUERIES), TEXTS | NUMBERS | st.just(MOMENT)), max_size=4
    ),
)
def test_any_query_is_answered(
    web: TestClient, target: Target, path: str, query: list[tuple[str, Any]]
) -> None:
    place = path.format(**target)

    answered(web.get(place, params=query))


def answered(answer: Response) -> None:
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        problem = answer.json()
        assert problem["status"] == answer.status_code
        assert problem["type"].startswith("urn:stagebook:problem:")
        assert problem["detail"]
