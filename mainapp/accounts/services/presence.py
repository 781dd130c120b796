"""Announcing users whose presence, or whose view of others, has changed."""

import logging
from collections.abc import Collection
from functools import partial

import redis
from django.db import transaction

from mainapp.accounts.events import PRESENCE, PresenceChanged
from mainapp.accounts.fanout.online import forget_last_seen
from mainapp.core.realtime import GroupMessage, publish_on_commit

logger = logging.getLogger(__name__)


def announce_presence(users: Collection[int]) -> None:
    """Make every process read these users again, after the commit. No query."""
    if users:
        body = PresenceChanged(type="presence.changed", users=sorted(users))
        publish_on_commit([GroupMessage(PRESENCE, body)])


def forget_presence(user_id: int) -> None:
    """Announce a user who hides or no longer does; forget when they were last online."""
    transaction.on_commit(partial(_forget, user_id))
    announce_presence([user_id])


def _forget(user_id: int) -> None:
    try:
        forget_last_seen(user_id)
    except redis.RedisError as error:
        logger.warning("a user's last visit was not forgotten: %s", error)
