"""What `Engine` promises to the rest of Frontdesk."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontdesk_nlp import BrokenEngineError, Engine, Entry, Synonym
from tests.nlp.shops import SHOP


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.train(SHOP)


def test_a_phrasing_is_answered_with_its_entry(engine: Engine) -> None:
    for entry in SHOP:
        for phrasing in entry.phrasings:
            answer = engine.match(phrasing)
            assert (answer.decision, answer.entry_id) == ("answer", entry.id)


def test_case_and_punctuation_do_not_matter(engine: Engine) -> None:
    plain = engine.match("how do i return an item")
    assert engine.match("HOW DO I RETURN AN ITEM???").confidence == plain.confidence


def test_a_foreign_question_is_not_answered(engine: Engine) -> None:
    answer = engine.match("quantum chromodynamics lattice")
    assert answer.decision == "none"
    assert answer.entry_id is None


def test_candidates_are_best_first_and_as_many_as_asked_for(engine: Engine) -> None:
    scores = [score for _, score in engine.match("delivery of a plant", limit=4).candidates]
    assert len(scores) == 4
    assert scores == sorted(scores, reverse=True)
    assert len(engine.match("delivery", limit=1).candidates) == 1


def test_entry_id_is_set_only_for_an_answer(engine: Engine) -> None:
    for text in ("open", "hello there", "present for my aunt", "parcel", "zebra"):
        answer = engine.match(text)
        assert (answer.entry_id is not None) == (answer.decision == "answer")
        assert 0 <= answer.confidence <= 1


@pytest.mark.parametrize("entries", [[], [Entry("empty", [])], [Entry("blank", ["  ", ""])]])
def test_nothing_to_match_against_is_no_answer(entries: list[Entry]) -> None:
    engine = Engine.from_bytes(Engine.train(entries).to_bytes())
    answer = engine.match("hello")
    assert (answer.decision, answer.entry_id, answer.candidates) == ("none", None, ())


def test_one_entry_alone_is_answered_and_declined() -> None:
    engine = Engine.train([Entry("returns", ["How do I return an item?"])])
    assert engine.match("return an item").entry_id == "returns"
    assert engine.match("zebra crossing").decision == "none"


def test_a_message_without_words_is_no_answer(engine: Engine) -> None:
    for text in ("", "   ", "?!…", "\u200b"):
        assert engine.match(text).decision == "none"


def test_phrasings_that_are_only_signs_can_be_trained() -> None:
    engine = Engine.train([Entry("signs", ["???"]), Entry("hours", ["opening hours"])])
    assert engine.match("opening hours").entry_id == "hours"


def test_labels_are_only_names(engine: Engine) -> None:
    renamed = Engine.train(
        [Entry(f"z{i}", e.phrasings) for i, e in enumerate(reversed(SHOP))][::-1]
    )
    for text in ("can i bring it back", "fern price", "what time do you close", "gift"):
        one, other = engine.match(text), renamed.match(text)
        assert one.confidence == other.confidence
        assert [s for _, s in one.candidates] == [s for _, s in other.candidates]


def test_the_same_input_gives_the_same_bytes() -> None:
    first, second = (Engine.train(SHOP, synonyms=[["refund", "money back"]]) for _ in range(2))
    assert first.to_bytes() == second.to_bytes()


def test_stored_and_loaded_engines_answer_alike(engine: Engine) -> None:
    loaded = Engine.from_bytes(engine.to_bytes())
    for text in ("can i bring it back", "fern prise", "how long until it arrives"):
        assert loaded.match(text) == engine.match(text)
    assert loaded.to_bytes() == engine.to_bytes()


@given(st.binary(max_size=200))
def test_bytes_that_are_no_engine_are_refused(data: bytes) -> None:
    with pytest.raises(BrokenEngineError):
        Engine.from_bytes(data)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_damaged_engine_is_refused_or_answers(data: st.DataObject) -> None:
    stored = bytearray(Engine.train(SHOP[:3]).to_bytes())
    position = data.draw(st.integers(0, len(stored) - 1))
    stored[position] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.integers(0, len(stored)))
    for damaged in (bytes(stored), bytes(stored[:cut])):
        try:
            engine = Engine.from_bytes(damaged)
        except ValueError:
            continue
        assert engine.match("delivery").decision in {"answer", "suggest", "none"}


def test_caution_moves_the_thresholds_both_ways() -> None:
    bold, plain, shy = (Engine.train(SHOP, caution=c).match("open").trace for c in (-1, 0, 1))
    assert bold.threshold < plain.threshold < shy.threshold
    assert bold.suggest_threshold < plain.suggest_threshold < shy.suggest_threshold


def test_an_update_knows_new_entries_and_forgets_removed_ones(engine: Engine) -> None:
    changed = engine.updated([Entry("parking", ["Where can I park my car?"])], ["gift"])
    assert changed.match("where can i park").entry_id == "parking"
    assert "gift" not in [entry_id for entry_id, _ in changed.match("gift", limit=9).candidates]
    assert engine.match("do you sell gift cards").entry_id == "gift"


def test_an_update_replaces_an_entry() -> None:
    engine = Engine.train(SHOP).updated([Entry("hours", ["Is the shop closed on Sunday?"])])
    assert engine.match("closed on sunday").entry_id == "hours"
    assert [p for i, p in engine.rows if i == "hours"] == ["Is the shop closed on Sunday?"]


def test_updating_everything_away_leaves_an_empty_engine(engine: Engine) -> None:
    empty = engine.updated(ids_removed=[entry.id for entry in SHOP])
    assert empty.match("opening hours").decision == "none"


def test_an_entry_in_two_locales_is_one_candidate() -> None:
    engine = Engine.train([
        Entry("hours", ["What are your opening hours?"], locale="en"),
        Entry("hours", ["Wann habt ihr geöffnet?"], locale="de"),
        Entry("price", ["Was kostet ein Farn?"], locale="de"),
    ])  # fmt: skip
    assert engine.match("wann geöffnet", locale="de").entry_id == "hours"
    assert engine.match("opening hours").entry_id == "hours"
    assert len(engine.match("hours", limit=5).candidates) == 2


def test_a_synonym_changes_the_match_says_so_and_leaves_no_trace_when_removed() -> None:
    text = "when does the lorry come"
    before = Engine.train(SHOP).match(text)
    with_synonym = Engine.train(SHOP, synonyms=[["lorry", "delivery"]]).match(text)
    assert ("lorry", "delivery") in with_synonym.trace.synonyms
    assert dict(with_synonym.candidates)["delivery"] > dict(before.candidates)["delivery"]
    assert Engine.train(SHOP, synonyms=[]).match(text) == before


def test_a_one_way_synonym_works_one_way() -> None:
    entries = [Entry("dog", ["Can I bring my dog?"]), Entry("hours", ["When are you open?"])]
    one_way = [Synonym(["dog"], one_way_from="poodle")]
    assert Engine.train(entries, synonyms=one_way).match("poodle").trace.synonyms == (
        ("poodle", "dog"),
    )
    poodles = [Entry("dog", ["Can I bring my poodle?"]), entries[1]]
    assert Engine.train(poodles, synonyms=one_way).match("dog").trace.synonyms == ()


def test_a_synonym_of_several_words_is_found() -> None:
    engine = Engine.train(SHOP, synonyms=[["bring by bike courier", "delivery"]])
    answer = engine.match("how long does bring by bike courier take")
    assert answer.trace.synonyms == (("bring by bike courier", "delivery"),)
    assert answer.entry_id == "delivery"


def test_a_slip_is_corrected_and_a_right_word_is_not(engine: Engine) -> None:
    assert ("delivrey", "delivery") in engine.match("delivrey").trace.corrections
    assert engine.match("I want to wait").trace.corrections == ()


def test_an_unknown_encoder_is_refused() -> None:
    with pytest.raises(ValueError, match="no encoder named"):
        Engine.train(SHOP, encoder="other")


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_short_text_is_answered(text: str) -> None:
    assert ENGINE.match(text).decision in {"answer", "suggest", "none"}


@given(
    st.one_of(
        st.text(min_size=1, max_size=4).map(lambda s: (s * 10_000)[:10_000]),
        st.text(alphabet=st.characters(codec=None), min_size=3000, max_size=10_000),
        st.sampled_from(["ﷺ", "a\u0301", "क्", "👨‍👩‍👧", "ก", "www.", "a@", "'a", "０"]).map(
            lambda s: (s * 10_000)[:10_000]
        ),
    )
)
@settings(max_examples=40, deadline=2000)
def test_any_text_of_10000_characters_is_answered_in_bounded_time(text: str) -> None:
    assert ENGINE.match(text).decision in {"answer", "suggest", "none"}


@given(st.lists(st.text(max_size=40), max_size=5), st.text(max_size=40))
@settings(max_examples=60, deadline=None)
def test_any_phrasings_can_be_trained(phrasings: list[str], text: str) -> None:
    entries = [Entry(str(number), [phrasing]) for number, phrasing in enumerate(phrasings)]
    engine = Engine.from_bytes(Engine.train(entries).to_bytes())
    assert engine.match(text).decision in {"answer", "suggest", "none"}


ENGINE = Engine.train(SHOP, synonyms=[["lorry", "delivery"], ["a", "i", "the"]])


@pytest.mark.parametrize(
    "questions",
    [
        ["Who are you?"],
        ["Who are you?", "Do you sell gift cards?"],
        ["Who are you?", "How do I return an item?", "Do you deliver?"],
    ],
)
def test_a_few_faqs_do_not_answer_questions_that_share_only_small_words(
    questions: list[str],
) -> None:
    engine = Engine.train([Entry(question, [question]) for question in questions])
    for text in ("when are you open", "how do i get a job", "do you have parking"):
        assert engine.match(text).decision != "answer"
    for question in questions:
        assert engine.match(question).entry_id == question
