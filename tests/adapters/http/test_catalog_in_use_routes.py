"""What Active Events use stays: 409 on the native surface, 400 on Ticketmatic's."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from ticketmatic.client import Client
from ticketmatic.endpoints.settings.pricing import price_types
from ticketmatic.exceptions import ClientException

from tests.adapters.http.selling import on_sale, price, prices
from tests.adapters.http.talk import made, refused
from tests.adapters.http.test_ticketmatic_events import floor, published, raw


def test_the_native_surface_says_which_events_use_it(web: TestClient) -> None:
    student = made(web, "/v1/catalog/pricetypes", name="Students")["id"]
    sale = on_sale(web, **prices(price(student, 20.0, 1)))

    answer = web.post(f"/v1/catalog/pricetypes/{student}/archive")

    problem = refused(answer, 409, "catalog-item-in-use")
    assert (problem["blockedby"], problem["count"]) == ([sale.event], 1)


def test_a_key_that_is_taken_is_refused_with_its_name(web: TestClient) -> None:
    made(web, "/v1/catalog/customfields", typeid=13003, key="Once")

    answer = web.post("/v1/catalog/customfields", json={"typeid": 13003, "key": "oNCE"})

    assert refused(answer, 422, "invalid")["errors"][0]["path"] == "key"


def test_ticketmatic_deletes_no_price_type_that_is_sold_at(tm: Client) -> None:
    student = price_types.create(tm, {"name": "Students", "typeid": 2302})
    its = {"prices": [{"pricetypeid": student.id, "prices": [20.0], "saleschannels": [1]}]}
    event = published(tm, contingents=[floor(eventspecificprices=its)])

    with pytest.raises(ClientException) as error:
        price_types.delete(tm, student.id)

    assert error.value.code == 400
    assert "is used by 1 Active Event" in str(error.value)
    answer = raw(tm, "DELETE", f"/settings/pricing/pricetypes/{student.id}").json()
    assert answer["applicationdata"]["blockedby"] == [event.id]
    assert price_types.get(tm, student.id).isarchived is False


def test_ticketmatic_has_each_key_of_custom_fields_once(tm: Client) -> None:
    def create(key: str) -> Any:
        body = {"typeid": 13003, "key": key}
        return raw(tm, "POST", "/settings/system/customfields", json=body)

    answers = [create(key) for key in ("Foo", "foo", "foo", "bar")]

    assert [answer.status_code for answer in answers] == [200, 400, 400, 200]
