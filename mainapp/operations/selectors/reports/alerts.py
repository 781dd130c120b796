"""Report of a user's alerts."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.models import User
from mainapp.alerts.models import Alert
from mainapp.core.prices import trimmed
from mainapp.operations.selectors.reports.kind import Column, Kind, choice_text

LIMITS = ("compra", "venda", "change_up_pct", "change_down_pct")
RECURRENCES, STATUSES = dict(Alert.Recurrence.choices), dict(Alert.Status.choices)


class Alerts(Kind):
    name = "alerts"
    label = _("Alertas")
    columns = (
        Column(_("Alerta")),
        Column(_("Ativo")),
        Column(_("Compra")),
        Column(_("Venda")),
        Column(_("Alta do dia (%)")),
        Column(_("Queda do dia (%)")),
        Column(_("Repetição")),
        Column(_("Situação")),
        Column(_("Anotação")),
        Column(_("Criado em"), is_time=True),
        Column(_("Vence em"), is_time=True),
        Column(_("Último disparo"), is_time=True),
    )

    def rows(self, user: User, params: Mapping[str, Any]) -> "QuerySet[Any, tuple[Any, ...]]":
        own = Alert.objects.filter(owner=user, quote_kind=settings.QUOTE_KIND)
        return own.values_list(
            *("pk", "ativo__symbol", *LIMITS, "recurrence", "status", "note"),
            *("created_at", "expires_at", "last_fired_at"),
        )

    def cells(self, row: tuple[Any, ...]) -> Sequence[Any]:
        pk, symbol, *limits, recurrence, status, note, created, expires, fired = row
        shown = (None if limit is None else trimmed(limit) for limit in limits)
        texts = (choice_text(RECURRENCES, recurrence), choice_text(STATUSES, status))
        return (pk, symbol, *shown, *texts, note, created, expires, fired)
