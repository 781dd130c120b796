"""The live tracker in a real browser, over real servers that are stopped and killed."""

import re
import time

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import BLANK
from tests.e2e.pausing import paused
from tests.e2e.people import log_in_new_user, post_form
from tests.e2e.phone import PHONE, WIDTH, content_widths
from tests.instances import wait_for

TRACKER = "/stocktracker?stockpicker=PETR4&stockpicker=VALE3&stockpicker=ITUB4"
STALE_MS = 3_500  # 3 s, and a margin for polling


def row(page: Page, symbol: str) -> Locator:
    return page.locator(f"tr[data-symbol={symbol}]")


def price(page: Page, symbol: str) -> Locator:
    return row(page, symbol).locator("[data-field=price]")


def feed(page: Page) -> Locator:
    return page.locator("[data-market-status] .badge-feed")


def order(page: Page) -> list[str]:
    return page.locator("tbody .ticker").all_inner_texts()


def remove(page: Page, symbol: str) -> None:
    """Remove a stock by its menu."""
    row(page, symbol).hover()
    page.get_by_role("button", name=f"Mais ações: {symbol}").click()
    page.get_by_role("button", name="Remover").click()
    expect(row(page, symbol)).to_have_count(0)


def reload_with_choices(page: Page) -> None:
    """Load the page again once the server has the choices for the table."""
    expect(page.locator("form[aria-busy=true]")).to_have_count(0)
    page.reload()
    expect(feed(page)).to_have_text("Ao vivo")


def wait_for_a_price_change(page: Page, symbol: str) -> None:
    before = price(page, symbol).inner_text()
    expect(price(page, symbol)).not_to_have_text(before)


@pytest.fixture
def watch(browser, site):
    """Return a page whose console may log errors of a killed server."""
    context = browser.new_context(base_url=site.url, locale="pt-BR")
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.goto(TRACKER)
    expect(feed(page)).to_have_text("Ao vivo")
    yield page
    context.close()


def test_prices_are_live(open_page):
    page = open_page(TRACKER)
    expect(feed(page)).to_have_text("Ao vivo")
    for symbol in ("PETR4", "VALE3", "ITUB4"):
        wait_for_a_price_change(page, symbol)
    expect(row(page, "PETR4").locator("[data-field=age]")).to_have_text(re.compile("agora|há"))
    expect(row(page, "PETR4").locator(".spark-line")).to_have_attribute("d", re.compile("^M0.*L"))


def test_the_page_works_without_javascript(open_page):
    page = open_page(TRACKER)
    expect(feed(page)).to_have_text("Ao vivo")
    expect(price(page, "PETR4")).to_have_text(re.compile(r"\d,\d\d"))
    page = open_page(TRACKER, java_script_enabled=False)
    expect(price(page, "PETR4")).to_have_text(re.compile(r"\d,\d\d"))
    notice = page.locator("[data-market-status] .reload-note")
    expect(notice).to_contain_text("recarregue a página para atualizar")
    expect(notice).to_be_visible()
    expect(page.get_by_role("button", name="Mais ações: PETR4")).to_be_hidden()
    expect(row(page, "PETR4").locator(".spark-line")).to_have_attribute("d", re.compile("^M"))


def test_a_stock_is_added_and_removed_without_a_reload(open_page):
    page = open_page(TRACKER)
    page.evaluate("window.isSamePage = true")
    box = page.get_by_label("Adicionar ativo por código ou nome")
    box.fill("weg")
    expect(page.locator("#add-stock-list [role=option]").first).to_contain_text("WEGE3")
    box.press("Enter")
    expect(price(page, "WEGE3")).to_have_text(re.compile(r"\d,\d\d"))
    expect(page).to_have_url(re.compile("stockpicker=WEGE3$"))

    remove(page, "VALE3")
    assert "VALE3" not in page.url
    assert page.evaluate("localStorage.getItem('pregao.list')") == '["PETR4","ITUB4","WEGE3"]'
    assert page.evaluate("window.isSamePage")

    page.goto("/stocktracker")
    expect(page.locator("tbody .ticker")).to_have_text(["PETR4", "ITUB4", "WEGE3"])
    wait_for_a_price_change(page, "WEGE3")


def test_a_link_does_not_overwrite_the_browsers_own_list(open_page):
    page = open_page("/privacy/")
    page.evaluate("localStorage.setItem('pregao.list', '[\"ABEV3\"]')")
    page.goto(TRACKER)
    expect(row(page, "PETR4")).to_be_visible()
    assert order(page) == ["PETR4", "VALE3", "ITUB4"]
    remove(page, "VALE3")
    assert page.evaluate("localStorage.getItem('pregao.list')") == '["ABEV3"]'


def test_an_unknown_ticker_is_named_and_can_be_dismissed(open_page):
    page = open_page(TRACKER)
    expect(feed(page)).to_have_text("Ao vivo")
    box = page.get_by_label("Adicionar ativo por código ou nome")
    box.fill("XXXX3")
    expect(page.locator("#add-stock-list")).to_contain_text("Nada encontrado")
    box.press("Enter")
    notice = page.get_by_text("Não conhecemos: XXXX3.")
    expect(notice).to_be_visible()
    expect(row(page, "XXXX3")).to_have_count(0)
    page.get_by_role("button", name="Dispensar").click()
    expect(notice).to_be_hidden()


def test_limit_of_stocks_is_reported_with_a_link_to_the_login(open_page):
    page = open_page("/stockpicker/IBOV")
    symbols = page.locator(".pick input").evaluate_all("boxes => boxes.map((box) => box.value)")
    page.goto("/stocktracker?" + "&".join(f"stockpicker={symbol}" for symbol in symbols[:30]))
    expect(feed(page)).to_have_text("Ao vivo")
    box = page.get_by_label("Adicionar ativo por código ou nome")
    box.fill(symbols[30])
    expect(page.locator("#add-stock-list [role=option]")).to_have_count(1)
    box.press("Enter")
    expect(page.locator(".notices .banner")).to_contain_text("30")
    expect(page.get_by_role("link", name="Entre para acompanhar até 200.")).to_be_visible()
    expect(row(page, symbols[30])).to_have_count(0)
    assert len(order(page)) == 30


def test_columns_sort_by_click_and_by_keyboard(open_page):
    page = open_page(f"{TRACKER}&stockpicker=MGLU3&stockpicker=IBOV")
    expect(feed(page)).to_have_text("Ao vivo")
    for symbol in order(page):  # rows without a price would be last
        expect(price(page, symbol)).to_have_text(re.compile(r"\d"))
    head = page.locator("th[data-col=price]")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    assert (order(page)[0], order(page)[-1]) == ("IBOV", "MGLU3")
    head.get_by_role("button").press("Enter")
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert (order(page)[0], order(page)[-1]) == ("MGLU3", "IBOV")
    reload_with_choices(page)
    expect(head).to_have_attribute("aria-sort", "ascending")
    head.get_by_role("button").click()
    expect(head).not_to_have_attribute("aria-sort", re.compile("."))


def test_columns_are_chosen_and_remembered(open_page):
    page = open_page(TRACKER)
    page.get_by_role("button", name="Colunas").click()
    page.get_by_label("Volume em ações").uncheck()
    expect(page.locator("[data-col=volume]:visible")).to_have_count(0)
    expect(page.get_by_role("button", name="Dia", exact=True)).to_have_attribute(
        "aria-pressed", "false"
    )
    reload_with_choices(page)
    expect(page.locator("[data-col=volume]:visible")).to_have_count(0)
    expect(page.locator("td[data-col=open]:visible")).to_have_count(3)


def test_phone_scrolls_only_vertically(open_page):
    page = open_page(BLANK, **PHONE)
    for path in (TRACKER, "/stocktracker", "/graph?ticker=PETR4", "/graph"):
        page.goto(path)
        expect(feed(page)).to_have_text("Ao vivo")
        assert content_widths(page) == {WIDTH}, path


def test_phone_shows_the_other_figures_and_the_actions_in_a_sheet(open_page):
    page = open_page(TRACKER, **PHONE)
    expect(feed(page)).to_have_text("Ao vivo")
    expect(row(page, "PETR4").locator("[data-col=volume]")).to_be_hidden()
    page.get_by_role("button", name="Mais ações: PETR4").tap()
    sheet = page.get_by_role("dialog", name="PETR4")
    expect(sheet.locator("[data-figure=volume]")).to_have_text(re.compile(r"\d"))
    expect(sheet.get_by_role("link", name="Criar alerta")).to_have_attribute(
        "href", "/create-alert/?ativo=PETR4"
    )
    box = sheet.bounding_box()
    assert (box["x"], round(box["y"] + box["height"])) == (0, PHONE["viewport"]["height"])
    sheet.get_by_role("button", name="Remover").tap()
    expect(row(page, "PETR4")).to_have_count(0)


@pytest.mark.parametrize("part", ["pregao: web", "pregao: worker"])
def test_prices_are_stale_while_the_server_is_silent(watch, site, part):
    with paused(site.child(part)):
        expect(feed(watch)).to_have_text(re.compile(r"Desatualizado há \d+ s: ."), timeout=STALE_MS)
        expect(watch.locator("html")).to_have_attribute("data-prices", "stale")
        watch.set_viewport_size({"width": 360, "height": 740})
        assert watch.evaluate("document.documentElement.scrollWidth") == 360
        expect(watch.locator("[data-market-status] [role=status]")).to_contain_text("Desatualizado")
    expect(feed(watch)).to_have_text("Ao vivo", timeout=6_000)
    expect(watch.locator("html")).to_have_attribute("data-prices", "live")
    wait_for_a_price_change(watch, "PETR4")


def test_page_reconnects_after_the_server_is_killed(watch, site):
    watch.evaluate("window.isSamePage = true")
    site.child("pregao: web").kill()
    expect(feed(watch)).to_have_text(re.compile("^Desatualizado há"), timeout=STALE_MS)
    expect(feed(watch)).to_have_text("Ao vivo")
    wait_for_a_price_change(watch, "VALE3")
    assert watch.evaluate("window.isSamePage")


def test_a_hidden_tab_is_live_at_once_when_it_is_shown(watch):
    other = watch.context.new_page()
    other.goto("/privacy/")
    other.bring_to_front()
    other.wait_for_timeout(3_000)
    watch.bring_to_front()
    began = time.monotonic()
    expect(feed(watch)).to_have_text("Ao vivo")
    assert time.monotonic() - began < 1
    wait_for_a_price_change(watch, "ITUB4")


def test_anonymous_visitor_reads_the_conversation_and_is_offered_the_login(open_page):
    page = open_page(TRACKER)
    page.get_by_role("button", name="Bate-papo").click()
    drawer = page.get_by_role("dialog", name="Bate-papo")
    expect(drawer.get_by_text("Nada fica guardado.")).to_be_visible()
    expect(drawer.get_by_role("link", name="Entre para escrever")).to_be_visible()


def test_conversation_shows_messages_as_plain_text(open_page):
    reader = open_page(TRACKER)
    expect(feed(reader)).to_have_text("Ao vivo")
    writer = open_page(BLANK)
    name = log_in_new_user(writer, TRACKER)
    expect(feed(writer)).to_have_text("Ao vivo")
    writer.get_by_role("button", name="Bate-papo").click()
    writer.get_by_label("Mensagem", exact=True).fill("<b>olá</b>")
    writer.get_by_role("button", name="Enviar").click()

    expect(writer.locator(".chat-message.own p")).to_have_text("<b>olá</b>")
    expect(reader.locator("[data-part=unread]")).to_have_text("1")
    reader.get_by_role("button", name="Bate-papo").click()
    expect(reader.locator(".chat-message")).to_contain_text(name)
    expect(reader.locator(".chat-message p")).to_have_text("<b>olá</b>")
    expect(reader.locator("[data-part=unread]")).to_be_hidden()


# The list: undo, order, other tabs and devices -------------------------------------------------


def test_removal_is_undone_by_pointer_and_by_keyboard(open_page):
    page = open_page(TRACKER)
    remove(page, "VALE3")
    page.get_by_role("button", name="Desfazer").click()
    expect(page.locator("tbody .ticker")).to_have_text(["PETR4", "VALE3", "ITUB4"])
    wait_for_a_price_change(page, "VALE3")

    row(page, "PETR4").locator(".ticker").focus()
    page.keyboard.press("x")
    expect(page.locator("tbody .ticker")).to_have_text(["VALE3", "ITUB4"])
    expect(row(page, "VALE3").locator(".ticker")).to_be_focused()
    page.keyboard.press("z")
    expect(page.locator("tbody .ticker")).to_have_text(["PETR4", "VALE3", "ITUB4"])
    expect(row(page, "PETR4").locator(".ticker")).to_be_focused()
    stored = page.evaluate("localStorage.getItem('pregao.list')")
    assert stored == '["PETR4","VALE3","ITUB4"]'


def test_rows_are_moved_by_dragging_by_keys_and_by_the_menu(open_page):
    page = open_page(TRACKER)
    expect(feed(page)).to_have_text("Ao vivo")
    grip = row(page, "PETR4").locator("[data-grip]")
    row(page, "PETR4").hover()
    grip.hover()
    page.mouse.down()
    target = row(page, "ITUB4").bounding_box()
    page.mouse.move(target["x"] + 5, target["y"] + target["height"] / 2, steps=5)
    expect(row(page, "ITUB4")).to_have_css("translate", re.compile("^0px -"))
    page.mouse.up()
    expect(page.locator("tbody .ticker")).to_have_text(["VALE3", "ITUB4", "PETR4"])

    row(page, "PETR4").locator(".ticker").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("tbody .ticker")).to_have_text(["VALE3", "PETR4", "ITUB4"])
    expect(page.locator("[data-part=announce]")).to_have_text("PETR4: posição 2 de 3.")
    expect(row(page, "PETR4").locator(".ticker")).to_be_focused()

    page.get_by_role("button", name="Mais ações: ITUB4").click()
    page.get_by_role("button", name="Levar ao topo").click()
    page.reload()
    expect(page.locator("tbody .ticker")).to_have_text(["ITUB4", "VALE3", "PETR4"])


def test_escape_ends_a_drag_without_a_move(open_page):
    page = open_page(TRACKER)
    expect(feed(page)).to_have_text("Ao vivo")
    row(page, "PETR4").locator("[data-grip]").hover()
    page.mouse.down()
    page.mouse.move(100, 800, steps=3)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert order(page) == ["PETR4", "VALE3", "ITUB4"]


def test_browsers_list_is_in_sync_across_two_tabs(open_page):
    first = open_page(TRACKER)
    expect(feed(first)).to_have_text("Ao vivo")
    second = first.context.new_page()
    second.goto("/stocktracker")
    expect(second.locator("tbody .ticker")).to_have_text(["PETR4", "VALE3", "ITUB4"])

    remove(first, "VALE3")

    expect(second.locator("tbody .ticker")).to_have_text(["PETR4", "ITUB4"])


def test_a_row_that_another_tab_removes_closes_its_menu(open_page):
    page = open_page("/stocktracker?stockpicker=PETR4&stockpicker=VALE3")
    expect(feed(page)).to_have_text("Ao vivo")
    other = page.context.new_page()
    other.goto("/stocktracker")
    expect(feed(other)).to_have_text("Ao vivo")
    page.get_by_role("button", name="Mais ações: PETR4").click()
    expect(page.locator("#row-menu")).to_be_visible()

    remove(other, "PETR4")

    expect(row(page, "PETR4")).to_have_count(0)
    expect(page.locator("#row-menu")).to_be_hidden()
    wait_for_a_price_change(page, "VALE3")


def test_the_tab_of_the_shown_list_is_in_view_among_many(open_page):
    page = open_page(BLANK, **PHONE)
    log_in_new_user(page, "/watchlists/")
    for number in range(6):
        post_form(page, "/watchlists/", name=f"Lista {number} {'W' * 40}", symbols="PETR4")
    page.goto("/watchlists/")
    page.get_by_role("link", name="Lista 5").first.click()

    tab = page.locator(".tracker-tabs [aria-current]")
    expect(tab).to_contain_text("Lista 5")
    expect(tab).to_be_in_viewport(ratio=0.5)


def test_a_menu_higher_than_the_window_scrolls(open_page):
    page = open_page(TRACKER, viewport={"width": 740, "height": 360})
    page.get_by_role("button", name="Mais ações: PETR4").click()
    menu = page.locator("#row-menu")
    expect(menu).to_be_visible()

    menu.get_by_role("button", name="Remover").click()

    expect(row(page, "PETR4")).to_have_count(0)


def test_lists_are_tabs_and_in_sync_across_two_devices(open_page):
    page = open_page(BLANK)
    log_in_new_user(page, "/watchlists/")
    for name in ("Bancos", "Energia"):
        page.goto("/watchlists/")
        page.get_by_label("Nova lista").fill(name)
        page.get_by_role("button", name="Criar").click()
        page.get_by_label("Códigos a incluir").fill("ITUB4 BBAS3" if name == "Bancos" else "PETR4")
        page.get_by_role("button", name="Incluir").click()
    page.goto("/stocktracker")
    expect(page.locator("tbody .ticker")).to_have_text(["ITUB4", "BBAS3"])
    page.get_by_role("link", name="Energia").click()
    expect(page.locator("tbody .ticker")).to_have_text(["PETR4"])
    expect(page.get_by_role("link", name="Energia")).to_have_attribute("aria-current", "page")
    expect(feed(page)).to_have_text("Ao vivo")

    device = open_page(BLANK)
    device.context.add_cookies(page.context.cookies())
    device.goto(page.url)
    expect(feed(device)).to_have_text("Ao vivo")
    box = device.get_by_label("Adicionar ativo por código ou nome")
    box.fill("VALE3")
    box.press("Enter")

    expect(page.locator("tbody .ticker")).to_have_text(["PETR4", "VALE3"])
    wait_for_a_price_change(page, "VALE3")
    remove(page, "PETR4")
    expect(device.locator("tbody .ticker")).to_have_text(["VALE3"])
    page.get_by_role("link", name="Bancos").click()
    expect(page.locator("tbody .ticker")).to_have_text(["ITUB4", "BBAS3"])


def test_stocks_of_a_link_are_added_to_the_own_list(open_page):
    page = open_page(BLANK)
    log_in_new_user(page, TRACKER)
    page.get_by_role("button", name="Adicionar à minha lista").click()
    expect(page).to_have_url(re.compile(r"/stocktracker\?list=\d+$"))
    expect(page.locator("tbody .ticker")).to_have_text(["PETR4", "VALE3", "ITUB4"])
    expect(page.get_by_role("link", name="Minha lista")).to_be_visible()


# The table: choices, keys, map, export, print --------------------------------------------------


def test_presets_and_density_survive_a_reload(open_page):
    page = open_page(TRACKER)
    expect(feed(page)).to_have_text("Ao vivo")
    height = row(page, "PETR4").bounding_box()["height"]
    page.get_by_role("button", name="Colunas").click()
    page.get_by_role("button", name="Fundamentos").click()
    page.get_by_role("button", name="Compacta").click()
    for _ in range(2):
        expect(page.locator("th[data-col=market_cap]")).to_be_visible()
        expect(page.locator("th[data-col=open]")).to_be_hidden()
        assert row(page, "PETR4").bounding_box()["height"] < height
        reload_with_choices(page)


def test_presets_work_without_javascript(open_page):
    page = open_page(TRACKER, java_script_enabled=False)
    page.get_by_role("button", name="Colunas").click()
    page.get_by_role("button", name="Essencial").click()
    expect(page.locator("th[data-col=open]")).to_be_hidden()
    expect(page.locator("tbody .ticker")).to_have_text(["PETR4", "VALE3", "ITUB4"])
    page.locator("th[data-col=symbol] button").click()
    expect(page.locator("tbody .ticker")).to_have_text(["ITUB4", "PETR4", "VALE3"])


def test_keys_move_through_the_rows_and_open_pages(open_page):
    page = open_page(TRACKER)
    expect(feed(page)).to_have_text("Ao vivo")
    for key, symbol in (("j", "PETR4"), ("j", "VALE3"), ("k", "PETR4")):
        page.keyboard.press(key)
        expect(row(page, symbol).locator(".ticker")).to_be_focused()
    page.keyboard.press("g")
    expect(page).to_have_url(re.compile("/ativo/PETR4/$"))


def test_all_columns_and_actions_fit_at_1280(open_page):
    page = open_page("/stockpicker/IBOV", viewport={"width": 1280, "height": 900})
    symbols = page.locator(".pick input").evaluate_all("boxes => boxes.map((box) => box.value)")
    page.goto("/stocktracker?" + "&".join(f"stockpicker={symbol}" for symbol in symbols[:30]))
    expect(feed(page)).to_have_text("Ao vivo")
    for preset in ("Dia", "Completo", "Fundamentos", "Essencial"):
        page.get_by_role("button", name="Colunas").click()
        page.get_by_role("button", name=preset, exact=True).click()
        page.keyboard.press("Escape")
        button = page.get_by_role("button", name=f"Mais ações: {symbols[0]}")
        box = button.bounding_box()
        assert box["x"] + box["width"] <= 1280, preset
        assert page.evaluate("document.documentElement.scrollWidth") == 1280, preset
    page.mouse.wheel(0, 900)
    wait_for(lambda: page.evaluate("scrollY > 500"), 5, "a scrolled page")
    head = page.locator("thead").bounding_box()
    bar = page.locator(".site-head").bounding_box()
    assert abs(head["y"] - bar["height"]) < 2


def test_map_shows_the_list_and_its_table(open_page):
    page = open_page(TRACKER)
    page.get_by_role("link", name="Mapa").click()
    expect(page.locator(".treemap-tile[data-symbol=PETR4]")).to_be_visible()
    page.get_by_role("button", name="Ver como tabela").click()
    expect(page.locator(".treemap-table tr[data-symbol=VALE3]")).to_contain_text("R$")
    page.get_by_role("link", name="Tabela").click()
    expect(page.locator("tbody .ticker")).to_have_text(["PETR4", "VALE3", "ITUB4"])


def test_export_names_the_source(open_page):
    page = open_page(f"{TRACKER}&stockpicker=BBAS3")
    remove(page, "BBAS3")
    with page.expect_download() as download:
        page.get_by_role("link", name="Baixar em CSV").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    lines = text.splitlines()
    assert download.value.suggested_filename.startswith("acompanhar-")
    assert [line.partition(";")[0] for line in lines] == ["Ativo", "PETR4", "VALE3", "ITUB4"]
    assert all(line.endswith(";simulador") for line in lines[1:])


def test_print_has_dates_in_place_of_ages(open_page):
    page = open_page(TRACKER)
    expect(feed(page)).to_have_text("Ao vivo")
    page.emulate_media(media="print")
    cell = row(page, "PETR4").locator("[data-col=age]")
    expect(cell.locator("[data-field=age]")).to_be_hidden()
    expect(cell.locator("[data-field=quoted_at]")).to_have_text(
        re.compile(r"\d\d/\d\d/\d{4} \d\d:")
    )
    expect(page.get_by_role("button", name="Colunas")).to_be_hidden()
