"""Marking notifications as read or deleted, withdrawing them, and pruning old rows."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from mainapp.accounts.models import User
from mainapp.notifications.models import Attempt, Delivery, Mark, Notification
from mainapp.notifications.selectors.inbox import inbox_of
from mainapp.notifications.services.notices import lock_numbering
from mainapp.notifications.signals import rows_written

KEEP_NOTIFICATIONS = timedelta(days=180)
KEEP_DELIVERIES = timedelta(days=30)
CHUNK = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Marking:
    """The requested ids that are in the user's inbox (`ids`), and the ids of the new marks."""

    ids: list[int]
    marks: list[int]


def mark_read(*, user: User, ids: Collection[int] | None, at: datetime) -> Marking:
    """Mark notifications of `user` as read, all unread ones if `ids` is None.

    Ids of deleted notifications and of other users' are skipped. Safe to repeat. Three queries.
    """
    return _mark(user, Mark.Kind.READ, ids, at)


def delete_notifications(*, user: User, ids: Collection[int] | None, at: datetime) -> Marking:
    """Remove notifications from the inbox of `user`, all if `ids` is None. See `mark_read`."""
    return _mark(user, Mark.Kind.DELETED, ids, at)


def withdraw_notifications(*, user: User, ids: Collection[int], title: str, at: datetime) -> None:
    """Remove notifications from the inbox and overwrite texts that the user may no longer read.

    The same for their deliveries, and the waiting ones are cancelled. Without ids, no query.
    """
    if not ids:
        return
    with transaction.atomic():
        delete_notifications(user=user, ids=ids, at=at)
        Notification.objects.filter(pk__in=ids, user=user).update(title=title, body="", url="")
        letters = Delivery.objects.filter(notification__in=ids, user=user)
        letters.update(subject=title, text="", html="")
        waiting = letters.filter(state__in=Delivery.OPEN)
        waiting.update(state=Delivery.State.CANCELLED, claim_key="")


def prune_notifications(*, at: datetime) -> int:
    """Delete old notifications and old finished deliveries; return their number.

    Each chunk has its own transaction, so that a night's rows need little memory.
    """
    total = 0
    for pks in _old_rows(Notification, before=at - KEEP_NOTIFICATIONS):
        total += Notification.objects.filter(pk__in=pks).delete()[0]
    for pks in _old_rows(Delivery, before=at - KEEP_DELIVERIES):
        with transaction.atomic():
            ended = Delivery.objects.filter(pk__in=pks).exclude(state__in=Delivery.OPEN)
            Attempt.objects.filter(delivery__in=ended).delete()
            total += ended.delete()[0]
    return total


def _old_rows(
    model: type[Notification] | type[Delivery], *, before: datetime
) -> Iterator[list[int]]:
    """Yield the ids of rows created before a moment, in chunks, oldest first.

    Ids rise with time, so no index on the time is needed, and new rows are not read.
    """
    last = 0
    while True:
        chunk = model.objects.filter(pk__gt=last).order_by("pk")[:CHUNK]
        rows = list(chunk.values_list("pk", "created_at"))
        old = [pk for pk, created_at in rows if created_at < before]
        if not old:
            return
        yield old
        last = rows[-1][0]


def _mark(user: User, kind: Mark.Kind, ids: Collection[int] | None, at: datetime) -> Marking:
    with transaction.atomic():
        lock_numbering()
        visible = inbox_of(user)
        if ids is not None:
            visible = visible.filter(pk__in=set(ids))
        elif kind == Mark.Kind.READ:
            visible = visible.filter(is_read=False)
        rows = list(visible.values_list("pk", "is_read"))
        new = [pk for pk, is_read in rows if kind == Mark.Kind.DELETED or not is_read]
        marks = Mark.objects.bulk_create(
            Mark(user=user, notification_id=pk, kind=kind, at=at) for pk in sorted(new)
        )
        if marks:
            rows_written.send(sender=None, users=[user.pk], has_deliveries=False)
    return Marking(ids=sorted(pk for pk, _is_read in rows), marks=[mark.pk for mark in marks])
