"""What one client's visitor knows opens nothing of another client.

Every route of the widget door is taken from the OpenAPI document, so that a new one is attacked
from the day it is born.
"""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client as Browser

from frontdesk.clients.context import client_context
from frontdesk.clients.models import Client
from frontdesk.conversations.models import Conversation, Handoff, Message
from frontdesk.events.models import Event
from frontdesk.visitor_forms.models import Form, Submission
from tests.conftest import Visitor

DOOR = "/api/v1/widget/"
SECRET = "the secret of north 7f3a"


@pytest.fixture
def victim(visitor: Visitor) -> Visitor:
    """A visitor of north with a conversation that says something secret."""
    visitor.say(SECRET)
    visitor.press("booking")
    return visitor


def routes() -> Iterator[tuple[str, str]]:
    document = Browser(HTTP_HOST="localhost").get("/api/v1/openapi.json").json()
    for path, operations in document["paths"].items():
        if path.startswith(DOOR):
            for method in operations:
                yield method.upper(), path


def bodies_of(victim: Visitor, ids: dict[str, str]) -> dict[str, Any]:
    return {
        "conversations": {"locale": "en"},
        "messages": {"id": str(uuid.uuid4()), "text": "hello"},
        "submissions": {
            "id": ids["submission"],
            "conversation_id": victim.conversation,
            "values": {"name": "A", "email": "a@b.example", "message": "x"},
        },
        "events": {
            "events": [
                {
                    "id": str(uuid.uuid4()),
                    "kind": "handoff_clicked",
                    "reference": ids["reference"],
                }
            ]
        },
    }


def ids_of(victim: Visitor) -> dict[str, str]:
    with client_context(victim.client):
        return {
            "form": str(Form.objects.get().pk),
            "reference": Handoff.objects.get().reference,
            "submission": str(uuid.uuid4()),
        }


def rows_of(client: Client) -> dict[str, int]:
    with client_context(client):
        models = (Conversation, Message, Handoff, Event, Submission)
        return {model.__name__: model.objects.count() for model in models}


WAYS = [
    {"headers": {"X-Client-ID": "tenant_south"}},
    {"HTTP_HOST": "south.localhost"},
    {"HTTP_HOST": "south.localhost", "headers": {"X-Client-ID": "tenant_south"}},
]


@pytest.mark.parametrize("way", WAYS)
def test_what_north_knows_opens_nothing_at_south(
    victim: Visitor, south: Client, way: dict[str, Any]
) -> None:
    ids, before = ids_of(victim), rows_of(victim.client)
    attacked = 0
    for method, path in routes():
        address = path.replace("{conversation_id}", victim.conversation)
        address = address.replace("{form_id}", ids["form"])
        body = bodies_of(victim, ids).get(path.rpartition("/")[2], {})
        headers = {"X-Conversation-Token": victim.token} | way.get("headers", {})
        response = Browser(HTTP_HOST=way.get("HTTP_HOST", "localhost")).generic(
            method, address, json.dumps(body), "application/json", headers=headers
        )
        text = response.content.decode()
        for known in (SECRET, victim.conversation, ids["form"], ids["reference"], "North"):
            assert known not in text, f"{method} {address}"
        if "{" in path or path.endswith("events"):
            assert response.status_code in (401, 404), f"{method} {address}: {text}"
            attacked += 1
    assert attacked >= 4
    assert rows_of(victim.client) == before


@pytest.mark.parametrize(
    "way",
    [
        {"HTTP_HOST": "south.localhost", "headers": {"X-Client-ID": "tenant_north"}},
        {"HTTP_HOST": "north.localhost", "headers": {"X-Client-ID": "tenant_south"}},
    ],
)
def test_naming_two_clients_is_refused_everywhere(
    victim: Visitor, south: Client, way: dict[str, Any]
) -> None:
    for method, path in routes():
        address = path.replace("{conversation_id}", victim.conversation)
        address = address.replace("{form_id}", str(uuid.uuid4()))
        response = Browser(HTTP_HOST=way["HTTP_HOST"]).generic(
            method, address, b"{}", "application/json", headers=way["headers"]
        )
        assert (response.status_code, response.json()["code"]) == (400, "client_mismatch")


def test_one_visitor_does_not_open_anothers_conversation(victim: Visitor) -> None:
    other = Visitor(victim.client)
    other.start()
    other.conversation = victim.conversation
    for response in (other.read(), other.say("hello"), other.press("orders")):
        assert (response.status_code, response.json()["code"]) == (401, "token_invalid")


def test_another_visitors_handoff_is_not_marked_as_followed(victim: Visitor) -> None:
    other = Visitor(victim.client)
    other.start()
    event = {
        "id": str(uuid.uuid4()),
        "kind": "handoff_clicked",
        "reference": ids_of(victim)["reference"],
    }
    assert other.call("POST", "events", {"events": [event]}).json() == {"accepted": 0}
    with client_context(victim.client):
        assert Handoff.objects.get().clicked_at is None


@pytest.mark.parametrize(
    "token",
    ["", "x", "::", "a:b:c", "0" * 32, "{conversation}:1:x", "\u00e9", "{token}x", "x{token}"],
)
def test_a_made_up_token_opens_nothing(victim: Visitor, token: str) -> None:
    made = token.format(conversation=victim.conversation, token=victim.token)
    stranger = Visitor(victim.client, conversation=victim.conversation)
    response = stranger.call(
        "GET", f"conversations/{victim.conversation}/messages", **{"X-Conversation-Token": made}
    )
    assert response.status_code == 401
    assert SECRET not in response.content.decode()


def test_the_attack_notices_a_leak(victim: Visitor) -> None:
    """With the right token at the right client the secret is there: the search above can find."""
    assert SECRET in victim.read().content.decode()
