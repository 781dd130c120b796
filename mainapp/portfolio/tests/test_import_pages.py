"""The pages of the import: upload, preview with its choices, and confirmation."""

import base64
import random
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from mainapp.market.models import CorporateEvent, Stock
from mainapp.market.tests.factories import StockFactory
from mainapp.portfolio.imports.example import ROWS
from mainapp.portfolio.models import Carteira
from mainapp.portfolio.tests.imported import workbook
from mainapp.portfolio.tests.saved import held

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("workers_in_process")]

D = Decimal
SYMBOLS = ("PETR4", "VALE3", "ITUB4")


@pytest.fixture(autouse=True)
def stocks():
    return {symbol: StockFactory(symbol=symbol, name=f"{symbol} S.A.") for symbol in SYMBOLS}


def hold(owner, symbol, quantity="100", average="30", nota=5):
    return Carteira.objects.create(
        owner=owner,
        ativo=Stock.objects.get(symbol=symbol),
        quantidade=D(quantity),
        preco_medio=D(average),
        nota=nota,
    )


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


def confirm(browser, answer, mode):
    signed_rows = answer.context["form"].initial["linhas"]
    return browser.post("/import-carteira/confirmar/", {"linhas": signed_rows, "modo": mode})


def read_again(browser, answer, **choices):
    signed_sheets = answer.context["reading_form"].initial["planilha"]
    return browser.post("/import-carteira/", {"planilha": signed_sheets} | choices)


def test_preview_stores_nothing_and_shows_the_changes(browser, alice):
    for symbol in ("PETR4", "VALE3"):
        hold(alice, symbol)
    page = upload(browser, FILE).content.decode()

    assert held(alice) == {"PETR4": (100, 30, 5), "VALE3": (100, 30, 5)}
    assert "3 ativos a importar" in page
    assert "entra na carteira" in page
    assert "eram 100 a 30,00, nota 5" in page
    unknown = "Não conhecemos o ativo “NADA3”."
    assert f"<strong><bdi>Linha 4</bdi></strong> (<bdi>NADA3</bdi>): {unknown}" in page
    assert "1 linha vazia foi pulada: 5." in page


@pytest.mark.parametrize("mode", ["atualizar", "substituir"])
def test_confirmed_file_is_stored_as_previewed(browser, alice, mode):
    StockFactory(symbol="BBAS3")
    hold(alice, "PETR4")
    hold(alice, "BBAS3", nota=1)

    answer = confirm(browser, upload(browser, FILE), mode)

    assert answer["location"] == "/carteira"
    expected = {"PETR4": (10, D("31.5"), 9), "ITUB4": (5, 20, 0), "VALE3": (100, 30, 5)}
    other_rows = {"BBAS3": (100, 30, 1)} if mode == "atualizar" else {}
    assert held(alice) == expected | other_rows


def test_holdings_added_after_the_preview_are_not_deleted(browser, alice):
    StockFactory(symbol="BBAS3")
    hold(alice, "PETR4")
    answer = upload(browser, "Ativo;Quantidade;PM\nVALE3;7;8\n")
    assert "Substituir apaga:" in answer.content.decode()
    hold(alice, "BBAS3")

    confirm(browser, answer, "substituir")

    assert held(alice) == {"BBAS3": (100, 30, 5), "VALE3": (7, 8, 0)}


UNREADABLE_ROWS = {
    "number": "PETR4;abc;30;1\n",
    "length": "PETR4;1;30;1;x\n",
    "two codes": "PETR4/ITUB4;1;30;1\n",
    "another cell": "?;1;30;PETR4\n",
    "name": "Petrobras;1;30;1\n",
    "another name": "Ações da PETROBRÁS, preferenciais;1;30;1\n",
    "total": "Total PETR4;;;\n",
    "above": "",
}


@pytest.mark.parametrize("kind", UNREADABLE_ROWS)
def test_holdings_named_in_the_file_are_never_deleted(browser, alice, kind):
    StockFactory(symbol="BBAS3")
    Stock.objects.filter(symbol="PETR4").update(name="Petrobras PN")
    for symbol in ("PETR4", "VALE3", "BBAS3"):
        hold(alice, symbol)
    title = "Carteira sem PETR4\n\n" if kind == "above" else ""
    text = f"{title}Ativo;Quantidade;Preço médio;Nota\n{UNREADABLE_ROWS[kind]}VALE3;7;8;9\n"
    answer = upload(browser, text)
    assert [holding.symbol for holding in answer.context["read"].protected] == ["PETR4"]
    assert "eles ficam como estão:" in answer.content.decode()

    confirm(browser, answer, "substituir")

    assert held(alice) == {"PETR4": (100, 30, 5), "VALE3": (7, 8, 9)}


@pytest.mark.parametrize("sheet", ["hidden", "Incompleta", "Texto", "Posição"])
def test_holdings_named_in_an_unread_sheet_are_never_deleted(browser, alice, sheet):
    for symbol in ("PETR4", "ITUB4"):
        hold(alice, symbol)
    headers = {
        "hidden": ["Ativo", "Quantidade", "Preço médio"],
        "Incompleta": ["Ativo", "Quantidade", "Cor"],
        "Texto": ["a", "b", "c"],
        "Posição": ["Produto", "Instituição", "Código de Negociação", "Quantidade Disponível"],
    }
    first = [["Ativo", "Quantidade", "Preço médio"], ["VALE3", 1, 2]]
    data = workbook(**{"A": first, sheet: [headers[sheet], ["PETR4", 1, "PETR4", 1]]})

    confirm(browser, upload(browser, data, "a.xlsx"), "substituir")

    assert held(alice) == {"PETR4": (100, 30, 5), "VALE3": (1, 2, 0)}


def test_totals_before_and_after_are_shown(browser, alice):
    hold(alice, "PETR4")
    hold(alice, "VALE3")
    read = upload(browser, "Ativo;Quantidade;PM\nPETR4;10;31,5\nITUB4;1;20,05\n").context["read"]
    assert (read.before.count, read.before.cost) == (2, 6000)
    assert (read.after_update.count, read.after_update.cost) == (3, D("3335.05"))
    assert (read.after_replacement.count, read.after_replacement.cost) == (2, D("335.05"))


def test_ambiguous_column_is_asked_about_and_read_as_answered(browser, alice):
    question = upload(browser, "Ativo;Quantidade;Preço médio\nPETR4;1.500;30.15\nVALE3;5;61.05\n")
    page = question.content.decode()
    assert "Como se leem estes números?" in page
    assert "1.500 é 1.500 (milhares)" in page
    assert "1.500 é 1,5 (decimais)" in page
    assert "/import-carteira/confirmar/" not in page
    assert 'linhas"' not in page

    answer = read_again(browser, question, **{"numeros-0-1": ","})
    confirm(browser, answer, "atualizar")

    assert held(alice) == {"PETR4": (1500, D("30.15"), 0), "VALE3": (5, D("61.05"), 0)}


def test_user_chooses_the_role_of_a_column(browser, alice):
    text = "Ativo;Quantidade;Valor médio pago;Preço médio;Preço médio (R$)\nPETR4;5;3;30;31\n"
    question = upload(browser, text)
    assert "há mais de uma coluna assim" in question.content.decode()

    choices = {"coluna-0-3": "ignorar", "coluna-0-4": "preco_medio", "coluna-0-2": "nota"}
    confirm(browser, read_again(browser, question, **choices), "atualizar")

    assert held(alice) == {"PETR4": (5, 31, 3)}


def test_every_choice_of_a_preview_can_be_submitted_unchanged(browser):
    data = workbook(
        A=[["Ativo", "Quantidade", "PM", "Peso", "Obs"], ["PETR4", "1.000", 2, "5%", "x"]],
        B=[["Ativo", "Quantidade", "Preço"], ["VALE3", 1, 2]],
    )
    first = upload(browser, data, "a.xlsx")
    fields = {}
    for table in first.context["tables"]:
        fields[table.name] = "sim"
        for column in (*table.used, *table.others):
            fields[column.name] = next(each.value for each in column.roles if each.is_selected)
            if column.numbers:
                selected = [each.value for each in column.numbers if each.is_selected]
                fields[column.numbers_name] = selected[0]
    second = read_again(browser, first, **fields)
    states = [[table.read.state for table in page.context["tables"]] for page in (first, second)]
    assert states == [["read", "doubt"], ["read", "doubt"]]
    third = read_again(browser, first, **fields | {"ler-1": "nao", "numeros-0-1": ","})
    assert [table.read.state for table in third.context["tables"]] == ["read", "excluded"]
    assert third.context["read"].changes[0].merged.quantity == 1000


def test_texts_of_a_file_are_escaped(browser):
    hostile = "<script>alert(1)</script>"
    rows = [
        ["Ativo", "Quantidade", "PM", hostile],
        ["PETR4", hostile, 1, hostile],
        [hostile, 1, 1, 1],
    ]
    page = upload(browser, workbook(**{"<b>": [*rows, ["VALE3", 1, 2, 3]]}), "a.xlsx")
    text = page.content.decode()
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert" not in text
    assert "<b>" not in text.replace("&lt;b&gt;", "")


@pytest.mark.parametrize("name", ["coluna-0-99", "coluna-9-1", "coluna-0-1", "numeros-0-1"])
def test_nonsense_choices_are_harmless(browser, name):
    first = upload(browser, FILE)
    assert read_again(browser, first, **{name: "<b>"}).status_code == 200


def test_former_code_becomes_todays_and_replaces_its_row(browser, alice):
    today = StockFactory(symbol="JBSS32")
    former = StockFactory(symbol="JBSS3", renamed_to=today, is_active=False)
    lost = StockFactory(symbol="LAME4", renamed_to=StockFactory(symbol="AMER3"), is_active=False)
    CorporateEvent.objects.create(
        stock=former, kind="rename", successor=today, ex_on="2025-06-09", ratio=D("0.5"),
        strength="several",
    )  # fmt: skip
    hold(alice, "JBSS3", nota=8)
    hold(alice, lost.symbol)
    answer = upload(browser, "Ativo;Quantidade;PM\nJBSS3;200;30,00\nLAME4;10;5,00\n")
    page = answer.content.decode()
    assert "JBSS3 virou JBSS32 em 09/06/2025. 1 JBSS3 = 0,5 JBSS32." in page
    assert "no lugar de JBSS3: 100 a 30,00" in page
    assert "A proporção da troca não é conhecida. Informe a proporção acima ou use AMER3" in page

    confirm(browser, answer, "substituir")

    assert held(alice) == {"JBSS32": (100, 60, 8), "LAME4": (100, 30, 5)}

    told = read_again(browser, answer, **{"proporcao-LAME4": "0,25", "proporcao-JBSS3": "9"})
    assert "Você informou: 1 LAME4 = 0,25 AMER3." in told.content.decode()
    assert 'name="proporcao-LAME4" value="0,25"' in told.content.decode()
    confirm(browser, told, "atualizar")

    assert held(alice) == {"JBSS32": (100, 60, 8), "AMER3": (D("2.5"), 20, 5)}


@pytest.mark.parametrize("typed", ["", "x", "0", "-1", "1E9", "1" * 50])
def test_nonsense_ratio_leaves_the_code_out(browser, typed):
    StockFactory(symbol="LAME4", renamed_to=StockFactory(symbol="AMER3"), is_active=False)
    answer = upload(browser, "Ativo;Quantidade;PM\nLAME4;10;5,00\n")
    told = read_again(browser, answer, **{"proporcao-LAME4": typed})
    assert told.context["read"].changes == []


def test_file_of_b3_is_named_in_the_page(browser):
    text = (
        "Data do Negócio;Tipo de Movimentação;Mercado;Prazo/Vencimento;Instituição;"
        "Código de Negociação;Quantidade;Preço;Valor\n"
        "05/01/2026;Compra;Mercado à Vista;-;A;PETR4;100;30;3000\n"
    )
    page = upload(browser, text).content.decode()
    assert "Este é o arquivo Negociação, da Área do Investidor da B3." in page
    assert "Nenhuma linha para importar" in page


def test_preview_is_bound_to_its_user_unchanged_for_an_hour(browser, alice, bob, time_machine):
    time_machine.move_to("2026-03-10T12:00:00Z", tick=False)
    browser.force_login(alice)
    context = upload(browser, FILE).context
    signed_rows = context["form"].initial["linhas"]
    signed_sheets = context["reading_form"].initial["planilha"]
    submissions = [
        (lambda text: text[:-1] + "x", 0, alice),
        (lambda text: text, 0, bob),
        (lambda _text: "", 0, alice),
        (lambda text: text, 3601, alice),
    ]
    for change, seconds, user in submissions:
        time_machine.shift(seconds)
        browser.force_login(user)
        rows = {"linhas": change(signed_rows), "modo": "substituir"}
        answers = [
            browser.post("/import-carteira/confirmar/", rows),
            browser.post("/import-carteira/", {"planilha": change(signed_sheets)}),
        ]
        assert [answer["location"] for answer in answers] == ["/import-carteira/"] * 2
    assert Carteira.objects.count() == 0


def test_signed_sheets_and_rows_are_not_interchangeable(browser):
    context = upload(browser, FILE).context
    rows = {"linhas": context["reading_form"].initial["planilha"], "modo": "substituir"}
    answer = browser.post("/import-carteira/confirmar/", rows)
    assert answer["location"] == "/import-carteira/"


def test_too_large_file_is_refused(browser):
    page = upload(browser, b"x" * (2 * 1024 * 1024 + 1)).content.decode()
    assert "o limite é 2,0" in page


def test_file_too_large_for_a_form_is_refused(browser):
    chance = random.Random(7)  # noqa: S311 - the letters are not a secret
    texts = (base64.b64encode(chance.randbytes(140)).decode() for _ in range(4900))
    rows = "".join(f"PETR4;1;1;{text};{text[::-1]}\n" for text in texts)
    page = upload(browser, f"Ativo;Quantidade;PM;A;B\n{rows}").content.decode()
    assert "grande demais" in page


def test_unreadable_file_shows_an_error(browser):
    assert "é um PDF" in upload(browser, b"%PDF-1.7", "x.pdf").content.decode()
    assert "vazio" in upload(browser, b"").content.decode()


@pytest.mark.parametrize("head", ["Ativo;Qtd;PM;Qtd vendida", "Ativo;Compra;;Venda\n;Qtd;PM;Qtd"])
def test_sold_quantities_in_a_column_are_said_not_to_be_subtracted(browser, head):
    page = upload(browser, f"{head}\nPETR4;100;30;50\n").content.decode()
    assert "não é descontada da quantidade." in page


def test_example_is_previewed_like_a_file_and_stored_when_confirmed(browser, alice):
    for symbol, *_amounts in ROWS:
        if symbol not in SYMBOLS:
            StockFactory(symbol=symbol)

    answer = browser.post("/import-carteira/", {"exemplo": "1"})

    assert held(alice) == {}
    assert "Nada foi guardado ainda." in answer.content.decode()
    assert confirm(browser, answer, "atualizar").status_code == 302
    assert held(alice) == {
        symbol: (D(quantity), D(average), int(nota)) for symbol, quantity, average, nota in ROWS
    }
