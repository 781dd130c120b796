import asyncio
import time

import pytest
from django.db import connection
from redis import asyncio as aioredis

from mainapp.core.realtime import query, take_turn


async def test_query_holds_up_neither_the_loop_nor_another_query():
    slow = asyncio.ensure_future(query(time.sleep, 0.3))
    started = time.monotonic()

    assert await query(lambda: 1) == 1

    assert time.monotonic() - started < 0.2
    assert not slow.done()
    await slow


@pytest.mark.django_db(transaction=True)
async def test_query_leaves_no_connection_open():
    def used():
        connection.ensure_connection()
        return connection

    assert (await query(used)).connection is None


async def test_turns_are_limited_and_the_wait_is_returned(settings):
    client = aioredis.Redis.from_url(settings.REDIS_URL)
    waits = [await take_turn(client, "turns", limit=3, window_s=10) for _ in range(5)]

    assert waits[:3] == [0, 0, 0]
    assert all(9 < wait <= 10 for wait in waits[3:])
    assert await take_turn(client, "others", limit=3, window_s=10) == 0
    await client.aclose()


async def test_turns_come_back_after_the_window(settings, time_machine):
    time_machine.move_to("2026-03-10T12:00:00Z")
    client = aioredis.Redis.from_url(settings.REDIS_URL)
    for _ in range(3):
        await take_turn(client, "turns", limit=3, window_s=10)
    time_machine.shift(9)
    assert await take_turn(client, "turns", limit=3, window_s=10) == 1

    time_machine.shift(1.5)

    assert await take_turn(client, "turns", limit=3, window_s=10) == 0
    await client.aclose()


async def test_refused_turns_do_not_lengthen_the_wait(settings):
    client = aioredis.Redis.from_url(settings.REDIS_URL)
    for _ in range(20):
        await take_turn(client, "turns", limit=3, window_s=10)

    assert await client.zcard("turns") == 3
    assert 9 <= await client.ttl("turns") <= 11
    await client.aclose()


async def test_turns_taken_at_once_are_never_more_than_the_limit(settings):
    client = aioredis.Redis.from_url(settings.REDIS_URL)
    turns = [take_turn(client, "turns", limit=5, window_s=10) for _ in range(20)]

    assert (await asyncio.gather(*turns)).count(0) == 5
    await client.aclose()
