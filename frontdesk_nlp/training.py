"""Makes an index, weights and a distribution of foreign scores out of entries."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from frontdesk_nlp.confidence import Calibrator, Scale, make_scale
from frontdesk_nlp.encoder import Encoder
from frontdesk_nlp.index import Floats, Index, build_index
from frontdesk_nlp.languages import name_language
from frontdesk_nlp.model import Entry
from frontdesk_nlp.reading import count_words, read_phrasing
from frontdesk_nlp.ridge import (
    LARGEST_SOLVED,
    NEAREST,
    Head,
    Lessons,
    invert,
    learn_lessons,
    quantise,
    score_nearest,
    sharpen,
    solve_weights,
)
from frontdesk_nlp.semantics import Meanings, build_meanings
from frontdesk_nlp.text import Hashes, load_light_features

# Of a client too large to solve at once, this many phrasings stand for all.
SAMPLED = 200


@dataclass(frozen=True)
class Learned:
    """What training made of the entries; `head` is absent where a client is too large for it."""

    index: Index
    meanings: Meanings | None
    head: Head | None
    scale: Scale
    vocabulary: dict[str, int]

    @cached_property
    def nearness(self) -> "Nearness":
        """Return the scorer for clients without a head."""
        return Nearness(self.index, self.meanings)

    def score(self, similarities: Floats) -> Floats:
        """Return the score of every entry."""
        if self.head is not None:
            return self.head.score(sharpen(similarities))
        return self.nearness.score(similarities)


class Nearness:
    """Scores from the nearest phrasings alone."""

    def __init__(self, index: Index, meanings: Meanings | None) -> None:
        """Spread the index out by phrasing."""
        self._index = index
        self._matrix = index.build_matrix()
        self._meanings = meanings

    def score(self, similarities: Floats) -> Floats:
        """Return the score of every entry."""
        size = min(NEAREST, len(similarities))
        nearest = np.argpartition(-similarities, size - 1)[:size]
        return score_nearest(
            sharpen(similarities), self._compare(nearest, nearest), nearest,
            self._index.owners, self._index.entries,
        )  # fmt: skip

    def _compare(self, first: NDArray[np.int64], second: NDArray[np.int64] | slice) -> Floats:
        gram = (self._matrix[first] @ self._matrix[second].T).toarray()
        lexical = np.asarray(gram, dtype=np.float32)
        if self._meanings is None:
            return lexical
        return self._meanings.blend(lexical, self._meanings.compare(first, second))

    def sample_lessons(self) -> Lessons:
        """Leave out every so many-th phrasing, then its entry, and note the best score then."""
        step = max(1, self._index.size // SAMPLED)
        rows = np.arange(0, self._index.size, step)
        similarities = self._compare(rows, slice(None))
        inside, foreign = [], np.zeros(len(rows), dtype=np.float32)
        for number, row in enumerate(rows):
            first, last = self._index.rows_of(int(self._index.owners[row]))
            others = similarities[number].copy()
            others[row] = 0
            if last - first > 1:
                inside.append(self.score(others).max())
            others[first:last] = 0
            foreign[number] = self.score(others).max()
        return Lessons(np.array(inside, dtype=np.float32), foreign)


def list_ids(entries: Sequence[Entry]) -> list[str]:
    """Return the ids that have a phrasing, in the order they were first given."""
    return list(dict.fromkeys(e.id for e in entries if any(p.strip() for p in e.phrasings)))


def list_rows(entries: Sequence[Entry]) -> list[tuple[Entry, str]]:
    """Return every phrasing with its entry, those of one id together."""
    by_id: dict[str, list[tuple[Entry, str]]] = {entry_id: [] for entry_id in list_ids(entries)}
    for entry in entries:
        if entry.id in by_id:
            by_id[entry.id].extend((entry, p) for p in entry.phrasings if p.strip())
    return [row for rows in by_id.values() for row in rows]


def learn(entries: Sequence[Entry], encoder: Encoder | None, calibrator: Calibrator) -> Learned:
    """Train on the entries."""
    numbers = {entry_id: number for number, entry_id in enumerate(list_ids(entries))}
    rows = list_rows(entries)
    read = [read_phrasing(text, name_language(entry.locale)) for entry, text in rows]
    owners = [numbers[entry.id] for entry, _ in rows]
    index = build_index(
        [features for _, features in read], owners, len(numbers), _list_light(entries)
    )
    meanings = build_meanings([text for _, text in rows], encoder) if encoder and rows else None
    vocabulary = count_words(words for words, _ in read)
    head, lessons = _solve(index, meanings)
    return Learned(index, meanings, head, make_scale(lessons, calibrator), vocabulary)


def _list_light(entries: Sequence[Entry]) -> Hashes:
    languages = sorted({name_language(entry.locale) for entry in entries})
    return np.concatenate([np.zeros(0, dtype=np.uint32), *map(load_light_features, languages)])


def _solve(index: Index, meanings: Meanings | None) -> tuple[Head | None, Lessons | None]:
    if not index.size:
        return None, None
    if index.size > LARGEST_SOLVED:
        return None, Nearness(index, meanings).sample_lessons()
    gram = index.build_gram()
    if meanings is not None:
        gram = meanings.blend(gram, meanings.build_gram())
    inverse = invert(gram)
    weights = solve_weights(inverse, index.owners, index.entries)
    return quantise(weights), learn_lessons(inverse, weights, index.owners, index.bounds)
