"""Groups questions nobody answered by what they mean; stable while questions arrive."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from frontdesk_nlp.encoder import Encoder
from frontdesk_nlp.index import Floats
from frontdesk_nlp.languages import name_language
from frontdesk_nlp.reading import read_phrasing

# A question joins a group whose centre is at least this near; else it opens its own.
NEAR_WORDS = 0.42
NEAR_MEANING = 0.55
_DIMENSIONS = 512


@dataclass
class Group:
    """Questions about the same; `id` is the id of the first and never changes."""

    id: str
    title: str
    question_ids: list[str] = field(default_factory=list)


def _sketch(text: str, language: str) -> Floats:
    """Return the features of a text in a fixed number of places, of unit length."""
    _, features = read_phrasing(text, language)
    places = features % np.uint32(_DIMENSIONS)
    signs = np.where((features >> np.uint32(12)) & np.uint32(1), 1.0, -1.0)
    sketch = np.bincount(places, signs, _DIMENSIONS).astype(np.float32)
    return np.asarray(sketch / max(float(np.linalg.norm(sketch)), 1e-9), dtype=np.float32)


class Groups:
    """Groups that only ever grow: a question stays in the group it was put into.

    Adding the same questions in the same order gives the same groups, at once or one by one.
    """

    def __init__(self, *, locale: str = "en", encoder: Encoder | None = None) -> None:
        """Start with no groups; with an encoder, meaning counts as well as words."""
        self._language = name_language(locale)
        self._encoder = encoder
        self._near = NEAR_WORDS if encoder is None else NEAR_MEANING
        self._sums = np.zeros((16, self._width()), dtype=np.float32)
        self.groups: list[Group] = []

    def _width(self) -> int:
        return _DIMENSIONS + (len(self._encoder.encode(["a"])[0]) if self._encoder else 0)

    def _place(self, text: str) -> Floats:
        words = _sketch(text, self._language)
        if self._encoder is None:
            return words
        meaning = self._encoder.encode([text])[0]
        both = np.concatenate([words, meaning]) / np.sqrt(np.float32(2))
        return np.asarray(both, dtype=np.float32)

    def add(self, question_id: str, text: str) -> Group:
        """Put a question into the nearest group, or open one; return it."""
        place = self._place(text)
        number = self._find(place)
        if number is None:
            number = self._open(question_id, text)
        self._sums[number] += place
        self.groups[number].question_ids.append(question_id)
        return self.groups[number]

    def _find(self, place: Floats) -> int | None:
        if not self.groups:
            return None
        centres = self._sums[: len(self.groups)]
        lengths = np.maximum(np.linalg.norm(centres, axis=1), 1e-9)
        nearness = centres @ place / lengths
        best = int(np.argmax(nearness))
        return best if nearness[best] >= self._near else None

    def _open(self, question_id: str, text: str) -> int:
        self.groups.append(Group(question_id, text))
        if len(self.groups) > len(self._sums):
            self._sums = np.vstack([self._sums, np.zeros_like(self._sums)])
        return len(self.groups) - 1


def group_questions(
    questions: Iterable[tuple[str, str]], *, locale: str = "en", encoder: Encoder | None = None
) -> Sequence[Group]:
    """Group (id, text) pairs; the largest group first."""
    groups = Groups(locale=locale, encoder=encoder)
    for question_id, text in questions:
        groups.add(question_id, text)
    return sorted(groups.groups, key=lambda group: -len(group.question_ids))
