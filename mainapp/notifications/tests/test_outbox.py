from datetime import timedelta

import pytest
from django.utils import timezone

from mainapp.notifications.models import Attempt, Delivery, Notification
from mainapp.notifications.policies import GIVE_UP, LEASE, retry_pause
from mainapp.notifications.services.outbox import (
    claim_due,
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


def test_claimed_is_not_claimed_again(db):
    one, two = delivery(), delivery()
    now = timezone.now()

    assert claim(limit=1) == [one]
    assert claim() == [two]
    assert claim() == []
    assert claim(now + LEASE / 2) == []


def test_claim_of_a_crash_runs_out(db):
    delivery()
    [lost] = claim()
    later = timezone.now() + LEASE + timedelta(seconds=1)
    [again] = claim(later)

    assert again == lost
    assert again.tries == 2
    assert again.message_id == lost.message_id
    assert record_attempt(delivery=lost, error=None, at=later) is None
    assert not Attempt.objects.exists()


def test_renewed_claim_does_not_run_out(db):
    delivery()
    mine = claim()
    renew_claims(deliveries=mine, at=timezone.now() + LEASE / 2)

    assert claim(timezone.now() + LEASE + timedelta(seconds=5)) == []


def test_released_claim_is_free_and_cost_no_try(db):
    delivery()
    release_claims(deliveries=claim(), at=timezone.now())

    assert [one.tries for one in claim()] == [1]


def test_sent_is_sent_once(db):
    delivery()
    [one] = claim()
    record_attempt(delivery=one, error=None, at=timezone.now())

    one.refresh_from_db()
    assert (one.state, one.sent_at is None) == ("sent", False)
    assert [attempt.outcome for attempt in one.attempts.all()] == ["sent"]
    assert claim(timezone.now() + timedelta(days=9)) == []


def test_links_of_account_mails_are_not_kept(alice):
    delivery(text="https://pregao.example/key")
    notice(alice, deliveries=[letter(text="R$ 36,00")])
    for one in claim():
        record_attempt(delivery=one, error=None, at=timezone.now())

    assert sorted(Delivery.objects.values_list("text", flat=True)) == ["", "R$ 36,00"]


def test_failed_is_tried_again_after_a_growing_pause(db):
    delivery()
    at, pauses = timezone.now(), []
    for _ in range(4):
        [one] = claim(at)
        record_attempt(delivery=one, error=BUSY, at=at)
        one.refresh_from_db()
        pauses.append((one.due_at - at).total_seconds())
        assert one.state == "waiting"
        assert claim(one.due_at - timedelta(seconds=1)) == []
        at = one.due_at

    for pause, least in zip(pauses, (24, 48, 96, 192), strict=True):
        assert least <= pause <= least / 0.8
    assert {attempt.error for attempt in one.attempts.all()} == {"450 later"}


@pytest.mark.parametrize(
    ("tries", "jitter", "seconds"),
    [(1, 0, 30), (2, 0, 60), (7, 0, 1920), (8, 0, 3600), (900, 0, 3600), (1, 1, 24)],
)
def test_pause_doubles_up_to_an_hour(tries, jitter, seconds):
    assert retry_pause(tries, jitter).total_seconds() == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("error", "age", "outcome"), [(GONE, timedelta(0), "refused"), (BUSY, GIVE_UP, "given_up")]
)
def test_what_never_arrives_is_told_to_its_owner_once_a_day(alice, error, age, outcome):
    for _ in range(2):
        delivery(user=alice)
    Delivery.objects.update(tries=5)
    at = timezone.now() + age
    for one in claim(at):
        record_attempt(delivery=one, error=error, at=at)

    assert set(Attempt.objects.values_list("outcome", flat=True)) == {outcome}
    assert set(Delivery.objects.values_list("state", flat=True)) == {"failed"}
    told = Notification.objects.get()
    assert (told.user, told.kind) == (alice, "delivery_failed")
    assert str(error) in told.body


def test_first_try_after_a_long_silence_is_not_the_last(db):
    delivery()
    late = timezone.now() + GIVE_UP * 3
    [one] = claim(late)
    record_attempt(delivery=one, error=BUSY, at=late)

    one.refresh_from_db()
    assert one.state == "waiting"


@pytest.mark.parametrize("count", [3, 30])
def test_a_claim_costs_the_same_queries_at_any_size(db, count, django_assert_num_queries):
    for _ in range(count):
        delivery()
    with django_assert_num_queries(6):  # is there any, savepoint, ids, claim, release, rows
        assert len(claim(limit=count)) == count


def test_nothing_due_costs_one_query(db, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert claim() == []


def test_owner_sees_no_more_than_a_line_of_an_error():
    assert str(TransportError("a\nb\n" + "c" * 999)) == ("a b " + "c" * 999)[:300]
