"""Factories for rows of the inbox and the outbox."""

from typing import Any

from django.utils import timezone

from mainapp.notifications.models import Channel, Delivery, Notification
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
