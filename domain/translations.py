"""Translations: `name` is in the account's base language, `namefr` in `translations` is French.

Languages are ISO 639-1 codes, two lower-case letters.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

MAX_TRANSLATIONS = 1_000
TRANSLATED_PARTS = ("contingents", "seated_contingents")
"""The fields of an Event whose things have translations of their own."""
LANGUAGE = re.compile(r"[a-z]{2}", re.ASCII)


def checked(translations: dict[str, str], translatable: frozenset[str]) -> dict[str, str]:
    """Refuses a key that is not a translatable field followed by a language."""
    if len(translations) > MAX_TRANSLATIONS:
        message = f"expected at most {MAX_TRANSLATIONS} translations"
        raise ValueError(message)
    for key in translations:
        if key[:-2] not in translatable or not LANGUAGE.fullmatch(key[-2:]):
            message = (
                f"{key!r}: expected a field and a language, such as namefr; "
                f"the fields are {', '.join(sorted(translatable))}"
            )
            raise ValueError(message)
    return translations


def languages(accept_language: str) -> list[str]:
    """The languages of an Accept-Language header, best first; nonsense is passed over. A tag counts
    by its first part: nl-BE asks for nl, and fil for no language of two letters (RFC 4647)."""
    ranked = []
    for index, part in enumerate(accept_language.split(",")[:20]):
        tag, _, parameter = part.strip().partition(";")
        quality = parameter.strip().removeprefix("q=") or "1"
        try:
            weight = float(quality)
        except ValueError:
            continue
        code = tag.strip().partition("-")[0].lower()
        if LANGUAGE.fullmatch(code) and weight > 0:
            ranked.append((-weight, index, code))
    return [code for _, _, code in sorted(ranked)]


def in_first(
    document: Mapping[str, Any], wanted: Iterable[str], base: str
) -> tuple[dict[str, Any], str]:
    """The document in the first of these languages that it has a text in, else in the base one."""
    had: set[str] = set()
    for whole in (document, *_parts(document)):
        had |= {key[-2:] for key, text in (whole.get("translations") or {}).items() if text}
    for language in wanted:
        if language == base:
            break
        if language in had:
            return translated(document, language), language
    return dict(document), base


def translated(document: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The document in that language, and what it contains, too; what has no translation stays in
    the base language."""
    translations = document.get("translations") or {}
    parts = {
        name: [translated(part, language) for part in document[name]]
        for name in TRANSLATED_PARTS
        if document.get(name)
    }
    return (
        {
            name: translations.get(name + language) or value if isinstance(value, str) else value
            for name, value in document.items()
        }
        | {
            key[:-2]: text
            for key, text in translations.items()
            if key.endswith(language) and text and document.get(key[:-2]) is None
        }
        | parts
    )


def _parts(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for name in TRANSLATED_PARTS:
        yield from document.get(name) or ()
