"""Conflation: of many values for a key within a period, only the newest is sent."""

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Conflator(Generic[K, V]):
    """Sends at most one value per key and period: the first at once, the newest at the end.

    For one event loop. A key without values for a period costs nothing.
    """

    def __init__(self, send: Callable[[K, V], None], *, period_s: float) -> None:
        self._send = send
        self.period_s = period_s
        self._newest: dict[K, V] = {}
        self._periods: dict[K, asyncio.TimerHandle] = {}

    def put(self, key: K, value: V) -> None:
        if key in self._periods:
            self._newest[key] = value
        else:
            self._begin(key, value)

    def stop(self) -> None:
        """Drop the values that were not sent."""
        for period in self._periods.values():
            period.cancel()
        self._periods.clear()
        self._newest.clear()

    def _begin(self, key: K, value: V) -> None:
        loop = asyncio.get_running_loop()
        self._periods[key] = loop.call_later(self.period_s, self._end, key)
        self._send(key, value)

    def _end(self, key: K) -> None:
        del self._periods[key]
        if key in self._newest:
            self._begin(key, self._newest.pop(key))
