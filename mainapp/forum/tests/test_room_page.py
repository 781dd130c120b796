"""The page of a conversation: its lines, and its forms without scripts."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from mainapp.accounts.models import Block, User
from mainapp.core.tests.images import photo
from mainapp.forum.models import Message, Participant, Reaction
from mainapp.forum.services.marks import react
from mainapp.forum.services.messages import delete_message, post_message
from mainapp.forum.tests.factories import (
    MessageFactory,
    RoomFactory,
    fill_room,
    make_direct,
    make_group,
)
from mainapp.market.tests.factories import LastQuoteFactory, StockFactory
from mainapp.uploads.models import Upload

EMOJI = "👍"


@pytest.fixture
def carol(db):
    return User.objects.create_user("carol")


@pytest.fixture
def group(alice, bob):
    return make_group(alice, bob, name="Estudos")


def lines(client, room, **query):
    page = client.get(room.get_absolute_url(), query).context["page"]
    return page, {line.message.seq: line for line in page.lines}


def test_a_private_room_has_its_own_address(client, alice, bob, group):
    forum = RoomFactory()
    client.force_login(bob)

    assert client.get(f"/room/{group.pk}/?before=9").url == f"/conversa/{group.pk}/?before=9"
    assert client.get(f"/conversa/{forum.pk}/").url == f"/room/{forum.pk}/"
    assert b"Estudos" in client.get(f"/conversa/{group.pk}/").content


def test_the_head_names_the_other_person_or_the_number_of_people(client, alice, bob, group):
    direct = make_direct(alice, bob)
    client.force_login(alice)

    page = client.get(direct.get_absolute_url()).content.decode()
    assert f'<h1 id="room-name"><a href="/profile/{bob.pk}/"><bdi>{bob.name}</bdi></a></h1>' in page
    assert "2 participantes" in client.get(group.get_absolute_url()).content.decode()


def test_the_first_unread_message_is_marked(client, alice, bob, group):
    for author in (alice, bob, bob):
        MessageFactory(room=group, author=author)
    Participant.objects.filter(user=bob).update(read_seq=0)
    client.force_login(alice)
    Participant.objects.filter(user=alice).update(read_seq=1)

    _page, shown = lines(client, group)
    assert {seq: line.unread for seq, line in shown.items()} == {1: 0, 2: 2, 3: 0}
    client.force_login(bob)
    _page, shown = lines(client, group)
    assert {seq: line.unread for seq, line in shown.items()} == {1: 1, 2: 0, 3: 0}


def test_the_first_unread_message_of_an_earlier_page_is_linked(client, alice, bob, group):
    fill_room(group, bob, 120)
    Participant.objects.filter(user=alice).update(read_seq=30)
    client.force_login(alice)

    page, _lines = lines(client, group)
    assert page.first_unread == 22
    assert not any(line.unread for line in page.lines)
    page, shown = lines(client, group, after=22)
    assert (page.first_unread, shown[31].unread, page.earlier, page.later) == (None, 42, 23, 72)
    page, _lines = lines(client, group, after=72)
    assert (page.earlier, page.later) == (73, None)


def test_marking_as_read_needs_no_script(client, alice, bob, group):
    MessageFactory(room=group, author=bob)
    client.force_login(alice)
    assert b"Marcar como lida" in client.get(group.get_absolute_url()).content

    answer = client.post(f"/conversa/{group.pk}/lida/")

    assert answer.url == f"/conversa/{group.pk}/#end"
    assert Participant.objects.get(room=group, user=alice).read_seq == 1
    assert b"Marcar como lida" not in client.get(group.get_absolute_url()).content


def test_a_reply_shows_its_message_until_that_is_deleted(client, alice, bob, group):
    first = post_message(room_pk=group.pk, author=bob, body="A **margem** é 22%")
    client.force_login(alice)
    page = client.get(group.get_absolute_url(), {"reply": first.seq}).content.decode()
    assert 'name="reply_to" value="1"' in page
    client.post(group.get_absolute_url(), {"body": "Confiro", "reply_to": first.seq})

    quoted = '<span data-part="quoted-text" dir="auto"><bdi>A margem é 22%</bdi></span>'
    assert quoted in client.get(group.get_absolute_url()).content.decode()
    delete_message(room_pk=group.pk, seq=first.seq, actor=bob)
    page = client.get(group.get_absolute_url()).content.decode()
    assert "margem" not in page
    assert '<span data-part="quoted-text" dir="auto">mensagem apagada</span>' in page


def test_a_reply_hides_a_message_from_before_one_joined(client, alice, bob, carol, group):
    first = post_message(room_pk=group.pk, author=bob, body="segredo antigo")
    Participant.objects.create(
        room=group, user=carol, joined_at=timezone.now(), joined_seq=first.seq
    )
    post_message(room_pk=group.pk, author=alice, body="Confiro", reply_to=first.seq)
    client.force_login(carol)

    page = client.get(group.get_absolute_url(), {"reply": first.seq}).content.decode()

    assert "segredo antigo" not in page
    assert "mensagem anterior à sua entrada" in page
    assert client.get(group.get_absolute_url()).context["page"].earlier is None


def test_reactions_are_counted_and_changed_without_a_script(client, alice, bob, group):
    message = MessageFactory(room=group, author=bob)
    react(room_pk=group.pk, seq=1, user=bob, emoji="📈", is_on=True)
    client.force_login(alice)
    address = f"/react-message/{message.pk}/"

    answer = client.post(address, {"emoji": EMOJI, "on": "1"})
    assert answer.url == f"/conversa/{group.pk}/#m1"
    assert lines(client, group)[1][1].reactions == [
        {"emoji": EMOJI, "count": 1, "mine": True},
        {"emoji": "📈", "count": 1, "mine": False},
    ]
    assert client.get(address).context["own"] == [EMOJI]
    client.post(address, {"emoji": EMOJI})
    assert [reaction.emoji for reaction in Reaction.objects.all()] == ["📈"]
    assert client.post(address, {"emoji": "x", "on": "1"}).status_code == 422


def test_messages_of_blocked_people_are_folded(client, alice, bob, group):
    MessageFactory(room=group, author=bob)
    MessageFactory(room=group, author=alice)
    Block.objects.create(blocker=alice, blocked=bob, blocked_at=timezone.now())

    for reader, folded in ((alice, [True, False]), (bob, [False, False])):
        client.force_login(reader)
        page, _lines = lines(client, group)
        assert [line.is_folded for line in page.lines] == folded


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"code": "joined", "by": 1}, "entrou no grupo"),
        ({"code": "left"}, "saiu do grupo"),
        ({"code": "left", "by": 1}, "não faz mais parte do grupo"),
        ({"code": "renamed", "name": "<b>"}, "mudou o nome do grupo para \u2068&lt;b&gt;\u2069"),
    ],
)
def test_system_messages_are_sentences(client, alice, bob, group, content, sentence):
    MessageFactory(room=group, author=bob, kind="system", content=content, body="", body_html="")
    client.force_login(alice)

    assert f"\u2068{bob.name}\u2069 {sentence}" in (
        client.get(group.get_absolute_url()).content.decode()
    )


def test_a_code_unfolds_once_among_nearby_messages(client, alice, bob, group):
    for symbol in ("PETR4", "VALE3", "WEGE3"):
        LastQuoteFactory(stock=StockFactory(symbol=symbol))
    for body in ("$PETR4", "$PETR4 e $VALE3", "> $WEGE3\n\nsim", *["oi"] * 9, "$PETR4", "$PETR4"):
        MessageFactory(room=group, author=bob)
        message = Message.objects.get(room=group, seq=group.last_seq)
        chips = "".join(
            f'<a class="chip" data-symbol="{word[1:]}"></a>'
            for word in body.split()
            if word.startswith("$")
        )
        quote = f"<blockquote>{chips}</blockquote>" if body.startswith(">") else chips
        Message.objects.filter(pk=message.pk).update(body_html=quote)
    client.force_login(alice)

    page, _lines = lines(client, group)

    papers = [[paper.symbol for paper in line.papers] for line in page.lines]
    assert papers == [["PETR4"], ["VALE3"], [], *[[]] * 9, [], ["PETR4"]]


@pytest.fixture
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def test_messages_of_a_room_are_searched_by_who_may_read_them(client, alice, bob, carol, group):
    MessageFactory(
        room=group, author=bob, body="A margem é ótima", body_html="<p>A margem é ótima</p>"
    )
    MessageFactory(room=group, author=bob, body="outra coisa")
    address = f"/room/{group.pk}/search/"
    client.force_login(alice)

    page = client.get(address, {"q": "OTIMA margem"}).content.decode()
    assert page.count("<li data-seq=") == 1
    assert f'href="/conversa/{group.pk}/#m1"' in page
    fragment = client.get(address, {"q": "nada disso"}, headers={"HX-Request": "true"})
    assert "Nada nesta conversa" in fragment.content.decode()
    assert "<main" not in fragment.content.decode()
    client.force_login(carol)
    assert client.get(address, {"q": "margem"}).status_code == 404


@pytest.mark.usefixtures("_media")
def test_a_picture_is_sent_with_its_caption_by_the_form(client, alice, bob, group):
    client.force_login(alice)
    file = SimpleUploadedFile("gráfico.png", photo((640, 320)))
    form = {"body": "veja", "file": file, "client_id": str(uuid4())}

    assert client.post(group.get_absolute_url(), form).status_code == 302

    message, upload = Message.objects.get(), Upload.objects.get()
    assert (message.kind, message.body) == ("image", "veja")
    page = client.get(group.get_absolute_url()).content.decode()
    assert f'<img src="/uploads/{upload.pk}/600/" width="320" height="160"' in page
    # The whole picture is there before its thumbnails are.
    assert client.get(f"/uploads/{upload.pk}/600/").status_code == 200


@pytest.mark.usefixtures("_media")
def test_a_text_precedes_a_file_and_both_are_sent_once(client, alice, bob, group):
    client.force_login(alice)
    form = {"body": "a planilha", "client_id": str(uuid4())}
    for _ in range(2):
        client.post(
            group.get_absolute_url(), form | {"file": SimpleUploadedFile("a.csv", b"a;b\n1;2")}
        )

    sent = [(message.kind, message.body) for message in Message.objects.order_by("seq")]
    assert sent == [("text", "a planilha"), ("file", "")]
    page = client.get(group.get_absolute_url()).content.decode()
    assert '<span class="msg-file-name" data-part="file-name" dir="auto">a.csv</span>' in page


@pytest.mark.usefixtures("_media")
def test_a_refused_file_is_explained_and_nothing_is_kept(client, alice, bob, group):
    client.force_login(alice)
    file = SimpleUploadedFile("a.exe", b"MZ")
    answer = client.post(group.get_absolute_url(), {"body": "oi", "file": file})

    assert answer.status_code == 422
    assert "São aceitas imagens" in answer.content.decode()
    Participant.objects.filter(user=alice).update(is_muted=True)
    good = SimpleUploadedFile("a.csv", b"a;b")
    assert client.post(group.get_absolute_url(), {"file": good}).status_code == 422
    assert not Message.objects.exists()
    assert not Upload.objects.exists()


def test_a_direct_room_costs_six_queries(client, alice, bob, django_assert_num_queries):
    room = make_direct(alice, bob)
    fill_room(room, bob, 60)
    client.force_login(alice)

    with django_assert_num_queries(6):
        page, _lines = lines(client, room)

    assert len(page.lines) == 50


@pytest.mark.parametrize("count", [3, 3000])
def test_a_private_room_costs_six_queries(client, alice, bob, count, django_assert_num_queries):
    LastQuoteFactory(stock=StockFactory(symbol="PETR4"))
    room = make_group(alice, bob)
    fill_room(room, bob, count)
    Message.objects.filter(room=room, seq__gt=count - 3).update(
        body_html='<a class="chip" data-symbol="PETR4">PETR4</a>'
    )
    for message in Message.objects.filter(room=room, seq__gt=count - 3):
        Reaction.objects.create(message=message, user=bob, emoji=EMOJI)
    client.force_login(alice)

    with django_assert_num_queries(6):
        page, _lines = lines(client, room)

    assert len(page.lines) == min(count, 50)
    assert page.lines[-1].reactions == [{"emoji": EMOJI, "count": 1, "mine": False}]
    assert page.lines[-1].message.sent_at < timezone.now() - timedelta(hours=1)
