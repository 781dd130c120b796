from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.db import connection

from mainapp.accounts.models import Usage, User
from mainapp.accounts.services.usage import DailyLimit, take_turn_of_day

DAY = date(2026, 3, 10)


def take(user, *, limit=2, on=DAY, kind="uploads"):
    take_turn_of_day(user=user, kind=kind, limit=limit, on=on)


def test_turns_of_a_day_end_and_the_next_day_brings_new_ones(alice, bob):
    take(alice)
    take(alice)

    with pytest.raises(DailyLimit):
        take(alice)
    take(bob)
    take(alice, kind="another")
    take(alice, on=DAY + timedelta(days=1))


def test_old_counts_are_dropped(alice):
    take(alice)

    take(alice, on=DAY + timedelta(days=9))

    assert [usage.day for usage in Usage.objects.all()] == [DAY + timedelta(days=9)]


@pytest.mark.django_db(transaction=True)
def test_limit_is_exact_under_two_hundred_at_once():
    carol = User.objects.create_user("carol")

    def attempt(_number):
        try:
            take(carol, limit=10)
        except DailyLimit:
            return 0
        finally:
            connection.close()
        return 1

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(attempt, range(200))) == 10
    assert Usage.objects.get().count == 10
