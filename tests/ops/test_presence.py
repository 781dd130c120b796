"""Presence in a room and on the site while web processes and Redis are stopped and killed."""

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

    def __init__(self, port, cookie, path):
        self.address, self.cookie, self.path = f"127.0.0.1:{port}", cookie, path
        self.present, self.left = set(), []

    async def open(self):
        self.socket = await connect(
            f"ws://{self.address}{self.path}",
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
                self._receive(json.loads(text))
        except (OSError, WebSocketException):
            pass

    def _receive(self, frame):
        if frame["type"] == "room":
            self.present = {user["id"] for user in frame["present"]}
        elif frame["type"] == "presence":
            self.present |= {user["id"] for user in frame.get("online", frame.get("joined"))}
            self.left += [user["id"] for user in frame.get("left", ())]
            self.present -= {user["id"] for user in frame.get("left", ())}


@pytest.mark.usefixtures("prepared_rig")
@pytest.mark.timeout(240)
def test_presence_is_right_through_stalls_and_kills():
    with Rig() as rig, rig.on_failure_show_log():
        redis = rig.start_redis()
        rig.prepare()
        folder = str(rig.folder)
        rig.run_python("-c", PREPARE.format(folder=folder, users=3, rooms=1, kind="group"))
        asyncio.run(_stall_and_kill(rig, redis, Webs(rig, 2)))


def _visitors(rig, ports):
    """Return the visitors of a room, and the same of the site.

    ana has a tab in each process, bia one in the second and caio one in the first.
    """
    cookies = json.loads((rig.folder / "cookies").read_text())
    (room,) = json.loads((rig.folder / "rooms").read_text())
    tabs = [(0, 0), (1, 0), (1, 1), (0, 2)]
    return (
        [Visitor(ports[process], cookies[user], path) for process, user in tabs]
        for path in (f"/ws/room/{room}/", "/ws/presence/")
    )


async def _stall_and_kill(rig, redis, webs):
    in_room, on_site = _visitors(rig, webs.ports)
    visitors, watching = in_room + on_site, in_room[1:] + on_site[1:]
    async with AsyncExitStack() as stack:
        for visitor in visitors:
            await visitor.open()
            stack.push_async_callback(visitor.close)
        # A user sees himself in a room, and not among the others who are online.
        assert await until(lambda: all(len(v.present) == 3 for v in in_room), 5) < 5
        assert await until(lambda: all(len(v.present) == 2 for v in on_site), 5) < 5

        for closed in (in_room[0], on_site[0]):
            await closed.close()  # the second tab, in the other process, is still there
        await asyncio.sleep(AFTER_S)
        assert not any(visitor.left for visitor in watching), "a tab of two"

        for process in (webs.processes[0], redis):
            process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(STALL_S)
            process.send_signal(signal.SIGCONT)
            await asyncio.sleep(AFTER_S)
            assert not any(visitor.left for visitor in watching), "a stall"

        redis.kill()
        redis.wait()
        rig.redis_path.unlink(missing_ok=True)
        await asyncio.to_thread(rig.start_redis)
        await asyncio.sleep(AFTER_S + 2)
        assert not any(visitor.left for visitor in watching), "an empty Redis"

        webs.kill(0)
        in_time = await until(lambda: all(v.left for v in (in_room[2], on_site[2])), GHOST_S + 5)
        assert in_time < GHOST_S
        assert in_room[2].left == in_room[1].left == on_site[2].left == on_site[1].left
        assert len(in_room[2].left) == 1
