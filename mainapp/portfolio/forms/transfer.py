"""Forms for the upload of a file and for the confirmation of its rows."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.models import User
from mainapp.market.selectors.watchlists import stocks_named
from mainapp.portfolio.policies import MAX_FILE_BYTES
from mainapp.portfolio.services import NewRow

MAX_AGE_S = 3600


class UploadForm(forms.Form):
    arquivo = forms.FileField(
        label=_("Arquivo CSV ou XLSX"),
        widget=forms.FileInput({"accept": ".csv,.xlsx,.txt,.tsv"}),
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


class ConfirmForm(forms.Form):
    """Rows of a preview, signed for its user; `cleaned_data["linhas"]` holds the rows."""

    linhas = forms.CharField(widget=forms.HiddenInput)
    modo = forms.ChoiceField(
        choices=[
            ("atualizar", _("Atualizar: o que o arquivo não cita continua como está")),
            ("substituir", _("Substituir: o que o arquivo não cita é apagado")),
        ],
        widget=forms.RadioSelect({"class": "form-check-input"}),
        initial="atualizar",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_linhas(self) -> list[NewRow]:
        try:
            signed_rows = signing.loads(
                self.cleaned_data["linhas"], salt=_salt(self.user), max_age=MAX_AGE_S
            )
        except signing.BadSignature:
            raise ValidationError(_("Esta conferência venceu: envie o arquivo de novo.")) from None
        stocks = stocks_named(symbol for symbol, *_columns in signed_rows)
        return [
            NewRow(
                stock=stocks[symbol],
                quantidade=Decimal(quantity),
                preco_medio=Decimal(price),
                nota=nota,
            )
            for symbol, quantity, price, nota in signed_rows
            if symbol in stocks
        ]


def sign_rows(rows: Iterable[NewRow], user: User) -> str:
    """Return the rows as signed text that only `user` can send back, within MAX_AGE_S."""
    values = [
        [row.stock.symbol, str(row.quantidade), str(row.preco_medio), row.nota] for row in rows
    ]
    return signing.dumps(values, salt=_salt(user), compress=True)


def _salt(user: User) -> str:
    return f"carteira-import-{user.pk}"
