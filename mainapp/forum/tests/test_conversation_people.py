import pytest
from django.urls import reverse
from django.utils import timezone

from mainapp.accounts.models import Block, User
from mainapp.accounts.services.blocking import block_user
from mainapp.forum.models import Participant
from mainapp.forum.selectors.members import members_of
from mainapp.forum.tests.factories import make_direct, make_group

pytestmark = pytest.mark.django_db


@pytest.fixture
def carol():
    return User.objects.create_user("carol")


@pytest.fixture
def group(alice, bob):
    """A group of which alice is the host."""
    return make_group(alice, bob, name="Bancos")


@pytest.fixture
def send(client):
    def send(sender, page, room, **data):
        client.force_login(sender)
        return client.post(reverse(page, args=[room.pk]), data)

    return send


def people(room):
    return [member.user.username for member in members_of(room)]


def test_the_host_sees_what_others_do_not(client, group, alice, bob):
    for user, may in ((alice, True), (bob, False)):
        client.force_login(user)
        html = client.get(reverse("conversation-about", args=[group.pk])).content.decode()
        assert (reverse("add-to-conversation", args=[group.pk]) in html) is may
        assert (reverse("rename-conversation", args=[group.pk]) in html) is may
        assert (reverse("remove-from-conversation", args=[group.pk]) in html) is may


def test_the_host_renames_adds_and_removes(send, client, group, alice, bob, carol):
    send(alice, "rename-conversation", group, name="  Bancões ")
    send(alice, "add-to-conversation", group, com=carol.pk)
    assert people(group) == ["alice", "bob", "carol"]
    address = reverse("remove-from-conversation", args=[group.pk])
    assert (
        "Remover <bdi>bob</bdi> do grupo?" in client.get(address, {"user": bob.pk}).content.decode()
    )
    send(alice, "remove-from-conversation", group, user=bob.pk)

    group.refresh_from_db()
    assert (group.name, people(group)) == ("Bancões", ["alice", "carol"])


def test_other_participants_change_neither_name_nor_people(send, group, alice, bob, carol):
    assert send(bob, "rename-conversation", group, name="Meu").status_code == 404
    assert send(bob, "add-to-conversation", group, com=carol.pk).status_code == 404
    assert send(bob, "remove-from-conversation", group, user=alice.pk).status_code == 404

    group.refresh_from_db()
    assert (group.name, people(group)) == ("Bancos", ["alice", "bob"])


def test_a_group_needs_a_name_to_be_renamed(send, client, group, alice):
    answer = send(alice, "rename-conversation", group, name="\u200b ")

    assert "Dê um nome ao grupo." in client.get(answer.url).content.decode()


def test_strangers_oneself_and_the_unnamed_are_not_removed(send, group, alice, carol):
    for user in (carol.pk, alice.pk, 999_999, "x", ""):
        send(alice, "remove-from-conversation", group, user=user)
    assert people(group) == ["alice", "bob"]


def test_adding_offers_neither_members_nor_blocked_people(client, group, alice, bob, carol):
    make_group(alice, carol)
    client.force_login(alice)
    address = reverse("add-to-conversation", args=[group.pk])

    assert client.get(address).context["found"] == [carol]
    block_user(blocker=carol, blocked=alice, at=timezone.now())
    assert client.get(address).context["found"] == []
    assert client.post(address, {"com": carol.pk}).status_code == 422


def test_leaving_a_group_and_hiding_a_direct_room(send, client, group, alice, bob):
    direct = make_direct(alice, bob)
    client.force_login(bob)
    for room, words in ((group, "Sair de"), (direct, "Tirar a conversa com")):
        address = reverse("leave-conversation", args=[room.pk])
        assert words in client.get(address).content.decode()
        assert send(bob, "leave-conversation", room).url == reverse("conversas")

    assert people(group) == ["alice"]
    assert Participant.objects.get(room=direct, user=bob).is_hidden
    assert client.get(reverse("conversation-about", args=[group.pk])).status_code == 404


@pytest.mark.parametrize(
    ("hours", "words"),
    [("8", "Desligadas até"), ("0", "Desligadas."), ("", "Ligadas:"), ("7", "Ligadas:")],
)
def test_notifications_of_a_room_are_turned_off_and_on(client, send, group, bob, hours, words):
    send(bob, "mute-conversation", group, hours=hours)

    html = client.get(reverse("conversation-about", args=[group.pk])).content.decode()
    assert words in html


def test_a_person_is_blocked_and_unblocked_on_their_profile(client, alice, bob):
    client.force_login(alice)
    profile = reverse("user-profile", args=[bob.pk])
    block, unblock = (reverse(name, args=[bob.pk]) for name in ("block-user", "unblock-user"))
    assert block in client.get(profile).content.decode()
    assert "Bloquear <bdi>bob</bdi>?" in client.get(block).content.decode()
    assert not Block.objects.exists()

    client.post(block)

    html = client.get(profile).content.decode()
    assert (unblock in html, "Conversar" in html) == (True, False)
    assert "bob" in client.get(reverse("blocked-people")).content.decode()
    client.force_login(bob)
    html = client.get(reverse("user-profile", args=[alice.pk])).content.decode()
    assert "Conversar" in html  # as before: the blocked person is not told
    client.force_login(alice)
    client.post(unblock)
    assert not Block.objects.exists()


def test_a_deactivated_person_can_be_unblocked(client, alice, bob):
    block_user(blocker=alice, blocked=bob, at=timezone.now())
    User.objects.filter(pk=bob.pk).update(is_active=False)
    client.force_login(alice)

    assert "bob" in client.get(reverse("blocked-people")).content.decode()
    assert client.post(reverse("unblock-user", args=[bob.pk])).url == reverse("blocked-people")
    assert not Block.objects.exists()


def test_a_room_with_somebody_who_is_gone_stays_readable(client, alice, bob, carol):
    """The pages of a deactivated person do not exist: nothing links to them."""
    client.force_login(alice)
    for person, name, leave in (
        (bob, "bob", lambda: User.objects.filter(pk=bob.pk).update(is_active=False)),
        (carol, "usuário removido", carol.delete),
    ):
        room, key = make_direct(alice, person), person.pk
        leave()

        html = client.get(reverse("conversation-about", args=[room.pk])).content.decode()

        assert name in html
        assert reverse("user-profile", args=[key]) not in html
        assert name in client.get(reverse("conversas")).content.decode()


def test_who_blocks_the_other_person_is_offered_to_unblock_them(client, alice, bob):
    address = make_direct(alice, bob).get_absolute_url()
    block_user(blocker=alice, blocked=bob, at=timezone.now())

    client.force_login(bob)
    assert "Desbloquear" not in client.get(address).content.decode()
    client.force_login(alice)
    page = client.get(address).content.decode()
    assert f"Você bloqueou <bdi>{bob.name}</bdi>." in page
    answer = client.post(f"/unblock-user/{bob.pk}/", {"next": address})

    assert answer.url == address
    assert "Você bloqueou" not in client.get(address).content.decode()
