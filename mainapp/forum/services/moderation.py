"""Moderation by a room's host and by staff: muting, closing, filtering, removing."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import User
from mainapp.accounts.policies import check_not_suspended
from mainapp.forum.exceptions import Forbidden, Invalid, RoomGone
from mainapp.forum.models import Message, Participant, Room
from mainapp.forum.policies import MAX_FILTER, clean_body, may_mute
from mainapp.forum.selectors.evidence import FILE, find_file, find_message
from mainapp.forum.selectors.messages import MESSAGE
from mainapp.forum.selectors.moderation import managers_of, moderates, moderates_room
from mainapp.forum.services.messages import clear_message
from mainapp.forum.services.moderation_log import log_action
from mainapp.forum.services.numbering import advance_revision
from mainapp.moderation.models import LogEntry
from mainapp.moderation.subjects import Subject
from mainapp.uploads.services.uploads import copy_upload

Action = LogEntry.Action


def mute_participant(*, room_pk: int, user: User, actor: User) -> None:
    """Stop a user from writing in a room, open sockets included. Safe to repeat.

    Raises: Invalid (no such room), Forbidden (not a moderator, oneself, or a member of staff),
    Suspended.
    """
    _set_muted(room_pk, user, actor, is_muted=True)


def unmute_participant(*, room_pk: int, user: User, actor: User) -> None:
    """Let a muted user write again. Safe to repeat.

    Raises: Invalid (no such room), Forbidden, Suspended.
    """
    _set_muted(room_pk, user, actor, is_muted=False)


def close_room(*, room_pk: int, actor: User) -> Room:
    """Make a room read-only. Safe to repeat. Raises: Invalid, Forbidden, Suspended."""
    return _set_closed(room_pk, actor, is_closed=True)


def reopen_room(*, room_pk: int, actor: User) -> Room:
    """Make a closed room writable. Safe to repeat. Raises: Invalid, Forbidden, Suspended."""
    return _set_closed(room_pk, actor, is_closed=False)


def filter_words(*, room_pk: int, actor: User, words: str) -> Room:
    """Set the words that messages of a room may not contain, one per line.

    Raises: Invalid, Forbidden, Suspended.
    """
    lines = list(dict.fromkeys(filter(None, map(str.strip, clean_body(words).splitlines()))))
    text = "\n".join(lines)
    if len(text) > MAX_FILTER:
        raise Invalid(_("São palavras demais."), fields={"words": f"0-{MAX_FILTER}"})
    with transaction.atomic():
        room = lock_moderated_room(actor, room_pk)
        if room.filtered_words != text:
            room.filtered_words = text
            room.save(update_fields=["filtered_words"])
            log_action(room, actor, Action.FILTER, detail=str(len(lines)))
        return room


def remove_reported(pk: int, actor: User, at: datetime) -> None:
    """Clear a message as its case was decided, also in a private room. Safe to repeat."""
    message = Message.objects.filter(pk=pk, deleted_at=None).first()
    if message is None:
        return
    room = advance_revision(message.room_id)
    message = Message.objects.filter(pk=pk, deleted_at=None).first()
    if message:
        clear_message(message, room, at=at)
        log_action(
            room,
            actor,
            Action.DELETE_MESSAGE,
            target_id=message.author_id,
            detail=f"#{message.seq}",
        )


def keep_files(pk: int, audience: str, at: datetime) -> int | None:
    """Copy a reported file for the moderators; return the copy's id."""
    upload = copy_upload(pk=pk, audience=audience, at=at)
    return upload.pk if upload else None


_REMOVAL: Any = {"remove": remove_reported, "keep_files": keep_files, "moderates": moderates_room}
SUBJECTS = (
    Subject(kind=MESSAGE, find=find_message, **_REMOVAL),
    Subject(kind=FILE, find=find_file, **_REMOVAL),
)


def _set_muted(room_pk: int, user: User, actor: User, *, is_muted: bool) -> None:
    with transaction.atomic():
        room = lock_moderated_room(actor, room_pk)
        rights: Any = {"host_id": room.host_id, "kind": room.kind}
        if not may_mute(actor, user, **rights, moderators=managers_of(room)):
            raise Forbidden
        participant = _participation(room, user)
        if participant.is_muted != is_muted:
            participant.is_muted = is_muted
            participant.save(update_fields=["is_muted"])
            log_action(room, actor, Action.MUTE if is_muted else Action.UNMUTE, target_id=user.pk)


def _participation(room: Room, user: User) -> Participant:
    """Return a user's participation, a new one in the forum only. Raises: Forbidden."""
    if room.is_private:
        own = Participant.objects.active().filter(room=room, user=user).first()
        if own is None:
            raise Forbidden
        return own
    own, _is_new = Participant.objects.get_or_create(
        room=room, user=user, defaults={"joined_at": timezone.now()}
    )
    return own


def _set_closed(room_pk: int, actor: User, *, is_closed: bool) -> Room:
    with transaction.atomic():
        room = lock_moderated_room(actor, room_pk)
        if room.is_closed != is_closed:
            room.is_closed = is_closed
            room.save(update_fields=["is_closed"])
            log_action(room, actor, Action.CLOSE if is_closed else Action.REOPEN)
        return room


def lock_moderated_room(actor: User, room_pk: int) -> Room:
    """Lock a room whose rules a moderator changes. Raises: Invalid, Forbidden, Suspended."""
    check_not_suspended(actor, at=timezone.now())
    room = advance_revision(room_pk, has_new_rules=True)
    if not moderates(actor, room):
        raise RoomGone if room.is_private else Forbidden
    return room
