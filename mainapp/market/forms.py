"""Forms of the stock picker, of watchlists, and of the tracker's table."""

import json
from dataclasses import dataclass
from typing import Any, Self

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mainapp.core.names import has_hidden, tidy, title
from mainapp.market.models import Watchlist

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


# The tracker's columns that may be hidden, in their order.
COLUMNS = {
    "spark": _("Hoje"),
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
}
UNSORTABLE = ("spark",)
SORTABLE = ("symbol", "price", *(name for name in COLUMNS if name not in UNSORTABLE))
# Columns that the first click on a header sorts with the smallest value on top.
ASCENDING_FIRST = ("symbol", "age")
PRESETS = {
    "essential": (_("Essencial"), ("spark", "change_pct", "age")),
    "day": (
        _("Dia"),
        ("spark", "change_pct", "change", "day", "open", "volume", "turnover", "age"),
    ),
    "fundamentals": (
        _("Fundamentos"),
        ("change_pct", "previous_close", "turnover", "year", "market_cap", "age"),
    ),
    "full": (_("Completo"), tuple(COLUMNS)),
}
DENSITIES = {"comfortable": _("Confortável"), "compact": _("Compacta")}


@dataclass(frozen=True, slots=True, kw_only=True)
class TableView:
    """A reader's choices for the tracker's table. `sort` is a column, with `-` for descending."""

    columns: tuple[str, ...] = PRESETS["day"][1]
    density: str = "comfortable"
    sort: str = ""

    @property
    def preset(self) -> str:
        """The name of the preset with exactly these columns, or ""."""
        return next((name for name, (_, own) in PRESETS.items() if own == self.columns), "")

    @property
    def sorted_by(self) -> str:
        return self.sort.removeprefix("-")

    @property
    def is_ascending(self) -> bool:
        return not self.sort.startswith("-")

    def next_sort(self, column: str) -> str:
        """Return the order after a click on a column: its usual one, the other, the list's own."""
        usual = column if column in ASCENDING_FIRST else f"-{column}"
        other = f"-{column}" if column in ASCENDING_FIRST else column
        return {usual: other, other: ""}.get(self.sort, usual)

    def to_text(self) -> str:
        """Return the choices for a cookie; the inverse of `from_text`."""
        query = QueryDict(mutable=True)
        query.setlist("columns", self.columns)
        query.update({"density": self.density, "sort": self.sort})
        return query.urlencode()

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return the choices in a cookie, or those of a new reader."""
        form = TableViewForm(QueryDict(text))
        is_complete = "density" in form.data
        return cls(**form.choices()) if is_complete and form.is_valid() else cls()


class TableViewForm(forms.Form):
    """The reader's choices; `preset` and `sort_by` are buttons that override the other fields."""

    columns = forms.MultipleChoiceField(choices=list(COLUMNS.items()), required=False)
    density = forms.ChoiceField(choices=list(DENSITIES.items()), required=False)
    sort = forms.CharField(required=False)
    sort_by = forms.CharField(required=False)
    preset = forms.ChoiceField(
        choices=[(name, own[0]) for name, own in PRESETS.items()], required=False
    )

    def clean(self) -> dict[str, Any]:
        sort = self.data.get("sort_by", self.data.get("sort", ""))
        if sort and sort.removeprefix("-") not in SORTABLE:
            raise ValidationError("unknown column")
        return self.cleaned_data | {"sort": sort}

    def choices(self) -> dict[str, Any]:
        """Return the arguments of a TableView, of a valid form."""
        chosen = self.cleaned_data
        preset = PRESETS.get(chosen.get("preset", ""))
        return {
            "columns": preset[1] if preset else tuple(n for n in COLUMNS if n in chosen["columns"]),
            "density": chosen["density"] or "comfortable",
            "sort": chosen["sort"],
        }


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
