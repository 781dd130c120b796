"""Sockets and frames by which outsiders look for a club, and the leaks in the answers."""

import re
from collections.abc import Collection, Iterator
from contextlib import AsyncExitStack
from typing import Any

from asgiref.sync import sync_to_async

from conftest import Open, Socket
from mainapp.accounts.models import User
from mainapp.core.consumers import UnknownPathConsumer
from mainapp.pages.tests.world import FRAMES
from routing import websocket_urlpatterns
from tests.canary import CANARY
from tests.club_canary import MISSING, NOWHERE, OUTSIDERS, PK, SLUG, World, change_everything
from tests.club_requests import Tally

VARIABLE = re.compile(r"\d+|[0-9a-f-]{36}")
# A member's sockets, with the type of frame that announces the changes on each.
EVENTS = {
    f"/ws/room/{PK}/": "message",
    f"/ws/idea/{PK}/": "comment",
    f"/ws/club/{SLUG}/": "changed",
}
ID_FIELDS = ("seq", "room", "idea", "event", "list", "ids", "after")


def sockets(pk: int, slug: str) -> Iterator[tuple[str, Collection[str]]]:
    """Yield the address and the frames of every socket, filled with an id and a slug."""
    for pattern in websocket_urlpatterns:
        consumer = pattern.callback.consumer_class
        if consumer is not UnknownPathConsumer:
            route = re.sub(r"<key:\w+>", str(pk), str(pattern.pattern))
            route = re.sub(r"<slug:\w+>", slug, route).replace("<str:room_name>", "home")
            yield f"/{route}?club={slug}", consumer.policy.frames


async def leaking_sockets(world: World, person: str, websocket: Open, tally: Tally) -> list[str]:
    """Return the sockets whose answers differ from those for a club that never existed."""
    user, leaks = world.users.get(person), []
    tally.outsiders.add(person)
    pairs = zip(sockets(PK, SLUG), sockets(MISSING, NOWHERE), strict=True)
    for (address, frames), (missing_path, _frames) in pairs:
        tally.sockets.add(address)
        own = await _exchange(websocket, user, address, frames, PK, tally)
        missing = await _exchange(websocket, user, missing_path, frames, MISSING, tally)
        if CANARY in "".join(own) or _normalised(own) != _normalised(missing):
            leaks.append(f"{address}: {own} instead of {missing}")
    tally.leaks += len(leaks)
    return leaks


async def receiving_sockets(world: World, websocket: Open) -> set[tuple[str, str]]:
    """Return the sockets, as (person, address), that receive texts of changes in the club.

    Hubs send a frame to all sockets at once, so the outsiders' sockets are read once the member has
    received it.
    """
    async with AsyncExitStack() as stack:
        opened = {}
        for person in (*OUTSIDERS, "beto"):
            for address, _frames in sockets(PK, SLUG):
                socket = websocket(address, world.users.get(person))
                opened[person, address] = await stack.enter_async_context(socket)
        await sync_to_async(change_everything)(world)
        for path, kind in EVENTS.items():
            await opened["beto", f"{path}?club={SLUG}"].next(kind)
        texts = {key: "".join(await _received(socket)) for key, socket in opened.items()}
    found = {key for key, text in texts.items() if CANARY in text or SLUG in text}
    return found | {("beto", f"{path}?club={SLUG}") for path in EVENTS}


async def _exchange(
    websocket: Open,
    user: User | None,
    address: str,
    frames: Collection[str],
    pk: int,
    tally: Tally,
) -> list[str]:
    """Send each frame with an id; return all frames that the socket receives."""
    texts = []
    async with websocket(address, user) as socket:
        texts += await _received(socket)
        for kind in frames:
            if texts[-1].startswith("closed"):
                break
            ids: dict[str, Any] = dict.fromkeys(ID_FIELDS, pk)
            await socket.send({"type": kind, **FRAMES.get(kind, {}), **ids})
            tally.frames += 1
            texts += await _received(socket)
    return [text for text in texts if not _is_periodic(text)]


async def _received(socket: Socket) -> list[str]:
    """Return all frames of a socket until it answers a ping or closes."""
    texts: list[str] = []
    await socket.send({"type": "ping"})
    while True:
        message = await socket.receive_output(5)
        if message["type"] == "websocket.close":
            return [*texts, f"closed {message.get('code')}"]
        texts.append(message.get("text") or (message.get("bytes") or b"").decode())
        if '"pong"' in texts[-1]:
            return texts


def _is_periodic(text: str) -> bool:
    return '"type":"heartbeat"' in text or '"type":"presence"' in text


def _normalised(texts: list[str]) -> list[str]:
    for same in (SLUG, NOWHERE):
        texts = [text.replace(same, "#") for text in texts]
    return [VARIABLE.sub("#", text) for text in texts]
