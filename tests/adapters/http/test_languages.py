"""`Accept-Language`: translations with a fallback to the account's base language."""

import pytest
from fastapi.testclient import TestClient

from tests.adapters.http.talk import Json, a_location, an_event, now, position

TEXTS = {
    "name": "Live",
    "subtitle": "With band",
    "translations": {"namefr": "En direct", "namenl": "Rechtstreeks", "infofr": "Vestiaire"},
}


@pytest.fixture(scope="module")
def event(web: TestClient) -> Json:
    location = a_location(web, name="Opera", translations={"namefr": "Opéra"})
    made = an_event(web, locationid=location["id"], **TEXTS)
    now(web, "/v1/events")
    return made


@pytest.mark.parametrize(
    ("wanted", "language", "name"),
    [
        ("fr", "fr", "En direct"),
        ("FR", "fr", "En direct"),
        ("fr-BE, en;q=0.5", "fr", "En direct"),
        ("nl, fr", "nl", "Rechtstreeks"),
        ("nl;q=0.5, fr;q=0.6", "fr", "En direct"),
        ("de, nl;q=0.1", "nl", "Rechtstreeks"),
        ("de, en;q=0.9, fr;q=0.1", "en", "Live"),
        ("en", "en", "Live"),
        ("de", "en", "Live"),
        ("*", "en", "Live"),
        ("fr;q=0", "en", "Live"),
        ("fr;q=nan", "en", "Live"),
        ("fr;q=often, nl", "nl", "Rechtstreeks"),
        (";;,=,", "en", "Live"),
        ("ƒr", "en", "Live"),
    ],
)
def test_the_best_language_that_there_is_is_shown(
    web: TestClient, event: Json, wanted: str, language: str, name: str
) -> None:
    headers = {"Accept-Language": wanted.encode()}

    got = web.get(f"/v1/events/{event['id']}", headers=headers)

    assert got.status_code == 200
    assert got.json()["name"] == name
    assert got.headers["Content-Language"] == language
    assert got.headers["Vary"] == "Accept-Language"


def test_what_has_no_translation_stays_in_the_base_language(web: TestClient, event: Json) -> None:
    got = web.get(f"/v1/events/{event['id']}", headers={"Accept-Language": "fr"}).json()

    assert got == event | {"name": "En direct", "info": "Vestiaire"}
    assert got["subtitle"] == "With band"


def test_each_language_has_an_etag_of_its_own(web: TestClient, event: Json) -> None:
    path = f"/v1/events/{event['id']}"
    plain = web.get(path)
    french = web.get(path, headers={"Accept-Language": "fr"})
    dutch = web.get(path, headers={"Accept-Language": "nl"})

    held = {"Accept-Language": "fr", "If-None-Match": french.headers["ETag"]}
    wrong = {"Accept-Language": "fr", "If-None-Match": plain.headers["ETag"]}

    assert len({r.headers["ETag"] for r in (plain, french, dutch)}) == 3
    assert "Content-Language" not in plain.headers
    assert web.get(path, headers=held).status_code == 304
    assert web.get(path, headers=wrong).content == french.content


def test_the_etag_of_a_translation_lets_its_reader_write(web: TestClient) -> None:
    path = f"/v1/events/{an_event(web, **TEXTS)['id']}"
    seen = now(web, path, **{"Accept-Language": "fr"}).headers["ETag"]

    first = web.patch(path, json={"subtitle": "2"}, headers={"If-Match": seen})
    second = web.patch(path, json={"subtitle": "3"}, headers={"If-Match": seen})

    assert (first.status_code, second.status_code) == (200, 412)


def test_lists_speak_the_language_too(web: TestClient, event: Json) -> None:
    french = {"Accept-Language": "fr"}

    events = web.get(f"/v1/events?locationid={event['locationid']}", headers=french)
    locations = web.get("/v1/locations?q=opera", headers=french)

    assert [e["name"] for e in events.json()["data"]] == ["En direct"]
    assert [place["name"] for place in locations.json()["data"]] == ["Opéra"]
    assert events.headers["Vary"] == "Accept-Language, Accept-Encoding"


def test_the_past_speaks_the_language_too(web: TestClient) -> None:
    event = an_event(web, **TEXTS)
    path = f"/v1/events/{event['id']}"
    web.patch(path, json={"translations": {}})
    french = {"Accept-Language": "fr", "Stagebook-After": str(position(web))}

    then = web.get(f"{path}?version=1", headers=french)
    today = web.get(path, headers=french)

    assert (then.json()["name"], then.headers["Content-Language"]) == ("En direct", "fr")
    assert (today.json()["name"], today.headers["Content-Language"]) == ("Live", "en")
