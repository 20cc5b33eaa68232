"""The tutorial of OpenTicket, step by step, in each of the ways that its samples send bodies."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from fastapi.testclient import TestClient
from httpx2 import Response

Json = dict[str, Any]
Send = Callable[[TestClient, str, Json], Response]

START, END = "2026-12-18T21:00:00+02:00", "2026-12-18T23:00:00+02:00"


def as_text(fields: Json) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in fields.items()
    }


def multipart(client: TestClient, path: str, fields: Json) -> Response:
    """Curl -F, and PHP's array of POST fields."""
    return client.post(path, files={n: (None, v) for n, v in as_text(fields).items()})


def urlencoded(client: TestClient, path: str, fields: Json) -> Response:
    return client.post(path, data=as_text(fields))


def as_json(client: TestClient, path: str, fields: Json) -> Response:
    return client.post(path, json=fields)


def go(client: TestClient, path: str, fields: Json) -> Response:
    """JSON bytes without a content type, and PUT on the create path."""
    return client.put(path, content=json.dumps(fields).encode())


WAYS: dict[str, Send] = {
    "multipart": multipart,
    "urlencoded": urlencoded,
    "json": as_json,
    "go": go,
}


def done(response: Response, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    assert status != 204 or not response.content
    return response.json() if response.content else None


class Tutorial:
    """Each thing is made by its documented request when it is first asked for."""

    def __init__(self, client: TestClient, send: Send = as_json) -> None:
        self.client, self.send = client, send
        self.made: dict[str, Json] = {}

    def create(self, path: str, **fields: Any) -> Json:
        created: Json = done(self.send(self.client, path, fields))
        return created

    def get(self, path: str) -> Any:
        return done(self.client.get(path))

    def put(self, path: str, **fields: Any) -> Json:
        changed: Json = done(self.client.put(path, json=fields))
        return changed

    def attach(self, path: str) -> None:
        done(self.client.post(path), 204)

    def detach(self, path: str) -> None:
        done(self.client.delete(path), 204)

    def _once(self, name: str, make: Callable[[], Json]) -> Json:
        if name not in self.made:
            self.made[name] = make()
        return self.made[name]

    @property
    def location(self) -> Json:
        fields = {"name": "Concert hall", "capacity": 952, "address": "Kerkstraat 1"}
        return self._once("location", lambda: self.create("/location", **fields))

    @property
    def event(self) -> Json:
        fields = {"name": "Live", "type": "once", "locale": "nl_NL", "currency": "EUR"}
        path = f"/location/{self.location['guid']}/event"
        return self._once("event", lambda: self.create(path, **fields))

    @property
    def date(self) -> Json:
        fields = {"event_id": self.event["guid"], "start": START, "end": END}
        return self._once("date", lambda: self.create("/eventdate", **fields))

    @property
    def ticket(self) -> Json:
        fields = {"name": "Standing", "vat_percentage": "21"}
        path = f"/event/{self.event['guid']}/ticket"
        return self._once("ticket", lambda: self.create(path, **fields))

    @property
    def shop(self) -> Json:
        name = f"Shop {uuid4().hex[:6]}"
        return self._once("shop", lambda: self.create("/shop", name=name))

    @property
    def tracker(self) -> Json:
        fields = {"shop_id": self.shop["guid"], "name": "Spring", "type": "facebook"}
        return self._once("tracker", lambda: self.create("/trackers", **fields))

    def on_sale(self) -> "Tutorial":
        """The whole of it."""
        self.attach(f"/ticket/{self.ticket['guid']}/dates/{self.date['guid']}")
        self.attach(f"/shop/{self.shop['guid']}/tickets/{self.ticket['guid']}")
        return self

    def url(self, name: str) -> str:
        path = {"date": "eventdate", "tracker": "trackers"}.get(name, name)
        return f"/{path}/{getattr(self, name)['guid']}"
