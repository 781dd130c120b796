import pytest
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.services.blocking import block_user
from mainapp.forum.models import Message
from mainapp.forum.selectors import finding
from mainapp.forum.selectors.finding import find_conversations, find_messages, find_people
from mainapp.forum.services.chats import add_people, leave_room
from mainapp.forum.services.messages import delete_message, edit_message, post_message
from mainapp.forum.tests.factories import MessageFactory, RoomFactory, make_direct, make_group


@pytest.fixture
def joao(db):
    return User.objects.create_user("jramos", display_name="João Ramos")


@pytest.mark.parametrize("text", ["joao", "JOÃO", "ramos joão", "jram", "  jõao ramos "])
def test_people_are_found_by_every_word_without_case_and_accents(alice, joao, text):
    assert find_people(alice, text, limit=5) == [joao]


def test_people_are_not_found_by_other_words(alice, joao):
    for text in ("", "  ", "joana", "%", "_", "joao souza", "alice"):
        assert find_people(alice, text, limit=5) == []


def test_names_that_start_with_the_text_come_first(alice, joao):
    ramona = User.objects.create_user("zeca", display_name="Ramona Dias")
    assert find_people(alice, "ramo", limit=5) == [ramona, joao]
    assert find_people(alice, "ramo", limit=1) == [ramona]
    exact = User.objects.create_user("ramo", display_name="Zuleica")
    assert find_people(alice, "@RAMO", limit=5) == [exact, ramona, joao]


def test_blocked_deactivated_and_excluded_people_are_not_found(alice, bob, joao):
    block_user(blocker=joao, blocked=alice, at=timezone.now())
    block_user(blocker=alice, blocked=bob, at=timezone.now())
    gone = User.objects.create_user("bobby", is_active=False)
    assert find_people(alice, "joao", limit=5) == find_people(joao, "alice", limit=5) == []
    assert find_people(alice, "bob", limit=5) == find_people(bob, "alice", limit=5) == []
    assert find_people(joao, "bob", limit=5) == [bob]
    assert gone not in find_people(joao, "bob", limit=5)
    assert find_people(joao, "bob", limit=5, besides=[bob.pk]) == []


def test_conversations_are_found_by_their_names_and_people(alice, bob, joao):
    direct, group = make_direct(alice, joao), make_group(bob, alice, joao, name="Só ações")
    make_group(bob, joao, name="Ações dos outros")
    RoomFactory(name="Ações em público")

    def found(text):
        return {chat.room for chat in find_conversations(alice, text, limit=5)}

    assert found("acoes") == found("joao acoes") == found("bob") == {group}
    assert found("joão") == {direct, group}
    assert found("alice") == found("") == set()


def test_messages_are_found_in_ones_own_conversations_only(alice, bob, joao):
    group, other = make_group(bob, alice), make_group(bob, joao)
    for room in (group, other, RoomFactory()):
        MessageFactory(room=room, author=bob, body="A gestão mudou")

    (message,) = find_messages(alice, "gestao MUDOU", limit=5)

    assert message.room == group
    assert find_messages(alice, "gestao", limit=5, room=group) == [message]
    assert find_messages(alice, "gestao", limit=5, room=other) == []
    assert find_messages(alice, "gestão nova", limit=5) == []


def test_only_messages_since_joining_are_found_and_none_after_leaving(alice, bob):
    group = make_group(bob)
    MessageFactory(room=group, author=bob, body="segredo velho")
    add_people(room_pk=group.pk, actor=bob, user_ids=[alice.pk])
    new = post_message(room_pk=group.pk, author=bob, body="segredo novo")

    assert find_messages(alice, "segredo", limit=5) == [new]
    leave_room(room_pk=group.pk, user=alice)
    assert find_messages(alice, "segredo", limit=5) == []


def test_the_newest_messages_of_each_room_are_compared(alice, bob, monkeypatch):
    monkeypatch.setattr(finding, "SEARCHED_OF_EACH", 2)
    monkeypatch.setattr(finding, "MAX_SEARCHED", 3)
    rooms = [make_group(bob, alice), make_group(bob, alice)]
    sent = {
        room: [post_message(room_pk=room.pk, author=bob, body="oi") for _ in range(4)]
        for room in rooms
    }

    found = {message.pk for message in find_messages(alice, "oi", limit=9)}

    assert found < {message.pk for room in rooms for message in sent[room][2:]}
    assert len(found) == 3
    assert find_messages(alice, "oi", limit=9, room=rooms[0]) == sent[rooms[0]][:0:-1]


def test_edited_deleted_folded_and_system_messages(alice, bob):
    direct = make_direct(alice, bob)
    message = post_message(room_pk=direct.pk, author=bob, body="palavra antiga")
    edit_message(room_pk=direct.pk, seq=message.seq, author=bob, body="palavra nova")
    assert find_messages(alice, "antiga", limit=5) == []
    assert find_messages(alice, "nova", limit=5) == [message]

    block_user(blocker=alice, blocked=bob, at=timezone.now())
    assert find_messages(alice, "nova", limit=5) == []
    assert find_messages(bob, "nova", limit=5) == [message]
    delete_message(room_pk=direct.pk, seq=message.seq, actor=bob)
    assert find_messages(bob, "nova", limit=5) == []


def test_files_are_found_by_their_name(alice, bob):
    direct = make_direct(alice, bob)
    file = MessageFactory(
        room=direct, author=bob, kind=Message.Kind.FILE, body="", content={"name": "Balanço.xlsx"}
    )
    assert find_messages(alice, "balanco", limit=5) == [file]
