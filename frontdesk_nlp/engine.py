"""Trains on a client's FAQs and answers what visitors type."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontdesk_nlp import confidence
from frontdesk_nlp.index import Floats, Index, Reading, build_index
from frontdesk_nlp.languages import name_language
from frontdesk_nlp.model import Answer, Decision, Entry, Synonym, Trace
from frontdesk_nlp.reading import Message, Reader, count_words, read_phrasing
from frontdesk_nlp.ridge import (
    LARGEST_SOLVED,
    NEAREST,
    Head,
    invert,
    learn_lessons,
    quantise,
    score_nearest,
    sharpen,
    solve_weights,
)
from frontdesk_nlp.storage import BrokenEngineError, pack, unpack
from frontdesk_nlp.synonyms import ClientSynonyms

SynonymGroup = Synonym | Sequence[str]


@dataclass(frozen=True)
class Settings:
    """What a client chose; it is stored with the engine."""

    locale: str
    encoder: str | None
    synonyms: tuple[Synonym, ...]
    caution: float = 0.0


@dataclass(frozen=True)
class Learned:
    """What training made of the entries."""

    index: Index
    head: Head | None
    foreign: Floats
    vocabulary: dict[str, int]


def merge_entries(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return the entries, the last of each id and locale, in the order they were first given."""
    return tuple({(entry.id, entry.locale): entry for entry in entries}.values())


class Engine:
    """One client's compiled matcher. Immutable and safe to share between threads."""

    def __init__(self, entries: tuple[Entry, ...], settings: Settings, learned: Learned) -> None:
        """Use `Engine.train` or `Engine.from_bytes`."""
        self.entries = entries
        self.settings = settings
        self._learned = learned
        self._ids = _list_ids(entries)
        self._phrasings = _list_phrasings(entries, self._ids)

    @classmethod
    def train(
        cls,
        entries: Iterable[Entry],
        *,
        synonyms: Iterable[SynonymGroup] = (),
        locale: str = "en",
        encoder: str | None = None,
        caution: float = 0.0,
    ) -> "Engine":
        """Compile an engine; the same input always gives the same engine.

        `caution` from -1 (answers more) to 1 (answers only when sure) moves both thresholds.
        """
        groups = tuple(s if isinstance(s, Synonym) else Synonym(tuple(s)) for s in synonyms)
        settings = Settings(locale, encoder, groups, caution)
        kept = merge_entries(entries)
        return cls(kept, settings, _learn(kept))

    @cached_property
    def _reader(self) -> Reader:
        language = name_language(self.settings.locale)
        synonyms = ClientSynonyms(self.settings.synonyms, language)
        return Reader(self._learned.vocabulary, synonyms, language)

    def match(self, text: str, *, limit: int = 3, locale: str | None = None) -> Answer:
        """Decide on one message; any text is answered, and never raises."""
        message = self._reader.read(text, name_language(locale) if locale else None)
        if not self._ids or not message.words:
            return Answer("none", None, 0.0, (), self._trace(message))
        readings = [self._learned.index.read(features) for features in message.readings]
        similarities = np.maximum.reduce([reading.similarities for reading in readings])
        scores = self._score(similarities)
        return self._decide(message, readings, similarities, scores, limit)

    def _score(self, similarities: Floats) -> Floats:
        sharpened = sharpen(similarities)
        if self._learned.head is not None:
            return self._learned.head.score(sharpened)
        index = self._learned.index
        nearest = np.argpartition(-similarities, NEAREST - 1)[:NEAREST]
        rows = self._matrix[nearest]
        gram = np.asarray((rows @ rows.T).toarray(), dtype=np.float32)
        return score_nearest(sharpened, gram, nearest, index.owners, index.entries)

    @cached_property
    def _matrix(self) -> Any:
        return self._learned.index.build_matrix()

    def _decide(
        self,
        message: Message,
        readings: list[Reading],
        similarities: Floats,
        scores: Floats,
        limit: int,
    ) -> Answer:
        order = _rank(scores, max(limit, 2))
        best = float(scores[order[0]])
        margin = best - (float(scores[order[1]]) if len(order) > 1 else 0.0)
        figures = confidence.describe(best, self._learned.foreign)
        figures |= {"margin": margin, "similarity": float(similarities.max()), "words": float(len(message.words))}
        chance = confidence.estimate(figures["score"], figures["rank"], confidence.LEXICAL)
        decision: Decision = "none"
        if chance >= confidence.SUGGEST_AT:
            decision = "answer" if chance >= confidence.ANSWER_AT else "suggest"
        candidates = tuple((self._ids[n], float(scores[n])) for n in order[:limit])
        first, last = self._learned.index.rows_of(int(order[0]))
        nearest = first + int(np.argmax(similarities[first:last]))
        trace = self._trace(message, self._phrasings[nearest], figures, margin)
        entry_id = candidates[0][0] if decision == "answer" and candidates else None
        return Answer(decision, entry_id, chance, candidates, trace)

    def _trace(
        self,
        message: Message,
        phrasing: str = "",
        figures: dict[str, float] | None = None,
        margin: float = 0.0,
    ) -> Trace:
        return Trace(
            tokens=message.words,
            synonyms=tuple((r.said, r.meant) for r in message.rewordings),
            corrections=message.corrections,
            phrasing=phrasing,
            features=figures or {},
            threshold=confidence.ANSWER_AT,
            suggest_threshold=confidence.SUGGEST_AT,
            margin=margin,
        )

    def to_bytes(self) -> bytes:
        """Serialise; the same engine always gives the same bytes."""
        learned = self._learned
        header = {
            "entries": [[e.id, list(e.phrasings), e.locale] for e in self.entries],
            "synonyms": [[list(s.terms), s.one_way_from] for s in self.settings.synonyms],
            "locale": self.settings.locale,
            "encoder": self.settings.encoder,
            "caution": self.settings.caution,
            "vocabulary": learned.vocabulary,
        }
        arrays: dict[str, NDArray[Any]] = {"foreign": learned.foreign, **learned.index.arrays()}
        if learned.head is not None:
            arrays |= {"head": learned.head.weights, "scales": learned.head.scales}
        return pack(header, arrays)

    @classmethod
    def from_bytes(cls, data: bytes | memoryview) -> "Engine":
        """Rebuild an engine from `to_bytes`; the arrays stay views of `data`.

        Raises BrokenEngineError (a ValueError) for anything else.
        """
        header, arrays = unpack(data)
        try:
            return cls._restore(header, arrays)
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            raise BrokenEngineError("the stored engine is incomplete") from error

    @classmethod
    def _restore(cls, header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> "Engine":
        entries = tuple(Entry(i, p, locale) for i, p, locale in header["entries"])
        groups = tuple(Synonym(terms, source) for terms, source in header["synonyms"])
        settings = Settings(header["locale"], header["encoder"], groups, header["caution"])
        head = Head(arrays["head"], arrays["scales"]) if "head" in arrays else None
        index = Index.restore(arrays, len(_list_ids(entries)))
        learned = Learned(index, head, arrays["foreign"], header["vocabulary"])
        return cls(entries, settings, learned)

    def updated(
        self, entries_changed: Iterable[Entry] = (), ids_removed: Iterable[str] = ()
    ) -> "Engine":
        """Return a new engine with some entries added or replaced and others removed."""
        removed = set(ids_removed)
        changed = tuple(entries_changed)
        kept = tuple(entry for entry in self.entries if entry.id not in removed)
        merged = merge_entries([*kept, *changed])
        return Engine(merged, self.settings, _learn(merged))


def _rank(scores: Floats, limit: int) -> NDArray[np.int64]:
    if len(scores) <= limit:
        return np.argsort(-scores, kind="stable")
    nearest = np.sort(np.argpartition(-scores, limit)[:limit])
    return nearest[np.argsort(-scores[nearest], kind="stable")]


def _list_ids(entries: Sequence[Entry]) -> list[str]:
    return list(dict.fromkeys(entry.id for entry in entries if any(map(str.strip, entry.phrasings))))


def _list_phrasings(entries: Sequence[Entry], ids: Sequence[str]) -> list[str]:
    return [phrasing for _, phrasing in _list_rows(entries, ids)]


def _list_rows(entries: Sequence[Entry], ids: Sequence[str]) -> list[tuple[Entry, str]]:
    by_id: dict[str, list[tuple[Entry, str]]] = {entry_id: [] for entry_id in ids}
    for entry in entries:
        if entry.id in by_id:
            by_id[entry.id].extend((entry, p) for p in entry.phrasings if p.strip())
    return [row for rows in by_id.values() for row in rows]


def _learn(entries: tuple[Entry, ...]) -> Learned:
    ids = _list_ids(entries)
    numbers = {entry_id: number for number, entry_id in enumerate(ids)}
    rows = _list_rows(entries, ids)
    read = [read_phrasing(text, name_language(entry.locale)) for entry, text in rows]
    owners = [numbers[entry.id] for entry, _ in rows]
    index = build_index([features for _, features in read], owners, len(ids))
    vocabulary = count_words(words for words, _ in read)
    if not 0 < index.size <= LARGEST_SOLVED:
        return Learned(index, None, np.zeros(confidence.POINTS, dtype=np.float32), vocabulary)
    inverse = invert(index.build_gram())
    weights = solve_weights(inverse, index.owners, index.entries)
    lessons = learn_lessons(inverse, weights, index.owners, index.entries)
    foreign = confidence.summarise_foreign(lessons, confidence.LEXICAL)
    return Learned(index, quantise(weights), foreign, vocabulary)
