"""What every test stands on: a migrated database with two clients, made once per process."""

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import Client as Browser
from django.test.utils import setup_databases, teardown_databases
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, sync_playwright

from frontdesk.bot import compiled
from frontdesk.bot.importing import import_faqs
from frontdesk.bot.models import Settings
from frontdesk.bot.publishing import publish
from frontdesk.clients import lifecycle
from frontdesk.clients.context import client_context
from frontdesk.clients.database.base import current_place
from frontdesk.clients.migrating import migrate_all
from frontdesk.clients.models import Client
from frontdesk.clients.resolving import by_id
from frontdesk.lib import rates
from tests.browsers import ARGUMENTS, chromium_path
from tests.installs import Install, running_install

_T = TypeVar("_T")

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
        with connection.cursor() as cursor:
            # A thread of a test that failed may still hold a connection.
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
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
    assert current_place.get().schema_name == settings.PUBLIC_SCHEMA_NAME


@pytest.fixture
def north(db: None) -> Client:
    """A client with three FAQs, a menu and two handoffs."""
    return by_id("tenant_north")


@pytest.fixture
def south(db: None) -> Client:
    """A client as it is just after it was opened."""
    return by_id("tenant_south")


OpenClient = Callable[[str], Client]


@pytest.fixture
def open_client(django_db_setup: None, django_db_blocker: Any) -> Iterator[OpenClient]:
    """Opens clients that every connection sees, for tests with threads and processes.

    Nothing is rolled back: every client but north and south is removed afterwards.
    """

    def opened(slug: str) -> Client:
        email = f"owner@{slug.replace('_', '-')}.example"
        return lifecycle.create(slug, name=slug.title(), email=email, country="GB")[0]

    with django_db_blocker.unblock():
        yield opened
        # A test that failed may have left the connection in a broken transaction.
        connection.close()
        for client in Client.objects.exclude(schema_name__in=["tenant_north", "tenant_south"]):
            Client.objects.filter(pk=client.pk).update(status=Client.Status.CLOSING)
            client.refresh_from_db()
            lifecycle.remove(client)


def at_once(count: int, act: Callable[[int], _T]) -> list[_T]:
    """What `act(number)` returned in each of `count` threads that started together.

    An exception of any of them is raised here.
    """
    ready = threading.Barrier(count)

    def run(number: int) -> _T:
        try:
            connection.ensure_connection()
            ready.wait(timeout=60)
            return act(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(run, each) for each in range(count)]]


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


@pytest.fixture(scope="session")
def install(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Install]:
    """A whole install with the demo clients, started once."""
    with running_install(tmp_path_factory.mktemp("install")) as install:
        yield install


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    path = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    """A page in a profile of its own; the test fails on any error the page told the console."""
    context = chromium.new_context(
        viewport={"width": 1280, "height": 800}, reduced_motion="reduce", timezone_id="UTC"
    )
    page = context.new_page()
    told: list[str] = []
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("console", lambda line: told.append(line.text) if line.type == "error" else None)
    yield page
    context.close()
    assert told == []
