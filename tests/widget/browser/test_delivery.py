"""Nothing a visitor writes is lost, and nothing is sent twice."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.installs import Install
from tests.widget.browser.sites import KEY, Visit

pytestmark = pytest.mark.journey
Open = Callable[..., Visit]

UNREACHED = "net::ERR_"
BLOCKED = """
for (const name of ["localStorage", "sessionStorage", "indexedDB"]) {
  Object.defineProperty(window, name, { get() { throw new DOMException("no", "SecurityError"); } });
}
"""


def _stored_texts(install: Install, mark: str) -> list[str]:
    """Visitors' messages that hold `mark`, in the order they were stored."""
    rows = install.sql(
        "SELECT text FROM tenant_greenleaf.conversations_message "
        "WHERE author = 'visitor' AND text LIKE %s ORDER BY created_at, position",
        f"%{mark}%",
    )
    return [row[0] for row in rows]


def test_three_messages_written_offline_arrive_once_and_in_order(
    visit: Open, install: Install
) -> None:
    made = visit().open()
    made.expected.append(UNREACHED)
    made.page.context.set_offline(True)
    texts = [f"offline {number}" for number in ("one", "two", "three")]
    for text in texts:
        made.write(text)
    expect(made.page.locator("[data-delivery=waiting]")).to_have_count(3)
    assert _stored_texts(install, "offline") == []
    made.page.context.set_offline(False)
    expect(made.page.locator("[data-delivery]")).to_have_count(0)
    expect(made.by("visitor")).to_have_count(3)
    assert _stored_texts(install, "offline") == texts


def test_what_could_not_be_sent_is_sent_by_the_next_page(visit: Open, install: Install) -> None:
    made = visit().open()
    made.expected.append(UNREACHED)
    made.page.route("**/conversations", lambda route: route.abort())
    made.write("kept for later")
    expect(made.page.locator("[data-delivery=waiting]")).to_have_count(1)
    made.page.unroute("**/conversations")
    made.page.reload()
    expect(made.page.locator("[data-delivery]")).to_have_count(0)
    expect(made.by("bot")).to_have_count(2)
    assert _stored_texts(install, "kept for later") == ["kept for later"]


def test_an_answer_that_was_lost_does_not_store_the_message_again(
    visit: Open, install: Install
) -> None:
    made = visit().open()
    made.expected.append(UNREACHED)
    lost: list[str] = []

    def lose_the_first(route: Route) -> None:
        if lost or route.request.method != "POST":
            return route.fallback()
        lost.append(str(route.fetch().status))
        return route.abort()

    made.page.route("**/conversations/*/messages", lose_the_first)
    made.ask("answer lost on its way")
    assert lost == ["200"]
    expect(made.by("bot")).to_have_count(2)
    assert _stored_texts(install, "lost on its way") == ["answer lost on its way"]


def test_a_message_that_is_refused_says_so_and_can_be_sent_again(
    visit: Open, install: Install
) -> None:
    made = visit().open()
    made.expected.append("402")
    pattern = "**/conversations/*/messages"
    made.page.route(
        pattern, lambda route: route.fulfill(status=402, json={"code": "limit_reached"})
    )
    made.write("over the limit")
    failed = made.page.locator("[data-delivery=failed]")
    expect(failed).to_be_visible()
    made.page.unroute(pattern)
    failed.locator("button").click()
    expect(made.by("bot")).to_have_count(2)
    assert _stored_texts(install, "over the limit") == ["over the limit"]


def test_a_conversation_whose_token_has_expired_goes_on_in_a_new_one(
    visit: Open, install: Install
) -> None:
    made = visit().open()
    made.expected.append("401")
    made.ask("hello before")
    made.page.evaluate(
        "key => { const kept = JSON.parse(localStorage[key]);"
        " kept.value.session.token = 'gone'; localStorage[key] = JSON.stringify(kept); }",
        KEY,
    )
    made.page.reload()
    expect(made.by("visitor")).to_have_count(1)
    made.ask("hello afterwards")
    expect(made.by("visitor")).to_have_count(2)
    assert _stored_texts(install, "hello afterwards") == ["hello afterwards"]


def test_the_conversation_follows_the_visitor_from_page_to_page(visit: Open) -> None:
    made = visit().open()
    made.ask("do you deliver")
    made.field.fill("half a thought")
    made.serve(path="/host/second/")
    expect(made.panel).to_be_visible()
    expect(made.by("visitor")).to_have_count(1)
    expect(made.field).to_have_value("half a thought")
    made.page.locator("[part=close]").click()
    made.serve(path="/host/third/")
    expect(made.launcher).to_be_visible()
    expect(made.panel).to_have_count(0)


def test_three_tabs_are_in_step(visit: Open, install: Install) -> None:
    first = visit().open()
    others = [visit(context=first.page.context).open() for _ in range(2)]
    tabs = [first, *others]
    first.ask("Greetings.")
    others[0].ask("Greetings..")
    for tab in tabs:
        expect(tab.by("visitor")).to_have_count(2)
        expect(tab.by("bot")).to_have_count(3)
    said = [tab.messages.all_text_contents() for tab in tabs]
    assert said[0] == said[1] == said[2]
    rows = install.sql(
        "SELECT count(DISTINCT conversation_id) FROM tenant_greenleaf.conversations_message "
        "WHERE text IN ('Greetings.', 'Greetings..')"
    )
    assert rows == [(1,)]


def test_tabs_that_write_at_once_send_each_message_once(visit: Open, install: Install) -> None:
    first = visit().open()
    tabs = [first, *(visit(context=first.page.context).open() for _ in range(2))]
    # Each has exactly one answer.
    texts = ["Howdy.", "Howdy..", "Howdy..."]
    for tab, text in zip(tabs, texts, strict=True):
        tab.write(text)
    for tab in tabs:
        expect(tab.by("bot")).to_have_count(4)
        expect(tab.page.locator("[data-delivery]")).to_have_count(0)
    assert sorted(_stored_texts(install, "Howdy")) == texts


def test_what_came_meanwhile_is_counted_on_the_launcher(visit: Open) -> None:
    made = visit().open()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    made.page.route("**/conversations/*/messages", hold)
    with made.page.expect_request("**/conversations/*/messages"):
        made.write("do you deliver on Saturdays")
    made.page.locator("[part=close]").click()
    held[0].continue_()
    expect(made.page.locator("[part=badge]")).to_have_text("1")
    expect(made.launcher).to_have_accessible_name("Greenleaf Plants, 1 new")
    made.open()
    expect(made.page.locator("[part=badge]")).to_be_hidden()


def test_blocked_storage_is_done_without(visit: Open) -> None:
    made = visit(scripts=(BLOCKED,)).open()
    made.ask("do you deliver")
    expect(made.by("bot")).to_have_count(2)


def test_refused_consent_leaves_nothing_stored(visit: Open) -> None:
    made = visit().open()
    made.ask("do you deliver")
    assert KEY in made.stored()
    made.page.evaluate("Frontdesk('consent', false)")
    assert made.stored() == {}
    made.ask("and on Sundays")
    assert made.stored() == {}


def test_starting_again_can_be_undone_until_the_next_message(visit: Open) -> None:
    made = visit().open()
    made.ask("do you deliver")
    options = made.page.locator("button[part~=option]")
    made.page.locator("[part=restart]").click()
    expect(made.messages).to_have_count(1)
    expect(options.first).to_be_visible()
    made.page.locator("[part=undo]").click()
    expect(made.messages).to_have_count(3)
    made.page.locator("[part=restart]").click()
    made.ask("something else")
    expect(made.page.locator("[part=undo]")).to_have_count(0)
    expect(made.by("visitor")).to_have_count(1)


def test_the_form_tells_the_servers_objections_by_field(visit: Open, install: Install) -> None:
    made = visit().open()
    made.expected.append("422")
    form = made.show_form()
    form.locator("[name=name]").fill("Asha")
    form.locator("[name=email]").fill("asha@nowhere.example")
    form.locator("[name=message]").fill("Do you post to the islands?")

    def object_to_the_email(route: Route) -> None:
        error = {"field": "email", "code": "unknown", "message": "No mail arrives there."}
        route.fulfill(status=422, json={"code": "invalid_request", "errors": [error]})

    made.page.route("**/submissions", object_to_the_email)
    form.locator("button").click()
    expect(form.locator("[name=email]")).to_have_accessible_description("No mail arrives there.")
    expect(form.locator("[name=email]")).to_be_focused()
    made.page.unroute("**/submissions")
    form.locator("[name=email]").fill("asha@islands.example")
    form.locator("button").click()
    expect(form).to_be_hidden()
    rows = install.sql(
        "SELECT count(*) FROM tenant_greenleaf.visitor_forms_submission "
        "WHERE values->>'email' = 'asha@islands.example'"
    )
    assert rows == [(1,)]


def test_a_form_sent_without_a_connection_arrives_once_it_is_back(
    visit: Open, install: Install
) -> None:
    made = visit().open()
    made.expected.append(UNREACHED)
    form = made.show_form()
    for name, value in (("name", "Ravi"), ("email", "ravi@train.example"), ("message", "Hi")):
        form.locator(f"[name={name}]").fill(value)
    made.page.context.set_offline(True)
    form.locator("button").click()
    expect(form.locator("[role=alert]")).to_have_text("Waiting for the connection")
    made.page.context.set_offline(False)
    expect(form).to_be_hidden()
    rows = install.sql(
        "SELECT count(*) FROM tenant_greenleaf.visitor_forms_submission "
        "WHERE values->>'email' = 'ravi@train.example'"
    )
    assert rows == [(1,)]
    assert "ravi@train.example" not in made.stored()[KEY]
