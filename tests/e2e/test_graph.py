"""The chart page in a real browser, under the site's own Content-Security-Policy."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import BLANK
from tests.instances import wait_for

MOVES_MS = 15_000


def box(page: Page) -> Locator:
    return page.locator(".chart-box")


def legend(page: Page) -> Locator:
    return page.locator("[data-part=legend]")


def toggle(page: Page, name: str) -> Locator:
    return page.locator(f"[data-toggle={name}]")


def pixels(page: Page) -> dict[str, int]:
    """Return the brightness of the chart's corner, and the number of pixels that differ."""
    # Read from a copy: reading the chart's own canvas repeatedly logs a warning in the console.
    counted: dict[str, int] = page.locator(".chart canvas").first.evaluate(
        """canvas => {
            const copy = new OffscreenCanvas(canvas.width, canvas.height);
            const context = copy.getContext("2d", { willReadFrequently: true });
            context.drawImage(canvas, 0, 0);
            const {data} = context.getImageData(0, 0, canvas.width, canvas.height);
            let painted = 0;
            for (let i = 0; i < data.length; i += 4) {
                if (Math.abs(data[i] - data[0]) > 40) painted += 1;
            }
            return { corner: data[0], painted };
        }"""
    )
    return counted


def test_candles_are_drawn_and_the_last_one_moves(open_page):
    page = open_page("/graph?ticker=PETR4&range=1d")
    expect(box(page)).to_have_attribute("data-state", "ready")
    expect(page.locator("#tv-attr-logo")).to_be_visible()
    assert pixels(page)["painted"] > 500
    before = legend(page).locator("b").nth(3).inner_text()
    expect(legend(page).locator("b").nth(3)).not_to_have_text(before, timeout=MOVES_MS)
    close = legend(page).locator("b").nth(3).inner_text()
    assert re.fullmatch(r"\d+,\d\d", close)


def test_every_range_has_its_candles(open_page):
    page = open_page("/graph?ticker=VALE3")
    for name in ("5d", "1mo", "3mo", "6mo", "ytd", "1y", "5y", "max", "1d"):
        page.locator(f"[data-range-link='{name}']").click()
        expect(page).to_have_url(re.compile(f"range={name}$"))
        expect(box(page)).to_have_attribute("data-state", "ready")
        expect(legend(page)).to_contain_text("Vol")
    page.go_back()
    expect(page.locator("[data-range-link=max]")).to_have_attribute("aria-current", "true")


def test_selected_studies_are_remembered(open_page):
    page = open_page("/graph?ticker=VALE3&range=1y")
    expect(box(page)).to_have_attribute("data-state", "ready")
    for name in ("sma9", "sma50", "bollinger", "rsi", "compare", "line"):
        toggle(page, name).click()
        expect(toggle(page, name)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-part=note]")).to_be_hidden()
    page.reload()
    expect(box(page)).to_have_attribute("data-state", "ready")
    expect(toggle(page, "bollinger")).to_have_attribute("aria-pressed", "true")
    toggle(page, "bollinger").click()
    expect(toggle(page, "bollinger")).to_have_attribute("aria-pressed", "false")


def test_legend_shows_the_bar_under_the_pointer(open_page):
    page = open_page("/graph?ticker=PETR4&range=1y")
    expect(box(page)).to_have_attribute("data-state", "ready")
    expect(legend(page)).to_contain_text("Vol")
    newest = legend(page).locator("span").first.inner_text()
    page.locator(".chart").hover(position={"x": 300, "y": 150})
    expect(legend(page).locator("span").first).not_to_have_text(newest)


def test_chart_follows_a_change_of_theme(open_page):
    page = open_page("/graph?ticker=PETR4", color_scheme="light")
    expect(box(page)).to_have_attribute("data-state", "ready")
    assert pixels(page)["corner"] > 200
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    wait_for(lambda: pixels(page)["corner"] < 60, 5, "a dark chart")


def test_failed_history_is_reported_and_can_be_retried(open_page):
    page = open_page(BLANK)
    answer = {"symbol": "PETR4", "range": "1d", "interval": "5m", "bars": [], "status": "failed"}
    page.route("**/graph/candles?*", lambda route: route.fulfill(json=answer))
    page.goto("/graph?ticker=PETR4")
    expect(page.get_by_text("A fonte não entregou o histórico agora.")).to_be_visible()
    page.unroute("**/graph/candles?*")
    page.get_by_role("button", name="Tentar de novo").click()
    expect(box(page)).to_have_attribute("data-state", "ready")


def test_stored_candles_are_shown_while_the_source_fails(open_page):
    page = open_page(BLANK)
    bar = {
        "time": 1_790_000_000,
        "open": "10",
        "high": "12",
        "low": "9",
        "close": "11",
        "volume": 5,
    }
    answer = {"symbol": "PETR4", "range": "1y", "interval": "1d", "bars": [bar], "status": "failed"}
    page.route("**/graph/candles?*", lambda route: route.fulfill(json=answer))
    page.goto("/graph?ticker=PETR4&range=1y")
    expect(page.locator("[data-part=note]")).to_contain_text("o que já estava guardado")
    expect(box(page)).to_have_attribute("data-state", "ready")
    page.unroute("**/graph/candles?*")
    page.get_by_role("button", name="Tentar de novo").click()
    expect(page.locator("[data-part=note]")).to_be_hidden()


def test_the_page_has_a_table_without_javascript(open_page):
    page = open_page("/graph?ticker=PETR4&range=1mo")
    expect(box(page)).to_have_attribute("data-state", "ready")
    page = open_page("/graph?ticker=PETR4&range=1mo", java_script_enabled=False)
    page.get_by_text("Últimos fechamentos").click()
    assert page.locator(".closes tbody tr").count() > 5
    expect(page.locator(".chart-box")).to_be_hidden()
