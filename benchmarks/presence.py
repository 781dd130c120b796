"""Cost of 2,000 people who come and go at once: frames, queries and CPU of `ws/presence/`.

Runs a real server, Redis and SQLite. All people write in one room of the forum, so that each of
them sees the others: with a frame for each arrival and departure, n people would cost n² frames.
1,000 sockets stay and watch, while 2,000 people come and go at once, several times. In the end the
server's process is killed, and the watchers return.
"""

import json
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.fanout import bench_state
from benchmarks.rig.processes import Rig, Worker, port_of, prepare_script
from benchmarks.rig.readings import Tally, cpu_s

WATCHING, MOVING = 1000, 2000
TIMES = 3
AWAY_S, BACK_S = 4.0, 4.0
FRAMES_A_SECOND, BACK_LIMIT_S = 1.0, 10.0
PATH = "/ws/presence/"
PREPARE = """
import django; django.setup()
from django.utils import timezone
from benchmarks.rig.people import write_cookies
from mainapp.accounts.models import User
from mainapp.forum.models import Message, Participant, Room
write_cookies({path!r}, {people})
now = timezone.now()
room = Room.objects.create(name="Sala", created_at=now, active_at=now, last_seq={people})
users = list(User.objects.all())
Participant.objects.bulk_create(Participant(room=room, user=u, joined_at=now) for u in users)
Message.objects.bulk_create(
    Message(room=room, author=u, seq=n, revision=n, body="oi", body_html="oi", sent_at=now)
    for n, u in enumerate(users, 1)
)
"""


def open_sockets(load: Worker, name: str, port: int, cookies: list[str]) -> None:
    load.call(
        "open",
        name=name,
        port=port,
        count=len(cookies),
        symbols=["PETR4"],
        symbols_each=1,
        path=PATH,
        cookies=cookies,
        snapshots=False,
    )


def come_and_go(tally: Tally, load: Worker, pid: int, port: int, cookies: list[str]) -> None:
    """Measure what half of the people cost the other half, who only watch."""
    load.call("reset", name="watching")
    queries, cpu_before_s = bench_state(port)["queries"], cpu_s(pid)
    started_at = time.monotonic()
    for _ in range(TIMES):
        open_sockets(load, "moving", port, cookies[WATCHING:])
        time.sleep(BACK_S)
        load.call("close", name="moving")
        time.sleep(AWAY_S)
    seconds = time.monotonic() - started_at
    spent_s = cpu_s(pid) - cpu_before_s
    queries = bench_state(port)["queries"] - queries
    frames = load.call("state", name="watching")["frames"]
    moves = 2 * TIMES * MOVING
    tally.note(f"{moves} arrivals and departures in {seconds:.0f} s before {WATCHING} watchers")
    tally.line("  frames a watcher and second", frames / WATCHING / seconds, "", FRAMES_A_SECOND)
    tally.ratio("  a frame for each move over ours", moves * WATCHING, frames, 100)
    tally.line("  queries an arrival, its session included", queries / (moves / 2), "", 2)
    tally.line("  CPU a move, connecting included", spent_s * 1e6 / moves, "us")
    tally.line("  share of one processor", 100 * spent_s / seconds, "%")


def main() -> None:
    prepare_script()
    tally = Tally("presence")
    with Rig() as rig, rig.on_failure_show_log():
        rig.start_redis()
        rig.prepare()
        path = rig.folder / "cookies"
        rig.run_python("-c", PREPARE.format(path=str(path), people=WATCHING + MOVING))
        cookies = json.loads(path.read_text())
        load, listener = rig.worker("loader"), rig.listen()
        web = rig.web(listener, application="project.asgi:application")
        port = port_of(listener)
        queries, cpu_before_s = bench_state(port)["queries"], cpu_s(web.pid)
        open_sockets(load, "watching", port, cookies[:WATCHING])
        time.sleep(BACK_S)
        state = load.call("state", name="watching")
        tally.check(
            f"{WATCHING} people who come at once have their lists", state["open"] == WATCHING
        )
        tally.line("  frames each", state["frames"] / WATCHING, "", 1 + BACK_S)
        queries = bench_state(port)["queries"] - queries
        tally.line("  queries each, the session included", queries / WATCHING, "", 2)
        tally.line("  CPU each", (cpu_s(web.pid) - cpu_before_s) * 1000 / WATCHING, "ms", 2.0)
        come_and_go(tally, load, web.pid, port, cookies)
        load.call("set_policy", name="watching", policy="at_once")
        web.send_signal(signal.SIGKILL)
        web.wait()
        web = rig.web(listener, application="project.asgi:application")
        state = load.call("wait_reconnected", name="watching", timeout_s=30)
        tally.note("after a kill")
        tally.check("  everybody is back", state["reconnected"] == WATCHING)
        tally.line("  after", state["last_s"], "s", BACK_LIMIT_S)
    sys.exit(tally.exit_code)


if __name__ == "__main__":
    main()
