"""The chart page in a real browser, under the site's own Content-Security-Policy."""

import re

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.e2e.charts import legend, ready
from tests.e2e.conftest import BLANK
from tests.e2e.phone import PHONE, content_widths
from tests.instances import wait_for


def expect_chosen(page: Page, range_: str, interval: str) -> None:
    for link in (f"[data-range-link='{range_}']", f"[data-interval-link='{interval}']"):
        expect(page.locator(link)).to_have_attribute("aria-current", "true")


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
    page = open_page("/ativo/PETR4/")
    ready(page)
    assert pixels(page)["painted"] > 500
    before = legend(page).locator("b").nth(3).inner_text()
    expect(legend(page).locator("b").nth(3)).not_to_have_text(before)
    close = legend(page).locator("b").nth(3).inner_text()
    assert re.fullmatch(r"\d+,\d\d", close)
    expect(page.locator(".chart-legends .stale-note")).to_be_hidden()


def test_the_first_address_shows_the_same_page(open_page):
    page = open_page("/graph?ticker=PETR4&range=1y")
    ready(page)
    expect(page.locator("link[rel=canonical]")).to_have_attribute(
        "href", re.compile("/ativo/PETR4/$")
    )
    expect(page.locator("h1")).to_have_text("PETR4")


def test_every_range_and_interval_has_its_bars(open_page):
    page = open_page("/ativo/VALE3/")
    for name in ("5d", "1mo", "3mo", "6mo", "ytd", "1y", "5y", "max", "1d"):
        page.locator(f"[data-range-link='{name}']").click()
        expect(page).to_have_url(re.compile(f"range={name}$"))
        ready(page)
        expect(legend(page)).to_contain_text("Vol")
    for interval, range_ in (
        ("1m", "1d"),
        ("60m", "1d"),
        ("1d", "1mo"),
        ("1w", "3mo"),
        ("1mo", "ytd"),
    ):
        page.locator(f"[data-interval-link='{interval}']").click()
        expect(page.locator(f"[data-range-link='{range_}']")).to_have_attribute(
            "aria-current", "true"
        )
        expect(page.locator(f"[data-interval-link='{interval}']")).to_have_attribute(
            "aria-current", "true"
        )
        ready(page)
    page.go_back()
    expect(page.locator("[data-interval-link='1w']")).to_have_attribute("aria-current", "true")
    expect(page.locator("[data-range-link='3mo']")).to_have_attribute("aria-current", "true")


def test_selected_studies_and_their_parameters_are_remembered(open_page):
    page = open_page("/ativo/VALE3/?range=1y")
    ready(page)
    studies = page.locator("[data-part=studies]")
    expect(studies).to_contain_text("MM 21")
    page.get_by_text("Indicadores").click()
    for name in ("MACD", "IFR"):
        page.locator("[data-part=study-kinds]").get_by_text(name, exact=True).click()
    page.get_by_role("group", name="MM 21").get_by_label("Período").fill("1")
    page.keyboard.press("Tab")
    expect(page.get_by_role("group", name="MM 21").get_by_label("Período")).to_have_attribute(
        "aria-invalid", "true"
    )
    page.get_by_role("group", name="MM 21").get_by_label("Período").fill("30")
    page.keyboard.press("Tab")
    expect(studies).to_have_text(re.compile(r"MM 30 \d+,\d\d.*MACD 12, 26, 9 .*IFR 14 \d+,\d\d"))
    page.reload()
    ready(page)
    expect(studies).to_contain_text("MM 30")
    page.get_by_text("Indicadores").click()
    page.get_by_role("button", name="Remover MM 30").click()
    expect(studies).not_to_contain_text("MM 30")
    expect(page.get_by_role("button", name="Remover MACD 12, 26, 9")).to_be_focused()
    page.get_by_role("button", name="Área").click()
    page.reload()
    expect(page.get_by_role("button", name="Área")).to_have_attribute("aria-pressed", "true")


def test_papers_are_compared_in_percent(open_page):
    page = open_page("/ativo/PETR4/?range=1y")
    ready(page)
    page.get_by_text("Comparar", exact=True).click()
    page.get_by_role("button", name="Comparar com o Ibovespa").click()
    page.get_by_label("Outro ativo").fill("VALE3")
    page.keyboard.press("Enter")
    studies = page.locator("[data-part=studies]")
    expect(studies).to_have_text(re.compile(r"IBOV \S\d+,\d\d%.*VALE3 \S\d+,\d\d%"))
    expect(page.locator("[data-part=note]")).to_be_hidden()
    page.reload()
    expect(studies).to_contain_text("VALE3")
    page.get_by_text("Comparar", exact=True).click()
    page.get_by_role("button", name="Remover VALE3 da comparação").click()
    expect(studies).not_to_contain_text("VALE3")


def test_legend_shows_the_bar_under_the_pointer(open_page):
    page = open_page("/ativo/PETR4/?range=1y")
    ready(page)
    expect(legend(page)).to_contain_text("Vol")
    newest = legend(page).locator("span").first.inner_text()
    page.locator(".chart").hover(position={"x": 300, "y": 150})
    expect(legend(page).locator("span").first).not_to_have_text(newest)


def test_chart_follows_a_change_of_theme(open_page):
    page = open_page("/ativo/PETR4/", color_scheme="light")
    ready(page)
    assert pixels(page)["corner"] > 200
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    wait_for(lambda: pixels(page)["corner"] < 60, 5, "a dark chart")


def is_of_the_chart(url: str) -> bool:
    """Return whether a request is the chart's, not that of the peers' sparklines."""
    return "/graph/candles?" in url and "sparklines" not in url


def test_failed_history_is_reported_and_can_be_retried(open_page):
    page = open_page(BLANK)
    answer = {"symbol": "PETR4", "range": "1d", "interval": "5m", "bars": [], "status": "failed"}
    page.route(is_of_the_chart, lambda route: route.fulfill(json=answer))
    page.goto("/ativo/PETR4/")
    expect(page.get_by_text("A fonte não entregou o histórico agora.")).to_be_visible()
    page.unroute(is_of_the_chart)
    page.get_by_role("button", name="Tentar de novo").click()
    ready(page)


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
    page.route(is_of_the_chart, lambda route: route.fulfill(json=answer))
    page.goto("/ativo/PETR4/?range=1y")
    expect(page.locator("[data-part=note]")).to_contain_text("o que já estava guardado")
    ready(page)
    page.unroute(is_of_the_chart)
    page.get_by_role("button", name="Tentar de novo").click()
    expect(page.locator("[data-part=note]")).to_be_hidden()


def test_the_page_has_a_table_without_javascript(open_page):
    page = open_page("/ativo/PETR4/?range=1mo")
    ready(page)
    page = open_page("/ativo/PETR4/?range=1mo", java_script_enabled=False)
    page.get_by_role("heading", name="Últimos fechamentos").click()
    assert page.locator(".closes").first.locator("tbody tr").count() > 5
    expect(page.locator(".chart-box")).to_be_hidden()


# Moving, filling, saving -------------------------------------------------------------------------


def test_chart_is_panned_and_zoomed_by_keys(open_page):
    page = open_page("/ativo/PETR4/?range=1y")
    ready(page)
    chart = page.locator(".chart")
    chart.focus()
    whole = picture_of(chart)
    for key in ("+", "+", "ArrowLeft"):
        page.keyboard.press(key)
    wait_for(lambda: picture_of(chart) != whole, 5, "a moved chart")
    page.keyboard.press("0")
    page.mouse.move(0, 0)
    newest = legend(page).locator("span").first.inner_text()
    assert re.fullmatch(r"\d\d/\d\d/\d{4}", newest)


def picture_of(chart: Locator) -> bytes:
    """Return the newest bars as they are drawn."""
    return chart.locator("canvas").first.screenshot()


def test_chart_fills_the_screen_and_returns(open_page):
    page = open_page("/ativo/PETR4/")
    ready(page)
    page.get_by_role("button", name="Tela cheia").click()
    expect(page.locator(".chart-card")).to_have_attribute("data-filled", "")
    height = page.locator(".chart").evaluate("(chart) => chart.clientHeight")
    assert height > 700
    page.get_by_role("button", name="Tela cheia").click()
    expect(page.locator(".chart-card")).not_to_have_attribute("data-filled", "")


def test_chart_is_saved_as_a_picture(open_page, tmp_path):
    page = open_page("/ativo/PETR4/")
    ready(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Salvar como imagem").click()
    assert download.value.suggested_filename == "PETR4-1d-5m.png"
    download.value.save_as(tmp_path / "chart.png")
    with Image.open(tmp_path / "chart.png") as image:
        assert image.width > 600
        assert image.height > 400


@pytest.mark.parametrize("size", [(360, 740), (740, 360)], ids=["upright", "on its side"])
def test_chart_has_half_of_a_phones_first_screen(open_page, size):
    width, height = size
    page = open_page("/ativo/PETR4/", **(PHONE | {"viewport": {"width": width, "height": height}}))
    ready(page)
    place = page.locator(".chart").bounding_box()
    assert place
    seen = min(place["y"] + place["height"], height) - place["y"]
    assert seen >= height / 2
    assert content_widths(page) == {width}


def test_actions_of_a_phone_are_on_its_first_screen(open_page):
    page = open_page("/ativo/PETR4/", **PHONE)
    ready(page)
    for name in ("Criar alerta", "Adicionar à carteira"):
        link = page.get_by_role("link", name=name)
        expect(link).to_be_in_viewport(ratio=1)
        place, dock = link.bounding_box(), page.locator(".mainnav").bounding_box()
        assert place["y"] + place["height"] <= dock["y"]
    expect(page.get_by_role("button", name="Acompanhar")).to_be_in_viewport(ratio=1)


def test_a_visitor_follows_a_paper_and_stops(open_page):
    page = open_page("/ativo/PETR4/")
    ready(page)
    page.get_by_role("button", name="Acompanhar").click()
    page.reload()
    button = page.get_by_role("button", name="Acompanhando")
    button.click()
    expect(page.get_by_role("button", name="Acompanhar", exact=True)).to_be_visible()
    assert page.evaluate("localStorage.getItem('pregao.list')") in (None, "[]", "null")
