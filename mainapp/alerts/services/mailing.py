"""E-mails and push messages of firings, rendered when they are sent, not when the alert fires."""

from collections.abc import Collection

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from mainapp.accounts.models import language_of
from mainapp.alerts.models import Firing
from mainapp.alerts.services.announcing import (
    firing_sentences,
    unsubscribe_token,
)
from mainapp.core.mails import Link, Mail
from mainapp.core.names import one_line
from mainapp.core.paths import absolute_url
from mainapp.notifications.services.writing import Push, Wording


def firing_wordings(notifications: Collection[int]) -> dict[int, Wording]:
    """Return the e-mail of each firing's notification, by the notification's id.

    Firings of deleted alerts are missing from the result. Cost: one query.
    """
    return {pk: _wording(firing) for pk, firing in _firings_of(notifications).items()}


def firing_pushes(notifications: Collection[int]) -> dict[int, Push]:
    """Return what a device shows of each firing's notification. Cost: one query."""
    return {pk: _push(firing) for pk, firing in _firings_of(notifications).items()}


def _firings_of(notifications: Collection[int]) -> dict[int, Firing]:
    firings = Firing.objects.filter(notification__in=notifications).select_related(
        "alert__ativo", "alert__owner__preferences"
    )
    return {firing.notification_id: firing for firing in firings if firing.notification_id}


def _push(firing: Firing) -> Push:
    alert = firing.alert
    with translation.override(language_of(alert.owner)):
        title = _("%(symbol)s atingiu um limite seu") % {"symbol": alert.ativo.symbol}
    return Push(
        title=title,
        url=reverse("alert-history", args=[alert.pk]),
        topic=f"alert.{alert.pk}",
        silence=reverse("api-pause-alert", args=[alert.pk]),
    )


def _wording(firing: Firing) -> Wording:
    alert, symbol = firing.alert, firing.alert.ativo.symbol
    stop = absolute_url(reverse("unsubscribe-alert", args=[unsubscribe_token(alert)]))
    language = language_of(alert.owner)
    with translation.override(language):
        mail = Mail(
            title=firing.title,
            quote=one_line(alert.note),
            paragraphs=firing_sentences(firing),
            action=Link(
                label=_("Ver %(symbol)s") % {"symbol": symbol},
                url=absolute_url(reverse("paper", args=[symbol])),
            ),
            foot=_("Não é recomendação de investimento."),
            stop=Link(label=_("Não quero mais este alerta"), url=stop),
        )
    return Wording(
        mail=mail,
        language=language,
        headers={
            "List-Unsubscribe": f"<{stop}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
