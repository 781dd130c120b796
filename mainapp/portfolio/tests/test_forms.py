from decimal import Decimal

import pytest
from django.utils.translation import override

from mainapp.core.forms import AmbiguousNumber, format_number, parse_number
from mainapp.market.tests.factories import CorporateEventFactory, StockFactory
from mainapp.portfolio.forms.carteira import CarteiraForm, TradeForm

D = Decimal
FIELDS = {"ativo": "PETR4", "quantidade": "100", "preco_medio": "30,50", "nota": "7"}


@pytest.fixture
def petr4(db):
    return StockFactory(symbol="PETR4", name="Petrobras")


def errors_of(**fields):
    form = CarteiraForm(FIELDS | fields)
    return {name: list(errors) for name, errors in form.errors.items()}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.234,56", "1234.56"),
        ("1234,56", "1234.56"),
        ("1234.56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("R$ 38,42", "38.42"),
        ("r$38.42", "38.42"),
        ("R$\N{NO-BREAK SPACE}1.234.567,8", "1234567.8"),
        ("1.234.567", "1234567"),
        ("1 234,5", "1234.5"),
        ("1234.567", "1234.567"),
        ("0,125", "0.125"),
        ("0.125", "0.125"),
        ("30,1250", "30.125"),
        ("0.00000001", "0.00000001"),
        ("9999999999,99999999", "9999999999.99999999"),
        ("100", "100"),
        ("12,", "12"),
        ("-5", "-5"),
        ("\N{MINUS SIGN}5,5", "-5.5"),
    ],
)
@pytest.mark.parametrize("language", ["pt-br", "en"])
def test_numbers_are_read_in_either_language(text, number, language):
    with override(language):
        assert parse_number(text) == D(number)


@pytest.mark.parametrize(
    "text",
    [
        *("", "abc", "NaN", "nan", "Infinity", "-inf", "1e5", "1E5", "0x10", "1_000", "--1", "1-"),
        *("1,2,3", "1.2.3", "12.34,56", "1,23.4", "1.234.56", "1,234,56", ",5", ".", "R$", "٣"),
        *("1.000,00.0", "0.123.456", "+", "1" * 61),
    ],
)
def test_text_that_is_not_a_number_gives_none(text):
    assert parse_number(text) is None


@pytest.mark.parametrize("text", ["1.234", "1,234", "R$ 999.999", "-12.000"])
def test_ambiguous_thousands_are_not_guessed(text):
    with pytest.raises(AmbiguousNumber):
        parse_number(text)


def test_thousands_follow_a_known_decimal_separator():
    assert parse_number("1.234", separator=",") == 1234
    assert parse_number("1,234", separator=",") == D("1.234")
    assert parse_number("1,234", separator=".") == 1234


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


def test_a_row_is_read_as_it_is_typed(petr4):
    form = CarteiraForm(FIELDS | {"ativo": " petr4f ", "preco_medio": "R$ 1.030,50"})

    assert form.is_valid()
    assert form.cleaned_data == {
        "ativo": petr4,
        "quantidade": 100,
        "preco_medio": D("1030.5"),
        "nota": 7,
    }


def test_former_ticker_gives_the_current_stock(petr4):
    former = StockFactory(symbol="PETX4", renamed_to=petr4, is_active=False)
    CorporateEventFactory(stock=former, successor=petr4, ratio=D(1))
    form = CarteiraForm(FIELDS | {"ativo": "petx4"})
    assert form.is_valid()
    assert form.cleaned_data["ativo"] == petr4


@pytest.mark.parametrize("ratio", [D("0.5"), None])
def test_amounts_under_a_former_ticker_with_another_ratio_are_not_guessed(petr4, ratio):
    former = StockFactory(symbol="PETX4", renamed_to=petr4, is_active=False)
    CorporateEventFactory(stock=former, successor=petr4, ratio=ratio)

    (error,) = errors_of(ativo="PETX4")["ativo"]

    assert error.startswith("PETX4 virou PETR4 em 09/06/2025.")
    assert error.endswith("Escreva o código, a quantidade e o preço médio de hoje.")


def test_unknown_tickers_and_indices_are_refused(petr4):
    StockFactory(symbol="IBOV", kind="INDEX")

    assert errors_of(ativo="NADA3") == {"ativo": ["Não conhecemos o ativo “NADA3”."]}
    assert errors_of(ativo="<b>") == {"ativo": ["Não conhecemos o ativo “<b>”."]}
    assert errors_of(ativo="ibov") == {
        "ativo": ["IBOV é um índice: não se compra nem se guarda na carteira."]
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1.234", "“1.234” pode ser lido de duas formas: escreva 1234 se são milhares, "
         "ou 1,2340 se são decimais."),
        ("-1", "Não pode ser negativo."),
        ("NaN", "Não entendemos este número. Escreva, por exemplo, 1.000 ou 1.000,50."),
        ("1e5", "Não entendemos este número. Escreva, por exemplo, 1.000 ou 1.000,50."),
        ("1,123456789", "Certifique-se de que não tenha mais de 8 casas decimais."),
        ("12345678901", "Certifique-se de que não tenha mais de 10 dígitos antes do ponto "
         "decimal."),
        ("1" * 20, "Certifique-se de que não tenha mais de 18 dígitos no total."),
    ],
)  # fmt: skip
@pytest.mark.parametrize("field", ["quantidade", "preco_medio"])
def test_invalid_amounts_show_the_reason(petr4, field, text, message):
    assert message in errors_of(**{field: text})[field]


@pytest.mark.parametrize(("language", "text"), [("pt-br", "R$ 30,125"), ("en", "30.125")])
def test_decimals_in_the_pages_own_format_are_accepted(petr4, language, text):
    with override(language):
        form = CarteiraForm(FIELDS | {"preco_medio": text})
        assert form.is_valid()
    assert form.cleaned_data["preco_medio"] == D("30.125")


def test_ambiguous_number_in_english_shows_an_english_example(petr4):
    with override("en"):
        message = errors_of(quantidade="1,234")["quantidade"][0]
    assert "1234" in message
    assert "1.2340" in message


@pytest.mark.parametrize("nota", ["-1", "11", "7,5", "7.5", "", "x"])
def test_a_nota_is_a_whole_number_up_to_ten(petr4, nota):
    assert list(errors_of(nota=nota)) == ["nota"]


def test_new_row_needs_a_quantity_and_an_existing_one_may_have_zero(petr4):
    assert list(errors_of(quantidade="0,00")) == ["quantidade"]

    form = CarteiraForm(FIELDS | {"quantidade": "0", "ativo": "VALE3"}, stock=petr4)
    assert form.is_valid()
    assert form.cleaned_data["ativo"] == petr4


def test_typed_text_is_shown_with_its_error(petr4):
    form = CarteiraForm(FIELDS | {"quantidade": "1.234", "nota": "11"})
    assert (form["quantidade"].value(), form["nota"].value()) == ("1.234", "11")


def test_purchase_needs_a_price_and_a_sale_does_not():
    sale = TradeForm({"operacao": "venda", "quantidade": "5"})
    buy = TradeForm({"operacao": "compra", "quantidade": "5", "custos": "1,5"})

    assert sale.is_valid()
    assert list(buy.errors) == ["preco"]


@pytest.mark.parametrize("quantity", ["0", "-1", ""])
def test_trade_needs_a_quantity(quantity):
    form = TradeForm({"operacao": "compra", "quantidade": quantity, "preco": "1"})
    assert list(form.errors) == ["quantidade"]
