"""Files of the import and the export, read with the catalogue."""

import contextlib
import io
import random
import re
import zipfile
from decimal import Decimal

import openpyxl
import pytest
from django.utils.translation import override
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mainapp.market.models import Stock
from mainapp.market.symbols import fold
from mainapp.market.tests.factories import StockFactory
from mainapp.portfolio.imports import columns
from mainapp.portfolio.imports.sheets import UnreadableFile
from mainapp.portfolio.models import Carteira
from mainapp.portfolio.policies import MAX_FAULTS_SHOWN
from mainapp.portfolio.readers import xlsx_child
from mainapp.portfolio.readers.files import read_sheets
from mainapp.portfolio.selectors import holdings_of
from mainapp.portfolio.selectors.imports import read_import
from mainapp.portfolio.serializers.holdings import write_file
from mainapp.portfolio.tests.imported import workbook
from mainapp.portfolio.valuation import Holding

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("workers_in_process")]

D = Decimal
SYMBOLS = ("PETR4", "VALE3", "ITUB4")


@pytest.fixture(autouse=True)
def stocks():
    return {symbol: StockFactory(symbol=symbol, name=f"{symbol} S.A.") for symbol in SYMBOLS}


def imported(data, owner):
    sheets = read_sheets(data.encode() if isinstance(data, str) else data)
    return read_import(sheets, owner)


def rows_of(data, owner):
    """Return the rows that the file becomes, without faults."""
    read = imported(data, owner)
    assert read.outcome.faults == []
    return {
        change.stock.symbol: (change.merged.quantity, change.price, change.nota)
        for change in read.changes
    }


def errors_in(data, owner):
    read = imported(data, owner)
    return {fault.number: list(map(str, fault.reasons)) for fault in read.outcome.faults}


def hold(owner, symbol, quantity="100", average="30", nota=5):
    return Carteira.objects.create(
        owner=owner,
        ativo=Stock.objects.get(symbol=symbol),
        quantidade=D(quantity),
        preco_medio=D(average),
        nota=nota,
    )


@pytest.mark.parametrize(
    "data",
    [
        "Ativo;Quantidade;Preço médio;Nota\nPETR4;1.000;30,5;7\n",
        "\ufeffATIVO;QUANTIDADE;PRECO MEDIO;NOTA\r\npetr4f;1000;R$ 30,50;7\r\n",
        "ticker,quantity,average price,score\nPETR4,1000,30.5,7\n",
        'ticker,quantity,average_price,score\nPETR4,"1,000","30.50",7.0\n',
        "symbol\tshares\tAvg Price\tWeight\nPETR4\t1000\t30.5\t7\n",
        "Conta;Código de Negociação;Tipo;Quantidade;Preço médio (R$);Nota\n"
        "1;PETR4;PN;1000;30,5;7\n",
        "Minha carteira;;\n\nAtivo;Quantidade;Preço médio;Nota\n\nPETR4;1000;30,50;7\n;;\n",
        "Nota;Preço Médio;Qtd;Papel\n7;30,50;1000;'PETR4\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16"])
def test_csv_is_read_in_every_encoding_and_separator(alice, data, encoding):
    if encoding == "latin-1":
        data = data.removeprefix("\ufeff")
    assert rows_of(data.encode(encoding), alice) == {"PETR4": (1000, D("30.5"), 7)}


def test_unknown_stocks_and_indices_are_errors_of_their_rows(alice):
    StockFactory(symbol="IBOV", kind="INDEX")
    assert errors_in("Ativo;Quantidade;PM\nNADA3;1;1\nIBOV;1;1\nPETR4;1;1\n", alice) == {
        2: ["Não conhecemos o ativo “NADA3”."],
        3: ["IBOV é um índice: não se compra nem se guarda na carteira."],
    }


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "Não achamos um cabeçalho"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "Não conseguimos ler"),
        (b"%PDF-1.7\n", "é um PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", r"\.xls"),
        (b"PK\x03\x04 no package", "Não conseguimos ler"),
        (b"<html><table><tr><td>PETR4", "página da web"),
        (b" <!DOCTYPE html><table>", "página da web"),
        (b"PK\x03\x04" + b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "ods"),
        (b"PETR4;" * 201, "200 colunas"),
        (b'Ativo;Quantidade;Preco medio\n"PETR4;1;1\n', "Não conseguimos separar as linhas"),
        (b"\xff\xfe\x00", "Não conseguimos ler"),
    ],
)
def test_unknown_tables_are_refused_with_a_reason(alice, data, message):
    with pytest.raises(UnreadableFile) as refused:
        imported(data, alice)
    assert re.search(message, str(refused.value))


def test_too_many_rows_are_refused(alice):
    header = "Ativo;Quantidade;Preço médio\n"
    rows = "XXXX3;1;1\n"
    assert len(imported(header + rows * 5000, alice).outcome.faults) == 5000
    with pytest.raises(UnreadableFile, match="5000 linhas"):
        imported(header + rows * 5001, alice)
    with pytest.raises(UnreadableFile, match="5000 linhas"):
        imported("\n" + header + rows * 9000, alice)
    sheet = [["Ativo", "Quantidade", "Preço médio"], *[["XXXX3", 1, 1]] * 2501]
    with pytest.raises(UnreadableFile, match="5000 linhas"):
        imported(workbook(A=sheet, B=sheet), alice)


@pytest.mark.parametrize("value", [1e300, 1e21, -1e300])
def test_too_large_number_is_an_error_of_its_row(alice, value):
    data = workbook(A=[["Ativo", "Quantidade", "Preço médio"], ["PETR4", value, 1]])

    assert errors_in(data, alice)[2][0].startswith("Quantidade: ")


def test_decompression_bomb_is_not_unpacked():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/worksheets/sheet1.xml", b" " * (xlsx_child.MAX_UNPACKED_BYTES + 1))
    assert len(file.getvalue()) < 20_000
    with pytest.raises(UnreadableFile, match="grande demais"):
        read_sheets(file.getvalue())


def test_spreadsheet_with_a_distant_cell_is_read_within_limits(alice):
    book = openpyxl.Workbook()
    book.active.append(["Ativo", "Quantidade", "Preço médio"])
    book.active.append(["PETR4", 1, 2])
    book.active["XFD1048576"] = "far"
    file = io.BytesIO()
    book.save(file)

    assert rows_of(file.getvalue(), alice) == {"PETR4": (1, 2, 0)}


def test_broken_spreadsheets_are_refused(alice):
    whole = workbook(A=[["Ativo", "Quantidade", "Preço médio"], ["PETR4", 1, 2]])
    chance = random.Random(7)  # noqa: S311 - the choice of bytes is not a secret
    for _ in range(150):
        broken = bytearray(whole)
        for _ in range(chance.randint(1, 30)):
            broken[chance.randrange(4, len(broken))] = chance.randrange(256)
        with contextlib.suppress(UnreadableFile):
            imported(bytes(broken), alice)


amounts = st.integers(0, 10**18 - 1).map(lambda n: D(n).scaleb(-8))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(amounts, amounts, st.integers(0, 10)), min_size=1, max_size=3))
@pytest.mark.parametrize("language", ["pt-br", "en"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_exported_file_can_be_imported_unchanged(alice, kind, language, numbers):
    holdings = [
        Holding(symbol=symbol, quantidade=quantity, preco_medio=price, nota=nota)
        for symbol, (quantity, price, nota) in zip(SYMBOLS, numbers, strict=False)
    ]
    with override(language):
        data = write_file(kind, holdings)
    with override("en" if language == "pt-br" else "pt-br"):
        back = rows_of(data, alice)
    assert back == {
        h.symbol: (h.quantidade, h.preco_medio if h.quantidade else 0, h.nota) for h in holdings
    }


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_exported_holding_of_an_ended_stock_comes_back(alice, kind):
    Stock.objects.filter(symbol="VALE3").update(is_active=False)
    hold(alice, "VALE3")
    (change,) = imported(write_file(kind, holdings_of(alice)), alice).changes
    assert change.is_same


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\x01\uff1d1"]
)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_exported_text_is_never_a_formula(kind, name):
    holding = Holding(symbol="PETR4", name=name, quantidade=D(1), preco_medio=D(2), nota=3)
    data = write_file(kind, [holding])
    if kind == "csv":
        cells = data.decode("utf-8-sig").splitlines()[1].split(";")
        assert cells[1].startswith("'")
    else:
        row = openpyxl.load_workbook(io.BytesIO(data)).active[2]
        assert [cell.data_type for cell in row] == ["s", "s", "n", "n", "n"]
        assert row[1].value.startswith("'")


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [
        ("csv", "text/csv; charset=utf-8"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ],
)
def test_export_is_named_after_the_date(browser, alice, bob, kind, content_type, time_machine):
    time_machine.move_to("2026-03-11T02:30:00Z", tick=False)
    browser.force_login(alice)
    hold(alice, "PETR4", "1.5", "30.12345678")
    hold(bob, "VALE3")
    answer = browser.get(f"/export-carteira/?formato={kind}")

    assert answer["content-type"] == content_type
    assert answer["content-disposition"] == f'attachment; filename="carteira-2026-03-10.{kind}"'
    assert answer["x-content-type-options"] == "nosniff"
    assert "no-store" in answer["cache-control"]
    assert rows_of(answer.content, alice) == {"PETR4": (D("1.5"), D("30.12345678"), 5)}


def test_unknown_export_format_is_a_404(browser):
    assert browser.get("/export-carteira/?formato=pdf").status_code == 404


@pytest.mark.parametrize("count", [1, 300])
def test_file_is_read_with_the_same_queries_whatever_its_size(
    alice, count, django_assert_max_num_queries
):
    data = "Ativo;Quantidade;PM\n" + "".join(f"{symbol};1;1\n" for symbol in SYMBOLS) * count
    with django_assert_max_num_queries(4):
        imported(data, alice)


def wide_file(cell):
    """Return a file of 100 faulty rows with 45 columns; `cell` returns the text of each cell."""
    titles = ["Ativo", "Quantidade", "PM", *(f"Coluna {n}" for n in range(42))]
    rows = [[cell(45 * row + column) for column in range(45)] for row in range(100)]
    return "".join(";".join(row) + "\n" for row in [titles, *rows])


def test_queries_do_not_grow_with_the_symbols_in_a_file(alice, django_assert_max_num_queries):
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    data = wide_file(lambda n: f"{letters[n % 26]}{letters[n // 26 % 26]}{letters[n // 676]}X3")
    with django_assert_max_num_queries(5) as queries:
        assert len(imported(data, alice).outcome.faults) == 100

    assert max(len(query["sql"]) for query in queries) < 5_000


def test_columns_of_different_words_are_not_searched_for_sales(alice, monkeypatch):
    folded = []
    monkeypatch.setattr(columns, "fold", lambda text: folded.append(text) or fold(text))
    monkeypatch.setattr(columns, "MAX_OPERATIONS", 10)

    read = imported(wide_file(lambda n: f"w{n:06x}"), alice)

    assert len(read.outcome.faults) == 100
    assert folded == []


def test_faults_that_are_not_shown_have_one_reason(alice):
    faults = imported(wide_file(lambda _n: "nada") * 2, alice).outcome.faults

    assert min(len(fault.reasons) for fault in faults[:MAX_FAULTS_SHOWN]) > 1
    assert max(len(fault.reasons) for fault in faults[MAX_FAULTS_SHOWN:]) == 1
    assert len(faults) == 200


def test_of_many_columns_of_operations_a_few_are_searched(alice, monkeypatch):
    folded = []
    monkeypatch.setattr(columns, "fold", lambda text: folded.append(text) or fold(text))
    monkeypatch.setattr(columns, "MAX_OPERATIONS", 10)

    imported(wide_file(lambda n: f"w{n:06x}").replace("Coluna", "Tipo de operação"), alice)

    assert 0 < len(folded) <= 100 * columns.OPERATION_COLUMNS


def test_header_follows_the_language():
    with override("en"):
        book = openpyxl.load_workbook(io.BytesIO(write_file("xlsx", [])))
    header = [cell.value for cell in book.active[1]]
    assert header == ["Ticker", "Name", "Quantity", "Average price", "Rating"]


@pytest.mark.parametrize(
    ("language", "header"), [("pt-br", "Preço médio"), ("en", "Average price")]
)
def test_exported_csv_opens_in_a_brazilian_excel(alice, language, header):
    hold(alice, "PETR4", "1000.5")
    with override(language):
        text = write_file("csv", holdings_of(alice)).decode("utf-8-sig")
    assert header in text
    assert text.endswith("\r\nPETR4;PETR4 S.A.;1000,5;30;5\r\n")
