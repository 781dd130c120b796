"""The decimal separators of columns."""

from decimal import Decimal

import pytest

from mainapp.portfolio.imports.reading import Choices
from mainapp.portfolio.imports.sheets import Sheet
from mainapp.portfolio.tests.imported import (
    faults_of,
    holdings_in,
    holdings_of_text,
    outcome_of,
    table_of,
)

D = Decimal
HEADER = "Ticker;Quantidade;Preço médio\n"


def open_columns(text, **options):
    table = table_of(text, **options)
    return {place for place, reading in table.readings.items() if reading.is_open}


@pytest.mark.parametrize(
    ("rows", "quantity"),
    [
        ("PETR4;1.000;30,50\nVALE3;1.500,00;61\n", 1000),  # the column proves a comma
        ("PETR4;1.000;30,50\nVALE3;1.000.000;61\n", 1000),
        ("PETR4;1.000;30,50\n", 1000),  # the file writes a decimal comma
        ("PETR4;1,000;30.50\n", 1000),  # the file writes a decimal point
        ("PETR4;1.500;30\nVALE3;0.5;61\n", D("1.5")),  # the column proves a point
        ("PETR4;1 000;30,50\n", 1000),
    ],
)
def test_other_numbers_decide_about_thousands(rows, quantity):
    assert open_columns(HEADER + rows) == set()
    assert holdings_of_text(HEADER + rows)["PETR4"][0] == quantity


@pytest.mark.parametrize(
    "rows",
    [
        "PETR4;1.500;30.15\n",  # 1.5 shares at 30.15, or 1,500?
        "PETR4;1.500;30\n",
        "PETR4;1,500;30,15\n",
        "PETR4;1.500;30,15\nVALE3;10;61.10\n",
        "PETR4;1.500;30\nVALE3;7,5;1\nITUB4;7.5;1\n",
        "PETR4;1.500;1.500\n",
        "PETR4;1.500;30,50\nVALE3;0.5;61,10\n",
    ],
)
def test_unclear_thousands_are_asked_about(rows):
    table = table_of(HEADER + rows)
    assert table.has_question
    assert 1 in open_columns(HEADER + rows)
    assert "duas formas" in faults_of(HEADER + rows)[2][0]


@pytest.mark.parametrize(("separator", "quantity"), [(",", 1500), (".", D("1.5"))])
def test_answer_about_thousands_is_used(separator, quantity):
    text = f"{HEADER}PETR4;1.500;30.15\n"
    choices = Choices(separators={0: {1: separator}})
    assert not table_of(text, choices=choices).has_question
    assert holdings_of_text(text, choices=choices) == {"PETR4": (quantity, D("30.15"))}


def test_typed_numbers_are_never_ambiguous():
    sheet = Sheet(rows=[["Ticker", "Quantidade", "PM"], ["PETR4", D("1.500"), D("30.125")]])
    assert holdings_in(outcome_of(sheet)) == {"PETR4": (D("1.5"), D("30.125"))}
