"""Rooms under kills: 40 clients write in 10 rooms while web processes and Redis are killed in turn.

Two real web processes, a real Redis, SQLite (`--postgresql`: an embedded PostgreSQL), rooms of the
forum (`--groups`: private groups of all clients). The clients send 50 messages a second in total,
as 80 users (two per client, because of the limit of 10 messages in 10 s); every client is in every
room. Every 10 s one web process or Redis gets SIGKILL and is restarted. Clients follow CONTRACTS:
they order messages by `seq` and drop duplicates, resume after their last number when they
reconnect, and repeat messages without an acknowledgement.

In the end every acknowledged message must be in the database exactly once, with the number in its
acknowledgement, and each client must have the complete sequence of each room, every number with
the right message.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from benchmarks.faults.watch_storm import until
from benchmarks.rig.browser import reconnect_delay
from benchmarks.rig.processes import Rig, port_of
from benchmarks.rig.readings import Tally
from tests.postgresql import PostgreSQL

CLIENTS, ROOMS, SECONDS, PER_SECOND, KILL_EVERY_S = 40, 10, 180.0, 50.0, 10.0
SETTLE_S, REDIS_AWAY_S = 60.0, 1.0
SHORT_PCT = 20.0  # of the messages may stay unsent, while a process starts and acknowledges none
MAX_UNACKED = 12  # a client that waits for this many acknowledgements sends no new message
PREPARE = """
import django; django.setup()
import json
from pathlib import Path
from django.utils import timezone
from benchmarks.rig.people import write_cookies
from mainapp.accounts.models import User
from mainapp.forum.models import Participant, Room
write_cookies({folder!r} + "/cookies", {users})
now = timezone.now()
room = dict(name="Sala", kind={kind!r}, created_at=now, active_at=now)
rooms = [Room.objects.create(**room) for _ in range({rooms})]
if {kind!r} == "group":
    Participant.objects.bulk_create(
        Participant(room=room, user=user, joined_at=now)
        for room in rooms for user in User.objects.all()
    )
Path({folder!r}, "rooms").write_text(json.dumps([room.pk for room in rooms]))
"""
READ = """
import django; django.setup()
import json
from pathlib import Path
from mainapp.forum.models import Message
rows = Message.objects.order_by("room", "seq").values_list("room", "seq", "pk", "client_id")
Path({folder!r}, "messages").write_text(json.dumps([[*row[:3], str(row[3])] for row in rows]))
"""


class Counts:
    """Counters over all clients."""

    def __init__(self) -> None:
        self.sent = self.resent = self.reconnects = self.repeated = self.skipped = 0
        self.passed_over = 0  # turns without a message, because MAX_UNACKED were waiting
        self.acked: dict[str, tuple[int, int]] = {}  # client_id: room, seq
        self.contradicted = 0
        self.errors: Counter[str] = Counter()

    def ack(self, client_id: str, room: int, seq: int) -> None:
        if self.acked.setdefault(client_id, (room, seq)) != (room, seq):
            self.contradicted += 1


class Member:
    """One client in one room."""

    def __init__(self, room: int, port: int, cookie: str, counts: Counts) -> None:
        self.room, self.port, self.cookie, self.counts = room, port, cookie, counts
        self.received: dict[int, int] = {}  # seq: the message's id
        self.last = 0  # all numbers up to this one are received
        self.unacked: dict[str, dict[str, Any]] = {}  # client_id: fields of its frame
        self.is_open = False
        self._socket: ClientConnection | None = None
        self._paging = True

    async def run(self) -> None:
        lost_at: float | None = None
        while True:
            with contextlib.suppress(OSError, WebSocketException, TimeoutError):
                await self._session()
            if self.is_open or lost_at is None:
                lost_at = time.monotonic()
            self.is_open, self._socket = False, None
            self.counts.reconnects += 1
            await asyncio.sleep(reconnect_delay(time.monotonic() - lost_at))

    async def send_message(self, **fields: Any) -> None:
        """Send a message; it is repeated after each reconnect until it is acknowledged."""
        client_id = str(uuid4())
        self.unacked[client_id] = fields
        self.counts.sent += 1
        await self._send(client_id)

    async def _session(self) -> None:
        address = f"127.0.0.1:{self.port}"
        async with connect(
            f"ws://{address}/ws/room/{self.room}/",
            origin=Origin(f"http://{address}"),
            additional_headers={"Cookie": self.cookie},
            proxy=None,
            close_timeout=0.1,
            open_timeout=15,
        ) as socket:
            self._socket, self._paging = socket, True
            async for text in socket:
                await self._receive(json.loads(text))

    async def _receive(self, frame: dict[str, Any]) -> None:
        if receive := getattr(self, f"_receive_{frame['type']}", None):
            await receive(frame)

    async def _receive_room(self, _frame: dict[str, Any]) -> None:
        if self.is_open:
            return
        self.is_open = True
        await self._resume()
        for client_id in list(self.unacked):
            self.counts.resent += 1
            await self._send(client_id)

    async def _receive_messages(self, frame: dict[str, Any]) -> None:
        for item in frame["items"]:
            self._hold(item)
        self._paging = frame["more"]
        if frame["more"]:
            await self._resume()

    async def _receive_message(self, frame: dict[str, Any]) -> None:
        self.counts.repeated += frame["seq"] in self.received
        self._hold(frame)
        if frame["seq"] > self.last and not self._paging:
            self.counts.skipped += 1
            await self._resume()

    async def _receive_ack(self, frame: dict[str, Any]) -> None:
        self.unacked.pop(frame["client_id"], None)
        self.counts.ack(frame["client_id"], self.room, frame["seq"])

    async def _receive_error(self, frame: dict[str, Any]) -> None:
        self.counts.errors[frame["code"]] += 1
        wait_s = frame.get("retry_after_s", 1.0)
        asyncio.get_running_loop().call_later(wait_s, self._send_later, frame["id"])

    def _hold(self, item: dict[str, Any]) -> None:
        assert self.received.setdefault(item["seq"], item["id"]) == item["id"], (
            "one number, two messages"
        )
        while self.last + 1 in self.received:
            self.last += 1

    async def _resume(self) -> None:
        self._paging = True
        if self._socket:
            await self._socket.send(json.dumps({"type": "resume", "after": self.last}))

    async def _send(self, client_id: str) -> None:
        if self._socket is None or not self.is_open or client_id not in self.unacked:
            return
        fields = self.unacked[client_id]
        frame = {"type": "send", "client_id": client_id, "id": client_id, **fields}
        with contextlib.suppress(OSError, WebSocketException):
            await self._socket.send(json.dumps(frame))

    def _send_later(self, client_id: str) -> None:
        self.counts.resent += 1
        self._sending = asyncio.ensure_future(self._send(client_id))


class Conversation:
    """All clients, and the processes to be killed."""

    def __init__(
        self, rig: Rig, redis: "subprocess.Popen[bytes]", clients: int, per_second: float
    ) -> None:
        self.pause_s = clients / per_second
        self.rig, self.redis = rig, redis
        self.counts, self.kills = Counts(), Counter[str]()
        cookies = json.loads((rig.folder / "cookies").read_text())
        rooms = json.loads((rig.folder / "rooms").read_text())
        self.listeners = [rig.listen() for _ in range(2)]
        self.webs = [self._start_web(number) for number in range(2)]
        ports = [port_of(listener) for listener in self.listeners]
        self.clients = self._make_clients(clients, rooms, ports, cookies)
        self.members = [member for client in self.clients for member in client]

    def _make_clients(
        self, count: int, rooms: list[int], ports: list[int], cookies: list[str]
    ) -> list[list[Member]]:
        """Return the members of each client, which is in every room."""
        return [
            [
                Member(room, ports[(number + n) % 2], cookies[2 * number + n % 2], self.counts)
                for n, room in enumerate(rooms)
            ]
            for number in range(count)
        ]

    async def run(self, seconds: float, kill_every_s: float) -> None:
        """Let all clients send for `seconds` while processes are killed."""
        running = [asyncio.create_task(member.run()) for member in self.members]
        assert await until(lambda: all(member.is_open for member in self.members), 90) < 90, (
            "not open"
        )
        ends_at = time.monotonic() + seconds
        writing = [
            asyncio.create_task(self._write_messages(client, ends_at)) for client in self.clients
        ]
        await self._kill_until(ends_at, kill_every_s)
        await asyncio.gather(*writing)
        self.settled_s = await until(self._is_settled, SETTLE_S)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _kill_until(self, ends_at: float, every_s: float) -> None:
        due_at = time.monotonic()
        for victim in itertools.cycle(("web 0", "redis", "web 1", "redis")):
            due_at += every_s
            if due_at > ends_at - 0.1:
                return
            await asyncio.sleep(max(0.0, due_at - time.monotonic()))
            await self._kill(victim)
            self.kills[victim.split()[0]] += 1

    def _is_settled(self) -> bool:
        """Return whether all messages are acknowledged and all clients have all of them."""
        if not all(member.is_open and not member.unacked for member in self.members):
            return False
        newest = Counter[int]()
        for room, seq in self.counts.acked.values():
            newest[room] = max(newest[room], seq)
        return all(member.last >= newest[member.room] for member in self.members)

    async def _write_messages(self, client: list[Member], ends_at: float) -> None:
        rng = random.Random(id(client))  # noqa: S311 - chooses rooms and pauses
        turns = itertools.cycle(rng.sample(client, len(client)))
        await asyncio.sleep(rng.uniform(0, self.pause_s))
        due_at = time.monotonic()
        for number in itertools.count():
            if sum(len(member.unacked) for member in client) < MAX_UNACKED:
                await self._write_one(next(turns), number)
            else:
                self.counts.passed_over += 1
            due_at += self.pause_s
            if due_at >= ends_at:
                return
            await asyncio.sleep(max(0.0, due_at - time.monotonic()))

    async def _write_one(self, member: Member, number: int) -> None:
        await member.send_message(body=f"mensagem {number}")

    async def _kill(self, victim: str) -> None:
        if victim == "redis":
            self.redis.send_signal(signal.SIGKILL)
            self.redis.wait()
            self.rig.redis_path.unlink(missing_ok=True)
            await asyncio.sleep(REDIS_AWAY_S)
            self.redis = await asyncio.to_thread(self.rig.start_redis)
        else:
            number = int(victim[-1])
            self.webs[number].kill()
            self.webs[number].wait()
            self.webs[number] = self._start_web(number)

    def _start_web(self, number: int) -> "subprocess.Popen[bytes]":
        """Start a web process on its listening socket, which survives it. Does not wait."""
        fd = self.listeners[number].fileno()
        return self.rig.python("-m", "project.serve", "--fd", str(fd), fds=[fd])


def check_result(
    tally: Tally, conversation: Conversation, rows: list[tuple[int, int, int, str]], seconds: float
) -> None:
    """Compare what the clients received with the database."""
    counts = conversation.counts
    stored = Counter(client_id for *_, client_id in rows)
    places = {client_id: (room, seq) for room, seq, _, client_id in rows}
    truth: dict[int, dict[int, int]] = {member.room: {} for member in conversation.members}
    for room, seq, pk, _ in rows:
        truth[room][seq] = pk
    tally.note(
        f"sent {counts.sent} ({counts.sent / seconds:.0f} a second), acknowledged"
        f" {len(counts.acked)}, repeated {counts.resent}"
    )
    kills = conversation.kills
    tally.note(
        f"kills: {kills['web']} of a web process, {kills['redis']} of Redis;"
        f" {counts.reconnects} reconnects; errors {dict(counts.errors)}"
    )
    limit = SHORT_PCT if seconds >= 60 else None
    turns = counts.sent + counts.passed_over
    short_pct = 100 * counts.passed_over / turns if turns else 100.0
    tally.line("turns skipped for missing acknowledgements", short_pct, "%", limit)
    tally.note(f"messages in the database {len(rows)}; repeated to a client {counts.repeated}")
    tally.line("numbers skipped on an open socket", counts.skipped, "")
    tally.line("all acknowledged and received by all after", conversation.settled_s, "s", SETTLE_S)
    lost = [c for c, place in counts.acked.items() if places.get(c) != place]
    tally.line("acknowledged but lost, or in another place", len(lost), "", 0)
    tally.line("never acknowledged", counts.sent - len(counts.acked), "", 0)
    tally.line("acknowledged under two numbers", counts.contradicted, "", 0)
    tally.line("in the database twice", sum(n > 1 for n in stored.values()), "", 0)
    gaps = sum(list(seqs) != list(range(1, len(seqs) + 1)) for seqs in truth.values())
    tally.line("rooms with a gap in the database", gaps, "", 0)
    gaps = sum(
        len(truth[member.room].keys() - member.received.keys()) for member in conversation.members
    )
    tally.line("gaps in the clients' sequences", gaps, "", 0)
    doubled = sum(
        len(member.received) - len(set(member.received.values())) for member in conversation.members
    )
    tally.line("duplicates in the clients' sequences", doubled, "", 0)
    wrong = sum(member.received != truth[member.room] for member in conversation.members)
    tally.line("sequences that differ from the database", wrong, "", 0)


def run(
    *,
    seconds: float = SECONDS,
    clients: int = CLIENTS,
    rooms: int = ROOMS,
    per_second: float = PER_SECOND,
    kill_every_s: float = KILL_EVERY_S,
    postgresql: bool = False,
    groups: bool = False,
) -> Tally:
    """Run the conversation under kills and check the result."""
    database = "PostgreSQL" if postgresql else "SQLite"
    kind = "group" if groups else "forum"
    tally = Tally(f"{clients} clients in {rooms} rooms ({kind}) for {seconds:g} s on {database}")
    with Rig() as rig, rig.on_failure_show_log(), _database(rig, postgresql):
        redis = rig.start_redis()
        rig.prepare()
        folder = str(rig.folder)
        prepare = PREPARE.format(folder=folder, users=2 * clients, rooms=rooms, kind=kind)
        rig.run_python("-c", prepare)
        conversation = Conversation(rig, redis, clients, per_second)
        asyncio.run(conversation.run(seconds, kill_every_s))
        rig.run_python("-c", READ.format(folder=folder))
        check_result(
            tally, conversation, json.loads((rig.folder / "messages").read_text()), seconds
        )
    return tally


@contextlib.contextmanager
def _database(rig: Rig, postgresql: bool) -> Iterator[None]:
    """Start a PostgreSQL for the rig, if requested."""
    if not postgresql:
        yield
        return
    server = PostgreSQL()
    rig.environment["DATABASE_URL"] = server.url
    try:
        yield
    finally:
        server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--groups", action="store_true")
    sys.exit(run(**vars(parser.parse_args())).exit_code)
