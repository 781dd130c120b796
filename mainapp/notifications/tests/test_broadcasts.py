import pytest
from django.core import mail
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.core.exceptions import DomainError
from mainapp.notifications.models import Broadcast, Delivery, Notification
from mainapp.notifications.selectors.inbox import unread_count
from mainapp.notifications.services.broadcasts import send_broadcast, write_batch
from mainapp.notifications.services.inbox import mark_read
from mainapp.notifications.services.outbox import claim_due, record_attempt


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
    staff.post("/notifications/broadcasts/", {"title": "Manutenção", "body": "no domingo"})

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
        for claimed in claim_due(limit=50, at=now):
            record_attempt(delivery=claimed, error=None, at=now)

    assert sum(covered) == 10  # nine active users, and bob (without an address)
    addresses = sorted(Delivery.objects.values_list("address", flat=True))
    assert addresses == sorted(f"u{n}@x.com" for n in range(10) if n not in (3, 5))
    assert Delivery.objects.values("message_id").distinct().count() == 8
    assert Broadcast.objects.get().finished_at
    assert mail.outbox == []


def test_batch_from_a_stale_position_is_not_written(bob, settings, monkeypatch):
    settings.ACCOUNT_EMAIL_VERIFICATION = "none"
    bob.access_level = User.Access.ADMIN
    User.objects.create_user("ana", "ana@x.com")
    now = timezone.now()
    send_broadcast(author=bob, title="Oi", body="todos", is_email=True, at=now)
    stale = Broadcast.objects.get()
    write_batch(at=now)
    Delivery.objects.update(tries=1)
    monkeypatch.setattr(
        Broadcast.objects, "filter", _stale_first_read(stale, Broadcast.objects.filter)
    )

    assert write_batch(at=now) == 0
    assert Delivery.objects.count() == 1


def _stale_first_read(stale, real):
    """Replace `filter` by one that returns a stale row, as read before another's commit."""

    class StaleRows:
        def order_by(self, *names):
            return self

        def first(self):
            return stale

    return lambda **lookups: StaleRows() if lookups == {"finished_at": None} else real(**lookups)
