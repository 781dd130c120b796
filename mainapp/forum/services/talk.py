"""Notifications of unread messages in private rooms: one line a room, with their number."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from mainapp.accounts.models import User, language_of
from mainapp.accounts.selectors import preferences_of
from mainapp.forum.models import Message, Participant
from mainapp.forum.policies import DIRECT, PRIVATE
from mainapp.forum.selectors.chats import Chat, chats, is_muted, with_unread
from mainapp.notifications.models import Notification
from mainapp.notifications.selectors.channels import deliveries_for
from mainapp.notifications.services.inbox import (
    delete_notifications,
    mark_read,
    withdraw_notifications,
)
from mainapp.notifications.services.notices import Notice, letters_for, notify_many

TALK = "talk"
TASK = "notify_talk"
EVERY_S = 10
# Users who have the room open read a message within this time, and are not notified.
GRACE = timedelta(seconds=20)
# Rooms without a message in this time are not searched.
WINDOW = timedelta(days=1)
BATCH = 500


def notify_talk(*, at: datetime) -> int:
    """Notify people of messages that they have not read for GRACE; return the number of notices.

    A room's notice replaces its unread earlier one, which was sent to the user's channels: the new
    one only raises the number. Messages are read again here: nobody is notified of one that was
    deleted or read meanwhile, nor after leaving. Each participation is claimed by an update, so
    that concurrent runs and one that is repeated after a crash notify once. Messages of a muted
    room are claimed too: they are not notified when the muting ends.
    """
    due = _due(at).select_related("room", "user__preferences").order_by("pk")[:BATCH]
    return sum(_notify(own, at) for own in due)


def mark_talk_read(*, rooms: Collection[int], user: User, at: datetime) -> None:
    """Mark the notices of rooms as read; one query if there are none."""
    if ids := _unread_notices(rooms, user.pk):
        mark_read(user=user, ids=ids, at=at)


def drop_read_talk(*, room_pk: int, at: datetime) -> None:
    """Remove the unread notices of people who have nothing more to read in a room.

    The messages that they counted were deleted. Two queries without such notices.
    """
    members = Participant.objects.active().filter(room=room_pk)
    behind = [row.user_id for row in with_unread(members) if row.unread]
    told: Any = Notification.objects.filter(
        user__in=members.exclude(user__in=behind).values("user"),
        kind=TALK,
        url=_address(room_pk),
        marks=None,
    )
    for notice in told.select_related("user"):
        delete_notifications(user=notice.user, ids=[notice.pk], at=at)


def withdraw_talk(*, room_pk: int, user: User, at: datetime) -> None:
    """Withdraw all notices of a room from somebody who left it: they name the room and people."""
    notices: Any = Notification.objects.filter(user=user, url__startswith=_address(room_pk))
    with translation.override(language_of(user)):
        title = _("Uma conversa da qual você saiu")
    withdraw_notifications(
        user=user, ids=list(notices.values_list("pk", flat=True)), title=title, at=at
    )


def hide_talk(*, reader: User, author: User, at: datetime) -> None:
    """Remove notices of messages by `author`, whom `reader` blocks: of rooms without others.

    Those of the direct room, read or not, and the unread ones of groups.
    """
    common = Participant.objects.active().filter(
        room__in=Participant.objects.filter(user=author).values("room"),
        room__kind__in=PRIVATE,
        user=reader,
    )
    unread = {row.room_id for row in with_unread(common) if row.unread}
    rooms = dict(common.values_list("room_id", "room__kind"))
    direct = [_address(room) for room, kind in rooms.items() if kind == DIRECT]
    idle = _unread_notices([room for room in rooms if room not in unread], reader.pk)
    own = Notification.objects.filter(user=reader, kind=TALK, url__in=direct)
    if ids := {*idle, *own.values_list("pk", flat=True)}:
        delete_notifications(user=reader, ids=ids, at=at)


def wanted_talk(notifications: Collection[Notification]) -> set[int]:
    """Return the notices whose room still has unread messages for their user; two queries.

    Not after the notice was read or deleted, nor after leaving, muting or hiding the room.
    """
    places = {row.pk: (_room_of(row), row.user_id) for row in notifications}
    unmarked = Notification.objects.filter(pk__in=[row.pk for row in notifications], marks=None)
    wanted = set(unmarked.values_list("pk", flat=True))
    users = {row.user_id for row in notifications}
    own = Participant.objects.active().filter(
        room__in={room for room, _user in places.values()}, user__in=users
    )
    unread = {
        (row.room_id, row.user_id)
        for row in with_unread(own.filter(is_hidden=False, user__is_active=True))
        if row.unread and not is_muted(row, at=timezone.now())
    }
    return {pk for pk, place in places.items() if pk in wanted and place in unread}


def ensure_talk() -> None:
    """Schedule the notices unless they are scheduled; an admin's changes are kept."""
    if not PeriodicTask.objects.filter(name=TASK).exists():
        interval = IntervalSchedule.objects.create(every=EVERY_S, period=IntervalSchedule.SECONDS)
        PeriodicTask.objects.create(name=TASK, task=TASK, interval=interval, expire_seconds=EVERY_S)


def _due(at: datetime) -> QuerySet[Participant]:
    news = Message.objects.filter(
        Q(author=None) | ~Q(author=OuterRef("user")),
        room=OuterRef("room"),
        seq__gt=OuterRef("notified_seq"),
        sent_at__lte=at - GRACE,
    ).exclude(kind=Message.Kind.SYSTEM)
    return Participant.objects.active().filter(
        Exists(news),
        room__kind__in=PRIVATE,
        room__active_at__gt=at - WINDOW,
        room__last_seq__gt=F("notified_seq"),
        user__is_active=True,
    )


def _notify(own: Participant, at: datetime) -> bool:
    """Claim the new messages of a participation; return whether the user was notified."""
    with transaction.atomic():
        unclaimed = Participant.objects.filter(
            pk=own.pk, notified_seq=own.notified_seq, left_at=None
        )
        if not unclaimed.update(notified_seq=own.room.last_seq):
            return False
        own.refresh_from_db(fields=["read_seq", "muted_until"])
        (chat,) = chats([own])
        if not chat.unread or is_muted(own, at=at) or own.is_hidden:
            return False
        earlier = _unread_notices([own.room_id], own.user_id)
        if earlier:
            delete_notifications(user=own.user, ids=earlier, at=at)
        notify_many(notices=[_notice(chat, is_first=not earlier)], at=at)
        return True


def _title(chat: Chat) -> str:
    count = chat.unread
    if chat.is_direct:
        sentence = ngettext(
            "%(count)s mensagem nova de %(name)s", "%(count)s mensagens novas de %(name)s", count
        )
        return sentence % {"count": count, "name": chat.name}
    sentence = ngettext(
        "%(count)s mensagem nova em %(room)s", "%(count)s mensagens novas em %(room)s", count
    )
    return sentence % {"count": count, "room": chat.name}


def _notice(chat: Chat, *, is_first: bool) -> Notice:
    own = chat.own
    destinations = deliveries_for([own.user_id], TALK)[own.user_id] if is_first else []
    key = f"{TALK}.{own.room_id}.{own.user_id}.{own.room.last_seq}"
    with translation.override(language_of(own.user)):
        title = _title(chat)[:200]
        subject = title
        if preferences_of(own.user).hides_talk_in_mails:
            discreet = ngettext("%(count)s mensagem nova", "%(count)s mensagens novas", chat.unread)
            subject = discreet % {"count": chat.unread}
        return Notice(
            user_id=own.user_id,
            kind=TALK,
            title=title,
            url=_address(own.room_id),
            dedupe_key=key,
            deliveries=letters_for(
                destinations=destinations, subject=f"{subject} · Pregão", text="", name=key
            ),
        )


def _room_of(notice: Notification) -> int:
    return int(str(notice.dedupe_key).split(".")[1])


def _unread_notices(rooms: Collection[int], user_pk: int) -> list[int]:
    notices: Any = Notification.objects.filter(
        user=user_pk, kind=TALK, url__in=[_address(room) for room in rooms], marks=None
    )
    return list(notices.values_list("pk", flat=True))


def _address(room_pk: int) -> str:
    return reverse("conversa", args=[room_pk])
