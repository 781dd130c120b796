"""Filters for alerts: `{{ alert|alert_name }}`."""

from django import template
from django.utils.translation import gettext as _

from mainapp.alerts.models import Alert
from mainapp.alerts.rendering import condition_text

register = template.Library()


@register.filter
def alert_name(alert: Alert) -> str:
    """Return an alert in one line: `PETR4: cair até R$ 36,00 ou subir até R$ 40,00`."""
    symbol = alert.ativo.symbol
    conditions = [
        condition_text(kind, limit, symbol=symbol) for kind, limit in alert.limits().items()
    ]
    return f"{symbol}: {_(' ou ').join(conditions)}"
