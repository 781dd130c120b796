import pytest
from django.urls import reverse
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.services.blocking import block_user
from mainapp.forum.models import Message
from mainapp.forum.selectors.conversations import conversation_list
from mainapp.forum.services.chats import add_people
from mainapp.forum.tests.factories import MessageFactory, make_direct, make_group


@pytest.fixture
def carol(db):
    return User.objects.create_user("carol")


def test_the_list_has_the_newest_room_first_with_its_last_message(alice, bob, carol):
    direct, group = make_direct(alice, bob), make_group(bob, alice, carol)
    make_group(bob, carol, name="Sem a Alice")
    MessageFactory(room=group, author=bob)
    MessageFactory(room=direct, author=alice)
    newest = MessageFactory(room=direct, author=bob, body="até amanhã")

    first, second = conversation_list(alice).rows

    assert (first.room, first.name, first.partner) == (group, "Grupo", None)
    assert (second.room, second.name, second.partner) == (direct, "bob", bob)
    assert (second.last, second.unread, first.unread) == (newest, 1, 1)


def test_a_group_without_a_name_has_those_of_the_others(alice, bob, carol):
    make_group(bob, alice, carol, name="")

    (group,) = conversation_list(alice).rows

    assert group.name == "bob, carol"


def test_who_joins_a_group_does_not_see_its_earlier_last_message(alice, bob, carol):
    group = make_group(bob, carol)
    MessageFactory(room=group, author=bob, body="segredo")
    add_people(room_pk=group.pk, actor=bob, user_ids=[alice.pk])
    Message.objects.filter(kind="system").delete()
    group.refresh_from_db()
    group.last_seq = 1
    group.save()

    (row,) = conversation_list(alice).rows

    assert row.last is None


def test_the_words_of_a_blocked_person_are_folded(client, alice, bob, carol):
    group = make_group(bob, alice, carol)
    MessageFactory(room=group, author=bob, body="ofensa")
    block_user(blocker=alice, blocked=bob, at=timezone.now())
    client.force_login(alice)

    html = client.get(reverse("conversas")).content.decode()

    assert "ofensa" not in html
    assert "mensagem de quem você bloqueou" in html


def test_the_list_costs_the_same_for_many_rooms(
    client, alice, bob, carol, django_assert_num_queries
):
    client.force_login(alice)
    for count in (3, 30):
        for _ in range(count):
            MessageFactory(room=make_group(bob, alice, carol, name=""), author=bob)
        with django_assert_num_queries(4):
            client.get(reverse("conversas"))
