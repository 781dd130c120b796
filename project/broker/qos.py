"""The unacknowledged messages of a channel, and their records in Redis."""

import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from operator import eq
from time import monotonic
from typing import Any, NamedTuple

from kombu.transport import redis as kombu_redis
from kombu.transport import virtual
from kombu.utils.encoding import bytes_to_str
from kombu.utils.json import dumps

from mainapp.core.realtime.messages import MalformedMessage
from mainapp.core.redis import LEASE_RENEWAL_S
from project.broker.leases import Leases, Orphans, Renewal, owner_of
from project.broker.messages import checked_loads
from project.broker.pools import REFUSALS

logger = logging.getLogger(__name__)

WRITE_CHECK = "write-check"
MAX_RECORDS = 10_000


class Unreturned(NamedTuple):
    """A message received on a lost connection and not yet returned to its queue."""

    message: Any
    owner: float


# By delivery tag. None: the message is finished, and only its record remains to be deleted.
unreturned: dict[str, Unreturned | None] = {}


class QoS(kombu_redis.QoS):
    """The unacknowledged messages, none of which is lost if Redis refuses to write."""

    channel: Any
    _delivered: Any
    _dirty: set[str]
    _renewal: Renewal | None = None
    _restore_at = 0.0

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._leases = Leases()
        self._orphans = Orphans()

    def append(self, message: Any, delivery_tag: str) -> None:
        """Record a received message, at least in memory.

        BRPOP has already removed it from its queue, so an error here would lose the task. A full
        Redis allows BRPOP but not this write, whose error used to end the worker.
        """
        self._leases[delivery_tag] = False
        info = message.delivery_info
        record = dumps([message._raw, info["exchange"], info["routing_key"]])
        try:
            with self.pipe_or_acquire() as pipe:
                pipe.zadd(self.unacked_index_key, {delivery_tag: self._leases.score()})
                pipe.hset(self.unacked_key, delivery_tag, record)
                pipe.execute()
            self._leases[delivery_tag] = True
        except REFUSALS as error:
            logger.warning("a received task is recorded in memory only: %s", error)
        virtual.QoS.append(self, message, delivery_tag)
        if self._renewal is None:
            self._renewal = Renewal(self)
            self._renewal.start()

    def ack(self, delivery_tag: str) -> None:
        """Delete a finished message, as soon as Redis accepts writes."""
        try:
            # After a lost lease the record belongs to the worker that has taken the task.
            if delivery_tag in self._leases:
                self._remove(delivery_tag)
                self._leases.pop(delivery_tag, None)
            unreturned.pop(delivery_tag, None)
        except (*REFUSALS, AttributeError):  # a closed channel raises AttributeError
            unreturned[delivery_tag] = None
        virtual.QoS.ack(self, delivery_tag)

    def renew(self) -> None:
        """Renew the leases. Raises: redis.RedisError, OSError."""
        with self.channel.conn_or_acquire() as client:
            lost = self._leases.renew(client, client.global_keyprefix + self.unacked_index_key)
        for tag in lost:
            if tag in self._delivered and tag not in self._dirty:
                logger.warning("a task was given to another worker: this one had stopped")

    def end_renewal(self) -> None:
        if self._renewal is not None:
            self._renewal.end()

    def restore_unacked(self, client: Any = None) -> None:
        """Return all messages to their queues; if that fails, the next connection does it."""
        for tag, message in self._delivered.items():
            if tag in self._leases:
                unreturned[tag] = Unreturned(message, self._leases.owner)
        self._delivered.clear()
        # kombu raises AttributeError if it has closed the connection itself.
        with suppress(*REFUSALS, AttributeError):
            self.channel.return_messages()

    def restore_visible(self, *_args: Any, **_options: Any) -> None:
        """Return the messages of workers that died to their queues."""
        at = monotonic()
        if at < self._restore_at:
            return
        self._restore_at = at + LEASE_RENEWAL_S / 2
        try:
            with self.channel.conn_or_acquire() as client:
                for tag, score in self._orphans.find(self._records(client), at=at):
                    if tag not in self._delivered:
                        self._restore_if(partial(eq, score), tag, client)
        except REFUSALS:
            self._orphans.forget()

    def restore_by_tag(self, tag: str, client: Any = None, leftmost: bool = False) -> None:
        """Return a message to its queue, unless another worker has taken it."""
        with self.channel.conn_or_acquire(client) as connected:
            self._restore_if(self._leases.is_ours, tag, connected, leftmost=leftmost)

    def delete_or_return(self, tag: str, client: Any) -> None:
        """Delete the record of a finished message, or return an unfinished one to its queue.

        Raises: redis.RedisError, OSError.
        """
        pending = unreturned.get(tag)
        if pending is None:
            self._remove(tag, client)
            self._leases.pop(tag, None)
        else:
            info = pending.message.delivery_info
            # Without a score, the record was never written, or Redis has lost its data.
            self._restore_if(
                lambda score: score is None or owner_of(score) == pending.owner,
                tag,
                client,
                (pending.message._raw, info["exchange"], info["routing_key"]),
                leftmost=True,
            )
        unreturned.pop(tag, None)

    def _records(self, client: Any) -> list[tuple[str, float]]:
        """Return the records of all workers with their scores. Raises if Redis refuses writes."""
        pipe = client.pipeline()
        # Nothing is written, but a full or read-only Redis refuses it, as it does renewals.
        pipe.zadd(self.unacked_index_key, {WRITE_CHECK: 0}, xx=True)
        pipe.zrange(self.unacked_index_key, 0, MAX_RECORDS - 1, withscores=True)
        _written, records = pipe.execute()
        return [(bytes_to_str(tag), score) for tag, score in records]

    def _restore_if(
        self,
        expected: Callable[[float | None], bool],
        tag: str,
        client: Any,
        message: Any = None,
        *,
        leftmost: bool = False,
    ) -> None:
        """Delete a record and return its message to the queue, if its score is the expected one.

        Without `message`, the recorded one is returned, or none if that is malformed.
        """

        def restore(pipe: Any) -> None:
            score = pipe.zscore(index, tag)
            record = message or _parsed(pipe.hget(self.unacked_key, tag))
            pipe.multi()
            if expected(score):
                self._remove_from_indices(tag, pipe)  # type: ignore[attr-defined] # not in kombu's stubs
                if record:
                    self.channel._do_restore_message(*record, pipe, leftmost)

        index = client.global_keyprefix + self.unacked_index_key  # kombu does not prefix ZSCORE
        client.transaction(restore, self.unacked_index_key)

    def _remove(self, tag: str, client: Any = None) -> None:
        pipe = client.pipeline() if client else None
        self._remove_from_indices(tag, pipe).execute()  # type: ignore[attr-defined] # nor here


def _parsed(record: bytes | None) -> Any:
    """Return a recorded message, its exchange and its routing key; None if it is malformed."""
    try:
        parsed = checked_loads(bytes_to_str(record)) if record else None
    except MalformedMessage as error:
        logger.warning("an unfinished task was discarded: %s", error)
        return None
    return parsed if isinstance(parsed, list) else None
