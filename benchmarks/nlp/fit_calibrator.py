"""Fits the coefficients in frontdesk_nlp/confidence.py, and says what they are worth.

Every set is asked once as it is, and in episodes: some entries dropped, so that their questions
become out of scope, fewer phrasings, and questions from another set mixed in. Sets of one domain
(one shop, one forum) are held out together; the printed figures are of the held-out domain, with
coefficients and threshold both chosen without it. The coefficients shipped use all domains. Only
sets that hold foreign questions have a say in the threshold: the others cannot tell what answering
too much costs.

    python -m benchmarks.nlp.fit_calibrator [lexical|encoder]
"""

import random
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.nlp.evaluation_sets import (
    OUT_OF_SCOPE,
    Rows,
    list_sets,
    load_bench,
    load_faqs,
    load_set,
    name_domain,
    require_shared,
    sample,
)
from frontdesk_nlp import Engine, Entry
from frontdesk_nlp.confidence import FEATURES, Scale

EPISODES = 8
EPISODE_WEIGHT = 0.5
# Shares the weight out between features that say much the same.
PENALTY = 0.003
# A wrong entry for a question the FAQs do answer counts less than an answer to a foreign question:
# the right one is nearly always among the suggestions then.
WRONG_WEIGHT = 0.1
QUESTIONS = 1000
LEFT_OUT = ("hwu64_full",)
Floats = NDArray[np.float64]


@dataclass
class Trial:
    """One engine asked one set of questions."""

    name: str
    features: Floats
    right: NDArray[np.bool_]
    best: list[str]
    wanted: list[str]
    scale: Scale
    is_episode: bool


def train(rows: Rows, encoder: str | None) -> Engine:
    """Return an engine of the rows."""
    phrasings = defaultdict(list)
    for text, label in rows:
        phrasings[label].append(text)
    return Engine.train([Entry(k, v) for k, v in phrasings.items()], encoder=encoder)


def run_trial(
    name: str, rows: Rows, questions: Rows, encoder: str | None, *, is_episode: bool
) -> Trial:
    """Train on the rows and ask the questions."""
    engine = train(rows, encoder)
    known = {label for _, label in rows}
    features, best, wanted = [], [], []
    for text, label in questions:
        answer = engine.match(text)
        if answer.candidates:
            features.append([answer.trace.features[f] for f in FEATURES])
            best.append(answer.candidates[0][0])
            wanted.append(label if label in known else OUT_OF_SCOPE)
    right = np.array([b == w for b, w in zip(best, wanted, strict=True)])
    return Trial(name, np.array(features), right, best, wanted, engine.scale, is_episode)


def make_episode(rows: Rows, source: random.Random) -> Rows:
    """Drop some entries, and some phrasings of the rest."""
    labels = sorted({label for _, label in rows})
    share = source.choice([0.15, 0.4, 0.6, 0.8])
    kept = {label for label in labels if source.random() < share} | set(labels[:3])
    most = source.choice([1, 2, 3, 5, 8, 20])
    count: Counter[str] = Counter()
    chosen = []
    for text, label in source.sample(rows, len(rows)):
        count[label] += label in kept
        if label in kept and count[label] <= most:
            chosen.append((text, label))
    return chosen


def run_trials(encoder: str | None) -> list[Trial]:
    """Ask every set as it is and in episodes."""
    sets = {name: load_set(name) for name in list_sets() if name not in LEFT_OUT}
    sets |= {name: load_faqs(name) for name in ("help-desk",)}
    source = random.Random(7)
    trials = []
    for name, (rows, test) in sets.items():
        asked = sample(test, QUESTIONS, source)
        trials.append(run_trial(name, rows, asked, encoder, is_episode=False))
        others = [n for n in sets if name_domain(n) != name_domain(name)]
        for _ in range(EPISODES // 2 if "xsid" in name or "subset" in name else EPISODES):
            strangers = sample(sets[source.choice(others)][1], 40, source)
            asked = sample(test, 250, source) + [(text, OUT_OF_SCOPE) for text, _ in strangers]
            episode = make_episode(rows, source)
            trials.append(run_trial(name, episode, asked, encoder, is_episode=True))
    return trials


def fit(trials: list[Trial]) -> Floats:
    """Return intercept and weights of a logistic regression, every domain counting the same."""
    shares = Counter((name_domain(t.name), t.is_episode) for t in trials)
    weights = np.concatenate([
        np.full(len(t.right), (EPISODE_WEIGHT if t.is_episode else 1)
                / shares[name_domain(t.name), t.is_episode] / len(t.right))
        for t in trials
    ])  # fmt: skip
    answerable = np.array([w != OUT_OF_SCOPE for t in trials for w in t.wanted])
    right = np.concatenate([t.right for t in trials])
    weights[answerable & ~right] *= WRONG_WEIGHT
    weights /= weights.sum()
    features = np.concatenate([t.features for t in trials])
    spread = features.std(axis=0)
    inputs = np.hstack([np.ones((len(features), 1)), features / spread])
    targets = right * 2.0 - 1

    def loss(w: Floats) -> tuple[float, Floats]:
        signed = targets * (inputs @ w)
        slope = -targets * weights / (1 + np.exp(signed))
        cost = weights @ np.logaddexp(0, -signed) + PENALTY * (w[1:] @ w[1:])
        return float(cost), inputs.T @ slope + 2 * PENALTY * np.append(0, w[1:])

    bounds = [(None, None)] + [(None if f == "words" else 0, None) for f in FEATURES]
    start = np.zeros(inputs.shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    fitted: Floats = np.append(found[0], found[1:] / spread)
    return fitted


def estimate(trial: Trial, weights: Floats) -> Floats:
    """Return the confidence of every question of a trial."""
    chances: Floats = 1 / (1 + np.exp(-(weights[0] + trial.features @ weights[1:])))
    return chances


def score_thresholds(trial: Trial, chances: Floats, thresholds: Floats) -> Floats:
    """Return the MCC of a trial at each threshold."""
    mcc = load_bench().mcc
    return np.array([
        mcc(trial.wanted, [b if c >= t else OUT_OF_SCOPE
                           for b, c in zip(trial.best, chances, strict=True)])
        for t in thresholds
    ])  # fmt: skip


def main(encoder: str | None) -> None:
    """Print held-out figures, then what to put into confidence.py."""
    require_shared()
    english = set(load_bench().GROUPS["english"])
    trials = run_trials(encoder)
    thresholds = np.arange(0.1, 0.7, 0.02)
    curves: dict[str, Floats] = {}
    for domain in sorted({name_domain(t.name) for t in trials}):
        weights = fit([t for t in trials if name_domain(t.name) != domain])
        for trial in trials:
            if name_domain(trial.name) == domain and not trial.is_episode:
                chances = estimate(trial, weights)
                curves[trial.name] = score_thresholds(trial, chances, thresholds)
    strict = {t.name for t in trials if not t.is_episode and OUT_OF_SCOPE in t.wanted}
    means = []
    for name in sorted(english & set(curves)):
        others = [c for n, c in curves.items()
                  if n in strict and name_domain(n) != name_domain(name)]  # fmt: skip
        at = int(np.argmax(np.mean(others, axis=0)))
        means.append(curves[name][at])
        print(f"{name:28s} MCC {curves[name][at] * 100:.1f} at {thresholds[at]:.2f} "
              f"(best possible {curves[name].max() * 100:.1f})")  # fmt: skip
    print(f"mean of the English sets, held out: {np.mean(means) * 100:.2f}")
    shared = np.mean([c for n, c in curves.items() if n in strict], axis=0)
    print("threshold:", round(float(thresholds[int(np.argmax(shared))]), 2))
    print("intercept and weights:", [round(float(w), 3) for w in fit(trials)])
    for name in ("inside", "foreign"):
        average = np.mean([getattr(t.scale, name) for t in trials if not t.is_episode], axis=0)
        print(f"{name}:", [round(float(v), 3) for v in average[::4]])


if __name__ == "__main__":
    main("default" if "encoder" in sys.argv[1:] else None)
