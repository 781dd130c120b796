"""Files as brokers, B3 and spreadsheets write them, and the holdings that each becomes."""

import io
import json
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from django.conf import settings

from mainapp.portfolio.imports.naming import symbols_in
from mainapp.portfolio.imports.outcome import combine
from mainapp.portfolio.imports.reading import Choices, State, read_tables, split_tables
from mainapp.portfolio.readers.files import read_sheets
from mainapp.portfolio.tests.imported import conversion, workbook

pytestmark = pytest.mark.usefixtures("workers_in_process")

D = Decimal
CASES = Path(__file__).parent / "import_cases"
DATA = json.loads((settings.BASE_DIR / "data" / "b3_papers.json").read_text(encoding="utf-8"))
KNOWN = {row["symbol"] for row in DATA["papers"] + DATA["gone"]}
SUCCESSIONS = {
    "JBSS3": conversion("JBSS32", "0.5"),
    "BRFS3": conversion("MBRF3", "0.8521"),
    "NTCO3": conversion("NATU3", "1"),
    "ELET6": conversion("AXIA6", "1"),
}
PETR4 = {"PETR4": ("100", "30.1")}
EXPECTED = {
    "I08-ativo-e-nome-codigo-e-ticker.csv": PETR4 | {"VALE3": ("20", "61")},
    "I09-codigo-do-cliente-e-ticker.csv": PETR4 | {"VALE3": ("20", "61")},
    "I11-mesmo-ativo-em-duas-corretoras.csv": {"PETR4": ("150", "32")},
    "I12-lote-e-fracionario.csv": {"PETR4": ("150", "32")},
    "I13-tickers-trocados-com-proporcao.csv": {
        "JBSS32": ("100", "60"),
        "MBRF3": ("85.21", "23.47142354"),
        "NATU3": ("100", "10"),
        "AXIA6": ("100", "40"),
    },
    "I14-formas-de-ticker.csv": {
        "PETR4": ("1", "30.1"),
        "VALE3": ("1", "61.1"),
        "ITUB4": ("1", "25.1"),
        "BBAS3": ("1", "20.1"),
        "ABEV3": ("1", "12.1"),
        "WEGE3": ("1", "40.1"),
        "MGLU3": ("1", "9.1"),
        "RENT3": ("1", "40.1"),
    },
    "I15-moeda-e-sinais.csv": {
        "PETR4": ("1000", "38.42"),
        "VALE3": ("1500", "61.07"),
        "ITUB4": ("10", "25.1"),
        "BBAS3": ("10", "20.1"),
        "ABEV3": ("10", "12.1"),
        "WEGE3": ("10", "40.1"),
        "EQTL3": ("1000", "30.1"),
    },
    "I17-titulo-com-virgula.csv": PETR4,
    "I18-45-colunas.csv": PETR4,
    "I19-dados-na-segunda-aba.xlsx": PETR4,
    "I26-sem-preco-medio-com-custo-total.csv": PETR4,
    "I27-cabecalho-mesclado.xlsx": PETR4,
    "I31a-preco-medio-abertura.csv": PETR4,
    "I31b-qtd-total.csv": PETR4,
    "I31c-custo-medio-rs.csv": PETR4,
    "I31d-pm-rs.csv": PETR4,
    "I31e-p-medio.csv": PETR4,
    "I31f-cotas.csv": PETR4,
    "I31g-preco-de-compra.csv": PETR4,
    "I31h-preco-medio-de-aquisicao.csv": PETR4,
    "I33-datas-e-valores-tipados.xlsx": PETR4 | {"VALE3": ("1000", "61.05")},
    "I37-lotes-repetidos-e-quantidade-negativa.csv": {"PETR4": ("90", "32")},
    "I40-preco-medio-calculado.xlsx": {
        "PETR4": ("7", "428.57142857"),
        "VALE3": ("3", "3.33333333"),
        "ITUB4": ("0.3", "100.1"),
    },
}
FAULTS = {
    "I15-moeda-e-sinais.csv": {8: "Falta o preço médio", 9: "Falta o preço médio"},
    "I33-datas-e-valores-tipados.xlsx": {4: "não entendemos “VERDADEIRO”"},
}
ELSEWHERE = {
    "I01-b3-negociacao.csv": "Negociação",
    "I01-b3-negociacao.xlsx": "Negociação",
    "I02-b3-movimentacao.xlsx": "Movimentação",
    "I03-b3-posicao.xlsx": "Posição",
}


def read(data: bytes, choices: Choices | None = None):
    found, unread = split_tables(read_sheets(data))
    tables = read_tables(found, KNOWN, choices or Choices())
    return tables, unread, combine(tables, SUCCESSIONS, {})


def values(outcome):
    return {each.symbol: (each.quantity, each.price) for each in outcome.holdings}


def decimals(expected):
    return {symbol: (D(quantity), D(price)) for symbol, (quantity, price) in expected.items()}


@pytest.mark.parametrize("name", EXPECTED)
def test_file_becomes_the_expected_holdings(name):
    tables, _unread, outcome = read((CASES / name).read_bytes())

    assert not any(table.has_question for table in tables)
    assert values(outcome) == decimals(EXPECTED[name])
    faults = {fault.number: " ".join(map(str, fault.reasons)) for fault in outcome.faults}
    expected = FAULTS.get(name, {})
    assert faults.keys() == expected.keys()
    assert all(text in faults[number] for number, text in expected.items())


@pytest.mark.parametrize("name", ELSEWHERE)
def test_file_of_b3_is_named_and_not_imported(name):
    tables, _unread, outcome = read((CASES / name).read_bytes())

    assert {table.state for table in tables} == {State.ELSEWHERE}
    assert all(ELSEWHERE[name] in table.source.name for table in tables)
    assert "PETR4" in symbols_in(tables[0].table.sheet, KNOWN)
    assert values(outcome) == {}


def test_common_stocks_are_all_known():
    _tables, _unread, outcome = read((CASES / "I29-papeis-comuns.csv").read_bytes())
    assert len(outcome.holdings) == 84
    assert {each.symbol for each in outcome.holdings} - KNOWN == set()


def test_every_case_has_its_test():
    others = {"I29-papeis-comuns.csv"}
    assert {path.name for path in CASES.iterdir()} == EXPECTED.keys() | ELSEWHERE.keys() | others


def rewritten(name, separator, encoding):
    """Return a case with another separator and encoding; cells with the separator are quoted."""
    text = (CASES / name).read_text(encoding="utf-8-sig")
    lines = [line.split(";") for line in text.splitlines()]
    quoted = [[f'"{cell}"' if separator in cell else cell for cell in line] for line in lines]
    return "\r\n".join(separator.join(line) for line in quoted).encode(encoding)


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"]
)
@pytest.mark.parametrize(
    "name", ["I08-ativo-e-nome-codigo-e-ticker.csv", "I26-sem-preco-medio-com-custo-total.csv"]
)
def test_separator_and_encoding_do_not_matter(name, separator, encoding):
    _tables, _unread, outcome = read(rewritten(name, separator, encoding))
    assert values(outcome) == decimals(EXPECTED[name])


@pytest.mark.parametrize(
    "name", [name for name in EXPECTED if name.endswith(".csv") and "I18" not in name]
)
def test_csv_and_xlsx_are_read_alike(name):
    text = (CASES / name).read_text(encoding="utf-8-sig")
    separator = "," if name.startswith("I37") else ";"
    sheet = [line.split(separator) for line in text.splitlines()]
    _tables, _unread, outcome = read(workbook(Carteira=sheet))
    assert values(outcome) == decimals(EXPECTED[name])


def test_separator_may_be_named_in_the_first_line():
    data = b"sep=,\r\nTicker,Quantidade,PM\r\nPETR4,100,30.10\r\n"
    assert values(read(data)[2]) == decimals(PETR4)


HEADER = ["Ticker", "Quantidade", "Preço médio"]


def test_every_visible_sheet_is_read_and_hidden_ones_are_named():
    data = workbook(
        Resumo=[["Patrimônio", "R$ 10.000,00"]],
        Ações=[HEADER, ["PETR4", 100, 30.1]],
        hidden=[HEADER, ["VALE3", 1, 1]],
        FIIs=[["Meus fundos"], [], ["Código", "Cotas", "PM"], ["HGLG11", 10, 160.25]],
        Vazia=[],
        Incompleta=[["Ticker", "Quantidade"], ["ITUB4", 5]],
    )
    tables, unread, outcome = read(data)

    assert values(outcome) == decimals({**PETR4, "HGLG11": ("10", "160.25")})
    assert [(each.sheet.name, each.sheet.is_hidden) for each in unread] == [
        ("Resumo", False),
        ("hidden", True),
    ]
    assert [table.state for table in tables] == [State.READ, State.READ, State.INCOMPLETE]
    assert symbols_in(unread[1].sheet, KNOWN) == {"VALE3"}
    assert symbols_in(tables[2].table.sheet, KNOWN) == {"ITUB4"}


def test_excluded_table_is_not_read():
    data = workbook(A=[HEADER, ["PETR4", 100, 30.1]], B=[HEADER, ["PETR4", 100, 30.1]])
    outcome = read(data)[2]
    assert values(outcome) == decimals({"PETR4": ("200", "30.1")})
    assert any("mais de uma aba" in note for note in outcome.holdings[0].notes)
    tables, _unread, outcome = read(data, Choices(excluded={1}))
    assert values(outcome) == decimals(PETR4)
    assert symbols_in(tables[1].table.sheet, KNOWN) == {"PETR4"}


def test_sum_of_different_sheets_is_said():
    """Sheets may be brokers, whose shares add up, or months, which do not."""
    data = workbook(Jan=[HEADER, ["PETR4", 100, 30]], Fev=[HEADER, ["PETR4", 150, 31]])
    (holding,) = read(data)[2].holdings
    assert any("posição de outro dia" in note for note in holding.notes)


def test_percentages_and_foreign_money_of_a_spreadsheet_are_not_plain_numbers():
    book = openpyxl.load_workbook(
        io.BytesIO(
            workbook(A=[[*HEADER, "Nota"], ["PETR4", 100, 30.1, 0.05], ["VALE3", 5, 11.5, 0.1]])
        )
    )
    for row in (2, 3):
        book.active.cell(row, 4).number_format = "0.00%"
    book.active["C3"].number_format = "[$US$-409] #,##0.00"
    file = io.BytesIO()
    book.save(file)

    (table,), _unread, outcome = read(file.getvalue())
    assert "nota" not in table.columns.roles
    assert values(outcome) == decimals(PETR4)
    assert "US$ 11.5" in str(outcome.faults[0].reasons[0])
