"""Forms for a row of the portfolio and for a trade in it."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.utils.translation import gettext_lazy as _

from mainapp.core.forms import TypedDecimalField, TypedIntegerField
from mainapp.market.forms import StockInput
from mainapp.market.models import Stock
from mainapp.market.selectors.successions import other_amounts_note
from mainapp.market.selectors.watchlists import stocks_named
from mainapp.portfolio.policies import MAX_NOTA

DIGITS = 18
PLACES = 8


def amount_field(label: Any, **fields: Any) -> TypedDecimalField:
    """Return a field for an amount of a row: not negative, at most 10 digits and 8 decimals."""
    least = MinValueValidator(0, _("Não pode ser negativo."))
    return TypedDecimalField(
        label=label, max_digits=DIGITS, decimal_places=PLACES, validators=[least], **fields
    )


class CarteiraForm(forms.Form):
    """A row of the portfolio; `cleaned_data["ativo"]` is the stock of the typed ticker.

    `stock` is given for an existing row: the stock cannot change, and a quantity of 0 means that
    everything was sold.
    """

    ativo = forms.CharField(
        label=_("Ativo"),
        max_length=20,
        help_text=_("O código na B3, como PETR4 ou HGLG11."),
        widget=StockInput,
    )
    quantidade = amount_field(_("Quantidade"))
    preco_medio = amount_field(_("Preço médio (R$)"), help_text=_("Por unidade, com os custos."))
    nota = TypedIntegerField(
        label=_("Nota (0 a 10)"),
        min_value=0,
        max_value=MAX_NOTA,
        help_text=_(
            "O peso deste ativo em relação aos outros. Com 0, fica fora do próximo aporte."
        ),
    )

    def __init__(self, *args: Any, stock: Stock | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stock = stock
        if stock:
            self.fields["ativo"].disabled = True
            self.initial["ativo"] = stock.symbol
            self.fields["quantidade"].help_text = _("Zero quer dizer que tudo foi vendido.")

    def clean_ativo(self) -> Stock:
        if self.stock:
            return self.stock
        text = self.cleaned_data["ativo"]
        stock = stocks_named([text]).get(text)
        check_stock(text, stock)
        assert stock
        _check_former(text, stock)
        return stock

    def clean_quantidade(self) -> Any:
        quantity = self.cleaned_data["quantidade"]
        if not quantity and not self.stock:
            raise ValidationError(_("Informe uma quantidade maior que zero."))
        return quantity


class TradeForm(forms.Form):
    """A purchase or a sale in a row; price and costs apply to purchases only."""

    operacao = forms.ChoiceField(
        label=_("Operação"),
        choices=[("compra", _("Compra")), ("venda", _("Venda"))],
        widget=forms.RadioSelect({"class": "check-input"}),
        initial="compra",
    )
    quantidade = amount_field(_("Quantidade"))
    preco = amount_field(
        _("Preço (R$)"), required=False, help_text=_("De cada unidade; só para compras.")
    )
    custos = amount_field(
        _("Custos (R$)"), required=False, help_text=_("Corretagem e taxas de toda a compra.")
    )

    def clean_quantidade(self) -> Any:
        quantity = self.cleaned_data["quantidade"]
        if not quantity:
            raise ValidationError(_("Informe uma quantidade maior que zero."))
        return quantity

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        is_buy = cleaned.get("operacao") == "compra"
        if is_buy and "preco" in cleaned and cleaned["preco"] is None:
            self.add_error("preco", _("Informe o preço da compra."))
        return cleaned


def _check_former(text: str, stock: Stock) -> None:
    """Refuse a former code whose amounts differ from those of today's. Raises: ValidationError."""
    if note := other_amounts_note(text, stock):
        hint = _("Escreva o código, a quantidade e o preço médio de hoje.")
        raise ValidationError(f"{note} {hint}", code="former")


def check_stock(text: str, stock: Stock | None) -> None:
    """Check that `stock` can be held. Raises: ValidationError with the reason."""
    if stock is None:
        raise ValidationError(
            _("Não conhecemos o ativo “%(text)s”."), params={"text": text}, code="unknown"
        )
    if stock.kind == Stock.Kind.INDEX:
        raise ValidationError(
            _("%(text)s é um índice: não se compra nem se guarda na carteira."),
            params={"text": stock.symbol},
            code="index",
        )
