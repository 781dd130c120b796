"""Queries of `ws/dashboard/` with 50 viewers on two processes, over a million messages.

Runs two real servers, Redis and PostgreSQL, whose log names every statement of every process. The
budget is one query a second in all, whatever the viewers, and none of the dashboard's without any.
"""

import asyncio
import json
import re
import sys
import time
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.faults.watch_storm import Webs
from benchmarks.rig.processes import Rig
from benchmarks.rig.readings import Tally
from tests.postgresql import PostgreSQL

VIEWERS, PROCESSES, MESSAGES = 50, 2, 1_000_000
SETTLE_S, MEASURE_S, EMPTY_S = 5.0, 30.0, 10.0
QUERIES_A_SECOND = 1.0
PREPARE = """
import django; django.setup()
from benchmarks.rig.people import write_cookies
from mainapp.accounts.models import User
from mainapp.forum.tests.factories import RoomFactory
write_cookies({cookies!r}, {viewers})
User.objects.update(access_level="admin")
RoomFactory()
"""
FILL = """
INSERT INTO forum_message
    (room_id, seq, revision, reacted_revision, body, body_html, sent_at, kind, content)
SELECT (SELECT id FROM forum_room LIMIT 1), n, n, 0, 'oi', 'oi', now(), 'text', '{{}}'
FROM generate_series(1, {count}) AS n;
ANALYZE;
ALTER SYSTEM SET log_min_duration_statement = 0;
SELECT pg_reload_conf();
"""
# "duration: 3.120 ms  statement: SELECT …", or "execute <unnamed>: SELECT …"
STATEMENT = re.compile(r"duration: ([\d.]+) ms  (?:statement|execute [^:]*): (.*)")
KINDS = {"UNION ALL": "counts", "operations_sample": "curves"}


class Log:
    """The statements that PostgreSQL logged since `reset`: (kind, milliseconds)."""

    def __init__(self, path: Path) -> None:
        self.path, self.size = path, 0

    def reset(self) -> None:
        self.size = self.path.stat().st_size

    def statements(self) -> list[tuple[str, float]]:
        with self.path.open("rb") as file:
            file.seek(self.size)
            text = file.read().decode(errors="replace")
        return [(kind_of(sql), float(ms)) for ms, sql in STATEMENT.findall(text)]


def kind_of(sql: str) -> str:
    return next((kind for part, kind in KINDS.items() if part in sql), sql[:60])


async def open_viewer(port: int, cookie: str, frames: Counter[str]) -> ClientConnection:
    address = f"127.0.0.1:{port}"
    socket = await connect(
        f"ws://{address}/ws/dashboard/",
        origin=Origin(f"http://{address}"),
        additional_headers={"Cookie": cookie},
        proxy=None,
    )

    async def read() -> None:
        async for text in socket:
            frames[json.loads(text)["type"]] += 1

    socket.reading = asyncio.create_task(read())  # type: ignore[attr-defined] # kept from collection
    return socket


async def watch(tally: Tally, log: Log, ports: list[int], cookies: list[str]) -> None:
    frames: Counter[str] = Counter()
    async with AsyncExitStack() as stack:
        for number, cookie in enumerate(cookies):
            socket = await open_viewer(ports[number % len(ports)], cookie, frames)
            stack.push_async_callback(socket.close)
        await asyncio.sleep(SETTLE_S)
        log.reset()
        await asyncio.sleep(MEASURE_S)
        report(tally, log.statements(), frames, len(cookies))
    await asyncio.sleep(SETTLE_S)
    log.reset()
    await asyncio.sleep(EMPTY_S)
    own = [kind for kind, _ms in log.statements() if kind in KINDS.values()]
    tally.line("queries of the dashboard without viewers", len(own), "", limit=0)


def report(
    tally: Tally, statements: list[tuple[str, float]], frames: Counter[str], viewers: int
) -> None:
    kinds = Counter(kind for kind, _ms in statements)
    own = sum(kinds[kind] for kind in KINDS.values())
    counts = [ms for kind, ms in statements if kind == "counts"]
    tally.check("every viewer got a first frame", frames["dashboard_data"] == viewers)
    tally.line("queries of the dashboard", own / MEASURE_S, "a second", limit=QUERIES_A_SECOND)
    tally.line("all queries, with the checks of log-ins", len(statements) / MEASURE_S, "a second")
    tally.line("query of the counts, median", median(counts), "ms")
    tally.note(f"all statements in {MEASURE_S:.0f} s: {dict(kinds)}; frames: {dict(frames)}")


def main() -> int:
    tally = Tally(f"dashboard: {VIEWERS} viewers, {PROCESSES} processes, {MESSAGES:,} messages")
    server = PostgreSQL()
    try:
        with Rig(DATABASE_URL=server.url) as rig, rig.on_failure_show_log():
            rig.start_redis()
            rig.prepare()
            path = rig.folder / "cookies"
            rig.run_python("-c", PREPARE.format(cookies=str(path), viewers=VIEWERS))
            server.psql(FILL.format(count=MESSAGES))
            time.sleep(1)
            webs = Webs(rig, PROCESSES)
            cookies = json.loads(path.read_text())
            asyncio.run(watch(tally, Log(server.log), webs.ports, cookies))
    finally:
        server.close()
    return tally.exit_code


if __name__ == "__main__":
    sys.exit(main())
