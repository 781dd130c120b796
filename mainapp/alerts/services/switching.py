"""The switch of an alert, by which programs pause and resume it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop as _

from mainapp.alerts.models import Alert
from mainapp.alerts.services.alerts import pause_alert, resume_alert
from mainapp.core.exceptions import DomainError
from mainapp.market.models import Stock


class PausedByEvent(DomainError):
    """The site paused the alert, because an event of its stock made the limits doubtful."""

    def __init__(self) -> None:
        super().__init__(
            "paused_by_event",
            _("Um evento do ativo, como um desdobramento, pausou este alerta: confira os limites."),
        )


def switch_alert(*, alert: Alert, is_active: bool, at: datetime) -> Alert:
    """Pause an active alert, or make a paused, triggered or expired one active again.

    Safe to repeat. Raises: PausedByEvent, instead of resuming an alert that the site paused.
    """
    with transaction.atomic():
        Stock.objects.select_for_update(no_key=True).get(pk=alert.ativo_id)
        current = Alert.objects.select_related("owner", "ativo").get(pk=alert.pk)
        if is_active:
            if current.status == Alert.Status.PAUSED and current.pause_reason:
                raise PausedByEvent
            return resume_alert(alert=current, at=at)
        if not current.is_expired(at):
            pause_alert(alert=current)
    return Alert.objects.select_related("owner", "ativo").get(pk=alert.pk)
