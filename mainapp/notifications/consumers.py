"""`ws/notifications/`: CONTRACTS §4."""

import asyncio
from typing import ClassVar
from weakref import WeakKeyDictionary

from django.utils import timezone
from django.utils.translation import gettext_noop as _

from mainapp.core.consumers import BaseConsumer, DomainError, Frame, echo
from mainapp.core.realtime import query
from mainapp.notifications.fanout import InboxFanout, InboxSocket, encode
from mainapp.notifications.selectors.inbox import Ledger, items_after, snapshot, unread_count
from mainapp.notifications.services.inbox import mark_read

TOO_SLOW = 1013
MAX_IDS = 1000
MAX_NUMBER = 2**63 - 1


class NotificationsConsumer(BaseConsumer):
    """One tab of a user: it is told what the hub reads, and answers what it asks."""

    needs_login = True
    handlers: ClassVar = BaseConsumer.handlers | {"resume": "resume", "mark_read": "mark_read"}
    hub: InboxFanout
    inbox: InboxSocket | None = None

    async def opened(self) -> None:
        self.hub = hub()
        await self.hub.ready()
        self.inbox = InboxSocket(
            self.scope["user"].pk, self.base_send, overflow=lambda: self.end(TOO_SLOW)
        )
        self.hub.join(self.inbox)
        await self._answer_snapshot({})

    def left(self) -> None:
        if self.inbox is not None:
            self.hub.leave(self.inbox)

    async def reply(self, frame: Frame) -> None:
        if self.inbox is None:
            await super().reply(frame)
        else:
            await self.inbox.drained()
            self.inbox.post(encode(frame))

    async def resume(self, frame: Frame) -> None:
        """Send each notification after that number, oldest first, then the inbox as it stands."""
        after = frame.get("after")
        if type(after) is not int or not 0 <= after <= MAX_NUMBER:
            raise DomainError("invalid", _("after é um número."), fields={"after": "int"})
        inbox = self._inbox()
        inbox.hold()
        for item in await query(items_after, self.scope["user"], after):
            await self.reply({"type": "notification", **item})
        await self._answer_snapshot(echo(frame))

    async def mark_read(self, frame: Frame) -> None:
        ids = ids_of(frame)
        user, inbox = self.scope["user"], self._inbox()
        async with self.hub.looking:  # the hub learns first which marks are this tab's own
            marking = await query(mark_read, user=user, ids=ids, at=timezone.now())
            inbox.answered.update(marking.marks)
        unread = await query(unread_count, user)
        await self.reply({"type": "read", "ids": marking.ids, "unread": unread} | echo(frame))

    def _inbox(self) -> InboxSocket:
        assert self.inbox is not None
        return self.inbox

    async def _answer_snapshot(self, extra: Frame) -> None:
        frame = await query(snapshot, self.scope["user"])
        await self.reply({**frame} | extra)
        self._inbox().release(frame["last_id"])


def ids_of(frame: Frame) -> list[int] | None:
    """Return the frame's ids, None for "all". Raises: DomainError `invalid`."""
    ids = frame.get("ids")
    if ids == "all":
        return None
    if (
        not isinstance(ids, list)
        or len(ids) > MAX_IDS
        or not all(type(one) is int and 0 < one <= MAX_NUMBER for one in ids)
    ):
        raise DomainError(
            "invalid",
            _("ids é uma lista de até 1000 números, ou “all”."),
            fields={"ids": "list of int, or all"},
        )
    return ids


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, InboxFanout] = WeakKeyDictionary()


def hub() -> InboxFanout:
    """Return the running loop's hub, opened by its first socket."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = InboxFanout(Ledger())
    return _hubs[loop]


async def close_inboxes() -> None:
    """End the running loop's hub, if there is one; called when the server shuts down."""
    if found := _hubs.pop(asyncio.get_running_loop(), None):
        await found.stop()
