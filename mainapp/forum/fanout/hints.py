"""Hints to the other processes: sent from any thread, waited for by nobody."""

import os
from collections.abc import Mapping
from concurrent.futures import Future
from threading import RLock
from typing import Any

from mainapp.core.realtime import publish_soon
from mainapp.forum.events import ROOMS, RoomChanged, RoomTyping


class Hints:
    """Gathers hints while others are under way, the latest of each key: what waits is bounded."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._lock = RLock()  # a future that is done calls back in place
        self._waiting: dict[Any, Mapping[str, Any]] = {}
        self._sending: Future[None] | None = None

    def room_changed(self, *, room_pk: int, revision: int, rules_revision: int) -> None:
        hint = RoomChanged(
            type="room.changed", room=room_pk, revision=revision, rules_revision=rules_revision
        )
        with self._lock:
            waiting = self._waiting.get(room_pk)
            if waiting is None or waiting["revision"] < revision:
                self._note(room_pk, hint)

    def typing(self, message: RoomTyping) -> None:
        with self._lock:
            self._note((message["room"], message["user"]["id"]), message)

    def _note(self, key: Any, message: Mapping[str, Any]) -> None:
        self._waiting[key] = message
        if self._sending is None:
            self._send()

    def _send(self) -> None:
        batch = [(ROOMS, message) for message in self._waiting.values()]
        self._waiting.clear()
        self._sending = publish_soon(batch)
        self._sending.add_done_callback(self._sent)

    def _sent(self, _done: "Future[None]") -> None:
        with self._lock:
            self._sending = None
            if self._waiting:
                self._send()


hints = Hints()
os.register_at_fork(after_in_child=hints.reset)
