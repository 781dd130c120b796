"""E-mails of firings, rendered when they are sent, not when the alert fires."""

from collections.abc import Collection

from django.template.loader import get_template
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from mainapp.alerts.models import Firing
from mainapp.alerts.services.announcing import (
    firing_rows,
    firing_title,
    language_of,
    unsubscribe_token,
)
from mainapp.core.names import one_line
from mainapp.core.paths import absolute_url
from mainapp.notifications.services.writing import Wording


def firing_wordings(notifications: Collection[int]) -> dict[int, Wording]:
    """Return the e-mail of each firing's notification, by the notification's id.

    Firings of deleted alerts are missing from the result. Cost: one query.
    """
    firings = Firing.objects.filter(notification__in=notifications).select_related(
        "alert__ativo", "alert__owner__preferences"
    )
    return {
        firing.notification_id: _wording(firing) for firing in firings if firing.notification_id
    }


def _wording(firing: Firing) -> Wording:
    alert, symbol = firing.alert, firing.alert.ativo.symbol
    stop = absolute_url(reverse("unsubscribe-alert", args=[unsubscribe_token(alert)]))
    with translation.override(language_of(alert.owner)):
        context = {
            "title": firing_title(firing.kind, symbol=symbol, limit=firing.limit),
            "rows": firing_rows(firing),
            "chart": absolute_url(f"{reverse('graph')}?ticker={symbol}"),
            "chart_label": _("Ver o gráfico"),
            "stop": stop,
            "stop_label": _("Não quero mais este alerta"),
            "note": one_line(alert.note),
            "foot": _("Não é recomendação de investimento."),
            "language": translation.get_language(),
        }
        return Wording(
            text=get_template("mainapp/alerts/mail.txt").render(context),
            html=get_template("mainapp/alerts/mail.html").render(context),
            headers={
                "List-Unsubscribe": f"<{stop}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
        )
