"""SIGTERM with 1,000 open sockets: each is closed with 1012, and its cleanup runs."""

import signal
import sys
import time
from pathlib import Path

import redis

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from benchmarks.rig.processes import IBOV, Rig, port_of
from benchmarks.rig.readings import Tally
from tests.instances import redis_key

SOCKETS = 1000
END_S, GIVE_UP_S = 5, 60


def stop_and_check(sockets: int) -> Tally:
    """Open sockets, stop the web process and check how each socket was closed."""
    tally = Tally(f"SIGTERM with {sockets} open sockets")
    with Rig() as rig, rig.on_failure_show_log():
        rig.start_redis()
        rig.prepare()
        client = redis.Redis(unix_socket_path=str(rig.redis_path))
        left = rig.folder / "left"
        listener = rig.listen()
        web = rig.web(listener, application="project.asgi:application", BENCH_LEFT=str(left))
        load = rig.worker("loader")
        load.call("open", name="all", port=port_of(listener), count=sockets, symbols=IBOV)
        time.sleep(1.5)  # the lease is renewed every second
        leases = client.keys(redis_key("watch", "*"))
        stopped_at = time.monotonic()
        web.send_signal(signal.SIGTERM)
        state = load.call("wait_closed", name="all", timeout_s=END_S)
        closed_s = time.monotonic() - stopped_at
        code = web.wait(GIVE_UP_S)
        tally.line("all sockets closed after", closed_s, "s", END_S)
        tally.line("the process ended after", time.monotonic() - stopped_at, "s", END_S)
        tally.check(
            f"every close frame has 1012: {state['codes']}", state["codes"] == {"1012": sockets}
        )
        ran = int(left.read_text())
        tally.check(f"cleanup ran for every socket: {ran}", ran == sockets)
        gone = not client.keys(redis_key("watch", "*"))
        tally.check(
            f"the watch lease existed ({len(leases)}) and was released", bool(leases) and gone
        )
        tally.check(f"no error in the log, exit code {code}", "Traceback" not in rig.tail(100_000))
        client.close()
    return tally


if __name__ == "__main__":
    sys.exit(stop_and_check(SOCKETS).exit_code)
