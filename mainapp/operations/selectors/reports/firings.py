"""Report of the firings of a user's alerts."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.models import User
from mainapp.alerts.models import Firing
from mainapp.alerts.rendering import limit_name
from mainapp.core.prices import trimmed
from mainapp.operations.selectors.reports.kind import Column, Kind


class Firings(Kind):
    name = "firings"
    label = _("Disparos dos alertas")
    columns = (
        Column(_("Alerta")),
        Column(_("Ativo")),
        Column(_("Condição")),
        Column(_("Limite")),
        Column(_("Preço")),
        Column(_("Variação do dia (%)")),
        Column(_("Fonte")),
        Column(_("Atraso (s)")),
        Column(_("Cotado em"), is_time=True),
        Column(_("Disparado em"), is_time=True),
    )

    def rows(self, user: User, params: Mapping[str, Any]) -> "QuerySet[Any, tuple[Any, ...]]":
        own = Firing.objects.filter(alert__owner=user, quote_kind=settings.QUOTE_KIND)
        return own.values_list(
            *("pk", "alert_id", "alert__ativo__symbol", "kind", "limit", "price", "change_pct"),
            *("source", "delay_s", "quoted_at", "fired_at"),
        )

    def cells(self, row: tuple[Any, ...]) -> Sequence[Any]:
        _pk, alert, symbol, kind, limit, price, *others = row
        return (alert, symbol, limit_name(kind), trimmed(limit), trimmed(price), *others)
