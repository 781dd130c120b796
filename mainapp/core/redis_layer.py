"""Channel layer that detects an unresponsive Redis, and rejects messages written by others.

A subscription only receives. If the server freezes or a firewall drops the connection, no call
fails, and the process would receive nothing until the kernel closes the connection after hours.
"""

import asyncio
import logging
import struct
import time
from typing import Any

import redis
from channels_redis.pubsub import RedisPubSubChannelLayer, RedisSingleShardConnection
from channels_redis.utils import decode_hosts

from mainapp.core.signatures import Forged, sign, verified

logger = logging.getLogger(__name__)

POLL_S = 0.1
RETRY_S = 0.5
# Reconnect after this time without a reply to the PINGs that redis-py sends.
SILENT_S = 2.0
# A copied message is rejected after this time. The hosts' clocks may differ by as much.
VALID_S = 300
SENT_AT = struct.Struct("!d")
PURPOSE = "channel layer"


class ChannelLayer(RedisPubSubChannelLayer):  # type: ignore[misc] # channels_redis has no types
    """Signs each message together with the time (see `mainapp.core.signatures`)."""

    def serialize(self, message: Any) -> bytes:
        return sign(SENT_AT.pack(time.time()) + super().serialize(message), purpose=PURPOSE)

    def deserialize(self, message: bytes) -> Any:
        """Return the message. Raises: Forged."""
        content = verified(message, purpose=PURPOSE)
        (sent_at,) = SENT_AT.unpack_from(content)
        if abs(time.time() - sent_at) > VALID_S:
            raise Forged(f"a message of {time.time() - sent_at:.0f} s ago")
        return super().deserialize(content[SENT_AT.size :])

    def _get_layer(self) -> Any:
        layer = super()._get_layer()
        if not isinstance(layer._shards[0], Shard):
            hosts = decode_hosts(self._kwargs["hosts"])
            layer._shards = [Shard(host, layer) for host in hosts]
        return layer


class Shard(RedisSingleShardConnection):  # type: ignore[misc] # channels_redis has no types
    """A connection that is re-established when the server does not reply to its PINGs."""

    def __init__(self, host: Any, channel_layer: Any) -> None:
        super().__init__(host, channel_layer)
        self._unanswered_since: float | None = None

    async def _do_receiving(self) -> None:
        is_down = False
        while True:
            try:
                await self._receive_one()
                is_down = False
            except (redis.RedisError, OSError) as error:
                if not is_down:
                    logger.warning("the channel layer lost Redis and tries again: %s", error)
                is_down = True
                await asyncio.sleep(RETRY_S)

    async def _receive_one(self) -> None:
        if not (self._pubsub and self._pubsub.subscribed):
            await asyncio.sleep(POLL_S)
            return
        connection = self._pubsub.connection
        if connection is not None and not connection.is_connected:
            # get_message would reconnect to the previous master without asking the sentinels.
            await connection.connect()
        message = await self._pubsub.get_message(ignore_subscribe_messages=True, timeout=POLL_S)
        try:
            self._receive_message(message)
        except Exception:  # a bad message must not end the process's only subscription
            logger.exception("a message of the channel layer was skipped")
        await self._disconnect_if_silent(self._pubsub.connection)

    async def _disconnect_if_silent(self, connection: Any) -> None:
        """Drop an unresponsive connection; the next call connects and subscribes again.

        redis-py sends a PING at `next_health_check`, and every reply postpones that time. It is
        compared after the buffer was read, so that a busy event loop is not mistaken for a silent
        server.
        """
        now = asyncio.get_running_loop().time()
        due_at = connection.next_health_check if connection else 0
        if due_at <= 0 or now <= due_at:
            self._unanswered_since = None
            return
        self._unanswered_since = self._unanswered_since or now
        if now - self._unanswered_since > SILENT_S:
            logger.warning("Redis is silent; the channel layer connects again")
            self._unanswered_since = None
            connection.next_health_check = -1
            await connection.disconnect()
