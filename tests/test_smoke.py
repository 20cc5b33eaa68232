"""The shortest way through the whole product, on both stores."""

from fastapi.testclient import TestClient


def test_an_event_is_created_shown_and_listed(client: TestClient) -> None:
    location = client.post("/v1/locations", json={"name": "Concert hall"}).json()

    made = client.post("/v1/events", json={"name": "Live", "locationid": location["id"]})

    after = {"Stagebook-After": made.headers["Stagebook-Position"]}
    got = client.get(f"/v1/events/{made.json()['id']}", headers=after)
    assert got.content == made.content
    assert client.get("/v1/events").json()["total"] == 1
