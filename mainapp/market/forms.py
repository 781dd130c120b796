"""Forms of the stock picker, of watchlists, of the tracker's table, and of history files."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mainapp.core.names import has_hidden, tidy, title
from mainapp.core.table_view import Table
from mainapp.market.models import HistoryFile, Watchlist
from mainapp.market.readers.cotahist import check_head
from mainapp.market.readers.faults import CotahistError
from mainapp.market.readers.zipped import open_text

MAX_SYMBOLS_PER_CALL = 1000
MAX_TEXT = 12


class StockInput(forms.TextInput):
    """A text input for one ticker. `js/market/autocomplete.js` adds suggestions to it."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        defaults = {
            "data-autocomplete": "stock",
            "autocomplete": "off",
            "autocapitalize": "characters",
            "spellcheck": "false",
        }
        super().__init__({**defaults, **(attrs or {})})

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return super().get_context(
            name, value, {"data-url": reverse("stock-search"), **(attrs or {})}
        )


class PickerForm(forms.Form):
    """The picker's query. Invalid fields count as empty."""

    q = forms.CharField(required=False, max_length=60)
    kind = forms.CharField(required=False, max_length=8)
    sector = forms.CharField(required=False, max_length=80)
    page = forms.CharField(required=False)
    list = forms.CharField(required=False, max_length=19)
    as_of = forms.DateField(required=False, input_formats=["%Y-%m-%d"])

    def query(self) -> dict[str, Any]:
        self.is_valid()
        return {
            name: self.cleaned_data.get(name) or ("" if name != "as_of" else None)
            for name in self.fields
        }


PRESETS = {
    "essential": (_("Essencial"), ("spark", "change_pct")),
    "day": (
        _("Dia"),
        ("spark", "change_pct", "change", "day", "open", "volume", "turnover"),
    ),
    "fundamentals": (
        _("Fundamentos"),
        ("change_pct", "previous_close", "turnover", "year", "market_cap"),
    ),
    "full": (
        _("Completo"),
        (
            *("spark", "change_pct", "change", "day", "open", "previous_close"),
            *("volume", "turnover", "year", "market_cap", "age"),
        ),
    ),
}
TRACKER_TABLE = Table(
    cookie="TRACKER_COOKIE_NAME",
    columns={
        "symbol": _("Ativo"),
        "spark": _("Hoje"),
        "price": _("Preço"),
        "change_pct": _("Variação"),
        "change": _("Variação em R$"),
        "day": _("Mínima e máxima do dia"),
        "open": _("Abertura"),
        "previous_close": _("Fechamento anterior"),
        "volume": _("Volume em ações"),
        "turnover": _("Volume em R$"),
        "year": _("52 semanas"),
        "market_cap": _("Valor de mercado"),
        "age": _("Idade do preço"),
    },
    fixed=("symbol", "price"),
    shown_first=PRESETS["day"][1],
    unsortable=("spark",),
    texts=("symbol", "spark", "day", "year", "age"),
    headers={"change": "R$"},
    presets=PRESETS,
)


class WatchlistForm(forms.ModelForm):  # type: ignore[type-arg] # no generics at run time
    class Meta:
        model = Watchlist
        fields = ["name"]
        labels = {"name": _("Nome da lista")}

    def clean_name(self) -> str:
        name = tidy(self.cleaned_data["name"])
        if not title(name):
            raise ValidationError(_("Dê um nome à lista."))
        if has_hidden(name):
            raise ValidationError(_("O nome tem um caractere que não se pode mostrar."))
        return name


class SymbolsForm(forms.Form):
    """Tickers in one line, separated by spaces, commas or semicolons: `PETR4, VALE3`."""

    symbols = forms.CharField(label=_("Códigos"), max_length=2000)

    def clean_symbols(self) -> list[str]:
        return str(self.cleaned_data["symbols"]).replace(",", " ").replace(";", " ").split()


def symbols_from(request: HttpRequest, *names: str) -> dict[str, list[str]]:
    """Return the lists of symbols in a POST request's JSON or form.

    Raises: ValidationError if the body is invalid or a list is too long.
    """
    if request.content_type == "application/json":
        try:
            body = json.loads(request.body)
        except (ValueError, RecursionError) as error:
            raise ValidationError(_("O pedido é inválido.")) from error
        if not isinstance(body, dict):
            raise ValidationError(_("O pedido é inválido."))
        lists = {name: body.get(name, []) for name in names}
    else:
        lists = {name: request.POST.getlist(name) for name in names}
    for symbols in lists.values():
        _check_symbols(symbols)
    return lists


def _check_symbols(symbols: Any) -> None:
    if not isinstance(symbols, list) or len(symbols) > MAX_SYMBOLS_PER_CALL:
        raise ValidationError(_("Os códigos devem vir numa lista de até mil."))
    if not all(isinstance(symbol, str) and len(symbol) <= MAX_TEXT for symbol in symbols):
        raise ValidationError(_("Um dos códigos não é um código."))


class HistoryFileForm(forms.ModelForm):  # type: ignore[type-arg] # not generic at run time
    """An upload of B3's own history. Only its first line is checked; the worker checks the rest."""

    file = forms.FileField(
        label=_("arquivo COTAHIST"),
        help_text=_(
            "Um arquivo de Séries Históricas da B3, zip ou texto, de até 12 MB: um dia, um mês ou "
            "um ano antigo. Para os maiores há o comando load_cotahist."
        ),
    )

    class Meta:
        model = HistoryFile
        fields: list[str] = []

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        try:
            with open_text(file.file) as stream:
                check_head(stream)
        except CotahistError as error:
            raise ValidationError(str(error), code="invalid") from error
        file.seek(0)
        return file
