"""Rules a client writes itself, checked before its FAQs: exact, contains, keyword, pattern."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import regex

from frontdesk_nlp.languages import find_stem, name_language
from frontdesk_nlp.model import Synonym
from frontdesk_nlp.synonyms import ClientSynonyms, fold_shared
from frontdesk_nlp.text import MAX_CHARACTERS, split_text

RuleKind = Literal["exact", "contains", "keyword", "pattern"]
MAX_PATTERN_LENGTH = 300
# Seconds one pattern may take on one message; past it the pattern counts as not matching.
PATTERN_TIME = 0.02


@dataclass(frozen=True)
class Rule:
    """What a message must say: any of `terms`, or all where `needs_all`.

    "exact": the whole message, give or take case and punctuation. "contains": these words in this
    order. "keyword": these words in any form (stems, synonyms). "pattern": a regular expression,
    found anywhere, case ignored.
    """

    id: str
    kind: RuleKind
    terms: Sequence[str]
    needs_all: bool = False

    def __post_init__(self) -> None:
        """Freeze the terms."""
        object.__setattr__(self, "terms", tuple(self.terms))


@dataclass(frozen=True)
class RuleMatch:
    """A rule that a message met, and the terms that were found."""

    rule_id: str
    terms: tuple[str, ...]


class BrokenPatternError(ValueError):
    """A pattern that is too long or no regular expression; the message says which."""


def check_pattern(pattern: str) -> "regex.Pattern[str]":
    """Return the compiled pattern; raises BrokenPatternError in words its writer understands."""
    if len(pattern) > MAX_PATTERN_LENGTH:
        raise BrokenPatternError(f"A pattern has at most {MAX_PATTERN_LENGTH} characters.")
    try:
        return regex.compile(pattern, regex.IGNORECASE | regex.VERSION1)
    except (regex.error, ValueError, OverflowError, RecursionError) as error:
        raise BrokenPatternError(f"This is not a regular expression: {error}.") from error


@dataclass(frozen=True)
class _Said:
    """A message in the three forms rules look at; several keyword forms where synonyms apply."""

    text: str
    words: tuple[str, ...]
    stems: tuple[tuple[str, ...], ...]


class RuleMatcher:
    """Rules compiled once, checked in the order they were given."""

    def __init__(
        self, rules: Iterable[Rule], *, synonyms: Iterable[Synonym] = (), locale: str = "en"
    ) -> None:
        """Compile; raises BrokenPatternError for a pattern that can't be one."""
        self._language = name_language(locale)
        self._synonyms = ClientSynonyms(synonyms, self._language)
        self._rules = [(rule, [self._compile(rule, term) for term in rule.terms]) for rule in rules]
        self._vocabulary = {
            word for rule, _ in self._rules if rule.kind == "keyword"
            for term in rule.terms for word in split_text(term)
        }  # fmt: skip

    def _compile(self, rule: Rule, term: str) -> "regex.Pattern[str] | tuple[str, ...]":
        if rule.kind == "pattern":
            return check_pattern(term)
        words = tuple(split_text(term))
        return self._fold(words) if rule.kind == "keyword" else words

    def _fold(self, words: Sequence[str]) -> tuple[str, ...]:
        stems = [find_stem(word, self._language) for word in words]
        return tuple(fold_shared(stems, self._language))

    def match(self, text: str) -> tuple[RuleMatch, ...]:
        """Return every rule the message meets, in the order of the rules; never raises."""
        words = tuple(split_text(text))
        reworded = [r.words for r in self._synonyms.reword(words, self._vocabulary)]
        stems = tuple(self._fold(form) for form in [words, *reworded])
        said = _Said(text[:MAX_CHARACTERS], words, stems)
        found = []
        for rule, compiled in self._rules:
            pairs = zip(rule.terms, compiled, strict=True)
            met = tuple(term for term, form in pairs if _meets(rule.kind, form, said))
            if met and (len(met) == len(rule.terms) or not rule.needs_all):
                found.append(RuleMatch(rule.id, met))
        return tuple(found)


def _meets(kind: RuleKind, form: "regex.Pattern[str] | tuple[str, ...]", said: _Said) -> bool:
    if not isinstance(form, tuple):
        return _search(form, said.text)
    if not form:
        return False
    if kind == "exact":
        return form == said.words
    if kind == "contains":
        return _has_run(said.words, form)
    return any(_has_run(stems, form) for stems in said.stems)


def _search(pattern: "regex.Pattern[str]", text: str) -> bool:
    try:
        return pattern.search(text, timeout=PATTERN_TIME) is not None
    except (TimeoutError, MemoryError):
        return False


def _has_run(words: Sequence[str], run: Sequence[str]) -> bool:
    size = len(run)
    return any(tuple(words[i : i + size]) == tuple(run) for i in range(len(words) - size + 1))
