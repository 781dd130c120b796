"""Devices: a user's browsers that get notifications by web push, with a subscription each."""

from datetime import datetime

from django.db import transaction

from mainapp.accounts.models import User
from mainapp.core.limits.database_store import check_and_increment_quota
from mainapp.core.names import one_line
from mainapp.notifications.models import Channel
from mainapp.notifications.policies import CHANNEL_MESSAGES
from mainapp.notifications.selectors.channels import device_of
from mainapp.notifications.services.channels import (
    check_count,
    delete_channel,
    lock_channels,
    unusable,
)
from mainapp.notifications.services.delivering import transports, url_client
from mainapp.notifications.transports import vapid
from mainapp.notifications.transports.base import TransportError
from mainapp.notifications.transports.posting import check_server

MAX_NAME = 60


def store_device(
    *,
    user: User,
    endpoint: str,
    keys: str,
    name: str,
    known: int | None,
    is_new: bool,
    at: datetime,
) -> Channel | None:
    """Store a browser's subscription: its endpoint and its keys, `p256dh.auth`. Safe to repeat.

    `known` is the device that this log-in switched on before: its subscription is replaced. Without
    `is_new`, an unknown browser is not added, and the result is None. If the same browser was
    another user's device (who logged out offline, or never did), that one is removed. Resolves the
    endpoint's host, which takes up to 2 s. Raises: DomainError, RateLimited.
    """
    try:
        target = transports()[Channel.Kind.PUSH].check(endpoint, keys)
        check_server(url_client(), target.address)
    except TransportError as error:
        raise unusable(error) from error
    with transaction.atomic():
        lock_channels(user)
        devices = Channel.objects.filter(user=user, kind=Channel.Kind.PUSH)
        device = devices.filter(address=target.address).first() or device_of(user, known)
        if device is None and not is_new:
            return None
        # Both keys have to match: an endpoint alone must not be enough to remove another's device.
        others = Channel.objects.filter(address=target.address, secret=target.secret)
        for other in others.filter(kind=Channel.Kind.PUSH).exclude(user=user):
            delete_channel(channel=other)
        if device is None:
            check_count(user)
            check_and_increment_quota(user, CHANNEL_MESSAGES, at=at)
            device = Channel(user=user, kind=Channel.Kind.PUSH, created_at=at, verified_at=at)
            device.name = one_line(name)[:MAX_NAME]
        device.address, device.secret = target.address, target.secret
        device.save()
    return device


def remove_device(*, user: User, pk: int | None) -> None:
    """Remove the device on which a user logs out. Safe to repeat."""
    if device := device_of(user, pk):
        delete_channel(channel=device)


def remove_devices(*, user: User, except_pk: int | None = None) -> None:
    """Remove a user's devices, because their log-ins ended; `except_pk` is the current one."""
    devices = Channel.objects.filter(user=user, kind=Channel.Kind.PUSH)
    for device in devices:
        if device.pk != except_pk:
            delete_channel(channel=device)


def ensure_key(*, device_count: int) -> str:
    """Create the site's web push key unless it exists; return its state as text for the operator.

    A missing key is never replaced while devices are subscribed, as each is bound to the old one.
    """
    try:
        if not vapid.key_text() and device_count == 0:
            vapid.create_key()
        vapid.private_key()
    except (vapid.KeyMissing, OSError) as error:
        return (
            f"OFF: {device_count} devices are subscribed, but {error}. `restore --keys FILE` or "
            "VAPID_KEY brings the key back"
        )
    if not vapid.contact():
        return "on, but not for Apple's devices: set EMAIL_FROM or SITE_URL to a public address"
    return "on"
