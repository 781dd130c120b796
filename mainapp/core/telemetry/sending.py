"""A sender with a bounded queue and a thread."""

import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from queue import Empty, Full, Queue
from threading import Lock, Thread
from typing import Any

logger = logging.getLogger(__name__)

MAX_QUEUE, MAX_BATCH = 2048, 512
PAUSE_S = 1.0  # between batches, so that each is worth a request
STOP_S = 1.0


class BoundedSender:
    """Sends items in batches. Counts items that are dropped or not accepted.

    Items are dropped while the queue is full. `send` returns whether a batch was accepted; it runs
    in the sender's thread and may take any time. The first item starts the thread, also after a
    fork.
    """

    def __init__(
        self,
        send: Callable[[Sequence[Any]], bool],
        *,
        size: int = MAX_QUEUE,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._send, self._size, self._pause_s = send, size, pause_s
        self.sent, self._is_accepted = 0, True
        self.dropped: Counter[str] = Counter()
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._queue: Queue[Any] = Queue(self._size)
        self._thread: Thread | None = None
        self._lock = Lock()
        self._is_sending = False

    def put(self, item: Any) -> None:
        """Queue an item. Never waits."""
        try:
            self._queue.put_nowait(item)
        except Full:
            self.dropped["queue_full"] += 1
            return
        if self._thread is None:
            self._start()

    def flush(self, timeout_s: float = STOP_S) -> None:
        """Wait until everything is sent, for at most `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while (self._is_sending or not self._queue.empty()) and time.monotonic() < deadline:
            time.sleep(0.01)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._send_forever, daemon=True, name="telemetry")
                self._thread.start()

    def _send_forever(self) -> None:
        while True:
            batch = [self._queue.get()]
            self._is_sending = True
            try:
                while len(batch) < MAX_BATCH:
                    batch.append(self._queue.get_nowait())
            except Empty:
                pass
            self._send_batch(batch)
            self._is_sending = False
            time.sleep(self._pause_s)

    def _send_batch(self, batch: Sequence[Any]) -> None:
        try:
            is_accepted = self._send(batch)
        except Exception:
            # Boundary to the exporter: an error would end the thread.
            is_accepted = False
        if is_accepted:
            self.sent += len(batch)
        else:
            self.dropped["not_accepted"] += len(batch)
        if is_accepted is not self._is_accepted:
            self._is_accepted = is_accepted
            text = "accepts traces again" if is_accepted else "accepts no traces"
            logger.warning("the collector %s", text)
