"""Alerts in a real browser: created, fired by the simulated market, counted by the bell."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import BLANK
from tests.e2e.people import log_in_new_user
from tests.e2e.phone import PHONE, WIDTH, content_widths


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
    expect(page.locator(".chart-box")).to_have_attribute("data-state", "ready", timeout=20_000)
    legend = page.locator("[data-part=legend]").inner_text()
    return float(legend.split("·")[1].strip().replace(".", "").replace(",", "."))


def format_price(price: float) -> str:
    return f"{price:.2f}".replace(".", ",")


def wait_until_live(page: Page) -> None:
    """Wait for the socket: the browser logs an error if it is closed before it is open."""
    expect(page.locator("[data-market-status] .badge-feed")).to_have_text("Ao vivo", timeout=20_000)


def save(page: Page) -> None:
    page.get_by_role("button", name="Criar alerta").click()
    page.wait_for_url("**/alerts/")
    wait_until_live(page)


def test_alert_fires_in_the_simulated_market_and_the_bell_counts_it(alerts):
    page = alerts()
    page.get_by_role("link", name="Criar o primeiro alerta").click()
    price = open_form(page, "PETR4")
    page.fill("[name=compra]", format_price(price * 3))
    expect(page.locator(".promise")).to_have_text(
        re.compile(
            r"^Aviso quando PETR4 cair a R\$.*olhando cada cotação, uma vez, até \d\d/\d\d/\d{4}"
        )
    )
    page.check("[name=fires_if_beyond]")
    save(page)

    row = page.locator("tr[data-symbol=PETR4]")
    expect(page.locator("[data-bell] [data-part=count]")).to_have_text("1", timeout=20_000)
    expect(row.locator(".state")).to_have_text("disparado")  # without a reload
    row.get_by_role("link", name="Histórico do alerta de PETR4").click()
    expect(page.get_by_role("heading", name="Disparos")).to_be_visible()
    wait_until_live(page)
    expect(page.locator("main table tbody tr")).to_have_count(1)
    expect(page.locator("main table tbody")).to_contain_text("No site: entregue")


def test_firing_changes_every_open_page_of_its_owner(alerts):
    page = alerts()
    listed, triggered, history, graph = (page.context.new_page() for _page in range(4))
    price = open_form(page, "PETR4")
    page.fill("[name=compra]", format_price(price * 0.3))
    page.fill("[name=note]", "hora de comprar")
    save(page)
    triggered.goto("/alerts/?status=triggered")
    expect(triggered.locator("[data-refresh=rows]")).to_contain_text("Nenhum alerta neste estado")
    listed.goto("/alerts/")
    history.goto("/alerts/")
    history.get_by_role("link", name="Histórico do alerta de PETR4").click()
    graph.goto("/graph?ticker=PETR4")
    for other in (listed, triggered, history, graph):
        wait_until_live(other)
        expect(other.locator("[data-bell]")).to_have_attribute("data-ready", "")

    with graph.expect_response(re.compile("/alerts/marks"), timeout=30_000) as marks:
        page.get_by_role("link", name="Editar o alerta de PETR4").click()
        page.fill("[name=compra]", format_price(price * 3))
        page.check("[name=fires_if_beyond]")
        page.get_by_role("button", name="Salvar").click()

    assert len(marks.value.json()["firings"]) == 1
    for other in (listed, triggered):
        expect(other.locator("tr[data-symbol=PETR4] .state")).to_have_text("disparado")
        expect(other.locator(".alerts-filters")).to_contain_text("Disparados 1")
    expect(history.locator("[data-refresh=firings] tbody tr")).to_have_count(1)
    expect(history.locator("[data-refresh=facts] .state")).to_have_text("disparado")
    expect(listed.locator(".toast")).to_contain_text("hora de comprar")
    shown = triggered.locator("tr[data-symbol=PETR4] [data-field=price]")
    before = shown.inner_text()
    expect(shown).not_to_have_text(before)  # its symbol is followed now


def test_price_that_crosses_later_fires(alerts):
    page = alerts()
    price = open_form(page, "VALE3")
    page.fill("[name=venda]", format_price(price * 0.3))
    page.check("[name=fires_if_beyond]")
    page.fill("[name=hold_minutes]", "0")
    page.select_option("[name=recurrence]", "every")
    save(page)

    expect(page.locator("[data-bell] [data-part=count]")).to_have_text("1", timeout=20_000)
    page.reload()
    wait_until_live(page)
    expect(page.locator("tr[data-symbol=VALE3] .state")).to_have_text("ativo")


def test_backtest_is_updated_while_typing(alerts):
    page = alerts()
    price = open_form(page, "PETR4")
    page.fill("[name=venda]", format_price(price * 1.02))
    expect(page.locator(".would")).to_contain_text(re.compile(r"nos últimos 12 meses\s*\d+ vez"))
    first = page.locator(".promise").inner_text()
    page.fill("[name=venda]", format_price(price * 0.5))
    expect(page.locator(".promise")).not_to_have_text(first)
    expect(page.locator("#preview .banner-warning")).to_contain_text("espera a próxima vez")
    page.fill("[name=ativo]", "VALE3")
    expect(page.locator(".promise")).to_contain_text("VALE3")


def test_row_is_live_and_its_alert_can_be_paused_and_deleted(alerts):
    page = alerts()
    price = open_form(page, "ITUB4")
    page.fill("[name=compra]", format_price(price * 0.5))
    save(page)

    distance = page.locator("[data-distance=compra]")
    expect(distance).to_have_text(re.compile(r"^faltam R\$\s\d"))
    before = distance.inner_text()
    expect(distance).not_to_have_text(before, timeout=20_000)
    page.get_by_role("button", name="Pausar o alerta de ITUB4").click()
    expect(page.locator("tr .state")).to_have_text("pausado")
    wait_until_live(page)
    page.get_by_role("button", name="Reativar o alerta de ITUB4").click()
    expect(page.locator("tr .state")).to_have_text("ativo")
    wait_until_live(page)
    page.get_by_role("link", name="Apagar o alerta de ITUB4").click()
    page.get_by_role("button", name="Apagar").click()
    expect(page.get_by_role("heading", name="Você ainda não tem alertas")).to_be_visible()


def test_form_works_without_javascript(open_page, alerts):
    state = alerts().context.storage_state()
    page = open_page("/create-alert/?ativo=PETR4", java_script_enabled=False, storage_state=state)
    page.fill("[name=compra]", "1,50")
    page.get_by_role("button", name="Ver o que ele faria").click()
    expect(page.locator(".promise")).to_contain_text("PETR4 cair a R$")
    page.get_by_role("button", name="Criar alerta").click()
    expect(page.locator("tr[data-symbol=PETR4] [data-distance]")).to_contain_text("faltam R$")


def test_alert_pages_fit_a_phone(alerts):
    page = alerts(**PHONE)
    price = open_form(page, "PETR4")
    page.fill("[name=compra]", format_price(price * 0.9))
    page.fill("[name=change_up_pct]", "3")
    expect(page.locator(".promise")).to_be_visible()
    widths = content_widths(page)
    save(page)
    expect(page.get_by_role("link", name="Editar o alerta de PETR4")).to_be_visible()
    widths |= content_widths(page)
    page.get_by_role("link", name="Histórico do alerta de PETR4").tap()
    expect(page.get_by_role("heading", name="Nenhum disparo ainda")).to_be_visible()
    wait_until_live(page)
    assert widths | content_widths(page) == {WIDTH}
