"""Scores entries from similarities: kernel ridge over the phrasings."""

from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from frontdesk_nlp.index import Floats, Numbers

REGULARISATION = 0.4
# Up to here one system over all phrasings is solved when training, beyond it a small one over the
# nearest phrasings when matching: the same scores, and training stays linear in phrasings.
LARGEST_SOLVED = 1500
NEAREST = 96
MIN_ENTRIES = 2


def sharpen(similarities: Floats) -> Floats:
    """Raise similarities to the power 1.5, so that near phrasings count more than many."""
    positive = np.maximum(similarities, 0)
    return positive * np.sqrt(positive)


@dataclass(frozen=True)
class Head:
    """Weights from phrasings to entries, in 8 bits: 127 stands for the entry's `scales`."""

    weights: NDArray[np.int8]  # (phrasings, entries)
    scales: Floats  # (entries,)

    @cached_property
    def _unpacked(self) -> Floats:
        return self.weights.astype(np.float32)

    def score(self, sharpened: Floats) -> Floats:
        """Return the score of every entry; near 1 for a phrasing met in training."""
        return cast(Floats, (sharpened @ self._unpacked) * self.scales)


@dataclass(frozen=True)
class Lessons:
    """The best scores a client's own phrasings reach when part of the FAQs is left out."""

    inside: Floats  # the phrasing itself left out, where its entry has others
    foreign: Floats  # its whole entry left out: a question nobody has answered


def invert(gram: Floats) -> NDArray[np.float32]:
    """Return the inverse of the regularised kernel matrix of a client's phrasings."""
    system = sharpen(gram)
    system[np.diag_indices_from(system)] += REGULARISATION
    factor, failed = linalg.lapack.spotrf(system, lower=1, overwrite_a=1)
    if failed:
        raise ValueError("similarities of phrasings are not consistent")
    inverse, _ = linalg.lapack.spotri(factor, lower=1, overwrite_c=1)
    lower = np.tril(inverse)
    return np.asarray(lower + np.tril(inverse, -1).T, dtype=np.float32)


def solve_weights(inverse: NDArray[np.float32], owners: Numbers, entries: int) -> Floats:
    """Return the weights of every phrasing for every entry (phrasings x entries)."""
    starts = np.searchsorted(owners, np.arange(entries))
    if not len(owners):
        return np.zeros((0, entries), dtype=np.float32)
    return np.add.reduceat(inverse, starts, axis=1)


def quantise(weights: Floats) -> Head:
    """Store weights in 8 bits."""
    peaks = np.abs(weights).max(axis=0, initial=1e-9).astype(np.float32)
    return Head(np.round(weights / peaks * 127).astype(np.int8), peaks / np.float32(127))


def learn_lessons(
    inverse: NDArray[np.float32], weights: Floats, owners: Numbers, bounds: NDArray[np.int64]
) -> Lessons:
    """Leave out each phrasing, then each entry, in closed form."""
    entries = len(bounds) - 1
    left_out = -weights / np.diag(inverse)[:, None]
    left_out[np.arange(len(owners)), owners] += 1
    has_others = np.diff(bounds)[owners] > 1
    foreign = np.zeros(len(owners) if entries >= MIN_ENTRIES else 0, dtype=np.float32)
    for entry in range(entries if len(foreign) else 0):
        block = slice(int(bounds[entry]), int(bounds[entry + 1]))
        scores = -np.linalg.solve(inverse[block, block], weights[block])
        scores[:, entry] = -np.inf
        foreign[block] = scores.max(axis=1)
    return Lessons(left_out.max(axis=1)[has_others], foreign)


def score_nearest(
    sharpened: Floats, gram: Floats, nearest: NDArray[np.int64], owners: Numbers, entries: int
) -> Floats:
    """Return the score of every entry from a system over the nearest phrasings alone.

    `gram` holds the similarities among the nearest phrasings.
    """
    system = sharpen(gram)
    system[np.diag_indices_from(system)] += REGULARISATION
    weights = linalg.solve(system, sharpened[nearest], assume_a="pos", check_finite=False)
    return np.bincount(owners[nearest], weights, entries).astype(np.float32)
