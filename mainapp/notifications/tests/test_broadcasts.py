import pytest
from django.core import mail
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.core.exceptions import DomainError
from mainapp.notifications.models import Broadcast, Delivery, Notification
from mainapp.notifications.selectors.deliveries import unfinished_broadcasts
from mainapp.notifications.selectors.inbox import unread_count
from mainapp.notifications.services import broadcasts
from mainapp.notifications.services.broadcasts import send_broadcast, write_batch
from mainapp.notifications.services.inbox import mark_read


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def staff(client, bob):
    User.objects.filter(pk=bob.pk).update(access_level=User.Access.SUPPORT)
    bob.refresh_from_db()
    client.force_login(bob)
    return client


def test_broadcast_is_stored_once_and_seen_by_all_users(staff, alice, bob):
    drafted = staff.post(
        "/notifications/broadcasts/", {"title": "Manutenção", "body": "no domingo"}
    )
    assert not Notification.objects.exists()
    for _ in range(2):
        staff.post(f"{drafted.url}send/")

    assert Notification.objects.get().user is None
    assert [unread_count(user) for user in (alice, bob)] == [1, 1]
    assert not Delivery.objects.exists()
    assert write_batch(at=timezone.now()) == 0
    mark_read(user=alice, ids=None, at=timezone.now())
    assert [unread_count(user) for user in (alice, bob)] == [0, 1]


def test_member_cannot_send_a_broadcast(page, alice):
    sent = page.post("/notifications/broadcasts/", {"title": "Oi", "body": "todos"})

    assert sent.status_code == 403
    with pytest.raises(DomainError):
        send_broadcast(author=alice, title="Oi", body="todos", at=timezone.now())
    assert not Notification.objects.exists()


@pytest.mark.parametrize("url", ["https://x.example", "//x.example", "javascript:x", "/\\x"])
def test_broadcast_links_only_to_this_site(staff, url):
    staff.post("/notifications/broadcasts/", {"title": "Oi", "body": "todos", "url": url})

    assert not Broadcast.objects.exists()


def test_broadcast_mail_is_written_in_batches_once_per_user(bob, settings, monkeypatch):
    settings.ACCOUNT_EMAIL_VERIFICATION = "none"
    monkeypatch.setattr("mainapp.notifications.services.broadcasts.BATCH", 4)
    bob.access_level = User.Access.ADMIN
    User.objects.bulk_create(User(username=f"u{n}", email=f"u{n}@x.com") for n in range(10))
    User.objects.filter(username="u3").update(is_active=False)
    User.objects.filter(username="u5").update(email="")
    now = timezone.now()
    send_broadcast(author=bob, title="Oi", body="todos", is_email=True, at=now)
    covered = []
    while count := write_batch(at=now):
        covered.append(count)
        assert write_batch(at=now) == 0  # the previous e-mails were not attempted yet
        Delivery.objects.update(state="sent")

    assert sum(covered) == 10  # nine active users, and bob (without an address)
    addresses = sorted(Delivery.objects.values_list("address", flat=True))
    assert addresses == sorted(f"u{n}@x.com" for n in range(10) if n not in (3, 5))
    assert Delivery.objects.values("message_id").distinct().count() == 8
    assert Broadcast.objects.get().state == "done"
    assert mail.outbox == []


def test_batch_from_a_stale_position_is_not_written(bob, settings, monkeypatch):
    settings.ACCOUNT_EMAIL_VERIFICATION = "none"
    bob.access_level = User.Access.ADMIN
    User.objects.create_user("ana", "ana@x.com")
    now = timezone.now()
    send_broadcast(author=bob, title="Oi", body="todos", is_email=True, at=now)
    stale = Broadcast.objects.get()
    write_batch(at=now)
    Delivery.objects.update(state="sent")
    Broadcast.objects.update(last_user_id=stale.last_user_id + 1)
    rows = unfinished_broadcasts()
    monkeypatch.setattr(rows, "first", lambda: stale)
    monkeypatch.setattr(broadcasts, "unfinished_broadcasts", lambda: rows)

    assert write_batch(at=now) == 0
    assert Delivery.objects.count() == 1


def test_rows_of_the_last_release_are_finished(bob, settings):
    """A broadcast that the last release began is neither lost nor written twice."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "none"
    people = [User.objects.create_user(f"u{n}", f"u{n}@x.com") for n in range(3)]
    now = timezone.now()
    row = Broadcast.objects.create(title="Oi", body="todos", is_email=True, created_at=now)
    Broadcast.objects.filter(pk=row.pk).update(last_user_id=people[0].pk)

    write_batch(at=now)
    Delivery.objects.update(state="sent")
    write_batch(at=now)

    assert list(Delivery.objects.order_by("pk").values_list("user", flat=True)) == [
        people[1].pk, people[2].pk
    ]  # fmt: skip
    row.refresh_from_db()
    assert (row.state, row.finished_at) == ("done", now)
