"""On a phone the panel fills the screen, and the keyboard hides nothing that is needed."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.widget.browser.sites import Visit

pytestmark = pytest.mark.journey
Open = Callable[..., Visit]

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
# What a browser tells when its keyboard comes up: the visual viewport alone shrinks.
KEYBOARD = """
window.keyboard = (height, top = 0) => {
  Object.defineProperty(visualViewport, "height", { value: height, configurable: true });
  Object.defineProperty(visualViewport, "offsetTop", { value: top, configurable: true });
  visualViewport.dispatchEvent(new Event("resize"));
};
"""


@pytest.fixture
def phone(visit: Open) -> Visit:
    made = visit(scripts=(KEYBOARD,), **PHONE)
    made.launcher.tap()
    expect(made.panel).to_be_visible()
    return made


def test_the_panel_fills_the_screen_and_shuts_the_page_out(phone: Visit) -> None:
    box = phone.panel.bounding_box()
    assert box
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 390, 844)
    expect(phone.panel).to_have_attribute("aria-modal", "true")
    expect(phone.launcher).to_be_hidden()
    assert phone.page.evaluate("document.body.inert") is True
    phone.page.locator("[part=close]").tap()
    assert phone.page.evaluate("document.body.inert") is False
    expect(phone.launcher).to_be_visible()


@pytest.mark.parametrize(("height", "top"), [(500, 0), (380, 120)])
def test_the_field_stays_above_the_keyboard(phone: Visit, height: int, top: int) -> None:
    phone.field.tap()
    phone.page.evaluate("([height, top]) => keyboard(height, top)", [height, top])
    field, panel = phone.field.bounding_box(), phone.panel.bounding_box()
    assert field
    assert panel
    assert panel["y"] == top
    assert panel["height"] == height
    assert field["y"] + field["height"] <= top + height


def test_the_last_message_stays_in_sight_when_the_keyboard_comes(phone: Visit) -> None:
    phone.ask("do you deliver on Saturdays")
    phone.ask("when are you open")
    phone.page.evaluate("keyboard(420)")
    expect(phone.by("bot").last).to_be_in_viewport()
    log = phone.page.locator("[part=log]")
    assert log.evaluate("log => log.scrollHeight - log.clientHeight - log.scrollTop") < 40


def test_opening_calls_no_keyboard_and_fields_cause_no_zoom(phone: Visit) -> None:
    expect(phone.panel).to_be_focused()
    sizes = phone.field.evaluate("field => parseFloat(getComputedStyle(field).fontSize)")
    assert sizes >= 16


def test_turned_to_the_side_it_still_fits(phone: Visit) -> None:
    phone.page.set_viewport_size({"width": 844, "height": 390})
    box = phone.panel.bounding_box()
    assert box
    assert (box["width"], box["height"]) == (844, 390)
    expect(phone.field).to_be_in_viewport()
