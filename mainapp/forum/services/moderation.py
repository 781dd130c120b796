"""Moderation by a room's host and by staff: muting, closing, reports."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import User
from mainapp.forum.exceptions import Forbidden, Invalid
from mainapp.forum.models import Message, ModerationEntry, Participant, Report, Room
from mainapp.forum.policies import is_moderator, may_mute, may_resolve_report
from mainapp.forum.services.moderation_log import log_action
from mainapp.forum.services.numbering import advance_revision

Action = ModerationEntry.Action


def mute_participant(*, room_pk: int, user: User, actor: User) -> None:
    """Stop a user from writing in a room, open sockets included. Safe to repeat.

    Raises: Invalid (no such room), Forbidden (not a moderator, oneself, or a member of staff).
    """
    _set_muted(room_pk, user, actor, is_muted=True)


def unmute_participant(*, room_pk: int, user: User, actor: User) -> None:
    """Let a muted user write again. Safe to repeat. Raises: Invalid (no such room), Forbidden."""
    _set_muted(room_pk, user, actor, is_muted=False)


def close_room(*, room_pk: int, actor: User) -> Room:
    """Make a room read-only. Safe to repeat. Raises: Invalid, Forbidden."""
    return _set_closed(room_pk, actor, is_closed=True)


def reopen_room(*, room_pk: int, actor: User) -> Room:
    """Make a closed room writable. Safe to repeat. Raises: Invalid, Forbidden."""
    return _set_closed(room_pk, actor, is_closed=False)


def report_message(*, room_pk: int, seq: int, reporter: User, reason: str = "") -> Report:
    """Record a reader's complaint about a message; a repeated report returns the first one.

    Raises: Invalid (no such message, deleted, or one's own), Forbidden (deactivated).
    """
    with transaction.atomic():
        readable = Message.objects.filter(room=room_pk, deleted_at=None).visible_to(reporter)
        message = readable.filter(seq=seq).first()
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
    """Resolve a report, as staff or as the room's host. Safe to repeat.

    Raises: Invalid (no such report), Forbidden (also for a host whose own message is reported).
    """
    with transaction.atomic():
        report = Report.objects.select_related("message__room").filter(pk=report_pk).first()
        if report is None:
            raise Invalid(_("Esta denúncia não existe mais."))
        room, author_id = report.message.room, report.message.author_id
        if not may_resolve_report(actor, host_id=room.host_id, kind=room.kind, author_id=author_id):
            raise Forbidden
        # A conditional update: of two concurrent calls only one writes to the log.
        open_reports = Report.objects.filter(pk=report_pk, resolved_at=None)
        if open_reports.update(resolved_at=timezone.now()):
            log_action(
                room, actor, Action.RESOLVE_REPORT, target_id=author_id, detail=report.reason
            )


def _set_muted(room_pk: int, user: User, actor: User, *, is_muted: bool) -> None:
    with transaction.atomic():
        room = _room_for(actor, room_pk)
        if not may_mute(actor, user, host_id=room.host_id, kind=room.kind):
            raise Forbidden
        participant, _is_new = Participant.objects.get_or_create(
            room=room, user=user, defaults={"joined_at": timezone.now()}
        )
        if participant.is_muted != is_muted:
            participant.is_muted = is_muted
            participant.save(update_fields=["is_muted"])
            log_action(room, actor, Action.MUTE if is_muted else Action.UNMUTE, target_id=user.pk)


def _set_closed(room_pk: int, actor: User, *, is_closed: bool) -> Room:
    with transaction.atomic():
        room = _room_for(actor, room_pk)
        if room.is_closed != is_closed:
            room.is_closed = is_closed
            room.save(update_fields=["is_closed"])
            log_action(room, actor, Action.CLOSE if is_closed else Action.REOPEN)
        return room


def _room_for(actor: Any, room_pk: int) -> Room:
    """Lock the room so that a moderator can change its rules. Raises: Invalid, Forbidden."""
    room = advance_revision(room_pk, has_new_rules=True)
    if not is_moderator(actor, host_id=room.host_id, kind=room.kind):
        raise Forbidden
    return room
