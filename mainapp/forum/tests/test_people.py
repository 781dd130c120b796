"""Suggestions: people of a room for a mention, and papers of a list for a new room."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.services.blocking import block_user
from mainapp.forum.models import Participant, Room
from mainapp.forum.selectors.people import MAX_PEOPLE, people_named
from mainapp.forum.selectors.rooms import SUGGESTIONS, symbols_without_room
from mainapp.forum.tests.factories import RoomFactory, make_group
from mainapp.market.tests.factories import (
    NOON,
    StockFactory,
    WatchlistFactory,
    WatchlistItemFactory,
)

pytestmark = pytest.mark.django_db


def join(room: Room, *users: User) -> None:
    Participant.objects.bulk_create(
        Participant(room=room, user=user, joined_at=NOON) for user in users
    )


def mentions(client, room: Room, text: str) -> list[str]:
    html = client.get(f"/room/{room.pk}/people/", {"q": text}).content.decode()
    return re.findall(r'data-mention="([^"]+)"', html)


def test_people_of_the_room_are_found_by_username_and_name(client, alice, bob):
    carla = User.objects.create_user("carla", display_name="Ana Carla <b>Lima</b>")
    gone = User.objects.create_user("bruno", is_active=False)
    room = RoomFactory()
    join(room, alice, bob, carla, gone)
    join(RoomFactory(), User.objects.create_user("boris"))
    client.force_login(alice)

    assert set(mentions(client, room, "")) == {"bob", "carla"}  # not oneself
    assert mentions(client, room, "BO") == ["bob"]
    assert mentions(client, room, "lima") == ["carla"]
    assert mentions(client, room, "ob") == []  # a username from its start only
    assert "Lima&lt;/b&gt;" in client.get(f"/room/{room.pk}/people/?q=lima").content.decode()


def test_people_are_named_to_members_only(client, alice):
    room = RoomFactory()

    path = f"/room/{room.pk}/people/"
    assert client.get(path)["Location"] == f"/login/?next={path}"
    client.force_login(alice)
    assert client.get("/room/999999/people/").status_code == 404


@pytest.mark.parametrize("count", [1, 3, MAX_PEOPLE + 1])
def test_people_need_one_query(alice, count, django_assert_num_queries):
    room = RoomFactory()
    join(room, *(User.objects.create_user(f"p{n}") for n in range(count)))

    with django_assert_num_queries(1):
        people = people_named(room, "p", besides=alice)

    assert len(people) == min(count, MAX_PEOPLE)


def test_rooms_are_suggested_for_papers_of_the_current_list_without_one(client, alice):
    petr4, vale3, itub4 = (StockFactory(symbol=symbol) for symbol in ("PETR4", "VALE3", "ITUB4"))
    current = WatchlistFactory(owner=alice, is_current=True)
    for position, stock in enumerate((vale3, petr4)):
        WatchlistItemFactory(watchlist=current, stock=stock, position=position)
    WatchlistItemFactory(watchlist=WatchlistFactory(owner=alice), stock=itub4, position=0)
    RoomFactory(stock=petr4, host=alice)
    client.force_login(alice)

    html = client.get("/forum/").content.decode()

    assert re.findall(r'href="/create-room/\?stock=(\w+)"', html) == ["VALE3"]


@pytest.mark.parametrize("count", [1, SUGGESTIONS + 1])
def test_suggested_papers_need_one_query(alice, count, django_assert_num_queries):
    current = WatchlistFactory(owner=alice, is_current=True)
    for position in range(count):
        WatchlistItemFactory(watchlist=current, stock=StockFactory(), position=position)

    with django_assert_num_queries(1):
        assert len(symbols_without_room(alice)) == min(count, SUGGESTIONS)


def test_blocked_people_and_those_who_left_are_not_suggested(alice, bob):
    carol, dora = (User.objects.create_user(name) for name in ("carol", "dora"))
    room = make_group(alice, bob, carol, dora)
    block_user(blocker=alice, blocked=bob, at=timezone.now())
    block_user(blocker=carol, blocked=alice, at=timezone.now())

    assert people_named(room, "", besides=alice) == [dora]
    Participant.objects.filter(user=dora).update(left_at=timezone.now())
    assert people_named(room, "", besides=alice) == []


def test_a_search_with_a_nul_is_one_without(client, alice, bob):
    client.force_login(alice)
    answer = client.post(reverse("nova-conversa"), {"buscar": "", "q": "bo\0b"})

    assert answer.status_code == 200
    assert f'value="{bob.pk}"' in answer.content.decode()
