from decimal import Decimal

import pytest
from django.utils.translation import override

from mainapp.core.forms import TypedIntegerField
from mainapp.core.numbers import (
    AmbiguousNumber,
    decimal_separators,
    format_number,
    is_blank,
    is_percentage,
    parse_number,
)

D = Decimal


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.234,56", "1234.56"),
        ("1234,56", "1234.56"),
        ("1234.56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("R$ 38,42", "38.42"),
        ("R$61,07", "61.07"),
        ("r$38.42", "38.42"),
        ("25,10 BRL", "25.10"),
        ("BRL 20,10", "20.10"),
        ("12,10 R$", "12.10"),
        ("30 reais", "30"),
        ("'40,10", "40.10"),
        ("R$\N{NO-BREAK SPACE}1.234.567,8", "1234567.8"),
        ("1\N{NARROW NO-BREAK SPACE}234,5", "1234.5"),
        ("\N{ZERO WIDTH SPACE}12,5\ufeff", "12.5"),
        ("1.234.567", "1234567"),
        ("1 234,5", "1234.5"),
        ("1 000", "1000"),
        ("1'234.56", "1234.56"),
        ("1234.567", "1234.567"),
        ("0,125", "0.125"),
        ("0.125", "0.125"),
        ("30,1250", "30.125"),
        (",5", "0.5"),
        (".50", "0.5"),
        ("0.00000001", "0.00000001"),
        ("9999999999,99999999", "9999999999.99999999"),
        ("100", "100"),
        ("12,", "12"),
        ("-5", "-5"),
        ("- 5", "-5"),
        ("-R$ 5", "-5"),
        ("R$ -5,5", "-5.5"),
        ("\N{MINUS SIGN}5,5", "-5.5"),
        ("\N{EN DASH}5,5", "-5.5"),
        ("12,5-", "-12.5"),
        ("(12,30)", "-12.30"),
        ("(R$ 12,30)", "-12.30"),
        ("R$ (12,30)", "-12.30"),
        ("1E3", "1000"),
        ("1,5e+3", "1500"),
        ("1.234E3", "1234"),
    ],
)
@pytest.mark.parametrize("language", ["pt-br", "en"])
def test_numbers_are_read_in_either_language(text, number, language):
    with override(language):
        assert parse_number(text) == D(number)


@pytest.mark.parametrize(
    "text",
    [
        *("", "abc", "NaN", "nan", "Infinity", "-inf", "1e", "E5", "0x10", "1_000", "--1", "-"),
        *("1,2,3", "1.2.3", "12.34,56", "1,23.4", "1.234.56", "1,234,56", ".", "R$", "٣", "1²"),
        *("1.000,00.0", "0.123.456", "+", "1" * 61, "10 20", "5-5", "30R$40", "US$ 5", "$ 5"),
        *("5%", "1E400", "(5", "-(5)", "2026-01-05", "05/01/2026", "R$ 5 R$"),
    ],
)
def test_text_that_is_not_a_number_returns_none(text):
    assert parse_number(text) is None


@pytest.mark.parametrize("text", ["1.234", "1,234", "R$ 999.999", "-12.000", "(1.500)", "1.500-"])
def test_ambiguous_thousands_are_not_guessed(text):
    with pytest.raises(AmbiguousNumber):
        parse_number(text)


def test_thousands_follow_a_known_decimal_separator():
    assert parse_number("1.234", separator=",") == 1234
    assert parse_number("1,234", separator=",") == D("1.234")
    assert parse_number("1,234", separator=".") == 1234


def test_numbers_prove_their_decimal_separator():
    assert decimal_separators(["30,5", "1.000", "x", ""]) == {","}
    assert decimal_separators(["1.000.000"]) == {","}
    assert decimal_separators(["1,000,000.5", "0.5"]) == {"."}
    assert decimal_separators(["30,5", "30.5"]) == {",", "."}
    assert decimal_separators(["1.000", "1,000", "100", "1 000"]) == set()


@pytest.mark.parametrize("text", ["", " - ", "\N{EM DASH}", "N/D", "#N/A", "\u200b", "--"])
def test_dashes_and_words_for_nothing_are_blank(text):
    assert is_blank(text)
    assert not is_percentage(text)


def test_percentages_are_recognised():
    assert is_percentage("12,5%")
    assert is_percentage(" -3 % ")
    assert not is_percentage("%")
    assert not is_percentage("12,5")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("30.12500000", "30,1250"),
        ("100.00000000", "100"),
        ("0.1", "0,1"),
        ("9999999999.99999999", "9999999999,99999999"),
        ("1E+3", "1000"),
        ("0.00000001", "0,00000001"),
    ],
)
def test_written_numbers_can_be_read_back(number, text):
    assert format_number(D(number), separator=",") == text
    assert parse_number(text) == D(number)


@pytest.mark.parametrize(
    ("language", "text", "number"),
    [("pt-br", "1.000", 1000), ("en", "1,000", 1000), ("pt-br", "7", 7), ("pt-br", "1 440", 1440)],
)
def test_whole_numbers_are_read_in_the_language_of_the_page(language, text, number):
    with override(language):
        assert TypedIntegerField().clean(text) == number


@pytest.mark.parametrize("text", ["7,5", "x", "1E99", "7%"])
def test_other_texts_are_not_whole_numbers(text):
    with pytest.raises(Exception, match="inteiro"):
        TypedIntegerField().clean(text)
