"""Upgrades from the first version, and the move from SQLite to PostgreSQL, in real processes.

`tests/data/first_version.*` are databases that the first version wrote, with rows in every table.
"""

import gzip
import json
import sqlite3
from contextlib import closing

import pytest

from tests.instances import ROOT, RedisServer, run
from tests.postgresql import PostgreSQL
from tests.prepared import DATABASE

DATA = ROOT / "tests" / "data"
MOVED = (
    *("accounts_user", "account_emailaddress", "auth_permission", "market_stock", "forum_room"),
    *("forum_message", "alerts_alert", "alerts_condition", "portfolio_carteira", "clubs_club"),
    *("ideas_idea", "ideas_idea_tags", "agenda_event", "core_auditentry"),
)
KEY = "first"  # by which the first version signed
KINDS = ("real", "simulated")
# A sequence whose next value is a key that a row already has.
BEHIND = """
DO $$
DECLARE t record; top bigint; next bigint;
BEGIN
  CREATE TEMP TABLE behind (name text);
  FOR t IN SELECT c.relname AS name, a.attname AS key,
      pg_get_serial_sequence(quote_ident(c.relname), a.attname) AS sequence
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
      AND a.attnum > 0 AND NOT a.attisdropped
      AND pg_get_serial_sequence(quote_ident(c.relname), a.attname) IS NOT NULL
  LOOP
    EXECUTE format('SELECT coalesce(max(%I), 0) FROM %I', t.key, t.name) INTO top;
    next := nextval(t.sequence);
    IF next <= top THEN INSERT INTO behind VALUES (t.name); END IF;
  END LOOP;
END $$;
SELECT name FROM behind;
"""
EXPECTED = {
    "users": [
        ["ana", "ana.souza@example.org", True],
        ["Bruno_1", "bruno@example.org", False],
        ["éva", "", True],
        ["root", "root@example.org", True],
    ],
    "passwords": [True, False, False, False],
    "groups": ["apoio", 1],
    # People log in again: the sessions of the first version name a backend that is gone.
    "sessions": ["AnonymousUser", "AnonymousUser"],
    "admin log": [["Bruno_1", 2]],
    "quotes": [
        ["PETR4", "real", "38.42", "brapi", "2026-03-10 15:00:00.123456+00:00"],
        ["PETR4", "simulated", "38.42", "simulated", "2026-03-10 15:00:00.123456+00:00"],
        ["VALE3", "real", "61.10", "yahoo_fin", "2026-03-10 15:00:00.123456+00:00"],
    ],
    "candles": [
        [kind, interval, "38.42", None if n == 1 else volume, f"2026-03-{day}+00:00"]
        for kind in KINDS
        for interval, days in (
            ("1d", ["03 03:00:00", "04 03:00:00", "05 03:00:00"]),
            ("1m", ["03 03:00:00", "03 03:01:00", "03 03:02:00"]),
        )
        for n, day in enumerate(days)
        for volume in [1000]
    ],
    "refusals": [["brapi", "older", 5_000_000_000]],
    "lists": [
        ["Minha carteira", "keyMinh0123456789abcd", True, ["PETR4", "VALE3"]],
        ["Bancos", "keyBanc0123456789abcd", False, ["PETR4", "VALE3"]],
        ["Vazia", "k" * 22, False, []],
    ],
    "own tasks": ["own clocked", "own crontab", "own solar"],
}


pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def postgresql():
    started = PostgreSQL()
    yield started
    started.close()


@pytest.fixture
def empty(postgresql):
    postgresql.psql("DROP SCHEMA public CASCADE; CREATE SCHEMA public;")
    return postgresql


def env_vars_of(folder):
    variables = {"DATA_DIR": str(folder), "SECRET_KEY": KEY, "QUOTE_SOURCE": "simulated"}
    return variables | {"DEBUG": "1"}


def done(*command, **env_vars):
    result = run(*command, timeout_s=170, **env_vars)
    assert result.returncode == 0, result.stderr
    return result.stdout


def contents(env_vars):
    """Set the instance up and return what its database has."""
    done("manage.py", "setup", **env_vars)
    variables = env_vars | {"DJANGO_SETTINGS_MODULE": "project.settings"}
    return json.loads(done("-m", "tests.ops.upgraded", **variables).splitlines()[-1])


def assert_expected(rows):
    pages = rows.pop("pages")
    assert rows == EXPECTED
    assert set(pages.values()) == {200}, pages


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory):
    """The folder of a SQLite instance that was upgraded from the first version, and its rows."""
    folder = tmp_path_factory.mktemp("first")
    content = gzip.decompress((DATA / "first_version.sqlite3.gz").read_bytes())
    (folder / DATABASE).write_bytes(content)
    return folder, contents(env_vars_of(folder))


def test_first_version_is_upgraded_on_sqlite(upgraded):
    assert_expected(dict(upgraded[1]))


def test_first_version_is_upgraded_on_postgresql(tmp_path, empty):
    empty.psql(gzip.decompress((DATA / "first_version.sql.gz").read_bytes()).decode())

    assert_expected(contents(env_vars_of(tmp_path) | {"DATABASE_URL": empty.url}))
    assert empty.psql(BEHIND) == ""


def counts_in_sqlite(path):
    with closing(sqlite3.connect(path)) as base:
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return {
            name: str(base.execute(f"SELECT count(*) FROM {name}").fetchone()[0])  # noqa: S608
            for name in MOVED
        }


def test_sqlite_is_moved_to_postgresql_row_by_row(data_dir, tmp_path, empty):
    path, env_vars = data_dir / DATABASE, env_vars_of(data_dir)
    redis = RedisServer(tmp_path)
    done("manage.py", "seed_demo", **env_vars, REDIS_URL=f"unix://{redis.path}")
    redis.kill()
    counts = counts_in_sqlite(path)
    assert "0" not in counts.values()
    content = path.read_bytes()

    report = done("manage.py", "move_database", empty.url, **env_vars)

    assert "are equal in both databases" in report
    assert path.read_bytes() == content
    rows = empty.psql("".join(f"SELECT count(*) FROM {name};" for name in MOVED))  # noqa: S608
    assert dict(zip(MOVED, rows.split(), strict=True)) == counts
    assert empty.psql(BEHIND) == ""
    done("manage.py", "setup", **env_vars, DATABASE_URL=empty.url)

    again = run("manage.py", "move_database", empty.url, **env_vars)
    assert again.returncode == 1
    assert "the target is not empty" in again.stderr


def test_row_that_postgresql_refuses_is_named_and_nothing_is_moved(data_dir, empty):
    with closing(sqlite3.connect(data_dir / DATABASE)) as base, base:
        base.execute("UPDATE market_stock SET name = ? WHERE id = 3", ["x" * 121])

    refused = run("manage.py", "move_database", empty.url, **env_vars_of(data_dir))

    assert refused.returncode == 1
    assert "nothing was moved: market_stock, key 3, is refused: value too long" in refused.stderr
    assert empty.psql("SELECT count(*) FROM market_stock") == "0\n"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite:////tmp/other.sqlite3", "the new DATABASE_URL is not PostgreSQL"),
        ("postgres//x", "the new DATABASE_URL is not understood"),
        ("postgresql://nobody@127.0.0.1:1/none", "the target refuses: connection failed"),
    ],
)
def test_target_that_cannot_be_used_is_named(data_dir, url, reason):
    refused = run("manage.py", "move_database", url, **env_vars_of(data_dir))

    assert refused.returncode == 1
    assert refused.stderr.startswith(f"pregao: nothing was moved: {reason}")
    assert "Traceback" not in refused.stderr
