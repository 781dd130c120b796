"""Objects that the room sockets of one event loop share: the hub, and the write slots."""

import asyncio

from django.db import connection

from mainapp.core.realtime import OnePerLoop
from mainapp.forum.fanout import RoomFanout
from mainapp.forum.selectors import messages

WRITERS = 4

room_hub = OnePerLoop(RoomFanout, messages)


def _make_write_slots() -> asyncio.Semaphore:
    return asyncio.Semaphore(1 if connection.vendor == "sqlite" else WRITERS)


# Writers are served in order, and reads continue. SQLite allows one writer at a time, and those
# that wait for it retry in no order.
write_slots = OnePerLoop(_make_write_slots)
