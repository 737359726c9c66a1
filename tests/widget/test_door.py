"""The visitor's door over HTTP, and the rows it leaves."""

import uuid

from frontdesk.clients.context import client_context
from frontdesk.conversations.models import Conversation, Message
from frontdesk.events.models import Event
from tests.conftest import Visitor


def test_starting_a_conversation_stores_the_greeting(visitor: Visitor) -> None:
    messages = visitor.read().json()["messages"]
    assert [message["type"] for message in messages] == ["options"]
    assert [option["id"] for option in messages[0]["options"]] == ["orders", "booking", "message"]
    with client_context(visitor.client):
        assert Conversation.objects.count() == 1
        # Opening is not starting: a conversation starts with what the visitor says.
        assert Event.objects.count() == 0


def test_a_question_in_other_words_is_answered_and_stored(visitor: Visitor) -> None:
    message_id = str(uuid.uuid4())
    reply = visitor.say("what are the opening hours on sunday", message_id).json()
    assert reply["decision"] == "answer"
    assert [message["faq_id"] for message in reply["messages"]] == ["opening-hours"]
    with client_context(visitor.client):
        stored = Message.objects.get(pk=message_id)
        assert (stored.author, stored.position, stored.decision) == ("visitor", 1, "answer")
        assert stored.trace is not None
        assert stored.trace["match"]["tokens"]
        kinds = Event.objects.order_by("id").values_list("kind", flat=True)
        assert sorted(kinds) == ["conversation_started", "faq_answered"]


def test_the_same_message_twice_is_stored_once_and_answered_alike(visitor: Visitor) -> None:
    message_id = str(uuid.uuid4())
    first = visitor.say("how much is delivery", message_id)
    again = visitor.say("how much is delivery", message_id)
    assert again.json() == first.json()
    with client_context(visitor.client):
        assert Message.objects.filter(pk=message_id).count() == 1
        assert Message.objects.count() == 3
