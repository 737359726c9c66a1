"""`Frontdesk(...)` and the DOM events, as a client's own developers use them."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.widget.browser.sites import KEY, ROOT, Site, Visit

pytestmark = pytest.mark.journey
Open = Callable[..., Visit]

QUEUE = (
    "<script>window.Frontdesk = window.Frontdesk || function () {"
    " (Frontdesk.q = Frontdesk.q || []).push(arguments); };"
    " Frontdesk('on', 'ready', () => { window.wasReady = true; }); Frontdesk('open');</script>"
)
HEAR = """
window.heard = [];
for (const name of ["ready", "open", "close", "message", "handoff", "submission"]) {
  addEventListener(`frontdesk:${name}`, (event) => heard.push([name, event.detail]));
}
"""


def test_calls_made_before_the_script_are_kept(visit: Open, site: Site) -> None:
    made = visit(site.document(QUEUE + site.snippet()))
    expect(made.panel).to_be_visible()
    assert made.page.evaluate("window.wasReady") is True


def test_open_close_toggle_hide_and_show(visit: Open) -> None:
    made = visit()
    expect(made.launcher).to_be_visible()
    for call, is_open in (("open", True), ("close", False), ("toggle", True), ("toggle", False)):
        made.page.evaluate(f"Frontdesk('{call}')")
        expect(made.panel).to_be_visible() if is_open else expect(made.panel).to_be_hidden()
    made.page.evaluate("Frontdesk('hide')")
    expect(made.launcher).to_be_hidden()
    made.page.evaluate("Frontdesk('show')")
    expect(made.launcher).to_be_visible()


def test_a_manual_start_asks_the_server_for_nothing(visit: Open, site: Site) -> None:
    made = visit(site.document(site.snippet(attributes='data-start="manual"')))
    made.page.wait_for_load_state("networkidle")
    assert [request.url for request in made.widget_requests] == [f"{site.base_url}/widget.js"]
    made.page.evaluate("Frontdesk('show')")
    expect(made.launcher).to_be_visible()


def test_every_event_is_heard_once(visit: Open) -> None:
    made = visit(scripts=(HEAR,)).open()
    made.ask("do you deliver on Saturdays")
    made.page.locator("[part=close]").click()
    heard = made.page.evaluate("heard.map(([name, { message }]) => [name, message?.author])")
    assert heard[:2] == [["ready", None], ["open", None]]
    assert heard[2] == ["message", "visitor"]
    assert ["message", "bot"] in heard
    assert heard[-1] == ["close", None]
    clients = made.page.evaluate("heard.map(([, { client }]) => client)")
    assert set(clients) == {"tenant_greenleaf"}


def test_a_listener_can_be_taken_off(visit: Open) -> None:
    made = visit()
    expect(made.launcher).to_be_visible()
    made.page.evaluate("window.count = 0; window.off = Frontdesk('on', 'open', () => count++); 0")
    made.page.evaluate("Frontdesk('open')")
    expect(made.panel).to_be_visible()
    made.page.evaluate("off(); Frontdesk('close'); Frontdesk('open')")
    assert made.page.evaluate("window.count") == 1


def test_update_changes_what_is_seen_and_keeps_what_is_written(visit: Open) -> None:
    made = visit().open()
    made.ask("do you deliver")
    made.field.fill("half a thought")
    made.page.evaluate(
        "Frontdesk('update', { theme: { accent: '#ffcc00', position: 'start' },"
        " texts: { title: 'Another name' } })"
    )
    expect(made.page.locator("h2")).to_have_text("Another name")
    expect(made.field).to_have_value("half a thought")
    expect(made.by("visitor")).to_have_count(1)
    expect(made.panel).to_be_visible()
    box = made.launcher.bounding_box()
    assert box
    assert box["x"] < 100
    colour = made.page.evaluate(f"getComputedStyle({ROOT}.querySelector('[part=launcher]')).color")
    assert colour == "rgb(0, 0, 0)"


@pytest.mark.parametrize(
    ("locale", "direction", "send"),
    [("ar", "rtl", "إرسال"), ("hi", "ltr", "भेजें"), ("es", "ltr", "Enviar"), ("xx", "ltr", "Send")],
)
def test_every_language_has_its_words(visit: Open, locale: str, direction: str, send: str) -> None:
    made = visit()

    def translate(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"locale": locale})

    made.page.route("**/widget/config*", translate)
    made.page.reload()
    made.open()
    expect(made.page.locator("[part=send]")).to_have_accessible_name(send)
    assert made.page.evaluate(f"{ROOT}.querySelector('.box').dir") == direction


def test_the_locale_is_asked_for_by_attribute_page_or_browser(visit: Open, site: Site) -> None:
    for html, wanted in (
        (site.document(site.snippet(attributes='data-locale="es"'), lang="hi"), "es"),
        (site.document(lang="hi"), "hi"),
        (site.document(lang=""), "en-GB"),
    ):
        made = visit(html)
        expect(made.launcher).to_be_visible()
        assert made.widget_requests[-1].url.endswith(f"config?locale={wanted}")


def test_identify_fills_the_form_in(visit: Open) -> None:
    made = visit()
    expect(made.launcher).to_be_visible()
    made.page.evaluate("Frontdesk('identify', { name: 'Asha', email: 'asha@example.com' })")
    form = made.open().show_form()
    expect(form.locator("[name=name]")).to_have_value("Asha")
    expect(form.locator("[name=email]")).to_have_value("asha@example.com")


def test_reset_forgets_the_conversation(visit: Open) -> None:
    made = visit().open()
    made.ask("do you deliver")
    made.page.evaluate("Frontdesk('reset')")
    expect(made.messages).to_have_count(1)
    assert KEY not in made.stored()


def test_shutdown_leaves_no_trace_in_the_page(visit: Open, site: Site) -> None:
    made = visit(viewport={"width": 390, "height": 844}).open()
    assert made.page.evaluate("document.body.inert") is True
    made.page.evaluate("Frontdesk('shutdown')")
    expect(made.page.locator("frontdesk-widget")).to_have_count(0)
    assert made.page.evaluate("[typeof window.Frontdesk, document.body.inert]") == [
        "undefined",
        False,
    ]
    made.page.evaluate("document.body.append(document.createElement('p'))")
    expect(made.page.locator("frontdesk-widget")).to_have_count(0)
    made.page.evaluate(
        "([source, client]) => { const s = document.createElement('script'); s.src = source;"
        " s.dataset.client = client; document.head.append(s); }",
        [f"{site.base_url}/widget.js", "tenant_greenleaf"],
    )
    # As the visitor left it.
    expect(made.panel).to_be_visible()


def test_a_full_page_widget_fills_its_window(visit: Open, site: Site) -> None:
    made = visit(site.document(site.snippet(attributes='data-mode="page"')))
    expect(made.panel).to_be_visible()
    expect(made.launcher).to_be_hidden()
    box = made.panel.bounding_box()
    assert box
    assert (box["width"], box["height"]) == (1280, 800)
