"""Claims of symbols and of the whole batch, in Redis: no two runs fetch the same at one time."""

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import redis
from django.conf import settings
from redis.exceptions import LockError

from mainapp.core.clocks import is_lease_held
from mainapp.core.redis import TIMEOUT_S, key
from mainapp.core.redis import client as redis_client
from mainapp.market.board import BATCH_KEY

logger = logging.getLogger(__name__)

LEASE_S, RENEW_S = 2.0, 0.5


def claim(symbols: Collection[str], *, run: str) -> list[str]:
    """Claim symbols for as long as a source may take; return those that no other run is fetching.

    Safe to repeat: a claim of the same run, whose confirmation was lost, is returned again.
    """
    unclaimed(symbols)  # deletes claims of a clock that ran ahead
    names = sorted(set(symbols))
    keys = [_claim_key(name) for name in names]
    with redis_client().pipeline(transaction=False) as pipeline:
        for name in keys:
            pipeline.set(name, run, nx=True, px=_claim_ms())
        pipeline.mget(keys)
        holders: list[bytes | None] = pipeline.execute()[-1]
    return [name for name, holder in zip(names, holders, strict=True) if holder == run.encode()]


def _claim_ms() -> int:
    return int(settings.SOURCE_TIMEOUT_S * 1000)


def unclaimed(symbols: Collection[str]) -> list[str]:
    """Return the symbols that no listed run is fetching.

    A claim that would last longer than any may was set by a clock that ran ahead, and is deleted.
    """
    client, names = redis_client(), sorted(set(symbols))
    with client.pipeline(transaction=False) as pipeline:
        for name in names:
            pipeline.pttl(_claim_key(name))
        left: dict[str, int] = dict(zip(names, pipeline.execute(), strict=True))
    free = [name for name in names if not is_lease_held(left[name], lease_ms=_claim_ms())]
    if outlasting := [_claim_key(name) for name in free if left[name] > 0]:
        client.delete(*outlasting)
    return free


def _claim_key(symbol: str) -> str:
    return key("claim", symbol)


@contextmanager
def batch_lease() -> Iterator[str]:
    """Acquire the lease that allows one batch at a time; yield its holder, empty if it is taken.

    A thread renews it, because a batch may take longer than the lease, which is short so that a
    killed worker's expires soon.
    """
    left_ms: Any = redis_client().pttl(BATCH_KEY)
    if left_ms > 0 and not is_lease_held(left_ms, lease_ms=LEASE_S * 1000):
        redis_client().delete(BATCH_KEY)
    lock = redis_client().lock(BATCH_KEY, timeout=LEASE_S, thread_local=False)
    holder = uuid4().hex
    if not lock.acquire(blocking=False, token=holder):
        yield ""
        return
    ended = Event()

    def renew() -> None:
        while not ended.wait(RENEW_S):
            try:
                lock.reacquire()
            except redis.RedisError as error:
                logger.warning("the lease of update_stock could not be renewed: %s", error)

    thread = Thread(target=renew, daemon=True, name="update_stock-lease")
    thread.start()
    try:
        yield holder
    finally:
        ended.set()
        thread.join(timeout=RENEW_S + TIMEOUT_S)
        with suppress(LockError):
            lock.release()
