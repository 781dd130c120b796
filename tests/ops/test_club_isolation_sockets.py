"""A club full of canaries: sockets of outsiders behave as if it had never existed."""

import re
from contextlib import AsyncExitStack

import pytest
from asgiref.sync import sync_to_async

from mainapp.core.consumers import UnknownPathConsumer
from mainapp.pages.tests.world import FRAMES
from routing import websocket_urlpatterns
from tests.canary import CANARY
from tests.club_canary import (
    MISSING,
    NOWHERE,
    OUTSIDERS,
    PK,
    SLUG,
    change_everything,
    make_club_world,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]
VARIABLE = re.compile(r"\d+|[0-9a-f-]{36}")
ID_FIELDS = ("seq", "room", "idea", "event", "list", "ids", "after")


@pytest.fixture
def world(transactional_db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return make_club_world()


def sockets(pk, slug):
    """Yield the address and the frames of every socket, filled with an id and a slug."""
    for pattern in websocket_urlpatterns:
        consumer = pattern.callback.consumer_class
        if consumer is not UnknownPathConsumer:
            route = re.sub(r"<key:\w+>", str(pk), str(pattern.pattern))
            route = re.sub(r"<slug:\w+>", slug, route).replace("<str:room_name>", "home")
            yield f"/{route}?club={slug}", consumer.policy.frames


async def received(socket):
    """Return all that a socket gets until it answers a ping or closes."""
    texts = []
    await socket.send({"type": "ping"})
    while True:
        message = await socket.receive_output(5)
        if message["type"] == "websocket.close":
            return [*texts, f"closed {message.get('code')}"]
        texts.append(message.get("text") or (message.get("bytes") or b"").decode())
        if '"pong"' in texts[-1]:
            return texts


async def answers(websocket, user, address, frames, pk):
    """Return what a socket gets at first, and in answer to each frame with an id."""
    texts = []
    async with websocket(address, user) as socket:
        texts += await received(socket)
        for kind in frames:
            if texts[-1].startswith("closed"):
                break
            await socket.send(
                {"type": kind, **FRAMES.get(kind, {}), **dict.fromkeys(ID_FIELDS, pk)}
            )
            texts += await received(socket)
    return [text for text in texts if not is_periodic(text)]


def is_periodic(text):
    return '"type":"heartbeat"' in text or '"type":"presence"' in text


def normal(texts):
    for same in (SLUG, NOWHERE):
        texts = [text.replace(same, "#") for text in texts]
    return [VARIABLE.sub("#", text) for text in texts]


@pytest.mark.parametrize("person", OUTSIDERS)
async def test_every_socket_answers_as_for_a_club_that_never_was(person, world, websocket):
    user = world.users.get(person)
    pairs = zip(sockets(PK, SLUG), sockets(MISSING, NOWHERE), strict=True)
    for (address, frames), (nowhere, _frames) in pairs:
        own = await answers(websocket, user, address, frames, PK)
        missing = await answers(websocket, user, nowhere, frames, MISSING)
        assert normal(own) == normal(missing), address
        assert CANARY not in "".join(own), address


async def test_no_event_of_the_club_reaches_a_socket_of_an_outsider(world, websocket):
    async with AsyncExitStack() as stack:
        opened = {}
        for person in (*OUTSIDERS, "beto"):
            for address, _frames in sockets(PK, SLUG):
                socket = await stack.enter_async_context(
                    websocket(address, world.users.get(person))
                )
                opened[person, address] = socket
        await sync_to_async(change_everything)(world)
        texts = {key: "".join(await received(socket)) for key, socket in opened.items()}

    leaks = [key for key, text in texts.items() if CANARY in text or SLUG in text]
    assert {person for person, _address in leaks} == {"beto"}
