import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event
from time import monotonic

import pytest
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection

from mainapp.core.database import (
    REQUEST_S,
    ProcessLimit,
    is_unavailable,
    limited,
    one_at_a_time,
    remaining_s,
)
from mainapp.core.postgresql.pool import Pool


@pytest.fixture
def locked_sqlite(tmp_path, monkeypatch):
    """Return a connection to a SQLite file that another connection has locked for writing."""
    path = tmp_path / "locked.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE t (x)")
        other.execute("BEGIN IMMEDIATE")
        with closing(sqlite3.connect(path, timeout=0.02, isolation_level=None)) as waiting:
            yield waiting


def test_a_locked_sqlite_is_unavailable(locked_sqlite):
    with pytest.raises(sqlite3.OperationalError) as locked:
        locked_sqlite.execute("INSERT INTO t VALUES (1)")

    error = OperationalError(str(locked.value))
    error.__cause__ = locked.value

    assert is_unavailable(error)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has a class for mistakes")
@pytest.mark.django_db
def test_a_mistake_in_a_query_is_not_unavailability():
    with pytest.raises(OperationalError) as mistake:
        Session.objects.extra(where=["no_such_column = 1"]).exists()

    assert not is_unavailable(mistake.value)
    assert not is_unavailable(ValueError())
    assert not is_unavailable(None)


def test_the_time_limit_covers_all_calls_of_a_block():
    with limited(REQUEST_S):
        first_s = remaining_s()
        assert REQUEST_S - 1 < first_s <= REQUEST_S
        assert remaining_s() < first_s
    with limited(-1):
        assert remaining_s() == 0
    assert remaining_s() is None


def test_calls_outside_requests_have_the_limit_of_the_process(monkeypatch):
    monkeypatch.setattr(ProcessLimit, "call_s", 60.0)

    assert remaining_s() == 60.0
    with limited(1):
        assert remaining_s() <= 1


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has its own timeout")
@pytest.mark.django_db(transaction=True)
def test_a_slow_call_ends_at_the_limit_and_the_next_one_works():
    started_at = monotonic()
    with pytest.raises(OperationalError) as slow, limited(0.1), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)")

    assert is_unavailable(slow.value)
    assert monotonic() - started_at < 1
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="a setting of PostgreSQL")
@pytest.mark.django_db
def test_plans_are_not_compiled():
    parameters = connection.get_connection_params()
    pool = Pool({**parameters, "autocommit": True, "options": "-c jit=on"}, max_size=1)
    session = pool.getconn()
    try:
        assert session.execute("SHOW jit").fetchone() == ("off",)
    finally:
        pool.putconn(session)
        pool.close()


@pytest.mark.django_db(transaction=True)
def test_second_holder_of_a_lock_waits_for_the_first():
    steps, has_waited = [], Event()

    def hold_second():
        with one_at_a_time("test", on_wait=has_waited.set):
            steps.append("second")

    with ThreadPoolExecutor(1) as pool:
        with one_at_a_time("test", on_wait=pytest.fail):
            second = pool.submit(hold_second)
            assert has_waited.wait(5)
            steps.append("first")
        second.result(5)

    assert steps == ["first", "second"]


@pytest.mark.django_db(transaction=True)
def test_locks_of_different_names_do_not_wait():
    with (
        one_at_a_time("test", on_wait=pytest.fail),
        one_at_a_time("another test", on_wait=pytest.fail),
    ):
        pass
