"""Factories for rows of the inbox and the outbox."""

from typing import Any

from django.utils import timezone

from mainapp.notifications.models import Broadcast, Channel, Delivery, MailTemplate, Notification
from mainapp.notifications.services.broadcasts import send_broadcast
from mainapp.notifications.services.notices import Letter, notify, write_delivery


def letter(address: str = "alice@example.com", **fields: Any) -> Letter:
    defaults = {"kind": "email", "subject": "PETR4 caiu", "text": "R$ 36,00", **fields}
    return Letter(address=address, **defaults)


def delivery(address: str = "alice@example.com", **fields: Any) -> Delivery:
    """Return a due delivery; `fields` are those of a letter, and `user`."""
    user = fields.pop("user", None)
    return write_delivery(letter=letter(address, **fields), user=user)


def notice(user: Any = None, **fields: Any) -> Notification:
    return notify(user=user, **{"kind": "alert", "title": "PETR4 caiu", **fields})


def channel(user: Any, kind: str = "email", **fields: Any) -> Channel:
    """Return a verified channel."""
    now = timezone.now()
    defaults = {"address": "other@example.com", "created_at": now, "verified_at": now, **fields}
    return Channel.objects.create(user=user, kind=kind, **defaults)


def template(**fields: Any) -> MailTemplate:
    defaults = {"name": "Novidades", "subject_pt": "Oi, {nome}", "text_pt": "Olá {usuario}: {link}"}
    row = MailTemplate(**{**defaults, **fields})
    row.full_clean()
    row.save()
    return row


def campaign(author: Any, **fields: Any) -> Broadcast:
    """Return a sent campaign by e-mail."""
    defaults = {"title": "Oi", "body": "todos", "is_email": True, "at": timezone.now()}
    return send_broadcast(author=author, **{**defaults, **fields})
