from datetime import date
from decimal import Decimal

import pytest

from mainapp.portfolio.imports.dates import read_dates
from mainapp.portfolio.imports.sheets import column_name
from mainapp.portfolio.imports.tickers import tickers_in


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("PETR4.SA", ["PETR4"]),
        ("BVMF:VALE3", ["VALE3"]),
        ("BMFBOVESPA:ITUB4", ["ITUB4"]),
        ("B3: B3SA3", ["B3SA3"]),
        ("BBAS3 - BANCO DO BRASIL S.A.", ["BBAS3"]),
        ("CVCB3 - CVC - BRASIL      ", ["CVCB3"]),
        ("\u200bABEV3\u200b", ["ABEV3"]),
        ("PE\u00adTR4", ["PETR4"]),
        ("WEGE3\u00a0", ["WEGE3"]),
        ("mglu3", ["MGLU3"]),
        ("RENT3 ON", ["RENT3"]),
        ("PETR4F", ["PETR4"]),
        ("'PETR4", ["PETR4"]),
        ("$PETR4", ["PETR4"]),
        ("Petrobras PN (PETR4)", ["PETR4"]),
        ("JBSS32 (ex JBSS3)", ["JBSS32"]),
        ("PETR4/VALE3", ["PETR4", "VALE3"]),
        ("Petrobras PN", []),
        ("Tesouro Selic 2029", []),
        ("PETRF407", []),
        ("\u0131TUB4", []),
        ("", []),
    ],
)
def test_ticker_is_found_in_its_common_forms(text, symbols):
    assert list(tickers_in(text)) == symbols


@pytest.mark.parametrize(
    "cell",
    [
        *("05/01/2026", "5/1/26", "05-01-2026", "05.01.2026", "2026-01-05", "2026/01/05"),
        *("20260105", "5 jan 2026", "05/jan/2026", "5 de janeiro de 2026", "05/01/2026 10:30"),
        *("2026-01-05T10:30:00Z", "46027", Decimal(46027), Decimal("46027.0"), Decimal(20260105)),
    ],
)
def test_date_is_read_in_its_common_forms(cell):
    assert read_dates([cell]) == [date(2026, 1, 5)]


@pytest.mark.parametrize(
    "cell", ["", "-", "31/02/2026", "x", Decimal("1E99"), Decimal(-5), "13/13/2026"]
)
def test_other_cells_are_not_dates(cell):
    assert read_dates([cell]) == [None]


def test_american_dates_are_recognised_by_their_column():
    assert read_dates(["01/25/2026", "01/05/2026"]) == [date(2026, 1, 25), date(2026, 1, 5)]


def test_columns_are_named_as_in_a_spreadsheet():
    assert [column_name(place) for place in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
