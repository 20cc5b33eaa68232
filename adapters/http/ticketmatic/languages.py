"""Languages: `Accept-Language` counts for what is written as well as for what is read.

A text in another language than the account's is a translation: it leaves the base text alone.
`…/translate` shows and takes all of them in one flat map, a field and its language a key: `nameen`.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import Request

from application.keyring import Principal
from domain.errors import Invalid
from domain.translations import LANGUAGE, languages


def language_of(request: Request, who: Principal) -> str:
    """The language that is written in: the first one that is asked for, else the account's."""
    wanted = languages(request.headers.get("accept-language", ""))
    return wanted[0] if wanted else who.language


def written(
    body: dict[str, Any],
    language: str,
    who: Principal,
    translatable: frozenset[str],
    current: Mapping[str, Any],
) -> dict[str, Any]:
    """A body whose texts are in that language, for what there is now (`current`, a state: empty
    when it is being made, and then the text is the base text, too)."""
    texts = {n: v for n, v in body.items() if n in translatable and isinstance(v, str)}
    if language == who.language or not texts:
        return body
    translations = {**(current.get("translations") or {}), **(body.get("translations") or {})}
    translations |= {name + language: text for name, text in texts.items()}
    rest = {n: v for n, v in body.items() if n not in texts or not current.get(n)}
    return rest | {"translations": translations}


def flat(
    document: Mapping[str, Any], who: Principal, translatable: frozenset[str]
) -> dict[str, str]:
    """Every text that is there, by field and language."""
    base = {name + who.language: document.get(name) for name in sorted(translatable)}
    texts = {**base, **(document.get("translations") or {})}
    return {key: text for key, text in texts.items() if text}


def unflat(
    said: Mapping[str, Any],
    who: Principal,
    translatable: frozenset[str],
    current: Mapping[str, Any],
) -> dict[str, Any]:
    """The body that a flat map asks for. An empty text takes a translation away."""
    body: dict[str, Any] = {}
    translations = dict(current.get("translations") or {})
    for key, text in said.items():
        name, language = key[:-2], key[-2:]
        if name not in translatable or not LANGUAGE.fullmatch(language):
            message = f"expected a field and a language; the fields are {sorted(translatable)}"
            raise Invalid(key, message)
        if text is not None and not isinstance(text, str):
            raise Invalid(key, "expected a text")
        if language == who.language:
            body[name] = text
        elif text:
            translations[key] = text
        else:
            translations.pop(key, None)
    return body | {"translations": translations}
