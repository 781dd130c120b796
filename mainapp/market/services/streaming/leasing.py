"""The lease that allows one streamer at a time, with a fence against one that was paused."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import F

from mainapp.core.clocks import is_lease_held
from mainapp.core.redis import client
from mainapp.market.board import STREAM_KEY, STREAM_LEASE_MS, LeaseLostError
from mainapp.market.models import StreamFence

RENEW_S = 0.5

_RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


@dataclass(frozen=True, slots=True)
class Lease:
    """The lease of one streamer.

    `holder` is the value of the key in Redis, by which the board accepts its quotes; `number` is
    the fence in the database, by which a transaction is committed.
    """

    holder: str
    number: int

    def renew(self) -> None:
        """Renew the lease. Raises: LeaseLostError, redis.RedisError."""
        renewed: Any = client().eval(_RENEW, 1, STREAM_KEY, self.holder, STREAM_LEASE_MS)
        if not renewed:
            raise LeaseLostError

    def release(self) -> None:
        """Give the lease to the next streamer. Raises: redis.RedisError."""
        client().eval(_RELEASE, 1, STREAM_KEY, self.holder)

    @contextmanager
    def fenced(self) -> Iterator[None]:
        """Run a transaction that is only committed while no later streamer has begun.

        A process that is paused at any point and wakes after its successor has begun writes
        nothing: the row is locked until the commit. Raises: LeaseLostError.
        """
        with transaction.atomic():
            current = StreamFence.objects.select_for_update().filter(pk=StreamFence.ONLY)
            if [fence.number for fence in current] != [self.number]:
                raise LeaseLostError
            yield


def acquire_lease() -> Lease | None:
    """Acquire the lease if no other streamer has it. Raises: redis.RedisError, django.db.Error."""
    left_ms: Any = client().pttl(STREAM_KEY)
    if left_ms > 0 and not is_lease_held(left_ms, lease_ms=STREAM_LEASE_MS):
        client().delete(STREAM_KEY)  # a clock was set back: it would last for as long
    holder = uuid4().hex
    if not client().set(STREAM_KEY, holder, nx=True, px=STREAM_LEASE_MS):
        return None
    return Lease(holder, _next_number())


def _next_number() -> int:
    with transaction.atomic():
        StreamFence.objects.get_or_create(pk=StreamFence.ONLY)
        StreamFence.objects.filter(pk=StreamFence.ONLY).update(number=F("number") + 1)
        return StreamFence.objects.get(pk=StreamFence.ONLY).number
