"""`ws/club/<slug>/`: changes of a club's page (docs/CONTRACTS.md, section 16)."""

from mainapp.clubs.fanout import ClubFanout, ClubSocket
from mainapp.clubs.policies import SOCKET
from mainapp.clubs.selectors import members
from mainapp.core.consumers import RECONNECT, UNKNOWN_PATH, BaseConsumer
from mainapp.core.realtime import OnePerLoop, query
from mainapp.core.realtime.writer import try_send_of

club_hub = OnePerLoop(ClubFanout, members)


class ClubConsumer(BaseConsumer):
    """One tab of a member, to which the hub sends all frames."""

    policy = SOCKET
    hub: ClubFanout
    socket: ClubSocket | None = None

    async def opened(self) -> None:
        slug, user = self.scope["url_route"]["kwargs"]["slug"], self.scope["user"]
        self.hub = club_hub()
        await self.hub.ready()
        club_pk = await query(members.club_pk_of_member, slug, user.pk)
        if club_pk is None:
            await self.close(UNKNOWN_PATH)
            return
        self.writer = self.socket = ClubSocket(
            (club_pk, user.pk),
            self.base_send,
            try_send_of(self.scope),
            close=lambda is_gone: self.end(UNKNOWN_PATH if is_gone else RECONNECT),
        )
        self.hub.join(self.socket)
        # Checked again: a removal during the first query did not reach this socket.
        if await query(members.club_pk_of_member, slug, user.pk) is None:
            await self.close(UNKNOWN_PATH)

    def left(self) -> None:
        if self.socket is not None:
            self.hub.leave(self.socket)
