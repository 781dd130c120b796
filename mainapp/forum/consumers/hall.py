"""What the room sockets of one event loop share: the hub, and the turns to write."""

import asyncio
from weakref import WeakKeyDictionary

from django.db import connection

from mainapp.forum.fanout import RoomFanout
from mainapp.forum.selectors import messages

WRITERS = 4

_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, RoomFanout] = WeakKeyDictionary()
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


def rooms() -> RoomFanout:
    """Return the running loop's hub, opened by its first socket."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = RoomFanout(messages)
    return _hubs[loop]


def writing() -> asyncio.Semaphore:
    """Return the running loop's turns to write: first come, first served, and reads go on.

    SQLite takes one writer at a time, and lets those who wait ask again and again in no order.
    """
    loop = asyncio.get_running_loop()
    if loop not in _turns:
        _turns[loop] = asyncio.Semaphore(1 if connection.vendor == "sqlite" else WRITERS)
    return _turns[loop]


async def close_rooms() -> None:
    """End the running loop's hub, if there is one; called when the server shuts down."""
    if found := _hubs.pop(asyncio.get_running_loop(), None):
        await found.stop()
