"""The table of who may do what, tried: every frame of every socket, by every kind of person."""

import re

import pytest
from asgiref.sync import sync_to_async

from mainapp.core.policies import MEMBERS, Who
from mainapp.pages.tests.world import FRAMES, OBJECTS, PEOPLE, make_world
from routing import websocket_urlpatterns

SOCKETS = {
    str(pattern.pattern): pattern.callback.consumer_class.policy
    for pattern in websocket_urlpatterns
}
REFUSALS = {"login_required", "forbidden", "muted"}


@pytest.mark.django_db(transaction=True)
async def test_socket_takes_frames_from_who_may(websocket):
    world = await sync_to_async(make_world)()
    for path, rules in SOCKETS.items():
        arguments = OBJECTS[rules.of][0](world) if rules.of else {}
        where = "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", path).format(**arguments)
        for person, who in PEOPLE.items():
            key = world.cookies.get(person, "")
            async with websocket(where, cookie=f"sessionid={key}") as socket:
                if not path:
                    assert await socket.closed() == 4404
                elif who not in rules.opens:
                    assert (path, person, await socket.closed()) == (path, person, 4401)
                else:
                    told = {kind: await answer_to(socket, kind) for kind in rules.frames}
                    wanted = {kind: refused(rules, kind, who) for kind in rules.frames}
                    assert (path, person, told) == (path, person, wanted)


async def answer_to(socket, kind):
    """Return with which code a frame was refused, None when it was not."""
    await socket.send({"type": kind, "id": "tried"} | FRAMES.get(kind, {}))
    if kind != "ping":
        await socket.send({"type": "ping", "id": "after"})
    frame, code = {}, None
    while frame.get("type") != "pong":
        frame = await socket.next()
        if frame["type"] == "error" and frame["id"] == "tried" and frame["code"] in REFUSALS:
            code = frame["code"]
    return code


def refused(rules, kind, who):
    if who in rules.frames[kind]:
        return None
    if who is Who.ANONYMOUS:
        return "login_required"
    is_muted = who is Who.MUTED and rules.frames[kind] == MEMBERS & ~Who.MUTED
    return "muted" if is_muted else "forbidden"
