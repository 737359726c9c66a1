"""The rules a client writes itself."""

import pytest

from frontdesk_nlp import Synonym
from frontdesk_nlp.rules import BrokenPatternError, Rule, RuleMatcher


@pytest.mark.parametrize(
    ("rule", "met", "not_met"),
    [
        (Rule("r", "exact", ["human please"]), "Human, please!", "a human please"),
        (Rule("r", "contains", ["opening hours"]), "your opening hours today", "hours of opening"),
        (Rule("r", "keyword", ["refund"]), "about my refunds", "about my parcel"),
        (Rule("r", "pattern", [r"\bfd-\d{4}\b"]), "order FD-1234 is late", "order FD-12"),
    ],
)
def test_each_kind_meets_what_it_says(rule: Rule, met: str, not_met: str) -> None:
    matcher = RuleMatcher([rule])
    assert [found.rule_id for found in matcher.match(met)] == ["r"]
    assert matcher.match(not_met) == ()


def test_a_rule_can_need_all_its_terms() -> None:
    matcher = RuleMatcher([Rule("r", "keyword", ["refund", "broken"], needs_all=True)])
    assert matcher.match("a refund, it is broken")
    assert matcher.match("a refund") == ()


def test_a_keyword_is_met_by_a_synonym() -> None:
    rule = Rule("r", "keyword", ["lorry"])
    assert RuleMatcher([rule]).match("the zeppelin is late") == ()
    assert RuleMatcher([rule], synonyms=[Synonym(["lorry", "zeppelin"])]).match("the zeppelin")


def test_a_broken_or_too_long_pattern_is_refused() -> None:
    for pattern in ("(", "a" * 301):
        with pytest.raises(BrokenPatternError):
            RuleMatcher([Rule("r", "pattern", [pattern])])


def test_a_pattern_that_never_ends_counts_as_not_met() -> None:
    matcher = RuleMatcher([Rule("slow", "pattern", [r"(x+x+)+y"]), Rule("r", "contains", ["x"])])
    assert "slow" not in [found.rule_id for found in matcher.match("x" * 2000)]
