"""The pages of other people, strict, hostile or restless: the widget works in all of them."""

from collections.abc import Callable

import pytest
from playwright.sync_api import FloatRect, expect

from tests.widget.browser.sites import ROOT, Site, Visit

pytestmark = pytest.mark.journey
Open = Callable[..., Visit]

HOSTILE_STYLE = """
* { all: unset !important; font-size: 40px !important; color: red !important }
html { --fd-fill: red; --fd-x: 400px; zoom: 1; font: 60px cursive !important }
frontdesk-widget, frontdesk-widget * { display: none !important; opacity: 0.1 !important;
  filter: blur(9px) !important; rotate: 9deg !important; pointer-events: none !important }
button { width: 5px !important; height: 5px !important; background: lime !important }
"""
POLLUTED = """
Object.prototype.polluted = function () {};
Object.prototype.extra = "x";
Array.prototype.more = 1;
"""


def _use(made: Visit) -> None:
    """The whole way: open, ask, press an option, fill in."""
    made.open()
    made.ask("do you deliver on Saturdays")
    made.page.locator("[part=restart]").click()
    form = made.show_form()
    form.locator("button").click()
    expect(form.locator("[aria-invalid]").first).to_be_focused()


def _policy(*parts: str) -> dict[str, str]:
    return {"Content-Security-Policy": "; ".join(("default-src 'none'", *parts))}


def test_the_strictest_policy_with_trusted_types(visit: Open, site: Site) -> None:
    made = visit(
        headers=_policy(
            f"script-src {site.base_url}",
            f"connect-src {site.base_url}",
            "img-src data:",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )
    _use(made)


def test_a_policy_by_nonce(visit: Open, site: Site) -> None:
    snippet = site.snippet(attributes='nonce="abc123" data-nonce="abc123"')
    made = visit(
        site.document(snippet),
        headers=_policy(
            "script-src 'nonce-abc123'", f"connect-src {site.base_url}", "img-src data:"
        ),
    )
    _use(made)


def test_a_policy_by_strict_dynamic(visit: Open, site: Site) -> None:
    snippet = site.snippet(attributes='nonce="abc123"')
    made = visit(
        site.document(snippet),
        headers=_policy(
            "script-src 'nonce-abc123' 'strict-dynamic'",
            f"connect-src {site.base_url}",
            "img-src data:",
        ),
    )
    _use(made)


def _picture(made: Visit) -> list[bytes]:
    made.open()
    made.page.locator("button[part~=option]").nth(1).click()
    expect(made.by("bot")).to_have_count(2)
    made.page.locator("[part=log]").evaluate(
        "log => log.querySelectorAll('time').forEach(t => t.remove())"
    )
    box = made.panel.bounding_box()
    assert box
    clip: FloatRect = {
        "x": box["x"] + 24,
        "y": box["y"] + 24,
        "width": box["width"] - 48,
        "height": box["height"] - 48,
    }
    return [made.page.screenshot(clip=clip, animations="disabled", caret="hide")]


def test_no_style_of_the_page_reaches_the_panel(visit: Open, site: Site) -> None:
    neutral = _picture(visit())
    hostile = site.document(head=f"<style>{HOSTILE_STYLE}</style>")
    assert _picture(visit(hostile, scripts=(POLLUTED,))) == neutral


def test_a_polluted_prototype(visit: Open) -> None:
    _use(visit(scripts=(POLLUTED,)))


@pytest.mark.parametrize(
    "change",
    [
        "document.body.innerHTML = ''",
        "document.body.replaceWith(document.createElement('body'))",
        "document.querySelector('frontdesk-widget').remove()",
    ],
)
def test_a_page_that_throws_its_content_away(visit: Open, change: str) -> None:
    made = visit().open()
    made.field.fill("half a thought")
    made.page.evaluate(change)
    expect(made.panel).to_be_visible()
    expect(made.field).to_have_value("half a thought")
    made.ask("do you deliver")


def test_a_turbo_visit_keeps_one_open_widget(
    visit: Open, site: Site, node_file: Callable[[str], str]
) -> None:
    turbo = node_file("@hotwired/turbo/dist/turbo.es2017-umd.js")
    head = '<script src="/host/turbo.js"></script>'
    body = f'<main><h1>%s</h1><a href="/host/second/">Second</a></main>{site.snippet()}'
    made = visit()
    made.answer("/host/turbo.js", turbo, content_type="text/javascript")
    made.answer("/host/second/", site.document(body % "Second page", head=head))
    made.serve(site.document(body % "First page", head=head), path="/host/first/")
    made.open()
    made.ask("do you deliver")
    made.page.get_by_role("link", name="Second").click()
    expect(made.page.locator("h1")).to_have_text("Second page")
    assert made.page.evaluate("typeof Turbo") == "object"
    expect(made.page.locator("frontdesk-widget")).to_have_count(1)
    expect(made.panel).to_be_visible()
    expect(made.by("visitor")).to_have_count(1)
    made.ask("and on Saturdays")


def test_two_widgets_stand_apart_and_one_is_open(visit: Open, site: Site) -> None:
    made = visit(site.document(site.snippet() + site.snippet("tenant_brightsmile")))
    expect(made.launcher).to_have_count(2)
    boxes = [made.launcher.nth(number).bounding_box() for number in range(2)]
    assert boxes[0]
    assert boxes[1]
    gap = abs(boxes[0]["y"] - boxes[1]["y"])
    assert gap >= boxes[0]["height"]
    made.launcher.nth(0).click()
    expect(made.panel.nth(0)).to_be_visible()
    made.launcher.nth(1).click()
    expect(made.page.locator("[part=panel]:visible")).to_have_count(1)


def _insert(site: Site, more: str = "") -> str:
    return (
        "const script = document.createElement('script');"
        f"script.src = '{site.base_url}/widget.js'; {more}"
        "document.head.append(script);"
    )


def test_run_twice_it_shows_once(visit: Open, site: Site) -> None:
    made = visit(site.document(site.snippet() * 2))
    expect(made.launcher).to_have_count(1)
    made.page.evaluate(_insert(site, "script.dataset.client = 'tenant_greenleaf';"))
    made.page.wait_for_load_state("networkidle")
    expect(made.launcher).to_have_count(1)


@pytest.mark.parametrize("attributes", ["async", "defer", 'type="module"'])
def test_every_way_to_load_a_script(visit: Open, site: Site, attributes: str) -> None:
    visit(site.document(site.snippet(attributes=attributes))).open()


def test_inserted_late_by_a_tag_manager_that_drops_data_attributes(visit: Open, site: Site) -> None:
    made = visit(site.document("<h1>A shop</h1>"))
    made.page.wait_for_load_state("load")
    made.page.evaluate(_insert(site).replace("widget.js", "widget.js?client=tenant_greenleaf"))
    made.open()


def test_back_from_another_page_it_still_works(visit: Open) -> None:
    made = visit().open()
    made.ask("do you deliver")
    made.serve(path="/host/second/")
    made.page.go_back()
    expect(made.by("visitor")).to_have_count(1)
    made.ask("and on Saturdays")
    expect(made.by("visitor")).to_have_count(2)


def test_a_panel_that_did_not_arrive_is_asked_for_again(visit: Open) -> None:
    made = visit()
    made.expected.append("net::ERR_")
    pattern = "**/static/widget/core-*.js"
    made.page.route(pattern, lambda route: route.abort())
    made.launcher.click()
    expect(made.panel).to_have_count(0)
    made.page.unroute(pattern)
    made.open()


def test_the_side_follows_the_pages_direction(visit: Open, site: Site) -> None:
    made = visit(site.document(direction="rtl"))
    box = made.launcher.bounding_box()
    assert box
    assert box["x"] < 100
    made.open()
    assert made.page.evaluate(f"{ROOT}.querySelector('.box').dir") == "ltr"
