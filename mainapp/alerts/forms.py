"""Form of an alert."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import DecimalValidator, MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.models import Preferences, User
from mainapp.alerts.conditions import KINDS
from mainapp.alerts.models import ONE_DAY_MINUTES, Alert
from mainapp.core.forms import TypedDecimalField, TypedIntegerField
from mainapp.core.prices import MOST_PLACES, trimmed
from mainapp.market.forms import StockInput
from mainapp.market.models import Stock
from mainapp.market.selectors.successions import other_amounts_note, succession_notes
from mainapp.market.selectors.watchlists import stocks_named

MAX_LIMIT = Decimal(10_000_000)
MAX_RISE_PCT, MAX_FALL_PCT = Decimal(1000), Decimal(100)
MAX_COOLDOWN = 30 * ONE_DAY_MINUTES
ABOVE_ZERO = MinValueValidator(Decimal("0.01"), _("Digite um valor maior que zero."))


LEAST_PRICE = Decimal(1).scaleb(-MOST_PLACES)
LIMIT_DIGITS = 18


def check_places(price: Decimal | None, stock: Stock | None) -> None:
    """Check that a typed price has no more places than the stock's. Raises: ValidationError."""
    if price is not None and stock is not None:
        DecimalValidator(LIMIT_DIGITS, stock.price_places)(trimmed(price))


def price_field(label: Any, help_text: Any) -> TypedDecimalField:
    """Return a field for a price in R$; the form checks its places, which are the stock's."""
    most = MaxValueValidator(MAX_LIMIT, _("Digite no máximo R$ 10.000.000,00."))
    return TypedDecimalField(
        label=label,
        help_text=help_text,
        required=False,
        max_digits=LIMIT_DIGITS,
        decimal_places=MOST_PLACES,
        validators=[MinValueValidator(LEAST_PRICE, ABOVE_ZERO.message), most],
    )


def change_field(label: Any, help_text: Any, most: Decimal) -> TypedDecimalField:
    """Return a field for the day's change in percent."""
    return TypedDecimalField(
        label=label,
        help_text=help_text,
        required=False,
        max_digits=6,
        decimal_places=2,
        validators=[
            ABOVE_ZERO,
            MaxValueValidator(most, _("Digite no máximo %(limit_value)s%%.")),
        ],
    )


def count_field(label: Any, help_text: Any, least: int, most: int, initial: int) -> Any:
    return TypedIntegerField(
        label=label,
        help_text=help_text,
        min_value=least,
        max_value=most,
        initial=initial,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
    )


def to_minutes(value: str) -> int:
    return int(value)


class AlertForm(forms.Form):
    """Fields of an alert.

    `cleaned_data["ativo"]` is the stock; `email` is empty for the account's own address.
    """

    ativo = forms.CharField(
        label=_("Ativo"),
        max_length=20,
        help_text=_("O código na B3, como PETR4, ou IBOV, ou um par como BTCBRL."),
        widget=StockInput,
    )
    compra = price_field(_("Cair até (R$)"), _("Avisa quando o preço cair até este valor."))
    venda = price_field(_("Subir até (R$)"), _("Avisa quando o preço subir até este valor."))
    change_up_pct = change_field(
        _("Alta do dia (%)"),
        _("Avisa quando o preço subir tanto desde o fechamento anterior."),
        MAX_RISE_PCT,
    )
    change_down_pct = change_field(
        _("Queda do dia (%)"),
        _("Avisa quando o preço cair tanto desde o fechamento anterior."),
        MAX_FALL_PCT,
    )
    periodo = forms.TypedChoiceField(
        label=_("Verificar o preço"),
        required=False,
        coerce=to_minutes,
        empty_value=None,
        help_text=_("O preço que cruza o limite e volta entre duas consultas não é visto."),
    )
    hold_minutes = count_field(
        _("Só depois de ficar lá (minutos)"),
        _(
            "Avisa se o preço ficar além do limite por este tempo sem interrupção, no mesmo "
            "pregão; todas as cotações contam. Zero avisa assim que ele toca o limite."
        ),
        0,
        ONE_DAY_MINUTES,
        0,
    )
    recurrence = forms.ChoiceField(
        label=_("Avisar"),
        choices=Alert.Recurrence.choices,
        initial=Alert.Recurrence.ONCE,
        help_text=_("Uma vez encerra o alerta ao disparar; toda vez continua avisando."),
    )
    rearm_pct = TypedDecimalField(
        label=_("Recuo antes de avisar de novo (%)"),
        initial=Decimal("0.5"),
        max_digits=5,
        decimal_places=2,
        help_text=_(
            "Depois de uma notificação, o preço precisa voltar tanto para dentro do limite antes "
            "da próxima. Na variação do dia, são pontos percentuais."
        ),
        validators=[
            MinValueValidator(0, _("Não pode ser negativo.")),
            MaxValueValidator(50, _("Digite no máximo 50%.")),
        ],
    )
    cooldown_minutes = count_field(
        _("Silêncio depois de uma notificação (minutos)"),
        _("Durante este tempo, o que dispararia de novo é descartado."),
        0,
        MAX_COOLDOWN,
        0,
    )
    fires_if_beyond = forms.BooleanField(
        label=_("Disparar já, se o preço já passou do limite"),
        required=False,
        help_text=_("Sem isto, o alerta espera o preço voltar e cruzar o limite de novo."),
    )
    duracao = count_field(
        _("Vale por (dias)"),
        _("Dias corridos, contando hoje, até o fim do último dia no horário de São Paulo."),
        1,
        365,
        15,
    )
    email = forms.EmailField(label=_("E-mail"), required=False, max_length=254)
    note = forms.CharField(
        label=_("Nota"),
        required=False,
        max_length=200,
        help_text=_("Um lembrete seu, que vai junto com a notificação."),
    )

    def __init__(self, *args: Any, owner: User, alert: Alert | None = None, **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.owner, self.alert = owner, alert
        self.fields["periodo"].choices = period_choices(owner)  # type: ignore[attr-defined] # a choice field
        self.fields["email"].help_text = _(
            "Vazio: o da sua conta (%(email)s). Outro endereço só recebe depois de confirmado "
            "pelo link que enviamos a ele."
        ) % {"email": owner.email or _("nenhum")}
        if alert:
            self.initial = {name: getattr(alert, name) for name in self.fields} | {
                "ativo": alert.ativo.symbol
            }

        for field in self.fields.values():
            if isinstance(field.widget, forms.Select):
                field.widget.attrs["class"] = "select"
            elif isinstance(field.widget, forms.CheckboxInput):
                field.widget.attrs["class"] = "check-input"
            else:
                field.widget.attrs["class"] = "input"

    @property
    def has_change_limits(self) -> bool:
        """Whether a limit of the day's change is filled in."""
        return any(self[name].value() for name in ("change_up_pct", "change_down_pct"))

    @property
    def steps(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The groups of the second step: a heading and its fields."""
        return [(heading, [self[name] for name in names]) for heading, names in STEPS]

    @property
    def has_errors_in_steps(self) -> bool:
        return any(name in self.errors for _heading, names in STEPS for name in names)

    def clean_ativo(self) -> Stock:
        text = self.cleaned_data["ativo"]
        stock = stocks_named([text]).get(text)
        if stock is None or not text.isprintable():
            raise ValidationError(
                _("Não conhecemos o ativo “%(text)s”."), params={"text": text}, code="unknown"
            )
        is_same = self.alert is not None and self.alert.ativo_id == stock.pk
        if not stock.is_active and not is_same:
            raise ValidationError(succession_notes([stock.symbol]), code="retired")
        if note := other_amounts_note(text, stock):
            hint = _("Escreva o código e os valores de hoje.")
            raise ValidationError(f"{note} {hint}", code="former")
        return stock

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        return "" if email.lower() == self.owner.email.lower() else email

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        compra, venda = cleaned.get("compra"), cleaned.get("venda")
        if compra is not None and venda is not None and compra >= venda:
            self.add_error("venda", _("“Subir até” precisa ficar acima de “Cair até”."))
        for kind, limit in (("compra", compra), ("venda", venda)):
            try:
                check_places(limit, cleaned.get("ativo"))
            except ValidationError as error:
                self.add_error(kind, error)
        is_empty = all(cleaned.get(kind) is None for kind in KINDS)
        if is_empty and not self.errors.keys() & set(KINDS):
            raise ValidationError(_("Diga pelo menos um limite."))
        return cleaned


# Fields of the optional second step, grouped under their headings.
STEPS = (
    (_("Quando olhar"), ("periodo", "hold_minutes")),
    (_("Quantas vezes e até quando"), ("recurrence", "duracao", "rearm_pct", "cooldown_minutes")),
    (_("Para onde"), ("email", "note")),
)


def period_choices(owner: User) -> Iterable[tuple[Any, Any]]:
    """Return the choices of a period; the first one follows the owner's profile."""
    preferences: Preferences | None = getattr(owner, "preferences", None)
    followed = Preferences.Period(preferences.monitoring_minutes if preferences else 0)
    empty = _("como no perfil: %(period)s") % {"period": followed.label.lower()}
    return [("", empty), *Preferences.Period.choices]
