"""Celery's result backend."""

import logging
from contextlib import suppress
from time import monotonic
from typing import Any

import redis
from celery.backends.redis import RedisBackend, ResultConsumer  # type: ignore[attr-defined] # not in its stubs

from mainapp.core.redis import CELERY_TIMEOUT_S, connection_pool
from mainapp.core.redis_address import RedisAddress, parse_redis_url
from project.broker.pools import REFUSALS, pool_options

logger = logging.getLogger(__name__)


class PollingResultConsumer(ResultConsumer):  # type: ignore[misc] # not in Celery's stubs
    """Receives results by pub/sub, and polls pending ones every CELERY_TIMEOUT_S.

    A subscription to a frozen server gets no message and no error: after a failover
    `AsyncResult.get()` never returned.
    """

    _polled_at = 0.0

    def drain_events(self, timeout: float | None = None) -> None:
        super().drain_events(timeout)
        if monotonic() - self._polled_at > CELERY_TIMEOUT_S:
            self._polled_at = monotonic()
            with suppress(*REFUSALS):
                self._poll()

    def _poll(self) -> None:
        if names := list(self.subscribed_to):
            for meta in filter(None, self.backend.client.mget(names)):
                self.on_state_change(self._decode_result(meta), None)


class ResultBackend(RedisBackend):
    """Stores results in the broker's Redis."""

    ResultConsumer = PollingResultConsumer

    def store_result(
        self, task_id: str, result: Any, state: str, *args: Any, **options: Any
    ) -> Any:
        """Store a result; log a refusal by Redis instead of raising it.

        After an error here, Celery does not acknowledge the task. After eight such tasks the worker
        consumed no more, even when Redis had memory again.
        """
        try:
            return super().store_result(task_id, result, state, *args, **options)
        except REFUSALS as error:
            logger.warning("the result of task %s is not stored: %s", task_id, error)
            return result

    def as_uri(self, include_password: bool = False) -> str:
        return str(self._address())

    def _get_pool(self, **params: Any) -> redis.ConnectionPool:
        return connection_pool(self._address(), **pool_options())

    def _address(self) -> RedisAddress:
        return parse_redis_url(self.app.conf.broker_url)  # type: ignore[attr-defined] # not in Celery's stubs
