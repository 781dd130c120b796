"""Numbers, rows and merged lots."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainapp.portfolio.imports.reading import Choices, State
from mainapp.portfolio.imports.roles import IGNORED
from mainapp.portfolio.imports.sheets import Sheet
from mainapp.portfolio.tests.imported import (
    conversion,
    faults_of,
    holdings_in,
    holdings_of_text,
    outcome_of,
    sheet_of,
    table_of,
)

D = Decimal
HEADER = "Ticker;Quantidade;Preço médio\n"


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Ticker,Quantidade,Preço médio", "PETR4,100,30,10"),
        ("Ticker,Quantidade,Preço médio,Nota", "PETR4,100,30,10,7"),
        ("Ticker,Quantidade,Preço médio,Nota", "PETR4,100,30,10,"),
        ("Ticker,Quantidade,Preço médio,,", "PETR4,100,30,10,"),
        ("Ticker,Quantidade,Preço médio", "PETR4,1,000,30.10"),
        ("Ticker;Quantidade;Preço médio", "PETR4;100;30,10;sobra"),
        ("Ticker;Quantidade;Preço médio;;", "PETR4;100;30,10;;sobra"),
    ],
)
def test_row_longer_than_its_header_is_a_fault(header, row):
    faults = faults_of(f"{header}\n{row}\n")
    assert "mais longa que o cabeçalho" in faults[2][0]


def test_row_beside_longer_ones_may_have_lost_its_cents():
    text = "Ticker,Quantidade,Preço médio,Nota\nPETR4,100,30,10\nVALE3,20,61,05,7\nITUB4,5,7,3\n"
    assert set(faults_of(text)) == {2, 3}
    assert holdings_of_text(text) == {"ITUB4": (5, 7)}


def test_cents_in_the_column_of_notas_are_asked_about():
    text = "Ticker,Quantidade,Preço médio,Nota\nPETR4,100,30,10\nVALE3,20,61,05\n"
    table = table_of(text)
    assert table.state == State.DOUBT
    assert table.columns.doubts[0].role == "nota"
    chosen = Choices(roles={0: {3: "nota"}})
    assert table_of(text, choices=chosen).rows.lots[0].nota == 10
    for single in ("7", "5"):  # Excel writes 30,70 as 30,7
        assert table_of(text.replace(",10\n", f",{single}\n")).state == State.DOUBT
    assert table_of(text.replace("61,05", "61.05,7")).rows.lots[0].nota == 10


def test_cents_in_an_unused_column_are_asked_about():
    text = "Ticker,Quantidade,{price},Corretora\nPETR4,100,30,10\nVALE3,20,61,05\n"
    for price in ("PM", "Custo total"):
        assert table_of(text.format(price=price)).state == State.DOUBT
        brokers = text.format(price=price).replace(",05", ",XP")
        assert table_of(brokers).state == State.READ


@pytest.mark.parametrize(
    ("header", "bought", "sold"),
    [
        ("Operação", "Compra à vista", "Venda à vista"),
        ("Tipo", "Compra", "Venda parcial"),
        ("Lado", "Comprado", "Vendido"),
        ("Side", "Long", "Short"),
        ("D/C", "C", "D"),
        ("Coluna 7", "comprado", "vendido"),
        ("Situação", "Ativo", "Vendido"),
        ("Tipo", "C", "V"),
    ],
)
def test_words_tell_sales_from_purchases(header, bought, sold):
    text = f"Ativo;{header};Quantidade;PM\nPETR4;{bought};100;30\nPETR4;{sold};40;35\n"
    assert holdings_of_text(text) == {"PETR4": (60, 30)}


def test_operation_that_is_neither_purchase_nor_sale_is_an_error():
    text = "Ativo;Operação;Quantidade;PM\nPETR4;Compra;9;3\nVALE3;Venda;1;2\nPETR4;Bônus;1;0\n"
    assert "“Bônus” não é compra nem venda." in faults_of(text)[4]
    assert holdings_of_text(text) == {}


def test_first_sale_may_come_late():
    rows = "PETR4;Compra;1;30\n" * 250 + "PETR4;Venda à vista;40;30\n"
    text = f"Ativo;Tipo;Quantidade;PM\n{rows}"
    assert holdings_of_text(text) == {"PETR4": (210, 30)}


def test_sales_under_a_vague_title_are_never_purchases():
    text = "Ativo;Movimentação;Quantidade;PM\nPETR4;Transferência;9;3\nVALE3;Venda;1;2\n"
    assert holdings_of_text(text) == {}


@pytest.mark.parametrize("letter", ["D", "S", "V"])
def test_letters_under_a_vague_title_may_mean_something_else(letter):
    text = f"Ativo;Tipo;Quantidade;PM\nPETR4;{letter};9;3\nVALE3;{letter};1;2\n"
    assert holdings_of_text(text).keys() == {"PETR4", "VALE3"}


def test_price_in_another_currency_is_an_error():
    text = (
        "Ativo;Quantidade;PM;Moeda\nPETR4;10;5;USD\nVALE3;1;60;R$\nITUB4;1;25;BRL - Real\n"
        "ABEV3;1;12;\n"
    )
    assert faults_of(text) == {2: ["A moeda é “USD”, não o real."]}
    assert holdings_of_text(text).keys() == {"VALE3", "ITUB4", "ABEV3"}


@pytest.mark.parametrize(
    "text",
    [
        "Ticker;Quantidade;PM\nPETR4;100;30,10;;\n",
        "Ticker,Quantidade,PM\nPETR4,100,30.10,\n",
        'Ticker,Quantidade,PM\nPETR4,100,"30,10"\n',
        "Ticker;Quantidade;PM;Nota\nPETR4;100;30,10\n",
    ],
)
def test_harmless_lengths_are_accepted(text):
    assert holdings_of_text(text) == {"PETR4": (100, D("30.1"))}


def test_ignored_column_beyond_the_header_is_not_a_fault():
    text = "Ticker;Quantidade;PM\nPETR4;100;30,10;comprei na baixa\n"
    choices = Choices(roles={0: {3: IGNORED}})
    assert holdings_of_text(text, choices=choices) == {"PETR4": (100, D("30.1"))}


def test_faults_give_their_reasons():
    text = (
        "Ticker;Quantidade;Preço médio;Nota\n"
        "Tesouro Selic;1;1;1\n"
        "PETR4;abc;-5;11\n"
        ";1;1;1\n"
        "\n"
        "VALE3;;;\n"
        "ITUB4;5%;US$ 5;2,5\n"
        "BBAS3;99999999999;(5);1\n"
        "PETR4/VALE3;1;1;1\n"
        "Total;1;1;\n"
    )
    assert faults_of(text) == {
        2: ["“Tesouro Selic” não é o código de um ativo."],
        3: [
            "Quantidade: não entendemos “abc”.",
            "Preço médio: Não pode ser negativo.",
            "Nota: use um número inteiro de 0 a 10.",
        ],
        4: ["Falta o ativo."],
        6: ["Falta a quantidade.", "Falta o preço médio."],
        7: [
            "Quantidade: “5%” é um percentual.",
            "Preço médio: não entendemos “US$ 5”.",
            "Nota: use um número inteiro de 0 a 10.",
        ],
        8: [
            "Quantidade: o valor passa do limite de 9.999.999.999.",
            "Preço médio: Não pode ser negativo.",
        ],
        9: ["“PETR4/VALE3” cita mais de um ativo."],
    }
    rows = table_of(text).rows
    assert (rows.empty, rows.skipped) == ([5], [10])


def test_subtotals_of_a_stock_are_skipped():
    text = f"{HEADER}PETR4;100;30\nPETR4 Total;100;30\nTotal PETR4;100;\nTotal:;200;\n;200;\n"
    assert holdings_of_text(text) == {"PETR4": (100, 30)}
    assert table_of(text).rows.skipped == [3, 4, 5, 6]


def test_unknown_stocks_and_indices_are_faults():
    refusals = {"XXXX3": "Não conhecemos o ativo “XXXX3”."}
    assert faults_of(f"{HEADER}XXXX3;1;1\n", refusals=refusals) == {2: [refusals["XXXX3"]]}


@pytest.mark.parametrize(
    "rows", [["PETR4;100;30\n", "PETR4F;50;36\n"], ["petr4.sa;100;30\n", "PETR4;50;36\n"]]
)
def test_rows_of_one_stock_are_merged_with_a_weighted_average(rows):
    outcome = outcome_of(sheet_of(HEADER + "".join(rows)))
    assert holdings_in(outcome) == {"PETR4": (150, 32)}
    assert outcome.holdings[0].notes == ("2 linhas somadas: 100 a 30 + 50 a 36",)


def test_negative_row_lowers_the_quantity_and_leaves_the_average():
    rows = "PETR4;-60;40\nPETR4;100;30\nPETR4;50;36\n"
    outcome = outcome_of(sheet_of(HEADER + rows))
    assert holdings_in(outcome) == {"PETR4": (90, 32)}
    assert "venda de 60" in outcome.holdings[0].notes[0]


@pytest.mark.parametrize("sale", ["-60;", "-60;-", "(60);40", "60-;40"])
def test_sale_needs_no_price(sale):
    assert holdings_of_text(f"{HEADER}PETR4;100;30\nPETR4;{sale}\n") == {"PETR4": (40, 30)}


@pytest.mark.parametrize(
    ("title", "bought", "sold"),
    [
        ("C/V", "C", "V"),
        ("Operação C/V", "c", "v"),
        ("Tipo", "Compra", "Venda"),
        ("?", "buy", "Sell"),
    ],
)
def test_column_of_operations_marks_sales(title, bought, sold):
    text = (
        f"Data;{title};Ticker;Quantidade;PM\n"
        f"1/1/26;{bought};PETR4;100;30\n2/1/26;{sold};PETR4;60;40\n"
    )
    assert holdings_of_text(text) == {"PETR4": (40, 30)}


def test_dated_rows_are_merged_by_date():
    text = (
        "Data;Ticker;Quantidade;PM\n"
        "10/03/2026;PETR4;50;40\n"
        "05/01/2026;PETR4;100;30\n"
        "06/02/2026;PETR4;-100;36\n"
    )
    assert holdings_of_text(text) == {"PETR4": (50, 40)}


def test_sum_below_zero_is_a_fault():
    assert faults_of(f"{HEADER}PETR4;10;30\nPETR4;-60;40\n") == {
        2: ["As linhas vendem mais do que compram."],
        3: ["As linhas vendem mais do que compram."],
    }


def test_stock_with_an_unreadable_row_is_left_out_whole():
    text = f"{HEADER}PETR4;10;30\nPETR4;x;40\nVALE3;1;60\n"
    assert holdings_of_text(text) == {"VALE3": (1, 60)}
    assert "a soma sairia errada" in faults_of(text)[2][0]


def test_notas_that_differ_are_not_chosen_from():
    text = "Ticker;Quantidade;PM;Nota\nPETR4;1;1;5\nPETR4;1;1;7\nVALE3;1;1;5\nVALE3;1;1;\n"
    holdings = outcome_of(sheet_of(text)).holdings
    assert [each.nota for each in holdings] == [None, 5]
    assert any("notas diferentes (5, 7)" in note for note in holdings[0].notes)


def test_former_codes_become_todays_with_the_ratio_of_the_event():
    text = f"{HEADER}JBSS3;200;30,00\nBRFS3;100;20,00\nJBSS32;100;66,00\nLAME4;5;1\nOIBR9;7;1\n"
    conversions = {
        "JBSS3": conversion("JBSS32", "0.5"),
        "BRFS3": conversion("MBRF3", "0.8521"),
        "LAME4": conversion("AMER3", None),
        "OIBR9": conversion(None, None),
    }
    outcome = outcome_of(sheet_of(text), conversions=conversions)

    assert holdings_in(outcome) == {
        "JBSS32": (200, 63),
        "MBRF3": (D("85.21"), D("23.47142354")),
        "OIBR9": (7, 1),
    }
    assert [each.notes[0] for each in outcome.holdings] == [
        "virou JBSS32.",
        "virou MBRF3.",
        "virou None.",
    ]
    (fault,) = outcome.faults
    assert fault.reasons == (
        "virou AMER3. Informe a proporção acima ou use AMER3 com os valores de hoje.",
    )


@pytest.mark.parametrize(
    ("typed", "price"),
    [
        ("428.571428571429", "428.57142857"),
        ("3.333333333333333", "3.33333333"),
        ("0.000000005", "0.00000001"),
        ("30.1", "30.1"),
    ],
)
def test_more_decimals_than_are_kept_are_rounded_half_up(typed, price):
    sheet = Sheet(rows=[["Ticker", "Quantidade", "PM"], ["PETR4", D(7), D(typed)]])
    (holding,) = outcome_of(sheet).holdings
    assert holding.price == D(price)
    assert bool(holding.notes) == (D(typed) != D(price))


amounts = st.integers(1, 10**9).map(lambda n: D(n).scaleb(-2))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(amounts, amounts), min_size=1, max_size=5))
def test_merging_equals_the_exact_weighted_average(lots):
    rows = [["PETR4", quantity, price] for quantity, price in lots]
    (holding,) = outcome_of(Sheet(rows=[["Ticker", "Quantidade", "PM"], *rows])).holdings
    total = sum(quantity for quantity, _price in lots)
    cost = sum(quantity * price for quantity, price in lots)
    assert holding.quantity == total
    assert abs(holding.price - cost / total) <= D("0.000000005")


def test_zero_quantity_is_an_empty_holding():
    assert holdings_of_text(f"{HEADER}PETR4;0;30\nVALE3;0;0\n") == {
        "PETR4": (0, 0),
        "VALE3": (0, 0),
    }


@pytest.mark.parametrize("name", ["Grupo Soma", "Soma Grupo ON", "Total Express"])
def test_company_whose_name_has_a_word_of_totals_is_not_a_total(name):
    text = f"Nome;Ativo;Quantidade;PM\n{name};ABEV3;10;8\n"
    assert holdings_of_text(text) == {"ABEV3": (10, 8)}


@pytest.mark.parametrize("name", ["Total", "Subtotal ABEV3", "Total geral", "Total do ativo"])
def test_totals_of_a_stock_are_skipped(name):
    text = f"Nome;Ativo;Quantidade;PM\nAmbev;ABEV3;10;8\n{name};ABEV3;10;8\n"
    assert holdings_of_text(text) == {"ABEV3": (10, 8)}
