"""Submissions over HTTP, and the rows they leave."""

import uuid
from typing import Any

import pytest

from frontdesk.clients import lifecycle
from frontdesk.clients.context import client_context
from frontdesk.clients.models import Client
from frontdesk.conversations.models import Message
from frontdesk.events.models import Event
from frontdesk.visitor_forms.models import Form, Submission
from tests.conftest import Visitor

GOOD = {"name": "Ann", "email": "ann@north.example", "phone": "020 7946 0123", "message": "Hello"}


def form_id(client: Client) -> str:
    with client_context(client):
        return str(Form.objects.get().pk)


def submit(visitor: Visitor, values: dict[str, Any] | None = None, **facts: Any) -> Any:
    body = {"id": str(uuid.uuid4()), "values": GOOD if values is None else values} | facts
    return visitor.call("POST", f"forms/{form_id(visitor.client)}/submissions", body)


def test_a_submission_is_stored_with_its_conversation(visitor: Visitor) -> None:
    response = submit(
        visitor,
        conversation_id=visitor.conversation,
        page_url="https://north.example/",
        locale="en",
    )
    assert response.status_code == 201
    assert response.json()["messages"][0]["text"].startswith("Thank you.")
    with client_context(visitor.client):
        stored = Submission.objects.get()
        assert stored.values == GOOD | {"phone": "+442079460123"}
        assert (str(stored.conversation_id), stored.page_url, stored.locale) == (
            visitor.conversation,
            "https://north.example/",
            "en",
        )
        assert Event.objects.get().kind == "submission_created"
        assert Message.objects.latest("position").text.startswith("Thank you.")


def test_the_same_id_again_answers_alike_and_stores_nothing(visitor: Visitor) -> None:
    facts: dict[str, Any] = {"id": str(uuid.uuid4()), "conversation_id": visitor.conversation}
    first, again = submit(visitor, **facts), submit(visitor, **facts)
    assert (again.status_code, again.json()) == (201, first.json())
    with client_context(visitor.client):
        assert (Submission.objects.count(), Event.objects.count()) == (1, 1)
        assert Message.objects.filter(text__startswith="Thank you.").count() == 1


def test_an_id_that_another_conversation_used_is_refused(visitor: Visitor) -> None:
    facts: dict[str, Any] = {"id": str(uuid.uuid4())}
    submit(visitor, conversation_id=visitor.conversation, **facts)
    other = Visitor(visitor.client)
    other.start()
    response = submit(other, conversation_id=other.conversation, **facts)
    assert (response.status_code, response.json()["code"]) == (409, "submission_id_taken")


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({}, [("name", "required"), ("email", "required"), ("message", "required")]),
        (GOOD | {"email": "ann"}, [("email", "invalid_email")]),
        (GOOD | {"phone": "12"}, [("phone", "invalid_phone")]),
        (GOOD | {"admin": "yes"}, [("admin", "unknown")]),
        (GOOD | {"message": "x" * 5_001}, [("message", "too_long")]),
    ],
)
def test_what_can_not_be_taken_is_told_by_field(
    visitor: Visitor, values: dict[str, str], errors: list[tuple[str, str]]
) -> None:
    response = submit(visitor, values)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")
    told = [(error["field"], error["code"]) for error in response.json()["errors"]]
    assert told == errors
    with client_context(visitor.client):
        assert Submission.objects.count() == 0


def test_a_conversation_needs_its_token(visitor: Visitor) -> None:
    stranger = Visitor(visitor.client)
    response = submit(stranger, conversation_id=visitor.conversation)
    assert (response.status_code, response.json()["code"]) == (401, "token_missing")
    other = Visitor(visitor.client)
    other.start()
    response = submit(other, conversation_id=visitor.conversation)
    assert (response.status_code, response.json()["code"]) == (401, "token_invalid")


def test_without_a_conversation_it_is_taken_too(north: Client) -> None:
    assert submit(Visitor(north)).status_code == 201


def test_another_clients_form_is_not_there(visitor: Visitor, south: Client) -> None:
    body = {"id": str(uuid.uuid4()), "values": GOOD}
    response = visitor.call("POST", f"forms/{form_id(south)}/submissions", body)
    assert (response.status_code, response.json()["code"]) == (404, "form_not_found")


def test_it_is_taken_while_paused_and_when_messages_are_used_up(visitor: Visitor) -> None:
    lifecycle.change(visitor.client, limit_messages=0)
    assert visitor.say("hello").status_code == 402
    assert submit(visitor).status_code == 201
    lifecycle.pause(visitor.client)
    assert submit(visitor, conversation_id=visitor.conversation).status_code == 201
