"""Sharing an alert with a club, and receiving the alerts that others share."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import User
from mainapp.accounts.policies import check_not_suspended
from mainapp.alerts.models import Alert, AlertSubscription, SharedAlert
from mainapp.alerts.policies import SHARED_LIMIT
from mainapp.clubs.exceptions import ClubGone, Forbidden, Invalid
from mainapp.clubs.services.changes import club_changed
from mainapp.clubs.services.locking import lock_club


def share_alert(*, club_pk: int, actor: User, alert_pk: int, at: datetime) -> SharedAlert:
    """Share one's own alert with a club. Safe to repeat; an alert is shared with one club at most.

    Raises: ClubGone (not a member), Invalid (no such alert, shared elsewhere, or too many),
    Suspended.
    """
    check_not_suspended(actor, at=at)
    with transaction.atomic():
        club, _own = lock_club(club_pk, actor)
        own = Alert.objects.filter(owner=actor, quote_kind=settings.QUOTE_KIND)
        alert = own.select_for_update(no_key=True).filter(pk=alert_pk).first()
        if alert is None:
            raise Invalid(_("Escolha um dos seus alertas."), fields={"alert": "unknown"})
        shared = SharedAlert.objects.filter(alert=alert).first()
        if shared and shared.club_id == club.pk:
            return shared
        if shared:
            raise Invalid(_("Este alerta já está em outro clube."), fields={"alert": "shared"})
        if SharedAlert.objects.filter(club=club).count() >= SHARED_LIMIT:
            raise Invalid(_("O clube já tem alertas demais."), fields={"alert": "too many"})
        shared = SharedAlert.objects.create(club=club, alert=alert, shared_at=at)
        club_changed(club.pk, "alerts")
        return shared


def unshare_alert(*, club_pk: int, shared_pk: int, actor: User) -> None:
    """Take a shared alert out of the club, as its owner or a manager; the alert itself stays.

    Raises: ClubGone (no such shared alert), Forbidden.
    """
    with transaction.atomic():
        club, own = lock_club(club_pk, actor)
        shared = SharedAlert.objects.filter(club=club, pk=shared_pk).select_related("alert").first()
        if shared is None:
            raise ClubGone
        if shared.alert.owner_id != actor.pk and not own.manages:
            raise Forbidden
        shared.delete()
        club_changed(club.pk, "alerts")


def set_subscription(
    *, club_pk: int, shared_pk: int, user: User, is_on: bool, at: datetime
) -> None:
    """Begin or end to receive a shared alert, by the user's own channels. Safe to repeat.

    Owners receive theirs anyway. Raises: ClubGone (no such shared alert).
    """
    with transaction.atomic():
        lock_club(club_pk, user)
        visible = SharedAlert.objects.visible_to(user).filter(club=club_pk)
        shared = visible.filter(pk=shared_pk).first()
        if shared is None:
            raise ClubGone
        if is_on:
            new = AlertSubscription(shared=shared, user=user, created_at=at)
            AlertSubscription.objects.bulk_create([new], ignore_conflicts=True)
        else:
            AlertSubscription.objects.filter(shared=shared, user=user).delete()
        club_changed(club_pk, "alerts")


def end_membership(*, club_pk: int, user_pk: int) -> None:
    """Take a former member's alerts out of the club, and end what they received from it."""
    AlertSubscription.objects.filter(shared__club=club_pk, user=user_pk).delete()
    deleted, _rows = SharedAlert.objects.filter(club=club_pk, alert__owner=user_pk).delete()
    if deleted:
        club_changed(club_pk, "alerts")
