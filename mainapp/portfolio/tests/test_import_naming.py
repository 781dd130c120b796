"""What *Substituir* keeps because the file names it, in rows that are read or not."""

import datetime

import pytest

from mainapp.market.models import CorporateEvent, Stock
from mainapp.market.tests.factories import StockFactory
from mainapp.portfolio.imports.sheets import Sheet
from mainapp.portfolio.selectors.imports import read_import
from mainapp.portfolio.services import create_row
from mainapp.portfolio.tests.imported import sheet_of

pytestmark = pytest.mark.django_db

NAMES = {"PETR4": "Petrobras PN", "VALE3": "Vale ON", "ITUB4": "Itaú Unibanco PN", "XPBR31": "XP"}


@pytest.fixture(autouse=True)
def holdings(alice):
    stocks = [StockFactory(symbol=symbol, name=name) for symbol, name in NAMES.items()]
    for symbol, active in (("OLDA3", False), ("OLDB3", False), ("TODA3", True)):
        stocks.append(StockFactory(symbol=symbol, name=f"{symbol} S.A.", is_active=active))
    Stock.objects.filter(symbol="VALE3").update(isin="BRVALEACNOR0", cnpj="33.592.510/0001-54")
    by_symbol = {stock.symbol: stock for stock in stocks}
    for old, new in (("OLDA3", "OLDB3"), ("OLDB3", "TODA3")):
        CorporateEvent.objects.create(
            stock=by_symbol[old],
            successor=by_symbol[new],
            kind=CorporateEvent.Kind.RENAME,
            ex_on=datetime.date(2024, 1, 2),
            ratio=1,
            strength="several",
        )
    for old in ("OLDA3", "OLDB3"):
        by_symbol[old].renamed_to = by_symbol["TODA3"]
        by_symbol[old].save()
    return by_symbol


def protected(user, holdings, text, *symbols):
    for symbol in symbols:
        create_row(owner=user, ativo=holdings[symbol], preco_medio=1, quantidade=1, nota=0)
    return {holding.symbol for holding in read_import([sheet_of(text)], user).protected}


@pytest.mark.parametrize(
    "row",
    [
        "ITUB4;1;1;trocar por VALE3",
        "Vale;;;",
        "Total da VALE3;1;1;",
        "xVALE3;1;1;",
        "Vale ON - bloqueada;-;-;",
        ";1;1;vale3",
        "BRVALEACNOR0;1;1;",
        "33592510000154;1;1;",
        "CNPJ 33.592.510/0001-54;1;1;",
    ],
)
def test_stock_named_in_any_cell_is_protected(alice, holdings, row):
    text = f"Ativo;Quantidade;PM;Observação\nITUB4;1;2;\n{row}\n"
    assert protected(alice, holdings, text, "VALE3", "PETR4") == {"VALE3"}


@pytest.mark.parametrize("code", ["OLDA3", "OLDB3", "TODA3"])
def test_unreadable_code_keeps_all_codes_of_the_stock(alice, holdings, code):
    text = f"Ativo;Quantidade;PM\nITUB4;1;2\n{code};?;1\n"
    family = ("OLDA3", "OLDB3", "TODA3")
    assert protected(alice, holdings, text, *family, "PETR4") == set(family)


def test_imported_stock_replaces_its_former_codes(alice, holdings):
    assert protected(alice, holdings, "Ativo;Quantidade;PM\nTODA3;1;2\n", "OLDA3", "PETR4") == set()


def test_company_named_in_a_sheet_without_a_table_is_protected(alice, holdings):
    sheets = [
        sheet_of("Ativo;Quantidade;PM\nITUB4;1;2\n"),
        Sheet(name="Notas", rows=[["A Vale foi para outra corretora"]]),
    ]
    for symbol in ("VALE3", "PETR4"):
        create_row(owner=alice, ativo=holdings[symbol], preco_medio=1, quantidade=1, nota=0)
    assert {holding.symbol for holding in read_import(sheets, alice).protected} == {"VALE3"}
