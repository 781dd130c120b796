"""`ws/dashboard/`: its values, what changes, who may open it, and what happens without Redis."""

import asyncio

import pytest
from channels.db import database_sync_to_async
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.forum.tests.factories import MessageFactory
from mainapp.operations.events import COUNTS, LIVE

PATH = "/ws/dashboard/"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def admin(db):
    return User.objects.create_user("root", access_level="admin")


async def test_first_frame_has_every_count_and_later_ones_what_changed(websocket, admin):
    async with websocket(PATH, admin) as socket:
        first = await socket.next()
        assert first["type"] == "dashboard_data"
        assert {*COUNTS, *LIVE} <= first.keys()
        assert (first["users_count"], first["messages_count"]) == (1, 0)
        assert (first["about"], first["at_least"]) == ([], [])
        assert first["parts"] == {"redis": "ok", "database": "ok"}

        await database_sync_to_async(MessageFactory)()
        frame = await socket.next("changed")
        while "messages_count" not in frame:
            frame = await socket.next("changed")

        assert frame["messages_count"] == 1
        assert "ideas_count" not in frame
