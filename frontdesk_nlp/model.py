"""What goes into the engine and what comes out: frozen values, nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Decision = Literal["answer", "suggest", "none"]


@dataclass(frozen=True)
class Entry:
    """One FAQ as the engine sees it: an id, its phrasings, and the locale they are written in.

    An FAQ written in several locales is several entries with the same id.
    """

    id: str
    phrasings: Sequence[str]
    locale: str = "en"

    def __post_init__(self) -> None:
        """Freeze the phrasings, so that an entry can't change under a trained engine."""
        object.__setattr__(self, "phrasings", tuple(self.phrasings))


@dataclass(frozen=True)
class Synonym:
    """A group of terms that count as one another when matching.

    With `one_way_from` set, a visitor's `one_way_from` also counts as each of `terms`, but not
    the reverse. A plain list of terms in `Engine.train(synonyms=...)` is a two-way group.
    """

    terms: Sequence[str]
    one_way_from: str | None = None

    def __post_init__(self) -> None:
        """Freeze the terms."""
        object.__setattr__(self, "terms", tuple(self.terms))


@dataclass(frozen=True)
class Trace:
    """Why the engine decided as it did; `as_dict()` gives plain JSON values.

    `synonyms` and `corrections` are (what was said, what it counted as). `phrasing` is the nearest
    one of the best entry. `margin` is the lead over the next entry.
    """

    tokens: tuple[str, ...] = ()
    synonyms: tuple[tuple[str, str], ...] = ()
    corrections: tuple[tuple[str, str], ...] = ()
    phrasing: str = ""
    features: Mapping[str, float] = field(default_factory=dict)
    threshold: float = 1.0
    suggest_threshold: float = 1.0
    margin: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return the trace as JSON-ready lists, numbers and strings."""
        # `dataclasses.asdict` copies deeply, which costs as much as half a match.
        return {
            "tokens": list(self.tokens),
            "synonyms": [list(pair) for pair in self.synonyms],
            "corrections": [list(pair) for pair in self.corrections],
            "phrasing": self.phrasing,
            "features": dict(self.features),
            "threshold": self.threshold,
            "suggest_threshold": self.suggest_threshold,
            "margin": self.margin,
        }


@dataclass(frozen=True)
class Answer:
    """The engine's decision on one message.

    `entry_id` is set only when `decision` is "answer". `confidence` is the calibrated chance, 0
    to 1, that the first of `candidates` is what the visitor meant. `candidates` are (entry id,
    score) pairs, best first, also when the decision is "none".
    """

    decision: Decision
    entry_id: str | None
    confidence: float
    candidates: tuple[tuple[str, float], ...]
    trace: Trace
