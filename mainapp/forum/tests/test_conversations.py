import pytest
from django.urls import reverse
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.services.blocking import block_user
from mainapp.forum.models import Message, Room
from mainapp.forum.selectors.chats import unread_totals
from mainapp.forum.selectors.conversations import conversation_list
from mainapp.forum.services.chats import add_people
from mainapp.forum.services.marks import mark_all_read
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


def test_new_participants_do_not_see_an_earlier_last_message(alice, bob, carol):
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


def test_lists_cost_the_same_for_many_rooms(client, alice, bob, carol, django_assert_num_queries):
    client.force_login(alice)
    for count in (3, 30):
        for _ in range(count):
            MessageFactory(room=make_group(bob, alice, carol, name=""), author=bob)
        with django_assert_num_queries(2):
            conversation_list(alice)
        with django_assert_num_queries(5):  # two of the session and the user, one to count
            client.get(reverse("conversas"))


def test_the_page_finds_people_and_messages(client, alice, bob, carol):
    group, direct = make_group(bob, alice, carol, name="Ações"), make_direct(alice, bob)
    message = MessageFactory(room=direct, author=bob, body="Vamos às ações")
    client.force_login(alice)

    page = client.get(reverse("conversas"), {"q": "acoes"})

    assert [chat.room for chat in page.context["found_chats"]] == [group]
    assert page.context["found_messages"] == [message]
    assert f'href="{reverse("conversa", args=[direct.pk])}#m1"' in page.content.decode()
    html = client.get(reverse("conversas"), {"q": "<b>nada"}).content.decode()
    assert "Nada encontrado para “<bdi>&lt;b&gt;nada</bdi>”." in html


def test_one_person_opens_the_direct_room(client, alice, bob):
    client.force_login(alice)

    answer = client.post(reverse("nova-conversa"), {"com": bob.pk})

    (room,) = Room.objects.filter(kind="direct")
    assert answer.url == reverse("conversa", args=[room.pk])
    assert client.post(reverse("nova-conversa"), {"com": bob.pk}).url == answer.url


def test_several_people_or_a_name_found_a_group(client, alice, bob, carol):
    client.force_login(alice)

    client.post(reverse("nova-conversa"), {"com": [bob.pk, carol.pk]})
    client.post(reverse("nova-conversa"), {"com": bob.pk, "name": "Bancos"})

    named, unnamed = conversation_list(alice).rows
    assert (named.name, unnamed.name) == ("Bancos", "bob, carol")


def test_without_scripts_the_form_searches_and_keeps_the_chosen_people(client, alice, bob, carol):
    client.force_login(alice)
    sent = {"com": bob.pk, "q": "caro", "buscar": "1", "name": "Bancos"}

    page = client.post(reverse("nova-conversa"), sent)

    assert page.status_code == 200
    assert (page.context["chosen"], page.context["found"]) == ([bob], [carol])
    assert 'value="Bancos"' in page.content.decode()
    assert not Room.objects.exists()


def test_nobody_and_unavailable_people_are_refused_in_the_form(client, alice, bob):
    block_user(blocker=bob, blocked=alice, at=timezone.now())
    client.force_login(alice)

    for ids, sentence in (
        ([], "Escolha de 1 a 199 outras pessoas."),
        (["x", "0", "9" * 30], "Escolha de 1 a 199 outras pessoas."),
        ([bob.pk], "Não é possível conversar com esta pessoa."),
        ([999_999], "Não é possível conversar com esta pessoa."),
    ):
        page = client.post(reverse("nova-conversa"), {"com": ids})
        assert page.status_code == 422
        assert sentence in page.content.decode()


def test_scripts_load_only_the_people_found(client, alice, bob):
    client.force_login(alice)

    answer = client.get(reverse("nova-conversa"), {"q": "bo"}, headers={"HX-Request": "true"})

    assert f'value="{bob.pk}"' in answer.content.decode()
    assert b"<main" not in answer.content


def test_large_keys_have_no_separators(client, alice):
    person = User.objects.create_user("zeca", pk=1_234_567)
    client.force_login(alice)

    page = client.get(reverse("nova-conversa"), {"q": "zeca"}).content.decode()

    assert 'name="com" value="1234567"' in page
    assert client.post(reverse("nova-conversa"), {"com": person.pk}).status_code == 302


def test_people_of_ones_own_rooms_are_suggested(client, alice, bob, carol):
    make_group(carol, alice)
    client.force_login(alice)

    assert client.get(reverse("nova-conversa")).context["found"] == [carol]


def test_all_rooms_are_marked_as_read_at_once(client, alice, bob, carol):
    rooms = [make_direct(alice, bob), make_group(bob, alice, carol)]
    for room in rooms:
        MessageFactory(room=room, author=bob)
    client.force_login(alice)

    answer = client.post(reverse("read-conversations"), follow=True)

    assert "Tudo está marcado como lido." in answer.content.decode()
    assert unread_totals([alice.pk, carol.pk]) == {alice.pk: 0, carol.pk: 1}
    answer = client.post(reverse("read-conversations"), follow=True)
    assert "Tudo está marcado como lido." not in answer.content.decode()


def test_marking_all_read_costs_the_same_for_many_rooms(alice, bob, django_assert_num_queries):
    for count in (3, 30):
        for _ in range(count):
            MessageFactory(room=make_group(bob, alice), author=bob)
        with django_assert_num_queries(5):  # with the savepoint's two
            assert mark_all_read(user=alice, at=timezone.now()) == count
