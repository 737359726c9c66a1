"""Meanings of a client's phrasings as 8-bit vectors, and how they join the lexical similarity."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
from numpy.typing import NDArray

from frontdesk_nlp.encoder import Encoder
from frontdesk_nlp.index import Floats

# The share of meaning in a similarity, against words; flat between 0.4 and 0.6.
SHARE = 0.5
_SCALE = 127.0


@dataclass(frozen=True)
class Meanings:
    """Vectors of the phrasings in 8 bits, one row each."""

    codes: NDArray[np.int8]  # (phrasings, dimensions)
    share: float

    @cached_property
    def vectors(self) -> Floats:
        """Return the rows at unit length."""
        vectors = self.codes.astype(np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return cast(Floats, vectors / np.maximum(lengths, 1e-9))

    def similarities(self, vector: Floats) -> Floats:
        """Return the nearness of one vector to every phrasing."""
        return cast(Floats, self.vectors @ vector)

    def compare(self, first: NDArray[np.int64], second: NDArray[np.int64] | slice) -> Floats:
        """Return the nearness of some phrasings to some others."""
        return cast(Floats, self.vectors[first] @ self.vectors[second].T)

    def build_gram(self) -> Floats:
        """Return the nearness of every phrasing to every other."""
        return cast(Floats, self.vectors @ self.vectors.T)

    def blend(self, lexical: Floats, semantic: Floats) -> Floats:
        """Join words and meaning."""
        return cast(Floats, (1 - self.share) * lexical + self.share * np.maximum(semantic, 0))


def build_meanings(texts: Sequence[str], encoder: Encoder) -> Meanings:
    """Encode phrasings; each vector is scaled so that its largest part is 127."""
    vectors = encoder.encode(list(texts))
    peaks = np.maximum(np.abs(vectors).max(axis=1, keepdims=True), 1e-9)
    return Meanings(np.round(vectors / peaks * _SCALE).astype(np.int8), SHARE)
