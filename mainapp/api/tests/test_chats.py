"""Direct rooms, groups and blocks."""

from uuid import uuid4

import pytest
from django.utils import timezone

from mainapp.accounts.models import Block, User
from mainapp.accounts.services.blocking import block_user
from mainapp.forum.models import Message, Participant
from mainapp.forum.selectors.chats import unread_totals
from mainapp.forum.services.chats import add_people
from mainapp.forum.services.messages import delete_message, post_message
from mainapp.forum.tests.factories import MessageFactory, make_direct, make_group

API = "/api/v1/"


@pytest.fixture
def carol(db):
    return User.objects.create_user("carol")


@pytest.fixture
def api(alice, client):
    client.force_login(alice)
    return client


def send(client, path, data=None, method="post"):
    return getattr(client, method)(API + path, data or {}, content_type="application/json")


def person(user):
    return {"id": user.pk, "name": user.name, "avatar": None}


def test_a_direct_room_is_opened_once(api, alice, bob):
    first, again = (send(api, "chats/", {"user_ids": [bob.pk]}) for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 200)
    data = first.json()
    assert data == again.json()
    assert (data["kind"], data["name"], data["host"]) == ("direct", "bob", None)
    assert data["participants"] == [person(alice), person(bob)]
    assert (data["unread"], data["muted"], data["last"]) == (0, False, None)


@pytest.mark.parametrize("path", ["/api/message/rooms/", "/api/message/rooms", "/api/v1/chats/"])
def test_a_group_is_made_at_each_address(api, bob, alice, path):
    body = {"user_ids": [bob.pk], "name": "Grupo de estudos"}
    answers = [api.post(path, body, content_type="application/json") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    data = answers[0].json()
    assert (data["kind"], data["name"], data["host"]) == ("group", "Grupo de estudos", alice.pk)
    assert data["id"] != answers[1].json()["id"]


@pytest.mark.parametrize("ids", [[], "me", list(range(10_000, 10_200)), [0], ["x"], None])
def test_nobody_or_too_many_people_are_invalid(api, alice, ids):
    response = send(api, "chats/", {"user_ids": [alice.pk] if ids == "me" else ids})

    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert [field.partition(".")[0] for field in response.json()["fields"]] == ["user_ids"]


def test_unavailable_people_get_the_same_answer(api, alice, bob, carol):
    User.objects.filter(pk=carol.pk).update(is_active=False)
    by, of = (User.objects.create_user(name) for name in ("dora", "enzo"))
    block_user(blocker=alice, blocked=by, at=timezone.now())
    block_user(blocker=of, blocked=alice, at=timezone.now())
    make_direct(alice, of)

    answers = [
        send(api, "chats/", {"user_ids": ids, "name": name})
        for pk in (999_999, carol.pk, by.pk, of.pk)
        for ids, name in (([pk], ""), ([pk, bob.pk], "Grupo"))
    ]

    assert {answer.status_code for answer in answers} == {403}
    assert {answer.content for answer in answers} == {answers[0].content}
    assert answers[0].json()["code"] == "unavailable_person"


def test_an_unknown_field_is_refused(api, bob):
    response = send(api, "chats/", {"user_ids": [bob.pk], "kind": "forum"})

    assert [*response.json()["fields"]] == ["kind"]


def test_list_has_the_newest_activity_first_with_unread_and_last(api, alice, bob, carol):
    group, direct = make_group(bob, alice, carol), make_direct(alice, bob)
    make_group(bob, carol)
    post_message(room_pk=direct.pk, author=bob, body="**oi**")
    for body in ("um", "dois"):
        post_message(room_pk=group.pk, author=bob, body=body)
    post_message(room_pk=group.pk, author=alice, body="eu")
    post_message(room_pk=group.pk, author=bob, body="três")
    rows = api.get(f"{API}chats/").json()["results"]

    assert [(row["id"], row["unread"]) for row in rows] == [(group.pk, 1), (direct.pk, 1)]
    last = rows[1]["last"]
    assert (last["seq"], last["user"], last["excerpt"]) == (1, person(bob), "oi")
    assert (last["kind"], last["sent_at"][-1]) == ("text", "Z")


@pytest.mark.parametrize("rooms", [3, 30])
def test_list_costs_the_same_queries_at_any_number(
    api, alice, bob, django_assert_num_queries, rooms
):
    for _ in range(rooms):
        MessageFactory(room=make_group(bob, alice), author=bob)
    with django_assert_num_queries(8):  # two of the session and the user
        results = api.get(f"{API}chats/").json()["results"]
    assert [row["unread"] for row in results] == [1] * rooms


def test_unread_counts_visible_messages_of_others(api, alice, bob, carol):
    room = make_group(bob, alice, carol)
    for author in (bob, bob, carol, alice):
        MessageFactory(room=room, author=author)
    MessageFactory(room=room, author=None)  # of a deleted account

    def unread():
        return api.get(f"{API}chats/{room.pk}/").json()["unread"], unread_totals([alice.pk])[
            alice.pk
        ]

    assert unread() == (4, 4)
    add_people(room_pk=room.pk, actor=bob, user_ids=[User.objects.create_user("dora").pk])
    assert unread() == (4, 4)  # system messages do not count
    delete_message(room_pk=room.pk, seq=1, actor=bob)
    assert unread() == (3, 3)
    block_user(blocker=alice, blocked=carol, at=timezone.now())
    assert unread() == (2, 2)
    assert send(api, f"rooms/{room.pk}/read/", {"seq": 2}).status_code == 204
    assert unread() == (1, 1)
    send(api, f"rooms/{room.pk}/read/", {"seq": 1})
    assert unread() == (1, 1)


def test_hidden_blocked_and_left_rooms_count_nothing(api, alice, bob, carol):
    group, direct, hidden = (
        make_group(bob, alice),
        make_direct(alice, bob),
        make_direct(alice, carol),
    )
    for room, author in ((group, bob), (direct, bob), (hidden, carol)):
        MessageFactory(room=room, author=author)

    def listed():
        rows = api.get(f"{API}chats/").json()["results"]
        total = unread_totals([alice.pk])[alice.pk]
        assert total == sum(row["unread"] for row in rows)
        return {row["id"] for row in rows}

    assert listed() == {group.pk, direct.pk, hidden.pk}
    assert send(api, f"chats/{hidden.pk}/leave/").status_code == 204
    assert listed() == {group.pk, direct.pk}
    block_user(blocker=alice, blocked=bob, at=timezone.now())
    assert listed() == {group.pk}
    send(api, f"chats/{group.pk}/leave/")
    assert listed() == set()
    Block.objects.all().delete()
    post_message(room_pk=hidden.pk, author=carol, body="de novo")
    assert listed() == {direct.pk, hidden.pk}
    assert api.get(f"{API}chats/{hidden.pk}/").json()["unread"] == 1


def test_the_blocked_person_sees_the_room_as_before(client, alice, bob):
    room = make_direct(alice, bob)
    MessageFactory(room=room, author=alice)
    client.force_login(bob)
    before = client.get(f"{API}chats/").json()
    block_user(blocker=alice, blocked=bob, at=timezone.now())

    assert client.get(f"{API}chats/").json() == before


def test_a_deleted_partner_has_a_placeholder(api, alice, bob):
    room = make_direct(alice, bob)
    MessageFactory(room=room, author=bob)
    bob.delete()
    data = api.get(f"{API}chats/{room.pk}/").json()

    assert (data["name"], data["participants"]) == ("usuário removido", [person(alice)])
    assert data["last"]["user"] is None
    response = send(api, f"rooms/{room.pk}/messages/", {"body": "oi"})
    assert (response.status_code, response.json()["code"]) == (403, "unavailable_person")


def test_host_adds_renames_and_removes(api, alice, bob, carol, client):
    room = make_group(alice, bob)
    path = f"chats/{room.pk}/"
    added = send(api, f"{path}participants/", {"user_ids": [carol.pk]})
    assert [row["name"] for row in added.json()["participants"]] == ["alice", "bob", "carol"]
    assert send(api, path, {"name": "Novo"}, "patch").json()["name"] == "Novo"
    for _ in range(2):
        removed = send(api, f"{path}participants/{carol.pk}/", method="delete")
        assert removed.status_code == 204
    assert [row["name"] for row in api.get(API + path).json()["participants"]] == ["alice", "bob"]
    client.force_login(bob)
    for method, rest, data in (
        ("post", "participants/", {"user_ids": [carol.pk]}),
        ("patch", "", {"name": "x"}),
        ("delete", f"participants/{alice.pk}/", {}),
    ):
        response = send(client, path + rest, data, method)
        assert (response.status_code, response.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("person", ["stranger", "admin", "left"])
def test_a_private_room_answers_as_one_that_never_was(client, alice, bob, person):
    room = make_group(alice, bob, name="canário")
    MessageFactory(room=room, author=alice, body="canário")
    level = User.Access.ADMIN if person == "admin" else User.Access.USER
    reader = bob if person == "left" else User.objects.create_user(person, access_level=level)
    Participant.objects.filter(user=bob).update(left_at=timezone.now())
    client.force_login(reader)
    operations = [
        ("get", "rooms/{}/messages/", {}),
        ("post", "rooms/{}/messages/", {"body": "oi"}),
        ("post", "rooms/{}/messages/", {"body": "oi", "client_id": str(uuid4())}),
        ("post", "rooms/{}/messages/1/reactions/", {"emoji": "👍", "on": True}),
        ("post", "rooms/{}/read/", {"seq": 1}),
        ("post", "rooms/{}/mute/", {"until": None}),
        ("get", "chats/{}/", {}),
        ("patch", "chats/{}/", {"name": "x"}),
        ("post", "chats/{}/leave/", {}),
        ("post", "chats/{}/participants/", {"user_ids": [alice.pk]}),
        ("delete", f"chats/{{}}/participants/{alice.pk}/", {}),
    ]
    for method, path, data in operations:
        answers = [send(client, path.format(pk), data, method) for pk in (room.pk, 999_999)]
        assert [answer.status_code for answer in answers] == [404, 404], path
        assert answers[0].content == answers[1].content, path
    sent = [
        send(client, "message/messages/send/", {"room_id": pk, "type_message": "text",
                                                "content": {"text": "oi"}})
        for pk in (room.pk, 999_999)
    ]  # fmt: skip
    assert [answer.status_code for answer in sent] == [404, 404]
    assert Message.objects.count() == 1


def test_messages_are_read_from_joining_on(client, alice, bob, carol):
    room = make_group(alice, bob)
    post_message(room_pk=room.pk, author=alice, body="antes")
    add_people(room_pk=room.pk, actor=alice, user_ids=[carol.pk])
    post_message(room_pk=room.pk, author=bob, body="depois", reply_to=1)

    def items(user):
        client.force_login(user)
        return client.get(f"{API}rooms/{room.pk}/messages/").json()["items"]

    assert [item["seq"] for item in items(bob)] == [1, 2, 3]
    assert [item["seq"] for item in items(carol)] == [2, 3]
    assert items(bob)[2]["reply_to"]["excerpt"] == "antes"
    assert items(carol)[1]["reply_to"] == {"seq": 1, "user": None, "excerpt": ""}


def test_both_forms_of_a_message_and_no_client_id(api, alice, bob):
    room = make_group(alice, bob)
    path = f"rooms/{room.pk}/messages/"
    compat = {"room_id": room.pk, "type_message": "text", "content": {"text": "três"}}
    answers = [
        send(api, path, {"body": "um"}),
        send(api, path, {"kind": "text", "content": {"text": "dois"}, "reply_to": 1}),
        api.post("/api/message/messages/send/", compat, content_type="application/json"),
        api.post("/api/message/messages/send", compat, content_type="application/json"),
    ]

    assert [answer.status_code for answer in answers] == [201] * 4
    assert [answer.json()["seq"] for answer in answers] == [1, 2, 3, 4]
    assert answers[0].json()["client_id"] is None
    assert list(Message.objects.values_list("body", flat=True)) == ["um", "dois", "três", "três"]


def test_one_client_id_is_one_message_with_one_answer(api, alice, bob, carol):
    room, client_id = make_group(alice, bob), str(uuid4())
    data = {"client_id": client_id, "type_message": "text", "room_id": room.pk}
    answers = [
        send(api, "message/messages/send/", data | {"content": {"text": "@carol"}})
        for _ in range(2)
    ]

    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["not_notified"] == ["carol"]
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "body"),
        ({"body": " "}, "body"),
        ({"kind": "system", "content": {}}, "kind"),
        ({"kind": "link", "content": {"url": "ftp://x"}}, "content.url"),
        ({"body": "oi", "reply_to": 9}, "seq"),
        ({"text": "oi"}, "text"),
    ],
)
def test_invalid_messages_name_their_field(api, alice, bob, data, field):
    response = send(api, f"rooms/{make_group(alice, bob).pk}/messages/", data)

    assert (response.status_code, [*response.json()["fields"]]) == (400, [field])


def test_reactions_are_returned(api, alice, bob):
    room = make_group(alice, bob)
    MessageFactory(room=room, author=bob)
    path = f"rooms/{room.pk}/messages/1/reactions/"
    assert send(api, path, {"emoji": "👍", "on": True}).json() == [
        {"emoji": "👍", "count": 1, "mine": True}
    ]
    assert send(api, path, {"emoji": "👍", "on": False}).json() == []
    assert send(api, path, {"emoji": "💣", "on": True}).status_code == 400


def test_a_muted_room_says_so(api, alice, bob):
    room = make_group(alice, bob)
    until = "2099-01-01T00:00:00Z"
    assert send(api, f"rooms/{room.pk}/mute/", {"until": until}).status_code == 204
    data = api.get(f"{API}chats/{room.pk}/").json()
    assert (data["muted"], data["muted_until"]) == (True, "2099-01-01T00:00:00.000Z")


def test_people_are_blocked_and_unblocked(api, alice, bob):
    answers = [send(api, "blocks/", {"user_id": bob.pk}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert [row["user"] for row in api.get(f"{API}blocks/").json()["results"]] == [person(bob)]
    for _ in range(2):
        assert send(api, f"blocks/{bob.pk}/", method="delete").status_code == 204
    assert api.get(f"{API}blocks/").json()["count"] == 0
    assert send(api, "blocks/", {"user_id": alice.pk}).status_code == 400
    assert send(api, "blocks/", {"user_id": 999_999}).status_code == 404


def test_the_words_of_a_blocked_person_are_folded_in_the_list(api, alice, bob, carol):
    room = make_group(alice, bob, carol)
    MessageFactory(room=room, author=bob, body="palavras")
    send(api, "blocks/", {"user_id": bob.pk})

    listed, one = (api.get(f"{API}chats/{path}").json() for path in ("", f"{room.pk}/"))
    for data in (listed["results"][0], one):
        assert (data["last"]["user"], data["last"]["excerpt"]) == (person(bob), "")


@pytest.mark.parametrize("url", ["https://a.example/\\ud800", "https://a.example/\\u202egpj.exe"])
def test_addresses_with_unreadable_signs_are_refused(api, alice, bob, url):
    room = make_group(alice, bob)
    body = f'{{"room_id": {room.pk}, "type_message": "link", "content": {{"url": "{url}"}}}}'
    answer = api.post(f"{API}message/messages/send/", body, content_type="application/json")

    assert (answer.status_code, [*answer.json()["fields"]]) == (400, ["content.url"])
    assert not Message.objects.exists()
