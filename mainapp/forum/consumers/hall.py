"""The hub that the room sockets of one event loop share."""

import asyncio
from weakref import WeakKeyDictionary

from mainapp.forum.fanout import RoomFanout
from mainapp.forum.selectors import messages

_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, RoomFanout] = WeakKeyDictionary()


def rooms() -> RoomFanout:
    """Return the running loop's hub, opened by its first socket."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = RoomFanout(messages)
    return _hubs[loop]


async def close_rooms() -> None:
    """End the running loop's hub, if there is one; called when the server shuts down."""
    if found := _hubs.pop(asyncio.get_running_loop(), None):
        await found.stop()
