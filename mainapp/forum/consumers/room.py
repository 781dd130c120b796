"""`ws/room/<pk>/`: CONTRACTS §3."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from django.db import InterfaceError, OperationalError

from mainapp.core.consumers import UNKNOWN_PATH, BaseConsumer, Frame, echo
from mainapp.core.realtime import query
from mainapp.forum.consumers.hall import rooms, writing
from mainapp.forum.consumers.reading import body_of, client_id_of, number_of
from mainapp.forum.events import AckFrame, MessagesFrame
from mainapp.forum.exceptions import Closed, Muted, Unavailable
from mainapp.forum.fanout import OpenRoom, RoomFanout, RoomSocket
from mainapp.forum.fanout.archive import Said, encode
from mainapp.forum.models import Message
from mainapp.forum.policies import SOCKET
from mainapp.forum.selectors.messages import changed_since, person_of, said_after
from mainapp.forum.services.messages import delete_message, edit_message, post_message

T = TypeVar("T")


class RoomConsumer(BaseConsumer):
    """One visitor's socket: what it says goes to the services, what it hears comes from the hub."""

    policy = SOCKET
    handlers: ClassVar = BaseConsumer.handlers | {
        "send": "say",
        "resume": "resume",
        "edit": "edit",
        "delete": "delete",
        "typing": "type_",
    }
    hub: RoomFanout
    room: OpenRoom
    socket: RoomSocket | None = None

    async def opened(self) -> None:
        self.hub = rooms()
        room = await self.hub.enter(self.scope["url_route"]["kwargs"]["pk"])
        if room is None:
            await self.close(UNKNOWN_PATH)
            return
        self.room, user = room, self.scope["user"]
        self.socket = RoomSocket(
            send=self.base_send,
            user=user,
            person=person_of(user) if user.is_authenticated else None,
            fall_behind=lambda socket: self.hub.release(room, socket),
            shut=lambda: self.close(UNKNOWN_PATH),
        )
        self.hub.join(room, self.socket)

    def left(self) -> None:
        if self.socket is not None:
            self.hub.leave(self.room, self.socket)

    async def reply(self, frame: Any) -> None:
        if self.socket is None:
            await super().reply(frame)
        else:
            await self._post(self.socket, encode(frame))

    async def close(self, code: int | None = None, reason: str | None = None) -> None:
        self.left()
        await super().close(code, reason)

    async def say(self, frame: Frame) -> None:
        author, client_id, body = self._user(), client_id_of(frame), body_of(frame)
        message = await self._write(post_message, author=author, client_id=client_id, body=body)
        ack = AckFrame(type="ack", client_id=frame["client_id"], seq=message.seq)
        await self.reply({**ack, **echo(frame)})
        self.hub.nudge(self.room.pk, message.revision)

    async def edit(self, frame: Frame) -> None:
        author, seq, body = self._user(), number_of(frame, "seq", least=1), body_of(frame)
        message = await self._write(edit_message, author=author, seq=seq, body=body)
        self.hub.nudge(self.room.pk, message.revision)

    async def delete(self, frame: Frame) -> None:
        actor, seq = self._user(), number_of(frame, "seq", least=1)
        message = await self._write(delete_message, actor=actor, seq=seq)
        self.hub.nudge(self.room.pk, message.revision)

    async def type_(self, frame: Frame) -> None:
        user = self._user()
        if self.room.rules.is_closed:
            raise Closed
        if user.pk in self.room.rules.muted:
            raise Muted
        self.hub.type_(self.room, person_of(user))

    async def resume(self, frame: Frame) -> None:
        """Answer a page, and hold what is heard meanwhile until it is out."""
        after = number_of(frame, "after")
        known = number_of(frame, "revision") if frame.get("revision") is not None else None
        socket = self._socket()
        revision, socket.is_live = self.room.revision, False
        try:
            items, more = await self._ask(said_after, self.room.pk, after)
            await self.reply(self._page(items, more, revision) | echo(frame))
            if items and not more:
                socket.seq = max(socket.seq, items[-1].seq)
            if known is not None:
                await self._send_changes(
                    await self._ask(changed_since, self.room.pk, known, until=after)
                )
        finally:
            self.hub.release(self.room, socket)

    def _page(self, items: list[Said], more: bool, revision: int) -> dict[str, Any]:
        reader_id = self._socket().user_id
        told = [item.item_for(reader_id) for item in items]
        frame = MessagesFrame(type="messages", items=told, more=more, revision=revision)  # type: ignore[typeddict-item] # an item with its author's fields
        return dict(frame)

    async def _send_changes(self, changed: list[Said]) -> None:
        socket = self._socket()
        for said in sorted(changed, key=lambda said: said.seq):
            if frame := said.change(socket.user_id):
                await self._post(socket, frame)

    async def _write(self, service: Callable[..., Message], **arguments: Any) -> Message:
        async with writing():
            return await self._ask(service, room_pk=self.room.pk, **arguments)

    async def _ask(self, call: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Run a service or a selector off the event loop. Raises: Unavailable, and what it does."""
        try:
            return await query(call, *arguments, **named)
        except (OperationalError, InterfaceError):
            raise Unavailable from None

    async def _post(self, socket: RoomSocket, frame: str) -> None:
        """Send an answer once the one before it is gone: who does not read is not read."""
        await socket.drained()
        socket.offer(frame, 0.0)

    def _user(self) -> Any:
        return self.scope["user"]

    def _socket(self) -> RoomSocket:
        assert self.socket is not None
        return self.socket
