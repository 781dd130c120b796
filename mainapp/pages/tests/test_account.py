import pytest
from allauth.account.models import EmailAddress
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.test import Client

from mainapp.accounts.models import Preferences, User
from mainapp.accounts.services.deletion import delete_account
from mainapp.forum.models import Message, ModerationEntry, Participant, Report, Room
from mainapp.market.models import Watchlist
from mainapp.market.services.watchlists import create_list
from mainapp.market.tests.factories import NOON, StockFactory
from mainapp.notifications.models import Delivery
from mainapp.pages.tests.people import moderate, report, room, say, take_part
from mainapp.pages.tests.test_archive import archive_of
from mainapp.portfolio.models import Carteira

pytestmark = pytest.mark.django_db

PASSWORD = "um-segredo-longo"
URL = "/delete-account/"


@pytest.fixture
def alice(db):
    return User.objects.create_user("alice", "alice@example.com", PASSWORD)


@pytest.fixture
def page(alice):
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def past(alice, bob):
    """A room of alice and one of bob, in which both wrote, reported and kept order."""
    hers, his = room(alice, "Sala de Alice"), room(bob, "Sala de Bob")
    for where in (hers, his):
        for user in (alice, bob):
            take_part(user, where)
            say(user, where, f"Olá de {user.username}")
    report(bob, Message.objects.get(room=his, author=alice))
    report(alice, Message.objects.get(room=hers, author=bob))
    moderate(alice, bob, hers)
    moderate(bob, alice, his)
    StockFactory(symbol="PETR4")
    create_list(owner=alice, name="Bancos", symbols=["PETR4"])
    Carteira.objects.create(
        owner=alice, ativo=StockFactory(symbol="VALE3"), preco_medio=1, quantidade=1, nota=1
    )
    Preferences.objects.create(user=alice, theme="dark")
    return hers, his


def test_the_addresses_of_mails_go_with_the_account(alice):
    for number, address in enumerate(
        ["alice@example.com", "alice@work.example", "bob@example.com"]
    ):
        Delivery.objects.create(
            kind="email", address=address, subject="Nova senha", text="…", state="sent",
            message_id=f"<{number}>", due_at=NOON, created_at=NOON,
        )  # fmt: skip
    EmailAddress.objects.create(user=alice, email="alice@work.example")

    delete_account(user=alice)

    assert [one.address for one in Delivery.objects.all()] == ["bob@example.com"]


def test_the_page_tells_what_goes_and_what_stays(page):
    html = page.get(URL).content.decode()

    for said in ("O que se apaga", "O que fica", "usuário removido", 'type="password"'):
        assert said in html


@pytest.mark.parametrize("password", ["", "errada", PASSWORD.upper()])
def test_without_the_password_nothing_goes(page, alice, past, password):
    answer = page.post(URL, {"password": password})

    assert answer.context["form"].errors["password"]
    assert User.objects.filter(pk=alice.pk).exists()
    assert Watchlist.objects.exists()


def test_what_is_ones_own_goes_and_what_was_said_stays(page, alice, bob, past):
    hers, _his = past
    Client().force_login(alice)

    answer = page.post(URL, {"password": PASSWORD}, follow=True)

    assert "Sua conta foi apagada." in answer.content.decode()
    assert 'href="/login/' in answer.content.decode()
    assert list(User.objects.all()) == [bob]
    for model in (Watchlist, Carteira, Preferences, Session):
        assert not model.objects.exists()
    assert list(Participant.objects.values_list("user", flat=True)) == [bob.pk] * 2
    assert Room.objects.get(pk=hers.pk).host is None
    assert Message.objects.filter(author=None, body="Olá de alice").count() == 2
    assert Report.objects.filter(reporter=None).count() == 1
    assert ModerationEntry.objects.filter(actor=None).count() == 1
    assert ModerationEntry.objects.filter(target=None).count() == 1


def test_nothing_breaks_where_somebody_has_gone(page, alice, bob, past):
    hers, his = past
    gone = f"/profile/{alice.pk}/"
    page.post(URL, {"password": PASSWORD})
    User.objects.filter(pk=bob.pk).update(access_level="admin")
    staff, stranger = Client(), Client()
    staff.force_login(User.objects.get(pk=bob.pk))

    for client in (staff, stranger):
        for address in ("/forum/", f"/room/{hers.pk}/", f"/room/{his.pk}/", f"/profile/{bob.pk}/"):
            answer = client.get(address)
            assert answer.status_code == 200, address
            assert gone not in answer.content.decode()
        assert client.get(gone).status_code == 404
    for where in past:
        assert "usuário removido" in stranger.get(f"/room/{where.pk}/").content.decode()
    for address in ("/forum/moderation/", f"/room/{hers.pk}/moderation/"):
        answer = staff.get(address)
        assert answer.status_code == 200
        assert "usuário removido" in answer.content.decode()
    assert archive_of(bob).testzip() is None


def test_the_last_admin_is_told_why_not(page, alice):
    User.objects.filter(pk=alice.pk).update(access_level="admin")

    html = page.post(URL, {"password": PASSWORD}).content.decode()

    assert "única conta de administrador" in html
    assert User.objects.filter(pk=alice.pk).exists()


def test_passwords_are_not_tried_for_ever(page, alice):
    answers = [page.post(URL, {"password": "errada"}).status_code for _ in range(12)]

    assert answers[0] == 200
    assert answers[-1] == 429
    assert page.post(URL, {"password": PASSWORD}).status_code == 429


@pytest.mark.django_db(transaction=True)
async def test_the_sockets_of_who_leaves_are_closed(alice, websocket):
    async with websocket("/ws/stock/track/", alice) as socket:
        await socket.next("snapshot")

        await sync_to_async(delete_account)(user=alice)

        assert await socket.closed() == 4401
