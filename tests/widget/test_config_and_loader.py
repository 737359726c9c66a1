"""What a page loads before a visitor says anything."""

import gzip
from typing import Any

import brotli
import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from frontdesk.bot.publishing import publish
from frontdesk.clients import lifecycle
from frontdesk.clients.context import client_context
from frontdesk.clients.models import Client
from frontdesk.conversations.models import Conversation
from frontdesk.events.models import Event
from tests.conftest import Visitor


def config(client: Client, **headers: str) -> Any:
    return Visitor(client).call("GET", "config", **headers)


def test_the_config_is_kept_by_browsers_until_it_changes(north: Client) -> None:
    first = config(north)
    assert first["Cache-Control"].startswith("public, max-age=60, stale-while-revalidate")
    unchanged = config(north, **{"If-None-Match": first["ETag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged["ETag"] == first["ETag"]
    with client_context(north):
        publish()
    changed = config(north, **{"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    lifecycle.pause(north)
    assert config(north)["ETag"] != changed["ETag"]


def test_the_config_leaves_no_row_and_asks_little(north: Client) -> None:
    config(north)
    with CaptureQueriesContext(connection) as queries:
        config(north)
    # The client, the live publication.
    asked = [query for query in queries if "SET search_path" not in (query["sql"] or "")]
    assert len(asked) == 2
    with client_context(north):
        assert (Conversation.objects.count(), Event.objects.count()) == (0, 0)


def test_the_config_holds_nothing_of_the_inside(north: Client) -> None:
    body = config(north).json()
    assert set(body) == {
        *("client", "name", "status", "locale", "publication", "theme", "texts"),
        *("greeting", "form", "branding"),
    }
    assert "owner@north.example" not in str(body)


def test_branding_can_be_taken_off(north: Client) -> None:
    assert config(north).json()["branding"] is True
    lifecycle.change(north, shows_branding=False)
    assert config(north).json()["branding"] is False


@pytest.mark.django_db
def test_the_loader_is_short_lived_and_comes_compressed() -> None:
    browser = Browser(HTTP_HOST="localhost")
    plain = browser.get("/widget.js")
    assert plain["Content-Type"].startswith("text/javascript")
    assert plain["Cache-Control"].startswith("public, max-age=300")
    assert plain["Access-Control-Allow-Origin"] == "*"
    for encoding, unpack in (("br", brotli.decompress), ("gzip", gzip.decompress)):
        packed = browser.get("/widget.js", headers={"Accept-Encoding": f"{encoding}, deflate"})
        assert packed["Content-Encoding"] == encoding
        assert unpack(packed.content) == plain.content
    again = browser.get("/widget.js", headers={"If-None-Match": plain["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.django_db
def test_a_loader_from_before_an_upgrade_gets_the_present_core() -> None:
    browser = Browser(HTTP_HOST="localhost")
    response = browser.get("/static/widget/core-000000000000.js")
    assert (response.status_code, response["Cache-Control"]) == (200, "no-cache")
    assert response["Access-Control-Allow-Origin"] == "*"
    assert b"frontdesk" in response.content.lower()
    for path in ("nosuch-000000000000.js", "core-1.js", "..%2f..%2fsettings.py", "core-.js"):
        assert browser.get(f"/static/widget/{path}").status_code == 404


def test_a_client_has_its_bot_on_a_page_of_its_own(north: Client) -> None:
    response = Browser(HTTP_HOST="north.localhost").get("/")
    assert 'data-client="tenant_north"' in response.content.decode()
    lifecycle.close(north)
    assert Browser(HTTP_HOST="north.localhost").get("/").status_code == 410


def test_faqs_are_suggested_while_typing(north: Client) -> None:
    def ids(query: str) -> list[str]:
        found = Visitor(north).call("GET", f"faqs?{query}").json()["faqs"]
        return [faq["id"] for faq in found]

    assert ids("") == ["opening-hours", "returns", "shipping"]
    assert ids("limit=1") == ["opening-hours"]
    assert ids("q=how+do+i+ret")[0] == "returns"
    assert ids("q=money+back")[0] == "returns"
    assert Visitor(north).call("GET", "faqs?limit=99").status_code == 422
    assert Visitor(north).call("GET", f"faqs?q={'x' * 201}").status_code == 422
