"""Factories for rooms, messages, reports and moderation, for the tests of pages."""

from datetime import timedelta

from django.utils.html import escape

from mainapp.forum.models import Message, Participant, Room
from mainapp.market.tests.factories import NOON
from mainapp.moderation.models import LogEntry
from mainapp.moderation.services.complaints import complain


def room(host, name="Bancos", **fields):
    return Room.objects.create(
        host=host, name=name, **{"created_at": NOON, "active_at": NOON} | fields
    )


def write_message(author, in_room, body="Oi.", **fields):
    in_room.last_seq += 1
    in_room.save()
    at = NOON + timedelta(minutes=in_room.last_seq)
    return Message.objects.create(
        room=in_room,
        author=author,
        seq=in_room.last_seq,
        body=body,
        body_html=escape(body),
        sent_at=at,
        **fields,
    )


def join(user, in_room):
    return Participant.objects.create(user=user, room=in_room, joined_at=NOON)


def report(user, message, reason="spam"):
    complaint, _is_new = complain(
        kind="message", pk=message.pk, reporter=user, reason=reason, at=NOON
    )
    return complaint


def moderate(actor, target, in_room, detail=""):
    return LogEntry.objects.create(
        actor=actor,
        target=target,
        scope=f"room:{in_room.pk}",
        place=in_room.name,
        action="mute",
        detail=detail,
        done_at=NOON,
    )
