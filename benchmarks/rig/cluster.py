"""A site on several hosts: web, workers, stores and a proxy, each in its own network namespace."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

import redis

from benchmarks.rig.hosts import GATEWAY, Host, Network, network
from benchmarks.rig.nginx import nginx_conf
from benchmarks.rig.polled_source import PolledSource
from benchmarks.rig.processes import IBOV, Rig, wait_until
from project.embedded import redis_server
from project.launcher import BEAT
from tests.instances import get, redis_key
from tests.postgresql import PostgreSQL
from tests.stub_streamer import StubStreamer, streamer_in_thread

INTERVAL_S = 2
POLLED, PUSHED = IBOV[:9], "BTCBRL"
SYMBOLS = [*POLLED, PUSHED]
WEB, REDIS, POSTGRES, SENTINEL = 8000, 6379, 5432, 26379
MASTER = "pregao"
POOL = 6  # connections of a process to PostgreSQL, which allows 100
DOWN_AFTER_MS = 3000
PUSH_S = 2.0
UP_S = 240.0  # 12 processes that start at once on a busy machine of 2 cores
STOP_S = 120.0  # 5 s on a quiet machine; at a load of 27 it took more than 30 s
BEAT_RENEWED_S = 2.5  # a beat with the lease renews it every 2 s
SENTINEL_CONF = f"""
sentinel monitor {MASTER} {{address}} {REDIS} 2
sentinel down-after-milliseconds {MASTER} {DOWN_AFTER_MS}
sentinel failover-timeout {MASTER} 10000
"""
ADD_PAIR = """
import django; django.setup()
from mainapp.market.models import Stock
Stock.objects.get_or_create(symbol="BTCBRL", defaults={"name": "Bitcoin", "kind": "ETF"})
"""


@dataclass(frozen=True)
class Size:
    """The number of hosts and processes.

    A small site has SQLite in a shared folder, one worker, and neither proxy, relay nor streamers.
    """

    webs: int = 3
    processes: int = 2
    workers: int = 2
    has_sentinels: bool = False
    is_small: bool = False


class Web:
    """A web host and its processes."""

    def __init__(self, site: "Cluster", host: Host, redis_url: str) -> None:
        self.site, self.host, self.redis_url = site, host, redis_url
        self.url = f"http://{host.address}:{WEB}"
        self.start()

    def start(self) -> None:
        """Start the processes without waiting until they serve."""
        env = {"HOST": "0.0.0.0", "PORT": str(WEB), "REDIS_URL": self.redis_url}  # noqa: S104 - of the namespace
        env["WEB_CONCURRENCY"] = str(self.site.size.processes)
        self.process = self.site.python(self.host, "-m", "project.serve", **env)

    def wait_until_up(self) -> None:
        wait_until(lambda: get(f"{self.url}/healthz", 1)[0] == 200, UP_S, self.process)

    def restart(self) -> None:
        self.process.terminate()
        self.process.wait(STOP_S)
        self.start()
        self.wait_until_up()


@dataclass
class Work:
    """A host of background work: its processes."""

    host: Host
    beat: "subprocess.Popen[bytes]"
    worker: "subprocess.Popen[bytes] | None" = None
    stream: "subprocess.Popen[bytes] | None" = None


class Cluster:
    """The running site. Its parts are started in `start`, and end with the network."""

    def __init__(self, net: Network, stack: ExitStack, size: Size) -> None:
        self.net, self.stack, self.size = net, stack, size
        self.source = PolledSource(POLLED, GATEWAY)
        stack.callback(self.source.close)
        self.streamer: StubStreamer = stack.enter_context(streamer_in_thread("binance", GATEWAY))
        self.streamer.prices, self.streamer.period_s = {PUSHED: 540_000.0}, PUSH_S
        self.db, self.proxy = net.add("db", "proxy")
        self.stores = net.add("redis", *(["redis2"] if size.has_sentinels else []))
        self.sentinels = net.add(*(f"sentinel{n}" for n in (1, 2, 3) if size.has_sentinels))
        self.web_hosts = net.add(*(f"web{n + 1}" for n in range(size.webs)))
        self.work_hosts = net.add(*(f"work{n + 1}" for n in range(size.workers)))
        self.symbols = POLLED if size.is_small else SYMBOLS
        if not size.is_small:
            self.postgres = PostgreSQL(listen=self.db.address, run_in=self.db.prefix())
            stack.callback(self.postgres.close)
        self.rig = stack.enter_context(Rig(**self._environment()))
        self.redis_processes: dict[str, subprocess.Popen[bytes]] = {}
        self.webs: list[Web] = []
        self.works: list[Work] = []

    def _environment(self) -> dict[str, str]:
        addresses = [host.address for host in (*self.web_hosts, self.proxy)]
        stores = {
            "DATABASE_URL": f"postgresql://postgres@{self.db.address}/postgres",
            "DATABASE_POOL_SIZE": str(POOL),
            "QUOTE_STREAM": "binance",
        }
        return ({} if self.size.is_small else stores) | {
            "REDIS_URL": self.redis_url,
            "ALLOWED_HOSTS": ",".join(["127.0.0.1", *addresses]),
            "TRUSTED_PROXIES": self.proxy.address,
            "QUOTE_SOURCE": "brapi",
            "BRAPI_URL": self.source.url,
            "BRAPI_TOKEN": "benchmark",
            "BRAPI_BUDGET_PER_MONTH": "100000000",
            "BINANCE_STREAM_URL": self.streamer.url,
            "UPDATE_INTERVAL_S": str(INTERVAL_S),
        }

    @property
    def redis_url(self) -> str:
        if not self.size.has_sentinels:
            return f"redis://{self.stores[0].address}:{REDIS}/0"
        hosts = ",".join(f"{host.address}:{SENTINEL}" for host in self.sentinels)
        return f"sentinel://{hosts}/{MASTER}/0"

    # Processes ---------------------------------------------------------------------------------

    def python(self, host: Host, *arguments: str, **env: str) -> "subprocess.Popen[bytes]":
        """Start the virtualenv's Python in a host."""
        return self.rig.start([*host.prefix(), sys.executable, *arguments], environment=env)

    def start(self) -> None:
        """Start everything, and wait until the site is ready."""
        self.start_stores()
        self.rig.prepare()
        if not self.size.is_small:
            self.rig.run_python("-c", ADD_PAIR)
        self._start_relay()
        for number, host in enumerate(self.web_hosts):
            is_last = number == len(self.web_hosts) - 1
            url = f"redis://127.0.0.1:{REDIS}/0" if is_last and self.relay else self.redis_url
            self.webs.append(Web(self, host, url))
        self.works = [self._start_work(host) for host in self.work_hosts]
        for web in self.webs:
            web.wait_until_up()
        if not self.size.is_small:
            self._start_proxy()
        wait_until(lambda: get(f"{self.webs[0].url}/readyz", 2)[0] == 200, UP_S)

    def _start_work(self, host: Host) -> Work:
        commands = {}
        if not self.size.is_small or host is self.work_hosts[-1]:
            commands["worker"] = ["-m", "benchmarks.rig.trading"]
        if not self.size.is_small:
            commands["stream"] = ["manage.py", "stream_quotes"]
        others = {name: self.python(host, *line) for name, line in commands.items()}
        return Work(host, self.start_beat(host), **others)

    def start_beat(self, host: Host) -> "subprocess.Popen[bytes]":
        return self.python(host, *BEAT.split())

    def start_stores(self) -> None:
        self.start_redis(self.stores[0])
        for host in self.stores[1:]:
            self.start_redis(host, "--replicaof", self.stores[0].address, str(REDIS))
        for host in self.sentinels:
            path = self.rig.folder / f"{host.name}.conf"
            path.write_text(SENTINEL_CONF.format(address=self.stores[0].address))
            options = [str(path), "--port", str(SENTINEL), "--sentinel", "--protected-mode", "no"]
            self.rig.start([*host.prefix(), redis_server(), *options])
        if self.sentinels:
            wait_until(self._are_sentinels_complete, 30)

    def start_redis(self, host: Host, *more: str) -> None:
        """Start an empty Redis and wait until it answers."""
        options = ["--bind", host.address, "--port", str(REDIS), "--protected-mode", "no"]
        options += ["--save", "", "--maxmemory-policy", "noeviction", "--dir", str(self.rig.folder)]
        options += ["--repl-diskless-sync-delay", "0", *more]
        process = self.rig.start([*host.prefix(), redis_server(), *options])
        self.redis_processes[host.name] = process
        wait_until(lambda: _accepts(host.address, REDIS), 10, process)

    def _are_sentinels_complete(self) -> bool:
        for host in self.sentinels:
            with suppress(redis.RedisError), redis.Redis(host.address, SENTINEL) as client:
                state = client.sentinel_master(MASTER)
                if state["num-slaves"] == 1 and state["num-other-sentinels"] == 2:
                    continue
            return False
        return True

    def _start_relay(self) -> None:
        """Put a relay between the last web host and the Redis."""
        self.relay: subprocess.Popen[bytes] | None = None
        if self.size.has_sentinels or self.size.is_small:
            return
        target = ["-m", "benchmarks.rig.relay", str(REDIS), self.stores[0].address, str(REDIS)]
        command = [*self.web_hosts[-1].prefix(), sys.executable, *target]
        self.relay = self.rig.start(command, piped=True)

    def delay(self, ms: int) -> None:
        """Delay what the last web host sends to the Redis, and the replies, from now on."""
        assert self.relay
        assert self.relay.stdin
        self.relay.stdin.write(b"%d\n" % ms)
        self.relay.stdin.flush()

    def _start_proxy(self) -> None:
        folder = self.rig.folder / "nginx"
        folder.mkdir()
        path = folder / "nginx.conf"
        path.write_text(nginx_conf(folder, [f"{host.address}:{WEB}" for host in self.web_hosts]))
        program = shutil.which("nginx")
        assert program, "nginx is not installed"
        self.rig.start([*self.proxy.prefix(), program, "-c", str(path)])
        wait_until(lambda: get(f"http://{self.proxy.address}/healthz", 2)[0] == 200, 20)

    # State -------------------------------------------------------------------------------------

    def redis(self, host: Host | None = None) -> "redis.Redis":
        return redis.Redis((host or self.stores[0]).address, REDIS, socket_timeout=2)

    def beating(self) -> Work:
        """Return the host whose beat has the lease: it is the one that, stopped, does not renew."""
        for work in self.works:
            work.beat.send_signal(signal.SIGSTOP)
            with self.redis(self.master()) as client:
                left_ms = client.pttl(redis_key("beat"))
                time.sleep(BEAT_RENEWED_S)
                is_renewed = client.pttl(redis_key("beat")) > left_ms - 900 * BEAT_RENEWED_S
            work.beat.send_signal(signal.SIGCONT)
            if not is_renewed:
                return work
        raise LookupError("no beat renews its lease")

    def master(self) -> Host:
        """Return the host of the Redis that takes writes."""
        if not self.sentinels:
            return self.stores[0]
        host = self.sentinels[0].address
        with redis.Redis(host, SENTINEL, socket_timeout=2, decode_responses=True) as client:
            address, _port = client.sentinel_get_master_addr_by_name(MASTER)
        return next(store for store in self.stores if store.address == address)

    def cookies(self) -> list[str]:
        names: list[str] = json.loads((self.rig.folder / "cookies").read_text())
        return names


def _accepts(address: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((address, port), 1):
        return True
    return False


@contextmanager
def cluster(size: Size) -> Iterator[Cluster]:
    """Run a site. Raises: hosts.Unavailable."""
    with ExitStack() as stack:
        net = stack.enter_context(network())
        site = Cluster(net, stack, size)
        with site.rig.on_failure_show_log():
            site.start()
            yield site
