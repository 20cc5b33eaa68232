"""What texts are found and sorted by."""

import unicodedata
from itertools import pairwise

import icu
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.bootstrap import PROJECTIONS
from projections.texts import ICU, MAX_KEY, fold, sort_key, words

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Beyoncé", ["beyonce"]),
        (unicodedata.normalize("NFD", "Beyoncé"), ["beyonce"]),
        ("(Live) in Gent", ["live", "in", "gent"]),
        ("L'Étoile", ["l", "etoile"]),
        ("L\u2019Étoile", ["l", "etoile"]),
        ("東京公演", ["東京", "公演"]),
        ("Straße ﬁn", ["strasse", "fin"]),
        ("🎸 night, 3.5 %", ["🎸", "night", "3.5"]),
        ("C++", ["c", "+"]),
        ("live LIVE  live", ["live"]),
        ("(", ["("]),
        (" \t ", []),
        ("a" * 120 + "x " + "a" * 120 + "y", ["a" * 100]),
    ],
)
def test_a_text_has_these_words(text: str, found: list[str]) -> None:
    assert words(text) == tuple(f"word:{word}" for word in found)


def test_words_of_several_texts_are_told_once() -> None:
    assert words("Extra night", None, "", "Night") == ("word:extra", "word:night")


def test_names_are_in_the_order_that_people_expect() -> None:
    names = ["Zoe", "Éric", "eric", "Fado", "Eric", "Ångström", "(Live)", "Zürich", "zebra", "東京"]

    assert sorted(names, key=sort_key) == [
        "(Live)",
        "Ångström",
        "eric",
        "Eric",
        "Éric",
        "Fado",
        "zebra",
        "Zoe",
        "Zürich",
        "東京",
    ]


@given(TEXTS)
def test_how_a_text_is_composed_makes_no_difference(text: str) -> None:
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))

    assert words(composed) == words(decomposed)
    assert sort_key(composed) == sort_key(decomposed)


@given(TEXTS)
def test_folding_once_is_enough(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.lists(TEXTS, min_size=2))
def test_bytes_of_keys_sort_as_the_library_sorts(texts: list[str]) -> None:
    in_order = sorted(texts, key=lambda text: sort_key(text).encode())
    collator = icu.Collator.createInstance(icu.Locale.getRoot())

    assert all(collator.compare(one, other) <= 0 for one, other in pairwise(in_order))


def test_a_key_is_short_enough_for_an_index_and_holds_no_nul() -> None:
    key = sort_key("東é" * 5_000)

    assert len(key) == MAX_KEY
    assert "\0" not in key


def test_another_edition_of_the_library_needs_new_versions_of_what_is_stored() -> None:
    made_with_it = {"locations": 3, "catalog": 3, "events": 6, "orders": 3}

    assert icu.ICU_VERSION.split(".")[0] == ICU
    versions = {p.name: p.version for p in PROJECTIONS if p.name in made_with_it}
    assert all(versions[name] >= version for name, version in made_with_it.items())
