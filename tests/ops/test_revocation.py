"""A login that ends closes its sockets in every web process, with Redis and without it."""

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import time

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from benchmarks.rig.tab import log_out
from tests.instances import ROOT, START_S, RedisServer, environment, get, run, wait_for

WITHIN_S, WITHOUT_REDIS_S = 1.0, 30.0
PEOPLE = """
from benchmarks.rig.people import write_cookies
from django.utils import timezone
from mainapp.forum.models import Room
write_cookies({path!r}, 2)
Room.objects.create(pk=1, name="Sala", created_at=timezone.now(), active_at=timezone.now())
"""
KINDS = ["/ws/stock/track/?stockpicker=PETR4", "/ws/room/1/", "/ws/notifications/"]


@pytest.fixture
def server(tmp_path):
    started = RedisServer(tmp_path)
    yield started
    started.kill()


@pytest.fixture
def sites(tmp_path, data_dir, server):
    """Start two web processes on one Redis and one database; return their addresses."""
    env_vars = {
        "DATA_DIR": str(data_dir),
        "REDIS_URL": f"unix://{server.path}",
        "SECRET_KEY": "x" * 60,
        "QUOTE_SOURCE": "simulated",
        "ALLOW_SIMULATED": "1",
        "HTTPS": "0",
    }
    code = PEOPLE.format(path=str(tmp_path / "cookies"))
    made = run("manage.py", "shell", "-c", code, timeout_s=60, **env_vars)
    assert made.returncode == 0, made.stderr
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(web_process(env_vars)) for _ in range(2)]


@contextlib.contextmanager
def web_process(env_vars, *, log=None):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "project.serve"],
        env=environment(**env_vars, PORT=str(port)),
        cwd=ROOT,
        stdout=log,
        stderr=log,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: get(f"{url}/healthz")[0] == 200, START_S, "a web process")
        yield url
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def cookies(tmp_path, sites):
    return json.loads((tmp_path / "cookies").read_text())


@contextlib.asynccontextmanager
async def opened(sites, cookie):
    """Open every kind of socket on every site and receive the first frame of each."""
    async with contextlib.AsyncExitStack() as stack:
        sockets = []
        for url in sites:
            for kind in KINDS:
                address = url.replace("http", "ws", 1) + kind
                opening = connect(address, origin=url, additional_headers={"Cookie": cookie})
                sockets.append(await stack.enter_async_context(opening))
                await asyncio.wait_for(sockets[-1].recv(), 10)
        yield sockets


async def end_of(tab):
    """Return the code and the time with which a socket is closed."""
    try:
        while True:
            await tab.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code, time.monotonic()


async def check_logout(sites, cookie, *, within_s, before=lambda: None):
    """Open all sockets, call `before`, log out, and check that they are closed in time."""
    async with opened(sites, cookie) as sockets:
        ends = [asyncio.create_task(end_of(tab)) for tab in sockets]
        before()
        left_at = await asyncio.to_thread(log_out, sites[0], cookie)
        async with asyncio.timeout(within_s + 5):
            closed = await asyncio.gather(*ends)

    assert [code for code, _at in closed] == [4401] * len(KINDS) * len(sites)
    took_s = max(at for _code, at in closed) - left_at
    assert took_s <= within_s


@pytest.mark.timeout(180)
def test_logout_closes_every_socket_in_every_process(sites, cookies, server):
    asyncio.run(check_logout(sites, cookies[0], within_s=WITHIN_S))
    asyncio.run(
        check_logout(sites, cookies[1], within_s=WITHOUT_REDIS_S, before=server.process.kill)
    )
