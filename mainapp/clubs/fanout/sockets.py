"""The sockets of `ws/club/<slug>/`."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from mainapp.clubs.fanout.archive import Membership
from mainapp.core.realtime.frames import encode
from mainapp.core.realtime.writer import Send, SocketWriter, TrySend, never_sends

GONE = encode({"type": "room_gone"})
GONE_S = 1.0


class ClubSocket(SocketWriter):
    """A tab of a member. The socket is closed when a slow client's queue is full.

    The client then reconnects and loads all parts of the page. While the membership is in doubt,
    frames are held.
    """

    __slots__ = ("_close", "_held", "membership")

    def __init__(
        self,
        membership: Membership,
        send: Send,
        try_send: TrySend = never_sends,
        *,
        close: Callable[[bool], None],
    ) -> None:
        super().__init__(send, try_send)
        self.membership = membership
        self._close = close
        self._held: dict[bytes, None] | None = None

    def send_change(self, frame: bytes) -> None:
        if self._held is not None:
            self._held[frame] = None
        elif not self.write(frame):
            self._close(False)

    def hold(self) -> None:
        self._held = {} if self._held is None else self._held

    def release(self) -> None:
        """Send the held frames, because the membership is confirmed."""
        held, self._held = self._held or {}, None
        for frame in held:
            self.send_change(frame)

    async def send_gone(self) -> None:
        """Send `room_gone` and close; a client that does not read is closed without the frame."""
        self.write(GONE)
        with suppress(TimeoutError):
            async with asyncio.timeout(GONE_S):
                await self.drained()
        self._close(True)
