from datetime import timedelta

import pytest
from django.utils import timezone

from mainapp.notifications.models import Attempt, Delivery, Notification
from mainapp.notifications.policies import GIVE_UP, LEASE, retry_pause
from mainapp.notifications.services.outbox import (
    claim_due,
    correct_due_times,
    record_attempt,
    release_claims,
    renew_claims,
)
from mainapp.notifications.tests.factories import delivery, letter, notice
from mainapp.notifications.transports.base import TransportError

BUSY = TransportError("450 later")
GONE = TransportError("550 no such user", permanent=True)


def claim(at=None, limit=10):
    return claim_due(limit=limit, at=at or timezone.now())


def test_claimed_delivery_is_not_claimed_again(db):
    first, second = delivery(), delivery()
    now = timezone.now()

    assert claim(limit=1) == [first]
    assert claim() == [second]
    assert claim() == []
    assert claim(now + LEASE / 2) == []


def test_claim_of_a_crashed_process_expires(db):
    delivery()
    [lost] = claim()
    later = timezone.now() + LEASE + timedelta(seconds=1)
    [again] = claim(later)

    assert again == lost
    assert again.tries == 2
    assert again.message_id == lost.message_id
    assert record_attempt(delivery=lost, error=None, at=later) is None
    assert not Attempt.objects.exists()


def test_renewed_claim_does_not_expire(db):
    delivery()
    own_claims = claim()
    renew_claims(deliveries=own_claims, at=timezone.now() + LEASE / 2)

    assert claim(timezone.now() + LEASE + timedelta(seconds=5)) == []


def test_released_claim_does_not_count_as_a_try(db):
    delivery()
    release_claims(deliveries=claim(), at=timezone.now())

    assert [row.tries for row in claim()] == [1]


def test_sent_delivery_is_not_claimed_again(db):
    delivery()
    [row] = claim()
    record_attempt(delivery=row, error=None, at=timezone.now())

    row.refresh_from_db()
    assert (row.state, row.sent_at is None) == ("sent", False)
    assert [attempt.outcome for attempt in row.attempts.all()] == ["sent"]
    assert claim(timezone.now() + timedelta(days=9)) == []


def test_texts_of_account_mails_are_cleared_after_sending(alice):
    delivery(text="https://pregao.example/key")
    notice(alice, deliveries=[letter(text="R$ 36,00")])
    for row in claim():
        record_attempt(delivery=row, error=None, at=timezone.now())

    assert sorted(Delivery.objects.values_list("text", flat=True)) == ["", "R$ 36,00"]


def test_failed_delivery_is_retried_after_growing_pauses(db):
    delivery()
    at, pauses = timezone.now(), []
    for _ in range(4):
        [row] = claim(at)
        record_attempt(delivery=row, error=BUSY, at=at)
        row.refresh_from_db()
        pauses.append((row.due_at - at).total_seconds())
        assert row.state == "waiting"
        assert claim(row.due_at - timedelta(seconds=1)) == []
        at = row.due_at

    for pause, least in zip(pauses, (24, 48, 96, 192), strict=True):
        assert least <= pause <= least / 0.8
    assert {attempt.error for attempt in row.attempts.all()} == {"450 later"}


@pytest.mark.parametrize(
    ("tries", "jitter", "seconds"),
    [(1, 0, 30), (2, 0, 60), (7, 0, 1920), (8, 0, 3600), (900, 0, 3600), (1, 1, 24)],
)
def test_pause_doubles_up_to_an_hour(tries, jitter, seconds):
    assert retry_pause(tries, jitter).total_seconds() == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("error", "age", "outcome"), [(GONE, timedelta(0), "refused"), (BUSY, GIVE_UP, "given_up")]
)
def test_owner_is_notified_once_a_day_of_failed_deliveries(alice, error, age, outcome):
    for _ in range(2):
        delivery(user=alice)
    Delivery.objects.update(tries=5)
    at = timezone.now() + age
    for row in claim(at):
        record_attempt(delivery=row, error=error, at=at)

    assert set(Attempt.objects.values_list("outcome", flat=True)) == {outcome}
    assert set(Delivery.objects.values_list("state", flat=True)) == {"failed"}
    notification = Notification.objects.get()
    assert (notification.user, notification.kind) == (alice, "delivery_failed")
    assert str(error) in notification.body


def test_first_try_after_a_long_outage_is_not_the_last(db):
    delivery()
    late = timezone.now() + GIVE_UP * 3
    [row] = claim(late)
    record_attempt(delivery=row, error=BUSY, at=late)

    row.refresh_from_db()
    assert row.state == "waiting"


@pytest.mark.parametrize("count", [3, 30])
def test_claim_costs_the_same_queries_at_any_size(db, count, django_assert_num_queries):
    for _ in range(count):
        delivery()
    with django_assert_num_queries(6):  # exists, savepoint, ids, claim, release, rows
        assert len(claim(limit=count)) == count


def test_nothing_due_costs_one_query(db, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert claim() == []


def test_error_text_is_one_line_of_300_characters():
    assert str(TransportError("a\nb\n" + "c" * 999)) == ("a b " + "c" * 999)[:300]


def test_messages_of_a_clock_that_ran_ahead_are_due(db, django_assert_num_queries):
    now = timezone.now()
    untried, retried = delivery(), delivery()
    for row in (untried, retried):
        Delivery.objects.filter(pk=row.pk).update(due_at=now + timedelta(hours=1))
    Delivery.objects.filter(pk=retried.pk).update(tries=1)
    Attempt.objects.create(delivery=retried, at=now + timedelta(minutes=59), outcome="failed")

    assert correct_due_times(at=now) == 2

    assert claim(now) == [untried, retried]
    with django_assert_num_queries(1):
        assert correct_due_times(at=now) == 0


def test_pause_requested_by_a_service_is_respected(db):
    now = timezone.now()
    row = delivery()
    Delivery.objects.filter(pk=row.pk).update(due_at=now + timedelta(hours=20), tries=1)
    Attempt.objects.create(delivery=row, at=now, outcome="failed")

    assert correct_due_times(at=now) == 0


def test_claim_of_a_clock_that_ran_ahead_lasts_a_lease_from_now(db):
    """Its holder may be alive and sending: the claim is not given to another process at once."""
    now = timezone.now()
    delivery()
    [claimed] = claim(now + timedelta(hours=1))

    assert correct_due_times(at=now) == 1

    assert claim(now) == []
    assert renew_claims(deliveries=[claimed], at=now) == {claimed.pk}
    assert len(claim(now + LEASE + timedelta(seconds=1))) == 1
