"""Report of a user's carteira."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.models import User
from mainapp.core.prices import to_amount, trimmed
from mainapp.operations.selectors.reports.kind import Column, Kind
from mainapp.portfolio.models import Carteira


class Holdings(Kind):
    name = "carteira"
    label = _("Carteira")
    columns = (
        Column(_("Ativo")),
        Column(_("Nome")),
        Column(_("Quantidade")),
        Column(_("Preço médio")),
        Column(_("Custo")),
        Column(_("Nota")),
    )

    def rows(self, user: User, params: Mapping[str, Any]) -> "QuerySet[Any, tuple[Any, ...]]":
        own = Carteira.objects.filter(owner=user)
        fields = ("ativo__symbol", "ativo__name", "quantidade", "preco_medio", "nota")
        return own.values_list("pk", *fields)

    def cells(self, row: tuple[Any, ...]) -> Sequence[Any]:
        _pk, symbol, name, amount, price, rating = row
        return (symbol, name, to_amount(amount), trimmed(price), trimmed(amount * price), rating)
