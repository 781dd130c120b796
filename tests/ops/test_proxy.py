"""nginx in front of several web hosts: a host that is back gets its sockets at once."""

import re
import shutil
import socket
import subprocess
import threading

import pytest

from benchmarks.rig.nginx import SERVER_OPTIONS, nginx_conf
from tests.instances import ROOT, wait_for
from tests.redis_servers import free_port

ACCEPTED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
REQUEST = b"GET /ws/ HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"


class SocketServer:
    """A web host that accepts every WebSocket and keeps it open."""

    def __init__(self, port):
        self.listener = socket.create_server(("127.0.0.1", port))
        self.open = []
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                client, _address = self.listener.accept()
            except OSError:
                return
            self.open.append(client)
            client.recv(65536)
            client.sendall(ACCEPTED)

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)  # it may have accepted one more
        for client in self.open:
            client.close()


def open_socket(port):
    """Open a socket on the proxy and return its first line; it stays open."""
    client = socket.create_connection(("127.0.0.1", port), 5)
    client.sendall(REQUEST)
    return client, client.recv(65536).partition(b"\r\n")[0]


@pytest.fixture
def proxy(tmp_path):
    """Start nginx before two hosts; return its port and theirs."""
    program = shutil.which("nginx")
    if not program:
        pytest.skip("nginx is not installed")
    port, *hosts = free_port(), free_port(), free_port()
    addresses = [f"127.0.0.1:{host}" for host in hosts]
    path = tmp_path / "nginx.conf"
    path.write_text(nginx_conf(tmp_path, addresses, listen=f"127.0.0.1:{port}"))
    process = subprocess.Popen([program, "-c", str(path)])  # noqa: S603 - our own arguments

    def is_up():
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_for(is_up, 20, "nginx")
        yield port, hosts
    finally:
        process.terminate()
        process.wait(10)


def test_sockets_find_the_host_that_is_back_while_the_other_one_restarts(proxy):
    port, (first, second) = proxy
    only, sockets = SocketServer(first), []
    sockets += [open_socket(port) for _ in range(4)]  # nginx has tried the second one, too
    back = SocketServer(second)
    only.stop()

    sockets += [open_socket(port) for _ in range(4)]

    back.stop()
    for client, _line in sockets:
        client.close()
    assert [line for _client, line in sockets] == [b"HTTP/1.1 101 Switching Protocols"] * 8


def test_site_of_several_hosts_gives_each_the_same_options():
    site = (ROOT / "deploy" / "nginx" / "pregao-hosts.conf").read_text()
    servers = re.findall(r"^ +server [\d.]+:\d+(.*);$", site, re.M)

    assert servers == [f" {SERVER_OPTIONS}"] * 2
