"""The home page in a real browser."""

import re

from playwright.sync_api import expect

from tests.e2e.conftest import OpenPage

INDEX = "[data-index] [data-price]"


def test_home_is_live_without_a_login(open_page: OpenPage) -> None:
    page = open_page("/")

    expect(page.locator("[data-market-status]")).to_contain_text("Ao vivo")
    before = page.locator(".boards").inner_text()
    expect(page.locator(".boards")).not_to_have_text(before, use_inner_text=True, timeout=20_000)
    for board in ("traded", "gainers", "losers"):
        expect(page.locator(f"[data-board={board}] .board-rows > li")).to_have_count(5)
    expect(page.locator(INDEX)).to_have_text(re.compile(r"^\d{2,3}\.\d{3},\d{2}$"))


def test_a_row_opens_its_chart(open_page: OpenPage) -> None:
    page = open_page("/")
    row = page.locator("[data-board=traded] .board-rows > li").first
    expect(row).to_be_visible()
    symbol = row.get_attribute("data-symbol")

    assert row.locator("a").get_attribute("href") == f"/graph?ticker={symbol}"


def test_a_row_keeps_its_element_and_the_focus_while_it_moves(open_page: OpenPage) -> None:
    page = open_page("/")
    expect(page.locator("[data-market-status]")).to_contain_text("Ao vivo")
    row = page.locator("[data-board=traded] .board-rows > li a").first
    row.focus()
    before = page.locator(".boards").inner_text()

    expect(page.locator(".boards")).not_to_have_text(before, use_inner_text=True, timeout=20_000)

    assert page.evaluate("document.activeElement.classList.contains('board-link')")


def test_home_is_complete_without_javascript(open_page: OpenPage) -> None:
    live = open_page("/")  # the index is leased, so there are prices
    expect(live.locator("[data-board=traded] .board-rows > li")).to_have_count(5, timeout=20_000)

    page = open_page("/", java_script_enabled=False)

    expect(page.locator("[data-board=traded] .board-rows > li")).to_have_count(5)
    expect(page.locator(".index-recorded")).to_contain_text("Página feita com preços até")
    expect(page.locator("[data-market-status] .badge-feed")).to_be_hidden()


def test_home_is_marked_stale_when_the_network_is_lost(open_page: OpenPage) -> None:
    page = open_page("/")
    status = page.locator("[data-market-status]")
    expect(status).to_contain_text("Ao vivo")

    page.context.set_offline(True)
    page.evaluate("window.dispatchEvent(new Event('offline'))")

    expect(status).to_contain_text(re.compile(r"Desatualizado há \d+ s"), timeout=5_000)
    expect(page.locator("[data-home]")).to_have_class(re.compile("is-stale"))
    page.context.set_offline(False)
    expect(status).to_contain_text("Ao vivo", timeout=20_000)
