"""Suggestions of stocks in a form's text input, on a page that the tests build."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.test_modules import open_html  # noqa: F401 - a fixture

PAGE = """<!doctype html><html lang="pt-BR"><title>.</title>
<link rel="icon" href="data:,">
<form action="/sent" method="get">
  <label for="ativo">Ativo</label>
  <input id="ativo" name="ativo" data-autocomplete="stock" data-url="/stocks/search/">
  <input name="quantidade" aria-label="Quantidade">
  <button>Salvar</button>
</form>
<script src="/static/mainapp/js/market/autocomplete.js" type="module"></script>"""
STOCKS = {"itub": ["ITUB4", "ITUB3"], "itub3": ["ITUB3"], "vvar3": ["BHIA3"]}
NOTE = '<li data-note role="presentation">VVAR3 virou BHIA3.</li>'


def answer(route: Route, text: str) -> None:
    options = "".join(
        f'<li role="option" data-symbol="{symbol}"><a href="/graph">{symbol}</a></li>'
        for symbol in STOCKS.get(text.lower(), [])
    )
    route.fulfill(content_type="text/html", body=(NOTE if text == "vvar3" else "") + options)


@pytest.fixture
def page(open_html) -> Page:  # noqa: F811 - the fixture
    page: Page = open_html(PAGE, answer)
    expect(field(page)).to_have_attribute("role", "combobox")
    return page


def field(page: Page) -> Locator:
    return page.get_by_label("Ativo", exact=True)


def suggest(page: Page, text: str) -> Locator:
    field(page).fill(text)
    options = page.get_by_role("option")
    expect(options).to_have_count(len(STOCKS[text]))
    return options


def state(page: Page) -> dict[str, Any]:
    box = field(page)
    return {
        "text": box.input_value(),
        "open": box.get_attribute("aria-expanded") == "true",
        "active": box.get_attribute("aria-activedescendant") is not None,
    }


def test_arrow_and_enter_fill_in_the_ticker_and_do_not_send_the_form(page):
    suggest(page, "itub")
    field(page).press("ArrowDown")
    field(page).press("ArrowDown")
    assert state(page) == {"text": "itub", "open": True, "active": True}

    field(page).press("Enter")

    assert state(page) == {"text": "ITUB3", "open": False, "active": False}
    assert "/sent" not in page.url


def test_whole_ticker_needs_no_list_and_enter_sends_the_form(page):
    with page.expect_response("**/stocks/search/?q=itub3"):
        field(page).fill("itub3")
    expect(page.get_by_role("status")).to_have_text("1 ativo encontrado")
    assert not state(page)["open"]
    expect(page.get_by_role("listbox", include_hidden=True)).to_be_hidden()

    field(page).press("Enter")
    page.wait_for_url("**/sent?ativo=itub3&quantidade=")


def test_tab_takes_the_active_stock_and_moves_on(page):
    suggest(page, "itub")
    field(page).press("ArrowDown")
    field(page).press("Tab")

    assert state(page)["text"] == "ITUB4"
    expect(page.get_by_label("Quantidade")).to_be_focused()


def test_escape_and_leaving_keep_what_was_typed(page):
    suggest(page, "itub")
    field(page).press("Escape")
    assert state(page) == {"text": "itub", "open": False, "active": False}

    suggest(page, "itub")
    field(page).press("Tab")
    assert state(page) == {"text": "itub", "open": False, "active": False}


def test_click_fills_in_the_ticker_and_reports_it(page):
    page.evaluate(
        """() => {
            window.seen = [];
            for (const name of ["stockchosen", "change"]) document.addEventListener(
                name, (event) => window.seen.push([event.type, event.detail?.symbol ?? null]));
        }"""
    )
    suggest(page, "itub").nth(1).click()

    assert state(page) == {"text": "ITUB3", "open": False, "active": False}
    expect(field(page)).to_be_focused()
    assert page.evaluate("window.seen") == [["stockchosen", "ITUB3"], ["change", None]]


def test_note_about_a_former_code_is_read_out_and_cannot_be_chosen(page):
    suggest(page, "vvar3")
    expect(page.get_by_role("status")).to_have_text("VVAR3 virou BHIA3. 1 ativo encontrado")

    field(page).press("ArrowDown")
    field(page).press("ArrowDown")
    field(page).press("Enter")

    assert state(page)["text"] == "BHIA3"


def test_inputs_in_htmx_fragments_get_suggestions(page):
    page.evaluate(
        """() => {
            const box = document.createElement("div");
            box.innerHTML = '<input aria-label="Outro" data-autocomplete="stock" data-url="/x">';
            document.body.append(box);
            box.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true }));
        }"""
    )
    expect(page.get_by_label("Outro")).to_have_attribute("aria-expanded", "false")
