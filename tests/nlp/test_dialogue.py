"""One turn of a conversation, without any database."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk_nlp import Engine, Entry
from frontdesk_nlp.dialogue import Bot, Said, State, Turn, UnknownOption, take_turn

FAQS: list[dict[str, Any]] = [
    {
        "id": "hours",
        "question": "When are you open?",
        "phrasings": ["What are your opening hours?"],
    },
    {"id": "returns", "question": "How do I return an item?", "phrasings": ["Send something back"]},
    {"id": "shipping", "question": "How much is delivery?", "phrasings": ["Cost of shipping"]},
]
CONTENT: dict[str, Any] = {
    "locale": "en",
    "texts": {
        "greeting": "Hello",
        "fallback": "In other words, please.",
        "fallback_again": "Here is what I can do:",
        "suggest": "Did you mean?",
        "none_of_these": "None of these",
        "handoff": "Go on here:",
        "away": "Away",
    },
    "options": [
        {
            "id": "orders",
            "label": "Orders",
            "kind": "options",
            "text": "What about it?",
            "options": [
                {"id": "back", "label": "Return it", "kind": "faq", "faq": "returns"},
                {"id": "write", "label": "Write", "kind": "form", "text": "Write to us:"},
            ],
        },
        {"id": "chat", "label": "WhatsApp", "kind": "handoff", "handoff": "wa"},
    ],
    "rules": [
        {"id": "hello", "says": ["hi", "hello"], "reply": "Hello.", "shows_options": True},
        {"id": "thanks", "says": ["thank you"], "reply": "You are welcome."},
    ],
    "handoffs": [{"id": "wa", "kind": "whatsapp", "label": "WhatsApp", "number": "+441"}],
    "hours": {},
    "form": {"id": "f", "title": "Write", "intro": "Leave a message."},
    "synonyms": [],
    "faqs": [faq | {"answer": f"The answer on {faq['id']}.", "locale": "en"} for faq in FAQS],
}


@pytest.fixture(scope="module")
def bot() -> Bot:
    entries = [Entry(id=faq["id"], phrasings=[faq["question"], *faq["phrasings"]]) for faq in FAQS]
    return Bot(CONTENT, Engine.train(entries))


def say(bot: Bot, text: str, state: State | None = None, **facts: Any) -> Turn:
    return take_turn(bot, state or State(), Said(text=text, **facts))


def press(bot: Bot, option_id: str, state: State | None = None) -> Turn:
    return take_turn(bot, state or State(), Said(option_id=option_id))


def test_a_known_question_gets_its_answer(bot: Bot) -> None:
    turn = say(bot, "what are your opening hours")
    assert (turn.decision, turn.faq_id, turn.chosen_faq_id) == ("answer", "hours", None)
    assert [message.text for message in turn.messages] == ["The answer on hours."]


@pytest.mark.parametrize("text", ["hi", "HELLO", "  Hello!  ", "hello..."])
def test_a_rule_goes_before_the_faqs(bot: Bot, text: str) -> None:
    turn = say(bot, text, State(misses=1))
    assert (turn.decision, turn.trace, turn.state) == ("rule", {"rule": "hello"}, State())
    assert [name for name, _ in turn.messages[0].options] == ["orders", "chat"]


def test_a_rule_matches_the_whole_text_only(bot: Bot) -> None:
    assert say(bot, "hello when are you open").decision != "rule"


def test_the_first_miss_asks_again_and_the_second_offers_people(bot: Bot) -> None:
    first = say(bot, "xyzzy plugh")
    assert (first.decision, first.unanswered, first.state) == ("none", True, State(misses=1))
    assert [message.type for message in first.messages] == ["text"]
    second = say(bot, "xyzzy plugh", first.state)
    assert [message.type for message in second.messages] == ["options", "handoff", "form"]
    assert say(bot, "when are you open", second.state).state == State()


def test_out_of_hours_the_form_comes_before_people(bot: Bot) -> None:
    turn = say(bot, "xyzzy plugh", State(misses=1), is_open=False)
    assert [message.type for message in turn.messages] == ["options", "form", "handoff"]


def test_options_lead_where_they_say(bot: Bot) -> None:
    menu = press(bot, "orders")
    assert (menu.decision, menu.label) == ("flow", "Orders")
    assert menu.messages[0].options == (("back", "Return it"), ("write", "Write"))
    chosen = press(bot, "back")
    assert (chosen.decision, chosen.faq_id, chosen.chosen_faq_id) == (
        "answer",
        "returns",
        "returns",
    )
    assert chosen.label == "Return it"
    assert press(bot, "write").messages[0].text == "Write to us:"
    assert press(bot, "chat").messages[0].handoff_id == "wa"
    assert press(bot, "handoff:wa").messages[0].handoff_id == "wa"
    assert press(bot, "faq:shipping").label == "How much is delivery?"


def test_none_of_these_counts_as_a_miss(bot: Bot) -> None:
    turn = press(bot, "none", State(misses=1))
    assert (turn.unanswered, turn.state, turn.label) == (True, State(misses=2), "None of these")


@pytest.mark.parametrize("option_id", ["nosuch", "faq:nosuch", "handoff:nosuch", "faq:", ""])
def test_an_option_that_is_not_offered_is_told(bot: Bot, option_id: str) -> None:
    with pytest.raises(UnknownOption):
        press(bot, option_id)


@given(text=st.text(max_size=300), misses=st.integers(0, 5), is_open=st.booleans())
def test_any_text_gets_a_way_on_and_the_same_one_again(
    bot: Bot, text: str, misses: int, *, is_open: bool
) -> None:
    turn = say(bot, text, State(misses), is_open=is_open)
    assert turn == say(bot, text, State(misses), is_open=is_open)
    assert turn.messages
    assert all(message.text for message in turn.messages)
    assert State.of(json.loads(json.dumps(turn.state.as_dict()))) == turn.state
    json.dumps(turn.trace)
