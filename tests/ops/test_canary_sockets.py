"""Private rooms full of canaries: no socket of an outsider gets one, whatever it sends."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from asgiref.sync import sync_to_async

from mainapp.core.consumers import UNKNOWN_PATH, UnknownPathConsumer
from mainapp.core.models import Usage
from mainapp.forum.services.chats import rename_room
from mainapp.forum.services.marks import mark_room_read
from mainapp.forum.services.messages import delete_message
from mainapp.market.tests.factories import StockFactory
from mainapp.pages.tests.world import FRAMES
from routing import websocket_urlpatterns
from tests.canary import BAIT, OUTSIDERS, has_canary, make_world, talk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]


@pytest.fixture
def world(transactional_db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    settings.ACCOUNT_EMAIL_VERIFICATION = "none"
    for symbol in ("PETR4", "IBOV"):
        StockFactory(symbol=symbol)
    return make_world()


def paths(room_pk):
    """Yield the address of every socket, for a room."""
    for pattern in websocket_urlpatterns:
        consumer = pattern.callback.consumer_class
        if consumer is not UnknownPathConsumer:
            route = str(pattern.pattern).replace("<key:pk>", str(room_pk))
            yield "/" + route.replace("<str:room_name>", "home"), consumer.policy.frames


async def received(socket):
    """Return all that a socket gets until it answers a last ping."""
    await socket.send({"type": "ping"})
    texts = []
    while True:
        message = await socket.receive_output(5)
        text = message.get("text") or (message.get("bytes") or b"").decode()
        texts.append(text)
        if message["type"] == "websocket.close" or '"pong"' in text:
            return "\n".join(texts).encode()


async def talk_in_private(world):
    """Let the participants do everything that could reach other sockets."""
    ana, beto = world.users["ana"], world.users["beto"]
    await sync_to_async(Usage.objects.all().delete)()
    for room in world.rooms:
        await sync_to_async(talk)(room, ana, beto)
        await sync_to_async(Usage.objects.all().delete)()
        await sync_to_async(mark_room_read)(room_pk=room.pk, user=beto, seq=3)
    group = world.rooms[0]
    await sync_to_async(rename_room)(room_pk=group.pk, actor=ana, name=f"{BAIT} 3")
    await sync_to_async(delete_message)(room_pk=group.pk, actor=ana, seq=6)


async def test_no_socket_of_an_outsider_gets_a_canary(world, websocket):
    sockets, private = {}, world.rooms[0].pk
    async with AsyncExitStack() as stack:
        for person in OUTSIDERS:
            for path, frames in paths(world.public.pk):
                opened = await stack.enter_async_context(websocket(path, world.users.get(person)))
                sockets[person, path] = opened, frames
        listening = await stack.enter_async_context(
            websocket(f"/ws/room/{private}/", world.users["beto"])
        )
        await talk_in_private(world)
        for opened, frames in sockets.values():
            for kind in frames:
                for seq in (1, 2):
                    await opened.send({"type": kind, **FRAMES.get(kind, {}), "seq": seq})
        await asyncio.sleep(1.5)  # frames of rooms and presence are conflated for a second
        texts = {key: await received(opened) for key, (opened, _frames) in sockets.items()}
        heard = await received(listening)

    assert has_canary(heard)
    assert [key for key, text in texts.items() if has_canary(text)] == []
    assert sum(map(len, texts.values())) > 1000


@pytest.mark.parametrize("person", OUTSIDERS)
async def test_a_private_room_is_an_unknown_path(person, world, websocket):
    for room in (world.rooms[0].pk, world.rooms[1].pk, 654_321):
        for prefix in ("room", "chat/room"):
            async with websocket(f"/ws/{prefix}/{room}/", world.users.get(person)) as socket:
                assert await socket.closed() == UNKNOWN_PATH
