"""Reactions, read marks and muted notifications."""

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import User
from mainapp.core.limits import consume, of_user
from mainapp.forum.exceptions import Invalid, RoomGone
from mainapp.forum.models import Message, Participant, Reaction, Room
from mainapp.forum.policies import CHANGES, EMOJI, MARKS
from mainapp.forum.selectors.chats import ROOMS, chats_of
from mainapp.forum.services.checks import lock_author
from mainapp.forum.services.messages import check_may_write, message_of
from mainapp.forum.services.numbering import advance_revision
from mainapp.forum.services.states import announce_own
from mainapp.forum.services.talk import mark_talk_read
from mainapp.forum.signals import room_read
from mainapp.notifications.services.states import MANY, announce_states

# Longer than anybody waits. Databases and time zones fail on times near the year 9999.
MAX_MUTED = timedelta(days=365 * 100)


def react(*, room_pk: int, seq: int, user: User, emoji: str, is_on: bool) -> Message:
    """Add or remove a reaction to a message. Safe to repeat.

    Raises: Invalid (another emoji, no such message, or deleted), RoomGone, UnavailablePerson,
    LoginRequired, Suspended, Muted, Closed, RateLimited.
    """
    consume(CHANGES, of_user(user))
    if emoji not in EMOJI:
        raise Invalid(_("Esta reação não existe."), fields={"emoji": " ".join(EMOJI)})
    with transaction.atomic():
        writer = lock_author(user)
        room = advance_revision(room_pk)
        check_may_write(room, writer)
        message = message_of(room, seq, user)
        if message.deleted_at or message.kind == Message.Kind.SYSTEM:
            raise Invalid(_("Esta mensagem não existe."), fields={"seq": "unknown"})
        if is_on:
            new = Reaction(message=message, user=user, emoji=emoji)
            Reaction.objects.bulk_create([new], ignore_conflicts=True)
        else:
            Reaction.objects.filter(message=message, user=user, emoji=emoji).delete()
        message.revision = message.reacted_revision = room.revision
        message.save(update_fields=["revision", "reacted_revision"])
        return message


def mark_room_read(*, room_pk: int, user: User, seq: int) -> int | None:
    """Move a participant's read mark to `seq`, at most the newest message; it never moves back.

    Returns the new mark, None if it has not moved. Raises: RoomGone, RateLimited.
    """
    consume(MARKS, of_user(user))
    room = Room.objects.visible_to(user).filter(pk=room_pk).first()
    if room is None:
        raise RoomGone
    mark = min(seq, room.last_seq)
    own = Participant.objects.filter(room=room_pk, user=user, left_at=None, read_seq__lt=mark)
    with transaction.atomic():
        if not own.update(read_seq=mark):
            return None
        if room.is_private:
            _announce_mark(room, user, mark)
    return mark


def mark_all_read(*, user: User, at: datetime) -> int:
    """Move the user's read marks in all listed private rooms to the newest messages.

    Returns the number of rooms with newer messages. Four queries, however many. Raises:
    RateLimited.
    """
    consume(MARKS, of_user(user))
    newest = Room.objects.filter(pk=OuterRef("room")).values("last_seq")
    with transaction.atomic():
        behind = chats_of(user).filter(read_seq__lt=F("room__last_seq"))
        rooms = [own.room for own in behind]
        own = Participant.objects.filter(user=user, room__in=[room.pk for room in rooms])
        own.update(read_seq=Greatest(F("read_seq"), Subquery(newest)))
        mark_talk_read(rooms=[room.pk for room in rooms], user=user, at=at)
        announce_states(feed=ROOMS, keys=[room.pk for room in rooms], user=user.pk)
        for room in rooms[:MANY]:  # marks of quieter rooms are shown when these are loaded
            _announce_to_others(room, user, room.last_seq)
    return len(rooms)


def _announce_mark(room: Room, user: User, mark: int) -> None:
    """Announce a moved mark to the user's tabs and, after the commit, to the other participants."""
    announce_own(room.pk, user.pk)
    if mark == room.last_seq:
        mark_talk_read(rooms=[room.pk], user=user, at=timezone.now())
    _announce_to_others(room, user, mark)


def _announce_to_others(room: Room, user: User, mark: int) -> None:
    values = {"seq": mark, "rules_revision": room.rules_revision}
    send = partial(room_read.send, sender=Room, room_pk=room.pk, user=user, **values)
    transaction.on_commit(send, robust=True)


def mute_room(*, room_pk: int, user: User, until: datetime | None) -> None:
    """Turn off a participant's notifications of a room until a time, at most MAX_MUTED from now.

    None, or a time in the past, turns them on again. Raises: RoomGone, RateLimited.
    """
    consume(MARKS, of_user(user))
    now = timezone.now()
    if until is not None:
        until = min(until, now + MAX_MUTED) if until > now else None
    if not Room.objects.visible_to(user).filter(pk=room_pk).exists():
        raise RoomGone
    own = Participant.objects.filter(room=room_pk, user=user, left_at=None)
    if own.update(muted_until=until):
        announce_own(room_pk, user.pk)
