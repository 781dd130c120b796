"""The policy tables, tested with every frame of every socket, for every kind of person."""

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
async def test_socket_accepts_and_refuses_frames_by_its_policy(websocket):
    world = await sync_to_async(make_world)()
    for path, rules in SOCKETS.items():
        arguments = await sync_to_async(OBJECTS[rules.of][0])(world) if rules.of else {}
        where = "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", path).format(**arguments)
        for person, role in PEOPLE.items():
            key = world.cookies.get(person, "")
            async with websocket(where, cookie=f"sessionid={key}") as socket:
                if not path:
                    assert await socket.closed() == 4404
                elif role not in rules.opens:
                    code = rules.refusal or (4401 if role is Who.ANONYMOUS else 4404)
                    assert (path, person, await socket.closed()) == (path, person, code)
                else:
                    codes = {kind: await answer_to(socket, kind) for kind in rules.frames}
                    expected = {kind: expected_code(rules, kind, role) for kind in rules.frames}
                    assert (path, person, codes) == (path, person, expected)


async def answer_to(socket, kind):
    """Return the error code of a refused frame, None if it was accepted."""
    await socket.send({"type": kind, "id": "tried"} | FRAMES.get(kind, {}))
    if kind != "ping":
        await socket.send({"type": "ping", "id": "after"})
    frame, code = {}, None
    while frame.get("type") != "pong":
        frame = await socket.next()
        if frame["type"] == "error" and frame["id"] == "tried" and frame["code"] in REFUSALS:
            code = frame["code"]
    return code


def expected_code(rules, kind, role):
    if role in rules.frames[kind]:
        return None
    if role is Who.ANONYMOUS:
        return "login_required"
    is_muted = role is Who.MUTED and rules.frames[kind] == MEMBERS & ~Who.MUTED
    return "muted" if is_muted else "forbidden"
