"""What every test stands on: a migrated database with two clients, made once per process."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client as Browser
from django.test.utils import setup_databases, teardown_databases

from frontdesk.bot import compiled
from frontdesk.bot.importing import import_faqs
from frontdesk.bot.models import Settings
from frontdesk.bot.publishing import publish
from frontdesk.clients import lifecycle
from frontdesk.clients.context import client_context
from frontdesk.clients.migrating import migrate_all
from frontdesk.clients.models import Client
from frontdesk.lib import rates

NORTH_FAQS = [
    {
        "id": "opening-hours",
        "question": "When are you open?",
        "phrasings": ["What are your opening hours?", "Are you open on Sunday?"],
        "answer": "We are open from **9 to 6**, Monday to Saturday.",
    },
    {
        "id": "returns",
        "question": "How do I return an item?",
        "phrasings": ["Can I send something back?", "I want my money back"],
        "answer": "Send it back within 30 days. See [returns](https://north.example/returns).",
    },
    {
        "id": "shipping",
        "question": "How much is delivery?",
        "phrasings": ["What does shipping cost?", "Is delivery free?"],
        "answer": "Delivery is free above 40 pounds.",
    },
]
NORTH_HANDOFFS = [
    {
        "id": "whatsapp",
        "kind": "whatsapp",
        "label": "Ask on WhatsApp",
        "number": "+44 20 7946 0100",
        "text": "Hello, my question has the reference {reference}.",
    },
    {"id": "book", "kind": "link", "label": "Book", "url": "https://north.example/book"},
]
NORTH_OPTIONS = [
    {
        "id": "orders",
        "label": "Orders",
        "kind": "options",
        "text": "What about your order?",
        "options": [
            {"id": "orders-returns", "label": "Return it", "kind": "faq", "faq": "returns"},
            {"id": "orders-cost", "label": "Delivery cost", "kind": "faq", "faq": "shipping"},
        ],
    },
    {"id": "booking", "label": "Book a visit", "kind": "handoff", "handoff": "book"},
    {"id": "message", "label": "Leave a message", "kind": "form"},
]


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: Any
) -> Iterator[None]:
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False, serialized_aliases=[])
        list(migrate_all())
        _open_north()
        lifecycle.create("south", name="South", email="owner@south.example", country="GB")
    yield
    with django_db_blocker.unblock():
        teardown_databases(made, verbosity=0)


def _open_north() -> None:
    north, _ = lifecycle.create("north", name="North", email="owner@north.example", country="GB")
    with client_context(north):
        import_faqs(NORTH_FAQS)
        Settings.objects.update(options=NORTH_OPTIONS, handoffs=NORTH_HANDOFFS)
        publish()


@pytest.fixture(autouse=True)
def _fresh_process() -> Iterator[None]:
    """What a process remembers between requests, tests must not."""
    compiled.forget_all()
    rates.forget_all()
    yield
    # Whatever a test did, the next starts on public.
    assert connection.schema_name == settings.PUBLIC_SCHEMA_NAME


@pytest.fixture
def north(db: None) -> Client:
    """A client with three FAQs, a menu and two handoffs."""
    return Client.objects.get(schema_name="tenant_north")


@pytest.fixture
def south(db: None) -> Client:
    """A client as it is just after it was opened."""
    return Client.objects.get(schema_name="tenant_south")


@dataclass
class Visitor:
    """Drives the widget door over HTTP, as the widget does."""

    client: Client
    browser: Browser = field(default_factory=lambda: Browser(HTTP_HOST="localhost"))
    conversation: str = ""
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = {"X-Client-ID": self.client.schema_name} | self.headers | headers
        if self.token:
            sent.setdefault("X-Conversation-Token", self.token)
        return self.browser.generic(
            method,
            f"/api/v1/widget/{path}",
            data=b"" if body is None else _json(body),
            content_type="application/json",
            headers=sent,
        )

    def start(self, **facts: str) -> Any:
        response = self.call("POST", "conversations", {"locale": "en", "page_url": ""} | facts)
        if response.status_code == 201:
            self.conversation, self.token = response.json()["id"], response.json()["token"]
        return response

    def say(self, text: str, message_id: str = "") -> Any:
        return self._send({"id": message_id or str(uuid.uuid4()), "text": text})

    def press(self, option_id: str, message_id: str = "") -> Any:
        return self._send({"id": message_id or str(uuid.uuid4()), "option_id": option_id})

    def read(self) -> Any:
        return self.call("GET", f"conversations/{self.conversation}/messages")

    def _send(self, body: dict[str, str]) -> Any:
        return self.call("POST", f"conversations/{self.conversation}/messages", body)


def _json(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


@pytest.fixture
def visitor(north: Client) -> Visitor:
    """A visitor of north whose conversation is open."""
    visitor = Visitor(north)
    assert visitor.start().status_code == 201
    return visitor
