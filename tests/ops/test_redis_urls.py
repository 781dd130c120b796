"""Every form of REDIS_URL with every client, and instances that share a server."""

import json
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from urllib.parse import quote

import pytest
import redis

from tests.instances import ROOT, environment, wait_for
from tests.redis_servers import HOST, sentinel_cluster, server, tls_proxy

PASSWORD = "p@ss/w#rd:% +é"
ENCODED = quote(PASSWORD, safe="")
# With a frozen master: the sentinels' failover, and a margin for a busy machine.
BACK_WITHIN_S = 60


class Probe:
    """An instance in a separate process; see tests/redis_probe.py."""

    def __init__(self, folder, name, **env_vars):
        variables = {"SECRET_KEY": "x" * 60, "QUOTE_SOURCE": "brapi", "LOG_LEVEL": "WARNING"}
        self.log = (folder / f"{name}.log").open("w+")
        self.process = subprocess.Popen(  # noqa: S603 - our own arguments
            [sys.executable, "-m", "tests.redis_probe", name],
            env=environment(**variables | {"DATA_DIR": str(folder)} | env_vars),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )

    def stop(self):
        self.process.kill()
        self.process.communicate()
        self.log.close()

    def answer(self):
        line = self.process.stdout.readline()
        assert line, (self.log.seek(0), self.log.read())
        return json.loads(line)

    def call(self, command):
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()
        return self.answer()


@contextmanager
def probes(folder, **env_vars):
    """Start an instance for each name with its variables."""
    with ExitStack() as stack:
        started = []
        for name, variables in env_vars.items():
            probe = Probe(folder, name, **variables)
            stack.callback(probe.stop)
            started.append(probe)
        assert [probe.answer() for probe in started] == [{"ready": True}] * len(started)
        yield started


def expected_results(name, *, cached=None):
    return {
        "sync": name,
        "lock": True,
        "async": name,
        "layer": name,
        "cache": [cached, name],
        "task": name,
    }


@pytest.fixture(params=["tcp", "unix", "tls", "sentinel"])
def url(request, tmp_path):
    with ExitStack() as stack:
        if request.param == "sentinel":
            yield stack.enter_context(sentinel_cluster(tmp_path)).url
            return
        acl = ["--user", "ana", "on", f">{PASSWORD}", "~*", "&*", "+@all"]
        redis_ = stack.enter_context(server(tmp_path, "--requirepass", PASSWORD, *acl))
        if request.param == "tls":
            port = stack.enter_context(tls_proxy(tmp_path, redis_.path))
            authority = quote(str(tmp_path / "ca.pem"), safe="")
            yield f"rediss://ana:{ENCODED}@{HOST}:{port}/2?ssl_ca_certs={authority}"
        elif request.param == "unix":
            yield f"unix://:{ENCODED}@{redis_.path}?db=2"
        else:
            yield f"redis://ana:{ENCODED}@{HOST}:{redis_.port}/2"


def test_every_client_works_with_every_form(url, tmp_path):
    with probes(tmp_path, alone={"REDIS_URL": url}) as [probe]:
        assert probe.call("send") == expected_results("alone")
        assert probe.call("report") == {"messages": ["alone"], "tasks": ["alone"]}


class Monitor(threading.Thread):
    """Collects the commands that a server runs."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.commands = []
        self._path = str(path)
        self._is_listening = threading.Event()
        self.start()
        assert self._is_listening.wait(10)

    def run(self):
        """Listen until the server ends."""
        with (
            suppress(redis.RedisError, OSError, ValueError),
            redis.Redis(unix_socket_path=self._path, socket_timeout=None) as client,
            client.monitor() as monitor,
        ):
            self._is_listening.set()
            for entry in monitor.listen():
                self.commands.append(entry["command"])


# The monitor shows the commands of a script beside the script itself.
KEYLESS = {
    *("EVAL", "EVALSHA"),
    *("AUTH", "CLIENT", "COMMAND", "ECHO", "EXEC", "HELLO", "INFO", "MONITOR", "MULTI", "PING"),
    *("SCRIPT", "SELECT", "SUBSCRIBED", "UNWATCH"),
}


def key_names(commands):
    """Yield the first key or channel of each command."""
    for command in commands:
        name, *arguments = command.split(" ")
        if name.upper() not in KEYLESS and arguments:
            yield arguments[0]


@pytest.mark.parametrize(
    ("ana", "bob"),
    [
        ({"db": 0, "REDIS_PREFIX": ""}, {"db": 0, "REDIS_PREFIX": "other"}),
        ({"db": 0, "REDIS_PREFIX": ""}, {"db": 1, "REDIS_PREFIX": ""}),
    ],
    ids=["same database, other prefix", "same prefix, other database"],
)
def test_instances_sharing_a_server_are_separate(tmp_path, ana, bob):
    with server(tmp_path) as shared:
        monitor = Monitor(shared.path)

        def variables(instance):
            url = f"redis://{HOST}:{shared.port}/{instance['db']}"
            return {"REDIS_URL": url, "REDIS_PREFIX": instance["REDIS_PREFIX"]}

        env_vars = {"ana": variables(ana), "bob": variables(bob)}
        with probes(tmp_path, **env_vars) as [first, second]:
            assert first.call("send") == expected_results("ana")
            assert second.call("send") == expected_results("bob")
            assert first.call("report") == {"messages": ["ana"], "tasks": ["ana"]}
            assert second.call("report") == {"messages": ["bob"], "tasks": ["bob"]}

        prefixes = tuple(
            f"{instance['REDIS_PREFIX'] or 'pregao'}:{instance['db']}:" for instance in (ana, bob)
        )
        foreign_names = {
            name for name in key_names(monitor.commands) if not name.startswith(prefixes)
        }
        assert foreign_names == set()
        assert all(
            any(name.startswith(p) for name in key_names(monitor.commands)) for p in prefixes
        )


def wait_until_working(probe, since):
    """Return the seconds from `since` until every client works and published messages arrive."""
    probe.call("report")
    while True:
        sent = probe.call("send") | {"lock": True}
        if sent == expected_results("ana", cached="ana") and probe.call("report")["messages"] == [
            "ana"
        ]:
            return time.monotonic() - since
        assert time.monotonic() < since + BACK_WITHIN_S, (json.dumps(sent), probe.log.name)


def wait_for_replica(cluster, server_, master):
    """Wait until the sentinels made `server_` a replica of `master`."""

    def follows():
        with redis.Redis(HOST, server_.port, password=cluster.PASSWORD) as client:
            state = client.info("replication")
        return state["role"] == "slave" and state.get("master_port") == master.port

    wait_for(follows, BACK_WITHIN_S, "a replica of the new master")


@pytest.mark.timeout(240)
def test_sentinel_finds_the_new_master(tmp_path, capsys):
    with (
        sentinel_cluster(tmp_path) as cluster,
        probes(tmp_path, ana={"REDIS_URL": cluster.url}) as [probe],
    ):
        first, second = cluster.master, cluster.replica
        assert probe.call("send") == expected_results("ana")

        began = time.monotonic()
        cluster.sentinel_command("FAILOVER", cluster.NAME)
        wait_for_replica(cluster, first, second)
        planned_s = wait_until_working(probe, began)

        began = time.monotonic()
        second.freeze()
        frozen_s = wait_until_working(probe, began)
        assert cluster.master_port() == first.port
        second.thaw()
        wait_for_replica(cluster, second, first)
        assert wait_until_working(probe, time.monotonic()) < BACK_WITHIN_S

    with capsys.disabled():
        print(f"\nback after SENTINEL FAILOVER {planned_s:.1f} s, frozen master {frozen_s:.1f} s")  # noqa: T201 - figures


@pytest.mark.parametrize("stopped", [0, 1, 2])
@pytest.mark.timeout(120)
def test_one_stopped_sentinel_is_tolerated(tmp_path, stopped):
    with sentinel_cluster(tmp_path) as cluster:
        cluster.sentinels[stopped].stop()

        with probes(tmp_path, ana={"REDIS_URL": cluster.url}) as [probe]:
            assert probe.call("send") == expected_results("ana")
