"""Collisions, groups and explanations: what operators see of the engine."""

from frontdesk_nlp import Engine, Entry
from frontdesk_nlp.collisions import check_draft, find_collisions
from frontdesk_nlp.explanations import explain
from frontdesk_nlp.grouping import Groups, group_questions
from tests.nlp.shops import SHOP

QUESTIONS = (
    ("1", "do you have parking"),
    ("2", "are dogs allowed inside"),
    ("3", "do you have a parking lot"),
    ("4", "are dogs allowed"),
    ("5", "do you have parking for vans"),
)


def test_a_phrasing_two_faqs_have_is_a_collision() -> None:
    entries = [*SHOP, Entry("closing", ["When are you open on Sunday?"])]
    found = {(c.entry_id, c.taken_by) for c in find_collisions(Engine.train(entries))}
    assert ("closing", "hours") in found
    assert all(one != other for one, other in found)


def test_a_draft_is_told_which_faq_would_take_it() -> None:
    engine = Engine.train(SHOP)
    assert check_draft(engine, "What are your opening hours")[0].taken_by == "hours"
    assert check_draft(engine, "What are your opening hours", entry_id="hours") == []
    assert check_draft(engine, "quantum lattice") == []


def test_questions_about_the_same_are_one_group_at_once_or_one_by_one() -> None:
    grouped = [sorted(group.question_ids) for group in group_questions(QUESTIONS)]
    assert grouped == [["1", "3", "5"], ["2", "4"]]
    growing = Groups()
    ids = [growing.add(question_id, text).id for question_id, text in QUESTIONS]
    assert ids == ["1", "2", "1", "2", "1"]


def test_an_explanation_names_decision_words_corrections_and_synonyms() -> None:
    engine = Engine.train(SHOP, synonyms=[["lorry", "delivery"]])
    told = " ".join(explain(engine.match("how long does the lorry take")))
    assert "“lorry” counts as “delivery” (synonym)." in told
    assert "“long”" in told
    assert "was read as “delivery”" in " ".join(explain(engine.match("how long is delivrey")))
    assert explain(engine.match("zebra quantum"))[0].startswith("Not answered")
    assert explain(engine.match("?!")) == ["The message has no words to go by."]


def test_an_update_is_the_engine_trained_afresh() -> None:
    changed = Entry("hours", ["Is the shop closed on Sunday?"])
    updated = Engine.train(SHOP).updated([changed], ["gift"])
    kept = [changed if e.id == "hours" else e for e in SHOP if e.id != "gift"]
    assert updated.to_bytes() == Engine.train(kept).to_bytes()
