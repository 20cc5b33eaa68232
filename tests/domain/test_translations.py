"""`name` is in the account's base language, `namefr` in `translations` is French."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.event_fields import EventBody
from domain.location import LocationFields
from domain.translations import MAX_TRANSLATIONS, languages, translated


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("fr", ["fr"]),
        ("fr-BE, nl;q=0.8, en;q=0.9", ["fr", "en", "nl"]),
        ("nl;q=0.5,fr;q=0.5", ["nl", "fr"]),
        ("*", []),
        ("", []),
        ("fr;q=0", []),
        ("fr;q=nonsense, de", ["de"]),
        ("fr;q=nan, de", ["de"]),
        (";;;,,,é, 12;q=1", []),
        ("FR", ["fr"]),
    ],
)
def test_the_best_language_comes_first(header: str, wanted: list[str]) -> None:
    assert languages(header) == wanted


@given(st.text(max_size=200))
def test_no_accept_language_is_an_error(header: str) -> None:
    assert all(len(language) == 2 for language in languages(header))


def test_only_the_first_20_languages_are_read() -> None:
    header = ",".join(["de"] * 20 + ["fr"])

    assert "fr" not in languages(header)


def test_what_has_no_translation_stays_in_the_base_language() -> None:
    document = {
        "id": 5,
        "name": "Live",
        "subtitle": "With band",
        "info": None,
        "tags": ["name"],
        "translations": {
            "namefr": "En direct",
            "infofr": "Casiers",
            "subtitlefr": "",
            "namenl": "L",
        },
    }

    shown = translated(document, "fr")

    assert shown == document | {"name": "En direct", "info": "Casiers"}


def test_a_document_without_translations_is_shown_as_it_is() -> None:
    document = {"name": "Live", "translations": {}}

    assert translated(document, "fr") == document


EVENT_TEXTS = [
    "name",
    "subtitle",
    "subtitle2",
    "description",
    "shortdescription",
    "info",
    "schedule",
    "webremark",
]


def test_the_texts_for_buyers_can_be_translated() -> None:
    of_event = {f"{name}fr": "texte" for name in EVENT_TEXTS}
    of_location = {f"{name}nl": "tekst" for name in ("name", "description", "info")}

    assert EventBody(translations=of_event).patch() == {"translations": of_event}
    assert LocationFields(translations=of_location).patch() == {"translations": of_location}


@pytest.mark.parametrize("key", ["fr", "name", "namefra", "nameFR", "namé", "tagsfr", "", "cityfr"])
def test_a_translation_names_a_field_and_a_language(key: str) -> None:
    for fields in (EventBody, LocationFields):
        with pytest.raises(ValidationError, match="expected a field and a language"):
            fields(translations={key: "x"})


def test_there_are_at_most_a_thousand_translations() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    many = [f"{n}{a}{b}" for n in ("name", "info") for a in letters for b in letters]

    EventBody(translations=dict.fromkeys(many[:MAX_TRANSLATIONS], "x"))

    with pytest.raises(ValidationError, match="at most 1000 translations"):
        EventBody(translations=dict.fromkeys(many[: MAX_TRANSLATIONS + 1], "x"))
