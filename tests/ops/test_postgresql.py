"""The PostgreSQL of the tests keeps what it has committed when its processes are killed."""

from contextlib import closing

import psycopg
import pytest

from tests.postgresql import PostgreSQL


@pytest.fixture
def server():
    with closing(PostgreSQL()) as started:
        yield started


def test_last_commit_before_a_kill_is_kept(server):
    server.psql("CREATE TABLE kept (number int)")
    for number in range(3):
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("INSERT INTO kept VALUES (%s)", [number])
            server.restart_killed()

    assert server.psql("SELECT count(*) FROM kept").strip() == "3"
