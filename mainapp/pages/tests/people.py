"""What people have and did, for the tests of the pages that show it."""

from datetime import timedelta

from django.utils.html import escape

from mainapp.forum.models import Message, ModerationEntry, Participant, Report, Room
from mainapp.market.tests.factories import NOON


def room(host, name="Bancos", **fields):
    return Room.objects.create(
        host=host, name=name, **{"created_at": NOON, "active_at": NOON} | fields
    )


def say(author, where, body="Oi.", **fields):
    where.last_seq += 1
    where.save()
    at = NOON + timedelta(minutes=where.last_seq)
    return Message.objects.create(
        room=where,
        author=author,
        seq=where.last_seq,
        body=body,
        body_html=escape(body),
        sent_at=at,
        **fields,
    )


def take_part(user, where):
    return Participant.objects.create(user=user, room=where, joined_at=NOON)


def report(user, message, reason="spam"):
    return Report.objects.create(reporter=user, message=message, reason=reason, reported_at=NOON)


def moderate(actor, target, where, detail=""):
    return ModerationEntry.objects.create(
        actor=actor,
        target=target,
        room=where,
        room_name=where.name,
        action="mute",
        detail=detail,
        done_at=NOON,
    )
