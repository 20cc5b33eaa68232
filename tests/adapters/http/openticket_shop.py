"""What tests of the storefront share: an Event that is on sale, and a visitor without a token."""

from typing import Any
from uuid import uuid4

from fastapi.testclient import TestClient

from domain.ids import Kind, account_number, guid

ACCOUNT = account_number("demo")
SOON, LATER = "2999-12-04T20:00:00+01:00", "2999-12-04T23:00:00+01:00"


def of(kind: Kind, number: int) -> str:
    return str(guid(ACCOUNT, kind, number))


WEB_SHOP = of(Kind.SALES_CHANNEL, 2)


class Sale:
    """A published Event with a date, and one contingent for each body."""

    def __init__(self, web: TestClient, *contingents: dict[str, Any], **more: Any) -> None:
        self.web = web
        hall = web.post("/v1/locations", json={"name": "Hall", "address": "Kerkstraat 1"}).json()
        body = {"name": f"Night {uuid4().hex[:8]}", "locationid": hall["id"], **more}
        event = web.post("/v1/events", json=body).json()
        self.number, self.guid, self.path = event["id"], event["guid"], f"/v1/events/{event['id']}"
        done(web.post(f"{self.path}/dates", json={"start": SOON, "end": LATER}), 201)
        lots = [
            done(web.post(f"{self.path}/contingents", json=body), 201)
            for body in contingents or ({"amount": 10, "price": 25},)
        ]
        self.lots = [lot["id"] for lot in lots]
        self.tickets = [of(Kind.CONTINGENT, lot) for lot in self.lots]
        done(web.post(f"{self.path}/publish"))


class Visitor:
    """Somebody without a token, at one shop."""

    def __init__(self, web: TestClient, shop: str = WEB_SHOP) -> None:
        self.web, self.shop = web, shop

    def ask(self, method: str, path: str, **more: Any) -> Any:
        headers = {"Authorization": "", **more.pop("headers", {})}
        return self.web.request(method, path, headers=headers, **more)

    def data(self) -> Any:
        return done(self.ask("GET", f"/storefront/{self.shop}/data"))

    def reserve(self, ticket: str) -> Any:
        return done(self.ask("GET", f"/storefront/{self.shop}/reserve/ticket/{ticket}"))

    def order(self, *reserved: dict[str, Any], **more: Any) -> Any:
        """The answer to an order of these reservations."""
        receiver = {"email": "ann@example.org", "firstname": "Ann", "lastname": "Peeters"}
        tickets = [{"guid": r["ticket"], "reservation": r["guid"]} for r in reserved]
        body = {"receiver": receiver | more.pop("receiver", {}), "tickets": tickets, **more}
        return self.ask("POST", f"/storefront/{self.shop}/order", json=body)


def done(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None
