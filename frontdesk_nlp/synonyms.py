"""Words that count as one another: the shared lists, and a client's own."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from frontdesk_nlp.languages import find_stem
from frontdesk_nlp.model import Synonym
from frontdesk_nlp.text import split_text

Phrase = tuple[str, ...]
# A message is reworded at most this often, so that a long message stays cheap.
MAX_REWORDINGS = 6


def stem_phrase(term: str, language: str) -> Phrase:
    """Return the stems of a term's words."""
    return tuple(find_stem(word, language) for word in split_text(term))


@lru_cache(maxsize=64)
def load_shared(language: str) -> dict[Phrase, Phrase]:
    """Return the shared list of a language: each term's stems and the stems that stand for it."""
    path = resources.files("frontdesk_nlp") / "lists" / "synonyms" / f"{language}.txt"
    heads: dict[Phrase, Phrase] = {}
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    for line in lines:
        if line and not line.startswith("#"):
            terms = [stem_phrase(term, language) for term in line.split(",")]
            for term in terms:
                heads.setdefault(term, terms[0])
    return {term: head for term, head in heads.items() if term != head}


@lru_cache(maxsize=64)
def _find_longest_starts(language: str) -> dict[str, int]:
    longest: dict[str, int] = defaultdict(int)
    for term in load_shared(language):
        longest[term[0]] = max(longest[term[0]], len(term))
    return dict(longest)


def fold_shared(stems: Sequence[str], language: str) -> list[str]:
    """Replace the terms of the shared list by the one that stands for their group."""
    starts = _find_longest_starts(language)
    if not any(stem in starts for stem in stems):
        return list(stems)
    shared = load_shared(language)
    folded: list[str] = []
    position = 0
    while position < len(stems):
        for length in range(starts.get(stems[position], 0), 0, -1):
            head = shared.get(tuple(stems[position : position + length]))
            if head is not None and position + length <= len(stems):
                folded.extend(head)
                position += length
                break
        else:
            folded.append(stems[position])
            position += 1
    return folded


@dataclass(frozen=True)
class Rewording:
    """A message said with another term of a synonym group."""

    words: tuple[str, ...]
    said: str
    meant: str


class ClientSynonyms:
    """A client's own groups, looked up by the stems of what was said."""

    def __init__(self, groups: Iterable[Synonym], language: str) -> None:
        """Arrange the groups; a term that is empty after normalising is left out."""
        self._language = language
        self._meanings: dict[Phrase, list[tuple[str, ...]]] = defaultdict(list)
        for group in groups:
            self._add(group)
        self._longest = max(map(len, self._meanings), default=0)

    def _add(self, group: Synonym) -> None:
        terms = [words for term in group.terms if (words := tuple(split_text(term)))]
        if group.one_way_from is not None:
            sources = [tuple(split_text(group.one_way_from))]
        else:
            sources = terms
        for source in filter(None, sources):
            stems = tuple(find_stem(word, self._language) for word in source)
            others = [term for term in terms if term != source]
            self._meanings[stems].extend(term for term in others if term)

    def reword(self, words: Sequence[str], known: Iterable[str]) -> list[Rewording]:
        """Return the message with each term replaced by those its FAQs use.

        `known` are the words of the client's phrasings.
        """
        if not self._meanings:
            return []
        stems = [find_stem(word, self._language) for word in words]
        vocabulary = known if isinstance(known, (set, frozenset, dict)) else set(known)
        found: list[Rewording] = []
        for start in range(len(words)):
            for length in range(1, min(self._longest, len(words) - start) + 1):
                terms = self._meanings.get(tuple(stems[start : start + length]), ())
                found += [
                    _replace(words, start, length, term)
                    for term in terms
                    if all(word in vocabulary for word in term)
                ]
        return found[:MAX_REWORDINGS]


def _replace(words: Sequence[str], start: int, length: int, term: tuple[str, ...]) -> Rewording:
    changed = (*words[:start], *term, *words[start + length :])
    return Rewording(changed, " ".join(words[start : start + length]), " ".join(term))
