"""The hub of `ws/dashboard/`: sends the snapshot and then what changes, the same to all sockets."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import uuid4

from mainapp.core.realtime import ConflatingWriter, GroupMessage, Hub, publish
from mainapp.core.realtime.frames import encode
from mainapp.core.realtime.hub import Task
from mainapp.core.realtime.writer import Send, TrySend, never_sends
from mainapp.operations.board.dashboard import Snapshot
from mainapp.operations.events import DASHBOARD, DashboardRead

logger = logging.getLogger(__name__)

READ_S = 1.0
GAP_S = 0.5  # the least time between two frames
HEARTBEAT_S = 4.0

# Returns the values, and whether this process has read them; while Redis is down, the last ones.
Collect = Callable[[Snapshot], Awaitable[tuple[Snapshot, bool]]]


class DashboardSocket(ConflatingWriter):
    """A tab of an admin; one that reads too slowly gets the whole snapshot again."""

    __slots__ = ("_hub", "is_started")

    def __init__(self, hub: "DashboardFanout", send: Send, try_send: TrySend = never_sends) -> None:
        super().__init__(send, try_send)
        self._hub = hub
        self.is_started = False

    def catch_up(self) -> bytes | None:
        self.behind = self.needs_snapshot = False
        return self._hub.whole_frame()


class DashboardFanout(Hub):
    """Reads the snapshot every READ_S while there are sockets, and nothing without any.

    `dashboard.read` is a hint that another process has stored a new one.
    """

    groups = (DASHBOARD,)
    handlers: ClassVar = {"dashboard.read": (DashboardRead, "_note_reading")}

    def __init__(self, collect: Collect) -> None:
        super().__init__()
        self.name = uuid4().hex
        self.sockets: set[DashboardSocket] = set()
        self.snapshot: Snapshot = {}
        self._collect = collect
        self._wake = asyncio.Event()
        self._sent_at = 0.0
        self._fresh_at: float | None = None

    def tasks(self) -> Sequence[Task]:
        return (self._run,)

    def join(self, socket: DashboardSocket) -> None:
        """Add a socket; its first frame follows as soon as the values are known."""
        self.sockets.add(socket)
        self._wake.set()

    def leave(self, socket: DashboardSocket) -> None:
        """Remove a socket. Safe to repeat."""
        socket.close()
        self.sockets.discard(socket)

    def whole_frame(self) -> bytes:
        return encode({"type": "dashboard_data"} | self._times() | _values(self.snapshot))

    def _note_reading(self, message: DashboardRead) -> None:
        if message["reader"] != self.name:
            self._wake.set()

    async def _run(self) -> None:
        while True:
            await self._wait()
            if not self.sockets:
                self.snapshot, self._fresh_at = {}, None
                continue
            before = self.snapshot
            self.snapshot, is_reader = await self._collect(before)
            if self.snapshot.get("read_at") != before.get("read_at"):
                self._fresh_at = self.now()
            if is_reader:
                message = {"type": "dashboard.read", "reader": self.name}
                publish([GroupMessage(DASHBOARD, message, key="dashboard")])
            self._send(before)
            await asyncio.sleep(GAP_S)

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(READ_S - GAP_S if self.sockets else None):
                await self._wake.wait()
        self._wake.clear()

    def _send(self, before: Snapshot) -> None:
        if not self.snapshot:  # another process is reading the first values
            self._wake.set()
            return
        frame = self._changes(before)
        for socket in self.sockets:
            if not socket.is_started:
                socket.is_started = True
                socket.write(self.whole_frame())
            elif frame is not None and not socket.offer(frame):
                socket.behind = True

    def _changes(self, before: Snapshot) -> bytes | None:
        """Return the frame for sockets that have the values of `before`; None without news."""
        changed = {
            name: value
            for name, value in _values(self.snapshot).items()
            if name not in before or before[name] != value
        }
        if not changed and self.now() - self._sent_at < HEARTBEAT_S:
            return None
        self._sent_at = self.now()
        return encode({"type": "changed" if changed else "heartbeat"} | self._times() | changed)

    def _times(self) -> dict[str, Any]:
        """Return the time, and the age of the values by this process's own clock."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        age_s = None if self._fresh_at is None else round(self.now() - self._fresh_at, 1)
        return {"at": at, "age_s": age_s}


def _values(snapshot: Snapshot) -> Snapshot:
    return {name: value for name, value in snapshot.items() if name != "read_at"}
