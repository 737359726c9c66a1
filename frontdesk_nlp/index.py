"""The compact index of a client's phrasings: feature postings over plain arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from frontdesk_nlp.text import FAMILY_SHIFT, WORD, Hashes

Floats = NDArray[np.float32]
Numbers = NDArray[np.int32]

FAMILIES = 3
# The share of words, word pairs and character grams in a similarity; flat around these values.
SHARES = np.array([0.25, 0.15, 0.60], dtype=np.float32)
# What a feature no phrasing has adds to the length of a message, against one that is known.
UNKNOWN_SHARE = 0.5
# Words like "how" and "my" count as if this share of entries more had them, and this much less: in
# ten FAQs counting alone can't tell them from the subject.
LIGHT_SPREAD = 0.3
LIGHT_SHARE = 0.7
# A client with fewer entries is read as if it had this many: among two FAQs counting can't tell a
# rare word from one every question has, and "Who are you?" would answer "When are you open?".
TYPICAL_ENTRIES = 20


@dataclass(frozen=True)
class Index:
    """Postings of hashed features; every array is a view of the stored bytes when loaded.

    `slots` number a phrasing within its family: family x phrasings + phrasing.
    """

    hashes: Hashes  # (features,), sorted
    rarity: NDArray[np.float32]  # (features,): rare among entries weighs more
    starts: NDArray[np.uint32]  # (features + 1,)
    slots: NDArray[np.uint16] | NDArray[np.uint32]
    owners: Numbers  # (phrasings,): entry number, ascending
    entries: int

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what is stored."""
        names = ("hashes", "rarity", "starts", "slots", "owners")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]], entries: int) -> "Index":
        """Rebuild from `arrays`; raises ValueError where they contradict one another."""
        index = cls(**{name: arrays[name] for name in cls.__match_args__[:5]}, entries=entries)
        consistent = (
            len(index.starts) == len(index.hashes) + 1 == len(index.rarity) + 1
            and index.starts[-1] == len(index.slots)
            and bool(np.all(index.starts[:-1] <= index.starts[1:]))
            and int(index.slots.max(initial=0)) < max(1, FAMILIES * index.size)
            and int(index.owners.max(initial=-1)) + 1 == entries
        )
        if not consistent:
            raise ValueError("the stored index contradicts itself")
        return index

    @property
    def size(self) -> int:
        """How many phrasings are indexed."""
        return len(self.owners)

    @cached_property
    def bounds(self) -> NDArray[np.int64]:
        """Return where each entry's phrasings start, and the end."""
        return np.searchsorted(self.owners, np.arange(self.entries + 1))

    def rows_of(self, entry: int) -> tuple[int, int]:
        """Return the first phrasing of an entry and the one after its last."""
        return int(self.bounds[entry]), int(self.bounds[entry + 1])

    @property
    def lacking(self) -> float:
        """Return which share of the typical number of entries the client has not got."""
        return max(0, TYPICAL_ENTRIES - self.entries) / TYPICAL_ENTRIES

    @cached_property
    def unknown_weight(self) -> float:
        """Return the weight of a feature no entry has."""
        return float(np.log(1 + max(self.entries, TYPICAL_ENTRIES)) + 1)

    def list_posting_features(self) -> NDArray[np.int32]:
        """Return for every posting the position of its feature; as large as the index itself."""
        ends = self.starts.astype(np.int64)
        return np.repeat(np.arange(len(self.hashes), dtype=np.int32), ends[1:] - ends[:-1])

    @cached_property
    def row_scales(self) -> Floats:
        """Return 1 / length of each phrasing within each family, share included."""
        squares = self.rarity[self.list_posting_features()] ** 2
        sums = np.bincount(self.slots, squares, FAMILIES * self.size).reshape(FAMILIES, self.size)
        scales = np.sqrt(SHARES)[:, None] / np.sqrt(np.where(sums > 0, sums, 1))
        return scales.astype(np.float32)

    @cached_property
    def _squares(self) -> Floats:
        """Return the squared weights, and at the end what an unknown feature counts."""
        share = UNKNOWN_SHARE + (1 - UNKNOWN_SHARE) * self.lacking
        unknown = share * self.unknown_weight**2
        return np.append(self.rarity**2, np.float32(unknown)).astype(np.float32)

    def compare(self, features: Hashes) -> Floats:
        """Return the similarity, 0 to 1, of a message's features to every phrasing."""
        if not self.size or not len(self.hashes) or not len(features):
            return np.zeros(self.size, dtype=np.float32)
        positions = self.hashes.searchsorted(features)
        last = len(self.hashes)
        positions[positions == last] = 0
        found = self.hashes[positions] == features
        squares = self._squares[np.where(found, positions, last)]
        families = features >> np.uint32(FAMILY_SHIFT)
        lengths = np.bincount(families, squares, FAMILIES)
        sums = self._add_postings(positions[found], squares[found])
        factors = np.sqrt(SHARES / np.maximum(lengths, 1e-9))
        return cast(Floats, (factors @ (sums * self.row_scales)).astype(np.float32))

    def _add_postings(self, features: NDArray[np.int64], weights: Floats) -> Floats:
        starts = self.starts[features].astype(np.int64)
        counts = self.starts[features + 1] - starts
        ends = counts.cumsum()
        total = int(ends[-1]) if len(ends) else 0
        flat = np.arange(total)
        flat += np.repeat(starts - ends + counts, counts)
        sums = np.bincount(
            self.slots[flat], np.repeat(weights, counts), minlength=FAMILIES * self.size
        )
        return cast(Floats, sums.reshape(FAMILIES, self.size))

    def build_gram(self) -> Floats:
        """Return the similarity of every phrasing to every other (phrasings x phrasings)."""
        matrix = self.build_matrix()
        return np.asarray((matrix @ matrix.T).toarray(), dtype=np.float32)

    def build_matrix(self) -> "sparse.csr_array":
        """Return the phrasings as sparse rows of unit length."""
        features = self.list_posting_features()
        values = self.rarity[features] * self.row_scales.reshape(-1)[self.slots]
        rows = self.slots % max(self.size, 1)
        shape = (self.size, len(self.hashes))
        coordinates = (rows.astype(np.int32), features)
        return sparse.coo_array((values, coordinates), shape=shape).tocsr()


def weigh_features(
    hashes: Hashes, spread: NDArray[np.int64], entries: int, light: Hashes
) -> Floats:
    """Return the weight of features that so many of the entries have.

    The entries a small client lacks have the light words, and their grams, as often as others.
    """
    counted = max(entries, TYPICAL_ENTRIES)
    is_light = np.isin(hashes, light)
    is_light_word = is_light & (hashes >> np.uint32(FAMILY_SHIFT) == WORD)
    widened = spread + (counted - entries) * LIGHT_SPREAD * is_light
    widened = np.minimum(widened + LIGHT_SPREAD * entries * is_light_word, counted)
    rarity = np.log((1 + counted) / (1 + widened)) + 1
    return cast(Floats, (rarity * np.where(is_light_word, LIGHT_SHARE, 1)).astype(np.float32))


def build_index(
    features: Sequence[Hashes], owners: Sequence[int], entries: int, light: Hashes
) -> Index:
    """Index phrasings given as sorted distinct features, in the order of their owners.

    `light` are features that carry little of a question's subject.
    """
    size = len(features)
    lengths = [len(row) for row in features]
    flat = np.concatenate([*features, np.zeros(0, dtype=np.uint32)])
    rows = np.repeat(np.arange(size), lengths)
    order = np.argsort(flat, kind="stable")
    flat, rows = flat[order], rows[order]
    is_first = np.ones(len(flat), dtype=bool)
    is_first[1:] = flat[1:] != flat[:-1]
    owned = np.asarray(owners, dtype=np.int32)
    is_new_owner = is_first.copy()
    is_new_owner[1:] |= owned[rows[1:]] != owned[rows[:-1]]
    firsts = np.flatnonzero(is_first)
    spread = np.add.reduceat(is_new_owner, firsts, dtype=np.uint32) if len(firsts) else firsts
    slots = (flat >> FAMILY_SHIFT).astype(np.int64) * size + rows
    slot_type = np.uint16 if FAMILIES * size < 1 << 16 else np.uint32
    return Index(
        hashes=flat[firsts],
        rarity=weigh_features(flat[firsts], spread, entries, light),
        starts=np.append(firsts, len(flat)).astype(np.uint32),
        slots=cast(NDArray[np.uint16], slots.astype(slot_type)),
        owners=owned,
        entries=entries,
    )
