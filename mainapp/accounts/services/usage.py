"""Limits by the day, counted in the database: they hold over all processes, and without Redis."""

from datetime import date, timedelta

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import Usage, User
from mainapp.core.exceptions import DomainError

KEPT = timedelta(days=2)
UPLOADS = "uploads"


class DailyLimit(DomainError):
    """The day's quota is used up."""


def take_turn_of_day(*, user: User, kind: str, limit: int, on: date | None = None) -> None:
    """Count one use of `kind` by a user on a day (today in São Paulo).

    Exact, however many ask at once: the row is changed only while it is below the limit. Raises:
    DailyLimit.
    """
    day = on or timezone.localdate()
    Usage.objects.filter(user=user, kind=kind, day__lt=day - KEPT).delete()
    row, _is_new = Usage.objects.get_or_create(user=user, kind=kind, day=day)
    free = Usage.objects.filter(pk=row.pk, count__lt=limit)
    if not free.update(count=F("count") + 1):
        raise DailyLimit("rate_limited", _("Arquivos demais hoje; amanhã você pode enviar outros."))
