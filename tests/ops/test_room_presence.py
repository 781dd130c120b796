"""Presence in a room while web processes and Redis are stopped, killed and restarted."""

import asyncio
import json
import signal
from contextlib import AsyncExitStack

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

from benchmarks.faults.room_kills import PREPARE
from benchmarks.faults.watch_storm import Webs, until
from benchmarks.rig.processes import Rig

STALL_S, AFTER_S, GHOST_S = 5.0, 3.5, 15.0


class Visitor:
    """A user's socket, and the presence of the others as its frames report it."""

    def __init__(self, port, cookie, room):
        self.address, self.cookie, self.room = f"127.0.0.1:{port}", cookie, room
        self.me, self.present, self.left = None, set(), []

    async def open(self):
        self.socket = await connect(
            f"ws://{self.address}/ws/room/{self.room}/",
            origin=Origin(f"http://{self.address}"),
            additional_headers={"Cookie": self.cookie},
            proxy=None,
            close_timeout=0.1,
        )
        self.reading = asyncio.create_task(self._read())

    async def close(self):
        await self.socket.close()
        await asyncio.wait([self.reading])

    async def _read(self):
        try:
            async for text in self.socket:
                frame = json.loads(text)
                if frame["type"] == "room":
                    self.present = {user["id"] for user in frame["present"]}
                elif frame["type"] == "presence":
                    self.present |= {user["id"] for user in frame["joined"]}
                    self.left += [user["id"] for user in frame["left"]]
                    self.present -= {user["id"] for user in frame["left"]}
        except (OSError, WebSocketException):
            pass


@pytest.mark.usefixtures("prepared_rig")
@pytest.mark.timeout(240)
def test_presence_is_right_through_stalls_and_kills():
    with Rig() as rig, rig.on_failure_show_log():
        redis = rig.start_redis()
        rig.prepare()
        rig.run_python("-c", PREPARE.format(folder=str(rig.folder), users=3, rooms=1))
        asyncio.run(_stall_and_kill(rig, redis, Webs(rig, 2)))


async def _stall_and_kill(rig, redis, webs):
    cookies = json.loads((rig.folder / "cookies").read_text())
    (room,) = json.loads((rig.folder / "rooms").read_text())
    first_port, second_port = webs.ports
    first_tab, second_tab = (Visitor(port, cookies[0], room) for port in (first_port, second_port))
    bob, carol = Visitor(second_port, cookies[1], room), Visitor(first_port, cookies[2], room)
    visitors = [first_tab, second_tab, bob, carol]
    async with AsyncExitStack() as stack:
        for visitor in visitors:
            await visitor.open()
            stack.push_async_callback(visitor.close)
        assert await until(lambda: all(len(v.present) == 3 for v in visitors), 5) < 5

        await first_tab.close()  # the second tab, in the other process, is still there
        await asyncio.sleep(AFTER_S)
        watching = [second_tab, bob, carol]
        assert [visitor.left for visitor in watching] == [[], [], []], "a tab of two"

        for process in (webs.processes[0], redis):
            process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(STALL_S)
            process.send_signal(signal.SIGCONT)
            await asyncio.sleep(AFTER_S)
            assert [visitor.left for visitor in watching] == [[], [], []], "a stall"

        redis.kill()
        redis.wait()
        rig.redis_path.unlink(missing_ok=True)
        await asyncio.to_thread(rig.start_redis)
        await asyncio.sleep(AFTER_S + 2)
        assert [visitor.left for visitor in watching] == [[], [], []], "an empty Redis"

        webs.kill(0)
        assert await until(lambda: len(bob.present) == 2, GHOST_S + 5) < GHOST_S
        assert len(bob.left) == 1
        assert bob.left == second_tab.left
