"""Keeping order: a room's host and staff mute, close and settle what readers report."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import User
from mainapp.forum.exceptions import Forbidden, Invalid
from mainapp.forum.models import Message, ModerationEntry, Participant, Report, Room
from mainapp.forum.policies import is_moderator, may_mute, may_settle
from mainapp.forum.services.log import note
from mainapp.forum.services.numbering import take_revision

Action = ModerationEntry.Action


def mute_participant(*, room_pk: int, user: User, actor: User) -> None:
    """Take the word from a user in a room, at once in its open sockets. Safe to repeat.

    Raises: Invalid (the room is gone), Forbidden (no moderator, oneself, or staff).
    """
    _set_muted(room_pk, user, actor, is_muted=True)


def unmute_participant(*, room_pk: int, user: User, actor: User) -> None:
    """Give the word back. Safe to repeat. Raises: Invalid (the room is gone), Forbidden."""
    _set_muted(room_pk, user, actor, is_muted=False)


def close_room(*, room_pk: int, actor: User) -> Room:
    """Let nobody write in a room any more. Safe to repeat. Raises: Invalid, Forbidden."""
    return _set_closed(room_pk, actor, is_closed=True)


def reopen_room(*, room_pk: int, actor: User) -> Room:
    """Let people write in a room again. Safe to repeat. Raises: Invalid, Forbidden."""
    return _set_closed(room_pk, actor, is_closed=False)


def report_message(*, room_pk: int, seq: int, reporter: User, reason: str = "") -> Report:
    """Note that a reader finds a message out of order; a second time gives back the first.

    Raises: Invalid (no such message, deleted, or one's own), Forbidden (deactivated).
    """
    with transaction.atomic():
        message = Message.objects.filter(room=room_pk, seq=seq, deleted_at=None).first()
        if message is None or message.author_id == reporter.pk:
            raise Invalid(_("Esta mensagem não pode ser denunciada."), fields={"seq": "unknown"})
        if not reporter.is_active:
            raise Forbidden
        defaults = {"reason": reason[:300], "reported_at": timezone.now()}
        report, _is_new = Report.objects.get_or_create(
            message=message, reporter=reporter, defaults=defaults
        )
        return report


def resolve_report(*, report_pk: int, actor: User) -> None:
    """Close a report; the host of its room may unless it is of theirs, and staff. Safe to repeat.

    Raises: Invalid (it is gone), Forbidden.
    """
    with transaction.atomic():
        report = Report.objects.select_related("message__room").filter(pk=report_pk).first()
        if report is None:
            raise Invalid(_("Esta denúncia não existe mais."))
        room, author_id = report.message.room, report.message.author_id
        if not may_settle(actor, host_id=room.host_id, author_id=author_id):
            raise Forbidden
        open_ones = Report.objects.filter(pk=report_pk, resolved_at=None)
        if open_ones.update(resolved_at=timezone.now()):
            note(room, actor, Action.RESOLVE_REPORT, target_id=author_id, detail=report.reason)


def _set_muted(room_pk: int, user: User, actor: User, *, is_muted: bool) -> None:
    with transaction.atomic():
        room = _room_for(actor, room_pk)
        if not may_mute(actor, user, host_id=room.host_id):
            raise Forbidden
        participant, _is_new = Participant.objects.get_or_create(
            room=room, user=user, defaults={"joined_at": timezone.now()}
        )
        if participant.is_muted != is_muted:
            participant.is_muted = is_muted
            participant.save(update_fields=["is_muted"])
            note(room, actor, Action.MUTE if is_muted else Action.UNMUTE, target_id=user.pk)


def _set_closed(room_pk: int, actor: User, *, is_closed: bool) -> Room:
    with transaction.atomic():
        room = _room_for(actor, room_pk)
        if room.is_closed != is_closed:
            room.is_closed = is_closed
            room.save(update_fields=["is_closed"])
            note(room, actor, Action.CLOSE if is_closed else Action.REOPEN)
        return room


def _room_for(actor: Any, room_pk: int) -> Room:
    """Lock the room for new rules by who may give them. Raises: Invalid, Forbidden."""
    room = take_revision(room_pk, has_new_rules=True)
    if not is_moderator(actor, host_id=room.host_id):
        raise Forbidden
    return room
