"""Turns scores into the chance of being right, from a client's own phrasings."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np

from frontdesk_nlp.index import Floats
from frontdesk_nlp.ridge import Lessons

# How many points describe the distribution of scores that foreign questions reach.
POINTS = 33
# A client with few phrasings borrows this many from the average of many clients.
BORROWED = 6
# score: of the best entry. rank: the share of foreign questions that would score less. margin: the
# lead over the next entry. shots: logarithm of the mean number of phrasings of an entry.
FEATURES = ("score", "rank", "margin", "shots")
# One step of caution moves the thresholds by this much on the logistic scale.
CAUTION_STEP = 1.5


@dataclass(frozen=True)
class Calibrator:
    """Coefficients fitted with whole domains held out; benchmarks/nlp/fit_calibrator.py."""

    intercept: float
    weights: tuple[float, ...]  # as FEATURES
    answer_at: float
    suggest_at: float
    foreign: tuple[float, ...]  # the average client's foreign scores, POINTS quantiles


LEXICAL = Calibrator(
    intercept=-3.345,
    weights=(0.0, 3.964, 5.882, 0.0),
    answer_at=0.32,
    suggest_at=0.12,
    foreign=(
        0.011, 0.034, 0.043, 0.051, 0.057, 0.064, 0.07, 0.075, 0.082, 0.088, 0.094, 0.1, 0.108,
        0.114, 0.121, 0.128, 0.135, 0.143, 0.152, 0.161, 0.172, 0.186, 0.198, 0.212, 0.227, 0.245,
        0.268, 0.29, 0.313, 0.351, 0.397, 0.471, 0.68,
    ),
)  # fmt: skip


SEMANTIC = LEXICAL


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


def summarise_foreign(lessons: Lessons | None, calibrator: Calibrator) -> Floats:
    """Return the quantiles of scores a question outside this client's FAQs would reach."""
    points = np.linspace(0, 1, POINTS)
    own = np.zeros(0) if lessons is None else lessons.foreign[np.isfinite(lessons.foreign)]
    borrowed = np.interp(np.linspace(0, 1, BORROWED), points, calibrator.foreign)
    return cast(Floats, np.quantile(np.concatenate([own, borrowed]), points).astype(np.float32))


def rank_score(score: float, foreign: Floats) -> float:
    """Return the share of foreign questions that would score less."""
    return float(np.interp(score, foreign, np.linspace(0, 1, POINTS)))


def estimate(features: Mapping[str, float], calibrator: Calibrator) -> float:
    """Return the chance that the best entry is right."""
    pairs = zip(FEATURES, calibrator.weights, strict=True)
    logit = calibrator.intercept + sum(features[name] * weight for name, weight in pairs)
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, logit))))
