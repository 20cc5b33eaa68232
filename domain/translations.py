"""Translations: `name` is in the account's base language, `namefr` in `translations` is French.

Languages are ISO 639-1 codes, two lower-case letters.
"""

import re
from collections.abc import Mapping
from typing import Any

MAX_TRANSLATIONS = 1_000
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
    """The languages of an Accept-Language header, best first; nonsense is passed over."""
    ranked = []
    for index, part in enumerate(accept_language.split(",")[:20]):
        tag, _, parameter = part.strip().partition(";")
        quality = parameter.strip().removeprefix("q=") or "1"
        try:
            weight = float(quality)
        except ValueError:
            continue
        code = tag.strip()[:2].lower()
        if LANGUAGE.fullmatch(code) and weight > 0:
            ranked.append((-weight, index, code))
    return [code for _, _, code in sorted(ranked)]


def translated(document: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The document in that language; what has no translation stays in the base language."""
    translations = document.get("translations") or {}
    return {
        name: translations.get(name + language) or value if isinstance(value, str) else value
        for name, value in document.items()
    } | {
        key[:-2]: text
        for key, text in translations.items()
        if key.endswith(language) and text and document.get(key[:-2]) is None
    }
