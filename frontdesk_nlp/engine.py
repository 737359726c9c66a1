"""Trains on a client's FAQs and answers what visitors type."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontdesk_nlp import confidence
from frontdesk_nlp.encoder import Encoder, load_default
from frontdesk_nlp.index import Floats, Index
from frontdesk_nlp.languages import name_language
from frontdesk_nlp.model import Answer, Decision, Entry, Synonym, Trace
from frontdesk_nlp.reading import Message, Reader
from frontdesk_nlp.ridge import Head
from frontdesk_nlp.semantics import SHARE, Meanings
from frontdesk_nlp.storage import BrokenEngineError, pack, unpack
from frontdesk_nlp.synonyms import ClientSynonyms
from frontdesk_nlp.training import Learned, learn, list_ids, list_rows

# Up to here sorting all scores is cheaper than picking the best first.
MOST_SORTED = 400

SynonymGroup = Synonym | Sequence[str]


@dataclass(frozen=True)
class Settings:
    """What a client chose; it is stored with the engine."""

    locale: str
    encoder: str | None
    synonyms: tuple[Synonym, ...]
    caution: float = 0.0


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
        self._ids = list_ids(entries)
        self._encoder, self._calibrator = _choose_encoder(settings.encoder)
        self._thresholds = confidence.set_thresholds(self._calibrator, settings.caution)

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

        `encoder` is None for words alone or "default" for the shared sentence encoder, which
        raises EncoderMissingError where the extra is not installed. `caution` from -1 (answers
        more) to 1 (answers only when sure) moves both thresholds.
        """
        groups = tuple(s if isinstance(s, Synonym) else Synonym(tuple(s)) for s in synonyms)
        settings = Settings(locale, encoder, groups, caution)
        kept = merge_entries(entries)
        loaded, calibrator = _choose_encoder(encoder)
        return cls(kept, settings, learn(kept, loaded, calibrator))

    @property
    def scale(self) -> confidence.Scale:
        """Return what scores mean for this client."""
        return self._learned.scale

    @cached_property
    def _least_rival(self) -> float:
        """What the entries that a small client lacks would score at least."""
        return self._learned.index.lacking * self._learned.scale.typical_rival

    @cached_property
    def _phrasings(self) -> list[str]:
        return [text for _, text in list_rows(self.entries)]

    @cached_property
    def _reader(self) -> Reader:
        language = name_language(self.settings.locale)
        synonyms = ClientSynonyms(self.settings.synonyms, language)
        return Reader(self._learned.vocabulary, synonyms, language, self._encoder)

    def match(self, text: str, *, limit: int = 3, locale: str | None = None) -> Answer:
        """Decide on one message; any text is answered, and never raises."""
        message = self._reader.read(text, name_language(locale) if locale else None)
        if not self._ids or not message.words:
            return Answer("none", None, 0.0, (), self._trace(message))
        return self._decide(message, self._compare(message), limit)

    def _compare(self, message: Message) -> Floats:
        index, meanings = self._learned.index, self._learned.meanings
        readings = [index.compare(features) for features in message.readings]
        if meanings is not None and self._encoder is not None:
            vectors = self._encoder.encode(message.texts)
            readings = [
                meanings.blend(reading, meanings.similarities(vector))
                for reading, vector in zip(readings, vectors, strict=True)
            ]
        return readings[0] if len(readings) == 1 else np.maximum.reduce(readings)

    def _decide(self, message: Message, similarities: Floats, limit: int) -> Answer:
        scores = self._learned.score(similarities)
        order = _rank(scores, max(limit, 2))
        best = float(scores[order[0]])
        rival = float(scores[order[1]]) if len(order) > 1 else 0.0
        margin = best - max(rival, self._least_rival)
        similarity = float(similarities.max())
        features = self._learned.scale.describe(best, margin, similarity, len(message.words))
        chance = confidence.estimate(features, self._calibrator)
        decision = self._choose(chance)
        candidates = tuple((self._ids[n], float(scores[n])) for n in order[:limit])
        first, last = self._learned.index.rows_of(int(order[0]))
        nearest = first + int(np.argmax(similarities[first:last]))
        trace = self._trace(message, self._phrasings[nearest], features)
        entry_id = self._ids[order[0]] if decision == "answer" else None
        return Answer(decision, entry_id, chance, candidates, trace)

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Return (entry id, phrasing) of every phrasing, in the order of the index."""
        return [(entry.id, text) for entry, text in list_rows(self.entries)]

    def score(self, text: str, *, without: int | None = None) -> list[tuple[str, float]]:
        """Return (entry id, score) of every entry, best first.

        `without` leaves one of `rows` out, as if that phrasing had never been written.
        """
        message = self._reader.read(text)
        if not self._ids or not message.words:
            return []
        similarities = self._compare(message)
        if without is not None:
            similarities[without] = 0
        scores = self._learned.score(similarities)
        return [(self._ids[n], float(scores[n])) for n in np.argsort(-scores, kind="stable")]

    def _choose(self, chance: float) -> Decision:
        if chance >= self._thresholds.answer:
            return "answer"
        return "suggest" if chance >= self._thresholds.suggest else "none"

    def _trace(
        self, message: Message, phrasing: str = "", features: dict[str, float] | None = None
    ) -> Trace:
        return Trace(
            tokens=message.words,
            synonyms=tuple((r.said, r.meant) for r in message.rewordings),
            corrections=message.corrections,
            phrasing=phrasing,
            features=features or {},
            threshold=self._thresholds.answer,
            suggest_threshold=self._thresholds.suggest,
            margin=features["margin"] if features else 0.0,
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
        arrays: dict[str, NDArray[Any]] = {
            "inside": learned.scale.inside,
            "foreign": learned.scale.foreign,
            **learned.index.arrays(),
        }
        if learned.meanings is not None:
            arrays["meanings"] = learned.meanings.codes
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
        index = Index.restore(arrays, len(list_ids(entries)))
        meanings = Meanings(arrays["meanings"], SHARE) if "meanings" in arrays else None
        scale = confidence.Scale(arrays["inside"], arrays["foreign"])
        learned = Learned(index, meanings, head, scale, header["vocabulary"])
        return cls(entries, settings, learned)

    def updated(
        self, entries_changed: Iterable[Entry] = (), ids_removed: Iterable[str] = ()
    ) -> "Engine":
        """Return a new engine with some entries added or replaced and others removed."""
        removed = set(ids_removed)
        changed = tuple(entries_changed)
        kept = tuple(entry for entry in self.entries if entry.id not in removed)
        merged = merge_entries([*kept, *changed])
        return Engine(merged, self.settings, learn(merged, self._encoder, self._calibrator))


def _choose_encoder(name: str | None) -> tuple[Encoder | None, confidence.Calibrator]:
    if name is None:
        return None, confidence.LEXICAL
    if name != "default":
        raise ValueError(f"there is no encoder named {name!r}")
    return load_default(), confidence.SEMANTIC


def _rank(scores: Floats, limit: int) -> NDArray[np.int64]:
    if len(scores) <= MOST_SORTED:
        return (-scores).argsort(kind="stable")[:limit]
    nearest = np.sort(np.argpartition(-scores, limit)[:limit])
    return nearest[np.argsort(-scores[nearest], kind="stable")]
