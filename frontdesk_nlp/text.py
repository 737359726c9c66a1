"""Turns what people type into words: normalised, split, classed, stemmed."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from zlib import crc32

import numpy as np
import regex
from numpy.typing import NDArray

from frontdesk_nlp.languages import find_stem

Hashes = NDArray[np.uint32]

# A visitor's message is at most 2,000 characters; what follows never changes the meaning.
MAX_CHARACTERS = 2000
MAX_WORDS = 96
MAX_WORD_LENGTH = 40
GRAM_SIZES = (2, 3, 4)

# The family of a feature sits in the two highest bits of its hash.
WORD, PAIR, GRAM = 0, 1, 2
FAMILY_SHIFT = 30
_HASH_MASK = (1 << FAMILY_SHIFT) - 1

# Scripts written without spaces: every character counts as a word, and pairs restore order.
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_PIECES = regex.compile(
    r"(?P<url>(?:https?://|www\.)[^\s<>\"']{1,300}+)"
    r"|(?P<email>[\w.+-]{1,64}+@[\w-]{1,64}+(?:\.[\w-]{1,64}+){1,4}+)"
    rf"|(?P<character>[{_UNSPACED}]\p{{M}}*+)"
    rf"|(?P<word>[[\p{{L}}\p{{M}}\p{{N}}]--[{_UNSPACED}]]++"
    rf"(?:['’][[\p{{L}}\p{{M}}]--[{_UNSPACED}]]++)*+)"
    r"|(?P<emoji>\p{Extended_Pictographic})",
    flags=regex.VERSION1,
)
# What _PIECES finds in plain ASCII without addresses, a tenth of the time.
_ASCII_WORDS = regex.compile(r"[a-z0-9]++(?:'[a-z]++)*+")
_ADDRESS_SIGNS = ("@", "://", "www.")
_APOSTROPHES = str.maketrans("", "", "'’")


@dataclass(frozen=True, slots=True)
class Word:
    """One word with everything matching needs, computed once per process and shared."""

    text: str
    stem: str
    grams: Hashes
    is_plain: bool  # letters only: may be spelled wrong, unlike a number or an address


def split_text(text: str) -> list[str]:
    """Return the normalised words of a text; web and e-mail addresses become classes."""
    if text.isascii():
        folded = text[:MAX_CHARACTERS].lower()
        if not any(sign in folded for sign in _ADDRESS_SIGNS):
            words = _ASCII_WORDS.findall(folded)[:MAX_WORDS]
            return [word.replace("'", "")[:MAX_WORD_LENGTH] for word in words]
    folded = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS]).casefold()[:MAX_CHARACTERS]
    found: list[str] = []
    for piece in _PIECES.finditer(folded):
        kind = piece.lastgroup
        if kind in ("url", "email"):
            found.append(f"<{kind}>")
        else:
            found.append(piece.group().translate(_APOSTROPHES)[:MAX_WORD_LENGTH])
        if len(found) >= MAX_WORDS:
            break
    return found


def hash_feature(family: int, name: str) -> int:
    """Return the 32-bit feature number: 2 bits of family, 30 bits of checksum."""
    return (crc32(name.encode("utf-8", "surrogatepass")) & _HASH_MASK) | (family << FAMILY_SHIFT)


@lru_cache(maxsize=16384)
def analyse_word(word: str, language: str) -> Word:
    """Return the word's stem and features; the cache is shared by all clients of a process."""
    padded = f"_{word}_"
    grams = {
        hash_feature(GRAM, padded[start : start + size])
        for size in GRAM_SIZES
        for start in range(len(padded) - size + 1)
    }
    is_plain = word.isalpha()
    return Word(
        text=word,
        stem=find_stem(word, language) if is_plain else word,
        grams=np.array(sorted(grams), dtype=np.uint32),
        is_plain=is_plain,
    )


@lru_cache(maxsize=16384)
def _hash_key(key: str) -> int:
    return hash_feature(WORD, key)


@lru_cache(maxsize=32768)
def _hash_pair(first: str, second: str) -> int:
    return hash_feature(PAIR, f"{first} {second}")


def hash_text(words: Sequence[Word], keys: Sequence[str], spelled: Sequence[Word] = ()) -> Hashes:
    """Return the sorted distinct features of a text.

    `keys` are the stems of `words` after synonyms of the shared list were folded together.
    `spelled` are words as they were typed where a correction changed them: both spellings then
    give character features.
    """
    if not words:
        return np.zeros(0, dtype=np.uint32)
    edged = ["^", *keys, "$"]
    numbers = [_hash_key(key) for key in keys]
    numbers.extend(_hash_pair(first, second) for first, second in pairwise(edged))
    parts = [np.array(numbers, dtype=np.uint32)]
    parts.extend(word.grams for word in words)
    parts.extend(word.grams for word in spelled)
    found = np.concatenate(parts)
    found.sort()
    is_new = np.empty(len(found), dtype=bool)
    is_new[0] = True
    np.not_equal(found[1:], found[:-1], out=is_new[1:])
    return found[is_new]


@lru_cache(maxsize=32)
def load_light_features(language: str) -> Hashes:
    """Return the words of a language that carry little of a question's subject, and their grams."""
    path = resources.files("frontdesk_nlp") / "lists" / "stopwords" / f"{language}.txt"
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    words = {word for line in lines if not line.startswith("#") for word in line.split()}
    found = {hash_feature(WORD, find_stem(word, language)) for word in words}
    grams = [analyse_word(word, language).grams for word in sorted(words)]
    own = np.array(sorted(found), dtype=np.uint32)
    return np.unique(np.concatenate([own, *grams]))
