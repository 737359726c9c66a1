"""Turns scores into the chance of being right, from a client's own phrasings."""

import math
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np

from frontdesk_nlp.index import Floats
from frontdesk_nlp.ridge import Lessons

# How many points describe a distribution of scores.
POINTS = 33
_SHARES = np.linspace(0, 1, POINTS)
# How many scores every client borrows from the average of many clients, and how many it has at
# least with its own: four FAQs about four things say nothing of what strangers' questions score.
BORROWED = 6
FEWEST = 30
# inside, foreign: the share of the client's own phrasings, and of questions outside its FAQs, that
# would score less. similarity: to the nearest phrasing. words: logarithm of their number.
# margin: the lead over the next entry.
FEATURES = ("inside", "foreign", "similarity", "words", "margin")
# One step of caution moves the thresholds by this much on the logistic scale.
CAUTION_STEP = 1.5
Features = dict[str, float]


@dataclass(frozen=True)
class Calibrator:
    """Coefficients fitted with whole domains held out; benchmarks/nlp/fit_calibrator.py."""

    intercept: float
    weights: tuple[float, ...]  # as FEATURES
    answer_at: float
    suggest_at: float
    # The average client's scores, as quantiles at even distances.
    inside: tuple[float, ...]
    foreign: tuple[float, ...]


LEXICAL = Calibrator(
    intercept=-4.506,
    weights=(0.330, 2.981, 1.633, 0.568, 5.286),
    answer_at=0.48,
    suggest_at=0.12,
    inside=(0.048, 0.213, 0.308, 0.388, 0.477, 0.567, 0.664, 0.774, 1.098),
    foreign=(0.007, 0.055, 0.079, 0.104, 0.133, 0.170, 0.224, 0.316, 0.730),
)
SEMANTIC = Calibrator(
    intercept=-4.539,
    weights=(0.660, 2.635, 2.700, 0.516, 3.847),
    answer_at=0.56,
    suggest_at=0.12,
    inside=(0.085, 0.293, 0.384, 0.471, 0.549, 0.632, 0.705, 0.796, 1.115),
    foreign=(0.010, 0.109, 0.140, 0.171, 0.208, 0.254, 0.307, 0.390, 0.759),
)


@dataclass(frozen=True)
class Thresholds:
    """From which confidence the engine answers, and from which it suggests."""

    answer: float
    suggest: float


def set_thresholds(calibrator: Calibrator, caution: float) -> Thresholds:
    """Return the thresholds at a caution of -1 (answers more) to 1 (answers only when sure)."""
    step = CAUTION_STEP * max(-1.0, min(1.0, caution))
    return Thresholds(_shift(calibrator.answer_at, step), _shift(calibrator.suggest_at, step))


def _shift(chance: float, step: float) -> float:
    return 1 / (1 + math.exp(-(math.log(chance / (1 - chance)) + step)))


@dataclass(frozen=True)
class Scale:
    """What scores mean for one client: two distributions, as POINTS quantiles each."""

    inside: Floats
    foreign: Floats

    @cached_property
    def _points(self) -> tuple[list[float], list[float]]:
        return self.inside.tolist(), self.foreign.tolist()

    @property
    def typical_rival(self) -> float:
        """Return what an entry would score for a foreign question."""
        return float(self.foreign[len(self.foreign) // 2])

    def describe(self, score: float, margin: float, similarity: float, words: int) -> Features:
        """Return the figures a confidence rests on, named as FEATURES."""
        return {
            "inside": _share_below(score, self._points[0]),
            "foreign": _share_below(score, self._points[1]),
            "similarity": similarity,
            "words": math.log1p(words),
            "margin": margin,
            "score": score,
        }


def _share_below(score: float, points: list[float]) -> float:
    """Return the share of a distribution below a score; `np.interp` costs ten times as much."""
    place = bisect_right(points, score)
    if place == 0 or place == len(points):
        return float(place > 0)
    low, high = points[place - 1], points[place]
    return (place - 1 + (score - low) / (high - low)) / (len(points) - 1)


def make_scale(lessons: Lessons | None, calibrator: Calibrator) -> Scale:
    """Return a client's scale, with a few scores of the average client mixed in."""
    nothing = np.zeros(0, dtype=np.float32)
    inside, foreign = (nothing, nothing) if lessons is None else (lessons.inside, lessons.foreign)
    return Scale(_summarise(inside, calibrator.inside), _summarise(foreign, calibrator.foreign))


def _summarise(own: Floats, average: tuple[float, ...]) -> Floats:
    places = np.linspace(0, 1, len(average))
    count = max(BORROWED, FEWEST - len(own))
    borrowed = np.interp(np.linspace(0, 1, count), places, average)
    return cast(Floats, np.quantile(np.concatenate([own, borrowed]), _SHARES).astype(np.float32))


def estimate(features: Features, calibrator: Calibrator) -> float:
    """Return the chance that the best entry is right."""
    pairs = zip(FEATURES, calibrator.weights, strict=True)
    logit = calibrator.intercept + sum(features[name] * weight for name, weight in pairs)
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, logit))))
