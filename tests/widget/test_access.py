"""Who may use the visitor's door, from where, and how often."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client as Browser
from django.test.utils import override_settings
from django.utils import timezone

from frontdesk.clients import lifecycle
from frontdesk.clients.models import Client
from tests.conftest import OpenClient, Visitor

SHOP = "https://www.north.example"


def config(client: Client, **headers: str) -> Any:
    return Visitor(client).call("GET", "config", **{"Origin": SHOP} | headers)


def test_any_website_may_show_the_bot_until_some_are_listed(north: Client) -> None:
    response = config(north)
    assert response["Access-Control-Allow-Origin"] == SHOP
    lifecycle.change(north, allowed_origins=["https://other.example"])
    refused = config(north)
    assert (refused.status_code, refused.json()["code"]) == (403, "origin_not_allowed")
    # The asking page must not read even the refusal: it would learn that the client is there.
    assert "Access-Control-Allow-Origin" not in refused
    lifecycle.change(north, allowed_origins=["https://other.example", SHOP])
    assert config(north).status_code == 200


@pytest.mark.parametrize("origin", ["null", "https://www.north.example.evil", f"{SHOP}:444"])
def test_an_origin_is_compared_whole(north: Client, origin: str) -> None:
    lifecycle.change(north, allowed_origins=[SHOP])
    assert config(north, Origin=origin).status_code == 403


def test_the_clients_own_host_is_always_allowed(north: Client) -> None:
    lifecycle.change(north, allowed_origins=[SHOP])
    response = Browser(HTTP_HOST="north.localhost:8000").get(
        "/api/v1/widget/config", headers={"Origin": "http://north.localhost:8000"}
    )
    assert response.status_code == 200


def test_a_program_without_an_origin_is_let_in(north: Client) -> None:
    lifecycle.change(north, allowed_origins=[SHOP])
    assert Visitor(north).call("GET", "config").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["config", "conversations", "events", "nosuch"])
def test_a_preflight_is_answered_for_any_origin_without_a_client(path: str) -> None:
    response = Browser(HTTP_HOST="localhost").options(
        f"/api/v1/widget/{path}",
        headers={
            "Origin": "https://anywhere.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "x-client-id,x-conversation-token,content-type",
        },
    )
    assert response.status_code == 204
    assert response["Access-Control-Allow-Origin"] == "https://anywhere.example"
    allowed = response["Access-Control-Allow-Headers"].split(", ")
    assert {"x-client-id", "x-conversation-token", "content-type"} <= set(allowed)
    assert "Access-Control-Allow-Credentials" not in response


@pytest.mark.django_db
def test_what_is_wrong_can_be_read_by_the_asking_page() -> None:
    response = Browser(HTTP_HOST="localhost").get(
        "/api/v1/widget/config", headers={"X-Client-ID": "tenant_nosuch", "Origin": SHOP}
    )
    assert (response.status_code, response["Access-Control-Allow-Origin"]) == (404, SHOP)
    assert "Retry-After" in response["Access-Control-Expose-Headers"]
    assert {"Origin", "X-Client-ID"} <= set(response["Vary"].split(", "))


def test_a_token_is_good_for_a_day_and_renewed_after_an_hour(visitor: Visitor) -> None:
    assert "X-Conversation-Token" not in visitor.read()
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        response = visitor.say("hello")
        renewed = response["X-Conversation-Token"]
        assert renewed != visitor.token
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        expired = visitor.read()
        assert (expired.status_code, expired.json()["code"]) == (401, "token_expired")
        visitor.token = renewed
        assert visitor.read().status_code == 200


def test_a_namesake_opened_later_does_not_know_the_old_token(open_client: OpenClient) -> None:
    visitor = Visitor(open_client("namesake"))
    visitor.start()
    lifecycle.close(visitor.client)
    lifecycle.remove(visitor.client)
    visitor.client = open_client("namesake")
    response = visitor.read()
    assert (response.status_code, response.json()["code"]) == (401, "token_invalid")


def test_a_conversation_and_an_address_have_their_rates(visitor: Visitor) -> None:
    with override_settings(RATE_CONVERSATION=3):
        answers = [visitor.say("hello") for _ in range(4)]
    assert [response.status_code for response in answers] == [200, 200, 200, 429]
    assert int(answers[-1]["Retry-After"]) >= 1
    assert answers[0]["RateLimit-Limit"] == "3"
    # Another visitor behind the same address goes on.
    other = Visitor(visitor.client)
    assert other.start().status_code == 201
    with override_settings(RATE_ADDRESS=1):
        assert other.start().status_code == 429


def test_too_much_at_once_is_refused(visitor: Visitor) -> None:
    response = visitor.say("x" * 70_000)
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"id": "x", "text": "hi"}, "id"),
        ({"text": "hi"}, "id"),
        ({"id": str(uuid.uuid4())}, ""),
        ({"id": str(uuid.uuid4()), "text": "hi", "option_id": "orders"}, ""),
        ({"id": str(uuid.uuid4()), "text": ""}, "text"),
        ({"id": str(uuid.uuid4()), "text": " \x00 "}, "text"),
        ({"id": str(uuid.uuid4()), "text": "x" * 2_001}, "text"),
        ({"id": str(uuid.uuid4()), "text": 7}, "text"),
        ({"id": str(uuid.uuid4()), "option_id": "nosuch"}, "option_id"),
    ],
)
def test_a_message_that_is_none_is_told_by_field(
    visitor: Visitor, body: dict[str, Any], field: str
) -> None:
    response = visitor.call("POST", f"conversations/{visitor.conversation}/messages", body)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")
    assert response.json()["errors"][0]["field"] == field
    assert len(visitor.read().json()["messages"]) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b'{"id": "\\ud800"}'])
def test_a_body_that_is_no_json_object_is_refused(visitor: Visitor, body: bytes) -> None:
    path = f"conversations/{visitor.conversation}/messages"
    response = visitor.call("POST", path, body or b" ")
    assert response.status_code in (400, 422)
    assert response.json()["code"] == "invalid_request"


def test_a_lone_surrogate_is_stored_or_refused_but_breaks_nothing(visitor: Visitor) -> None:
    body = f'{{"id": "{uuid.uuid4()}", "text": "a\\ud800b"}}'.encode()
    path = f"conversations/{visitor.conversation}/messages"
    assert visitor.call("POST", path, body).status_code in (200, 400, 422)
    assert visitor.say("hello").status_code == 200
