"""Cost of a connect, and the time until all clients are back after the web process was killed.

The CPU of a connect is measured on a warm server until each client has its snapshot, and compared
with the same consumer behind the stock AuthMiddlewareStack. The storm hits an instance under the
launcher of `make run`: its web process gets SIGKILL and every client reconnects at once, without
the pause of a browser.
"""

import json
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.fanout import SYMBOLS, bench_state
from benchmarks.rig.processes import Rig, Worker, port_of, prepare_script
from benchmarks.rig.readings import Tally, cpu_s
from tests.instances import Instance, instance, run

CONNECTS = 600
ANONYMOUS, LOGGED_IN = 5000, 2000
BACK_S = 10
CPU_MS = {"anonymous": 1.5, "logged in": 2.0}
# All clients come from the loopback, and every user has one cookie.
MANY_FROM_HERE = {"SOCKETS_A_MINUTE_ADDRESS": "1000000", "SOCKETS_PER_ADDRESS": "1000000"}
COOKIES = "from benchmarks.rig.people import write_cookies; write_cookies({path!r}, {count})"
PROJECT, STOCK = "project.asgi:application", "benchmarks.rig.usual:stock_stack"


def connect_costs(tally: Tally) -> None:
    """Print the CPU and the queries of a connect to our stack and to the stock one."""
    with Rig() as rig, rig.on_failure_show_log():
        rig.start_redis()
        rig.prepare()
        load, publisher = rig.worker("loader"), rig.worker("publisher")
        publisher.call("start", symbols=SYMBOLS)
        publisher.call("publish")
        path = rig.folder / "cookies"
        code = COOKIES.format(path=str(path), count=CONNECTS)
        rig.run_python("-c", f"import django; django.setup(); {code}")
        cookies = json.loads(path.read_text())
        project, stock = (measure_connects(rig, load, app, cookies) for app in (PROJECT, STOCK))
    for kind, limit in CPU_MS.items():
        tally.line(f"CPU of a connect, {kind}", project[kind][0], "ms", limit)
        tally.line("  queries of a connect", project[kind][1], "", 2)
        tally.line("  behind the stock stack", stock[kind][0], "ms")
        tally.line("  its queries", stock[kind][1], "")
        tally.ratio("  the stock stack over ours", stock[kind][0], project[kind][0])


def measure_connects(
    rig: Rig, load: Worker, application: str, cookies: list[str]
) -> dict[str, tuple[float, float]]:
    """Return the CPU in ms and the number of queries of a connect, for each kind of client."""
    listener = rig.listen()
    web = rig.web(listener, application=application)
    port = port_of(listener)
    for own in ([], cookies):
        load.call("open", name="first", port=port, count=50, symbols=SYMBOLS, cookies=own)
    costs = {}
    for kind, own in zip(CPU_MS, ([], cookies), strict=True):
        runs = []
        for _ in range(2):
            queries, cpu_before_s = bench_state(port)["queries"], cpu_s(web.pid)
            load.call("open", name=kind, port=port, count=CONNECTS, symbols=SYMBOLS, cookies=own)
            spent_ms = (cpu_s(web.pid) - cpu_before_s) * 1000 / CONNECTS
            runs.append((spent_ms, (bench_state(port)["queries"] - queries) / CONNECTS))
            load.call("close", name=kind)
        costs[kind] = min(runs)
    load.call("close", name="first")
    web.terminate()
    return costs


def make_cookies(running: Instance, count: int) -> list[str]:
    path = running.data_dir / "cookies"
    code = COOKIES.format(path=str(path), count=count)
    command = ("-m", "project.launcher", "manage", "shell", "-c", code)
    done = run(*command, timeout_s=60, **running.env_vars)
    assert done.returncode == 0, done.stderr
    return list(json.loads(path.read_text()))


def storm(tally: Tally, load: Worker, running: Instance, kind: str, count: int) -> None:
    """Kill the web process and measure how long all clients take to return."""
    cookies = make_cookies(running, count) if kind == "logged in" else []
    port = int(running.url.rpartition(":")[2])
    load.call("open", name=kind, port=port, count=count, symbols=SYMBOLS, cookies=cookies)
    load.call("set_policy", name=kind, policy="at_once")
    web = running.child("pregao: web")
    assert web
    web.send_signal(signal.SIGKILL)
    killed_at = time.monotonic()
    state = load.call("wait_reconnected", name=kind, timeout_s=30)
    everyone_s = time.monotonic() - killed_at
    tally.note(f"{count} {kind} clients that reconnect at once after a kill")
    tally.check("  every client has reconnected", state["reconnected"] == count)
    tally.line("  refused handshakes", state["refused"], "", 0)
    tally.line("  half of them back after", state["p50_s"], "s")
    tally.line("  the last back after", max(state["last_s"], everyone_s), "s", BACK_S)
    successor = running.child("pregao: web")
    assert successor
    spent_ms = cpu_s(successor.pid) * 1000 / count
    tally.line("  CPU of the new process for each, its start included", spent_ms, "ms")
    load.call("close", name=kind)


def main() -> None:
    prepare_script()
    tally = Tally("connecting")
    connect_costs(tally)
    with Rig() as rig, tempfile.TemporaryDirectory(prefix="pregao-storm-") as folder:
        load = rig.worker("loader")
        with instance(Path(folder) / "data", **MANY_FROM_HERE) as running:
            storm(tally, load, running, "anonymous", ANONYMOUS)
            storm(tally, load, running, "logged in", LOGGED_IN)
    sys.exit(tally.exit_code)


if __name__ == "__main__":
    main()
