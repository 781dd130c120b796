"""The actors of audit entries: people in parallel, tasks, and commands; links and side rows."""

import re
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from threading import Event

import pytest
from allauth.account.models import EmailAddress
from asgiref.sync import sync_to_async
from celery import shared_task
from celery.contrib.testing.worker import start_worker
from channels.db import database_sync_to_async
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.urls import reverse

import manage
from mainapp.accounts.models import Preferences, User
from mainapp.accounts.services.deletion import delete_account
from mainapp.agenda.services.events import update_event
from mainapp.agenda.tests.factories import make_event
from mainapp.alerts.models import Alert
from mainapp.alerts.tests.factories import make_alert
from mainapp.core import processes
from mainapp.core.contexts import COMMAND, PAGE, Context, handling
from mainapp.core.database import ProcessLimit
from mainapp.core.models import AuditDetail, AuditEntry
from mainapp.core.policies import HOST
from mainapp.forum.models import Room
from mainapp.forum.tests.factories import RoomFactory, make_group
from mainapp.market.tests.factories import StockFactory
from mainapp.notifications.consumers import NotificationsConsumer
from mainapp.notifications.models import Broadcast
from mainapp.pages.tests.audited_requests import FRAMES_NOT_AUDITED
from mainapp.pages.tests.world import FRAMES, OBJECTS, make_world
from project.celery import app
from routing import websocket_urlpatterns

PEOPLE, REQUESTS = 10, 50


def last_entries(*names, **filters):
    return list(AuditEntry.objects.filter(**filters).order_by("pk").values_list(*names))


# People ----------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_parallel_requests_of_ten_people_are_not_mixed_up():
    stock = StockFactory(symbol="PETR4")
    users = [User.objects.create_user(f"p{number}") for number in range(PEOPLE)]
    clients = []
    for user in users:
        client = Client()
        client.force_login(user)
        clients.append(client)
    alerts = [
        make_alert(users[number % PEOPLE], stock=stock, compra="5.00") for number in range(REQUESTS)
    ]
    AuditEntry.objects.all().delete()

    def send(number):
        client, alert = clients[number % PEOPLE], alerts[number]
        try:
            if number % 2:
                return client.post(reverse("pause-alert", args=[alert.pk])).status_code
            path, body = f"/api/v1/alerts/{alert.pk}/", {"note": "x"}
            return client.patch(path, body, content_type="application/json").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(send, range(REQUESTS))) <= {200, 302}

    expected = {
        (str(alert.pk), alert.owner_id, "page" if number % 2 else "api")
        for number, alert in enumerate(alerts)
    }
    rows = last_entries("key", "actor_id", "way", model="alerts.alert")
    assert (len(rows), set(rows)) == (REQUESTS, expected)


async def write(consumer, _frame):
    """Change the preferences of the socket's user, as the handler of a frame."""
    user = consumer.scope["user"]
    save = database_sync_to_async(Preferences.objects.create)
    await save(user=user, theme="dark")


@pytest.mark.django_db(transaction=True)
async def test_parallel_frames_of_ten_people_are_not_mixed_up(websocket, monkeypatch):
    handlers = NotificationsConsumer.handlers | {"planted": "planted"}
    monkeypatch.setattr(NotificationsConsumer, "handlers", handlers)
    monkeypatch.setattr(NotificationsConsumer, "planted", write, raising=False)
    users = [
        await sync_to_async(User.objects.create_user)(f"p{number}") for number in range(PEOPLE)
    ]
    async with AsyncExitStack() as stack:
        sockets = [
            await stack.enter_async_context(websocket("/ws/notifications/", user)) for user in users
        ]
        for socket in sockets:
            await socket.send({"type": "planted"})
            await socket.send({"type": "ping"})
        for socket in sockets:
            await socket.next("pong")

    rows = await sync_to_async(last_entries)("actor_id", "way", "changes", action="created")
    own = [row for row in rows if "theme" in row[2]]
    assert {row[2]["user"][1]: row[:2] for row in own} == {
        user.pk: (user.pk, "socket") for user in users
    }


# Frames ----------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
async def test_frames_leave_no_entry(websocket):
    world = await sync_to_async(make_world)()
    await sync_to_async(AuditEntry.objects.all().delete)()
    for pattern in websocket_urlpatterns:
        path, policy = str(pattern.pattern), pattern.callback.consumer_class.policy
        assert set(policy.frames) <= FRAMES_NOT_AUDITED.keys(), path
        if not path:
            continue
        arguments = await sync_to_async(OBJECTS[policy.of][0])(world) if policy.of else {}
        await sync_to_async(AuditEntry.objects.all().delete)()
        address = "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", path).format(**arguments)
        person = "host" if policy.opens & HOST else "admin"
        async with websocket(address, world.users[person]) as socket:
            for kind in policy.frames:
                await socket.send({"type": kind, "id": "x"} | FRAMES.get(kind, {}))
            await socket.send({"type": "ping", "id": "last"})
            while (await socket.next()).get("id") != "last":
                pass
        assert await sync_to_async(AuditEntry.objects.count)() == 0, path


# Tasks and commands ----------------------------------------------------------------------------


ROOMS_ARE_CLOSED = Event()


@shared_task(name="close_rooms_of_test", ignore_result=True)
def close_rooms():
    Room.objects.update(is_closed=True)
    ROOMS_ARE_CLOSED.set()


@pytest.mark.skipif(
    connection.vendor == "postgresql", reason="Celery's worker for tests shares a connection"
)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_asked", [True, False])
def test_a_task_is_recorded_with_its_name_and_the_person_for_whom_it_runs(
    is_asked, alice, bob, monkeypatch
):
    # The worker sets these in its process, which here is the tests'.
    monkeypatch.setattr(ProcessLimit, "call_s", None)
    monkeypatch.setattr(processes, "_role", processes.WEB)
    RoomFactory(host=bob)
    ROOMS_ARE_CLOSED.clear()
    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=10):
        if is_asked:
            with handling(Context("", PAGE, person_id=alice.pk)):
                close_rooms.delay()
        else:
            close_rooms.delay()
        # Without a query: the worker's thread has the connection of this one.
        assert ROOMS_ARE_CLOSED.wait(20)

    # Nobody has asked for it: it runs for the owner of the row.
    person = alice if is_asked else bob
    rows = last_entries("way", "program", "actor_id", model="forum.room", action="changed")
    assert rows == [("task", "close_rooms_of_test", person.pk)]


@pytest.mark.django_db(transaction=True)
def test_a_command_is_recorded_with_its_name(monkeypatch):
    arguments = ["--noinput", "--username", "rita", "--email", "rita@example.org"]
    monkeypatch.setattr(sys, "argv", ["manage.py", "createsuperuser", *arguments])
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct horse")

    manage.main()

    rows = last_entries("way", "program", "actor_id", model="accounts.user")
    assert rows == [(COMMAND, "createsuperuser", None)]


# Links -----------------------------------------------------------------------------------------


def test_shown_links_are_recorded_with_their_keys_before_and_after(alice):
    one, two = (Group.objects.create(name=name) for name in "ab")
    AuditEntry.objects.all().delete()

    alice.groups.add(one)
    alice.groups.add(one)
    alice.groups.set([two])
    one.user_set.add(alice)
    two.user_set.clear()
    alice.groups.clear()

    assert [row[0]["groups"] for row in last_entries("changes", fields=["groups"])] == [
        [[], [one.pk]],
        [[one.pk], []],
        [[], [two.pk]],
        [[two.pk], [one.pk, two.pk]],
        [[one.pk, two.pk], [one.pk]],
        [[one.pk], []],
    ]


def test_hidden_links_are_recorded_without_their_keys(alice):
    event = make_event(alice)
    AuditEntry.objects.all().delete()

    update_event(event_pk=event.pk, actor=alice, fields={"tags": ["bolsa"]}, at=event.created_at)

    assert last_entries("fields", "changes", model="agenda.event") == [(["tags"], {})]


# Side rows -------------------------------------------------------------------------------------


def details():
    return list(
        AuditDetail.objects.order_by("pk").values_list("owner_id", "field", "before", "after")
    )


def test_side_rows_have_the_readable_values_and_are_deleted_with_the_account(alice, bob):
    email = EmailAddress.objects.create(user=alice, email="old@example.org")
    alice.username, alice.bio = "alicia", "secret"
    alice.save()
    User.objects.filter(pk=alice.pk).update(email="new@example.org")
    email.delete()

    assert details() == [
        (alice.pk, "username", "alice", "alicia"),
        (alice.pk, "email", "", "new@example.org"),
        (alice.pk, "email", "old@example.org", ""),
    ]
    delete_account(user=User.objects.get(pk=alice.pk))
    assert details() == []


def test_the_texts_of_a_deleted_broadcast_stay_with_its_author(alice):
    row = Broadcast.objects.create(
        author=alice, title="Aviso", body="Texto", created_at=alice.date_joined
    )
    row.delete()
    assert details() == [(alice.pk, "body", "Texto", ""), (alice.pk, "title", "Aviso", "")]


def test_private_rooms_and_secrets_have_no_side_rows(alice, bob):
    group = make_group(alice, bob)
    group.name = "Outro"
    group.save()
    alice.set_password("another horse")
    alice.save()
    assert details() == []
    assert Alert.audit.readable == frozenset()
