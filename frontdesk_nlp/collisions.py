"""Finds FAQs that steal one another's questions."""

from collections.abc import Iterator
from dataclasses import dataclass

from frontdesk_nlp.engine import Engine

# A draft this much like another FAQ's phrasing is worth a word while it is being typed.
NOTICEABLE = 0.25
MOST_SHOWN = 3


@dataclass(frozen=True)
class Collision:
    """A phrasing that another FAQ would take; `score` and `own_score` are from 0 to about 1."""

    entry_id: str
    phrasing: str
    taken_by: str
    score: float
    own_score: float


def check_draft(engine: Engine, text: str, *, entry_id: str | None = None) -> list[Collision]:
    """Return the FAQs that would answer a phrasing being typed, the likeliest first.

    Costs one match, so it can run on every keystroke. `entry_id` is the FAQ being edited.
    """
    ranked = engine.score(text)
    own = next((score for other, score in ranked if other == entry_id), 0.0)
    return [
        Collision(entry_id or "", text, other, score, own)
        for other, score in ranked[: MOST_SHOWN + 1]
        if other != entry_id and score >= NOTICEABLE
    ][:MOST_SHOWN]


def find_collisions(engine: Engine) -> Iterator[Collision]:
    """Yield the phrasings that another FAQ would take if they were typed by a visitor.

    Each phrasing is asked as if its owner had never written it, so an FAQ with one phrasing is
    compared by its neighbours alone.
    """
    for number, (entry_id, phrasing) in enumerate(engine.rows):
        ranked = engine.score(phrasing, without=number)
        own = next((score for other, score in ranked if other == entry_id), 0.0)
        taker, score = next(((o, s) for o, s in ranked if o != entry_id), ("", 0.0))
        if score > own and score >= NOTICEABLE:
            yield Collision(entry_id, phrasing, taker, score, own)
