"""The launcher of `make run`: starts an instance, restarts its processes, and stops it."""

import asyncio
import signal
import time

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.instances import Instance, get, instance, is_alive, wait_for
from tests.prepared import copy_prepared

CHILDREN = {
    "web": "pregao: web",
    "worker": "pregao: worker",
    "beat": "pregao: beat",
    "redis": "-server ",  # redis-server or valkey-server
}


def test_instance_prints_its_address_and_serves_a_page(site):
    assert get(f"{site.url}/healthz") == (200, "ok")
    assert get(f"{site.url}/")[0] == 200
    assert f"address  {site.url}/" in site.log
    assert f"data     {site.data_dir}" in site.log
    assert "quotes   simulated" in site.log
    assert f"mail     files in {site.data_dir / 'mail'}" in site.log


def test_data_folder_and_secret_are_private(site):
    assert site.data_dir.stat().st_mode & 0o777 == 0o700
    assert (site.data_dir / "secret-key").stat().st_mode & 0o777 == 0o600


def test_second_instance_on_the_same_folder_is_refused(site):
    second = Instance(site.data_dir)

    assert second.process.wait(timeout=10) == 1
    assert second.log == (
        f"pregao: {site.data_dir} is in use by process {site.process.pid} ({site.url}/): stop it, "
        "or give this one another DATA_DIR\n"
    )


@pytest.fixture(scope="module")
def second_instance(site, tmp_path_factory):
    """An instance whose folder is too long for a unix socket and needs encoding in a URL."""
    folder = tmp_path_factory.mktemp("ops") / f"{'a long way down ' * 6}#1?%20 ção"
    copy_prepared(folder)
    with instance(folder) as started:
        yield started


def test_two_instances_run_side_by_side(site, second_instance):
    assert get(f"{second_instance.url}/")[0] == 200
    assert get(f"{site.url}/")[0] == 200
    assert second_instance.url != site.url


@pytest.mark.parametrize("name", CHILDREN)
def test_killed_child_is_restarted(site, name):
    child = wait_for(lambda: site.child(CHILDREN[name]), 5, name)
    killed_at = time.monotonic()
    child.kill()

    def replacement():
        process = site.child(CHILDREN[name])
        return process if process and process.pid != child.pid else None

    wait_for(replacement, 1, f"another {name}")
    assert time.monotonic() - killed_at < 0.5
    assert f"{name} was killed by SIGKILL; restart at once" in site.log
    wait_for(lambda: get(f"{site.url}/readyz")[0] == 200, 20, "ready again")


def test_requests_wait_while_the_web_process_restarts(site):
    site.child(CHILDREN["web"]).kill()

    assert get(f"{site.url}/healthz", timeout_s=20) == (200, "ok")


async def open_sockets(url, count):
    """Open tracker sockets, 50 at a time."""
    gate = asyncio.Semaphore(50)

    async def open_one():
        async with gate:
            address = url.replace("http", "ws", 1) + "/ws/stock/track/?stockpicker=PETR4"
            return await connect(address, origin=url, compression=None, ping_interval=None)

    return await asyncio.gather(*(open_one() for _ in range(count)))


async def close_code(socket):
    try:
        while True:
            await socket.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


def test_stop_closes_a_thousand_sockets_and_leaves_no_process(second_instance):
    descendants = second_instance.process.children(recursive=True)

    async def stop_with_open_sockets():
        sockets = await open_sockets(second_instance.url, 1000)
        codes = asyncio.gather(*map(close_code, sockets))
        await asyncio.sleep(0)
        stopped_at = time.monotonic()
        second_instance.process.send_signal(signal.SIGTERM)
        return stopped_at, await codes

    stopped_at, codes = asyncio.run(stop_with_open_sockets())

    assert second_instance.process.wait(timeout=8) == 0
    assert time.monotonic() - stopped_at < 5
    assert set(codes) == {1012}
    assert [process for process in descendants if is_alive(process)] == []
