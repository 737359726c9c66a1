"""A visitor on the demo shops' own websites: asks, presses, fills in, is sent on.

What they did is then read back with SQL: each row in its client's schema, none anywhere else.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.installs import Install, running_install

pytestmark = pytest.mark.journey

# In words that no question or phrasing of the FAQ has.
QUESTIONS = {
    "greenleaf": [
        ("whats the fee for posting a plant to my house", "delivery-cost"),
        ("my gift voucher, does it run out at some point", "gift-cards"),
        ("is a monstera dangerous for my kitten", "pet-safe"),
        ("little black flies are coming out of the soil", "fungus-gnats"),
        ("where has my parcel got to", "order-tracking"),
    ],
    "brightsmile": [
        ("I need to move my appointment to another day", "change-appointment"),
        ("can i pay for the treatment in monthly instalments", "payment-plan"),
        ("my filling just came out", "lost-filling"),
        ("how do i get my teeth whiter", "whitening"),
        ("what happens at the very first visit", "first-visit"),
    ],
}
OPTIONS = {"greenleaf": "Opening times", "brightsmile": "My first visit"}
PRESSED_FAQ = {"greenleaf": "opening-hours", "brightsmile": "first-visit"}


@pytest.fixture(scope="module")
def install(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Install]:
    """One of its own: every row is looked at, so nobody else may have left any."""
    with running_install(tmp_path_factory.mktemp("visits")) as install:
        yield install


@pytest.fixture(scope="module")
def visits(install: Install, chromium: Browser) -> dict[str, str]:
    """One visit to each shop; the WhatsApp reference that each was given."""
    return {shop: _visit(install, chromium, shop) for shop in QUESTIONS}


def test_no_question_repeats_a_phrasing(install: Install) -> None:
    for shop, questions in QUESTIONS.items():
        rows = install.sql(f"SELECT question, phrasings FROM tenant_{shop}.bot_faq")
        known = {text.casefold().strip("?. ") for row in rows for text in (row[0], *row[1])}
        assert not known & {text.casefold().strip("?. ") for text, _ in questions}


@pytest.mark.parametrize("shop", QUESTIONS)
def test_every_question_got_the_right_answer(
    install: Install, visits: dict[str, str], shop: str
) -> None:
    rows = install.sql(
        f"SELECT text, faq_id FROM tenant_{shop}.conversations_message "
        "WHERE author = 'visitor' AND option_id IS NULL ORDER BY position"
    )
    assert [row for row in rows if row[0] in dict(QUESTIONS[shop])] == QUESTIONS[shop]


@pytest.mark.parametrize("shop", QUESTIONS)
def test_what_was_done_is_stored_where_it_belongs(
    install: Install, visits: dict[str, str], shop: str
) -> None:
    schema = f"tenant_{shop}"
    (conversation,) = install.sql(f"SELECT id, page_url FROM {schema}.conversations_conversation")
    assert conversation[1].startswith(f"{install.demo_url}/{shop}/")
    (submission,) = install.sql(
        f"SELECT conversation_id, values->>'email' FROM {schema}.visitor_forms_submission"
    )
    assert submission == (conversation[0], f"ann@{shop}.example")
    handoffs = install.sql(
        f"SELECT conversation_id, kind FROM {schema}.conversations_handoff "
        "WHERE reference = %s AND clicked_at IS NOT NULL",
        visits[shop],
    )
    assert handoffs == [(conversation[0], "whatsapp")]
    events = dict(install.sql(f"SELECT kind, count(*) FROM {schema}.events_event GROUP BY kind"))
    assert events["faq_answered"] == 5
    assert events["faq_clicked"] == 1
    assert (
        events["conversation_started"]
        == events["submission_created"]
        == events["handoff_clicked"]
        == 1
    )


def test_nothing_of_one_client_is_in_another_schema_or_in_public(
    install: Install, visits: dict[str, str]
) -> None:
    for shop, other in (("greenleaf", "brightsmile"), ("brightsmile", "greenleaf")):
        ids = install.sql(
            f"SELECT id::text FROM tenant_{shop}.conversations_conversation UNION "
            f"SELECT id::text FROM tenant_{shop}.conversations_message UNION "
            f"SELECT id::text FROM tenant_{shop}.conversations_handoff UNION "
            f"SELECT id::text FROM tenant_{shop}.visitor_forms_submission"
        )
        traces = [row[0] for row in ids] + [visits[shop], f"ann@{shop}.example"]
        for schema in ("public", f"tenant_{other}"):
            assert [trace for trace in traces if trace in _whole(install, schema)] == []


def _whole(install: Install, schema: str) -> str:
    """Every row of every table of the schema, as text."""
    tables = install.sql("SELECT tablename FROM pg_tables WHERE schemaname = %s", schema)
    assert tables
    rows = [install.sql(f'SELECT t::text FROM {schema}."{table}" t') for (table,) in tables]
    return "\n".join(row[0] for table in rows for row in table)


def _visit(install: Install, chromium: Browser, shop: str) -> str:
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    # The visitor ends at the door of WhatsApp, which is not on this machine.
    context.route("https://wa.me/**", lambda route: route.fulfill(body="WhatsApp"))
    page = context.new_page()
    page.goto(f"{install.demo_url}/{shop}/")
    page.locator("button[part=launcher]").click()
    for text, _ in QUESTIONS[shop]:
        _say(page, text)
    _press_option(page, OPTIONS[shop])
    reference = _follow_whatsapp(page)
    _send_form(page, shop)
    context.close()
    return reference


def _bot_messages(page: Page) -> Locator:
    return page.locator("[part~=message][data-author=bot]")


def _say(page: Page, text: str) -> None:
    before = _bot_messages(page).count()
    page.locator("[part=input]").fill(text)
    page.locator("[part=input]").press("Enter")
    expect(_bot_messages(page)).not_to_have_count(before)
    expect(page.locator("[part=input]")).to_be_enabled()


def _press_option(page: Page, label: str) -> None:
    # A greeting brings the menu back, whatever was said before.
    _say(page, "hello")
    before = _bot_messages(page).count()
    page.locator("button[part~=option]", has_text=label).last.click()
    expect(_bot_messages(page)).not_to_have_count(before)


def _follow_whatsapp(page: Page) -> str:
    """Twice not understood, the visitor is offered people."""
    for text in ("qwrtz plmk", "zzxxy vvbbn"):
        _say(page, text)
    link = page.locator("a[part~=handoff]").last
    address = link.get_attribute("href") or ""
    reference = re.search(r"FD-[0-9A-Z]+", address)
    assert reference, address
    with page.context.expect_page() as opened, page.expect_response("**/api/v1/widget/events"):
        link.click()
    assert opened.value.url.startswith("https://wa.me/")
    opened.value.close()
    return reference.group()


def _send_form(page: Page, shop: str) -> None:
    form = page.locator("form[part=form]").last
    form.locator("[name=name]").fill("Ann")
    form.locator("[name=email]").fill(f"ann@{shop}.example")
    form.locator("[name=phone]").fill("+44 20 7946 0123")
    message = form.locator("[name=message]")
    if message.count():
        message.fill("Please write back.")
    with page.expect_response("**/submissions") as sent:
        form.locator("button[type=submit]").click()
    assert sent.value.status == 201
