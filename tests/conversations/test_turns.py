"""Turns over HTTP and the rows they leave: every decision, repeats, races, limits."""

import threading
import uuid
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frontdesk.bot.importing import import_faqs
from frontdesk.bot.publishing import publish
from frontdesk.clients import lifecycle
from frontdesk.clients.context import client_context
from frontdesk.clients.models import Client
from frontdesk.clients.usage import messages_this_month
from frontdesk.conversations.models import Handoff, Message
from frontdesk.events.models import Event
from tests.conftest import NORTH_FAQS, OpenClient, Visitor


def kinds(client: Client) -> Counter[str]:
    with client_context(client):
        return Counter(Event.objects.values_list("kind", flat=True))


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    together, results = threading.Barrier(count), []

    def run(number: int) -> None:
        together.wait()
        results.append(act(number))
        connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_each_decision_is_told_stored_and_counted(visitor: Visitor) -> None:
    assert visitor.say("what are your opening hours").json()["decision"] == "answer"
    assert visitor.say("hello").json()["decision"] == "rule"
    assert visitor.say("xyzzy plugh").json()["decision"] == "none"
    assert visitor.press("orders").json()["decision"] == "flow"
    assert visitor.press("orders-returns").json()["decision"] == "answer"
    with client_context(visitor.client):
        rows = Message.objects.filter(author="visitor").order_by("position")
        assert [(row.text, row.decision, row.faq_id) for row in rows] == [
            ("what are your opening hours", "answer", "opening-hours"),
            ("hello", "rule", None),
            ("xyzzy plugh", "none", None),
            ("Orders", "flow", None),
            ("Return it", "answer", "returns"),
        ]
        # The trace tells why, and the publication with which it can be told again.
        assert {row.publication for row in rows} == {2}
        assert rows[0].trace is not None
        assert rows[0].trace["candidates"][0][0] == "opening-hours"
    assert kinds(visitor.client) == {
        "conversation_started": 1,
        "faq_answered": 1,
        "question_unanswered": 1,
        "faq_clicked": 1,
    }
    assert messages_this_month(visitor.client, timezone.now()) == 5


def test_twice_not_understood_the_visitor_is_offered_people(visitor: Visitor) -> None:
    visitor.say("xyzzy plugh")
    messages = visitor.say("qwrtz plmk").json()["messages"]
    assert [message["type"] for message in messages] == ["options", "handoff", "form"]
    handoff = messages[1]["handoff"]
    assert handoff["kind"] == "whatsapp"
    assert handoff["reference"] in handoff["url"]
    assert handoff["url"].startswith("https://wa.me/442079460100?text=Hello%2C")


def test_a_followed_link_counts_once(visitor: Visitor) -> None:
    reference = visitor.press("booking").json()["messages"][0]["handoff"]["reference"]
    event = {"id": str(uuid.uuid4()), "kind": "handoff_clicked", "reference": reference}
    for _ in range(2):
        assert visitor.call("POST", "events", {"events": [event]}).json() == {"accepted": 1}
    with client_context(visitor.client):
        assert Handoff.objects.get().clicked_at is not None
    assert kinds(visitor.client)["handoff_clicked"] == 1


def test_events_are_bounded_and_unknown_ones_skipped(visitor: Visitor) -> None:
    event = {"id": str(uuid.uuid4()), "kind": "made_up"}
    assert visitor.call("POST", "events", {"events": [event]}).json() == {"accepted": 0}
    assert visitor.call("POST", "events", {"events": [event] * 51}).status_code == 422
    assert visitor.call("POST", "events", {"events": []}).json() == {"accepted": 0}


def test_references_do_not_repeat(visitor: Visitor) -> None:
    for _ in range(20):
        visitor.press("booking")
    with client_context(visitor.client):
        assert len(set(Handoff.objects.values_list("reference", flat=True))) == 20


def test_an_id_of_another_conversation_is_refused(visitor: Visitor) -> None:
    message_id = str(uuid.uuid4())
    visitor.say("hello", message_id)
    other = Visitor(visitor.client)
    other.start()
    response = other.say("hello", message_id)
    assert (response.status_code, response.json()["code"]) == (409, "message_id_taken")
    assert len(other.read().json()["messages"]) == 1


def test_the_same_message_eight_times_at_once_is_stored_once(open_client: OpenClient) -> None:
    visitor, message_id = Visitor(open_client("once")), str(uuid.uuid4())
    visitor.start()
    answers = at_once(8, lambda _: visitor.say("hello", message_id).json())
    assert answers == [answers[0]] * 8
    assert [message["author"] for message in visitor.read().json()["messages"]] == [
        *("bot", "visitor", "bot")
    ]
    assert messages_this_month(visitor.client, timezone.now()) == 1


def test_eight_messages_at_once_are_all_stored_in_one_order(open_client: OpenClient) -> None:
    visitor = Visitor(open_client("eight"))
    visitor.start()
    answers = at_once(8, lambda number: visitor.say(f"word {number}").status_code)
    assert answers == [200] * 8
    with client_context(visitor.client):
        rows = list(Message.objects.order_by("position"))
    assert [row.position for row in rows] == list(range(len(rows)))
    said = [row.text for row in rows if row.author == "visitor"]
    assert sorted(said) == [f"word {number}" for number in range(8)]
    # An answer follows the message that it answers.
    for before, after in pairwise(rows):
        assert before.author == "bot" or after.author == "bot"


def test_of_twenty_at_the_limit_exactly_one_passes(open_client: OpenClient) -> None:
    client = open_client("limited")
    lifecycle.change(client, limit_messages=3)
    visitors = [Visitor(client) for _ in range(20)]
    for visitor in visitors:
        visitor.start()
    assert [visitors[0].say("hello").status_code for _ in range(2)] == [200, 200]
    answers = at_once(20, lambda number: visitors[number].say("hello"))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 402: 19}
    refused = next(answer.json() for answer in answers if answer.status_code == 402)
    assert (refused["code"], refused["limit"], refused["used"]) == ("limit_reached", 3, 3)
    assert refused["resets_on"] > timezone.now().date().isoformat()
    with client_context(client):
        assert Message.objects.filter(author="visitor").count() == 3
    assert messages_this_month(client, timezone.now()) == 3


def test_paused_nothing_is_matched_counted_or_lost(visitor: Visitor) -> None:
    lifecycle.pause(visitor.client)
    reply = visitor.say("when are you open").json()
    assert (reply["decision"], [message["type"] for message in reply["messages"]]) == (
        "none",
        ["text", "form"],
    )
    assert visitor.read().json()["messages"][1]["text"] == "when are you open"
    assert messages_this_month(visitor.client, timezone.now()) == 0
    assert kinds(visitor.client) == {"conversation_started": 1}


def test_what_is_published_is_answered_from_the_next_message_on(visitor: Visitor) -> None:
    assert "9 to 6" in visitor.say("when are you open").content.decode()
    with client_context(visitor.client):
        import_faqs([NORTH_FAQS[0] | {"answer": "Day and night."}])
        assert "9 to 6" in visitor.say("when are you open").content.decode()
        publish()
    assert "Day and night." in visitor.say("when are you open").content.decode()


def test_what_a_turn_asks_of_the_database(visitor: Visitor) -> None:
    visitor.say("hello")

    def asked(act: Callable[[], Any]) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert act().status_code in (200, 201)
        return len(queries)

    message_id = str(uuid.uuid4())
    # The client; the conversation; the turn. Each time the same, whatever was said before.
    assert asked(lambda: visitor.say("when are you open", message_id)) == 3
    assert asked(lambda: visitor.say("xyzzy plugh")) == 3
    # The client; the conversation; a search path; the answers.
    assert asked(lambda: visitor.say("when are you open", message_id)) <= 4
    assert asked(visitor.read) == asked(visitor.read)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    sent=st.lists(
        st.one_of(
            st.fixed_dictionaries({"text": st.text(max_size=400)}),
            st.fixed_dictionaries({"option_id": st.text(max_size=110)}),
            st.fixed_dictionaries({"option_id": st.sampled_from(["orders", "message", "none"])}),
        ),
        max_size=4,
    )
)
def test_whatever_is_sent_is_stored_as_sent_or_refused(
    visitor: Visitor, sent: list[dict[str, str]]
) -> None:
    visitor.start()
    expected = []
    for body in sent:
        path = f"conversations/{visitor.conversation}/messages"
        response = visitor.call("POST", path, body | {"id": str(uuid.uuid4())})
        assert response.status_code in (200, 422), response.content
        if response.status_code == 200 and "text" in body:
            expected.append(body["text"].replace("\x00", "").strip())
    told = visitor.read().json()["messages"]
    labels = {"Orders", "Leave a message", "None of these"}
    texts = [message["text"].strip() for message in told if message["author"] == "visitor"]
    assert [text for text in texts if text not in labels] == [
        text for text in expected if text not in labels
    ]
