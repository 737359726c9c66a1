"""Reads a message the way one client's FAQs would understand it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from frontdesk_nlp.encoder import Encoder
from frontdesk_nlp.spelling import Speller
from frontdesk_nlp.synonyms import ClientSynonyms, Rewording, fold_shared
from frontdesk_nlp.text import MAX_CHARACTERS, Hashes, Word, analyse_word, hash_text, split_text


@dataclass(frozen=True)
class Message:
    """A message split, corrected and reworded; `readings` and `texts` have it as said first."""

    words: tuple[str, ...]
    corrected: tuple[str, ...]
    rewordings: tuple[Rewording, ...]
    readings: tuple[Hashes, ...]
    texts: tuple[str, ...]

    @property
    def corrections(self) -> tuple[tuple[str, str], ...]:
        """Return each corrected word with what it was taken for."""
        pairs = zip(self.words, self.corrected, strict=True)
        return tuple((said, meant) for said, meant in pairs if said != meant)


@lru_cache(maxsize=8192)
def read_phrasing(text: str, language: str) -> tuple[tuple[str, ...], Hashes]:
    """Return the words and features of a stored phrasing, which nobody may change.

    Remembered, because a client's other phrasings are the same when one FAQ is edited.
    """
    words = split_text(text)
    features = _hash(words, (), language)
    features.flags.writeable = False
    return tuple(words), features


def _hash(words: Sequence[str], typed: Sequence[str], language: str) -> Hashes:
    analysed = [analyse_word(word, language) for word in words]
    spelled: list[Word] = [
        analyse_word(said, language) for said, word in zip(typed, words, strict=False)
        if said != word
    ]  # fmt: skip
    keys = fold_shared([word.stem for word in analysed], language)
    return hash_text(analysed, keys, spelled)


class Reader:
    """What is needed to read messages for one client."""

    def __init__(
        self,
        vocabulary: Mapping[str, int],
        synonyms: ClientSynonyms,
        language: str,
        encoder: Encoder | None = None,
    ) -> None:
        """Keep the client's words and synonyms at hand."""
        self._vocabulary = vocabulary
        self._synonyms = synonyms
        self._language = language
        self._speller = Speller(vocabulary, language, encoder)

    def read(self, text: str, language: str | None = None) -> Message:
        """Split, correct and reword a message."""
        chosen = language or self._language
        words = split_text(text)
        corrected = [self._speller.correct(word) for word in words]
        readings = [_hash(corrected, words, chosen)]
        rewordings = self._synonyms.reword(corrected, self._vocabulary)
        readings.extend(_hash(rewording.words, (), chosen) for rewording in rewordings)
        text = text[:MAX_CHARACTERS] if corrected == words else " ".join(corrected)
        texts = (text, *(" ".join(rewording.words) for rewording in rewordings))
        return Message(tuple(words), tuple(corrected), tuple(rewordings), tuple(readings), texts)


def count_words(phrasings: Iterable[Sequence[str]]) -> dict[str, int]:
    """Return how often each word occurs."""
    counts: dict[str, int] = {}
    for words in phrasings:
        for word in words:
            counts[word] = counts.get(word, 0) + 1
    return counts
