"""The Procfile's web server, and Daphne, serve pages and sockets."""

import contextlib
import json
import socket
import subprocess
import sys

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.instances import ROOT, environment, get, wait_for


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.getsockname()[1]
    return str(number)


@pytest.fixture
def serve(site, port):
    """Return a function that starts another web server on the database and Redis of `site`."""

    @contextlib.contextmanager
    def start(*command, **env_vars):
        stores = {
            "DATA_DIR": str(site.data_dir),
            "REDIS_URL": f"unix://{site.data_dir}/redis/redis.sock",
            "SECRET_KEY": (site.data_dir / "secret-key").read_text(),
            "QUOTE_SOURCE": "simulated",
            "ALLOW_SIMULATED": "1",
            "HTTPS": "0",
            "PORT": port,
        }
        server = subprocess.Popen(  # noqa: S603 - our own arguments
            [sys.executable, "-m", *command], env=environment(**stores | env_vars), cwd=ROOT
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(lambda: get(f"{url}/healthz")[0] == 200, 20, "a web server")
            yield url
        finally:
            server.terminate()
            server.wait(timeout=8)

    return start


def first_frame(url):
    address = url.replace("http", "ws", 1) + "/ws/stock/track/?stockpicker=PETR4"
    with connect(address, origin=url) as tracker:
        return json.loads(tracker.recv(timeout=10))


def test_procfile_names_the_processes():
    lines = (ROOT / "Procfile").read_text().splitlines()

    assert [line.split(":")[0] for line in lines] == [
        *("release", "web", "worker", "beat", "stream"),
    ]


def test_web_serves_pages_and_sockets_in_several_processes(serve):
    with serve("project.serve", WEB_CONCURRENCY="2") as url:
        assert get(f"{url}/")[0] == 200
        assert first_frame(url)["type"] == "snapshot"


def test_daphne_serves_pages_and_sockets(serve, port):
    command = ["daphne", "-b", "127.0.0.1", "-p", port, "project.asgi:application"]
    with serve(*command) as url:
        assert get(f"{url}/")[0] == 200
        assert first_frame(url)["type"] == "snapshot"


def close_code(url, *frames):
    with connect(url.replace("http", "ws", 1) + "/ws/stock/track/", origin=url) as tracker:
        for text, frame in frames:
            tracker.send(frame, text=text)
        try:
            while True:
                tracker.recv(timeout=5)
        except ConnectionClosed as closed:
            return closed.rcvd and closed.rcvd.code


@pytest.mark.parametrize(
    ("frame", "code"), [((True, b"\xff\xfe"), 1007), ((True, b" " * 2**20 + b"{}"), 1009)]
)
def test_invalid_or_oversized_frame_closes_only_its_socket(site, frame, code):
    before = site.log

    assert close_code(site.url, frame) == code
    assert get(f"{site.url}/healthz")[0] == 200
    assert "Traceback" not in site.log.removeprefix(before)
