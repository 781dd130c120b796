"""The form of an alert, and its summary in words."""

from decimal import Decimal

import pytest
from django.utils import translation

from mainapp.accounts.models import Preferences
from mainapp.alerts.conditions import end_of
from mainapp.alerts.forms import AlertForm
from mainapp.alerts.rendering import distance_text, summary
from mainapp.alerts.tests.factories import make_alert
from mainapp.market.sessions import sao_paulo_day
from mainapp.market.tests.factories import NOON, StockFactory
from mainapp.market.tests.quotes import make_quote

DEFAULTS = {
    "ativo": "PETR4",
    "hold_minutes": "0",
    "recurrence": "once",
    "rearm_pct": "0,5",
    "cooldown_minutes": "0",
    "duracao": "15",
}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def petr4():
    return StockFactory(symbol="PETR4")


def submitted(owner, **fields):
    return AlertForm(DEFAULTS | fields, owner=owner)


def errors(form):
    return {name: [str(error) for error in texts] for name, texts in form.errors.items()}


@pytest.mark.parametrize(
    ("typed", "price"),
    [
        ("36", "36"),
        ("36,5", "36.5"),
        ("R$ 1.036,50", "1036.50"),
        ("36.50", "36.50"),
        ("1.036", "1036"),
    ],
)
def test_price_is_accepted_in_common_spellings(alice, typed, price):
    form = submitted(alice, compra=typed)

    assert form.is_valid(), form.errors
    assert form.cleaned_data["compra"] == Decimal(price)


def test_thousands_are_thousands_in_every_field(alice):
    form = submitted(alice, venda="1.000", change_up_pct="1.000", cooldown_minutes="1.440")
    assert form.is_valid()
    assert form.cleaned_data["venda"] == 1000
    assert form.cleaned_data["change_up_pct"] == 1000
    assert form.cleaned_data["cooldown_minutes"] == 1440


@pytest.mark.parametrize("typed", ["petr4", " PETR4 ", "PETR4F"])
def test_ticker_is_accepted_in_common_spellings(alice, typed, petr4):
    form = submitted(alice, ativo=typed, compra="36")

    assert form.is_valid(), form.errors
    assert form.cleaned_data["ativo"] == petr4


def test_unknown_ticker_is_refused(alice):
    assert errors(submitted(alice, ativo="XXXX9", compra="36")) == {
        "ativo": ["Não conhecemos o ativo “XXXX9”."]
    }


def test_retired_ticker_is_refused(alice):
    StockFactory(symbol="OIBR3", is_active=False)

    assert errors(submitted(alice, ativo="OIBR3", compra="1")) == {
        "ativo": ["OIBR3 deixou de ser negociado."]
    }


def test_at_least_one_limit_is_required(alice):
    assert errors(submitted(alice)) == {"__all__": ["Diga pelo menos um limite."]}


@pytest.mark.parametrize(("compra", "venda"), [("36", "36"), ("37", "36")])
def test_compra_must_be_below_venda(alice, compra, venda):
    assert errors(submitted(alice, compra=compra, venda=venda)) == {
        "venda": ["“Subir até” precisa ficar acima de “Cair até”."]
    }


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("compra", "0"),
        ("compra", "-1"),
        ("compra", "36,123"),
        ("compra", "10.000.000,01"),
        ("compra", "trinta"),
        ("compra", "NaN"),
        ("change_up_pct", "0"),
        ("change_up_pct", "1000,01"),
        ("change_down_pct", "100,01"),
        ("rearm_pct", "-1"),
        ("rearm_pct", "50,01"),
        ("rearm_pct", ""),
        ("hold_minutes", "1441"),
        ("hold_minutes", "-1"),
        ("cooldown_minutes", "43201"),
        ("duracao", "0"),
        ("duracao", "366"),
        ("periodo", "3"),
        ("recurrence", "never"),
        ("email", "nobody"),
        ("note", "x" * 201),
    ],
)
def test_value_out_of_bounds_is_an_error_of_its_field(alice, name, typed):
    form = submitted(alice, venda="40", **{name: typed})

    assert list(form.errors) == [name]


def test_defaults_are_those_of_the_contract(alice):
    form = submitted(alice, compra="36")

    assert form.is_valid()
    assert form["duracao"].initial == 15
    assert form.cleaned_data["periodo"] is None
    assert form.cleaned_data["rearm_pct"] == Decimal("0.5")
    assert form.cleaned_data["email"] == ""


def test_the_accounts_own_address_is_stored_as_empty(alice):
    alice.email = "Alice@example.org"
    own, other = (
        submitted(alice, compra="36", email=email)
        for email in ("alice@EXAMPLE.org", "b@example.org")
    )

    assert own.is_valid()
    assert other.is_valid()
    assert (own.cleaned_data["email"], other.cleaned_data["email"]) == ("", "b@example.org")


def test_empty_period_is_labelled_with_the_profiles_period(alice):
    Preferences.objects.create(user=alice, monitoring_minutes=5)

    choices = AlertForm(owner=alice).fields["periodo"].choices

    assert [value for value, _label in choices] == ["", 0, 1, 2, 5, 15, 30, 60, 90]
    assert next(label for _value, label in choices) == "como no perfil: 5 minutos"


def test_resubmitting_an_unchanged_form_changes_nothing(alice):
    alert = make_alert(alice, compra="1036.50", periodo=0, hold_minutes=3, note="olhe")
    form = AlertForm(owner=alice, alert=alert)
    shown = {field.name: field.value() for field in form}
    shown = {
        name: value for name, value in shown.items() if value is not None and value is not False
    }

    resubmitted = AlertForm(shown, owner=alice, alert=alert)

    assert resubmitted.is_valid(), resubmitted.errors
    assert {
        name: getattr(alert, name) for name in resubmitted.cleaned_data
    } == resubmitted.cleaned_data


# Summary in words --------------------------------------------------------------------------------


def summary_text(language="pt-br", **fields):
    terms = {
        "symbol": "PETR4",
        "limits": {"compra": Decimal(36)},
        "minutes": 5,
        "hold_minutes": 0,
        "is_every": False,
        "rearm_pct": Decimal("0.5"),
        "cooldown_minutes": 0,
        "expires_at": end_of(sao_paulo_day(NOON), 15),
    }
    with translation.override(language):
        return summary(**terms | fields).replace("\xa0", " ")


def test_summary_describes_the_alert():
    assert summary_text() == (
        "Aviso quando PETR4 cair até R$ 36,00, verificado a cada 5 minutos, uma vez, "
        "até 24/03/2026 23:59:59."
    )


def test_summary_includes_every_rule():
    limits = {"venda": Decimal(40), "change_down_pct": Decimal("2.5")}

    text = summary_text(limits=limits, hold_minutes=10, is_every=True, cooldown_minutes=60)

    assert text == (
        "Aviso quando PETR4 subir até R$ 40,00 ou cair 2,50% no dia, e lá ficar por "
        "10 minutos sem interrupção, no mesmo pregão, toda vez que o preço tiver voltado 0,50% "
        "para dentro do limite, com pelo menos 60 minutos entre duas notificações, até 24/03/2026 "
        "23:59:59."
    )


def test_summary_of_an_index_is_in_points():
    assert "IBOV cair até 36,00 pontos" in summary_text(symbol="IBOV")


@pytest.mark.parametrize(
    ("kind", "limit", "text"),
    [
        ("compra", "36.00", "faltam R$ 2,42 (6,30%)"),
        ("compra", "38.42", "no limite"),
        ("venda", "38.00", "já passou R$ 0,42 (1,09%)"),
        ("change_up_pct", "5.00", "faltam 3,95 p.p."),
        ("change_down_pct", "2.00", "faltam 3,05 p.p."),
    ],
)
def test_distance_is_shown_in_words(kind, limit, text):
    quote = make_quote(price="38.42", previous_close=Decimal("38.02"))

    with translation.override("pt-br"):
        assert distance_text(kind, Decimal(limit), quote).replace("\xa0", " ") == text


def test_distance_needs_a_quote_and_a_close():
    with translation.override("pt-br"):
        assert distance_text("compra", Decimal(36), None) == "sem cotação"
        assert distance_text("change_up_pct", Decimal(3), make_quote()) == "sem fechamento anterior"


def test_form_offers_the_periods_of_the_model(alice):
    assert {
        value for value, _ in AlertForm(owner=alice).fields["periodo"].choices if value != ""
    } == {*Preferences.Period.values}
