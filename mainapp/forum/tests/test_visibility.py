"""Private rooms in every list and page: there for their participants, absent for all others."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.core.search import search
from mainapp.forum.models import Message, Participant, Room
from mainapp.forum.selectors.rooms import active_rooms, forum_page, recent_messages, topic_names
from mainapp.forum.tests.factories import MessageFactory, RoomFactory, make_direct, make_group

CANARY = "canário"


@pytest.fixture
def carol(db):
    return User.objects.create_user("carol")


@pytest.fixture
def admin(db):
    return User.objects.create_user("root", access_level=User.Access.ADMIN)


@pytest.fixture
def group(alice, bob):
    return make_group(alice, bob, name=CANARY)


def test_private_rooms_are_visible_to_their_participants_only(alice, bob, carol, admin, group):
    public, direct = RoomFactory(), make_direct(alice, bob)
    for member in (alice, bob):
        assert {*Room.objects.visible_to(member)} == {public, direct, group}
    for stranger in (carol, admin, AnonymousUser()):
        assert list(Room.objects.visible_to(stranger)) == [public]


def test_messages_of_a_group_are_visible_from_joining_until_leaving(alice, bob, carol, group):
    for n in range(3):
        MessageFactory(room=group, author=alice, body=str(n))
    joined = Participant.objects.create(
        room=group, user=carol, joined_at=timezone.now(), joined_seq=2
    )

    def seqs(reader):
        return list(Message.objects.visible_to(reader).values_list("seq", flat=True))

    assert (seqs(bob), seqs(carol), seqs(AnonymousUser())) == ([1, 2, 3], [3], [])
    joined.left_at = timezone.now()
    joined.save()
    assert seqs(carol) == []


def test_two_direct_rooms_of_one_pair_are_refused_by_the_database(alice, bob):
    make_direct(alice, bob)

    with pytest.raises(IntegrityError), transaction.atomic():
        make_direct(bob, alice)


def test_lists_of_the_forum_have_no_private_room(alice, bob, admin, group):
    Room.objects.filter(pk=group.pk).update(topic=CANARY)
    MessageFactory(room=group, author=alice, body=CANARY)
    page, topics = forum_page(alice, words="", topic="", number="")

    assert (page.total, list(page.rows), topics) == (0, [], [])
    assert (active_rooms(), recent_messages(), topic_names()) == ([], [], [])
    assert search(CANARY, user=admin, limit=5) == []
    own = {found.section.name for found in search(CANARY, user=alice, limit=5)}
    assert own == {"conversations", "messages"}


@pytest.mark.parametrize("person", ["stranger", "admin", "left", "anonymous"])
def test_pages_answer_as_for_a_room_that_never_was(person, alice, bob, admin, group, client):
    message = MessageFactory(room=group, author=alice, body=CANARY)
    stranger = User.objects.create_user("stranger")
    Participant.objects.filter(user=bob).update(left_at=timezone.now())
    users = {"stranger": stranger, "admin": admin, "left": bob}
    if person in users:
        client.force_login(users[person])

    for path in ("room", "conversa", "room/{}/moderation", "update-room", "delete-room"):
        name, _, rest = path.partition("/{}")
        answers = [client.get(f"/{name}/{pk}{rest}/") for pk in (group.pk, 999_999)]
        assert [answer.status_code for answer in answers] == [answers[1].status_code] * 2, path
        assert CANARY not in answers[0].content.decode()
    for action in ("edit-message", "delete-message", "report-message"):
        answers = [client.get(f"/{action}/{pk}/") for pk in (message.pk, 999_999)]
        assert [answer.status_code for answer in answers] == [answers[1].status_code] * 2, action
        assert CANARY not in answers[0].content.decode()


def test_forum_and_profile_pages_hide_private_rooms_even_from_their_host(
    alice, bob, admin, group, client
):
    MessageFactory(room=group, author=alice, body=CANARY)
    for user in (alice, bob, admin):
        client.force_login(user)
        for path in ("/forum/", f"/profile/{alice.pk}/", "/api/v1/rooms/"):
            assert CANARY not in client.get(path, follow=True).content.decode(), path
    assert CANARY not in client.get("/").content.decode()  # the admin's: participants see theirs


def test_admin_shows_no_private_room(alice, bob, admin, group, client):
    message = MessageFactory(room=group, author=alice, body=CANARY)
    participant = Participant.objects.get(user=bob)
    client.force_login(admin)

    for name, row in (("room", group), ("message", message), ("participant", participant)):
        listed = client.get(f"/admin/forum/{name}/").content.decode()
        assert CANARY not in listed
        assert client.get(f"/admin/forum/{name}/{row.pk}/change/").status_code == 302


def test_participant_reads_a_private_room_and_a_later_one_no_older_message(
    alice, bob, carol, group, client
):
    MessageFactory(room=group, author=alice, body="primeira frase")
    MessageFactory(room=group, author=alice, body="depois")
    Participant.objects.create(room=group, user=carol, joined_at=timezone.now(), joined_seq=1)
    client.force_login(carol)
    page = client.get(f"/conversa/{group.pk}/").content.decode()

    assert "depois" in page
    assert "primeira frase" not in page
