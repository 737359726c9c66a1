"""Chooses the stemmer for a word, and tells which of a client's languages a text is in."""

import threading
from collections.abc import Sequence
from functools import lru_cache

import regex
import Stemmer

_SNOWBALL = {
    "ar": "arabic", "hy": "armenian", "eu": "basque", "ca": "catalan", "da": "danish",
    "nl": "dutch", "en": "english", "eo": "esperanto", "et": "estonian", "fi": "finnish",
    "fr": "french", "de": "german", "el": "greek", "hi": "hindi", "hu": "hungarian",
    "id": "indonesian", "ga": "irish", "it": "italian", "lt": "lithuanian", "ne": "nepali",
    "no": "norwegian", "nb": "norwegian", "nn": "norwegian", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sr": "serbian", "es": "spanish", "sv": "swedish",
    "ta": "tamil", "tr": "turkish", "yi": "yiddish", "pl": "polish",
}  # fmt: skip

# A script that tells the language better than a client's setting does.
_SCRIPTS = (
    ("ar", regex.compile(r"\p{Arabic}")),
    ("hi", regex.compile(r"\p{Devanagari}")),
    ("ru", regex.compile(r"\p{Cyrillic}")),
    ("el", regex.compile(r"\p{Greek}")),
    ("hy", regex.compile(r"\p{Armenian}")),
    ("ta", regex.compile(r"\p{Tamil}")),
    ("yi", regex.compile(r"\p{Hebrew}")),
)
_SAME_SCRIPT = {"hi": {"hi", "ne"}, "ru": {"ru", "sr"}}
# PyStemmer's objects are not safe to share between threads.
_local = threading.local()


def name_language(locale: str) -> str:
    """Return the language part of a locale: "pt" for "pt-BR"."""
    return locale.replace("_", "-").partition("-")[0].casefold() or "en"


@lru_cache(maxsize=64)
def _find_algorithm(language: str) -> str | None:
    name = _SNOWBALL.get(language)
    return name if name in Stemmer.algorithms() else None


def _stem_with(algorithm: str, word: str) -> str:
    stemmers: dict[str, Stemmer.Stemmer] = _local.__dict__.setdefault("stemmers", {})
    if algorithm not in stemmers:
        stemmers[algorithm] = Stemmer.Stemmer(algorithm, 0)
    return str(stemmers[algorithm].stemWord(word))


def _choose_language(word: str, language: str) -> str | None:
    if word.isascii():
        return language
    for name, script in _SCRIPTS:
        if script.search(word):
            return language if language in _SAME_SCRIPT.get(name, {name}) else name
    return language


def find_stem(word: str, language: str) -> str:
    """Return the stem of a normalised word; the word itself where no stemmer exists."""
    chosen = _choose_language(word, language)
    algorithm = _find_algorithm(chosen) if chosen else None
    if algorithm is None:
        return word
    try:
        return _stem_with(algorithm, word) or word
    except UnicodeEncodeError:
        return word


def identify_language(words: Sequence[str], vocabularies: dict[str, frozenset[str]]) -> str | None:
    """Return the language whose vocabulary knows most of the words, or None where none does."""
    scores = {
        language: sum(word in vocabulary for word in words)
        for language, vocabulary in vocabularies.items()
    }
    best = max(sorted(scores), key=lambda language: scores[language], default=None)
    return best if best is not None and scores[best] else None
