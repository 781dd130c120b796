"""Notifications of unread messages in private rooms."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connections
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from mainapp.accounts.models import User
from mainapp.accounts.services.blocking import block_user
from mainapp.accounts.services.preferences import save_preferences
from mainapp.core.tests.threads import in_threads
from mainapp.forum.models import Message, Participant
from mainapp.forum.services.chats import leave_room, remove_person
from mainapp.forum.services.marks import mark_room_read, mute_room
from mainapp.forum.services.messages import delete_message, post_message
from mainapp.forum.services.talk import GRACE, ensure_talk, notify_talk
from mainapp.forum.tests.factories import make_direct, make_group
from mainapp.notifications.models import Channel, Delivery, Notification
from mainapp.notifications.selectors.inbox import inbox_of, unread_count
from mainapp.notifications.services.delivering import Round
from mainapp.notifications.services.inbox import mark_read
from mainapp.notifications.tests.factories import channel


def say(room, author, body="oi"):
    return post_message(room_pk=room.pk, author=author, body=body)


def later():
    return timezone.now() + GRACE


def titles(user):
    return [row.title for row in inbox_of(user)]


def test_unread_messages_of_a_room_are_one_line_with_their_number(alice, bob):
    group, direct = make_group(alice, bob, name="Estudos"), make_direct(alice, bob)
    say(group, alice)
    say(group, alice)
    say(direct, alice)

    assert notify_talk(at=later()) == 2
    assert titles(bob) == ["1 mensagem nova de alice", "2 mensagens novas em Estudos"]
    assert notify_talk(at=later()) == 0
    say(group, alice)
    assert notify_talk(at=later()) == 1
    assert titles(bob) == ["3 mensagens novas em Estudos", "1 mensagem nova de alice"]
    assert titles(alice) == []


def test_channels_get_only_the_first_line_until_it_is_read(alice, bob, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "none"
    room = make_group(alice, bob)
    channel(bob, address="bob@example.org")
    for _ in range(2):
        say(room, alice)
        notify_talk(at=later())
    assert Delivery.objects.filter(address="bob@example.org").count() == 1

    mark_room_read(room_pk=room.pk, user=bob, seq=2)
    say(room, alice)
    notify_talk(at=later())
    assert Delivery.objects.filter(address="bob@example.org").count() == 2


def test_a_message_read_in_time_is_not_notified(alice, bob):
    room = make_group(alice, bob)
    say(room, alice)
    assert notify_talk(at=timezone.now()) == 0  # the room may be open in front of Bob
    mark_room_read(room_pk=room.pk, user=bob, seq=1)

    assert notify_talk(at=later()) == 0


def test_reading_the_room_reads_its_line(alice, bob):
    room = make_group(alice, bob)
    say(room, alice)
    notify_talk(at=later())
    assert unread_count(bob) == 1
    mark_room_read(room_pk=room.pk, user=bob, seq=1)

    assert unread_count(bob) == 0


@pytest.mark.parametrize("reason", ["deleted", "left", "removed", "blocked", "deactivated"])
def test_nobody_is_notified_of_messages_that_are_gone(alice, bob, reason):
    room = make_group(alice, bob)
    say(room, alice)
    if reason == "deleted":
        delete_message(room_pk=room.pk, seq=1, actor=alice)
    elif reason == "left":
        leave_room(room_pk=room.pk, user=bob)
    elif reason == "removed":
        remove_person(room_pk=room.pk, actor=alice, user_pk=bob.pk)
    elif reason == "blocked":
        block_user(blocker=bob, blocked=alice, at=timezone.now())
    else:
        User.objects.filter(pk=bob.pk).update(is_active=False)

    assert notify_talk(at=later()) == 0
    assert titles(bob) == []


def test_muted_rooms_are_passed_over_for_good(alice, bob):
    room = make_group(alice, bob)
    mute_room(room_pk=room.pk, user=bob, until=timezone.now() + timedelta(hours=1))
    say(room, alice)
    assert notify_talk(at=later()) == 0
    mute_room(room_pk=room.pk, user=bob, until=None)
    assert notify_talk(at=later()) == 0
    say(room, alice)

    assert notify_talk(at=later()) == 1
    assert titles(bob) == ["2 mensagens novas em Grupo"]


def test_system_messages_notify_nobody(alice, bob):
    carol = User.objects.create_user("carol")
    room = make_group(alice, bob, carol)
    leave_room(room_pk=room.pk, user=carol)
    Message.objects.update(sent_at=timezone.now())

    assert notify_talk(at=later()) == 0


@pytest.mark.django_db(transaction=True)
def test_concurrent_runs_notify_once():
    alice, bob = (User.objects.create_user(name) for name in ("alice", "bob"))
    say(make_group(alice, bob), alice)
    at = later()

    counts = in_threads([lambda: notify_talk(at=at) for _ in range(4)])

    assert sorted(counts) == [0, 0, 0, 1]
    assert titles(bob) == ["1 mensagem nova em Grupo"]
    connections.close_all()


def test_schedule_is_created_once(db):
    ensure_talk()
    ensure_talk()

    assert PeriodicTask.objects.filter(task="notify_talk").count() == 1


def test_an_old_room_is_not_searched(alice, bob):
    room = make_group(alice, bob)
    say(room, alice)

    assert notify_talk(at=timezone.now() + timedelta(days=2)) == 0
    assert Participant.objects.get(user=bob).notified_seq == 0


def send_due():
    """Send the due mails; return their subjects."""
    Delivery.objects.update(due_at=timezone.now())
    sent = []
    transport = SimpleNamespace(send=lambda message: sent.append(message.subject))
    Round(dict.fromkeys([*Channel.Kind.values, "inapp"], transport)).run()
    return sent


@pytest.fixture
def reachable(bob, settings):
    """Let bob be reached by e-mail."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "none"
    channel(bob, address="bob@example.org")
    return bob


@pytest.mark.parametrize("reason", ["", "read", "deleted", "left", "muted", "blocked"])
def test_a_waiting_mail_is_sent_only_while_its_messages_are_unread(
    transactional_db, alice, reachable, reason
):
    room = make_group(alice, reachable)
    say(room, alice)
    notify_talk(at=later())
    if reason == "read":
        mark_room_read(room_pk=room.pk, user=reachable, seq=1)
    elif reason == "deleted":
        delete_message(room_pk=room.pk, seq=1, actor=alice)
    elif reason == "left":
        leave_room(room_pk=room.pk, user=reachable)
    elif reason == "muted":
        mute_room(room_pk=room.pk, user=reachable, until=later() + timedelta(hours=1))
    elif reason == "blocked":
        block_user(blocker=reachable, blocked=alice, at=timezone.now())

    assert send_due() == ([] if reason else ["1 mensagem nova em Grupo · Pregão"])
    states = set(Delivery.objects.values_list("state", flat=True))
    assert states == {"cancelled" if reason else "sent"}


@pytest.mark.parametrize("reason", ["", "seen", "deleted", "left", "blocked"])
def test_a_waiting_mention_is_sent_only_while_its_message_is_readable(
    transactional_db, alice, reachable, reason
):
    room = make_group(alice, reachable)
    say(room, alice, "@bob, veja")
    if reason == "seen":
        mark_read(user=reachable, ids=None, at=timezone.now())
    elif reason == "deleted":
        delete_message(room_pk=room.pk, seq=1, actor=alice)
    elif reason == "left":
        leave_room(room_pk=room.pk, user=reachable)
    elif reason == "blocked":
        block_user(blocker=reachable, blocked=alice, at=timezone.now())

    assert send_due() == ([] if reason else ["alice citou você em Grupo · Pregão"])


def test_a_preference_keeps_names_of_people_and_rooms_out_of_mails(alice, reachable):
    save_preferences(user=reachable, hides_talk_in_mails=True)
    room = make_group(alice, reachable, name="Segredo")
    say(room, alice, "@bob, veja")
    notify_talk(at=later())

    letters = Delivery.objects.filter(address="bob@example.org")
    assert [letter.subject for letter in letters.order_by("pk")] == [
        "Citaram você numa conversa · Pregão",
        "1 mensagem nova · Pregão",
    ]
    for letter in letters:
        assert "Segredo" not in f"{letter.text}{letter.html}{letter.headers}{letter.message_id}"
        assert "alice" not in f"{letter.text}{letter.html}{letter.headers}{letter.message_id}"
    assert titles(reachable) == ["1 mensagem nova em Segredo", "alice citou você em Segredo"]


def test_a_person_who_left_keeps_no_notice_of_the_room(alice, reachable):
    room = make_group(alice, reachable, name="Segredo")
    say(room, alice, "@bob, veja")
    notify_talk(at=later())
    leave_room(room_pk=room.pk, user=reachable)

    assert titles(reachable) == []
    letters = Delivery.objects.filter(user=reachable)
    assert {letter.state for letter in letters} == {"cancelled"}
    for row in (*letters, *Notification.objects.filter(user=reachable)):
        assert "Segredo" not in str(vars(row))
        assert "alice" not in str(vars(row))


def test_blocking_removes_the_lines_of_the_blocked_alone(alice, bob, carla):
    direct, group, other = make_direct(alice, bob), make_group(alice, bob), make_direct(bob, carla)
    crowd = make_group(bob, alice, carla, name="Turma")
    for room, author in ((direct, alice), (group, alice), (other, carla), (crowd, alice)):
        say(room, author)
    say(crowd, carla)
    assert notify_talk(at=later()) >= 4
    read = [row.pk for row in inbox_of(bob) if row.url == direct_url(direct)]
    mark_read(user=bob, ids=read, at=timezone.now())

    block_user(blocker=bob, blocked=alice, at=timezone.now())

    assert {row.url for row in inbox_of(bob)} == {direct_url(other), direct_url(crowd)}
    assert unread_count(bob) == 2


def direct_url(room):
    return f"/conversa/{room.pk}/"


def test_hiding_a_direct_room_reads_its_line(alice, bob):
    room = make_direct(alice, bob)
    say(room, alice)
    notify_talk(at=later())
    leave_room(room_pk=room.pk, user=bob)

    assert unread_count(bob) == 0


def test_answering_a_room_reads_its_line(alice, bob):
    room = make_direct(alice, bob)
    say(room, alice)
    notify_talk(at=later())
    say(room, bob)

    assert unread_count(bob) == 0


def test_a_line_goes_with_its_last_message(alice, bob, carla):
    room = make_group(alice, bob, carla)
    for _ in range(2):
        say(room, alice)
    notify_talk(at=later())
    delete_message(room_pk=room.pk, seq=1, actor=alice)
    assert (unread_count(bob), unread_count(carla)) == (1, 1)
    mark_room_read(room_pk=room.pk, user=carla, seq=2)
    say(room, carla)
    delete_message(room_pk=room.pk, seq=2, actor=alice)
    delete_message(room_pk=room.pk, seq=3, actor=carla)

    assert (titles(bob), unread_count(bob)) == ([], 0)
