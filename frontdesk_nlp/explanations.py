"""Says in a shop owner's words why the engine decided as it did."""

from collections.abc import Callable

from frontdesk_nlp.languages import find_stem, name_language
from frontdesk_nlp.model import Answer, Trace
from frontdesk_nlp.synonyms import fold_shared
from frontdesk_nlp.text import split_text

# From this share of its confidence threshold on, a lead is called clear.
CLEAR_LEAD = 0.15


def explain(
    answer: Answer, name_entry: Callable[[str], str] = str, *, locale: str = "en"
) -> list[str]:
    """Return short sentences, the decision first.

    `name_entry` turns an entry's id into what its owner calls it, such as the question.
    """
    if not answer.trace.tokens:
        return ["The message has no words to go by."]
    if not answer.candidates:
        return ["There is no FAQ to compare the message with."]
    best = name_entry(answer.candidates[0][0])
    return [
        _say_decision(answer, best),
        *_say_reading(answer),
        *_say_words(answer.trace, name_language(locale)),
        *_say_lead(answer, name_entry),
    ]


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _say_decision(answer: Answer, best: str) -> str:
    sure = _percent(answer.confidence)
    needed = _percent(answer.trace.threshold)
    if answer.decision == "answer":
        return f"Answered with “{best}”: {sure} sure, and {needed} is enough."
    if answer.decision == "suggest":
        return f"Asked back, with “{best}” first: {sure} sure, and an answer needs {needed}."
    return f"Not answered: the nearest FAQ is “{best}”, but only {sure} sure."


def _say_reading(answer: Answer) -> list[str]:
    said = [f"“{a}” was read as “{b}”." for a, b in answer.trace.corrections]
    return said + [f"“{a}” counts as “{b}” (synonym)." for a, b in answer.trace.synonyms]


def find_shared(trace: Trace, language: str) -> list[str]:
    """Return the words of the message that the nearest phrasing has too, in any form."""
    corrected = dict(trace.corrections)
    phrasing = _fold(split_text(trace.phrasing), language)
    return [
        word
        for word in dict.fromkeys(trace.tokens)
        if phrasing.intersection(_fold([corrected.get(word, word)], language))
    ]


def _fold(words: list[str], language: str) -> set[str]:
    return set(fold_shared([find_stem(word, language) for word in words], language))


def _say_words(trace: Trace, language: str) -> list[str]:
    if not trace.phrasing:
        return []
    nearest = f"The nearest phrasing is “{trace.phrasing}”"
    shared = ", ".join(f"“{word}”" for word in find_shared(trace, language))
    if not shared:
        return [f"{nearest}; they share no words, only parts of words or the meaning."]
    return [f"{nearest}; it shares {shared}."]


def _say_lead(answer: Answer, name_entry: Callable[[str], str]) -> list[str]:
    if len(answer.candidates) < 2:  # noqa: PLR2004 - a lead needs two
        return []
    second = name_entry(answer.candidates[1][0])
    lead = "clearly behind" if answer.trace.margin >= CLEAR_LEAD else "close behind"
    return [f"Next is “{second}”, {lead}."]
