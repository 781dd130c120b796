"""Suspensions, limits of new accounts and filtered words."""

from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.urls import reverse
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.policies import NewAccount, Suspended
from mainapp.core.exceptions import DomainError
from mainapp.core.realtime import query
from mainapp.forum.exceptions import Invalid
from mainapp.forum.models import Room
from mainapp.forum.services.chats import add_people, open_chat, rename_room
from mainapp.forum.services.marks import react
from mainapp.forum.services.messages import delete_message, edit_message, post_message
from mainapp.forum.services.moderation import close_room, filter_words, mute_participant
from mainapp.forum.services.rooms import create_room, delete_room, update_room
from mainapp.forum.tests.factories import make_direct, make_group
from mainapp.moderation.models import LogEntry
from mainapp.moderation.services.complaints import decide_case
from mainapp.moderation.services.suspensions import end_suspension, suspend_user
from mainapp.uploads.services.uploads import store_upload

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def suspend(user, actor, days=7, **fields):
    return suspend_user(user=user, actor=actor, days=days, at=timezone.now(), **fields)


def test_suspended_user_only_reads_everywhere_until_the_end(
    room, alice, bob, carla, support, time_machine
):
    direct, group = make_direct(alice, bob), make_group(bob, alice)
    post_message(room_pk=room.pk, author=bob, body="oi")
    stale = User.objects.get(pk=bob.pk)  # as an open socket knows it
    suspend(bob, support)

    attempts = [
        *(
            lambda pk=each.pk: post_message(room_pk=pk, author=stale, body="a")
            for each in (room, direct, group)
        ),
        lambda: edit_message(room_pk=room.pk, seq=1, author=stale, body="b"),
        lambda: react(room_pk=room.pk, seq=1, user=stale, emoji="👍", is_on=True),
        lambda: open_chat(user=bob, user_ids=[carla.pk]),
        lambda: add_people(room_pk=group.pk, actor=bob, user_ids=[carla.pk]),
        lambda: rename_room(room_pk=group.pk, actor=bob, name="x"),
        lambda: create_room(host=bob, name="x"),
        lambda: update_room(room_pk=room.pk, actor=bob, name="x"),
        lambda: store_upload(owner=bob, name="a.csv", data=b"a", at=timezone.now()),
    ]
    for attempt in attempts:
        with pytest.raises(Suspended) as refused:
            attempt()
    assert (refused.value.code, refused.value.status) == ("suspended", 403)
    assert "até" in str(refused.value)
    delete_message(room_pk=room.pk, seq=1, actor=stale)  # one's own words may always go

    time_machine.move_to(timezone.now() + timedelta(days=7, minutes=1))
    assert post_message(room_pk=room.pk, author=stale, body="de volta").seq == 2


def test_suspension_is_logged_and_ended(bob, support):
    suspend(bob, support, days=3, reason="regra 1")
    for _ in range(2):
        end_suspension(user=bob, actor=support, at=timezone.now())

    bob.refresh_from_db()
    assert (bob.suspended_until, bob.suspension_reason) == (None, "")
    entries = LogEntry.objects.order_by("pk").values_list("action", "actor", "target", "detail")
    assert list(entries) == [
        ("suspend", support.pk, bob.pk, "3 d regra 1"),
        ("unsuspend", support.pk, bob.pk, ""),
    ]


def test_only_admins_suspend_staff_and_nobody_themselves(alice, bob, support, admin):
    for actor, user in ((alice, bob), (support, support), (support, admin), (admin, admin)):
        with pytest.raises(DomainError):
            suspend(user, actor)
    for days in (0, -1, 10_000):
        with pytest.raises(DomainError):
            suspend(bob, support, days)
    suspend(support, admin)
    assert LogEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
async def test_open_socket_of_a_suspended_user_reconnects_without_the_right_to_write(
    websocket, room, bob, support
):
    url = f"/ws/room/{room.pk}/"
    async with websocket(url, bob) as socket:
        assert "send" in (await socket.next("room"))["may"]
        await query(suspend, bob, support)
        assert await socket.closed() == 1012
    await sync_to_async(bob.refresh_from_db)()
    async with websocket(url, bob) as socket:
        assert (await socket.next("room"))["may"] == ["delete", "report"]
        await socket.send({"type": "send", "body": "oi", "id": 1})
        error = await socket.next("error")
        assert (error["code"], "until" in error) == ("suspended", True)
        await socket.send({"type": "typing"})
        assert (await socket.next("error"))["code"] == "suspended"


def test_new_account_sends_no_links_and_files_and_opens_no_chat(
    room, alice, bob, settings, time_machine
):
    settings.NEW_ACCOUNT_DAYS = 3
    direct = make_direct(alice, bob)
    post_message(room_pk=room.pk, author=bob, body="oi, $PETR4")
    attempts = [
        lambda: post_message(room_pk=room.pk, author=bob, body="veja https://example.org"),
        lambda: post_message(room_pk=room.pk, author=bob, body="[aqui](http://example.org)"),
        lambda: post_message(room_pk=room.pk, author=bob, body="<mailto:a@example.org>"),
        lambda: post_message(
            room_pk=room.pk, author=bob, kind="link", content={"url": "https://example.org"}
        ),
        lambda: edit_message(room_pk=room.pk, seq=1, author=bob, body="https://example.org"),
        lambda: open_chat(user=bob, user_ids=[User.objects.create_user("dora").pk]),
        lambda: open_chat(user=bob, user_ids=[alice.pk], name="Grupo"),
        lambda: store_upload(owner=bob, name="a.csv", data=b"a", at=timezone.now()),
    ]
    for attempt in attempts:
        with pytest.raises(NewAccount):
            attempt()
    # Who was written to may answer.
    assert open_chat(user=bob, user_ids=[alice.pk]) == (direct, False)
    post_message(room_pk=direct.pk, author=bob, body="oi")

    time_machine.move_to(timezone.now() + timedelta(days=3, minutes=1))
    post_message(room_pk=room.pk, author=bob, body="veja https://example.org")


def test_staff_and_sites_without_the_setting_have_no_limit_of_new_accounts(
    room, bob, support, settings
):
    post_message(room_pk=room.pk, author=bob, body="https://example.org")
    settings.NEW_ACCOUNT_DAYS = 3
    post_message(room_pk=room.pk, author=support, body="https://example.org")


@pytest.mark.parametrize(
    "text", ["Que MALANDRÓ!", "malandro", "ma\u00adlandro", "o lucro   garantido.", "**malandro**"]
)
def test_filtered_words_are_refused_whatever_their_form(room, alice, bob, text):
    post_message(room_pk=room.pk, author=bob, body="oi")
    filter_words(room_pk=room.pk, actor=alice, words=" malandro \n\nLucro garantido\nmalandro")
    assert Room.objects.get().filtered_words == "malandro\nLucro garantido"

    with pytest.raises(Invalid, match="Esta sala não aceita"):
        post_message(room_pk=room.pk, author=bob, body=text)
    with pytest.raises(Invalid):
        edit_message(room_pk=room.pk, seq=1, author=bob, body=text)
    content = {"url": "https://example.org", "title": text}
    with pytest.raises(Invalid):
        post_message(room_pk=room.pk, author=bob, kind="link", content=content)
    assert post_message(room_pk=room.pk, author=bob, body="malandros lucram").seq == 2
    assert LogEntry.objects.get().detail == "2"


def test_filter_is_set_by_moderators_and_holds_in_its_room_only(room, alice, bob):
    other = create_room(host=alice, name="Outra")
    with pytest.raises(DomainError):
        filter_words(room_pk=room.pk, actor=bob, words="x")
    filter_words(room_pk=room.pk, actor=alice, words="golpe")

    post_message(room_pk=other.pk, author=bob, body="golpe")
    with pytest.raises(Invalid):
        post_message(room_pk=room.pk, author=alice, body="golpe")


def test_suspended_moderators_change_no_room_and_no_ones_messages(room, alice, bob, support):
    post_message(room_pk=room.pk, author=bob, body="oi")
    suspend(alice, support)  # the room's host
    host = User.objects.get(pk=alice.pk)

    for attempt in (
        lambda: mute_participant(room_pk=room.pk, user=bob, actor=host),
        lambda: close_room(room_pk=room.pk, actor=host),
        lambda: filter_words(room_pk=room.pk, actor=host, words="oi"),
        lambda: delete_room(room_pk=room.pk, actor=host),
        lambda: delete_message(room_pk=room.pk, seq=1, actor=host),
        lambda: decide_case(pk=1, revision=0, decision="dismissed", actor=host, at=timezone.now()),
    ):
        with pytest.raises(Suspended):
            attempt()
    room.refresh_from_db()
    assert (room.is_closed, room.filtered_words) == (False, "")


@pytest.mark.parametrize("name", ["close-room", "reopen-room", "delete-room"])
def test_pages_of_a_suspended_host_say_why(client, room, alice, support, name):
    suspend(alice, support)
    client.force_login(User.objects.get(pk=alice.pk))

    answer = client.post(reverse(name, args=[room.pk]), follow=True).content.decode()

    assert "está suspensa até" in answer
    assert "foi apagada" not in answer


def test_pages_tell_a_suspended_host_why_nothing_changed(client, room, alice, bob, support):
    group = make_group(alice, bob, name="Bancos")
    suspend(alice, support)
    client.force_login(User.objects.get(pk=alice.pk))

    changed = client.post(reverse("update-room", args=[room.pk]), {"name": "Outra"})
    removed = client.post(
        reverse("remove-from-conversation", args=[group.pk]), {"user": bob.pk}, follow=True
    )

    for answer in (changed, removed):
        assert "está suspensa até" in answer.content.decode()
    room.refresh_from_db()
    assert (room.name, group.participants.filter(left_at=None).count()) == ("Sala", 2)
