"""The home page in a real browser."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenPage

INDEX = "[data-index] [data-price]"


TILE = ".treemap-tile[data-size=xl] >> nth=0"


def wait_for_a_batch(page: Page) -> None:
    """Wait until new prices are in the rankings."""
    lists = page.locator(".home")
    before = lists.inner_text()
    expect(lists).not_to_have_text(before, use_inner_text=True)


def wait_for_the_charts(page: Page) -> None:
    """Wait until the histories are loaded: requests that fail later are errors in the console."""
    expect(page.locator("[data-index] [data-part=plot]")).to_have_role("slider")
    page.wait_for_function(
        """() => [...document.querySelectorAll(".home .spark-line")]
            .filter((line) => line.closest("[data-symbol]"))
            .every((line) => line.getAttribute("d"))""",
    )
    page.wait_for_load_state("networkidle")


def test_home_is_live_without_a_login(open_page: OpenPage) -> None:
    page = open_page("/")

    expect(page.locator("[data-market-status]")).to_contain_text("Ao vivo")
    wait_for_a_batch(page)
    for board in ("traded", "gainers", "losers"):
        expect(page.locator(f"[data-board={board}] .board-rows > li")).to_have_count(5)
    expect(page.locator(INDEX)).to_have_text(re.compile(r"^\d{2,3}\.\d{3},\d{2}$"))
    expect(page.locator(TILE)).to_have_text(re.compile(r"\d,\d{2}%$"))


def test_a_row_opens_its_chart(open_page: OpenPage) -> None:
    page = open_page("/")
    row = page.locator("[data-board=traded] .board-rows > li").first
    expect(row).to_be_visible()
    symbol = row.get_attribute("data-symbol")

    assert row.locator("a").get_attribute("href") == f"/ativo/{symbol}/"


def test_a_row_keeps_its_element_and_the_focus_while_it_moves(open_page: OpenPage) -> None:
    page = open_page("/")
    expect(page.locator("[data-market-status]")).to_contain_text("Ao vivo")
    row = page.locator("[data-board=traded] .board-rows > li a").first
    row.focus()

    wait_for_a_batch(page)

    assert page.evaluate("document.activeElement.closest('[data-board=traded] li') !== null")


def test_home_is_complete_without_javascript(open_page: OpenPage) -> None:
    live = open_page("/")  # the index is leased, so there are prices
    expect(live.locator("[data-board=traded] .board-rows > li")).to_have_count(5)

    page = open_page("/", java_script_enabled=False)

    expect(page.locator("[data-board=traded] .board-rows > li")).to_have_count(5)
    expect(page.locator(".index-recorded")).to_contain_text("Página feita com preços até")
    expect(page.locator(".treemap-table")).to_be_visible()
    expect(page.locator(".treemap-map")).to_be_empty()
    expect(page.locator("[data-market-status] .badge-feed")).to_be_hidden()
    page.get_by_role("link", name="1 m", exact=True).click()
    expect(page.locator("[data-range][aria-current]")).to_have_text("1 m")


def test_home_is_marked_stale_when_the_network_is_lost(open_page: OpenPage) -> None:
    page = open_page("/")
    status = page.locator("[data-market-status]")
    expect(status).to_contain_text("Ao vivo")
    wait_for_the_charts(page)

    page.context.set_offline(True)
    page.evaluate("window.dispatchEvent(new Event('offline'))")

    expect(status).to_contain_text(re.compile(r"Desatualizado há \d+ s"), timeout=5_000)
    expect(page.locator("html")).to_have_attribute("data-prices", "stale")
    page.context.set_offline(False)
    expect(status).to_contain_text("Ao vivo")


def test_a_range_without_data_leaves_the_chart_and_its_own_range(open_page: OpenPage) -> None:
    page = open_page("/")
    wait_for_the_charts(page)
    line = page.locator("[data-index] .area-line")
    drawn = line.get_attribute("d")
    body = {"bars": [], "status": "ok", "interval": "1d"}
    page.route("**/graph/candles?*range=6mo*", lambda route: route.fulfill(json=body))

    page.get_by_role("link", name="6 m", exact=True).click()

    expect(page.locator(".toast")).to_contain_text("Ainda não há histórico")
    expect(page.locator("[data-index] [data-range][aria-current]")).to_have_text("1 d")
    start = (drawn or "").split("L")[0]
    assert (line.get_attribute("d") or "").startswith(start)


def test_treemap_zooms_into_a_sector_and_back(open_page: OpenPage) -> None:
    page = open_page("/")
    tiles = page.locator(".treemap-tile:visible")
    expect(tiles).not_to_have_count(0)
    all_tiles = tiles.count()
    sector = page.locator(".treemap-label:visible").first

    sector.focus()
    page.keyboard.press("Enter")

    expect(sector).to_have_attribute("aria-expanded", "true")
    expect(sector).to_be_focused()
    assert 0 < tiles.count() < all_tiles
    page.keyboard.press("Escape")
    expect(tiles).to_have_count(all_tiles)
    expect(sector).to_be_focused()


def test_arrow_keys_move_between_the_tiles_and_enter_opens_one(open_page: OpenPage) -> None:
    page = open_page("/")
    page.locator(".treemap-tile[tabindex], .treemap-label[tabindex]").first.wait_for()
    assert page.locator(".treemap-map [tabindex='0']").count() == 1
    page.locator(".treemap-map [tabindex='0']").focus()

    page.keyboard.press("ArrowDown")
    symbol = page.evaluate("document.activeElement.dataset.symbol")

    assert symbol
    assert page.locator(".treemap-map [tabindex='0']").count() == 1
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/ativo/{symbol}/")


def test_first_touch_on_a_small_tile_zooms(open_page: OpenPage) -> None:
    page = open_page("/", viewport={"width": 360, "height": 740}, has_touch=True)
    page.locator(".treemap-tile:visible").first.wait_for()

    page.locator(".treemap-tile:visible").last.tap()

    expect(page.locator(".treemap")).to_have_attribute("data-zoomed", "")
    assert page.url.endswith("/")


def test_treemap_is_a_table_at_a_click(open_page: OpenPage) -> None:
    page = open_page("/")
    toggle = page.get_by_role("button", name="Ver como tabela")

    toggle.click()

    expect(page.locator(".treemap-table tbody tr").first).to_be_visible()
    expect(toggle).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".treemap-map")).to_be_hidden()
    toggle.click()
    expect(page.locator(".treemap-map")).to_be_visible()


def test_ranges_change_the_chart_without_a_new_page(open_page: OpenPage) -> None:
    page = open_page("/")
    line = page.locator("[data-index] .area-line")
    expect(line).to_have_attribute("d", re.compile("^M0"))
    day = line.get_attribute("d") or ""

    page.get_by_role("link", name="1 a", exact=True).click()

    expect(line).not_to_have_attribute("d", day)
    expect(page.locator("[data-range][aria-current]")).to_have_text("1 a")
    assert page.url.endswith("/")


def test_cursor_of_the_chart_moves_by_keyboard(open_page: OpenPage) -> None:
    page = open_page("/")
    plot = page.locator("[data-index] [data-part=plot]")
    readout = page.locator("[data-index] [data-part=readout]")
    expect(plot).to_have_role("slider")
    plot.focus()

    page.keyboard.press("Home")

    expect(plot).to_have_attribute("aria-valuenow", "0")
    expect(plot).to_have_attribute("aria-valuetext", re.compile(r"^\d\d:\d\d: [\d.]+, .*%$"))
    expect(readout).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(plot).to_have_attribute("aria-valuenow", "1")
    page.keyboard.press("Escape")
    expect(readout).to_be_hidden()


def test_old_prices_grey_the_treemap_and_the_charts(open_page: OpenPage) -> None:
    page = open_page("/")
    expect(page.locator("[data-market-status]")).to_contain_text("Ao vivo")
    count = """selector => new Set([...document.querySelectorAll(selector)].map((element) => {
        element.style.transition = "none";
        const style = getComputedStyle(element);
        return element.matches(".treemap-tile") ? style.backgroundColor : style.color;
    })).size"""
    for selector in (".treemap-tile", ".home .spark"):
        page.wait_for_function(f"({count})('{selector}') > 1")

    page.evaluate("document.documentElement.dataset.prices = 'stale'")

    colours = [
        page.evaluate(count, selector)
        for selector in (".treemap-tile", ".home .spark", ".home :is(.spark, .area-chart)")
    ]
    assert colours == [1, 1, 1]


def test_home_shifts_nothing_while_it_loads(open_page: OpenPage) -> None:
    page = open_page("/")
    expect(page.locator("[data-market-status]")).to_contain_text("Ao vivo")
    page.locator(TILE).wait_for()

    shift = page.evaluate(
        """() => new Promise((resolve) => {
            let sum = 0;
            const add = (entry) => { sum += entry.hadRecentInput ? 0 : entry.value; };
            const observer = new PerformanceObserver((list) => list.getEntries().forEach(add));
            observer.observe({ type: "layout-shift", buffered: true });
            requestAnimationFrame(() => requestAnimationFrame(() => resolve(sum)));
        })"""
    )

    assert shift <= 0.01
