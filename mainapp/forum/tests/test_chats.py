"""Direct rooms and groups: opening them, who takes part, and who may write."""

from datetime import datetime

import pytest
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.services.blocking import block_user, unblock_user
from mainapp.core.exceptions import DomainError
from mainapp.core.limits import RateLimited
from mainapp.core.tests.threads import in_threads
from mainapp.forum.exceptions import Forbidden, Invalid, RoomGone, UnavailablePerson
from mainapp.forum.models import Message, Participant, Reaction, Room
from mainapp.forum.policies import CHANGES
from mainapp.forum.services.chats import (
    add_people,
    leave_room,
    open_chat,
    remove_person,
    rename_room,
)
from mainapp.forum.services.marks import mark_room_read, mute_room, react
from mainapp.forum.services.messages import delete_message, edit_message, post_message
from mainapp.forum.tests.factories import RoomFactory, make_direct, make_group
from mainapp.notifications.models import Notification
from mainapp.notifications.selectors.inbox import unread_count


@pytest.fixture
def carol(db):
    return User.objects.create_user("carol")


def block(blocker, blocked):
    block_user(blocker=blocker, blocked=blocked, at=timezone.now())


def say(room, author, body="oi", **options):
    return post_message(room_pk=room.pk, author=author, body=body, **options)


def seqs(room, reader):
    messages = Message.objects.filter(room=room).visible_to(reader)
    return list(messages.values_list("seq", flat=True))


def notes(room):
    rows = Message.objects.filter(room=room, kind="system")
    return list(rows.values_list("author__username", "content"))


# Opening -------------------------------------------------------------------------------------


def test_one_other_person_without_a_name_is_their_direct_room(alice, bob):
    room, is_new = open_chat(user=alice, user_ids=[bob.pk, alice.pk])

    assert (room.kind, room.host, is_new) == ("direct", None, True)
    assert open_chat(user=bob, user_ids=[alice.pk]) == (room, False)
    assert {p.user for p in room.participants.all()} == {alice, bob}


@pytest.mark.parametrize(("others", "name"), [(1, "Estudos"), (2, ""), (2, "Estudos")])
def test_a_name_or_several_people_are_a_new_group_each_time(alice, bob, carol, others, name):
    ids = [bob.pk, carol.pk][:others]
    rooms = [open_chat(user=alice, user_ids=ids, name=name) for _ in range(2)]

    assert [(room.kind, room.name, is_new) for room, is_new in rooms] == [("group", name, True)] * 2
    assert rooms[0][0] != rooms[1][0]


def test_nobody_else_and_more_than_200_people_are_invalid(alice):
    for ids in ([], [alice.pk], range(10_000, 10_200)):
        with pytest.raises(Invalid):
            open_chat(user=alice, user_ids=ids)


@pytest.mark.parametrize("reason", ["unknown", "deactivated", "blocks me", "blocked by me"])
def test_unavailable_people_are_refused_alike(alice, bob, carol, reason):
    ids = [bob.pk]
    if reason == "unknown":
        ids = [999_999]
    elif reason == "deactivated":
        User.objects.filter(pk=bob.pk).update(is_active=False)
    else:
        block(*((bob, alice) if reason == "blocks me" else (alice, bob)))
    for others in (ids, [*ids, carol.pk]):
        with pytest.raises(UnavailablePerson):
            open_chat(user=alice, user_ids=others, name="Grupo" if len(others) > 1 else "")

    assert not Room.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_twenty_parallel_requests_of_both_make_one_direct_room():
    ana, bia = (User.objects.create_user(name) for name in ("ana", "bia"))
    pairs = [(ana, bia), (bia, ana)]
    results = in_threads(
        [
            lambda n=n: open_chat(user=pairs[n % 2][0], user_ids=[pairs[n % 2][1].pk])
            for n in range(20)
        ]
    )

    room = Room.objects.get()
    assert sorted(results, key=lambda result: result[1]) == [(room, False)] * 19 + [(room, True)]
    assert Participant.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_who_opens_a_direct_room_at_the_same_time_as_the_other_has_it_in_their_list():
    people = [User.objects.create_user(f"p{n}") for n in range(12)]
    pairs = list(zip(people[::2], people[1::2], strict=True))
    in_threads(
        [
            lambda one=one, other=other: open_chat(user=one, user_ids=[other.pk])
            for pair in pairs
            for one, other in (pair, pair[::-1])
        ]
    )

    assert Room.objects.count() == len(pairs)
    assert not Participant.objects.filter(is_hidden=True).exists()


# Groups --------------------------------------------------------------------------------------


def test_added_people_read_from_then_on_and_the_call_returns_them(alice, bob, carol):
    room = make_group(alice, bob)
    say(room, bob, "antes")
    assert add_people(room_pk=room.pk, actor=alice, user_ids=[carol.pk, bob.pk]) == [carol]
    say(room, alice, "depois")

    assert (seqs(room, bob), seqs(room, carol)) == ([1, 2, 3], [2, 3])
    assert notes(room) == [("carol", {"code": "joined", "by": alice.pk})]
    assert add_people(room_pk=room.pk, actor=alice, user_ids=[carol.pk]) == []


def test_only_the_host_adds_renames_and_removes(alice, bob, carol):
    room = make_group(alice, bob)
    for call in (
        lambda actor: add_people(room_pk=room.pk, actor=actor, user_ids=[carol.pk]),
        lambda actor: rename_room(room_pk=room.pk, actor=actor, name="Outro"),
        lambda actor: remove_person(room_pk=room.pk, actor=actor, user_pk=alice.pk),
    ):
        with pytest.raises(Forbidden):
            call(bob)
        with pytest.raises(RoomGone):
            call(carol)
    room.refresh_from_db()
    assert (room.revision, room.name, seqs(room, alice)) == (0, "Grupo", [])


def test_blocked_people_cannot_be_added(alice, bob, carol):
    room = make_group(alice, bob)
    block(carol, alice)
    with pytest.raises(UnavailablePerson):
        add_people(room_pk=room.pk, actor=alice, user_ids=[carol.pk])


def test_removed_people_neither_read_nor_write(alice, bob):
    room = make_group(alice, bob)
    say(room, bob)
    remove_person(room_pk=room.pk, actor=alice, user_pk=bob.pk)

    assert seqs(room, bob) == []
    for call in (
        lambda: say(room, bob),
        lambda: edit_message(room_pk=room.pk, seq=1, author=bob, body="x"),
        lambda: delete_message(room_pk=room.pk, seq=1, actor=bob),
        lambda: react(room_pk=room.pk, seq=1, user=bob, emoji="👍", is_on=True),
        lambda: mark_room_read(room_pk=room.pk, user=bob, seq=1),
        lambda: mute_room(room_pk=room.pk, user=bob, until=None),
        lambda: leave_room(room_pk=room.pk, user=bob),
    ):
        with pytest.raises(RoomGone):
            call()
    assert Message.objects.get(seq=1).body == "oi"


def test_a_person_who_rejoins_reads_from_then_on(alice, bob):
    room = make_group(alice, bob)
    leave_room(room_pk=room.pk, user=bob)
    say(room, alice, "sem Bob")
    add_people(room_pk=room.pk, actor=alice, user_ids=[bob.pk])

    assert seqs(room, bob) == [3]
    assert [content["code"] for _user, content in notes(room)] == ["left", "joined"]


def test_the_oldest_participant_follows_a_host_who_leaves(alice, bob, carol):
    room = make_group(alice, bob)
    add_people(room_pk=room.pk, actor=alice, user_ids=[carol.pk])
    leave_room(room_pk=room.pk, user=alice)

    assert rename_room(room_pk=room.pk, actor=bob, name=" Nosso  grupo ").name == "Nosso grupo"
    bob.delete()
    assert rename_room(room_pk=room.pk, actor=carol, name="De Carol").name == "De Carol"


def test_staff_have_no_rights_in_private_rooms(alice, bob):
    admin = User.objects.create_user("root", access_level=User.Access.ADMIN)
    room = make_group(alice, bob)
    say(room, bob)
    for call in (
        lambda: say(room, admin),
        lambda: delete_message(room_pk=room.pk, seq=1, actor=admin),
        lambda: rename_room(room_pk=room.pk, actor=admin, name="x"),
    ):
        with pytest.raises(RoomGone):
            call()
    with pytest.raises(Forbidden):  # the host of a group does not delete others' messages
        delete_message(room_pk=room.pk, seq=1, actor=alice)


# Direct rooms --------------------------------------------------------------------------------


def test_a_hidden_direct_room_comes_back_with_its_next_message(alice, bob):
    room = make_direct(alice, bob)
    say(room, alice)
    leave_room(room_pk=room.pk, user=bob)
    own = Participant.objects.get(user=bob)
    assert (own.is_hidden, own.read_seq) == (True, 1)

    say(room, alice)

    own.refresh_from_db()
    assert (own.is_hidden, own.read_seq, seqs(room, bob)) == (False, 1, [1, 2])


@pytest.mark.parametrize("reason", ["deleted", "deactivated", "blocks me", "blocked by me"])
def test_nobody_writes_to_an_unavailable_person(alice, bob, reason):
    room = make_direct(alice, bob)
    say(room, bob)
    if reason == "deleted":
        bob.delete()
    elif reason == "deactivated":
        User.objects.filter(pk=bob.pk).update(is_active=False)
    else:
        block(*((bob, alice) if reason == "blocks me" else (alice, bob)))
    for call in (
        lambda: say(room, alice),
        lambda: react(room_pk=room.pk, seq=1, user=alice, emoji="👍", is_on=True),
    ):
        with pytest.raises(UnavailablePerson):
            call()

    assert seqs(room, alice) == [1]  # still there to be read


def test_an_unblocked_person_is_there_again(alice, bob):
    room = make_direct(alice, bob)
    block(bob, alice)
    unblock_user(blocker=bob, blocked=alice)

    assert say(room, alice).seq == 1


# Kinds of messages, replies, reactions -------------------------------------------------------


def test_a_link_is_stored_and_never_fetched(alice, bob):
    room = make_group(alice, bob)
    url = "https://example.com/a?b=1&c=2"
    sent = post_message(
        room_pk=room.pk, author=alice, kind="link", content={"url": url, "title": "<b>Título"}
    )

    assert (sent.kind, sent.content) == ("link", {"url": url, "title": "<b>Título"})
    assert sent.body_html == (
        '<p><a href="https://example.com/a?b=1&amp;c=2" rel="nofollow ugc noopener">'
        "&lt;b&gt;Título</a></p>"
    )


def test_a_picture_of_another_site_becomes_a_link(alice, bob):
    room = make_group(alice, bob)
    content = {"url": "http://example.com/x.png", "caption": "gráfico"}
    sent = post_message(room_pk=room.pk, author=alice, kind="image", content=content)

    assert (sent.kind, sent.content) == ("link", {"url": content["url"], "title": "gráfico"})


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("system", {"code": "joined"}),
        ("video", {"url": "https://example.com"}),
        (7, {"text": "oi"}),
        ("text", {"text": 7}),
        ("text", "oi"),
        ("link", {"url": "javascript:alert(1)"}),
        ("link", {"url": "https://"}),
        ("link", {"url": "https://exa mple.com"}),
        ("link", {"url": "https://example.com", "title": 1}),
        ("file", {"upload": 1}),
        ("image", {"upload": 1}),
    ],
)
def test_other_contents_are_invalid(alice, bob, kind, content):
    with pytest.raises(DomainError):
        post_message(room_pk=make_group(alice, bob).pk, author=alice, kind=kind, content=content)


def test_only_texts_are_edited_and_a_deleted_link_is_gone(alice, bob):
    room = make_group(alice, bob)
    post_message(room_pk=room.pk, author=alice, kind="link", content={"url": "https://e.com"})
    with pytest.raises(Forbidden):
        edit_message(room_pk=room.pk, seq=1, author=alice, body="x")
    deleted = delete_message(room_pk=room.pk, seq=1, actor=alice)

    assert (deleted.body, deleted.body_html, deleted.content) == ("", "", {})


def test_a_reply_needs_a_message_that_its_author_may_read(alice, bob, carol):
    room = make_group(alice, bob)
    say(room, alice, "antes")
    add_people(room_pk=room.pk, actor=alice, user_ids=[carol.pk])

    assert say(room, bob, reply_to=1).reply_to.seq == 1
    for seq in (1, 2, 9, 2**40):  # before her time, a system message, none
        with pytest.raises(Invalid):
            say(room, carol, reply_to=seq)


def test_reactions_count_people_and_are_idempotent(alice, bob):
    room = make_group(alice, bob)
    say(room, alice)
    for user in (alice, bob, bob):
        react(room_pk=room.pk, seq=1, user=user, emoji="👍", is_on=True)
    assert Reaction.objects.count() == 2
    for _ in range(2):
        react(room_pk=room.pk, seq=1, user=bob, emoji="👍", is_on=False)
    assert list(Reaction.objects.values_list("user__username", "emoji")) == [("alice", "👍")]
    with pytest.raises(Invalid):
        react(room_pk=room.pk, seq=1, user=bob, emoji="💣", is_on=True)
    delete_message(room_pk=room.pk, seq=1, actor=alice)
    assert not Reaction.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_twenty_equal_parallel_reactions_are_one():
    ana, bia = (User.objects.create_user(name) for name in ("ana", "bia"))
    room = make_direct(ana, bia)
    say(room, ana)
    results = in_threads(
        [lambda: react(room_pk=room.pk, seq=1, user=bia, emoji="🎉", is_on=True) for _ in range(20)]
    )

    assert [type(result) for result in results] == [Message] * 20
    assert Reaction.objects.count() == 1


def test_a_private_room_is_deleted_with_the_last_account_that_took_part(alice, bob):
    group, direct = make_group(alice, bob), make_direct(alice, bob)
    leave_room(room_pk=group.pk, user=bob)
    alice.delete()
    assert {*Room.objects.all()} == {group, direct}
    bob.delete()

    assert not Room.objects.exists()


# Marks ---------------------------------------------------------------------------------------


def test_a_read_mark_never_moves_back_nor_beyond_the_newest_message(alice, bob):
    room = make_group(alice, bob)
    for _ in range(3):
        say(room, alice)

    def mark(seq):
        return mark_room_read(room_pk=room.pk, user=bob, seq=seq)

    assert [mark(2), mark(1), mark(2), mark(99), mark(99)] == [2, None, None, 3, None]
    assert Participant.objects.get(user=alice).read_seq == 3  # what one wrote, one has read


# Mentions ------------------------------------------------------------------------------------


def mentioned():
    return list(Notification.objects.order_by("pk").values_list("user__username", "kind"))


def test_a_mention_in_a_private_room_notifies_its_participants_only(alice, bob, carol):
    room = make_group(alice, bob)
    sent = say(room, alice, "@bob @carol @alice")

    assert mentioned() == [("bob", "mention")]
    assert sent.outsiders == ["carol"]


def test_blocks_stop_mentions_and_replies_unnoticed(alice, bob, carol):
    room = make_group(carol, alice, bob)
    say(room, alice)
    block(alice, bob)
    sent = say(room, bob, "@alice", reply_to=1)
    say(room, alice, "@bob")

    assert (mentioned(), list(sent.outsiders)) == ([], [])


def test_blocking_hides_the_older_notices_of_the_blocked(alice, bob, carol):
    room = make_group(carol, alice, bob)
    say(room, bob, "@alice")
    say(room, carol, "@alice")
    assert unread_count(alice) == 2
    block(alice, bob)

    assert unread_count(alice) == 1


def test_a_reply_in_the_forum_notifies_its_author_once(alice, bob):
    room = RoomFactory()
    say(room, alice)
    say(room, bob, "@alice, sim", reply_to=1)
    say(room, bob, "sim", reply_to=1)
    say(room, alice, "não", reply_to=1)
    edit_message(room_pk=room.pk, seq=3, author=bob, body="sim, @alice")

    assert mentioned() == [("alice", "mention"), ("alice", "reply")]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("(@ana), @ana.", ["ana"]),
        ("@ana_dohm", []),
        ("@ana2 e @ana.souza.", ["ana.souza"]),
        ("`@ana`", []),
        ("> @ana\n\nnão", []),
        ("ana@ana.com https://x.com/@ana", []),
    ],
)
def test_a_mention_is_the_longest_whole_name_outside_of_code_quotes_and_addresses(
    alice, body, named
):
    ana, souza = (User.objects.create_user(name) for name in ("ana", "ana.souza"))
    say(make_group(alice, ana, souza), alice, body)

    assert [name for name, _kind in mentioned()] == named


@pytest.mark.parametrize(
    ("until", "is_muted"),
    [
        ("0001-01-01T00:00:00+14:00", False),
        ("2000-01-01T00:00:00+00:00", False),
        ("9999-12-31T23:59:59-12:00", True),
    ],
)
def test_a_room_is_muted_for_a_century_at_most(alice, bob, until, is_muted):
    room = make_group(alice, bob)
    mute_room(room_pk=room.pk, user=alice, until=datetime.fromisoformat(until))

    until = Participant.objects.get(room=room, user=alice).muted_until
    assert (until is not None) is is_muted
    assert not until or until.year < timezone.now().year + 101


def test_changes_of_a_group_are_limited(alice, bob):
    room = make_group(alice, bob)
    for n in range(CHANGES.allowed):
        rename_room(room_pk=room.pk, actor=alice, name=f"Nome {n}")
    for change, values in (
        (rename_room, {"name": "x"}),
        (add_people, {"user_ids": [bob.pk]}),
        (remove_person, {"user_pk": bob.pk}),
    ):
        with pytest.raises(RateLimited):
            change(room_pk=room.pk, actor=alice, **values)
    leave_room(room_pk=room.pk, user=alice)
