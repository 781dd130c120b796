"""`ws/notifications/`: CONTRACTS §4."""

from typing import ClassVar

from django.utils import timezone
from django.utils.translation import gettext_noop as _

from mainapp.core.consumers import BaseConsumer
from mainapp.core.exceptions import DomainError
from mainapp.core.frames import Frame, echo
from mainapp.core.realtime import OnePerLoop, query, write
from mainapp.core.realtime.writer import try_send_of
from mainapp.notifications.fanout import InboxFanout, InboxSocket
from mainapp.notifications.fanout.feeds import snapshot_fields
from mainapp.notifications.policies import SOCKET
from mainapp.notifications.selectors.inbox import (
    DatabaseArchive,
    items_after,
    snapshot,
    unread_count,
)
from mainapp.notifications.services.inbox import mark_read

TOO_SLOW = 1013
MAX_IDS = 1000
MAX_NUMBER = 2**63 - 1

inbox_hub = OnePerLoop(InboxFanout, DatabaseArchive())


class NotificationsConsumer(BaseConsumer):
    """One tab of a user: the hub sends the news, the consumer answers the client's requests."""

    policy = SOCKET
    handlers: ClassVar = BaseConsumer.handlers | {"resume": "resume", "mark_read": "mark_read"}
    hub: InboxFanout
    inbox: InboxSocket | None = None

    async def opened(self) -> None:
        self.hub = inbox_hub()
        await self.hub.ready()
        self.writer = self.inbox = InboxSocket(
            self.scope["user"].pk,
            self.base_send,
            try_send_of(self.scope),
            overflow=lambda: self.end(TOO_SLOW),
        )
        self.hub.join(self.inbox)
        await self._send_snapshot({})

    def left(self) -> None:
        if self.inbox is not None:
            self.hub.leave(self.inbox)

    async def resume(self, frame: Frame) -> None:
        """Send each notification after a number, oldest first, then the current inbox."""
        after = frame.get("after")
        if type(after) is not int or not 0 <= after <= MAX_NUMBER:
            raise DomainError("invalid", _("after é um número."), fields={"after": "int"})
        inbox = self._inbox()
        inbox.hold()
        for item in await query(items_after, self.scope["user"], after):
            await self.reply({"type": "notification", **item})
        await self._send_snapshot(echo(frame))

    async def mark_read(self, frame: Frame) -> None:
        ids = ids_of(frame)
        user, inbox = self.scope["user"], self._inbox()
        async with self.hub.polling:  # the hub learns first which marks are this tab's own
            marking = await write(mark_read, user=user, ids=ids, at=timezone.now())
            inbox.own_marks.update(marking.marks)
        unread = await query(unread_count, user)
        await self.reply({"type": "read", "ids": marking.ids, "unread": unread} | echo(frame))

    def _inbox(self) -> InboxSocket:
        assert self.inbox is not None
        return self.inbox

    async def _send_snapshot(self, extra: Frame) -> None:
        user = self.scope["user"]
        frame, states = await query(snapshot, user), await query(snapshot_fields, user.pk)
        await self.reply({**frame} | states | extra)
        self._inbox().release(frame["last_id"])


def ids_of(frame: Frame) -> list[int] | None:
    """Return the frame's ids, None for "all". Raises: DomainError `invalid`."""
    ids = frame.get("ids")
    if ids == "all":
        return None
    if (
        not isinstance(ids, list)
        or len(ids) > MAX_IDS
        or not all(type(pk) is int and 0 < pk <= MAX_NUMBER for pk in ids)
    ):
        raise DomainError(
            "invalid",
            _("ids é uma lista de até 1000 números, ou “all”."),
            fields={"ids": "list of int, or all"},
        )
    return ids
