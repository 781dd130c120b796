"""Alerts in a real browser: created, fired by the simulated market, counted by the bell."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import BLANK
from tests.e2e.people import log_in_new_user
from tests.e2e.phone import PHONE, WIDTH, content_widths
from tests.instances import wait_for


@pytest.fixture
def alerts(open_page):
    """Return `alerts(**options)`: the alerts page of a new user."""

    def open_(**options) -> Page:
        page = open_page(BLANK, **options)
        log_in_new_user(page, "/alerts/")
        return page

    return open_


def open_form(page: Page, symbol: str) -> float:
    """Open the form of a stock and return its price, once the chart shows it."""
    page.goto(f"/create-alert/?ativo={symbol}")
    expect(page.locator(".chart-box")).to_have_attribute("data-state", "ready")
    legend = page.locator("[data-part=legend]").inner_text()
    return float(legend.split("·")[1].strip().replace(".", "").replace(",", "."))


def format_price(price: float) -> str:
    return f"{price:.2f}".replace(".", ",")


def wait_until_live(page: Page) -> None:
    """Wait for the socket: the browser logs an error if it is closed before it is open."""
    expect(page.locator("[data-market-status] .badge-feed")).to_have_text("Ao vivo")


def open_options(page: Page) -> None:
    """Open the second step of the form."""
    page.locator(".alert-options > summary").click()


def card(page: Page, symbol: str) -> Locator:
    return page.locator(f".alert-card[data-symbol={symbol}]")


def choose_action(page: Page, name: str, symbol: str) -> None:
    """Choose an action in the menu of an alert."""
    page.get_by_role("button", name=f"Ações do alerta de {symbol}").click()
    card(page, symbol).locator(".menu-panel").get_by_text(name, exact=True).click()


def enter(page: Page, name: str, value: str | bool) -> None:
    """Fill in, choose or check a field, and wait for the preview of the change."""
    field = page.locator(f"[name={name}]")
    with page.expect_response(re.compile("/alerts/preview/")):
        if value is True:
            field.check()
        elif name == "recurrence":
            field.select_option(value)
        else:
            field.fill(value)


def save(page: Page) -> None:
    expect(page.locator("#preview.htmx-request")).to_have_count(0)  # htmx logs a request cut off
    page.get_by_role("button", name=re.compile("^(Criar alerta|Salvar)$")).click()
    page.wait_for_url("**/alerts/")
    wait_until_live(page)


def test_alert_fires_in_the_simulated_market_and_the_bell_counts_it(alerts):
    page = alerts()
    page.get_by_role("link", name="Criar o primeiro alerta").click()
    price = open_form(page, "PETR4")
    enter(page, "compra", format_price(price * 3))
    expect(page.locator(".promise")).to_have_text(
        re.compile(
            r"^Aviso quando PETR4 cair até R\$.*verificado a cada cotação, uma vez, "
            r"até \d\d/\d\d/\d{4}"
        )
    )
    open_options(page)
    enter(page, "fires_if_beyond", True)
    save(page)

    row = card(page, "PETR4")
    expect(page.locator("[data-bell] [data-part=count]")).to_have_text("1")
    expect(row.locator(".state")).to_have_text("disparado")  # without a reload
    choose_action(page, "Histórico", "PETR4")
    expect(page.get_by_role("heading", name="Disparos")).to_be_visible()
    wait_until_live(page)
    expect(page.locator(".firing")).to_have_count(1)
    expect(page.locator(".firing h3")).to_have_text(re.compile(r"^PETR4 atingiu R\$"))
    expect(page.locator(".firing")).to_contain_text("No site: entregue")


def test_firing_changes_every_open_page_of_its_owner(alerts):
    page = alerts()
    listed, triggered, history, graph = (page.context.new_page() for _page in range(4))
    price = open_form(page, "PETR4")
    enter(page, "compra", format_price(price * 0.3))
    open_options(page)
    enter(page, "note", "hora de comprar")
    save(page)
    triggered.goto("/alerts/?status=triggered")
    expect(triggered.locator("[data-refresh=rows]")).to_contain_text("Nenhum alerta neste estado")
    listed.goto("/alerts/")
    history.goto("/alerts/")
    choose_action(history, "Histórico", "PETR4")
    graph.goto("/graph?ticker=PETR4")
    for other in (listed, triggered, history, graph):
        wait_until_live(other)
        expect(other.locator("[data-bell]")).to_have_attribute("data-ready", "")

    with graph.expect_response(re.compile("/alerts/marks")) as marks:
        choose_action(page, "Editar", "PETR4")
        enter(page, "compra", format_price(price * 3))
        open_options(page)
        enter(page, "fires_if_beyond", True)
        page.get_by_role("button", name="Salvar").click()

    assert len(marks.value.json()["firings"]) == 1
    for other in (listed, triggered):
        expect(card(other, "PETR4").locator(".state")).to_have_text("disparado")
    expect(triggered.locator(".alerts-filters")).to_contain_text("Disparados 1")
    expect(history.locator("[data-refresh=firings] .firing")).to_have_count(1)
    expect(history.locator("[data-refresh=facts] .state")).to_have_text("disparado")
    expect(listed.locator(".toast")).to_contain_text("hora de comprar")
    shown = card(triggered, "PETR4").locator("[data-field=price]")
    before = shown.inner_text()
    expect(shown).not_to_have_text(before)  # its symbol is followed now


def test_price_that_crosses_later_fires(alerts):
    page = alerts()
    price = open_form(page, "VALE3")
    enter(page, "venda", format_price(price * 0.3))
    open_options(page)
    enter(page, "fires_if_beyond", True)
    enter(page, "hold_minutes", "0")
    enter(page, "recurrence", "every")
    save(page)

    expect(page.locator("[data-bell] [data-part=count]")).to_have_text("1")
    page.reload()
    wait_until_live(page)
    expect(card(page, "VALE3")).to_have_attribute("data-status", "active")


def test_backtest_is_updated_while_typing(alerts):
    page = alerts()
    price = open_form(page, "PETR4")
    enter(page, "venda", format_price(price * 1.02))
    expect(page.locator(".would")).to_contain_text(re.compile(r"nos últimos 12 meses\s*\d+ vez"))
    first = page.locator(".promise").inner_text()
    enter(page, "venda", format_price(price * 0.5))
    expect(page.locator(".promise")).not_to_have_text(first)
    expect(page.locator("#preview .banner-warning")).to_contain_text("espera a próxima vez")
    enter(page, "ativo", "VALE3")
    expect(page.locator(".promise")).to_contain_text("VALE3")


def test_row_is_live_and_its_alert_can_be_paused_and_deleted(alerts):
    page = alerts()
    price = open_form(page, "ITUB4")
    enter(page, "compra", format_price(price * 0.5))
    save(page)

    distance = page.locator("[data-distance=compra]")
    expect(distance).to_have_text(re.compile(r"^faltam R\$\s\d"))
    before = distance.inner_text()
    expect(distance).not_to_have_text(before)
    choose_action(page, "Pausar", "ITUB4")
    expect(page.locator(".alert-card .state")).to_have_text("pausado")
    wait_until_live(page)
    choose_action(page, "Reativar", "ITUB4")
    expect(card(page, "ITUB4")).to_have_attribute("data-status", "active")
    wait_until_live(page)
    choose_action(page, "Apagar", "ITUB4")
    page.get_by_role("button", name="Apagar").click()
    expect(page.get_by_role("heading", name="Você ainda não tem alertas")).to_be_visible()


def has_distance(page: Page) -> bool:
    """Load the page again, which has no scripts; return whether PETR4 has a price in it."""
    page.reload()
    return "faltam R$" in card(page, "PETR4").locator("[data-distance]").inner_text()


def test_form_works_without_javascript(open_page, alerts):
    state = alerts().context.storage_state()
    page = open_page("/create-alert/?ativo=PETR4", java_script_enabled=False, storage_state=state)
    page.fill("[name=compra]", "1,50")
    page.get_by_role("button", name="Ver o que ele faria").click()
    expect(page.locator(".promise")).to_contain_text("PETR4 cair até R$")
    open_options(page)
    page.fill("[name=note]", "sem script")
    page.get_by_role("button", name="Criar alerta").click()
    expect(card(page, "PETR4")).to_contain_text("sem script")
    wait_for(lambda: has_distance(page), 15, "the first price of PETR4")


def test_alert_pages_fit_a_phone(alerts):
    page = alerts(**PHONE)
    price = open_form(page, "PETR4")
    enter(page, "compra", format_price(price * 0.9))
    page.get_by_text("Ou pela variação do dia").tap()
    enter(page, "change_up_pct", "3")
    expect(page.locator(".promise")).to_be_visible()
    open_options(page)
    widths = content_widths(page)
    save(page)
    widths |= content_widths(page)
    menu = card(page, "PETR4").locator(".menu-panel")
    page.get_by_role("button", name="Ações do alerta de PETR4").tap()
    expect(menu.get_by_role("link", name="Editar o alerta de PETR4")).to_be_in_viewport()
    widths |= content_widths(page)
    menu.get_by_role("link", name="Histórico do alerta de PETR4").tap()
    expect(page.get_by_role("heading", name="Nenhum disparo ainda")).to_be_visible()
    wait_until_live(page)
    assert widths | content_widths(page) == {WIDTH}


def test_preview_is_beside_the_essential_fields(alerts):
    page = alerts()
    open_form(page, "PETR4")
    essentials = page.locator(".alert-essentials").bounding_box()
    preview = page.locator(".alert-preview").bounding_box()

    assert preview["y"] == essentials["y"]
    assert page.get_by_role("button", name="Criar alerta").bounding_box()["y"] < 900
    page.set_viewport_size(PHONE["viewport"])
    fields = page.locator("[name=venda]").bounding_box()
    assert fields["y"] < page.locator("#preview").bounding_box()["y"]
    assert (
        page.locator("#preview").bounding_box()["y"]
        < page.locator(".alert-options").bounding_box()["y"]
    )


def test_chart_and_progress_follow_the_price(alerts):
    page = alerts()
    price = open_form(page, "WEGE3")
    enter(page, "compra", format_price(price * 0.5))
    enter(page, "venda", format_price(price * 1.02))
    save(page)

    line = card(page, "WEGE3").locator(".spark-line")
    far = card(page, "WEGE3").locator(".alert-edge").first
    expect(far).to_have_attribute("data-edge", "below")
    drawn = line.get_attribute("d")
    expect(line).not_to_have_attribute("d", drawn)
    bar = card(page, "WEGE3").locator("[data-nearness=venda]")
    assert 0 < float(bar.get_attribute("value")) <= 100


def test_quick_values_fill_in_a_limit_by_the_price(alerts):
    page = alerts()
    open_form(page, "PETR4")
    price = page.locator("[data-part=now]").get_attribute("data-price-now")

    with page.expect_response(re.compile("/alerts/preview/")):
        page.get_by_role("group", name="Valores para Subir até").get_by_text("+5%").click()

    filled = float(page.locator("[name=venda]").input_value().replace(",", "."))
    assert abs(filled - float(price) * 1.05) < 0.2  # the price may have moved
    expect(page.locator(".promise")).to_contain_text("PETR4 subir até R$")
