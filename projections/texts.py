"""What a text is found and sorted by: Unicode's words (UAX 29) and collation (UTS 10), by ICU.

Both are stored with the documents. Another edition of ICU may give other words and keys: then
`ICU` changes here, and the `version` of every projection that uses them.
"""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import icu

ICU = "77"
"""The edition of ICU that stored words and keys were made with."""
MAX_WORD = 100
MAX_KEY = 1_000
"""Characters of a sort key: an index entry of PostgreSQL holds less than 2,704 bytes."""
APOSTROPHES = "'\N{RIGHT SINGLE QUOTATION MARK}\N{MODIFIER LETTER APOSTROPHE}"

_ROOT = icu.Locale.getRoot()
_COLLATOR = icu.Collator.createInstance(_ROOT)
_SPACES = str.maketrans(dict.fromkeys(APOSTROPHES, " "))


@lru_cache(1_024)  # a document is written again with the same name at every sale
def words(*texts: str | None) -> tuple[str, ...]:
    """The terms that a search finds a document by: its distinct words, without case and accents.

    A text without a word, such as «(», is a term of its own, which nothing begins with."""
    terms: dict[str, None] = {}
    for text in filter(None, texts):
        folded = fold(text)
        found = [word[:MAX_WORD] for word in _words(folded)] or folded.split()[:1]
        terms |= dict.fromkeys(f"word:{word}" for word in found)
    return tuple(terms)


def fold(text: str) -> str:
    """The text without case, accents and differences of encoding."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def exact(text: str) -> str:
    """A name that is compared as a whole: the same however its characters are composed."""
    return unicodedata.normalize("NFC", text)


@lru_cache(1_024)
def sort_key(text: str | None) -> str:
    """A text whose code points are in the order that people expect of `text`: é beside e, a before
    B. The weights of ICU are bytes from 1 to 255, one code point each."""
    key: bytes = _COLLATOR.getSortKey(text or "")
    return key.rstrip(b"\0").decode("latin-1")[:MAX_KEY]


def _words(folded: str) -> Iterator[str]:
    """The parts between Unicode's word boundaries that are no spaces or punctuation. An apostrophe
    is a boundary, too: «étoile» is a word of «l'étoile»."""
    text = icu.UnicodeString(folded.translate(_SPACES))
    breaks = icu.BreakIterator.createWordInstance(_ROOT)
    breaks.setText(text)
    start = 0
    for end in breaks:
        word = str(text[start:end])
        start = end
        if unicodedata.category(word[0])[0] not in "ZPC":
            yield word
