"""Leases: one holder at a time, with numbers; see also the tests of streamers and beats."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connection

from mainapp.core import leases
from mainapp.core.leases import LeaseLostError, Role, acquire_lease, current_number
from mainapp.core.redis import client, key

ROLE = Role("test", key("test-lease"), lease_ms=60_000)
OTHER = Role("other", key("other-lease"), lease_ms=60_000)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_lease():
    client().delete(ROLE.key, OTHER.key)


def test_roles_are_independent():
    first, other = acquire_lease(ROLE), acquire_lease(OTHER)

    assert (first.number, other.number) == (1, 1)
    assert acquire_lease(ROLE) is None
    first.release()
    assert acquire_lease(ROLE).number == 2
    assert (current_number(ROLE), current_number(OTHER)) == (2, 1)


def test_holder_before_the_last_is_fenced_off():
    first = acquire_lease(ROLE)
    first.release()
    second = acquire_lease(ROLE)

    with pytest.raises(LeaseLostError), first.fenced():
        raise AssertionError("it must not run")
    with second.fenced():
        pass


def test_lease_is_free_again_if_the_database_gives_no_number(monkeypatch):
    def fail(_role):
        raise DatabaseError

    with monkeypatch.context() as patch:
        patch.setattr(leases, "_next_number", fail)
        with pytest.raises(DatabaseError):
            acquire_lease(ROLE)

    assert acquire_lease(ROLE) is not None


@pytest.mark.django_db(transaction=True)
def test_one_of_twenty_at_once_gets_the_lease():
    def acquire(_number):
        try:
            return acquire_lease(ROLE)
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as threads:
        acquired = [lease for lease in threads.map(acquire, range(20)) if lease]

    assert [lease.number for lease in acquired] == [1]
