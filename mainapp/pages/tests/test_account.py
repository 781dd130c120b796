import pytest
from allauth.account.models import EmailAddress
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.test import Client

from mainapp.accounts.models import Preferences, User
from mainapp.accounts.services.deletion import delete_account
from mainapp.forum.models import Message, Participant, Room
from mainapp.market.models import Watchlist
from mainapp.market.services.watchlists import create_list
from mainapp.market.tests.factories import NOON, StockFactory
from mainapp.moderation.models import Complaint, LogEntry
from mainapp.notifications.models import Delivery
from mainapp.pages.tests.people import join, moderate, report, room, write_message
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
    """A room of alice and one of bob, in which both wrote, reported and moderated."""
    alices, bobs = room(alice, "Sala de Alice"), room(bob, "Sala de Bob")
    for in_room in (alices, bobs):
        for user in (alice, bob):
            join(user, in_room)
            write_message(user, in_room, f"Olá de {user.username}")
    report(bob, Message.objects.get(room=bobs, author=alice))
    report(alice, Message.objects.get(room=alices, author=bob))
    moderate(alice, bob, alices)
    moderate(bob, alice, bobs)
    StockFactory(symbol="PETR4")
    create_list(owner=alice, name="Bancos", symbols=["PETR4"])
    Carteira.objects.create(
        owner=alice, ativo=StockFactory(symbol="VALE3"), preco_medio=1, quantidade=1, nota=1
    )
    Preferences.objects.create(user=alice, theme="dark")
    return alices, bobs


def test_deleting_an_account_deletes_its_sent_mails(alice):
    for number, address in enumerate(
        ["alice@example.com", "alice@work.example", "bob@example.com"]
    ):
        Delivery.objects.create(
            kind="email", address=address, subject="Nova senha", text="…", state="sent",
            message_id=f"<{number}>", due_at=NOON, created_at=NOON,
        )  # fmt: skip
    EmailAddress.objects.create(user=alice, email="alice@work.example")

    delete_account(user=alice)

    assert [row.address for row in Delivery.objects.all()] == ["bob@example.com"]


def test_the_page_lists_deleted_and_remaining_data(page):
    html = page.get(URL).content.decode()

    for text in ("O que se apaga", "O que fica", "usuário removido", 'type="password"'):
        assert text in html


@pytest.mark.parametrize("password", ["", "errada", PASSWORD.upper()])
def test_a_wrong_password_deletes_nothing(page, alice, past, password):
    response = page.post(URL, {"password": password})

    assert response.context["form"].errors["password"]
    assert User.objects.filter(pk=alice.pk).exists()
    assert Watchlist.objects.exists()


def test_own_data_is_deleted_and_messages_remain(page, alice, bob, past):
    alices, _bobs = past
    Client().force_login(alice)

    response = page.post(URL, {"password": PASSWORD}, follow=True)

    assert "Sua conta foi apagada." in response.content.decode()
    assert 'href="/login/' in response.content.decode()
    assert list(User.objects.all()) == [bob]
    for model in (Watchlist, Carteira, Preferences, Session):
        assert not model.objects.exists()
    assert list(Participant.objects.values_list("user", flat=True)) == [bob.pk] * 2
    assert Room.objects.get(pk=alices.pk).host is None
    assert Message.objects.filter(author=None, body="Olá de alice").count() == 2
    assert Complaint.objects.filter(reporter=None).count() == 1
    assert LogEntry.objects.filter(actor=None).count() == 1
    assert LogEntry.objects.filter(target=None).count() == 1


def test_pages_work_after_an_account_is_deleted(page, alice, bob, past):
    alices, bobs = past
    old_profile = f"/profile/{alice.pk}/"
    page.post(URL, {"password": PASSWORD})
    User.objects.filter(pk=bob.pk).update(access_level="admin")
    staff, stranger = Client(), Client()
    staff.force_login(User.objects.get(pk=bob.pk))

    for client in (staff, stranger):
        for address in (
            "/forum/",
            f"/room/{alices.pk}/",
            f"/room/{bobs.pk}/",
            f"/profile/{bob.pk}/",
        ):
            response = client.get(address)
            assert response.status_code == 200, address
            assert old_profile not in response.content.decode()
        assert client.get(old_profile).status_code == 404
    for in_room in past:
        assert "usuário removido" in stranger.get(f"/room/{in_room.pk}/").content.decode()
    for address in ("/denuncias/registro/", f"/room/{alices.pk}/moderation/"):
        response = staff.get(address)
        assert response.status_code == 200
        assert "usuário removido" in response.content.decode()
    assert archive_of(bob).testzip() is None


def test_the_last_admin_cannot_delete_their_account(page, alice):
    User.objects.filter(pk=alice.pk).update(access_level="admin")

    html = page.post(URL, {"password": PASSWORD}).content.decode()

    assert "única conta de administrador" in html
    assert User.objects.filter(pk=alice.pk).exists()


def test_wrong_passwords_are_limited(page, alice):
    responses = [page.post(URL, {"password": "errada"}).status_code for _ in range(12)]

    assert responses[0] == 200
    assert responses[-1] == 429
    assert page.post(URL, {"password": PASSWORD}).status_code == 429


@pytest.mark.django_db(transaction=True)
async def test_sockets_of_a_deleted_account_are_closed(alice, websocket):
    async with websocket("/ws/stock/track/", alice) as socket:
        await socket.next("snapshot")

        await sync_to_async(delete_account)(user=alice)

        assert await socket.closed() == 4401
