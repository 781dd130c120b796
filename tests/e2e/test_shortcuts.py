"""Keyboard shortcuts in a real browser, on a page that the tests build."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_modules import open_html  # noqa: F401 - a fixture

HTML = """<!doctype html><html lang="pt-BR"><title>.</title><body>
<p id="log"></p><button type="button" id="start">start</button>
<a id="link" href="#there">link</a><input type="search" id="field"><textarea id="text"></textarea>
<input type="checkbox" id="box"><p contenteditable id="editable">.</p>
<button type="button" data-action="shortcuts" id="help">help</button>
<script type="module">
  import { registerShortcut } from "/static/mainapp/js/core/shortcuts.js";
  const log = (text) => () => { document.querySelector("#log").textContent += text; };
  const keys = ["j", "ArrowDown"];
  registerShortcut({ keys, label: "Next", run: log("j"), scope: "Table", repeats: true });
  registerShortcut({ keys: "g", label: "Chart", run: log("g"), scope: "Table" });
  registerShortcut({ keys: "Enter", label: "Open", run: log("e"), scope: "Table" });
  registerShortcut({ keys: "x", label: "Hidden", run: log("x"), isActive: () => false });
  window.remove = registerShortcut({ keys: "g", label: "Newer", run: log("n"), scope: "Other" });
  document.querySelector("#start").focus();
</script></body></html>"""


@pytest.fixture
def page(open_html) -> Page:  # noqa: F811 - the fixture
    page = open_html(HTML)
    page.wait_for_function("window.remove && document.activeElement.id === 'start'")
    return page


def test_shortcut_runs_the_newest_of_its_key(page):
    for key in ("j", "ArrowDown", "g", "x", "J"):
        page.keyboard.press(key)
    page.evaluate("window.remove()")
    page.keyboard.press("g")

    expect(page.locator("#log")).to_have_text("jjng")


@pytest.mark.parametrize("modifier", ["Control", "Alt", "Meta"])
def test_shortcut_ignores_modifiers(page, modifier):
    page.keyboard.press(f"{modifier}+j")

    expect(page.locator("#log")).to_have_text("")


def test_shortcut_ignores_keys_that_belong_to_the_focused_element(page):
    for field in ("#field", "#text", "#editable"):
        page.locator(field).focus()
        page.keyboard.press("j")
        page.keyboard.press("?")
    for element in ("#link", "#start"):
        page.locator(element).focus()
        page.keyboard.press("Enter")
    expect(page.locator("#log")).to_have_text("")
    expect(page.locator("dialog")).to_have_count(0)

    page.locator("#box").focus()
    page.keyboard.press("j")

    expect(page.locator("#log")).to_have_text("j")


def test_held_key_runs_only_what_repeats(page):
    for key in ("j", "j", "g", "g"):  # without an up in between, the second one is a repetition
        page.keyboard.down(key)

    expect(page.locator("#log")).to_have_text("jjn")


def test_help_lists_active_shortcuts_by_group_and_returns_the_focus(page):
    page.keyboard.press("?")

    dialog = page.get_by_role("dialog", name="Atalhos do teclado")
    expect(dialog).to_be_visible()
    texts = dialog.locator("h3, dt, kbd").all_inner_texts()
    assert texts[:3] == ["Em todas as páginas", "Mostrar os atalhos", "?"]
    assert texts[3:9] == ["Table", "Next", "j", "↓", "Chart", "g"]
    assert "Hidden" not in texts

    page.keyboard.press("j")  # the dialog is modal
    page.keyboard.press("Escape")

    expect(dialog).to_be_hidden()
    expect(page.locator("#start")).to_be_focused()
    expect(page.locator("#log")).to_have_text("")


def test_shortcuts_can_be_switched_off_and_on(page):
    page.keyboard.press("?")
    switch = page.get_by_label("Usar atalhos de uma tecla")
    switch.uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#log")).to_have_text("")

    page.locator("#help").click()
    expect(switch).not_to_be_checked()
    switch.check()
    page.keyboard.press("Escape")
    page.keyboard.press("j")

    expect(page.locator("#log")).to_have_text("j")
