"""`ws/room/<pk>/`: CONTRACTS §3."""

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, TypeVar

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from mainapp.accounts.policies import check_not_suspended
from mainapp.accounts.selectors import NO_BLOCKS
from mainapp.accounts.selectors.presence import contact_of
from mainapp.core.consumers import UNKNOWN_PATH, BaseConsumer
from mainapp.core.frames import Frame, echo
from mainapp.core.realtime import query, write
from mainapp.core.realtime.writer import try_send_of
from mainapp.forum.consumers.reading import (
    body_of,
    number_of,
    reaction_of,
    sent_message,
    until_of,
)
from mainapp.forum.consumers.shared import room_hub, write_slots
from mainapp.forum.events import MessagesFrame
from mainapp.forum.exceptions import Closed, Muted, Unavailable
from mainapp.forum.fanout import OpenRoom, RoomFanout, RoomSocket
from mainapp.forum.fanout.archive import RoomMessage
from mainapp.forum.models import Message
from mainapp.forum.policies import SOCKET
from mainapp.forum.selectors.messages import (
    changed_since,
    may_read_room,
    messages_after,
    person_of,
)
from mainapp.forum.services.marks import mark_room_read, mute_room, react
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
        "react": "react",
        "read": "read",
        "mute": "mute",
    }
    hub: RoomFanout
    room: OpenRoom
    socket: RoomSocket | None = None

    async def opened(self) -> None:
        self.hub = room_hub()
        user = self.scope["user"]
        blocks, is_hidden = await query(contact_of, user) if user.pk else (NO_BLOCKS, False)
        # No await between this and `join`: a room without sockets may be forgotten.
        room = await self._open_room()
        if room is None:
            await self.close(UNKNOWN_PATH)
            return
        self.room = room
        self.writer = self.socket = RoomSocket(
            send=self.base_send,
            try_send=try_send_of(self.scope),
            user=user,
            person=person_of(user) if user.is_authenticated else None,
            fall_behind=lambda socket: self.hub.catch_up.start(room, socket),
            close_room=lambda: self.close(UNKNOWN_PATH),
            blocks=blocks,
            hides_presence=is_hidden,
        )
        self.hub.join(room, self.socket)

    def left(self) -> None:
        if self.socket is not None:
            self.hub.leave(self.room, self.socket)

    async def _handle(self, frame: Frame) -> None:
        """Accept `{"type_message", "content"}` of other services' clients, without a type."""
        if "type" not in frame and "type_message" in frame:
            frame["type"] = "send"
        await super()._handle(frame)

    async def post(self, frame: Frame) -> None:
        sent = sent_message(frame)
        message = await self._write(post_message, author=self._user(), **sent)
        await self.reply(ack_of(message, frame) | echo(frame))
        self.hub.notify(self.room.pk, message.revision)

    async def react(self, frame: Frame) -> None:
        user, seq = self._user(), number_of(frame, "seq", least=1)
        emoji, is_on = reaction_of(frame)
        message = await self._write(react, user=user, seq=seq, emoji=emoji, is_on=is_on)
        self.hub.notify(self.room.pk, message.revision)

    async def read(self, frame: Frame) -> None:
        user, seq = self._user(), number_of(frame, "seq")
        mark = await self._write(mark_room_read, user=user, seq=seq)
        if mark is not None and self.room.rules.is_private:
            self.hub.passing.send_read(self.room, person_of(user), mark)

    async def mute(self, frame: Frame) -> None:
        await self._write(mute_room, user=self._user(), until=until_of(frame))

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
        check_not_suspended(user, at=timezone.now())
        if self.room.rules.is_closed:
            raise Closed
        if user.pk in self.room.rules.muted:
            raise Muted
        if self._socket().hides_presence:
            return
        await self.hub.passing.send_typing(self.room, person_of(user))

    async def resume(self, frame: Frame) -> None:
        """Send a page; messages that arrive in the meantime follow it."""
        after = number_of(frame, "after")
        known = number_of(frame, "revision") if frame.get("revision") is not None else None
        socket = self._socket()
        revision, socket.is_live = self.room.revision, False
        try:
            items, more = await _or_unavailable(
                query(messages_after, self.room.pk, after, reader_id=self._restricted_reader())
            )
            await self.reply(self._page(items, more, revision) | echo(frame))
            if items and not more:
                socket.seq = max(socket.seq, items[-1].seq)
            if known is not None:
                await self._send_changes(known, until=after)
        finally:
            self.hub.catch_up.start(self.room, socket)

    def _page(self, messages: list[RoomMessage], more: bool, revision: int) -> dict[str, Any]:
        reader = self._socket().reader
        items = [message.item_for(reader) for message in messages]
        frame = MessagesFrame(type="messages", items=items, more=more, revision=revision)  # type: ignore[typeddict-item] # an item with its author's fields
        return dict(frame)

    async def _send_changes(self, known: int, *, until: int) -> None:
        reader_id = self._restricted_reader()
        changed = await _or_unavailable(
            query(changed_since, self.room.pk, known, until=until, reader_id=reader_id)
        )
        for message in sorted(changed, key=lambda message: message.seq):
            for frame in message.changes(self._socket().reader, since=known):
                await self.send_in_turn(frame)

    async def _open_room(self) -> OpenRoom | None:
        """Return the room of the address; None if it does not exist or the user may not read it.

        Nothing is awaited after `directory.open`: a room without sockets may be forgotten.
        """
        pk, user = self.scope["url_route"]["kwargs"]["pk"], self.scope["user"]
        opened = self.hub.rooms.get(pk)
        # The database is queried before a private room is opened: for a stranger, the response
        # takes no longer than for a room that does not exist.
        is_public = opened is not None and not opened.rules.is_private
        if not is_public and not await query(may_read_room, pk, user):
            return None
        room = await self.hub.directory.open(pk)
        if room and room.rules.is_private:
            if not await self.hub.rules.admits(room, user.pk):
                return None
            room = await self.hub.directory.open(pk)
        return room if room and room.may_read(user.pk) else None

    def _restricted_reader(self) -> int | None:
        """Return the user's id in a private room, whose messages are read for them alone."""
        return self._user().pk if self.room.rules.is_private else None

    async def _write(self, service: Callable[..., T], **arguments: Any) -> T:
        async with write_slots():
            return await _or_unavailable(write(service, room_pk=self.room.pk, **arguments))

    def _user(self) -> Any:
        return self.scope["user"]

    def _socket(self) -> RoomSocket:
        assert self.socket is not None
        return self.socket


def ack_of(message: Message, frame: Frame) -> Frame:
    ack: Frame = {"type": "ack", "seq": message.seq}
    if "client_id" in frame:
        ack["client_id"] = frame["client_id"]
    if message.outsiders:
        ack["not_notified"] = list(message.outsiders)
    return ack


async def _or_unavailable(call: Awaitable[T]) -> T:
    """Return the result of a database call. Raises: Unavailable, and the call's own errors."""
    try:
        return await call
    except (OperationalError, InterfaceError):
        raise Unavailable from None
