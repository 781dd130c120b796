import logging

from celery.exceptions import OperationalError
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from mainapp.accounts.models import User
from mainapp.notifications import tasks
from mainapp.notifications.models import Broadcast, Delivery
from mainapp.notifications.services import delivering
from mainapp.notifications.services.broadcasts import send_broadcast
from mainapp.notifications.services.scheduling import ensure_sweep
from mainapp.notifications.tasks import deliver, prune, send_campaigns, wake_worker
from mainapp.notifications.tests.factories import delivery


def test_schedule_is_created_once_and_keeps_changes(db):
    ensure_sweep()
    PeriodicTask.objects.filter(name="deliver").update(enabled=False)
    ensure_sweep()

    assert dict(PeriodicTask.objects.values_list("task", "enabled")) == {
        "deliver": False,
        "prune_notifications": True,
    }


def test_deliver_sends_due_deliveries_and_all_batches(mailbox, bob, settings, monkeypatch):
    delivering._requested_again.clear()
    settings.ACCOUNT_EMAIL_VERIFICATION = "none"
    monkeypatch.setattr("mainapp.notifications.services.broadcasts.BATCH", 2)
    bob.access_level = User.Access.ADMIN
    User.objects.bulk_create(User(username=f"u{n}", email=f"u{n}@x.com") for n in range(5))
    send_broadcast(author=bob, title="Oi", body="todos", is_email=True, at=timezone.now())
    delivery()
    monkeypatch.setattr(tasks.send_campaigns, "apply_async", lambda **_options: send_campaigns())
    deliver()
    deliver()

    assert sorted(mail["To"] for mail in mailbox.messages) == [
        "alice@example.com", *(f"u{n}@x.com" for n in range(5)),
    ]  # fmt: skip
    assert Broadcast.objects.get().state == "done"
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


def test_missing_broker_is_logged_not_raised(monkeypatch, caplog):
    def away(**options):
        raise OperationalError("away")

    monkeypatch.setattr(tasks.deliver, "apply_async", away)
    wake_worker()

    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_pruning_an_empty_database_does_nothing(db):
    prune()
