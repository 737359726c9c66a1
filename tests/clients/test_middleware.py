"""After every request the process is back on public, however the request ended."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client as Browser
from django.test import RequestFactory

from frontdesk.bot.models import Faq
from frontdesk.clients import lifecycle
from frontdesk.clients.database.base import current_place
from frontdesk.clients.middleware import ResolveClient
from frontdesk.clients.models import Client
from frontdesk.widget import door


def assert_public() -> None:
    assert current_place.get().schema_name == settings.PUBLIC_SCHEMA_NAME
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        assert cursor.fetchone() == ("public",)


def serve(view: Callable[[HttpRequest], HttpResponse], host: str) -> HttpResponse:
    return ResolveClient(view)(RequestFactory().get("/", HTTP_HOST=host))


def test_the_view_runs_in_the_clients_schema(north: Client) -> None:
    seen = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append((request.client.schema_name, Faq.objects.count()))  # type: ignore[attr-defined]
        return HttpResponse()

    serve(view, "north.localhost")
    assert seen == [("tenant_north", 3)]
    assert_public()


def test_the_main_site_runs_in_public(north: Client) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        assert request.client is None  # type: ignore[attr-defined]
        assert_public()
        return HttpResponse()

    assert serve(view, "localhost").status_code == 200


def test_public_again_after_an_exception(north: Client) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        assert Faq.objects.count() == 3
        raise RuntimeError

    with pytest.raises(RuntimeError):
        serve(view, "north.localhost")
    assert_public()


def test_public_again_after_a_refused_request(north: Client) -> None:
    def never(request: HttpRequest) -> HttpResponse:
        raise AssertionError

    assert serve(never, "nobody.localhost").status_code == 404
    assert_public()


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/v1/widget/config", {"X-Client-ID": "tenant_north"}, 200),
        ("/api/v1/widget/faqs", {"X-Client-ID": "tenant_north"}, 200),
        ("/api/v1/widget/events", {"X-Client-ID": "tenant_north"}, 405),
        ("/api/v1/widget/nothing", {"X-Client-ID": "tenant_north"}, 404),
        ("/api/v1/widget/config", {"X-Client-ID": "tenant_nobody"}, 404),
        ("/api/v1/widget/config", {}, 404),
        ("/widget.js", {"X-Client-ID": "tenant_nobody"}, 404),
        ("/api/v1/operator/clients", {"X-Client-ID": "tenant_north"}, 401),
        ("/operator/", {"X-Client-ID": "tenant_north"}, 302),
        ("/nothing", {}, 404),
    ],
)
def test_public_again_after_every_request(
    north: Client, path: str, headers: dict[str, str], status: int
) -> None:
    response = Browser(HTTP_HOST="localhost").get(path, headers=headers)
    assert response.status_code == status
    assert_public()


def test_public_again_after_a_view_that_broke(
    north: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        assert Faq.objects.count() == 3
        raise RuntimeError("the visitor's words")

    monkeypatch.setattr(door, "live_bot", broken)
    browser = Browser(HTTP_HOST="localhost")
    response = browser.get("/api/v1/widget/config", headers={"X-Client-ID": "tenant_north"})
    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert "words" not in response.content.decode()
    assert "GET /api/v1/widget/config failed" in caplog.text
    assert_public()


def test_a_closing_client_is_gone_and_a_paused_one_is_not(north: Client) -> None:
    browser = Browser(HTTP_HOST="north.localhost")
    lifecycle.pause(north)
    assert browser.get("/api/v1/widget/config").json()["status"] == "paused"
    assert browser.get("/").status_code == 200
    lifecycle.close(north)
    response = browser.get("/api/v1/widget/config")
    assert (response.status_code, response.json()["code"]) == (410, "client_closing")
    page = browser.get("/", headers={"Accept": "text/html"})
    assert (page.status_code, page["Content-Type"]) == (410, "text/html; charset=utf-8")
