"""Garbage on the sockets of ideas and clubs: an error each, and the socket goes on."""

import pytest

from mainapp.accounts.models import User
from mainapp.clubs.tests.factories import make_club
from mainapp.core.realtime import query
from mainapp.ideas.tests.factories import make_idea

GARBAGE = [
    "",
    "null",
    "[]",
    "1e999",
    '{"type": NaN}',
    '{"type": "\\ud800"}',
    '{"type": null}',
    '{"type": ["ping"]}',
    '{"type": "resume", "revision": -1}',
    '{"type": "resume", "revision": 1e999, "seq": "x"}',
    '{"type": "changed", "part": "members"}',
    '{"type": "status", "status": "target"}',
    '{"type": "price", "price": "1"}',
    "{" * 100,
    "x" * 70_000,
]
KNOWN = {"bad_frame", "unknown_type", "invalid"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("place", ["idea", "club"])
async def test_garbage_gets_an_error_each_and_changes_nothing(websocket, place):
    author = await query(User.objects.create_user, "author")
    row = await query(make_idea if place == "idea" else make_club, author)
    path = f"/ws/idea/{row.pk}/" if place == "idea" else f"/ws/club/{row.slug}/"
    async with websocket(path, author) as socket:
        for frame in GARBAGE:
            await socket.send(frame)
            assert (await socket.next("error"))["code"] in KNOWN
        await socket.send({"type": "ping"})
        assert (await socket.next("pong"))["type"] == "pong"
