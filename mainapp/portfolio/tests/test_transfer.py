import contextlib
import datetime
import io
import random
import re
import zipfile
from decimal import Decimal

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.translation import override
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mainapp.market.models import Stock
from mainapp.market.tests.factories import StockFactory
from mainapp.portfolio.models import Carteira
from mainapp.portfolio.selectors import holdings_of
from mainapp.portfolio.serializers import xlsx_child
from mainapp.portfolio.serializers.holdings import read_file, write_file
from mainapp.portfolio.serializers.tables import UnreadableFile
from mainapp.portfolio.valuation import Holding

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("workers_in_process")]

D = Decimal
SYMBOLS = ("PETR4", "VALE3", "ITUB4")


@pytest.fixture(autouse=True)
def stocks():
    return {symbol: StockFactory(symbol=symbol, name=f"{symbol} S.A.") for symbol in SYMBOLS}


@pytest.fixture
def browser(client, alice):
    client.force_login(alice)
    return client


def rows_of(data):
    file = read_file(data.encode() if isinstance(data, str) else data)
    assert file.errors == []
    return {row.stock.symbol: (row.quantidade, row.preco_medio, row.nota) for row in file.rows}


def errors_in(data):
    file = read_file(data.encode() if isinstance(data, str) else data)
    return {row.number: row.errors for row in file.errors}


def sheet(*rows):
    """Return an XLSX file of those rows."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def held(owner):
    return {
        row.ativo.symbol: (row.quantidade, row.preco_medio, row.nota)
        for row in Carteira.objects.filter(owner=owner).select_related("ativo")
    }


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
def test_csv_is_read_in_every_encoding_and_separator(data, encoding):
    if encoding == "latin-1":
        data = data.removeprefix("\ufeff")
    assert rows_of(data.encode(encoding)) == {"PETR4": (1000, D("30.5"), 7)}


def test_decimals_in_a_file_decide_its_ambiguous_thousands():
    head = "Ativo;Quantidade;Preço médio\n"
    assert rows_of(f"{head}PETR4;1.000;30,50\n")["PETR4"][0] == 1000
    assert rows_of(f"{head}PETR4;1.000;30.50\n")["PETR4"][0] == 1
    errors = errors_in(f"{head}PETR4;1.000;30\n")
    assert "pode ser lido de duas formas" in errors[2][0]


def test_errors_of_rows_are_reported_by_row_number():
    StockFactory(symbol="IBOV", kind="INDEX")
    errors = errors_in(
        "Ativo;Quantidade;Preço médio;Nota\n"
        "NADA3;1;1;1\n"
        "PETR4;-5;abc;11\n"
        ";1;1;1\n"
        "\n"
        "IBOV;1;1;1\n"
        "VALE3;1;2,5;3\n"
        "vale3f;2;2,5;3\n"
        "ITUB4;NaN;1,123456789;2,5\n"
        "PETR4;;2026-01-05;\n"
    )
    assert errors == {
        2: ["Não conhecemos o ativo “NADA3”."],
        3: [
            "Quantidade: Não pode ser negativo.",
            "Preço médio: Não entendemos este número. Escreva, por exemplo, 1.000 ou 1.000,50.",
            "Nota: use um número inteiro de 0 a 10.",
        ],
        4: ["Falta o ativo."],
        6: ["IBOV é um índice: não se compra nem se guarda na carteira."],
        8: ["Repete o ativo da linha 7."],
        9: [
            "Quantidade: Não entendemos este número. Escreva, por exemplo, 1.000 ou 1.000,50.",
            "Preço médio: Certifique-se de que não tenha mais de 8 casas decimais.",
            "Nota: use um número inteiro de 0 a 10.",
        ],
        10: [
            "Quantidade: Este campo é obrigatório.",
            "Preço médio: Não entendemos este número. Escreva, por exemplo, 1.000 ou 1.000,50.",
            "Repete o ativo da linha 3.",
        ],
    }


def test_empty_rows_are_reported_by_number():
    file = read_file(b"\nAtivo;Quantidade;Preco medio\n\nPETR4;1;1\n;;\nVALE3;1;1\n\n\n")
    assert file.empty == [3, 5]
    assert len(file.rows) == 2


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "Não achamos um cabeçalho"),
        (b"PETR4;100;30\n", "Não achamos um cabeçalho"),
        (b"Ativo;Quantidade\nPETR4;100\n", "Falta no cabeçalho: Preço médio."),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "Não conseguimos ler"),
        (b"%PDF-1.7\n", "é um PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", r"\.xls"),
        (b"PK\x03\x04 no package", "Não conseguimos ler"),
        (b"<html><table><tr><td>PETR4", "Não achamos um cabeçalho"),
        (b'Ativo;Quantidade;Preco medio\n"PETR4;1;1\n', "separar em colunas"),
        (b"\xff\xfe\x00", "Não conseguimos ler"),
    ],
)
def test_unknown_tables_are_refused_with_a_reason(data, message):
    with pytest.raises(UnreadableFile) as refused:
        read_file(data)
    assert re.search(message, str(refused.value))


def test_too_many_rows_are_refused():
    head = "Ativo;Quantidade;Preço médio\n"
    assert len(read_file((head + "X;1;1\n" * 5000).encode()).errors) == 5000
    with pytest.raises(UnreadableFile):
        read_file((head + "X;1;1\n" * 5001).encode())
    with pytest.raises(UnreadableFile):
        read_file(sheet(["Ativo", "Quantidade", "Preço médio"], *[["X", 1, 1]] * 5001))


def test_spreadsheet_numbers_dates_and_formulas_are_distinguished():
    data = sheet(
        ["Ativo", "Quantidade", "Preço médio", "Nota"],
        ["PETR4", 1.234, 33.333333333333336, 7],
        ["VALE3", datetime.date(2026, 1, 5), True, None],
        [],
        ["ITUB4", "=1+1", "1.234,56", "3"],
    )
    file = read_file(data)

    assert [(row.stock.symbol, row.quantidade, row.preco_medio, row.nota) for row in file.rows] == [
        ("PETR4", D("1.234"), D("33.33333333"), 7)
    ]
    assert {row.number: len(row.errors) for row in file.errors} == {3: 2, 5: 1}
    assert file.empty == [4]


@pytest.mark.parametrize("value", [1e300, 1e21, -1e300])
def test_too_large_number_is_an_error_of_its_row(value):
    data = sheet(["Ativo", "Quantidade", "Preço médio"], ["PETR4", value, 1])

    assert errors_in(data)[2][0].startswith("Quantidade: ")


def test_decompression_bomb_is_not_unpacked():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/worksheets/sheet1.xml", b" " * (xlsx_child.MAX_UNPACKED_BYTES + 1))
    assert len(file.getvalue()) < 20_000
    with pytest.raises(UnreadableFile, match="grande demais"):
        read_file(file.getvalue())


def test_spreadsheet_with_a_distant_cell_is_read_within_limits():
    book = openpyxl.Workbook()
    book.active.append(["Ativo", "Quantidade", "Preço médio"])
    book.active.append(["PETR4", 1, 2])
    book.active["XFD1048576"] = "far"
    file = io.BytesIO()
    book.save(file)

    assert rows_of(file.getvalue()) == {"PETR4": (1, 2, None)}


def test_broken_spreadsheets_are_refused():
    whole = sheet(["Ativo", "Quantidade", "Preço médio"], ["PETR4", 1, 2])
    chance = random.Random(7)  # noqa: S311 - the choice of bytes is not a secret
    for _ in range(150):
        broken = bytearray(whole)
        for _ in range(chance.randint(1, 30)):
            broken[chance.randrange(4, len(broken))] = chance.randrange(256)
        with contextlib.suppress(UnreadableFile):
            read_file(bytes(broken))


amounts = st.integers(0, 10**18 - 1).map(lambda n: D(n).scaleb(-8))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(amounts, amounts, st.integers(0, 10)), min_size=1, max_size=3))
@pytest.mark.parametrize("language", ["pt-br", "en"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_exported_file_can_be_imported_unchanged(kind, language, numbers):
    holdings = [
        Holding(symbol=symbol, quantidade=quantity, preco_medio=price, nota=nota)
        for symbol, (quantity, price, nota) in zip(SYMBOLS, numbers, strict=False)
    ]
    with override(language):
        data = write_file(kind, holdings)
    with override("en" if language == "pt-br" else "pt-br"):
        back = rows_of(data)
    assert back == {h.symbol: (h.quantidade, h.preco_medio, h.nota) for h in holdings}


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
    assert rows_of(answer.content) == {"PETR4": (D("1.5"), D("30.12345678"), 5)}


def test_unknown_export_format_is_a_404(browser):
    assert browser.get("/export-carteira/?formato=pdf").status_code == 404


def upload(browser, data, name="carteira.csv"):
    content = data.encode() if isinstance(data, str) else data
    answer = browser.post("/import-carteira/", {"arquivo": SimpleUploadedFile(name, content)})
    assert answer.status_code == 200
    return answer


FILE = """Ativo;Quantidade;Preço médio;Nota
PETR4;10;31,5;9
ITUB4;5;20;
NADA3;1;1;1

VALE3;100;30;5
"""


def test_preview_stores_nothing_and_shows_the_changes(browser, alice):
    for symbol in ("PETR4", "VALE3"):
        hold(alice, symbol)
    page = upload(browser, FILE).content.decode()

    assert held(alice) == {"PETR4": (100, 30, 5), "VALE3": (100, 30, 5)}
    assert "3 linhas a importar" in page
    assert "entra na carteira" in page
    assert "eram 100 a 30, nota 5" in page
    assert "<strong>Linha 4</strong> (<bdi>NADA3</bdi>): Não conhecemos o ativo “NADA3”." in page
    assert "1 linha vazia foi pulada: 5." in page


@pytest.mark.parametrize("mode", ["atualizar", "substituir"])
def test_confirmed_file_is_stored_as_previewed(browser, alice, mode):
    StockFactory(symbol="BBAS3")
    hold(alice, "PETR4")
    hold(alice, "BBAS3", nota=1)
    signed_rows = upload(browser, FILE).context["form"].initial["linhas"]

    answer = browser.post("/import-carteira/confirmar/", {"linhas": signed_rows, "modo": mode})

    assert answer["location"] == "/carteira"
    expected = {"PETR4": (10, D("31.5"), 9), "ITUB4": (5, 20, 0), "VALE3": (100, 30, 5)}
    other_rows = {"BBAS3": (100, 30, 1)} if mode == "atualizar" else {}
    assert held(alice) == expected | other_rows


def test_preview_is_bound_to_its_user_unchanged_for_an_hour(browser, alice, bob, time_machine):
    time_machine.move_to("2026-03-10T12:00:00Z", tick=False)
    browser.force_login(alice)
    signed_rows = upload(browser, FILE).context["form"].initial["linhas"]
    submissions = [
        (signed_rows[:-1] + "x", 0, alice),
        (signed_rows, 0, bob),
        ("", 0, alice),
        (signed_rows, 3601, alice),
    ]
    for text, seconds, user in submissions:
        time_machine.shift(seconds)
        browser.force_login(user)
        answer = browser.post("/import-carteira/confirmar/", {"linhas": text, "modo": "substituir"})
        assert answer["location"] == "/import-carteira/"
    assert Carteira.objects.count() == 0


def test_too_large_file_is_refused(browser):
    page = upload(browser, b"x" * (2 * 1024 * 1024 + 1)).content.decode()
    assert "o limite é 2,0" in page


def test_unreadable_file_shows_an_error(browser):
    assert "é um PDF" in upload(browser, b"%PDF-1.7", "x.pdf").content.decode()
    assert "vazio" in upload(browser, b"").content.decode()


def test_file_is_read_with_one_query(django_assert_num_queries):
    data = "Ativo;Quantidade;Preço médio\n" + "".join(f"{symbol};1;1\n" for symbol in SYMBOLS)
    with django_assert_num_queries(1):
        read_file(data.encode())


def test_header_follows_the_language():
    with override("en"):
        book = openpyxl.load_workbook(io.BytesIO(write_file("xlsx", [])))
    head = [cell.value for cell in book.active[1]]
    assert head == ["Ticker", "Name", "Quantity", "Average price", "Rating"]
    assert read_file(write_file("csv", [])).rows == []


def test_export_holds_the_names_of_the_stocks(alice):
    hold(alice, "PETR4")
    text = write_file("csv", holdings_of(alice)).decode("utf-8-sig")
    assert text == "Ativo;Nome;Quantidade;Preço médio;Nota\r\nPETR4;PETR4 S.A.;100;30;5\r\n"
