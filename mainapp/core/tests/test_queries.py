import asyncio
import time
from threading import Event

import pytest
from django.db import connection

from mainapp.core.realtime import query, write


async def test_query_blocks_neither_the_loop_nor_another_query():
    slow = asyncio.ensure_future(query(time.sleep, 0.3))
    started = time.monotonic()

    assert await query(lambda: 1) == 1

    assert time.monotonic() - started < 0.2
    assert not slow.done()
    await slow


async def test_stalled_writers_do_not_delay_readers():
    released = Event()
    writers = [asyncio.ensure_future(write(released.wait)) for _ in range(50)]
    try:
        assert await asyncio.wait_for(query(lambda: 1), 2) == 1
    finally:
        released.set()
        await asyncio.gather(*writers)


@pytest.mark.django_db(transaction=True)
async def test_query_leaves_no_connection_open():
    def used():
        connection.ensure_connection()
        return connection

    assert (await query(used)).connection is None
