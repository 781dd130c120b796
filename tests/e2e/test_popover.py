"""Menus beside their buttons in a real browser, on a page that the tests build."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.test_modules import open_html  # noqa: F401 - a fixture
from tests.instances import wait_for

HTML = """<!doctype html><html lang="pt-BR"><title>.</title>
<link rel="icon" href="data:,">
<style>
  body { margin: 0; }
  .scroll { height: 300px; overflow: auto; }
  .scroll > div { height: 1000px; }
  #top, #bottom { position: fixed; right: 0; width: 40px; height: 40px; }
  #top { top: 0; } #bottom { bottom: 0; }
  .menu-panel { position: fixed; inset: var(--y) auto auto var(--x); width: 200px; height: 120px;
                margin: 0; padding: 0; border: 0; }
</style>
<div class="scroll"><div><button id="inner" popovertarget="menu-inner">c</button></div></div>
<div id="menu-inner" class="menu-panel" popover><a href="#1">fim</a><input aria-label="nota"></div>
<button id="top" popovertarget="menu-top">a</button>
<div id="menu-top" class="menu-panel" popover>
  <a href="#1">um</a><button hidden>oculto</button><button>dois</button><input aria-label="campo">
</div>
<button id="bottom" popovertarget="menu-bottom">b</button>
<div id="menu-bottom" class="menu-panel" popover><a href="#1">um</a></div>
<script type="module" src="/static/mainapp/js/core/popover.js"></script>"""


@pytest.fixture
def page(open_html) -> Page:  # noqa: F811 - the fixture
    page: Page = open_html(HTML)
    page.set_viewport_size({"width": 400, "height": 600})
    return page


def corner(element: Locator) -> tuple[float, float]:
    """Return the place of a menu that is painted."""
    element.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    box = element.bounding_box()
    assert box
    return box["x"], box["y"]


def test_menu_opens_below_its_button_or_above_it_and_stays_in_the_window(page):
    page.locator("#top").click()
    assert corner(page.locator("#menu-top")) == (192, 44)

    page.locator("#bottom").click()  # closes the other one
    expect(page.locator("#menu-top")).to_be_hidden()
    assert corner(page.locator("#menu-bottom")) == (192, 600 - 40 - 4 - 120)


def test_menu_is_used_by_keyboard(page):
    page.locator("#top").focus()
    page.keyboard.press("Enter")
    for key, name in (("ArrowDown", "um"), ("ArrowDown", "dois"), ("ArrowDown", "um")):
        page.keyboard.press(key)
        expect(page.locator("#menu-top").get_by_text(name)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_text("dois")).to_be_focused()

    page.keyboard.press("Escape")

    expect(page.locator("#menu-top")).to_be_hidden()
    expect(page.locator("#top")).to_be_focused()


def test_menu_follows_its_button_and_closes_when_the_button_leaves_the_window(page):
    page.locator("#inner").click()
    menu, button = page.locator("#menu-inner"), page.locator("#inner")
    expect(menu).to_be_visible()
    before = menu.bounding_box(), button.bounding_box()

    page.set_viewport_size({"width": 400, "height": 500})
    page.locator(".scroll").evaluate("(box) => box.scrollTo(0, 10)")
    wait_for(lambda: menu.bounding_box()["y"] == before[0]["y"] - 10, 5, "the menu to follow")
    assert button.bounding_box()["y"] == before[1]["y"] - 10

    page.locator(".scroll").evaluate("(box) => box.scrollTo(0, 500)")
    expect(menu).to_be_hidden()


def test_menu_stays_open_for_the_keyboard_of_its_field(page):
    menu, field = page.locator("#menu-inner"), page.get_by_label("nota")
    page.locator("#inner").click()
    field.focus()
    page.keyboard.press("ArrowDown")  # belongs to the field
    expect(field).to_be_focused()
    page.locator(".scroll").evaluate("(box) => box.scrollTo(0, 500)")
    page.evaluate("() => new Promise(requestAnimationFrame)")  # the event comes before a frame
    expect(menu).to_be_visible()

    menu.get_by_text("fim").focus()
    page.evaluate("window.dispatchEvent(new Event('resize'))")
    expect(menu).to_be_hidden()
