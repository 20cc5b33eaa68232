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

ISO_639_1 = """
aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da
de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz
ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln
lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi
pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti
tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
KNOWN = frozenset(ISO_639_1.split())


def language_of(request: Request, principal: Principal) -> str:
    """The language that is written in: the first real one that is asked for, else the base."""
    wanted = languages(request.headers.get("accept-language", ""))
    return next((code for code in wanted if code in KNOWN), principal.language)


def written(
    body: dict[str, Any],
    language: str,
    principal: Principal,
    translatable: frozenset[str],
    current: Mapping[str, Any],
) -> dict[str, Any]:
    """A body whose texts are in that language, for what there is now (`current`, a state: empty
    when it is being made, and then the text is the base text, too). A text that is sent back as it
    was read is left alone, also where there is no translation of it."""
    if not isinstance(body.get("translations") or {}, dict):
        raise Invalid("translations", "expected a JSON object")
    body, base_texts = _without_base(body, principal.language, translatable, current)
    texts = {n: v for n, v in body.items() if n in translatable and isinstance(v, str)}
    if language == principal.language:
        return body | {n: t for n, t in base_texts.items() if body.get(n) in (None, current.get(n))}
    if not texts:
        return body | base_texts
    known = current.get("translations") or {}
    read = {name: known.get(name + language) or current.get(name) for name in texts}
    translations = {**known, **(body.get("translations") or {})}
    translations |= {name + language: text for name, text in texts.items() if text != read[name]}
    rest = {n: v for n, v in body.items() if n not in texts or not current.get(n)}
    return rest | {"translations": translations} | base_texts


def _without_base(
    body: dict[str, Any], base: str, translatable: frozenset[str], current: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """A body without the translations into the base language, which documents show beside the
    texts themselves; and those of them that are other texts than there are now."""
    keys = {name + base: name for name in translatable}
    translations = body.get("translations")
    if not translations or keys.keys().isdisjoint(translations):
        return body, {}
    said = {keys[key]: text for key, text in translations.items() if key in keys}
    rest = {key: text for key, text in translations.items() if key not in keys}
    texts = {n: t for n, t in said.items() if t and isinstance(t, str) and t != current.get(n)}
    return body | {"translations": rest}, texts


def flat(
    document: Mapping[str, Any], principal: Principal, translatable: frozenset[str]
) -> dict[str, str]:
    """Every text that is there, by field and language."""
    base = {name + principal.language: document.get(name) for name in sorted(translatable)}
    texts = {**(document.get("translations") or {}), **{k: t for k, t in base.items() if t}}
    return {key: text for key, text in texts.items() if text}


def unflat(
    said: Mapping[str, Any],
    principal: Principal,
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
        if language == principal.language:
            body[name] = text
        elif text:
            translations[key] = text
        else:
            translations.pop(key, None)
    return body | {"translations": translations}
