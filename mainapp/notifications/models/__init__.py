"""Models of inbox, channels, outbox and campaigns."""

from mainapp.notifications.models.campaigns import Broadcast, MailTemplate
from mainapp.notifications.models.outbox import (
    Attempt,
    Channel,
    Delivery,
    Mark,
    Notification,
    shown_address,
)

__all__ = [
    "Attempt",
    "Broadcast",
    "Channel",
    "Delivery",
    "MailTemplate",
    "Mark",
    "Notification",
    "shown_address",
]
