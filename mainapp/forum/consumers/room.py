"""`ws/room/<pk>/`: CONTRACTS §3."""

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, TypeVar

from django.db import InterfaceError, OperationalError

from mainapp.core.consumers import UNKNOWN_PATH, BaseConsumer, Frame, echo
from mainapp.core.realtime import query, write
from mainapp.core.realtime.writer import try_send_of
from mainapp.forum.consumers.reading import body_of, client_id_of, number_of
from mainapp.forum.consumers.shared import room_hub, write_slots
from mainapp.forum.events import AckFrame, MessagesFrame
from mainapp.forum.exceptions import Closed, Muted, Unavailable
from mainapp.forum.fanout import OpenRoom, RoomFanout, RoomSocket
from mainapp.forum.fanout.archive import RoomMessage
from mainapp.forum.models import Message
from mainapp.forum.policies import SOCKET
from mainapp.forum.selectors.messages import changed_since, messages_after, person_of
from mainapp.forum.services.messages import delete_message, edit_message, post_message

T = TypeVar("T")


class RoomConsumer(BaseConsumer):
    """One visitor's socket: passes requests to the services; the hub sends the room's messages."""

    policy = SOCKET
    handlers: ClassVar = BaseConsumer.handlers | {
        "send": "post",
        "resume": "resume",
        "edit": "edit",
        "delete": "delete",
        "typing": "typing",
    }
    hub: RoomFanout
    room: OpenRoom
    socket: RoomSocket | None = None

    async def opened(self) -> None:
        self.hub = room_hub()
        room = await self.hub.directory.open(self.scope["url_route"]["kwargs"]["pk"])
        if room is None:
            await self.close(UNKNOWN_PATH)
            return
        self.room, user = room, self.scope["user"]
        self.writer = self.socket = RoomSocket(
            send=self.base_send,
            try_send=try_send_of(self.scope),
            user=user,
            person=person_of(user) if user.is_authenticated else None,
            fall_behind=lambda socket: self.hub.catch_up.start(room, socket),
            close_room=lambda: self.close(UNKNOWN_PATH),
        )
        self.hub.join(room, self.socket)

    def left(self) -> None:
        if self.socket is not None:
            self.hub.leave(self.room, self.socket)

    async def post(self, frame: Frame) -> None:
        author, client_id, body = self._user(), client_id_of(frame), body_of(frame)
        message = await self._write(post_message, author=author, client_id=client_id, body=body)
        ack = AckFrame(type="ack", client_id=frame["client_id"], seq=message.seq)
        await self.reply({**ack, **echo(frame)})
        self.hub.notify(self.room.pk, message.revision)

    async def edit(self, frame: Frame) -> None:
        author, seq, body = self._user(), number_of(frame, "seq", least=1), body_of(frame)
        message = await self._write(edit_message, author=author, seq=seq, body=body)
        self.hub.notify(self.room.pk, message.revision)

    async def delete(self, frame: Frame) -> None:
        actor, seq = self._user(), number_of(frame, "seq", least=1)
        message = await self._write(delete_message, actor=actor, seq=seq)
        self.hub.notify(self.room.pk, message.revision)

    async def typing(self, frame: Frame) -> None:
        user = self._user()
        if self.room.rules.is_closed:
            raise Closed
        if user.pk in self.room.rules.muted:
            raise Muted
        self.hub.send_typing(self.room, person_of(user))

    async def resume(self, frame: Frame) -> None:
        """Send a page; messages that arrive in the meantime follow it."""
        after = number_of(frame, "after")
        known = number_of(frame, "revision") if frame.get("revision") is not None else None
        socket = self._socket()
        revision, socket.is_live = self.room.revision, False
        try:
            items, more = await _or_unavailable(query(messages_after, self.room.pk, after))
            await self.reply(self._page(items, more, revision) | echo(frame))
            if items and not more:
                socket.seq = max(socket.seq, items[-1].seq)
            if known is not None:
                await self._send_changes(
                    await _or_unavailable(query(changed_since, self.room.pk, known, until=after))
                )
        finally:
            self.hub.catch_up.start(self.room, socket)

    def _page(self, messages: list[RoomMessage], more: bool, revision: int) -> dict[str, Any]:
        reader_id = self._socket().user_id
        items = [message.item_for(reader_id) for message in messages]
        frame = MessagesFrame(type="messages", items=items, more=more, revision=revision)  # type: ignore[typeddict-item] # an item with its author's fields
        return dict(frame)

    async def _send_changes(self, changed: list[RoomMessage]) -> None:
        for message in sorted(changed, key=lambda message: message.seq):
            if frame := message.change(self._socket().user_id):
                await self.send_in_turn(frame)

    async def _write(self, service: Callable[..., Message], **arguments: Any) -> Message:
        async with write_slots():
            return await _or_unavailable(write(service, room_pk=self.room.pk, **arguments))

    def _user(self) -> Any:
        return self.scope["user"]

    def _socket(self) -> RoomSocket:
        assert self.socket is not None
        return self.socket


async def _or_unavailable(call: Awaitable[T]) -> T:
    """Return the result of a database call. Raises: Unavailable, and the call's own errors."""
    try:
        return await call
    except (OperationalError, InterfaceError):
        raise Unavailable from None
