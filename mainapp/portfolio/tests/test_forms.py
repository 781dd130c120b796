from decimal import Decimal

import pytest
from django.contrib.admin.sites import AdminSite
from django.utils.translation import override

from mainapp.market.tests.factories import CorporateEventFactory, StockFactory
from mainapp.portfolio.admin import CarteiraAdmin
from mainapp.portfolio.forms.carteira import CarteiraForm, TradeForm
from mainapp.portfolio.models import Carteira

D = Decimal
FIELDS = {"ativo": "PETR4", "quantidade": "100", "preco_medio": "30,50", "nota": "7"}


@pytest.fixture
def petr4(db):
    return StockFactory(symbol="PETR4", name="Petrobras")


def errors_of(**fields):
    form = CarteiraForm(FIELDS | fields)
    return {name: list(errors) for name, errors in form.errors.items()}


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
        ("-1", "Não pode ser negativo."),
        ("NaN", "Não entendemos este número. Escreva, por exemplo, 1.000 ou 1.000,50."),
        ("1..5", "Não entendemos este número. Escreva, por exemplo, 1.000 ou 1.000,50."),
        ("1,123456789", "Certifique-se de que não tenha mais de 8 casas decimais."),
        ("12345678901", "Certifique-se de que não tenha mais de 10 dígitos antes do ponto "
         "decimal."),
        ("1" * 20, "Certifique-se de que não tenha mais de 18 dígitos no total."),
    ],
)  # fmt: skip
@pytest.mark.parametrize("field", ["quantidade", "preco_medio"])
def test_invalid_amounts_show_the_reason(petr4, field, text, message):
    assert message in errors_of(**{field: text})[field]


@pytest.mark.parametrize(
    ("language", "text", "number"),
    [
        ("pt-br", "1.000", "1000"),
        ("pt-br", "R$ 30,125", "30.125"),
        ("pt-br", "1.234,5", "1234.5"),
        ("pt-br", "1E3", "1000"),
        ("en", "1,000", "1000"),
        ("en", "30.125", "30.125"),
        ("en", "1.000", "1"),
    ],
)
@pytest.mark.parametrize("field", ["quantidade", "preco_medio"])
def test_amounts_are_read_in_the_language_of_the_page(petr4, language, text, number, field):
    with override(language):
        form = CarteiraForm(FIELDS | {field: text})
        assert form.is_valid()
    assert form.cleaned_data[field] == D(number)


def test_admin_reads_amounts_as_the_pages_do():
    model_admin = CarteiraAdmin(Carteira, AdminSite())
    field = model_admin.formfield_for_dbfield(Carteira._meta.get_field("quantidade"), None)
    assert field.clean("1.000") == 1000


@pytest.mark.parametrize("nota", ["-1", "11", "7,5", "7.5", "", "x"])
def test_a_nota_is_a_whole_number_up_to_ten(petr4, nota):
    assert list(errors_of(nota=nota)) == ["nota"]


def test_new_row_needs_a_quantity_and_an_existing_one_may_have_zero(petr4):
    assert list(errors_of(quantidade="0,00")) == ["quantidade"]

    form = CarteiraForm(FIELDS | {"quantidade": "0", "ativo": "VALE3"}, stock=petr4)
    assert form.is_valid()
    assert form.cleaned_data["ativo"] == petr4


def test_typed_text_is_shown_with_its_error(petr4):
    form = CarteiraForm(FIELDS | {"quantidade": "1..234", "nota": "11"})
    assert (form["quantidade"].value(), form["nota"].value()) == ("1..234", "11")


def test_purchase_needs_a_price_and_a_sale_does_not():
    sale = TradeForm({"operacao": "venda", "quantidade": "5"})
    buy = TradeForm({"operacao": "compra", "quantidade": "5", "custos": "1,5"})

    assert sale.is_valid()
    assert list(buy.errors) == ["preco"]


@pytest.mark.parametrize("quantity", ["0", "-1", ""])
def test_trade_needs_a_quantity(quantity):
    form = TradeForm({"operacao": "compra", "quantidade": quantity, "preco": "1"})
    assert list(form.errors) == ["quantidade"]
