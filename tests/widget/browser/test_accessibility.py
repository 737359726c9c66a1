"""WCAG 2.2 AA in every state, and the whole way by keyboard alone."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.widget.browser.sites import ROOT, Site, Visit

pytestmark = pytest.mark.journey
Open = Callable[..., Visit]
Axe = Callable[[Visit], list[str]]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 320, "height": 568}}
# axe looks for backgrounds inside <body> only, so the widget is put there while it looks.
INSIDE_BODY = """
async (rules) => {
  const host = document.querySelector("frontdesk-widget");
  const { inert } = document.body;
  document.body.inert = false;
  document.body.append(host);
  const found = await axe.run({ runOnly: rules });
  document.documentElement.append(host);
  document.body.inert = inert;
  return found;
}
"""


@pytest.fixture(scope="session")
def axe(node_file: Callable[[str], str]) -> Axe:
    """What axe finds wrong with a page as it is."""
    script = node_file("axe-core/axe.min.js")

    def look(made: Visit) -> list[str]:
        if made.page.evaluate("typeof axe") == "undefined":
            made.page.evaluate(script)
        found = made.page.evaluate(INSIDE_BODY, RULES)
        # Undecided contrast is a fault too, but where there is no text to be read.
        undecided = [rule for rule in found["incomplete"] if rule["id"] == "color-contrast"]
        return [_tell(rule, node) for rule in found["violations"] for node in rule["nodes"]] + [
            _tell(rule, node)
            for rule in undecided
            for node in rule["nodes"]
            if (node["any"][0]["data"] or {}).get("messageKey")
            not in {"shortTextContent", "emptyValue"}
        ]

    return look


def _tell(rule: dict[str, Any], node: dict[str, Any]) -> str:
    return f"{rule['id']}: {node['html'][:120]} {json.dumps(node['any'][:1])[:300]}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ar", "rtl")])
@pytest.mark.parametrize("size", SIZES)
def test_no_state_breaks_a_rule(  # noqa: PLR0917 (one for each side of the matrix)
    visit: Open,
    site: Site,
    axe: Axe,
    size: str,
    language: str,
    direction: str,
    scheme: str,
) -> None:
    html = site.document(direction=direction, lang=language)
    made = visit(html, color_scheme=scheme, viewport=SIZES[size])
    made.expected.append("net::ERR_")
    expect(made.launcher).to_be_visible()
    assert axe(made) == [], "closed"
    made.open()
    assert axe(made) == [], "open"
    made.ask("i want a plant")
    assert axe(made) == [], "suggestions"
    made.page.locator("[part=restart]").click()
    made.show_form().locator("button").click()
    assert axe(made) == [], "form errors"
    made.page.context.set_offline(True)
    made.write("are you there")
    expect(made.page.locator("[data-delivery=waiting]")).to_have_count(1)
    assert axe(made) == [], "offline"


def test_no_theme_fails(visit: Open, axe: Axe) -> None:
    draw = random.Random(5)
    themes = [
        "#ffffff",
        "#000000",
        "#ffff00",
        *(f"#{draw.randrange(1 << 24):06x}" for _ in range(10)),
    ]
    made = visit().open()
    for accent in themes:
        for scheme in ("light", "dark"):
            theme = {"accent": accent, "color_scheme": scheme}
            made.page.evaluate("theme => Frontdesk('update', { theme })", theme)
            assert axe(made) == [], f"{accent} {scheme}"


def test_the_whole_way_by_keyboard(visit: Open) -> None:
    made = visit(reduced_motion="no-preference")
    expect(made.launcher).to_be_visible()
    keys = made.page.keyboard
    made.launcher.focus()
    keys.press("Enter")
    expect(made.field).to_be_focused()
    keys.type("do you deliver on Saturdays")
    keys.press("Enter")
    expect(made.by("bot")).to_have_count(2)
    expect(made.field).to_be_focused()
    keys.press("Escape")
    expect(made.panel).to_be_hidden()
    assert made.focused() == "launcher"
    keys.press("Enter")
    expect(made.field).to_be_focused()
    keys.press("Shift+Tab")
    assert made.focused() == "log"
    keys.press("Shift+Tab")
    keys.press("Shift+Tab")
    assert made.focused() == "restart"
    keys.press("Enter")
    expect(made.messages).to_have_count(1)
    expect(made.field).to_be_focused()


def test_an_option_pressed_by_key_gives_the_focus_back_to_the_field(visit: Open) -> None:
    made = visit().open()
    expect(made.field).to_be_focused()
    option = made.page.locator("button[part~=option]", has_text="Opening times")
    option.focus()
    option.press("Enter")
    expect(made.by("bot")).to_have_count(2)
    expect(made.page.locator("button[part~=option]", has_text="Opening times")).to_have_count(0)
    expect(made.field).to_be_focused()


def test_suggestions_are_reached_by_arrow_and_left_by_escape(visit: Open) -> None:
    made = visit().open()
    made.field.press_sequentially("deliver")
    suggestions = made.page.locator("[part=suggestion]")
    expect(suggestions.first).to_be_visible()
    made.field.press("ArrowUp")
    expect(suggestions.last).to_be_focused()
    suggestions.last.press("Escape")
    expect(suggestions).to_have_count(0)
    expect(made.panel).to_be_visible()
    made.field.press_sequentially("y")
    expect(suggestions.first).to_be_visible()
    chosen = suggestions.last.text_content()
    made.field.press("ArrowUp")
    made.page.keyboard.press("Enter")
    expect(made.by("visitor").locator("p").first).to_have_text(chosen or "")
    expect(made.by("bot")).to_have_count(2)


def test_roles_names_and_states(visit: Open) -> None:
    made = visit()
    expect(made.launcher).to_have_attribute("aria-expanded", "false")
    expect(made.launcher).to_have_accessible_name("Greenleaf Plants")
    made.open()
    expect(made.launcher).to_have_attribute("aria-expanded", "true")
    expect(made.page.get_by_role("dialog", name="Greenleaf Plants")).to_be_visible()
    expect(made.page.get_by_role("log", name="Conversation")).to_be_visible()
    expect(made.panel).not_to_have_attribute("aria-modal", "true")
    expect(made.page.get_by_role("textbox")).to_have_accessible_name("Write a message")


def test_each_new_message_is_told_once(visit: Open) -> None:
    made = visit().open()
    made.page.evaluate(
        f"window.added = []; new MutationObserver((changes) => {{ for (const change of changes)"
        " for (const node of change.addedNodes) if (node.matches?.('.message'))"
        " added.push(node.querySelector('.bubble')?.textContent); })"
        f".observe({ROOT}.querySelector('[role=log]'), {{ childList: true, subtree: true }})"
    )
    made.ask("do you deliver on Saturdays")
    made.ask("when are you open")
    told = made.page.evaluate("added")
    assert told == made.page.locator("[part~=message] .bubble").all_text_contents()[1:]


def test_who_is_typing_is_told_as_a_status(visit: Open) -> None:
    made = visit(reduced_motion="no-preference").open()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    made.page.route("**/conversations/*/messages", hold)
    with made.page.expect_request("**/conversations/*/messages"):
        made.write("do you deliver on Saturdays")
    expect(made.page.locator("p[role=status]")).to_have_text("Greenleaf Plants is typing")
    held[0].continue_()
    expect(made.page.locator("p[role=status]")).to_have_text("")


def test_nothing_moves_where_motion_is_not_wanted(visit: Open) -> None:
    made = visit().open()
    made.ask("do you deliver on Saturdays")
    assert made.page.evaluate(f"{ROOT}.getAnimations().length") == 0


def test_every_target_is_large_enough(visit: Open) -> None:
    made = visit().open()
    made.show_form()
    sizes = made.page.evaluate(
        f"[...{ROOT}.querySelectorAll('button, a, input, textarea')]"
        ".filter((e) => e.checkVisibility())"
        ".map((e) => { const r = e.getBoundingClientRect(); return Math.min(r.width, r.height); })"
    )
    assert min(sizes) >= 24


def test_long_words_and_mixed_writing_stay_inside(visit: Open) -> None:
    made = visit(viewport={"width": 320, "height": 568}).open()
    made.ask("Donaudampfschifffahrtsgesellschaft" * 6 + " 👩‍👩‍👧‍👦 مرحبا بكم abc")
    log = made.page.locator("[part=log]")
    assert log.evaluate("log => log.scrollWidth <= log.clientWidth")
    assert made.page.evaluate("document.documentElement.scrollWidth") <= 320


def test_forced_colours_keep_the_edges(visit: Open) -> None:
    made = visit(forced_colors="active").open()
    border = made.page.locator(".bubble").first.evaluate("e => getComputedStyle(e).borderTopWidth")
    assert border == "1px"
