"""Turns scores into the chance of being right, from a client's own phrasings."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frontdesk_nlp.index import Floats
from frontdesk_nlp.ridge import Lessons

# How many points describe the distribution of scores that foreign questions reach.
POINTS = 33
# A client with few phrasings borrows this many from the average of many clients.
BORROWED = 6
ANSWER_AT = 0.5
SUGGEST_AT = 0.2


@dataclass(frozen=True)
class Calibrator:
    """Coefficients fitted once, with whole domains held out (benchmarks/nlp/fit_calibrator.py)."""

    intercept: float
    score: float
    rank: float
    foreign: tuple[float, ...]  # the average client's foreign scores, POINTS quantiles


LEXICAL = Calibrator(-4.0, 9.0, 2.5, tuple(np.linspace(0.03, 0.6, POINTS)))


def summarise_foreign(lessons: Lessons, calibrator: Calibrator) -> Floats:
    """Return the quantiles of scores a question outside this client's FAQs would reach."""
    own = lessons.foreign[np.isfinite(lessons.foreign)]
    borrowed = np.interp(
        np.linspace(0, 1, BORROWED), np.linspace(0, 1, POINTS), calibrator.foreign
    )
    every = np.concatenate([own, borrowed])
    return np.quantile(every, np.linspace(0, 1, POINTS)).astype(np.float32)


def rank_score(score: float, foreign: Floats) -> float:
    """Return the share of foreign questions that would score less."""
    return float(np.interp(score, foreign, np.linspace(0, 1, POINTS)))


def estimate(score: float, rank: float, calibrator: Calibrator) -> float:
    """Return the chance that the best entry is right."""
    logit = calibrator.intercept + calibrator.score * score + calibrator.rank * rank
    return float(1 / (1 + np.exp(-logit)))


def describe(score: float, foreign: NDArray[np.float32]) -> dict[str, float]:
    """Return the figures the confidence rests on."""
    return {"score": score, "rank": rank_score(score, foreign)}
