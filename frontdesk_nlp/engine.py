"""Trains on a client's FAQs and answers what visitors type."""

import json
import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import regex

from frontdesk_nlp.model import Answer, Decision, Entry, Synonym, Trace

WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
ANSWER_AT = 0.5
SUGGEST_AT = 0.25


def split_words(text: str) -> list[str]:
    """Normalise and split into words."""
    return WORD.findall(unicodedata.normalize("NFKC", text[:2000]).casefold())


def count_features(text: str) -> Counter[str]:
    """Count words and the character 3- and 4-grams inside them."""
    counts: Counter[str] = Counter()
    for word in split_words(text):
        counts[word] += 1
        padded = f"<{word}>"
        for size in (3, 4):
            for start in range(len(padded) - size + 1):
                counts["#" + padded[start : start + size]] += 1
    return counts


class Engine:
    """One client's compiled matcher. Immutable: `updated` returns a new engine."""

    def __init__(
        self,
        entries: Sequence[Entry],
        synonyms: Sequence[Synonym | Sequence[str]],
        locale: str,
        encoder: str | None,
    ) -> None:
        """Use `Engine.train`."""
        self._entries = tuple(entries)
        self._synonyms = tuple(synonyms)
        self._locale = locale
        self._encoder = encoder
        self._index()

    @classmethod
    def train(
        cls,
        entries: Iterable[Entry],
        *,
        synonyms: Sequence[Synonym | Sequence[str]] = (),
        locale: str = "en",
        encoder: str | None = None,
    ) -> "Engine":
        """Compile an engine; the same input always gives the same engine."""
        return cls(tuple(entries), synonyms, locale, encoder)

    def _index(self) -> None:
        rows = [(e.id, p) for e in self._entries for p in e.phrasings]
        counts = [count_features(phrasing) for _, phrasing in rows]
        frequency = Counter(name for row in counts for name in row)
        self._idf = {n: math.log(1 + len(rows) / f) for n, f in frequency.items()}
        self._default = math.log(1 + max(len(rows), 1))
        self._owners = [owner for owner, _ in rows]
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, row in enumerate(counts):
            for name, weight in self._weigh(row).items():
                self._postings[name].append((number, weight))

    def _weigh(self, counts: Counter[str]) -> dict[str, float]:
        raw = {n: (1 + math.log(c)) * self._idf.get(n, self._default) for n, c in counts.items()}
        norm = math.sqrt(sum(v * v for v in raw.values())) or 1.0
        return {n: v / norm for n, v in raw.items()}

    def match(self, text: str, *, limit: int = 3, locale: str | None = None) -> Answer:
        """Decide on one message."""
        scores: dict[int, float] = defaultdict(float)
        for name, weight in self._weigh(count_features(text)).items():
            for row, other in self._postings.get(name, ()):
                scores[row] += weight * other
        best: dict[str, float] = {}
        for row, score in scores.items():
            owner = self._owners[row]
            best[owner] = max(best.get(owner, 0.0), score)
        ranked = sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))[: max(limit, 2)]
        return self._decide(text, tuple(ranked), limit)

    def _decide(self, text: str, ranked: tuple[tuple[str, float], ...], limit: int) -> Answer:
        confidence = min(1.0, ranked[0][1]) if ranked else 0.0
        margin = confidence - (ranked[1][1] if len(ranked) > 1 else 0.0)
        decision: Decision = "none"
        if confidence >= SUGGEST_AT:
            decision = "answer" if confidence >= ANSWER_AT else "suggest"
        trace = Trace(
            tokens=tuple(split_words(text)),
            features={"similarity": confidence, "margin": margin},
            threshold=ANSWER_AT,
            suggest_threshold=SUGGEST_AT,
            margin=margin,
        )
        entry_id = ranked[0][0] if decision == "answer" else None
        return Answer(decision, entry_id, confidence, ranked[:limit], trace)

    def to_bytes(self) -> bytes:
        """Serialise; the same engine always gives the same bytes."""
        groups = [
            [list(s.terms), s.one_way_from] if isinstance(s, Synonym) else [list(s), None]
            for s in self._synonyms
        ]
        rows = [[e.id, list(e.phrasings), e.locale] for e in self._entries]
        state = {"e": rows, "s": groups, "l": self._locale, "m": self._encoder}
        return json.dumps(state, ensure_ascii=False, sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Engine":
        """Rebuild an engine from `to_bytes`."""
        state = json.loads(data)
        entries = [Entry(i, p, loc) for i, p, loc in state["e"]]
        synonyms = [Synonym(t, o) for t, o in state["s"]]
        return cls(entries, synonyms, state["l"], state["m"])

    def updated(
        self, entries_changed: Iterable[Entry] = (), ids_removed: Iterable[str] = ()
    ) -> "Engine":
        """Return a new engine with some entries added or replaced and others removed."""
        removed = set(ids_removed)
        kept = {e.id: e for e in self._entries if e.id not in removed}
        kept.update((e.id, e) for e in entries_changed)
        return Engine(tuple(kept.values()), self._synonyms, self._locale, self._encoder)
