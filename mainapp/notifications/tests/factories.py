"""Rows of the inbox and the outbox as tests want them."""

from typing import Any

from django.utils import timezone

from mainapp.notifications.models import Channel, Delivery, Notification
from mainapp.notifications.services.notices import Letter, notify, write_delivery


def letter(address: str = "alice@example.com", **fields: Any) -> Letter:
    given = {"kind": "email", "subject": "PETR4 caiu", "text": "R$ 36,00", **fields}
    return Letter(address=address, **given)


def delivery(address: str = "alice@example.com", **fields: Any) -> Delivery:
    """Return a delivery that is due; `user` and the fields of a letter."""
    user = fields.pop("user", None)
    return write_delivery(letter=letter(address, **fields), user=user)


def notice(user: Any = None, **fields: Any) -> Notification:
    return notify(user=user, **{"kind": "alert", "title": "PETR4 caiu", **fields})


def channel(user: Any, kind: str = "email", **fields: Any) -> Channel:
    """Return a verified channel."""
    now = timezone.now()
    given = {"address": "other@example.com", "created_at": now, "verified_at": now, **fields}
    return Channel.objects.create(user=user, kind=kind, **given)
