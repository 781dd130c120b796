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
    const rows = all("tr[data-symbol] [data-field]:not([data-field=age])");
    const named = [
        ...rows.map((it) => [`${it.closest("tr").dataset.symbol}.${it.dataset.field}`, it]),
        ...all("[data-sum]").map((it, i) => [`${i}.${it.dataset.sum}`, it]),
        ...all("[data-slice]").map((it) =>
            [`${it.closest("figure").dataset.division}.${it.dataset.slice}`, it]),
        ...all(".left-out:not([hidden])").map((it) => [it.dataset.part, it]),
    ];
    return Object.fromEntries(
        named.map(([name, it]) => [name, it.textContent.replace(/\\s/g, "")]));
}"""
RENDERED = f"""async () => ({READ})(new DOMParser().parseFromString(
    await (await fetch("/carteira")).text(), "text/html"))"""


def add_holding(page: Page, symbol: str, quantity: str, average: str) -> None:
    numbers = {"quantidade": quantity, "preco_medio": average, "nota": "5"}
    assert post_form(page, "/create-carteira/", ativo=symbol, **numbers).status == 302


def wait_until_live(page: Page) -> None:
    expect(page.locator("[data-market-status] .badge-feed")).to_have_text("Ao vivo")
    expect(page.locator("tr[data-unquoted]")).to_have_count(0, timeout=15_000)


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
    expect(total).not_to_have_text(before, timeout=15_000)
    assert re.fullmatch(r"R\$\s\d{2}\.\d{3},\d\d", total.inner_text())


def test_live_page_equals_the_rendered_page(carteira, site):
    page = carteira()
    total = page.locator("tr[data-symbol=ITUB4] [data-field=total]")
    before = total.inner_text()
    expect(total).not_to_have_text(before, timeout=15_000)
    with paused(site.child("pregao: worker")):
        badge = page.locator("[data-market-status] .badge-feed")
        expect(badge).to_have_text(re.compile("^Desatualizado"), timeout=10_000)
        live = page.evaluate(f"({READ})(document)")
        rendered = page.evaluate(RENDERED)
        expect(page.locator("html")).to_have_attribute("data-prices", "stale")

    assert len(live) == 3 * 13 + 16 + 3 + 3 + 2  # rows, sums, slices
    assert live == rendered
    expect(page.locator("[data-market-status] .badge-feed")).to_have_text("Ao vivo", timeout=10_000)


def test_the_page_works_without_javascript(open_page, carteira):
    page = carteira()
    state = page.context.storage_state()
    page = open_page("/carteira", java_script_enabled=False, storage_state=state)
    expect(page.locator("tr[data-symbol=PETR4] [data-field=total]")).to_have_text(
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
    symbols = page.locator("tbody .ticker")
    expect(symbols).to_have_text(["ITUB4", "PETR4", "VALE3"])
    head = page.get_by_role("columnheader", name="Qtde.")
    head.get_by_role("button").press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    expect(symbols).to_have_text(["ITUB4", "PETR4", "VALE3"])
    head.get_by_role("button").press("Space")
    expect(head).to_have_attribute("aria-sort", "ascending")
    expect(symbols).to_have_text(["VALE3", "PETR4", "ITUB4"])

    page.get_by_text("Colunas").click()
    page.get_by_role("checkbox", name="Nota").uncheck()
    page.reload()
    wait_until_live(page)
    expect(symbols).to_have_text(["VALE3", "PETR4", "ITUB4"])
    expect(page.locator("[data-col=nota]:visible")).to_have_count(0)
    expect(page.locator("tfoot [data-col=total]")).to_be_visible()


def test_hidden_values_stay_hidden_until_shown_again(carteira):
    page = carteira()
    button = page.get_by_role("button", name="Ocultar valores")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    page.reload()
    total = page.locator("tr[data-symbol=PETR4] [data-field=total]")
    expect(total).to_have_css("visibility", "hidden")
    expect(page.locator("tr[data-symbol=PETR4] [data-field=actual_pct]")).to_be_visible()
    button.click()
    expect(total).to_have_css("visibility", "visible")


def test_phone_shows_the_other_columns_behind_an_arrow(carteira):
    page = carteira(**PHONE)
    result = page.locator("tr[data-symbol=PETR4] [data-col=result]")
    expect(result).to_be_hidden()
    page.get_by_role("button", name="Mais de PETR4").tap()
    expect(result).to_be_visible()
    expect(page.get_by_role("link", name="Editar PETR4")).to_be_visible()
    page.get_by_label("Quanto você quer investir agora?").fill("1000")
    page.get_by_role("button", name="Calcular").tap()
    expect(page.locator("[data-part=plan]")).to_be_visible()
    assert content_widths(page) == {WIDTH}
