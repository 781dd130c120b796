"""A tab's socket: ordered frames, with the hub's frames held while a snapshot is read."""

from collections.abc import Callable

from mainapp.core.realtime.writer import Build, Send, SocketWriter, TrySend, never_sends

MAX_WAITING = 200


class InboxSocket(SocketWriter):
    """One tab of a user. A client with MAX_WAITING unread frames is closed (`overflow`).

    While the tab is held, the hub's frames are queued; `release` sends those not in its snapshot.
    """

    __slots__ = ("_held", "_overflow", "own_marks", "user_id")

    max_queued = MAX_WAITING

    def __init__(
        self,
        user_id: int,
        send: Send,
        try_send: TrySend = never_sends,
        *,
        overflow: Callable[[], None],
    ) -> None:
        super().__init__(send, try_send)
        self.user_id = user_id
        self.own_marks: set[int] = set()  # made by this tab, which already has the reply
        self._overflow = overflow
        self._held: list[tuple[int, bytes]] | None = []

    def hold(self) -> None:
        self._held = [] if self._held is None else self._held

    def release(self, last_id: int) -> None:
        """Send the queued frames, without notifications up to `last_id`."""
        held, self._held = self._held or [], None
        for number, frame in held:
            if not 0 < number <= last_id:
                self.write(frame)

    def write_change(self, frame: bytes, number: int = 0) -> None:
        """Send or queue a frame of the hub; `number` is a notification's id, 0 for other frames."""
        if self._held is None:
            self.write(frame)
        else:
            self._held.append((number, frame))
            if len(self._held) > MAX_WAITING:
                self._overflow()

    def write(self, frame: bytes | Build) -> bool:
        if super().write(frame):
            return True
        self._overflow()
        return False
