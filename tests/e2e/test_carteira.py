"""The live carteira in a real browser: its arithmetic, its quotes, its next contribution."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import BLANK
from tests.e2e.pausing import paused
from tests.e2e.people import log_in_new_user, post_form
from tests.e2e.phone import PHONE, WIDTH, content_widths
from tests.e2e.test_modules import open_html  # noqa: F401 - a fixture
from tests.instances import wait_for

CASES = json.loads(
    (Path(__file__).parents[2] / "mainapp/portfolio/tests/cases.json").read_text(encoding="utf-8")
)
EMPTY = '<!doctype html><html lang="pt-BR"><title>.</title></html>'
VALUE = """async ({ holdings, quotes, groups }) => {
    const { Portfolio } = await import("/static/mainapp/js/portfolio/valuation.js");
    const bars = await import("/static/mainapp/js/portfolio/bars.js");
    const { fromUnits } = await import("/static/mainapp/js/core/number.js");
    const write = (values) => Object.fromEntries(Object.entries(values).map(
        ([name, value]) => [name, typeof value === "bigint" ? fromUnits(value) : value]));
    const portfolio = new Portfolio(holdings);
    for (const { symbol } of holdings) portfolio.set(symbol, quotes[symbol]);
    const totals = portfolio.totals();
    const rows = [...portfolio.rows.values()];
    const shares = bars.shareBars(rows);
    return {
        bars: Object.fromEntries([...bars.resultBars(rows)].map(([symbol, { start, width }]) =>
            [symbol, [start, width, shares.get(symbol).actual, shares.get(symbol).ideal]])),
        totals: write({ ...totals, total_value: totals.total }),
        rows: rows.map(write),
        groups: Object.fromEntries(Object.keys(groups).map((by) => [by, portfolio.slices(by)
            .map(({ key, total, pct }) => [key, fromUnits(total), fromUnits(pct)])])),
    };
}"""


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_browser_and_server_compute_the_same_values(open_html, case):  # noqa: F811 - the fixture
    computed = open_html(EMPTY).evaluate(VALUE, case)

    assert computed["groups"] == case["groups"]
    assert computed["bars"] == case["bars"]
    for row, expected in zip(computed["rows"], case["rows"], strict=True):
        assert {name: row[name] for name in expected} == expected
    assert {name: computed["totals"][name] for name in case["totals"]} == case["totals"]
    assert computed["totals"]["unquoted"] == len(case["left_out"])


# The page ----------------------------------------------------------------------------------------

HOLDINGS = [("PETR4", "100", "30,12"), ("VALE3", "40,5", "70,55"), ("ITUB4", "235", "21,60")]
# Collects every figure of the rows, the foot, the summary and the divisions. The live page and the
# server's page must agree on all of them. Cells of rows that the script adds have no spaces between
# them, so spaces do not count.
READ = """(root) => {
    const all = (selector) => [...root.querySelectorAll(selector)];
    const rows = all(".holdings tr[data-symbol] [data-field]:not([data-field=age])");
    const bars = all("[data-bar] rect, [data-bar] path").map((it, i) => [
        `${i}.${it.getAttribute("class")}`,
        ["data-side", "x", "width", "d"].map((name) => it.getAttribute(name)).join()]);
    const named = [
        ...rows.map((it) => [`${it.closest("tr").dataset.symbol}.${it.dataset.field}`, it]),
        ...all("[data-sum]").map((it, i) => [`${i}.${it.dataset.sum}`, it]),
        ...all("[data-slice]").map((it) =>
            [`${it.closest("figure").dataset.division}.${it.dataset.slice}`, it]),
        ...all(".left-out:not([hidden])").map((it) => [it.dataset.part, it]),
    ];
    const texts = named.map(([name, it]) => [name, it.textContent.replace(/\\s/g, "")]);
    return Object.fromEntries([...texts, ...bars]);
}"""
RENDERED = f"""async () => ({READ})(new DOMParser().parseFromString(
    await (await fetch("/carteira")).text(), "text/html"))"""


def add_holding(page: Page, symbol: str, quantity: str, average: str) -> None:
    numbers = {"quantidade": quantity, "preco_medio": average, "nota": "5"}
    assert post_form(page, "/create-carteira/", ativo=symbol, **numbers).status == 302


def reload_with_choices(page: Page) -> None:
    """Load the page again once the server has the choices for the table."""
    expect(page.locator("form[aria-busy=true]")).to_have_count(0)
    page.reload()


def wait_until_live(page: Page) -> None:
    expect(page.locator("[data-market-status] .badge-feed")).to_have_text("Ao vivo")
    expect(page.locator(".holdings tr[data-unquoted]")).to_have_count(0)


@pytest.fixture
def carteira(open_page):
    """Return `carteira(**options)`: the page of a new user with three stocks."""

    def open_(**options) -> Page:
        page = open_page(BLANK, **options)
        log_in_new_user(page, "/carteira")
        for row in HOLDINGS:
            add_holding(page, *row)
        page.goto("/carteira")
        wait_until_live(page)
        return page

    return open_


def test_first_stock_is_added_from_the_empty_page_and_is_live(open_page):
    page = open_page(BLANK)
    log_in_new_user(page, "/carteira")
    expect(page.get_by_role("heading", name="Sua carteira está vazia")).to_be_visible()
    page.get_by_role("link", name="Adicionar o primeiro ativo").click()
    page.fill("[name=ativo]", "PETR4")
    page.fill("[name=quantidade]", "1000")
    page.fill("[name=preco_medio]", "25,5")
    page.fill("[name=nota]", "10")
    page.click("main form[method=post] button[type=submit]")
    page.wait_for_url("**/carteira")

    wait_until_live(page)
    total = page.locator(".wealth [data-sum=total]")
    before = total.inner_text()
    expect(total).not_to_have_text(before)
    assert re.fullmatch(r"R\$\s\d{2}\.\d{3},\d\d", total.inner_text())


def test_live_page_equals_the_rendered_page(carteira, site):
    page = carteira()
    total = page.locator("tr[data-symbol=ITUB4] [data-field=total]")
    before = total.inner_text()
    expect(total).not_to_have_text(before)
    with paused(site.child("pregao: worker")):
        badge = page.locator("[data-market-status] .badge-feed")
        expect(badge).to_have_text(re.compile("^Desatualizado"))
        # Rows out of view are written when they come into it.
        page.locator("tbody tr[data-symbol]").last.scroll_into_view_if_needed()
        rendered = page.evaluate(RENDERED)
        wait_for(lambda: page.evaluate(f"({READ})(document)") == rendered, 10, "the same figures")
        live = page.evaluate(f"({READ})(document)")
        expect(page.locator("html")).to_have_attribute("data-prices", "stale")

    bars = {name: form for name, form in live.items() if name.endswith(("-fill", "-ideal"))}
    assert len(bars) == 3 * 3
    assert len({form for name, form in bars.items() if name.endswith("-fill")}) > 3
    assert len(live) == 3 * (13 + 6) + 16 + 3 + 3 + 2  # rows, bars, sums, slices
    assert live == rendered
    expect(page.locator("[data-market-status] .badge-feed")).to_have_text("Ao vivo")


def test_the_page_works_without_javascript(open_page, carteira):
    page = carteira()
    state = page.context.storage_state()
    page = open_page("/carteira", java_script_enabled=False, storage_state=state)
    expect(page.locator(".holdings tr[data-symbol=PETR4] [data-field=total]")).to_have_text(
        re.compile(r"\d,\d\d")
    )
    expect(page.get_by_role("button", name="Ocultar valores")).to_be_hidden()
    page.get_by_label("Quanto você quer investir agora?").fill("1.000")
    page.get_by_role("button", name="Calcular").click()
    expect(page.locator("[data-part=aporte-answer]")).to_contain_text("Gasta R$")
    expect(page.locator(".wealth [data-sum=total]")).to_have_text(re.compile(r"^R\$\s\d"))


def test_next_contribution_is_shown_in_place_and_can_be_copied(carteira):
    page = carteira()
    page.evaluate("window.isSamePage = true")
    amount = page.get_by_label("Quanto você quer investir agora?")
    answer = page.locator("[data-part=aporte-answer]")
    for typed, message in (
        ("mil", "Não entendemos"),
        ("-3", "maior que zero"),
        ("9" * 20, "máximo"),
    ):
        amount.fill(typed)
        amount.press("Enter")
        expect(answer.get_by_role("alert")).to_contain_text(message)
        expect(amount).to_have_attribute("aria-invalid", "true")
        expect(amount).to_be_focused()

    amount.fill("1.000,00")
    amount.press("Enter")
    expect(answer.locator("[data-part=plan] tbody tr")).not_to_have_count(0)
    expect(amount).not_to_have_attribute("aria-invalid", re.compile("."))
    cents = [
        int(re.sub(r"\D", "", text))
        for text in answer.locator(".plan-sum strong").all_inner_texts()
    ]
    assert sum(cents) == 100_000

    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for has_clipboard_api in (True, False):
        if not has_clipboard_api:
            page.evaluate("navigator.clipboard.writeText('')")
            page.evaluate("void (navigator.clipboard.writeText = () => Promise.reject(Error()))")
            page.locator("[data-part=copied]").evaluate("(said) => { said.textContent = ''; }")
        page.get_by_role("button", name="Copiar a lista").click()
        expect(page.locator("[data-part=copied]")).to_have_text("Lista copiada.")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert re.match(r"\d+ [A-Z]{4}\dF? a R\$\s\d", copied), copied
        assert "\nTotal: R$" in copied.replace("\r", "")
    assert page.evaluate("window.isSamePage")


def test_contribution_after_the_session_ended_leads_to_the_login(carteira):
    page = carteira()
    page.context.clear_cookies()
    page.get_by_label("Quanto você quer investir agora?").fill("1000")
    page.get_by_role("button", name="Calcular").click()
    page.wait_for_url(re.compile(r"/login/\?next=/carteira%3Faporte%3D1000"))


def test_sorting_and_hidden_columns_survive_a_reload(carteira):
    page = carteira()
    symbols = page.locator(".holdings tbody .ticker")
    expect(symbols).to_have_text(["ITUB4", "PETR4", "VALE3"])
    head = page.get_by_role("columnheader", name="Qtde.")
    head.get_by_role("button").press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    expect(symbols).to_have_text(["ITUB4", "PETR4", "VALE3"])
    head.get_by_role("button").press("Space")
    expect(head).to_have_attribute("aria-sort", "ascending")
    expect(symbols).to_have_text(["VALE3", "PETR4", "ITUB4"])

    page.get_by_role("button", name="Colunas").click()
    page.get_by_role("checkbox", name="Preço médio").uncheck()
    expect(page.locator("[data-col=average]:visible")).to_have_count(0)
    reload_with_choices(page)
    wait_until_live(page)
    expect(symbols).to_have_text(["VALE3", "PETR4", "ITUB4"])
    expect(page.locator("[data-col=average]:visible")).to_have_count(0)
    expect(page.locator("tfoot [data-col=total]")).to_be_visible()


def test_hidden_values_stay_hidden_until_shown_again(carteira):
    page = carteira()
    button = page.get_by_role("button", name="Ocultar valores")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    page.reload()
    total = page.locator(".holdings tr[data-symbol=PETR4] [data-field=total]")
    expect(total).to_have_css("visibility", "hidden")
    expect(page.locator("tr[data-symbol=PETR4] [data-field=actual_pct]")).to_be_visible()
    button.click()
    expect(total).to_have_css("visibility", "visible")


def test_phone_row_opens_a_sheet_with_live_figures_and_actions(carteira):
    page = carteira(**PHONE)
    row = page.locator(".holdings tr[data-symbol=PETR4]")
    for column in ("quantity", "price", "total", "result"):
        expect(row.locator(f"[data-col={column}]")).to_be_visible()
    expect(row.locator("[data-col=average]")).to_be_hidden()

    row.tap()

    sheet = page.get_by_role("dialog", name=re.compile("^PETR4"))
    facts = sheet.locator(".figure")
    expect(facts.filter(has_text="Preço médio")).to_contain_text("30,12")
    price = facts.filter(has=page.get_by_text("Preço", exact=True)).locator("dd .price")
    before = price.inner_text()
    expect(price).not_to_have_text(before)
    links = sheet.get_by_role("link")
    expect(links).to_have_text(
        ["Ver gráfico e números", "Registrar compra ou venda", "Editar", "Criar alerta", "Remover"]
    )
    assert content_widths(page) == {WIDTH}
    sheet.get_by_role("button", name="Fechar").tap()
    expect(sheet).to_be_hidden()
    expect(page.get_by_role("button", name="Mais de PETR4")).to_be_focused()

    row.tap()
    links.filter(has_text="Remover").tap()
    page.get_by_role("button", name="Remover").tap()
    expect(page.get_by_text("PETR4 saiu da sua carteira.")).to_be_visible()
    expect(row).to_have_count(0)


def test_contribution_fits_a_phone(carteira):
    page = carteira(**PHONE)
    page.get_by_label("Quanto você quer investir agora?").fill("1000")
    page.get_by_role("button", name="Calcular").tap()
    expect(page.locator("[data-part=plan]")).to_be_visible()
    assert content_widths(page) == {WIDTH}
    assert page.locator("[data-part=plan]").evaluate(
        "(table) => table.offsetWidth <= table.parentElement.clientWidth"
    )


def test_figures_move_no_column_when_prices_change(carteira):
    page = carteira()
    lefts = """() => [...document.querySelectorAll(".holdings thead th:not([hidden])")]
        .map((cell) => cell.getBoundingClientRect().left)"""
    before = page.evaluate(lefts)
    page.locator(".holdings tr[data-symbol=PETR4] [data-field=total]").evaluate(
        "(it) => { it.textContent = '9.999.999,99'; }"
    )
    assert page.evaluate(lefts) == before


def test_columns_hidden_at_first_can_be_shown(carteira):
    page = carteira()
    year = page.get_by_role("columnheader", name="52 semanas")
    expect(year).to_be_hidden()
    page.get_by_role("button", name="Colunas").click()
    page.get_by_role("checkbox", name="52 semanas").check()
    expect(year).to_be_visible()
    reload_with_choices(page)
    wait_until_live(page)
    expect(year).to_be_visible()


def test_printed_prices_have_times_and_no_column_is_cut(carteira):
    page = carteira(viewport={"width": 1280, "height": 900})
    page.emulate_media(media="print")
    # Read at once, as a print is taken: the next batch writes ages again.
    age = page.locator(".holdings tr[data-symbol=PETR4] [data-field=age]").evaluate(
        "(age) => { window.dispatchEvent(new Event('beforeprint')); return age.innerText; }"
    )
    assert re.fullmatch(r"\d\d/\d\d \d\d:\d\d:\d\d", age)
    page.set_viewport_size({"width": 1000, "height": 700})  # A4, landscape
    assert page.evaluate("document.documentElement.scrollWidth") == 1000


def test_example_leads_from_the_empty_page_to_a_full_one(open_page):
    page = open_page(BLANK)
    log_in_new_user(page, "/carteira")
    page.get_by_role("button", name=re.compile("carteira de exemplo")).click()
    page.get_by_role("button", name="Importar", exact=True).click()
    page.wait_for_url("**/carteira")
    page.locator(".holdings tfoot").scroll_into_view_if_needed()  # far rows are not written
    wait_until_live(page)
    expect(page.locator(".holdings tbody tr")).to_have_count(8)
    expect(page.locator("[data-treemap] .treemap-tile[data-symbol]")).to_have_count(8)
    expect(page.locator("[data-mover]")).to_have_count(3)


def test_suggestions_fill_in_the_form(open_page):
    page = open_page(BLANK)
    log_in_new_user(page, "/create-carteira/")
    field = page.get_by_role("combobox", name="Ativo", exact=True)
    field.fill("itau unib")
    option = page.get_by_role("option", name=re.compile("^ITUB4"))
    expect(option).to_contain_text("Itaú Unibanco PN")
    field.press("ArrowDown")
    field.press("Enter")
    expect(field).to_have_value(re.compile("^ITUB[34]$"))
    page.get_by_label("Quantidade").fill("10")
    page.get_by_label("Preço médio").fill("30")
    page.get_by_label("Nota").fill("5")
    page.get_by_role("button", name="Salvar").click()
    expect(page.get_by_text("entrou na sua carteira")).to_be_visible()
