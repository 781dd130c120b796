"""A load client whose sockets also count the batches that they missed, and their silences.

Reads JSON commands from its standard input, as `benchmarks.rig.loader` does. All sockets have the
same symbols, so each gets every batch: a number left out between two updates is a missed batch.
"""

import re
import time
from typing import Any

import uvloop

from benchmarks.rig.load_sockets import TEXT, Group, Socket
from benchmarks.rig.loader import Load, main
from benchmarks.rig.processes import raise_file_limit

NUMBER = re.compile(rb'"seq":(\d+)')
HEAD_BYTES = 200


class Watcher(Socket):
    __slots__ = ("frame_at", "lost_for_s", "missed", "quiet_s", "seq", "updates")

    def __init__(self, group: Group, request: bytes) -> None:
        super().__init__(group, request)
        self.seq: int | None = None
        self.frame_at = 0.0
        self.begin()

    def begin(self) -> None:
        """Count from now on."""
        self.missed = self.updates = 0
        self.quiet_s = self.lost_for_s = 0.0
        self.frame_at = time.monotonic()

    def _frame(self, opcode: int, data: bytes, start: int, size: int) -> None:
        is_back = self.lost_at and not self.has_snapshot
        super()._frame(opcode, data, start, size)
        if opcode != TEXT:
            return
        now = time.monotonic()
        if is_back:
            self.lost_for_s = max(self.lost_for_s, now - self.lost_at)
        self.quiet_s = max(self.quiet_s, now - self.frame_at)
        self.frame_at = now
        self._count(data[start : start + min(size, HEAD_BYTES)])

    def _count(self, head: bytes) -> None:
        number = NUMBER.search(head)
        if number is None:
            return
        seq = int(number[1])
        if head.startswith(b'{"type":"update"'):
            if self.seq is not None:
                self.missed += max(0, seq - self.seq - 1)
            self.updates += 1
            self.seq = seq
        elif head.startswith(b'{"type":"snapshot"'):
            self.seq = seq


class Watchers(Load):
    """The commands of this client; each method is one."""

    socket_class = Watcher

    async def begin(self, *, name: str) -> dict[str, Any]:
        """Count batches and silences from now on."""
        group = self.groups[name]
        group.lost = group.refused = 0
        group.reconnect_times_s.clear()
        for socket in self._watchers(name):
            socket.begin()
        return {}

    async def counts(self, *, name: str) -> dict[str, Any]:
        """Return the counts since `begin`; silences last until now."""
        now, watchers = time.monotonic(), self._watchers(name)
        return self._state(self.groups[name]) | {
            "sockets": len(watchers),
            "missed": sum(watcher.missed for watcher in watchers),
            "fewest": min((watcher.updates for watcher in watchers), default=0),
            "most": max((watcher.updates for watcher in watchers), default=0),
            "quiet_s": max((max(w.quiet_s, now - w.frame_at) for w in watchers), default=0.0),
            "lost_for_s": max((watcher.lost_for_s for watcher in watchers), default=0.0),
        }

    def _watchers(self, name: str) -> list[Watcher]:
        return [socket for socket in self.groups[name].sockets if isinstance(socket, Watcher)]


if __name__ == "__main__":
    raise_file_limit()
    uvloop.run(main(Watchers()))
