"""One address, which a vendor has as a text and the other in parts."""

from typing import Any

from fastapi.testclient import TestClient
from ticketmatic.client import Client
from ticketmatic.endpoints.settings.events import event_locations

from tests.adapters.http.test_ticketmatic_events import raw
from tests.adapters.http.vendors import Served

PARTS = {"street1": "Sint-Pietersnieuwstraat 23", "zip": "9000", "city": "Gent"}


class Hall:
    """A Location as both vendors' clients have it."""

    def __init__(self, tm: Client, served: Served, **fields: Any) -> None:
        self.tm, self.http = tm, served.http
        self.headers = served.token(tm.account_code)
        self.number = int(event_locations.create(tm, {"name": "Vooruit", **fields}).id or 0)
        guid = raw(tm, "GET", self.path).json()["guid"]
        self.openticket = f"/location/{guid}"

    @property
    def path(self) -> str:
        return f"/settings/events/eventlocations/{self.number}"

    def text(self) -> str | None:
        shown = self.http.get(self.openticket, headers=self.headers).json()
        text: str | None = shown["address"]
        return text

    def write(self, **fields: Any) -> None:
        answer = self.http.put(self.openticket, json=fields, headers=self.headers)
        assert answer.status_code == 200, answer.text

    def parts(self) -> dict[str, Any]:
        shown = event_locations.get(self.tm, self.number)
        return {n: v for n in ("street1", "street2", "zip", "city") if (v := getattr(shown, n))}

    def version(self) -> int:
        return int(raw(self.tm, "GET", self.path).json()["version"])


def test_an_address_in_parts_is_read_as_one_text(tm: Client, served: Served) -> None:
    hall = Hall(tm, served, **PARTS, countrycode="BE")

    assert hall.text() == "Sint-Pietersnieuwstraat 23, 9000 Gent, BE"
    assert Hall(tm, served).text() is None


def test_an_address_of_one_text_is_read_as_a_street(tm: Client, served: Served) -> None:
    hall = Hall(tm, served)

    hall.write(address="Kerkstraat 1\n9000 Gent")

    assert hall.parts() == {"street1": "Kerkstraat 1, 9000 Gent"}
    assert hall.text() == "Kerkstraat 1\n9000 Gent"
    (listed,) = raw(tm, "GET", "/settings/events/eventlocations").json()["data"]
    assert listed["street1"] == "Kerkstraat 1, 9000 Gent"


def test_the_last_one_who_writes_an_address_is_right(tm: Client, served: Served) -> None:
    hall = Hall(tm, served, **PARTS)

    hall.write(address="Kerkstraat 1")
    assert (hall.parts(), hall.text()) == ({"street1": "Kerkstraat 1"}, "Kerkstraat 1")

    event_locations.update(tm, hall.number, {"street1": "Kerkstraat 2", "city": "Gent"})
    assert hall.parts() == {"street1": "Kerkstraat 2", "city": "Gent"}
    assert hall.text() == "Kerkstraat 2, Gent"


def test_an_address_that_comes_back_as_it_was_shown_changes_nothing(
    tm: Client, served: Served
) -> None:
    hall, other = Hall(tm, served, **PARTS), Hall(tm, served)
    other.write(address="Kerkstraat 1")
    before = (hall.version(), other.version())

    hall.write(address=hall.text())
    event_locations.update(tm, other.number, event_locations.get(tm, other.number))
    raw(tm, "PUT", other.path, json=raw(tm, "GET", other.path).json())

    assert (hall.version(), other.version()) == before
    assert (hall.parts(), other.text()) == (PARTS, "Kerkstraat 1")


def test_a_city_that_is_added_leaves_the_text_alone(tm: Client, served: Served) -> None:
    hall = Hall(tm, served)
    hall.write(address="Kerkstraat 1")

    event_locations.update(tm, hall.number, {"city": "Gent"})

    assert hall.text() == "Kerkstraat 1"
    assert hall.parts() == {"street1": "Kerkstraat 1", "city": "Gent"}


# -- what a newcomer meets


def test_paths_that_are_not_there_are_told_in_the_vendors_words(web: TestClient) -> None:
    guid = "0f8fad5b-d9cb-469f-a165-70867728950e"
    for method, path in (
        ("GET", f"/event/{guid}/tickets"),
        ("GET", "/3.0.0/anything/at/all"),
        ("PATCH", "/location/a/b"),
    ):
        answer = web.request(method, path)

        assert answer.status_code == 404, path
        assert answer.json() == {
            "error_code": "not-found",
            "error_description": f"there is no {method} {path}",
            "status_code": 404,
        }
    assert web.get("/anything").headers["content-type"] == "application/problem+json"


def test_json_that_curl_calls_a_form_is_json(web: TestClient) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = b' {"name": "Hall", "capacity": 10, "address": "Here"}'

    answer = web.post("/location", content=body, headers=form)

    assert (answer.status_code, answer.json()["capacity"]) == (200, 10)
