"""Times as clients write them: the same on every surface, and offsets that are none refused."""

import pytest
from ticketmatic.client import Client

from tests.adapters.http.test_ticketmatic_events import raw
from tests.adapters.http.vendors import Served

DAY = "2999-06-22T10:49:06"
TAKEN = [
    (f"{DAY}.1926169+00:00", "2999-06-22T10:49:06.192617Z"),
    (f"{DAY}.123456789z".lower(), "2999-06-22T10:49:06.123457Z"),
    (f"{DAY}.1234565Z", "2999-06-22T10:49:06.123456Z"),
]


@pytest.mark.parametrize(("written", "kept"), TAKEN)
def test_nine_digits_and_small_letters_are_read_on_every_surface(
    served: Served, tm: Client, written: str, kept: str
) -> None:
    headers = served.token(tm.account_code)
    place = served.http.post("/v1/locations", json={"name": "Hall"}, headers=headers).json()
    body = {"name": "Live", "locationid": place["id"], "startts": written}
    native = served.http.post("/v1/events", json=body, headers=headers).json()
    assert native["startts"] == kept

    made = raw(tm, "PUT", f"/events/{native['id']}", json={"endts": written})
    assert made.status_code == 200, made.text
    assert served.http.get(f"/v1/events/{native['id']}", headers=headers).json()["endts"] == kept

    date = {"event_id": native["guid"], "start": written, "end": "3000-01-01T00:00:00Z"}
    answer = served.http.post("/eventdate", json=date, headers=headers)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("offset", ["+10:60", "+0160", "+24:00", "-0099"])
def test_offsets_that_are_none_are_refused_on_every_surface(
    served: Served, tm: Client, offset: str
) -> None:
    headers = served.token(tm.account_code)
    place = served.http.post("/v1/locations", json={"name": "Hall"}, headers=headers).json()
    event = served.http.post("/v1/events", json={"locationid": place["id"]}, headers=headers).json()
    written = DAY + offset

    native = served.http.patch(
        f"/v1/events/{event['id']}", json={"startts": written}, headers=headers
    )
    vendors = raw(tm, "PUT", f"/events/{event['id']}", json={"startts": written})
    date = {"event_id": event["guid"], "start": written, "end": "3000-01-01T00:00:00Z"}
    other = served.http.post("/eventdate", json=date, headers=headers)

    assert [native.status_code, vendors.status_code, other.status_code] == [422, 400, 406]
