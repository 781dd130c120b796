"""`ws/presence/`: CONTRACTS §13."""

from mainapp.accounts.fanout import PresenceFanout, PresenceSocket
from mainapp.accounts.policies import SOCKET
from mainapp.accounts.selectors import presence
from mainapp.core.consumers import BaseConsumer
from mainapp.core.realtime import OnePerLoop
from mainapp.core.realtime.writer import try_send_of

presence_hub = OnePerLoop(PresenceFanout, presence)


class PresenceConsumer(BaseConsumer):
    """One tab of a user. The hub sends all frames; the socket itself makes its user online."""

    policy = SOCKET
    hub: PresenceFanout
    socket: PresenceSocket | None = None

    async def opened(self) -> None:
        self.hub = presence_hub()
        await self.hub.ready()
        self.writer = self.socket = PresenceSocket(
            self.scope["user"].pk, self.base_send, try_send_of(self.scope)
        )
        self.hub.join(self.socket, self.scope["logins"].online)

    def left(self) -> None:
        if self.socket is not None:
            self.hub.leave(self.socket)
