from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.clubs.models import Club, ClubMember
from mainapp.clubs.tests.factories import make_club
from mainapp.core.exceptions import DomainError
from mainapp.core.limits import RateLimited
from mainapp.core.models import Usage
from mainapp.core.tests.plans import give_plan
from mainapp.forum.exceptions import Forbidden, Invalid, RoomGone
from mainapp.forum.models import Message, Participant, Room
from mainapp.forum.selectors.chats import room_frames, unread_totals
from mainapp.forum.selectors.evidence import find_message
from mainapp.forum.selectors.finding import find_conversations, find_messages
from mainapp.forum.selectors.messages import members
from mainapp.forum.selectors.moderation import moderates
from mainapp.forum.services.chats import add_people, leave_room
from mainapp.forum.services.club_rooms import create_club_room, sync_club_rooms
from mainapp.forum.services.messages import delete_message, edit_message, post_message
from mainapp.forum.services.moderation import close_room, mute_participant
from mainapp.forum.services.rooms import delete_room, update_room
from mainapp.forum.services.talk import notify_talk
from mainapp.forum.tests.factories import MessageFactory
from mainapp.notifications.models import Notification
from mainapp.uploads.services.uploads import store_upload


@pytest.fixture
def dora(db):
    return User.objects.create_user("dora")


@pytest.fixture
def club(alice, bob):
    """A club that alice owns, with bob as a member."""
    return make_club(alice, bob, name="Clube das Ações")


@pytest.fixture
def sala(club, alice):
    return create_club_room(club_pk=club.pk, actor=alice, name="Carteira recomendada")


def join(club: Club, user: User, role: str = "member") -> ClubMember:
    return ClubMember.objects.create(club=club, user=user, role=role, joined_at=timezone.now())


def leave(club: Club, user: User) -> None:
    ClubMember.objects.get(club=club, user=user).delete()


def readers(room: Room) -> set[str]:
    users = User.objects.all()
    return {user.username for user in users if Room.objects.visible_to(user).filter(pk=room.pk)}


def test_all_members_read_the_whole_history_and_nobody_else_does(club, sala, carla, support, admin):
    assert readers(sala) == {"alice", "bob"}
    MessageFactory(room=sala, author=club.members.first().user)
    join(club, carla)
    assert readers(sala) == {"alice", "bob", "carla"}
    assert Message.objects.visible_to(carla).count() == 1
    assert unread_totals([carla.pk]) == {carla.pk: 0}
    leave(club, carla)
    assert readers(sala) == {"alice", "bob"}
    assert not Message.objects.visible_to(carla).exists()
    assert not Message.objects.visible_to(admin).exists()


def test_the_forum_lists_the_rooms_of_clubs_for_their_members(club, sala, bob, carla, client):
    def has_room(query=""):
        return reverse("conversa", args=[sala.pk]) in client.get(f"/forum/{query}").content.decode()

    assert not has_room()
    client.force_login(carla)
    assert not has_room()
    client.force_login(bob)
    assert (has_room(), has_room("?q=carteira"), has_room("?q=outra")) == (True, True, False)
    assert has_room("?topic=outro") is False


def test_membership_decides_even_where_the_participation_was_left_behind(club, sala, bob):
    Participant.objects.filter(user=bob).update(left_at=None)
    ClubMember.objects.filter(user=bob)._raw_delete("default")
    assert readers(sala) == {"alice"}
    assert set(members([sala.pk])[sala.pk]) == {club.members.get().user_id}
    with pytest.raises(RoomGone):
        post_message(room_pk=sala.pk, author=bob, body="ainda aqui?")


def test_rooms_of_an_archived_club_are_gone_and_come_back(club, sala, alice, bob):
    post_message(room_pk=sala.pk, author=alice, body="oi")
    for archived_at, expected in ((timezone.now(), 0), (None, 1)):
        club.archived_at = archived_at
        club.save(update_fields=["archived_at"])
        assert Room.objects.visible_to(bob).filter(pk=sala.pk).count() == expected
        assert len(room_frames({(bob.pk, sala.pk)})) == 1
    assert readers(sala) == {"alice", "bob"}
    Club.objects.filter(pk=club.pk).update(archived_at=timezone.now())  # without a signal
    assert readers(sala) == set()
    assert unread_totals([bob.pk]) == {bob.pk: 0}


def test_former_members_can_do_nothing_in_the_room(club, sala, alice, bob):
    own = post_message(room_pk=sala.pk, author=bob, body="minha opinião")
    leave(club, bob)
    for refused in (
        lambda: post_message(room_pk=sala.pk, author=bob, body="x"),
        lambda: edit_message(room_pk=sala.pk, seq=own.seq, author=bob, body="x"),
        lambda: delete_message(room_pk=sala.pk, seq=own.seq, actor=bob),
        lambda: update_room(room_pk=sala.pk, actor=bob, name="x"),
    ):
        with pytest.raises(RoomGone):
            refused()
    assert find_messages(bob, "opinião", limit=9) == []
    assert find_conversations(bob, "recomendada", limit=9) == []
    assert [m.pk for m in find_messages(alice, "opinião", limit=9)] == [own.pk]


def test_leaving_withdraws_the_notices_that_name_the_room(club, sala, alice, bob):
    post_message(room_pk=sala.pk, author=alice, body="oi @bob")
    assert notify_talk(at=timezone.now() + timedelta(minutes=10)) == 1
    leave(club, bob)
    titles = Notification.objects.filter(user=bob).values_list("title", flat=True)
    assert not any("recomendada" in title for title in titles)
    post_message(room_pk=sala.pk, author=alice, body="oi de novo @bob")
    assert notify_talk(at=timezone.now() + timedelta(minutes=10)) == 0


def test_mentions_reach_members_only(club, sala, alice, carla):
    message = post_message(room_pk=sala.pk, author=alice, body="@bob e @carla, vejam")
    assert message.outsiders == ["carla"]
    assert not Notification.objects.filter(user=carla).exists()


def test_managers_moderate_and_staff_do_not(club, sala, alice, bob, carla, dora, admin):
    message = post_message(room_pk=sala.pk, author=bob, body="oi")
    join(club, carla, role="manager")
    join(club, dora)
    join(club, admin)
    assert [moderates(user, sala) for user in (alice, carla, bob, admin)] == [
        True,
        True,
        False,
        False,
    ]
    with pytest.raises(RoomGone):
        close_room(room_pk=sala.pk, actor=admin)
    with pytest.raises(Forbidden):
        delete_message(room_pk=sala.pk, seq=message.seq, actor=dora)
    with pytest.raises(Forbidden):
        mute_participant(room_pk=sala.pk, user=alice, actor=carla)
    mute_participant(room_pk=sala.pk, user=bob, actor=carla)
    delete_message(room_pk=sala.pk, seq=message.seq, actor=carla)
    revision = Room.objects.get(pk=sala.pk).rules_revision
    own = ClubMember.objects.get(user=carla)
    own.role = "member"
    own.save(update_fields=["role"])
    assert not moderates(carla, sala)
    assert Room.objects.get(pk=sala.pk).rules_revision > revision  # open sockets read it again


def test_a_host_who_is_no_manager_has_no_rights(club, sala, alice, bob):
    Room.objects.filter(pk=sala.pk).update(host=bob)
    with pytest.raises(RoomGone):
        delete_room(room_pk=sala.pk, actor=bob)
    delete_room(room_pk=sala.pk, actor=alice)


def test_only_managers_create_rooms_up_to_the_clubs_limit(club, alice, bob, carla, settings):
    with pytest.raises(Forbidden):
        create_club_room(club_pk=club.pk, actor=bob, name="x")
    with pytest.raises(RoomGone):
        create_club_room(club_pk=club.pk, actor=carla, name="x")
    settings.CLUB_MAX_ROOMS = 1
    create_club_room(club_pk=club.pk, actor=alice, name="x")
    with pytest.raises(DomainError) as refusal:
        create_club_room(club_pk=club.pk, actor=alice, name="y")
    assert refusal.value.code == "limit_reached"
    assert str(refusal.value) == "Limite atingido em salas do clube: 1."
    give_plan(club, club_rooms=(2, None))
    create_club_room(club_pk=club.pk, actor=alice, name="y")


def test_files_count_against_the_clubs_limit_in_all_of_its_rooms(club, sala, alice, settings):
    other = create_club_room(club_pk=club.pk, actor=alice, name="Outra")
    settings.CLUB_UPLOADS_A_DAY = 1

    def send(room):
        upload = store_upload(owner=alice, name="a.csv", data=b"a,b\n1,2\n", at=timezone.now())
        return post_message(
            room_pk=room.pk, author=alice, body="", kind="file", content={"upload": upload.pk}
        )

    send(other)
    with pytest.raises(RateLimited) as refusal:
        send(sala)
    assert refusal.value.retry_after_s == pytest.approx(24 * 3600, abs=60)
    assert Usage.objects.get(user=None).club_key == f"club:{club.pk}:club-uploads"
    club.delete()
    assert not Usage.objects.filter(user=None).exists()


def test_the_clubs_filtered_words_hold_in_its_rooms(club, sala, bob):
    Club.objects.filter(pk=club.pk).update(filtered_words="pirâmide")
    with pytest.raises(Invalid):
        post_message(room_pk=sala.pk, author=bob, body="Piramide certa!")


def test_members_neither_leave_nor_add_people(club, sala, alice, bob, carla):
    with pytest.raises(Forbidden):
        leave_room(room_pk=sala.pk, user=bob)
    with pytest.raises(Forbidden):
        add_people(room_pk=sala.pk, actor=alice, user_ids=[carla.pk])


def test_complaints_go_to_the_club_and_name_no_place(club, sala, alice, bob, carla):
    message = post_message(room_pk=sala.pk, author=bob, body="oi")
    evidence = find_message(message.pk, alice)
    assert (evidence.scope, evidence.place, evidence.is_private) == (f"club:{club.pk}", "", True)
    assert find_message(message.pk, carla) is None


def test_sync_writes_nothing_when_nothing_has_changed(club, sala, django_assert_num_queries):
    with django_assert_num_queries(5):  # two of them are the savepoint's
        sync_club_rooms(club_pk=club.pk)


def test_deleting_a_member_s_account_and_the_club(club, sala, alice, bob):
    post_message(room_pk=sala.pk, author=bob, body="oi")
    bob.delete()
    assert Message.objects.get().author is None
    club.delete()
    assert not Room.objects.exists()
