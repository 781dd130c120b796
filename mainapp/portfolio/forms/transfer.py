"""Forms for the upload of a file, the user's reading choices, and the confirmation of its rows."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.models import User
from mainapp.core.forms import decimal_separator
from mainapp.core.numbers import parse_number
from mainapp.market.selectors.watchlists import stocks_named
from mainapp.portfolio.imports.reading import Choices
from mainapp.portfolio.imports.sheets import TOO_LARGE, Cell, Sheet, UnreadableFile
from mainapp.portfolio.policies import MAX_FILE_BYTES
from mainapp.portfolio.selectors.imports import Import
from mainapp.portfolio.services import NewRow

MAX_AGE_S = 3600
# Django refuses form data above 2.5 MB.
MAX_SIGNED_SHEETS = 1_500_000
CHOICE = re.compile(r"(coluna|numeros)-(\d{1,3})-(\d{1,3})", re.ASCII)
EXCLUSION = re.compile(r"ler-(\d{1,3})", re.ASCII)
RATIO = re.compile(r"proporcao-([A-Z0-9]{5,8})", re.ASCII)
MAX_RATIO = 1_000_000
EXPIRED = _("Esta conferência venceu: envie o arquivo de novo.")


class UploadForm(forms.Form):
    arquivo = forms.FileField(
        label=_("Arquivo CSV ou XLSX"),
        widget=forms.FileInput({"accept": ".csv,.xlsx,.txt,.tsv", "class": "input"}),
        error_messages={"required": _("Escolha um arquivo."), "empty": _("O arquivo está vazio.")},
    )

    def clean_arquivo(self) -> Any:
        file = self.cleaned_data["arquivo"]
        if file.size > MAX_FILE_BYTES:
            raise ValidationError(
                _("O arquivo tem %(size)s; o limite é %(limit)s."),
                params={"size": filesizeformat(file.size), "limit": filesizeformat(MAX_FILE_BYTES)},
            )
        return file


class ReadingForm(forms.Form):
    """The sheets of a preview, signed for its user, to be read again with their choices.

    `cleaned_data["planilha"]` holds the sheets. Every column has a field `coluna-TABLE-COLUMN`, an
    ambiguous one a field `numeros-TABLE-COLUMN`, every table a field `ler-TABLE`, and a former code
    of an unknown ratio a field `proporcao-CODE`.
    """

    planilha = forms.CharField(widget=forms.HiddenInput, max_length=MAX_SIGNED_SHEETS)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_planilha(self) -> list[Sheet]:
        values = _load(self.cleaned_data["planilha"], "sheets", self.user)
        return [
            Sheet(
                name=name,
                is_hidden=is_hidden,
                separator=separator,
                rows=[list(map(_cell, row)) for row in rows],
            )
            for name, is_hidden, separator, rows in values
        ]

    @property
    def choices(self) -> Choices:
        return choices_in(self.data)


def choices_in(data: Mapping[str, Any]) -> Choices:
    """Return the choices in a submitted form; other fields are ignored."""
    chosen: dict[str, dict[int, dict[int, str]]] = {
        "coluna": defaultdict(dict),
        "numeros": defaultdict(dict),
    }
    for name in data:
        if match := CHOICE.fullmatch(name):
            chosen[match[1]][int(match[2])][int(match[3])] = data[name]
    separators = {
        table: {place: text for place, text in places.items() if text in (",", ".")}
        for table, places in chosen["numeros"].items()
    }
    excluded = {
        int(match[1])
        for name in data
        if (match := EXCLUSION.fullmatch(name)) and data[name] == "nao"
    }
    ratios = {match[1]: data[name] for name in data if (match := RATIO.fullmatch(name))}
    return Choices(
        roles=chosen["coluna"],
        separators=separators,
        excluded=excluded,
        ratios={code: ratio for code, text in ratios.items() if (ratio := _ratio(text))},
    )


def _ratio(text: str) -> Decimal | None:
    number = parse_number(text, separator=decimal_separator())
    return number if number and 0 < number <= MAX_RATIO else None


def sign_sheets(sheets: Iterable[Sheet], user: User) -> str:
    """Return the sheets as signed text that only `user` can send back, within MAX_AGE_S.

    Raises: UnreadableFile if the text is too long for a form.
    """
    values = [
        [each.name, each.is_hidden, each.separator, [list(map(_json, row)) for row in each.rows]]
        for each in sheets
    ]
    text = _sign(values, "sheets", user)
    if len(text) > MAX_SIGNED_SHEETS:
        raise UnreadableFile(TOO_LARGE)
    return text


def _json(cell: Cell) -> Any:
    return cell if isinstance(cell, str) else [str(cell)]


def _cell(value: Any) -> Cell:
    return value if isinstance(value, str) else Decimal(value[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """The rows of a preview.

    `former` are the symbols whose holdings they replace; `unnamed` those that *Substituir* deletes,
    exactly as the preview showed them.
    """

    rows: Sequence[NewRow]
    former: Sequence[str]
    unnamed: Sequence[str]


class ConfirmForm(forms.Form):
    """Rows of a preview, signed for its user; `cleaned_data["linhas"]` holds the rows."""

    linhas = forms.CharField(widget=forms.HiddenInput)
    modo = forms.ChoiceField(
        choices=[
            ("atualizar", _("Atualizar: o que o arquivo não cita continua como está")),
            ("substituir", _("Substituir: o que o arquivo não cita é apagado")),
        ],
        widget=forms.RadioSelect({"class": "check-input"}),
        initial="atualizar",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_linhas(self) -> Confirmed:
        values = _load(self.cleaned_data["linhas"], "rows", self.user)
        stocks = stocks_named(symbol for symbol, *_columns in values["rows"])
        rows = [
            NewRow(
                stock=stocks[symbol],
                quantidade=Decimal(quantity),
                preco_medio=Decimal(price),
                nota=nota,
            )
            for symbol, quantity, price, nota in values["rows"]
            if symbol in stocks
        ]
        return Confirmed(rows=rows, former=values["former"], unnamed=values["unnamed"])


def sign_import(read: Import, user: User) -> str:
    """Return the rows as signed text that only `user` can send back, within MAX_AGE_S."""
    rows = [
        [
            change.stock.symbol,
            str(change.merged.quantity),
            str(change.merged.price),
            change.nota if change.former else change.merged.nota,
        ]
        for change in read.changes
    ]
    former = [holding.symbol for holding in read.replaced]
    unnamed = [holding.symbol for holding in read.unnamed]
    return _sign({"rows": rows, "former": former, "unnamed": unnamed}, "rows", user)


def _sign(values: Any, kind: str, user: User) -> str:
    return signing.dumps(values, salt=_salt(kind, user), compress=True)


def _load(text: str, kind: str, user: User) -> Any:
    """Return signed values. Raises: ValidationError if they are too old or another user's."""
    try:
        return signing.loads(text, salt=_salt(kind, user), max_age=MAX_AGE_S)
    except signing.BadSignature:
        raise ValidationError(EXPIRED) from None


def _salt(kind: str, user: User) -> str:
    return f"carteira-import-{kind}-{user.pk}"
