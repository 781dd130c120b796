"""The common layout of all pages in a real browser: frame, width, languages, log-in."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import BLANK
from tests.e2e.phone import PHONE, WIDTH, content_widths
from tests.instances import wait_for

ADDRESSES = ["/", "/stockpicker/IBOV", "/stockpicker/ALL"]
ADDRESSES += ["/stocktracker?stockpicker=PETR4&stockpicker=VALE3"]
ADDRESSES += ["/graph?ticker=PETR4", "/sources/", "/login/", "/register/", "/privacy/"]


def test_no_page_is_wider_than_a_phone(open_page):
    page = open_page(BLANK, **PHONE)
    for address in ADDRESSES:
        page.goto(address)
        expect(page.locator("main")).to_be_visible()
        assert content_widths(page) == {WIDTH}, address


def test_the_dark_theme_is_printed_in_dark_ink_with_the_treemap_as_a_table(open_page):
    page = open_page("/", color_scheme="dark")
    page.evaluate("window.pregaoTheme.choose('dark')")
    expect(page.locator("[data-treemap]")).to_have_attribute("data-view", "map")

    page.emulate_media(media="print")

    ink = page.evaluate("getComputedStyle(document.body).color.match(/\\d+/g).map(Number)")
    assert max(ink[:3]) < 80
    expect(page.get_by_role("table").locator("tbody tr").first).to_be_visible()


def test_simulated_banner_stays_visible_while_scrolling(open_page):
    page = open_page("/privacy/", viewport={"width": 360, "height": 400})
    page.mouse.wheel(0, 2000)
    wait_for(lambda: page.evaluate("scrollY > 0"), 5, "a scrolled page")

    banner = page.locator(".simulated-banner")
    assert banner.bounding_box()["y"] == 0
    assert "Mercado simulado" in banner.inner_text()


def test_the_language_is_switched_without_leaving_the_page(open_page):
    page = open_page("/privacy/?from=test")
    page.locator("[data-preferences] > button").click()
    page.get_by_role("button", name="English").click()

    page.get_by_role("heading", name="Privacy").wait_for()
    assert page.url.endswith("/privacy/?from=test")
    page.reload()
    assert page.locator("html").get_attribute("lang") == "en"


def test_phone_can_sort_and_open_the_preferences(open_page):
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "color_scheme": "light"}
    page = open_page("/stocktracker?stockpicker=VALE3&stockpicker=ABEV3", **phone)
    rows = page.locator("tbody tr")
    page.get_by_role("button", name="Ordem").tap()
    page.get_by_label("Ordem").select_option("Ativo, de A a Z")
    expect(rows.first).to_have_attribute("data-symbol", "ABEV3")
    page.get_by_label("Ordem").select_option("A da lista")
    expect(rows.first).to_have_attribute("data-symbol", "VALE3")
    page.keyboard.press("Escape")

    page.locator("[data-preferences] > button").tap()
    panel = page.locator("[data-preferences] .menu-panel").bounding_box()
    assert panel["x"] >= 0
    assert panel["x"] + panel["width"] <= 360
    page.get_by_role("button", name="Escura").tap()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.parametrize("path", ["/stocktracker?stockpicker=PETR4", "/graph?ticker=PETR4", "/"])
def test_layout_does_not_shift_while_a_page_loads(open_page, path):
    page = open_page(BLANK)
    page.add_init_script(
        """window.moved = 0;
        new PerformanceObserver((seen) => {
            for (const shift of seen.getEntries()) window.moved += shift.value;
        }).observe({ type: "layout-shift", buffered: true });"""
    )
    page.goto(path)
    page.locator(".badge-feed[data-feed=live]").wait_for()

    assert page.evaluate("window.moved") < 0.1


def test_the_sources_page_refreshes_itself(open_page):
    watching = open_page("/stocktracker?stockpicker=PETR4")  # a source that is not called is silent
    watching.locator(".badge-feed[data-feed=live]").wait_for()
    page = open_page("/sources/")

    with page.expect_response(
        lambda answer: answer.url.endswith("/sources/") and answer.status == 200
    ) as caught:
        pass

    assert "<main" not in caught.value.text()
    page.get_by_text("respondendo").wait_for()


def test_user_signs_up_logs_out_and_logs_in_again(open_page):
    page = open_page("/sources/")
    page.get_by_role("link", name="Entrar").click()
    page.get_by_role("main").get_by_role("link", name="Criar conta").click()
    page.get_by_label("Nome de usuário").fill("marina")
    page.get_by_label("E-mail").fill("marina@example.com")
    page.get_by_label("Senha", exact=True).fill("um-segredo-longo")
    page.get_by_label("Repita a senha").fill("um-segredo-longo")
    page.get_by_role("main").get_by_role("button", name="Criar conta").click()
    page.wait_for_url("**/sources/")

    page.locator("[data-account] > button").click()
    page.get_by_role("button", name="Sair").click()
    page.locator(".badge-feed[data-feed=live]").first.wait_for()
    page.goto("/login/")
    page.get_by_label("Usuário ou e-mail").fill("marina")
    page.get_by_label("Senha").fill("um-segredo-longo")
    page.get_by_role("main").get_by_role("button", name="Entrar").click()

    page.locator(".menu-label", has_text="marina").wait_for()
    page.locator(".badge-feed[data-feed=live]").first.wait_for()
