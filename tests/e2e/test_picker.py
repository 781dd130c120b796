"""The picker and the lists in a real browser: keyboard, touch, limits, and the merge at login."""

import json
import re
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import BLANK, OpenPage
from tests.e2e.people import PASSWORD, log_in_new_user
from tests.e2e.phone import PHONE
from tests.instances import wait_for


def stored_symbols(page: Page) -> list[str]:
    """Return the list in the browser's storage."""
    symbols: list[str] = json.loads(page.evaluate("localStorage.getItem('pregao.list') ?? '[]'"))
    return symbols


def box(page: Page, symbol: str) -> Locator:
    return page.locator(f".pick input[value={symbol}]")


def sign_up(page: Page) -> None:
    page.goto("/register/")
    name = f"ana{uuid4().hex[:8]}"
    page.fill("[name=username]", name)
    page.fill("[name=email]", f"{name}@example.com")
    page.fill("[name=password1]", PASSWORD)
    page.fill("[name=password2]", PASSWORD)
    with page.expect_navigation():
        page.click("main button[type=submit]")


def test_choosing_by_keyboard_leads_to_the_tracker(open_page: OpenPage) -> None:
    page = open_page("/stockpicker/IBOV")
    page.get_by_label("Filtrar por código ou nome").fill("petrobras")
    expect(page.locator(".pick:visible")).to_have_count(2)

    box(page, "PETR4").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")

    expect(page.locator("[data-count]")).to_have_text("2 de 30")
    assert stored_symbols(page) == ["PETR4", "PETR3"]
    page.get_by_role("button", name="Ver minha lista").click()
    expect(page).to_have_url(re.compile(r"/stocktracker\?stockpicker=PETR4&stockpicker=PETR3$"))


def test_tap_anywhere_on_a_row_chooses_it(open_page: OpenPage) -> None:
    page = open_page("/stockpicker/IBOV", **PHONE)

    page.locator(".pick", has_text="ABEV3").locator(".pick-price").tap()

    expect(box(page, "ABEV3")).to_be_checked()
    expect(page.locator("[data-chips] button")).to_have_text(["ABEV3"])
    page.get_by_role("button", name="Remover ABEV3").tap()
    expect(box(page, "ABEV3")).not_to_be_checked()
    assert stored_symbols(page) == []


def test_filter_ignores_case_and_accents(open_page: OpenPage) -> None:
    page = open_page("/stockpicker/IBOV")

    page.get_by_label("Filtrar por código ou nome").fill("  ITAÚ uni ")

    expect(page.locator(".pick:visible .ticker")).to_have_text(["ITUB4"])
    page.get_by_label("Filtrar por código ou nome").fill("nada disso")
    expect(page.get_by_role("heading", name="Nada com este filtro")).to_be_visible()


def test_filter_of_a_partial_list_searches_on_the_server(open_page: OpenPage) -> None:
    page = open_page("/stockpicker/ALL?q=petrobras")
    box(page, "PETR4").check()

    page.get_by_label("Filtrar por código ou nome").fill("itaú unibanco")

    expect(page.locator(".pick .ticker")).to_have_text(["ITUB4", "ITUB3"])
    expect(page).to_have_url(re.compile(r"q=ita%C3%BA\+unibanco"))
    box(page, "ITUB4").check()
    assert stored_symbols(page) == ["PETR4", "ITUB4"]


def test_failed_search_is_reported(open_page: OpenPage) -> None:
    page = open_page("/stockpicker/ALL?q=petrobras")
    page.route("**/stockpicker/ALL?q=itau**", lambda route: route.fulfill(status=204))

    page.get_by_label("Filtrar por código ou nome").fill("itau")

    expect(page.locator("[data-notice]")).to_have_text("A busca não respondeu. Tente de novo.")
    expect(box(page, "PETR4")).to_be_visible()


def test_change_that_cannot_be_saved_is_undone(open_page: OpenPage) -> None:
    page = open_page(BLANK)
    log_in_new_user(page, "/stockpicker/IBOV")
    page.route("**/watchlists/current/", lambda route: route.fulfill(body="<p>"))

    box(page, "VALE3").click()

    expect(page.locator("[data-notice]")).to_have_text("Não foi possível guardar a lista.")
    expect(box(page, "VALE3")).not_to_be_checked()


def test_the_sector_narrows_the_market(open_page: OpenPage) -> None:
    page = open_page("/stockpicker/IBOV")

    page.get_by_label("Setor").select_option("Financeiro")

    shown = page.locator(".pick .pick-sector")
    expect(shown.filter(has_not_text="Financeiro")).to_have_count(0)
    expect(shown).not_to_have_count(0)
    expect(page.get_by_label("Setor")).to_have_value("Financeiro")


def test_the_kind_narrows_the_sectors(open_page: OpenPage) -> None:
    page = open_page("/stockpicker/ALL")

    page.get_by_label("Tipo").focus()
    page.get_by_label("Tipo").select_option("FII")

    expect(page.locator(".pick .ticker").first).to_have_text("KNCR11")
    expect(page.get_by_label("Tipo")).to_be_focused()
    sectors = page.get_by_label("Setor").locator("option")
    expect(sectors.filter(has_text="Shoppings")).to_have_count(1)
    expect(sectors.filter(has_text="Consumo Cíclico")).to_have_count(0)


def test_former_code_is_explained_in_the_tracker(open_page: OpenPage) -> None:
    page = open_page("/stocktracker?stockpicker=JBSS3&stockpicker=CIEL3&stockpicker=PETR4")

    expect(page.locator("tbody [data-field=symbol]")).to_have_text(["JBSS32", "CIEL3", "PETR4"])
    expect(page.get_by_text("JBSS3 virou JBSS32 em 09/06/2025.")).to_be_visible()
    expect(page.get_by_text("CIEL3 deixou de ser negociado em 26/08/2024.")).to_be_visible()
    expect(page.get_by_text("Não conhecemos")).to_have_count(0)


def test_limit_is_reported_with_a_link_to_the_login(open_page: OpenPage) -> None:
    page = open_page("/stockpicker/IBOV")

    page.get_by_role("button", name="Marcar todos").click()

    expect(page.locator("[data-count]")).to_have_text("30 de 30")
    expect(page.locator("[data-limit-notice]")).to_contain_text("30 ativos")
    link = page.get_by_role("link", name="Entre para acompanhar até 200")
    assert link.get_attribute("href") == "/login/?next=/stockpicker/IBOV"
    unchecked = page.locator(".pick input:not(:checked)").first
    unchecked.click()
    expect(unchecked).not_to_be_checked()
    assert len(stored_symbols(page)) == 30

    page.get_by_role("button", name="Limpar").click()
    box(page, "VALE3").check()
    page.get_by_role("button", name="Marcar todos").click()
    expect(page.locator("[data-notice]")).to_contain_text("29 ativos marcados.")
    page.get_by_role("button", name="Desfazer").click()
    expect(page.locator("[data-count]")).to_have_text("1 de 30")


def test_clearing_can_be_undone(open_page: OpenPage) -> None:
    page = open_page("/stockpicker/IBOV")
    box(page, "VALE3").check()
    box(page, "ITUB4").check()

    page.get_by_role("button", name="Limpar").click()
    assert stored_symbols(page) == []
    page.get_by_role("button", name="Desfazer").click()

    assert stored_symbols(page) == ["VALE3", "ITUB4"]


def test_list_survives_changes_of_page_and_market(open_page: OpenPage) -> None:
    page = open_page("/stockpicker/IBOV")
    box(page, "VALE3").check()

    page.goto("/stockpicker/FII")
    page.locator(".pick input").first.check()
    page.goto("/stockpicker/IBOV")

    expect(box(page, "VALE3")).to_be_checked()
    expect(page.locator("[data-count]")).to_have_text("2 de 30")


@pytest.mark.parametrize(
    "garbage", ["{", "null", '{"a":1}', '[1,null,"<b>","petr4","PETR4",["VALE3"]]']
)
def test_garbage_in_the_browsers_list_does_no_harm(open_page: OpenPage, garbage: str) -> None:
    page = open_page("/stockpicker/IBOV")
    page.evaluate("text => localStorage.setItem('pregao.list', text)", garbage)

    page.reload()
    box(page, "VALE3").check()

    assert stored_symbols(page) == (["PETR4", "VALE3"] if "petr4" in garbage else ["VALE3"])


def test_stocks_can_be_chosen_without_browser_storage(open_page: OpenPage) -> None:
    page = open_page(BLANK)
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() {throw new Error('off')}})"
    )

    page.goto("/stockpicker/IBOV")
    box(page, "VALE3").check()

    expect(page.locator("[data-count]")).to_have_text("1 de 30")


def test_the_form_works_without_javascript(open_page: OpenPage) -> None:
    page = open_page("/stockpicker/IBOV?q=vale", java_script_enabled=False)

    box(page, "VALE3").check()
    page.get_by_role("button", name="Ver minha lista").click()

    expect(page).to_have_url(re.compile(r"/stocktracker\?stockpicker=VALE3$"))


def test_the_browsers_list_is_merged_once_after_the_login(open_page: OpenPage) -> None:
    page = open_page("/stockpicker/IBOV")
    box(page, "VALE3").check()
    box(page, "ITUB4").check()

    with page.expect_response("**/watchlists/merge/") as merged:
        sign_up(page)

    assert merged.value.json()["symbols"] == ["VALE3", "ITUB4"]
    wait_for(lambda: page.evaluate("localStorage.getItem('pregao.list') === null"), 15, "no list")
    page.goto("/stockpicker/IBOV")
    expect(page.locator("[data-count]")).to_have_text("2 de 200")
    page.goto("/watchlists/")
    expect(page.locator(".watchlist-row")).to_have_count(1)
    expect(page.locator(".watchlist-row")).to_contain_text("Minha lista")


def test_change_is_saved_in_the_account_at_once(open_page: OpenPage) -> None:
    page = open_page(BLANK)
    log_in_new_user(page, "/stockpicker/IBOV")

    with page.expect_response("**/watchlists/current/"):
        box(page, "VALE3").check()
    page.reload()

    expect(box(page, "VALE3")).to_be_checked()
    assert stored_symbols(page) == []


def test_a_list_is_shared_with_a_stranger_by_its_link(open_page: OpenPage) -> None:
    page = open_page(BLANK)
    log_in_new_user(page, "/watchlists/")
    page.get_by_label("Nova lista").fill("Dividendos")
    page.get_by_role("button", name="Criar").click()
    page.get_by_label("Códigos a incluir").fill("petr4 ITUB4")
    page.get_by_role("button", name="Incluir").click()
    page.get_by_role("button", name="Subir ITUB4").click()
    expect(page.locator(".pick .ticker")).to_have_text(["ITUB4", "PETR4"])

    stranger = open_page(page.get_by_label("Link da lista").input_value())

    expect(stranger.get_by_role("heading", name="Dividendos")).to_be_visible()
    stranger.get_by_role("button", name="Acompanhar").click()
    expect(stranger).to_have_url(re.compile(r"\?stockpicker=ITUB4&stockpicker=PETR4$"))
