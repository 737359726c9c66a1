"""Corrects words a client's FAQs do not have to the ones they do."""

from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

from rapidfuzz.distance import OSA

from frontdesk_nlp.encoder import Encoder

# Shorter words are left alone: one letter makes another right word of them.
SHORTEST = 4
# From this length on, two slips still leave the word recognisable.
TWO_SLIPS_FROM = 8
_REMEMBERED = 4096


@lru_cache(maxsize=32)
def load_common_words(language: str) -> frozenset[str]:
    """Return everyday words of a language that are right even where no FAQ has them."""
    path = resources.files("frontdesk_nlp") / "lists" / "words" / f"{language}.txt"
    if not path.is_file():
        return frozenset()
    lines = path.read_text("utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


class Speller:
    """The spelling model of one client: the words of its phrasings, and how often each occurs."""

    def __init__(
        self, vocabulary: Mapping[str, int], language: str, encoder: Encoder | None = None
    ) -> None:
        """Arrange the vocabulary by length, the only thing a search needs."""
        self._counts = vocabulary
        self._common = load_common_words(language)
        self._encoder = encoder
        self._found: dict[str, str] = {}
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for word in sorted(vocabulary):
            if len(word) >= SHORTEST and word.isalpha():
                self._by_length[len(word)].append(word)

    def knows(self, word: str) -> bool:
        """Tell whether a word is right as it stands."""
        if word in self._counts or word in self._common:
            return True
        return self._encoder is not None and self._encoder.knows(word)

    def correct(self, word: str) -> str:
        """Return the client's word this one is a slip of; the word itself where there is none."""
        if len(word) < SHORTEST or word in self._counts:
            return word
        found = self._found.get(word)
        if found is None:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            found = word if self.knows(word) else self._search(word)
            self._found[word] = found
        return found

    def _search(self, word: str) -> str:
        allowed = 2 if len(word) >= TWO_SLIPS_FROM else 1
        best: tuple[int, bool, int, str] | None = None
        for length in range(len(word) - allowed, len(word) + allowed + 1):
            for candidate in self._by_length.get(length, ()):
                slips = OSA.distance(word, candidate, score_cutoff=allowed)
                if slips <= allowed:
                    rank = (slips, candidate[0] != word[0], -self._counts[candidate], candidate)
                    best = min(best, rank) if best else rank
        return best[3] if best else word
