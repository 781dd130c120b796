from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.forum.models import Message, Participant, Room
from mainapp.forum.services.messages import post_message
from mainapp.forum.services.moderation import close_room, mute_participant
from mainapp.forum.services.rooms import create_room
from mainapp.market.tests.factories import LastQuoteFactory, StockFactory
from mainapp.moderation.models import LogEntry
from mainapp.moderation.services.complaints import complain


@pytest.fixture
def room(alice):
    return create_room(host=alice, name="Bancões", topic="Bancos", description="Juros e crédito")


@pytest.fixture
def staff(db):
    return User.objects.create_user("sara", access_level=User.Access.SUPPORT)


def fill(room: Room, count: int, author: User | None = None) -> None:
    """Insert messages into a room, dated one minute apart up to now."""
    now = timezone.now()
    first = room.last_seq + 1
    Message.objects.bulk_create(
        Message(
            room=room,
            author=author,
            seq=first + n,
            body=f"mensagem {first + n}",
            body_html=f"<p>mensagem {first + n}</p>",
            sent_at=now - timedelta(minutes=count - n),
        )
        for n in range(count)
    )
    room.last_seq += count
    room.save(update_fields=["last_seq"])


def rooms(count: int, host: User, messages: int = 1, topics: int = 5) -> None:
    now = timezone.now()
    created = Room.objects.bulk_create(
        Room(
            name=f"Sala {n}",
            topic=f"Tópico {n % topics}",
            search_text=f"sala {n}",
            host=host,
            last_seq=messages,
            created_at=now,
            active_at=now - timedelta(minutes=n),
        )
        for n in range(count)
    )
    Participant.objects.bulk_create(
        Participant(room=room, user=host, joined_at=now) for room in created
    )
    Message.objects.bulk_create(
        Message(room=room, author=host, seq=seq, body="oi", body_html="<p>oi</p>", sent_at=now)
        for room in created
        for seq in range(1, messages + 1)
    )


def test_the_forum_lists_rooms_by_their_last_message(client, room, bob):
    other = create_room(host=bob, name="Vazia", stock=StockFactory(symbol="PETR4"))
    post_message(room_pk=room.pk, author=bob, body="**olá** a todos")
    page = client.get("/forum/")
    shown = page.context["page"].rows
    assert [row.room.name for row in shown] == ["Bancões", "Vazia"]
    assert [row.people for row in shown] == [2, 1]
    assert [row.last and row.last.author for row in shown] == [bob, None]
    html = page.content.decode()
    assert "<strong><bdi>bob</bdi>:</strong> <bdi>olá a todos</bdi>" in html
    assert 'data-symbol="PETR4"' in html
    assert reverse("room", args=[other.pk]) in html
    assert [message.body for message in page.context["recent"]] == ["**olá** a todos"]


def test_search_ignores_case_and_accents(client, room, bob):
    create_room(host=bob, name="Petróleo", topic="Commodities")

    def search(**query):
        return [row.room.name for row in client.get("/forum/", query).context["page"].rows]

    assert search(q="BANCOES") == ["Bancões"]
    assert search(q="credito juros") == ["Bancões"]
    assert search(q="commod") == search(topic="Commodities") == ["Petróleo"]
    assert search(q="petroleo", topic="Bancos") == search(q="%") == search(topic="nada") == []


def test_topics_are_counted_among_the_matching_rooms(client, alice, bob):
    rooms(30, alice)
    create_room(host=bob, name="Sem tópico")

    def counted(**query):
        page = client.get("/forum/", query).context
        return page["page"].total, [(topic.name, topic.count) for topic in page["topics"]]

    assert counted() == (31, [(f"Tópico {n}", 6) for n in range(5)])
    assert counted(topic="Tópico 2") == (6, [(f"Tópico {n}", 6) for n in range(5)])
    assert counted(q="sala 1")[0] == 12


@pytest.mark.parametrize(
    ("page_param", "number"),
    [("", 1), ("abc", 1), ("-1", 1), ("0", 1), ("2", 2), ("99999", 2), ("9" * 30, 1), ("1e3", 1)],
)
def test_an_invalid_page_number_shows_the_first_or_last_page(client, alice, page_param, number):
    rooms(25, alice)
    page = client.get("/forum/", {"page": page_param}).context["page"]
    assert (page.number, page.pages) == (number, 2)
    assert len(page.rows) == (20 if number == 1 else 5)


@pytest.mark.parametrize("query", ["q=%00", "topic=%00", "page=%00"])
def test_control_characters_are_refused(client, db, query):
    assert client.get(f"/forum/?{query}").status_code == 400


@pytest.mark.parametrize("count", [3, 30])
def test_the_forum_costs_the_same_for_many_rooms(client, alice, count, django_assert_num_queries):
    rooms(count, alice, messages=10)
    client.force_login(alice)
    with django_assert_num_queries(6):
        client.get("/forum/")


def test_a_room_shows_its_last_messages_and_links_to_earlier_ones(client, room, alice):
    fill(room, 120, alice)
    path = reverse("room", args=[room.pk])
    page = client.get(path).context["page"]
    assert [line.message.seq for line in page.lines] == list(range(71, 121))
    assert (page.earlier, page.is_newest) == (71, True)
    page = client.get(path, {"before": 71}).context["page"]
    assert (page.lines[0].message.seq, page.lines[-1].message.seq) == (21, 70)
    assert (page.earlier, page.is_newest) == (21, False)
    page = client.get(path, {"before": 21}).context["page"]
    assert (page.lines[0].message.seq, page.earlier) == (1, None)
    for nonsense in ("abc", "-1", "9" * 30, "²"):
        assert client.get(path, {"before": nonsense}).context["page"].is_newest


def test_htmx_receives_only_the_list_of_earlier_messages(client, room, alice):
    fill(room, 60, alice)
    path = reverse("room", args=[room.pk])
    answer = client.get(path, {"before": 11}, headers={"HX-Request": "true"})
    assert "HX-Request" in answer["Vary"]
    assert answer.content.count(b'<li class="msg') == 10
    assert b"<main" not in answer.content


@pytest.mark.parametrize("count", [3, 30, 10_000])
def test_a_room_costs_the_same_for_many_messages(
    client, room, bob, count, django_assert_num_queries
):
    LastQuoteFactory(stock=StockFactory(symbol="PETR4"))
    fill(room, count, bob)
    Message.objects.filter(room=room, seq=count).update(
        body_html='<p><a class="chip" data-symbol="PETR4">PETR4</a></p>'
    )
    rooms(count if count < 100 else 3, bob, messages=2)  # the list beside it
    client.force_login(bob)
    with django_assert_num_queries(6):
        page = client.get(reverse("room", args=[room.pk]))
    assert page.context["quotes"]["PETR4"]["price"] == "38.42"
    assert page.context["page"].lines[-1].message.seq == count


def test_messages_are_grouped_by_day_and_author(client, room, alice, bob):
    fill(room, 3, alice)
    Message.objects.filter(room=room, seq=1).update(sent_at=timezone.now() - timedelta(days=2))
    lines = client.get(reverse("room", args=[room.pk])).context["page"].lines
    assert [line.day is not None for line in lines][:2] == [True, True]
    assert [line.follows for line in lines] == [False, False, True]
    Message.objects.filter(room=room, seq=3).update(author=bob)
    lines = client.get(reverse("room", args=[room.pk])).context["page"].lines
    assert [line.follows for line in lines] == [False, False, False]


def test_a_room_renders_when_empty_and_without_its_host_or_author(client, room, alice, bob):
    path = reverse("room", args=[room.pk])
    assert "Ninguém escreveu ainda" in client.get(path).content.decode()
    post_message(room_pk=room.pk, author=bob, body="fico")
    User.objects.filter(pk__in=[alice.pk, bob.pk]).delete()
    html = client.get(path).content.decode()
    assert html.count("usuário removido") == 3  # the host, the message, the list beside it
    assert "fico" in html
    assert "usuário removido" in client.get("/forum/").content.decode()


def test_an_anonymous_user_can_read_and_is_offered_the_login(client, room):
    path = reverse("room", args=[room.pk])
    html = client.get(path).content.decode()
    assert "Entre para escrever" in html
    assert "<textarea" not in html
    answer = client.post(path, {"body": "oi"})
    assert answer["Location"] == f"/login/?next={path}"
    assert not Message.objects.exists()


def test_a_form_sent_twice_posts_one_message(client, room, bob):
    client.force_login(bob)
    path = reverse("room", args=[room.pk])
    client_id = client.get(path).context["client_id"]
    for _ in range(2):
        answer = client.post(path, {"body": "olá\r\n**mundo**", "client_id": client_id})
        assert answer["Location"] == f"{path}#end"
    message = Message.objects.get()
    assert (message.seq, message.author) == (1, bob)
    assert message.body_html == "<p>olá<br>\n<strong>mundo</strong></p>"
    assert message.body_html in client.get(path).content.decode()


@pytest.mark.parametrize("body", ["", "  ", "\0", "a" * 4001, "a" * 6000])
def test_an_invalid_message_is_refused(client, room, bob, body):
    client.force_login(bob)
    answer = client.post(reverse("room", args=[room.pk]), {"body": body})
    assert answer.status_code == 422
    assert answer.context["form"].errors["body"]
    assert not Message.objects.exists()


def test_a_rate_limited_message_stays_in_the_box_with_the_time_to_wait(client, room, bob):
    for n in range(10):
        post_message(room_pk=room.pk, author=bob, body=str(n))
    client.force_login(bob)
    answer = client.post(reverse("room", args=[room.pk]), {"body": "mais"})
    assert answer.status_code == 422
    assert "Tente em " in answer.context["form"].errors["body"][0]
    assert ">mais</textarea>" in answer.content.decode()


def test_muted_users_and_users_of_a_closed_room_see_the_reason(client, room, alice, bob):
    client.force_login(bob)
    path = reverse("room", args=[room.pk])
    mute_participant(room_pk=room.pk, user=bob, actor=alice)
    answer = client.post(path, {"body": "oi"})
    assert answer.status_code == 422
    assert "Você foi silenciado nesta sala" in answer.content.decode()
    close_room(room_pk=room.pk, actor=alice)
    client.force_login(alice)
    assert "Esta sala está fechada" in client.get(path).content.decode()
    assert client.post(path, {"body": "oi"}).status_code == 422
    assert not Message.objects.exists()


def test_a_room_is_created_with_a_stock_by_its_ticker(client, bob):
    StockFactory(symbol="PETR4")
    client.force_login(bob)
    answer = client.post(
        "/create-room/",
        {"name": "  Petro \n bras ", "topic": "Óleo", "description": "x", "stock": "petr4f"},
    )
    room = Room.objects.get()
    assert answer["Location"] == reverse("room", args=[room.pk])
    assert (room.name, room.topic, room.host) == ("Petro bras", "Óleo", bob)
    assert room.stock.symbol == "PETR4"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "\u200b"),
        ("name", "a" * 81),
        ("name", "a\0b"),
        ("topic", "a" * 41),
        ("description", "a" * 501),
        ("stock", "XXXX9"),
        ("stock", "nada"),
    ],
)
def test_an_invalid_room_is_refused(client, bob, field, value):
    client.force_login(bob)
    answer = client.post("/create-room/", {"name": "Boa", field: value})
    assert list(answer.context["form"].errors) == [field]
    assert not Room.objects.exists()


def test_an_unknown_ticker_is_named_in_the_error(client, bob):
    client.force_login(bob)
    answer = client.post("/create-room/", {"name": "Boa", "stock": "XXXX3"})
    assert answer.context["form"].errors["stock"] == ["Não conhecemos: XXXX3."]


def test_a_renamed_room_is_found_by_its_new_name(client, room, alice):
    client.force_login(alice)
    path = reverse("update-room", args=[room.pk])
    assert client.get(path).context["form"].initial["name"] == "Bancões"
    answer = client.post(path, {"name": "Elétricas", "topic": "", "description": "", "stock": ""})
    assert answer["Location"] == reverse("room", args=[room.pk])
    rows = client.get("/forum/", {"q": "eletricas"}).context["page"].rows
    assert [row.room.name for row in rows] == ["Elétricas"]


def test_a_room_is_deleted_after_confirmation(client, room, alice):
    client.force_login(alice)
    path = reverse("delete-room", args=[room.pk])
    assert "Apagar “<bdi>Bancões</bdi>”?" in client.get(path).content.decode()
    assert Room.objects.exists()
    assert client.post(path)["Location"] == "/forum/"
    assert not Room.objects.exists()


def test_a_message_is_deleted_after_confirmation(client, room, bob):
    message = post_message(room_pk=room.pk, author=bob, body="ops")
    client.force_login(bob)
    path = reverse("delete-message", args=[message.pk])
    assert "Apagar esta mensagem?" in client.get(path).content.decode()
    answer = client.post(path)
    assert answer["Location"] == f"{reverse('room', args=[room.pk])}#m1"
    html = client.get(reverse("room", args=[room.pk])).content.decode()
    assert "mensagem apagada" in html
    assert "ops" not in html
    assert client.post(path).status_code == 404


def test_a_message_is_edited_by_its_author(client, room, bob):
    message = post_message(room_pk=room.pk, author=bob, body="ops")
    client.force_login(bob)
    path = reverse("edit-message", args=[message.pk])
    assert ">\nops</textarea>" in client.get(path).content.decode()
    assert client.post(path, {"body": "  "}).context["form"].errors["body"]
    client.post(path, {"body": "_certo_"})
    html = client.get(reverse("room", args=[room.pk])).content.decode()
    assert "<p>_certo_</p>" not in html
    assert "<em>certo</em>" in html


def test_changes_through_forms_share_the_limit_of_sockets(client, room, bob):
    message = post_message(room_pk=room.pk, author=bob, body="oi")
    client.force_login(bob)
    edit, delete = (reverse(f"{verb}-message", args=[message.pk]) for verb in ("edit", "delete"))
    for n in range(20):
        assert client.post(edit, {"body": str(n)}).status_code == 302

    refused = client.post(edit, {"body": "demais"})
    assert "Tente em" in refused.context["form"].errors["body"][0]
    answer = client.post(delete, follow=True)
    assert answer.redirect_chain == [(delete, 302)]
    assert "Tente em" in answer.content.decode()
    message.refresh_from_db()
    assert message.body == "19"


def test_muting_and_closing_by_the_host_is_logged(client, room, alice, bob):
    post_message(room_pk=room.pk, author=bob, body="oi")
    client.force_login(alice)
    mute = reverse("mute-participant", args=[room.pk])
    client.post(mute, {"user": bob.pk, "muted": "1"})
    assert Participant.objects.get(user=bob).is_muted
    client.post(mute, {"user": bob.pk})
    assert not Participant.objects.get(user=bob).is_muted
    for name, is_closed in (("close-room", True), ("reopen-room", False)):
        client.post(reverse(name, args=[room.pk]))
        assert Room.objects.get().is_closed is is_closed
    log = client.get(reverse("room-moderation", args=[room.pk])).context["entries"]
    assert [entry.action for entry in log] == ["reopen", "close", "unmute", "mute"]


@pytest.mark.parametrize("user", ["", "0", "-1", "abc", "99999999", "9" * 30])
def test_muting_an_unknown_user_is_a_404(client, room, alice, user):
    client.force_login(alice)
    path = reverse("mute-participant", args=[room.pk])
    assert client.post(path, {"user": user, "muted": "1"}).status_code == 404


def test_a_form_never_redirects_to_another_site(client, room, alice):
    client.force_login(alice)
    path = reverse("close-room", args=[room.pk])
    for away in ("https://example.org/", "//example.org/", "javascript:alert(1)"):
        answer = client.post(path, {"next": away})
        assert answer["Location"] == f"/room/{room.pk}/moderation/"
    assert client.post(path, {"next": "/forum/"})["Location"] == "/forum/"


HOST_PAGES = ["update-room", "delete-room", "room-moderation"]


@pytest.mark.parametrize("name", HOST_PAGES)
@pytest.mark.parametrize("pk", ["0", "999999", "01", "+1", "abc", "1e3", "²", "9" * 30])
def test_foreign_and_missing_rooms_give_the_same_404(client, room, bob, name, pk):
    client.force_login(bob)
    foreign = client.get(reverse(name, args=[room.pk]))
    missing = client.get(reverse(name, args=[room.pk]).replace(f"/{room.pk}/", f"/{pk}/"))
    assert foreign.status_code == missing.status_code == 404
    assert foreign.content == missing.content


@pytest.mark.parametrize("name", ["edit-message", "delete-message"])
def test_foreign_and_missing_messages_give_the_same_404(client, room, alice, bob, name):
    message = post_message(room_pk=room.pk, author=alice, body="oi")
    client.force_login(bob)
    for method in (client.get, client.post):
        foreign = method(reverse(name, args=[message.pk]))
        missing = method(reverse(name, args=["999999"]))
        assert foreign.status_code == missing.status_code == 404
        assert foreign.content == missing.content
    assert Message.objects.get().body == "oi"


@pytest.mark.parametrize("pk", ["0", "999999", "01", "abc", "9" * 30, "-1"])
def test_a_missing_room_is_a_404(client, alice, pk):
    assert client.get(f"/room/{pk}/").status_code == 404
    client.force_login(alice)
    assert client.post(f"/room/{pk}/", {"body": "oi"}).status_code == 404


@pytest.mark.parametrize(
    "name", ["create-room", "update-room", "delete-room", "edit-message", "report-message"]
)
def test_an_anonymous_user_is_redirected_to_the_login(client, room, name):
    path = reverse(name, args=[] if name == "create-room" else [room.pk])
    assert client.get(path)["Location"] == f"/login/?next={path}"
    assert client.post(path)["Location"] == f"/login/?next={path}"


@pytest.mark.parametrize("name", ["mute-participant", "close-room", "reopen-room"])
def test_moderation_requires_a_moderator_and_post(client, room, bob, staff, name):
    path = reverse(name, args=[room.pk])
    client.force_login(bob)
    assert client.post(path, {"user": bob.pk}).status_code == 404
    client.force_login(staff)
    assert client.get(path).status_code == 405
    assert client.post(path, {"user": bob.pk, "muted": "1"}).status_code == 302


@pytest.mark.parametrize("count", [3, 30])
def test_the_moderation_page_costs_the_same_for_many_reports(
    client, room, alice, count, django_assert_num_queries
):
    fill(room, count)
    now = timezone.now()
    people = User.objects.bulk_create(User(username=f"u{n}") for n in range(count))
    Participant.objects.bulk_create(
        Participant(room=room, user=user, joined_at=now) for user in people
    )
    for message, user in zip(room.messages.all(), people, strict=True):
        complain(kind="message", pk=message.pk, reporter=user, at=now)
    LogEntry.objects.bulk_create(
        LogEntry(scope=f"room:{room.pk}", actor=alice, target=user, action="mute", done_at=now)
        for user in people
    )
    client.force_login(alice)
    with django_assert_num_queries(7):
        client.get(reverse("room-moderation", args=[room.pk]))


def test_a_room_needs_a_visible_name(client, alice):
    client.force_login(alice)
    blank = client.post("/create-room/", {"name": "\u3164"})
    client.post("/create-room/", {"name": "Sala\u202e\u200b 1\u3164"})

    assert list(blank.context["form"].errors) == ["name"]
    assert [room.name for room in Room.objects.all()] == ["Sala 1"]
