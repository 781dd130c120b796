from uuid import uuid4

import pytest
from django.db import close_old_connections

from mainapp.accounts.models import Preferences, User
from mainapp.core.limits import RateLimited
from mainapp.core.models import Usage
from mainapp.core.tests.threads import in_threads
from mainapp.forum.exceptions import (
    Closed,
    Forbidden,
    Invalid,
    LoginRequired,
    Muted,
    TooLong,
)
from mainapp.forum.models import Message, Participant, Room
from mainapp.forum.policies import clean_body
from mainapp.forum.services.messages import delete_message, edit_message, post_message
from mainapp.forum.services.moderation import (
    close_room,
    mute_participant,
    reopen_room,
    unmute_participant,
)
from mainapp.forum.services.rooms import create_room, delete_room, update_room
from mainapp.forum.signals import room_changed
from mainapp.forum.tests.factories import RoomFactory
from mainapp.market.tests.factories import StockFactory
from mainapp.moderation.models import LogEntry
from mainapp.notifications.models import Delivery, Notification
from mainapp.notifications.tests.factories import channel

Action = LogEntry.Action


@pytest.fixture
def charlie(db):
    return User.objects.create_user("charlie")


@pytest.fixture
def support(db):
    return User.objects.create_user("support", access_level=User.Access.SUPPORT)


@pytest.fixture
def room(alice):
    return create_room(host=alice, name="Sala")


def log():
    columns = ("action", "actor__username", "target__username", "place", "detail")
    return list(LogEntry.objects.order_by("pk").values_list(*columns))


# Numbers -------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_numbers_have_no_gaps_or_duplicates_under_twenty_writers():
    rooms = [RoomFactory(), RoomFactory()]
    writers = [User.objects.create_user(f"w{n}") for n in range(20)]

    def write(n):
        close_old_connections()
        for turn in range(4):
            post_message(room_pk=rooms[(n + turn) % 2].pk, author=writers[n], body="oi")
            if turn == 2:
                with pytest.raises(Closed):  # a number that is rolled back
                    post_message(room_pk=closed.pk, author=writers[n], body="oi")

    closed = RoomFactory(is_closed=True)
    assert in_threads([lambda n=n: write(n) for n in range(20)]) == [None] * 20

    for room in rooms:
        numbers = Message.objects.filter(room=room).values_list("seq", "revision")
        assert list(numbers.order_by("seq")) == [(n, n) for n in range(1, 41)]
        room.refresh_from_db()
        assert (room.last_seq, room.revision) == (40, 40)
    closed.refresh_from_db()
    assert (closed.last_seq, closed.revision) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_concurrent_posts_with_one_client_id_make_one_message():
    room, author = RoomFactory(), User.objects.create_user("ana")
    client_id = uuid4()

    sent = in_threads(
        [
            lambda n=n: post_message(
                room_pk=room.pk, author=author, body=str(n), client_id=client_id
            )
            for n in range(10)
        ]
    )

    message = Message.objects.get()
    assert [(m.pk, m.seq, m.body) for m in sent] == [(message.pk, 1, message.body)] * 10


@pytest.mark.django_db(transaction=True)
def test_rate_limit_holds_for_concurrent_posts():
    rooms, author = [RoomFactory() for _ in range(4)], User.objects.create_user("ana")

    results = in_threads(
        [
            lambda n=n: post_message(room_pk=rooms[n % 4].pk, author=author, body=str(n))
            for n in range(16)
        ]
    )

    names = sorted(type(result).__name__ for result in results)
    assert names == ["Message"] * 10 + ["RateLimited"] * 6
    assert Message.objects.count() == 10


def test_posts_are_allowed_again_ten_seconds_after_the_first(room, bob, time_machine):
    time_machine.move_to("2026-03-10T12:00:00Z", tick=False)
    for n in range(10):
        post_message(room_pk=room.pk, author=bob, body=str(n))
    time_machine.shift(9)
    with pytest.raises(RateLimited) as caught:
        post_message(room_pk=room.pk, author=bob, body="oi")
    assert caught.value.retry_after_s == 1.0

    time_machine.shift(1)

    assert post_message(room_pk=room.pk, author=bob, body="oi").seq == 11


def test_message_sent_again_is_not_counted_again(room, bob):
    client_id = uuid4()
    for _ in range(12):
        post_message(room_pk=room.pk, author=bob, body="oi", client_id=client_id)

    assert Usage.objects.get(user=bob).count == 1


def test_deleted_rooms_count_towards_the_daily_limit(bob, settings):
    settings.ROOMS_A_DAY = 1
    delete_room(room_pk=create_room(host=bob, name="A").pk, actor=bob)

    with pytest.raises(RateLimited) as caught:
        create_room(host=bob, name="B")

    assert 86_000 < caught.value.retry_after_s <= 86_400


# Messages ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  oi \n", "oi"),
        ("a\r\nb\rc\td", "a\nb\nc\td"),
        ("a\x00b\x1b[31m\x7f\x85", "ab[31m"),
        ("abc\u202edef\u2066", "abcdef"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("\u200b\u200d", ""),
        (" \n ", ""),
        ("\ud800a", "a"),
    ],
)
def test_body_is_cleaned(text, cleaned):
    assert clean_body(text) == cleaned


@pytest.mark.parametrize(
    ("body", "error"), [("", Invalid), (" \u200b", Invalid), ("x" * 4001, TooLong)]
)
def test_body_is_checked(room, bob, body, error):
    with pytest.raises(error):
        post_message(room_pk=room.pk, author=bob, body=body)
    assert post_message(room_pk=room.pk, author=bob, body=" " + "x" * 4000 + " ").seq == 1
    with pytest.raises(error):
        edit_message(room_pk=room.pk, seq=1, author=bob, body=body)


def test_only_known_tickers_and_names_become_links(room, alice, bob):
    StockFactory(symbol="PETR4")

    html = post_message(room_pk=room.pk, author=bob, body="@Alice $PETR4 $XXXX3 @x").body_html

    assert 'data-symbol="PETR4"' in html
    assert f'href="/profile/{alice.pk}/"' in html
    assert "$XXXX3 @x" in html


def test_post_updates_the_rooms_activity_and_adds_a_participant(room, bob):
    before = room.active_at

    message = post_message(room_pk=room.pk, author=bob, body="oi")

    room.refresh_from_db()
    assert room.active_at == message.sent_at > before
    assert set(room.participants.values_list("user__username", flat=True)) == {"alice", "bob"}


def test_post_to_a_deleted_room_is_refused(bob):
    with pytest.raises(Invalid):
        post_message(room_pk=999, author=bob, body="oi")


def test_deactivated_user_cannot_write(room, bob, alice):
    message = post_message(room_pk=room.pk, author=bob, body="oi")
    User.objects.filter(pk=bob.pk).update(is_active=False)
    for call in (
        lambda: post_message(room_pk=room.pk, author=bob, body="oi"),
        lambda: edit_message(room_pk=room.pk, seq=message.seq, author=bob, body="oi"),
        lambda: delete_message(room_pk=room.pk, seq=message.seq, actor=bob),
    ):
        with pytest.raises(LoginRequired):
            call()


def test_only_the_author_can_edit(room, alice, bob, support):
    post_message(room_pk=room.pk, author=bob, body="a")

    edited = edit_message(room_pk=room.pk, seq=1, author=bob, body="b")
    assert (edited.body, edited.body_html, edited.revision) == ("b", "<p>b</p>", 2)
    assert edited.edited_at is not None
    for other in (alice, support):
        with pytest.raises(Forbidden):
            edit_message(room_pk=room.pk, seq=1, author=other, body="c")
    room.refresh_from_db()
    assert (room.last_seq, room.revision) == (1, 2)


def test_own_deletion_is_not_logged(room, bob):
    post_message(room_pk=room.pk, author=bob, body="segredo")

    delete_message(room_pk=room.pk, seq=1, actor=bob)

    message = Message.objects.get()
    assert (message.seq, message.body, message.body_html) == (1, "", "")
    assert message.deleted_at is not None
    assert log() == []


@pytest.mark.parametrize("moderator", ["alice", "support"])
def test_deletion_by_a_moderator_is_logged_without_the_text(
    room, alice, bob, support, charlie, moderator
):
    post_message(room_pk=room.pk, author=bob, body="x" * 300)
    with pytest.raises(Forbidden):
        delete_message(room_pk=room.pk, seq=1, actor=charlie)

    for _ in range(2):
        actor = {"alice": alice, "support": support}[moderator]
        delete_message(room_pk=room.pk, seq=1, actor=actor)

    assert log() == [("delete_message", moderator, "bob", "Sala", "#1")]
    assert Message.objects.get().body == ""


# Moderation ----------------------------------------------------------------------------------


def test_muted_user_reads_only(room, alice, bob):
    post_message(room_pk=room.pk, author=bob, body="a")

    for _ in range(2):
        mute_participant(room_pk=room.pk, user=bob, actor=alice)
    with pytest.raises(Muted):
        post_message(room_pk=room.pk, author=bob, body="b")
    with pytest.raises(Muted):
        edit_message(room_pk=room.pk, seq=1, author=bob, body="b")
    delete_message(room_pk=room.pk, seq=1, actor=bob)
    with pytest.raises(Forbidden):
        unmute_participant(room_pk=room.pk, user=bob, actor=bob)

    unmute_participant(room_pk=room.pk, user=bob, actor=alice)
    assert post_message(room_pk=room.pk, author=bob, body="b").seq == 2
    assert log() == [("mute", "alice", "bob", "Sala", ""), ("unmute", "alice", "bob", "Sala", "")]


def test_user_who_never_wrote_can_be_muted(room, alice, charlie):
    mute_participant(room_pk=room.pk, user=charlie, actor=alice)

    with pytest.raises(Muted):
        post_message(room_pk=room.pk, author=charlie, body="a")


def test_hosts_cannot_mute_staff_and_nobody_mutes_themselves(room, alice, bob, support):
    admin = User.objects.create_user("admin", access_level=User.Access.ADMIN)
    for actor, user in ((alice, support), (alice, alice), (bob, alice), (support, support)):
        with pytest.raises(Forbidden):
            mute_participant(room_pk=room.pk, user=user, actor=actor)
    assert log() == []

    mute_participant(room_pk=room.pk, user=alice, actor=support)
    with pytest.raises(Forbidden):
        unmute_participant(room_pk=room.pk, user=alice, actor=alice)
    mute_participant(room_pk=room.pk, user=support, actor=admin)
    assert Participant.objects.filter(is_muted=True).count() == 2


def test_closed_room_accepts_no_messages(room, alice, bob, support):
    post_message(room_pk=room.pk, author=bob, body="a")
    for _ in range(2):
        close_room(room_pk=room.pk, actor=alice)

    for author in (alice, bob, support):
        with pytest.raises(Closed):
            post_message(room_pk=room.pk, author=author, body="b")
    with pytest.raises(Closed):
        edit_message(room_pk=room.pk, seq=1, author=bob, body="b")

    reopen_room(room_pk=room.pk, actor=support)
    assert post_message(room_pk=room.pk, author=bob, body="b").seq == 2
    assert log() == [("close", "alice", None, "Sala", ""), ("reopen", "support", None, "Sala", "")]


def test_strangers_cannot_moderate(room, bob, charlie):
    post_message(room_pk=room.pk, author=bob, body="a")
    calls = [
        lambda: mute_participant(room_pk=room.pk, user=bob, actor=charlie),
        lambda: unmute_participant(room_pk=room.pk, user=bob, actor=charlie),
        lambda: close_room(room_pk=room.pk, actor=charlie),
        lambda: reopen_room(room_pk=room.pk, actor=charlie),
        lambda: update_room(room_pk=room.pk, actor=charlie, name="x"),
        lambda: delete_room(room_pk=room.pk, actor=charlie),
    ]
    for call in calls:
        with pytest.raises(Forbidden):
            call()
    room.refresh_from_db()
    assert (room.name, room.revision, log()) == ("Sala", 1, [])


# Rooms ---------------------------------------------------------------------------------------


def test_room_is_created_changed_and_deleted(alice, bob, support):
    stock = StockFactory(symbol="PETR4")
    room = create_room(host=alice, name="A", topic="t", description="d", stock=stock)
    assert (room.last_seq, room.created_at) == (0, room.active_at)

    update_room(room_pk=room.pk, actor=support, name="B")
    room.refresh_from_db()
    assert (room.name, room.topic, room.description, room.stock) == ("B", "", "", None)

    post_message(room_pk=room.pk, author=bob, body="a")
    delete_room(room_pk=room.pk, actor=alice)
    assert not Room.objects.exists()
    assert not Message.objects.exists()
    assert log() == [("delete_room", "alice", "alice", "B", "")]


def test_changes_are_announced_only_after_the_commit(
    room, alice, bob, django_capture_on_commit_callbacks
):
    received = []

    def receive(room_pk, revision, rules_revision, **_):
        received.append((room_pk, revision, rules_revision))

    room_changed.connect(receive)
    with django_capture_on_commit_callbacks() as callbacks:
        post_message(room_pk=room.pk, author=bob, body="a")
        mute_participant(room_pk=room.pk, user=bob, actor=alice)
        delete_room(room_pk=room.pk, actor=alice)
        assert received == []
    for callback in callbacks:
        callback()

    assert received == [(room.pk, 1, 0), (room.pk, 2, 2), (room.pk, 3, 3)]


# Mentions ------------------------------------------------------------------------------------


def mentions():
    rows = Notification.objects.filter(kind="mention").order_by("user__username")
    return [(row.user.username, row.title, row.url) for row in rows]


def test_mentioned_user_is_notified_once_with_a_link_to_the_message(room, alice, bob, charlie):
    channel(bob, address="bob@example.com")
    sent = post_message(room_pk=room.pk, author=alice, body="@bob, @Bob e @charlie.")

    url = f"/room/{room.pk}/#m{sent.seq}"
    assert mentions() == [
        ("bob", "alice citou você em Sala", url),
        ("charlie", "alice citou você em Sala", url),
    ]
    assert Delivery.objects.filter(user=bob).count() == 1


def test_an_edit_notifies_only_newly_mentioned_users(room, alice, bob, charlie):
    channel(bob, address="bob@example.com")
    sent = post_message(room_pk=room.pk, author=alice, body="@bob olha")
    for body in ("olha", "@bob e @charlie olhem", "@bob"):
        edit_message(room_pk=room.pk, seq=sent.seq, author=alice, body=body)

    assert [name for name, _title, _url in mentions()] == ["bob", "charlie"]
    assert Delivery.objects.filter(user=bob).count() == 1


@pytest.mark.parametrize(
    "body",
    [
        "eu sou @alice",
        "`@bob`",
        "```\n@bob\n```",
        "> @bob disse\n\nconcordo",
        "bob@bob.example https://example.org/@bob",
        "@bobo @nobody",
    ],
)
def test_nobody_else_is_notified(room, alice, bob, body):
    post_message(room_pk=room.pk, author=alice, body=body)

    assert mentions() == []


def test_deactivated_users_are_not_notified_and_others_up_to_twenty_per_message(room, alice, bob):
    User.objects.filter(pk=bob.pk).update(is_active=False)
    users = [User(username=f"user{n}") for n in range(25)]
    User.objects.bulk_create(users)

    post_message(room_pk=room.pk, author=alice, body=" ".join(f"@user{n}" for n in range(25)))

    assert len(mentions()) == 20


def test_a_notification_is_in_the_language_of_its_reader(room, alice, bob):
    Preferences.objects.update_or_create(user=bob, defaults={"language": "en"})

    post_message(room_pk=room.pk, author=alice, body="@bob")

    assert [title for _name, title, _url in mentions()] == ["alice mentioned you in Sala"]
