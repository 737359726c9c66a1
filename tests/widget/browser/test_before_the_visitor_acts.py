"""What a page pays for the widget before its visitor wants it: little, and nothing kept."""

import gzip
from collections.abc import Callable
from urllib.parse import urlsplit

import brotli
import pytest
from playwright.sync_api import Request, expect

from tests.installs import Install
from tests.widget.browser.sites import Visit

pytestmark = pytest.mark.journey
Open = Callable[..., Visit]

# As browsers get them over TLS, by brotli; the panel's budget is by gzip.
LAUNCHER_BYTES = 2560
PANEL_REQUESTS, PANEL_BYTES = 4, 15 * 1024


def _weigh(requests: list[Request], compress: Callable[[bytes], bytes]) -> int:
    """Bytes of the answers' bodies, each compressed by itself."""
    answers = [request.response() for request in requests]
    return sum(len(compress(answer.body())) for answer in answers if answer)


def test_the_launcher_takes_two_requests(visit: Open) -> None:
    made = visit()
    expect(made.launcher).to_be_visible()
    made.page.wait_for_load_state("networkidle")
    paths = [urlsplit(request.url).path for request in made.widget_requests]
    assert paths == ["/widget.js", "/api/v1/widget/config"]
    assert _weigh(made.widget_requests, brotli.compress) <= LAUNCHER_BYTES


def test_an_open_panel_takes_four_requests(visit: Open) -> None:
    made = visit().open()
    expect(made.by("bot")).to_have_count(1)
    assert len(made.widget_requests) <= PANEL_REQUESTS
    assert _weigh(made.widget_requests, gzip.compress) <= PANEL_BYTES
    hosts = {urlsplit(request.url).netloc for request in made.widget_requests}
    assert hosts == {urlsplit(made.site.base_url).netloc}


def test_the_panel_is_fetched_when_the_visitor_reaches_for_the_launcher(visit: Open) -> None:
    made = visit()
    expect(made.launcher).to_be_visible()
    with made.page.expect_request("**/static/widget/core-*.js"):
        made.launcher.hover()


def test_nothing_is_kept_before_the_visitor_acts(visit: Open, install: Install) -> None:
    def rows() -> list[tuple[int, ...]]:
        return install.sql(
            "SELECT (SELECT count(*) FROM tenant_greenleaf.conversations_conversation),"
            "(SELECT count(*) FROM tenant_greenleaf.conversations_message)"
        )

    before = rows()
    made = visit()
    made.launcher.hover()
    made.page.wait_for_load_state("networkidle")
    assert made.page.context.cookies() == []
    assert made.stored() == {}
    assert made.page.evaluate("indexedDB.databases()") == []
    assert rows() == before


def test_opening_the_panel_starts_no_conversation(visit: Open, install: Install) -> None:
    query = "SELECT count(*) FROM tenant_greenleaf.conversations_conversation"
    before = install.sql(query)
    made = visit().open()
    expect(made.by("bot")).to_have_count(1)
    assert install.sql(query) == before
    assert made.page.context.cookies() == []


def test_the_page_does_not_move(visit: Open) -> None:
    watch = (
        "window.shift = 0; new PerformanceObserver((list) => {"
        " for (const entry of list.getEntries()) window.shift += entry.value;"
        " }).observe({ type: 'layout-shift', buffered: true });"
    )
    made = visit(scripts=(watch,)).open()
    made.page.locator("[part=close]").click()
    made.page.wait_for_load_state("networkidle")
    assert made.page.evaluate("window.shift") == 0


def test_a_website_that_is_not_the_clients_gets_no_launcher(visit: Open) -> None:
    made = visit()
    made.page.route(
        "**/widget/config*",
        lambda route: route.fulfill(status=403, json={"code": "origin_not_allowed"}),
    )
    made.expected.append("403")
    warnings: list[str] = []
    made.page.on("console", lambda line: warnings.append(line.text))
    made.page.reload()
    made.page.wait_for_load_state("networkidle")
    expect(made.launcher).to_have_count(0)
    assert any("origin_not_allowed" in line for line in warnings)
