import asyncio

import pytest
import redis
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.core.realtime import hub as core_hub
from mainapp.core.realtime import query
from mainapp.notifications.consumers import inbox_hub
from mainapp.notifications.fanout import InboxSocket, hub
from mainapp.notifications.fanout.sockets import MAX_WAITING
from mainapp.notifications.models import Mark
from mainapp.notifications.selectors.inbox import unread_count, unread_counts
from mainapp.notifications.services.inbox import delete_notifications, mark_read
from mainapp.notifications.services.notices import Notice, notify_many
from mainapp.notifications.tests.factories import notice

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/ws/notifications/"


@pytest.fixture
def alice(transactional_db):
    return User.objects.create_user("alice")


@pytest.fixture
def bob(transactional_db):
    return User.objects.create_user("bob")


@pytest.fixture
def no_hints(monkeypatch):
    monkeypatch.setattr("mainapp.notifications.receivers.send_hints", lambda *arguments: None)
    monkeypatch.setattr(hub, "POLL_S", 0.05)


@pytest.fixture
def inbox(websocket):
    return lambda user=None, **headers: websocket(PATH, user, **headers)


@pytest.fixture
def told():
    """Have the hub look now, as a hint would have it."""

    async def look():
        await inbox_hub().poll()

    return look


def ids(frame):
    return [item["id"] for item in frame["items"]]


async def test_stranger_is_accepted_and_told_to_log_in(inbox):
    async with inbox() as socket:
        assert await socket.closed() == 4401


async def test_first_frame_is_the_inbox(inbox, alice, bob):
    await query(notice, bob, title="de outro")
    one = await query(notice, alice, body="R$ 36,00", url="/alerts/")
    two = await query(notice, None, kind="platform", title="Manutenção")
    await query(mark_read, user=alice, ids=[one.pk], at=timezone.now())
    async with inbox(alice) as socket:
        frame = await socket.next()
    assert frame == {
        "type": "snapshot",
        "unread": 1,
        "last_id": two.pk,
        "items": [
            {
                "id": two.pk,
                "kind": "platform",
                "title": "Manutenção",
                "body": "",
                "url": "",
                "created_at": frame["items"][0]["created_at"],
                "is_read": False,
                "is_platform": True,
            },
            {
                "id": one.pk,
                "kind": "alert",
                "title": "PETR4 caiu",
                "body": "R$ 36,00",
                "url": "/alerts/",
                "created_at": frame["items"][1]["created_at"],
                "is_read": True,
                "is_platform": False,
            },
        ],
    }
    assert frame["items"][0]["created_at"].endswith("Z")


async def test_empty_inbox_begins_at_zero(inbox, alice):
    async with inbox(alice) as socket:
        assert await socket.next() == {"type": "snapshot", "unread": 0, "last_id": 0, "items": []}


async def test_snapshot_holds_twenty_and_counts_all(inbox, alice):
    many = await query(notify_many, notices=[Notice(user_id=alice.pk, kind="a", title="t")] * 25)
    async with inbox(alice) as socket:
        frame = await socket.next()
    assert frame["unread"] == 25
    assert ids(frame) == [one.pk for one in reversed(many[5:])]


async def test_news_reach_every_tab_of_their_user_once(inbox, alice, bob, told):
    async with inbox(alice) as one, inbox(alice) as two, inbox(bob) as other:
        for socket in (one, two, other):
            await socket.next("snapshot")
        made = await query(notice, alice)
        await told()
        for socket in (one, two):
            frame = await socket.next()
            assert (frame["type"], frame["id"], frame["is_read"]) == (
                "notification", made.pk, False,
            )  # fmt: skip
        everybodys = await query(notice, None)
        await told()
        await told()
        for socket in (one, two, other):
            assert (await socket.next())["id"] == everybodys.pk
            assert await socket.ask({"type": "ping"}) == {"type": "pong"}


async def test_hint_of_a_commit_brings_news_at_once(inbox, alice, monkeypatch):
    monkeypatch.setattr(hub, "POLL_S", 60)
    async with inbox(alice) as socket:
        await socket.next("snapshot")
        await query(notice, alice)
        assert (await socket.next("notification", timeout=1.5))["title"] == "PETR4 caiu"


async def test_lost_hint_is_made_good_by_looking(inbox, alice, no_hints):
    async with inbox(alice) as socket:
        await socket.next("snapshot")
        await query(notice, alice)
        assert (await socket.next("notification"))["title"] == "PETR4 caiu"


async def test_news_arrive_while_redis_is_away(inbox, alice, monkeypatch):
    async def away(*arguments, **options):
        raise redis.ConnectionError("away")

    monkeypatch.setattr(hub, "POLL_S", 0.05)
    monkeypatch.setattr("channels_redis.pubsub.RedisPubSubLoopLayer.group_send", away)
    monkeypatch.setattr(core_hub, "RETRY_S", 0.05)
    async with inbox(alice) as socket:
        await socket.next("snapshot")
        await query(notice, alice)
        assert (await socket.next("notification"))["title"] == "PETR4 caiu"


async def test_open_inboxes_cost_one_query_a_look(inbox, alice, bob, told, queries):
    async with inbox(alice) as one, inbox(bob) as two:
        await one.next("snapshot")
        await two.next("snapshot")
        queries.clear()
        await told()
        assert queries == [sql for sql in queries if "max(id)" in sql]
        assert len(queries) <= 2  # this look, and perhaps that of the poll


async def test_read_in_one_tab_is_read_in_all(inbox, alice, bob, told):
    one, two = [await query(notice, alice) for _ in range(2)]
    others = await query(notice, bob)
    async with inbox(alice) as tab, inbox(alice) as other, inbox(bob) as bobs:
        for socket in (tab, other, bobs):
            await socket.next("snapshot")
        asked = {"type": "mark_read", "ids": [one.pk, others.pk, 10**9], "id": "a"}
        assert await tab.ask(asked) == {"type": "read", "ids": [one.pk], "unread": 1, "id": "a"}
        await told()
        assert await other.next() == {"type": "read", "ids": [one.pk], "unread": 1}

        again = await tab.ask({"type": "mark_read", "ids": "all"})
        assert again == {"type": "read", "ids": [two.pk], "unread": 0}
        await told()
        assert await other.next() == again
        for socket in (tab, bobs):
            assert await socket.ask({"type": "ping"}) == {"type": "pong"}
    assert await query(unread_count, bob) == 1


async def test_marking_twice_is_answered_alike(inbox, alice):
    one = await query(notice, alice)
    async with inbox(alice) as tab:
        await tab.next("snapshot")
        answers = [await tab.ask({"type": "mark_read", "ids": [one.pk]}) for _ in range(2)]
    assert answers == [{"type": "read", "ids": [one.pk], "unread": 0}] * 2
    assert await query(Mark.objects.count) == 1


async def test_deleted_leaves_every_tab(inbox, alice, told):
    one, two = [await query(notice, alice) for _ in range(2)]
    async with inbox(alice) as tab:
        await tab.next("snapshot")
        await query(delete_notifications, user=alice, ids=[one.pk], at=timezone.now())
        await told()
        assert await tab.next() == {"type": "deleted", "ids": [one.pk], "unread": 1}
    async with inbox(alice) as tab:
        assert ids(await tab.next()) == [two.pk]


async def test_resume_sends_what_was_missed_then_the_inbox(inbox, alice, bob):
    rows = [await query(notice, user) for user in (alice, alice, bob, alice)]
    async with inbox(alice) as tab:
        await tab.next("snapshot")
        await tab.send({"type": "resume", "after": rows[0].pk, "id": 7})
        frames = [await tab.next() for _ in range(3)]
    assert [frame["type"] for frame in frames] == ["notification", "notification", "snapshot"]
    assert [frame["id"] for frame in frames[:2]] == [rows[1].pk, rows[3].pk]
    assert (frames[2]["id"], frames[2]["last_id"]) == (7, rows[3].pk)


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "resume"}, {"type": "resume", "after": "1"}, {"type": "resume", "after": -1},
        {"type": "resume", "after": True}, {"type": "resume", "after": 2**63},
        {"type": "mark_read"}, {"type": "mark_read", "ids": 1}, {"type": "mark_read", "ids": ["1"]},
        {"type": "mark_read", "ids": [True]}, {"type": "mark_read", "ids": [0]},
        {"type": "mark_read", "ids": [2**63]}, {"type": "mark_read", "ids": [1] * 1001},
        {"type": "mark_read", "ids": "none"}, {"type": "mark_read", "ids": None},
    ],
)  # fmt: skip
async def test_what_makes_no_sense_is_invalid(inbox, alice, frame):
    async with inbox(alice) as tab:
        await tab.next("snapshot")
        error = await tab.ask({**frame, "id": "x"})
        assert (error["type"], error["code"], error["id"]) == ("error", "invalid", "x")
        assert list(error["fields"]) == [["ids"], ["after"]][frame["type"] == "resume"]


async def test_what_came_while_the_inbox_was_read_is_told_once(alice):
    frames = []

    async def send(message):
        frames.append(message["text"])

    tab = InboxSocket(alice.pk, send, overflow=lambda: None)
    for number, frame in ((5, "in the snapshot"), (0, "read"), (6, "new")):
        tab.write_news(frame.encode(), number)
    await tab.drained()
    assert frames == []
    tab.release(5)
    tab.write_news(b"later", 7)
    await tab.drained()

    assert frames == ["read", "new", "later"]


async def test_tab_that_does_not_read_holds_up_nobody(inbox, alice):
    blocked, frames, closed = asyncio.Event(), [], []

    async def stuck(message):
        frames.append(message)
        await blocked.wait()

    slow = InboxSocket(alice.pk, stuck, overflow=lambda: closed.append(True))
    slow.release(0)
    for number in range(MAX_WAITING + 5):
        slow.write_news(b"{}", number)
    assert closed == [] or len(frames) <= 1
    await asyncio.sleep(0)
    assert len(frames) == 1
    assert closed
    slow.close()
    await asyncio.sleep(0)


async def test_unread_counts_agree_with_each_users(alice, bob):
    rows = [await query(notice, user) for user in (alice, None, alice, None)]
    await query(mark_read, user=alice, ids=[rows[0].pk, rows[1].pk], at=timezone.now())
    await query(delete_notifications, user=alice, ids=[rows[0].pk], at=timezone.now())
    counts = {user.pk: await query(unread_count, user) for user in (alice, bob)}

    assert await query(unread_counts, [alice.pk, bob.pk]) == counts == {alice.pk: 2, bob.pk: 2}


@pytest.mark.parametrize("count", [3, 30])
async def test_news_of_many_cost_five_queries(alice, count, queries):
    users = await query(User.objects.bulk_create, [User(username=f"u{n}") for n in range(count)])
    ledger = inbox_hub().archive
    before = await query(ledger.head)
    for user in users:
        one = await query(notice, user)
        await query(mark_read, user=user, ids=[one.pk], at=timezone.now())
    until = await query(ledger.head)
    queries.clear()
    news = await query(ledger.news, before, until, [user.pk for user in users])

    assert (len(news.items), len(news.marked)) == (count, count)
    assert len(queries) == 5
