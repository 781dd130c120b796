import re
from decimal import Decimal

import pytest

from mainapp.core.forms import parse_number
from mainapp.core.templatetags.formats import NOTHING, SPACE
from mainapp.market.tests.factories import NOON, LastQuoteFactory, StockFactory
from mainapp.portfolio.allocation import Slice
from mainapp.portfolio.models import Carteira
from mainapp.portfolio.selectors.page import SORT_KEYS, ordered, portfolio_of
from mainapp.portfolio.templatetags.carteira import big_brl, exact
from mainapp.portfolio.views.carteira import MERGED, merge_small

pytestmark = pytest.mark.django_db


def hold(owner, symbol, quantity="100", average="30", nota=5, **quote):
    stock = StockFactory(symbol=symbol, sector=quote.pop("sector", ""))
    if quote:
        LastQuoteFactory(stock=stock, **{"previous_close": None, **quote})
    return Carteira.objects.create(
        owner=owner,
        ativo=stock,
        quantidade=Decimal(quantity),
        preco_medio=Decimal(average),
        nota=nota,
    )


@pytest.fixture
def page(client, alice):
    """Return a function that gives alice's page, its spaces plain."""
    client.force_login(alice)

    def get(query="", **headers):
        response = client.get(f"/carteira{query}", headers=headers)
        assert response.status_code == 200
        return response.content.decode().replace("\N{NO-BREAK SPACE}", " ")

    return get


def part(pattern, html):
    """Return the one part of the page that a pattern finds: its group, or all of it."""
    match = re.search(pattern, html, re.S)
    assert match, f"{pattern} is not there"
    return match[match.re.groups]


def cells(html, symbol):
    """Return a row's figures by field."""
    row = part(rf'<tr role="row" data-symbol="{symbol}".*?</tr>', html)
    found = re.findall(r'data-field="(\w+)"[^>]*>(?:<time[^>]*>)?([^<]*)', row)
    return {name: text.strip() for name, text in found}


def sums(html):
    found = re.findall(r'data-sum="(\w+)"[^>]*>([^<]*)', part(r"<tfoot.*?</tfoot>", html))
    return dict(found)


def test_anonymous_visitor_is_redirected_to_the_login_and_back(client):
    response = client.get("/carteira")
    assert response.status_code == 302
    assert response["location"] == "/login/?next=/carteira"


def test_empty_portfolio_shows_an_explanation(page):
    html = page()
    assert "Sua carteira está vazia" in html
    assert 'href="/create-carteira/"' in html
    assert "portfolio.js" not in html


def test_each_row_shows_its_value_and_its_gap_to_the_ideal(page, alice):
    hold(
        alice,
        "PETR4",
        average="30.12345678",
        nota=3,
        price=Decimal("38.42"),
        previous_close=Decimal("38.21"),
        year_low=Decimal("28.10"),
        year_high=Decimal("42.99"),
    )
    hold(alice, "VALE3", quantity="40.5", nota=1, price=Decimal("61.30"))
    html = page()

    row = cells(html, "PETR4")
    assert row.pop("age").startswith("há ")
    assert row == {
        "price": "38,42",
        "total": "3.842,00",
        "actual_pct": "60,75%",
        "ideal_pct": "75,00%",
        "ideal": "4.743,49",
        "difference": "+901,49",
        "order": "Abaixo do ideal",
        "day_change": "+21,00",
        "day_change_pct": "+0,55%",
        "result": "+829,65",
        "result_pct": "+27,54%",
        "year_low": "28,10",
        "year_high": "42,99",
    }
    assert "30,12345678" in html
    assert ">40,5<" in html
    assert cells(html, "VALE3")["order"] == "Ideal atingido"


def test_columns_add_up_to_their_totals(page, alice):
    for symbol, price in (("PETR4", "33.34"), ("VALE3", "33.33"), ("ITUB4", "33.33")):
        hold(alice, symbol, quantity="1", nota=1, price=Decimal(price))
    html = page()
    foot = sums(html)
    for name in ("total", "ideal", "difference", "actual_pct", "ideal_pct"):
        rows = [cells(html, symbol)[name] for symbol in ("PETR4", "VALE3", "ITUB4")]
        texts = [text.replace("\N{MINUS SIGN}", "-").strip("%") for text in [*rows, foot[name]]]
        *parts, whole = (parse_number(text) for text in texts)
        assert sum(parts) == whole, name
    assert foot["ideal_pct"] == "99,99%"


def test_row_without_a_quote_is_marked_and_left_out_of_the_totals(page, alice):
    hold(alice, "PETR4", price=Decimal("38.42"))
    hold(alice, "VALE3")
    html = page()
    assert cells(html, "VALE3")["price"] == "sem cotação"
    assert cells(html, "VALE3")["total"] == NOTHING
    assert sums(html)["total"] == "3.842,00"
    assert sums(html)["nota"] == "5"
    assert '<p class="left-out" data-part="unquoted">1 ativo sem cotação ficou fora' in html


def test_holding_of_a_code_that_ended_stays_readable(page, alice):
    stock = StockFactory(symbol="AERO11", kind="", is_active=False)
    hold(alice, "AERO11", price=Decimal("10.00"))

    html = page()

    assert cells(html, "AERO11")["price"] == "10,00"
    assert f"{stock.symbol} deixou de ser negociado." in html
    assert "tipo desconhecido" in html


def test_row_without_a_previous_close_does_not_count_in_the_days_change(page, alice):
    hold(alice, "PETR4", price=Decimal("38.42"), previous_close=Decimal("38.21"))
    hold(alice, "VALE3", price=Decimal("61.30"))
    html = page()
    assert cells(html, "VALE3")["day_change"] == NOTHING
    assert sums(html)["day_change"] == "+21,00"
    assert 'data-part="undated">1 ativo sem fechamento anterior ficou fora' in html
    assert 'data-part="unquoted" hidden>' in html


def test_other_users_rows_and_quotes_of_the_other_kind_are_not_shown(page, alice, bob):
    hold(bob, "VALE3", price=Decimal("61.30"))
    hold(alice, "PETR4", price=Decimal("38.42"), kind="real")
    html = page()
    assert "VALE3" not in html
    assert cells(html, "PETR4")["price"] == "sem cotação"


@pytest.mark.parametrize("rows", [3, 30])
def test_the_page_costs_five_queries(page, alice, rows, django_assert_num_queries):
    for stock in StockFactory.create_batch(rows):
        hold(alice, stock.symbol, price=Decimal("10.00"), previous_close=Decimal("9.90"))
    page()
    with django_assert_num_queries(5):  # the session, the user, the rows, the quotes, the day
        page("?aporte=1000")


def test_smallest_slices_are_merged(page, alice):
    for n, stock in enumerate(StockFactory.create_batch(10)):
        hold(alice, stock.symbol, quantity=str(10 + n), price=Decimal("10.00"))
    html = page()
    by_stock = part(r'data-division="symbol".*?</figure>', html)
    assert by_stock.count("<tr data-slice") == 8
    assert "Outros" in by_stock


def test_merged_slices_keep_their_total():
    made = [Slice(key=str(n), total=Decimal(n), pct=Decimal("1.00")) for n in range(12, 0, -1)]
    *largest, merged = merge_small(made)
    assert [piece.key for piece in largest] == ["12", "11", "10", "9", "8", "7", "6"]
    assert (merged.key, merged.total, merged.pct) == (MERGED, Decimal(15), Decimal("19.23"))
    assert merge_small(made[:8]) == made[:8]


def test_sectors_are_the_broad_ones(page, alice):
    hold(alice, "ITUB4", price=Decimal("33.00"), sector="Financeiro (bancos)")
    hold(alice, "B3SA3", price=Decimal("14.00"), sector="Financeiro (bolsa)")
    by_sector = part(r'data-division="sector".*?</figure>', page())
    assert by_sector.count("<tr data-slice") == 1
    assert "100,00%" in by_sector


def test_rows_have_bars_of_their_result_and_share(page, alice):
    hold(alice, "PETR4", quantity="100", average="30", nota=3, price=Decimal("32.00"))
    hold(alice, "VALE3", quantity="100", average="70", nota=1, price=Decimal("66.00"))
    html = page()

    def bar(symbol, name):
        row = part(rf'<tr role="row" data-symbol="{symbol}".*?</tr>', html)
        return part(rf'data-bar="{name}".*?</svg>', row)

    assert 'data-side="up" x="500" width="250"' in bar("PETR4", "result")
    assert 'data-side="down" x="0" width="500"' in bar("VALE3", "result")
    assert 'class="bar-fill" width="435"' in bar("PETR4", "share")  # 32.65 of 75.00
    assert 'd="M1000 0V10"' in bar("PETR4", "share")


def test_treemap_has_a_row_for_each_holding_the_most_valuable_first(page, alice):
    hold(alice, "PETR4", quantity="1", price=Decimal("25.00"), sector="Petróleo (refino)")
    hold(alice, "VALE3", quantity="3", price=Decimal("25.00"), previous_close=Decimal("24.00"))
    hold(alice, "ITUB4")
    table = part(r'data-treemap="allocation".*?</figure>', page())

    rows = re.findall(r'data-symbol="(\w+)".*?data-group="(.*?)" data-weight="(.*?)".*?>', table)
    assert rows == [("VALE3", "", "75.00"), ("PETR4", "Petróleo", "25.00"), ("ITUB4", "", "0")]
    assert re.findall(r"data-weight-cell>(.*?)<", table) == ["75,00%", "25,00%", NOTHING]


def test_holdings_that_moved_the_day_most_come_first(page, alice):
    for symbol, change in (("AAAA3", 1), ("BBBB3", -9), ("CCCC3", 5), ("DDDD3", 3), ("EEEE3", 0)):
        close = Decimal(20)
        hold(alice, symbol, quantity="10", price=close + change, previous_close=close)

    assert re.findall(r'data-symbol="(\w+)" data-mover', page()) == ["BBBB3", "CCCC3", "DDDD3"]


@pytest.mark.parametrize(("quantity", "is_wide"), [("999999", False), ("1000000", True)])
def test_columns_are_wider_from_ten_million_reais(page, alice, quantity, is_wide):
    hold(alice, "PETR4", quantity=quantity, price=Decimal("10.00"))
    assert ("data-wide" in page()) == is_wide


def test_unit_and_cents_of_a_large_amount_are_small():
    unit = f"R${SPACE}"
    assert big_brl(Decimal("1234.5")) == f"<small>{unit}</small>1.234<small>,50</small>"
    assert big_brl(None) == NOTHING


# The next contribution ---------------------------------------------------------------------------


def test_contribution_is_rendered_in_the_page_and_as_a_fragment(page, alice):
    hold(alice, "PETR4", nota=1, price=Decimal("10.00"))
    hold(alice, "VALE3", nota=1, quantity="400", price=Decimal("10.00"))
    html = page("?aporte=2.500,00")
    bought = part(r'data-part="plan">.*?</table>', html)
    assert re.findall(r">([^<>]*\d,\d\d%?)<", bought) == ["10,00", "2.500,00", "46,67%"]
    assert "PETR4F</span>" in bought
    assert 'value="2.500,00"' in html
    alone = page("?aporte=2.500,00", hx_request="true")
    assert "<html" not in alone
    assert "não recomendação de investimento" in alone
    listed = part(r'data-part="plan-text" hidden>(.*?)</pre>', alone)
    assert listed == (
        "200 PETR4 a R$ 10,00\n50 PETR4F a R$ 10,00\nTotal: R$ 2.500,00; sobram R$ 0,00"
    )


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("-5", "maior que zero"),
        ("0", "maior que zero"),
        ("mil", "Não entendemos este número"),
        ("NaN", "Não entendemos este número"),
        ("1e", "Não entendemos este número"),
        ("9" * 30, "no máximo R$ 1.000.000.000"),
        ("", "Digite quanto"),
        ("<script>", "Não entendemos este número"),
    ],
)
def test_invalid_contribution_shows_an_error(page, alice, typed, message):
    hold(alice, "PETR4", price=Decimal("10.00"))
    html = page(f"?aporte={typed}")
    assert message in part(r'id="aporte-error" role="alert">(.*?)</p>', html)
    assert "<script>" not in html.split("<main")[1]


@pytest.mark.parametrize(
    ("rows", "cash", "message"),
    [
        ([("PETR4", 0, "10.00")], "100", "Todas as notas são zero"),
        ([("PETR4", 5, None)], "100", "Nenhum ativo da carteira tem cotação"),
        ([("PETR4", 5, "10.00"), ("VALE3", 9, "11.00")], "5", "não compra nenhuma unidade"),
    ],
)
def test_reason_for_buying_nothing_is_shown(page, alice, rows, cash, message):
    for symbol, nota, price in rows:
        hold(alice, symbol, nota=nota, **({"price": Decimal(price)} if price else {}))
    assert message in page(f"?aporte={cash}")


def test_answer_shows_the_time_of_its_quotes(page, alice):
    hold(alice, "PETR4", price=Decimal("10.00"), quoted_at=NOON)
    hold(alice, "VALE3")
    html = page("?aporte=1000")
    assert "a mais nova de 10/03 às 12:00:00 (São Paulo)" in html
    assert "Sem cotação, ficaram fora da conta: VALE3." in html


@pytest.mark.parametrize(
    ("value", "least", "text"),
    [("12.34500000", 2, "12,345"), ("12", 2, "12,00"), ("1000", 0, "1.000"), ("40.50", 0, "40,5")],
)
def test_trailing_zeros_are_dropped(value, least, text):
    assert exact(Decimal(value), least) == text


def test_columns_and_order_are_chosen_and_kept(client, alice):
    for symbol, quantity in (("PETR4", "10"), ("VALE3", "30"), ("ITUB4", "20")):
        hold(alice, symbol, quantity=quantity)
    client.force_login(alice)

    response = client.post("/carteira/view", {"columns": ["nota"], "sort": "-quantity"})
    shown = client.get("/carteira").context

    assert (response.status_code, response["Location"]) == (302, "/carteira")
    assert [line.holding.symbol for line in shown["lines"]] == ["VALE3", "ITUB4", "PETR4"]
    assert shown["view"].columns == ("nota",)
    assert "quantity" in shown["hidden"]


@pytest.mark.parametrize("column", SORT_KEYS)
def test_each_column_orders_the_rows(alice, column):
    hold(alice, "PETR4", price=Decimal("38.42"), previous_close=Decimal("38.21"))
    hold(alice, "VALE3")
    lines = ordered(portfolio_of(alice).lines, column, is_ascending=False)
    assert [line.holding.symbol for line in lines] == ["PETR4", "VALE3"]
