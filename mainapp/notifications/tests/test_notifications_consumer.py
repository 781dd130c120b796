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
def poll():
    """Return a function that makes the hub poll immediately, as a hint would."""

    async def poll_hub():
        await inbox_hub().poll()

    return poll_hub


def ids(frame):
    return [item["id"] for item in frame["items"]]


async def test_anonymous_socket_is_closed_with_login_required(inbox):
    async with inbox() as socket:
        assert await socket.closed() == 4401


async def test_first_frame_is_a_snapshot(inbox, alice, bob):
    await query(notice, bob, title="de outro")
    first = await query(notice, alice, body="R$ 36,00", url="/alerts/")
    second = await query(notice, None, kind="platform", title="Manutenção")
    await query(mark_read, user=alice, ids=[first.pk], at=timezone.now())
    async with inbox(alice) as socket:
        frame = await socket.next()
    assert frame == {
        "type": "snapshot",
        "unread": 1,
        "rooms_unread": 0,
        "last_id": second.pk,
        "items": [
            {
                "id": second.pk,
                "kind": "platform",
                "title": "Manutenção",
                "body": "",
                "url": "",
                "created_at": frame["items"][0]["created_at"],
                "is_read": False,
                "is_platform": True,
            },
            {
                "id": first.pk,
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


async def test_empty_inbox_has_last_id_zero(inbox, alice):
    async with inbox(alice) as socket:
        frame = await socket.next()
    assert frame.pop("rooms_unread") == 0
    assert frame == {"type": "snapshot", "unread": 0, "last_id": 0, "items": []}


async def test_snapshot_lists_twenty_items_and_counts_all(inbox, alice):
    many = await query(notify_many, notices=[Notice(user_id=alice.pk, kind="a", title="t")] * 25)
    async with inbox(alice) as socket:
        frame = await socket.next()
    assert frame["unread"] == 25
    assert ids(frame) == [row.pk for row in reversed(many[5:])]


async def test_new_notification_reaches_each_tab_of_its_user_once(inbox, alice, bob, poll):
    async with inbox(alice) as first_tab, inbox(alice) as second_tab, inbox(bob) as bobs:
        for socket in (first_tab, second_tab, bobs):
            await socket.next("snapshot")
        row = await query(notice, alice)
        await poll()
        for socket in (first_tab, second_tab):
            frame = await socket.next()
            assert (frame["type"], frame["id"], frame["is_read"]) == (
                "notification", row.pk, False,
            )  # fmt: skip
        everybodys = await query(notice, None)
        await poll()
        await poll()
        for socket in (first_tab, second_tab, bobs):
            assert (await socket.next())["id"] == everybodys.pk
            assert await socket.request({"type": "ping"}) == {"type": "pong"}


async def test_hint_after_commit_delivers_immediately(inbox, alice, monkeypatch):
    monkeypatch.setattr(hub, "POLL_S", 60)
    async with inbox(alice) as socket:
        await socket.next("snapshot")
        await query(notice, alice)
        assert (await socket.next("notification", timeout=1.5))["title"] == "PETR4 caiu"


async def test_lost_hint_is_compensated_by_polling(inbox, alice, no_hints):
    async with inbox(alice) as socket:
        await socket.next("snapshot")
        await query(notice, alice)
        assert (await socket.next("notification"))["title"] == "PETR4 caiu"


async def test_new_notification_arrives_while_redis_is_away(inbox, alice, monkeypatch):
    async def away(*arguments, **options):
        raise redis.ConnectionError("away")

    monkeypatch.setattr(hub, "POLL_S", 0.05)
    monkeypatch.setattr("channels_redis.pubsub.RedisPubSubLoopLayer.group_send", away)
    monkeypatch.setattr(core_hub, "RETRY_S", 0.05)
    async with inbox(alice) as socket:
        await socket.next("snapshot")
        await query(notice, alice)
        assert (await socket.next("notification"))["title"] == "PETR4 caiu"


async def test_poll_of_open_inboxes_costs_one_query(inbox, alice, bob, poll, queries):
    async with inbox(alice) as alices, inbox(bob) as bobs:
        await alices.next("snapshot")
        await bobs.next("snapshot")
        queries.clear()
        await poll()
        assert queries == [sql for sql in queries if "max(id)" in sql]
        assert len(queries) <= 2  # this poll, and perhaps the periodic one


async def test_read_mark_reaches_all_tabs_of_its_user(inbox, alice, bob, poll):
    first, second = [await query(notice, alice) for _ in range(2)]
    others = await query(notice, bob)
    async with inbox(alice) as tab, inbox(alice) as other_tab, inbox(bob) as bobs:
        for socket in (tab, other_tab, bobs):
            await socket.next("snapshot")
        request = {"type": "mark_read", "ids": [first.pk, others.pk, 10**9], "id": "a"}
        assert await tab.request(request) == {
            "type": "read",
            "ids": [first.pk],
            "unread": 1,
            "id": "a",
        }
        await poll()
        assert await other_tab.next() == {"type": "read", "ids": [first.pk], "unread": 1}

        everything = await tab.request({"type": "mark_read", "ids": "all"})
        assert everything == {"type": "read", "ids": [second.pk], "unread": 0}
        await poll()
        assert await other_tab.next() == everything
        for socket in (tab, bobs):
            assert await socket.request({"type": "ping"}) == {"type": "pong"}
    assert await query(unread_count, bob) == 1


async def test_marking_twice_has_the_same_answer(inbox, alice):
    first = await query(notice, alice)
    async with inbox(alice) as tab:
        await tab.next("snapshot")
        answers = [await tab.request({"type": "mark_read", "ids": [first.pk]}) for _ in range(2)]
    assert answers == [{"type": "read", "ids": [first.pk], "unread": 0}] * 2
    assert await query(Mark.objects.count) == 1


async def test_deleted_notification_is_removed_from_every_tab(inbox, alice, poll):
    first, second = [await query(notice, alice) for _ in range(2)]
    async with inbox(alice) as tab:
        await tab.next("snapshot")
        await query(delete_notifications, user=alice, ids=[first.pk], at=timezone.now())
        await poll()
        assert await tab.next() == {"type": "deleted", "ids": [first.pk], "unread": 1}
    async with inbox(alice) as tab:
        assert ids(await tab.next()) == [second.pk]


async def test_resume_sends_missed_notifications_then_a_snapshot(inbox, alice, bob):
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
async def test_malformed_frame_is_an_invalid_error(inbox, alice, frame):
    async with inbox(alice) as tab:
        await tab.next("snapshot")
        error = await tab.request({**frame, "id": "x"})
        assert (error["type"], error["code"], error["id"]) == ("error", "invalid", "x")
        assert list(error["fields"]) == [["ids"], ["after"]][frame["type"] == "resume"]


async def test_frames_held_during_a_snapshot_are_sent_once(alice):
    frames = []

    async def send(message):
        frames.append(message["text"])

    tab = InboxSocket(alice.pk, send, overflow=lambda: None)
    for number, frame in ((5, "in the snapshot"), (0, "read"), (6, "new")):
        tab.write_change(frame.encode(), number)
    await tab.drained()
    assert frames == []
    tab.release(5)
    tab.write_change(b"later", 7)
    await tab.drained()

    assert frames == ["read", "new", "later"]


async def test_tab_that_does_not_read_is_closed(inbox, alice):
    blocked, frames, closed = asyncio.Event(), [], []

    async def stuck(message):
        frames.append(message)
        await blocked.wait()

    slow = InboxSocket(alice.pk, stuck, overflow=lambda: closed.append(True))
    slow.release(0)
    for number in range(MAX_WAITING + 5):
        slow.write_change(b"{}", number)
    assert closed == [] or len(frames) <= 1
    await asyncio.sleep(0)
    assert len(frames) == 1
    assert closed
    slow.close()
    await asyncio.sleep(0)


async def test_unread_counts_equal_the_count_of_each_user(alice, bob):
    rows = [await query(notice, user) for user in (alice, None, alice, None)]
    await query(mark_read, user=alice, ids=[rows[0].pk, rows[1].pk], at=timezone.now())
    await query(delete_notifications, user=alice, ids=[rows[0].pk], at=timezone.now())
    counts = {user.pk: await query(unread_count, user) for user in (alice, bob)}

    assert await query(unread_counts, [alice.pk, bob.pk]) == counts == {alice.pk: 2, bob.pk: 2}


@pytest.mark.parametrize("count", [3, 30])
async def test_news_of_any_number_of_users_cost_five_queries(alice, count, queries):
    users = await query(User.objects.bulk_create, [User(username=f"u{n}") for n in range(count)])
    archive = inbox_hub().archive
    before = await query(archive.latest_ids)
    for user in users:
        row = await query(notice, user)
        await query(mark_read, user=user, ids=[row.pk], at=timezone.now())
    until = await query(archive.latest_ids)
    queries.clear()
    changes = await query(archive.changes, before, until, [user.pk for user in users])

    assert (len(changes.items), len(changes.marked)) == (count, count)
    assert len(queries) == 5
