import json
import os
import socket
import time
from contextlib import nullcontext
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
import redis
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from conftest import flush_redis
from mainapp.accounts.models import User
from mainapp.core import static_files
from mainapp.core.code_version import code_version
from mainapp.core.limits.seeding import seed_default_plan
from mainapp.core.models import AuditHead
from mainapp.core.redis import client
from mainapp.market import board
from mainapp.notifications.models import Delivery
from mainapp.notifications.tests.smtp import Mailbox, smtp_server
from mainapp.notifications.transports import vapid
from mainapp.operations.board import REGISTRY, meter
from mainapp.operations.board.meter import gauges_key
from mainapp.operations.management.doctor import (
    CHECKS,
    configuration,
    databases,
    files,
    outside,
    versions,
)
from mainapp.operations.management.doctor import redis as redis_checks
from mainapp.operations.management.doctor.findings import Check, fault, ok, printable, run_checks
from mainapp.operations.services.sealing import seal_entries
from mainapp.operations.views import health
from tests.redis_servers import server

is_postgresql = django_settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
only_postgresql = pytest.mark.skipif(not is_postgresql, reason="needs PostgreSQL")
only_sqlite = pytest.mark.skipif(is_postgresql, reason="needs SQLite")


def faults(check):
    return [finding.text for finding in check() if not finding.is_ok]


def oks(check):
    return [finding.text for finding in check() if finding.is_ok]


@pytest.fixture
def site(settings, tmp_path):
    """Settings without a fault."""
    settings.DEBUG = False
    settings.SECRET_KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    settings.ALLOWED_HOSTS = ["pregao.example"]
    settings.SITE_URL = "https://pregao.example"
    settings.TRUSTED_PROXIES = ()
    settings.DATA_DIR = tmp_path
    return settings


@pytest.fixture
def own_redis(tmp_path, monkeypatch):
    """A separate Redis, for commands that would disturb others."""
    with server(tmp_path) as started:
        client = redis.Redis(port=started.port, socket_timeout=1)
        for module in (health, redis_checks):
            name = "redis_client" if module is health else "client"
            monkeypatch.setattr(module, name, lambda: client)
        yield started, client
        client.close()


# The runner ------------------------------------------------------------------------------------


def test_a_check_that_fails_or_hangs_is_one_line_and_secrets_are_replaced(settings):
    settings.SECRETS = ["top secret word", "p@ssword"]
    hanging = socket.socketpair()

    def fail():
        raise OSError("refused\ntop secret word p@ssword")

    def leave():
        raise SystemExit("pregao: no")

    started = time.monotonic()
    lines = run_checks({
        "good": Check(lambda: [ok("fine"), fault("not fine")]),
        "failing": Check(fail),
        "leaving": Check(leave),
        "hanging": Check(lambda: [ok(str(hanging[0].recv(1)))], 0.2),
    })  # fmt: skip

    assert [tuple(line) for line in lines] == [
        ("good", True, "fine"),
        ("good", False, "not fine"),
        ("failing", False, "OSError: refused … …"),
        ("leaving", False, "SystemExit: pregao: no"),
        ("hanging", False, "no answer within 0.2 s"),
    ]
    assert time.monotonic() - started < 10
    for end in hanging:
        end.close()


@pytest.mark.parametrize("text", ["fine", "not fine"])
def test_the_command_prints_lines_or_json_and_exits_with_1_for_a_fault(text, monkeypatch):
    is_ok = text == "fine"
    finding = ok(text) if is_ok else fault(text)
    monkeypatch.setattr(
        "mainapp.operations.management.commands.doctor.CHECKS", {"it": Check(lambda: [finding])}
    )
    outputs = []
    for options in ({}, {"json": True}):
        output = StringIO()
        with nullcontext() if is_ok else pytest.raises(SystemExit, match=r"\A1\Z"):
            call_command("doctor", stdout=output, **options)
        outputs.append(output.getvalue())

    assert outputs[0] == f"it:             {'ok' if is_ok else 'fault:'} {text}\n"
    rows = [{"check": "it", "is_ok": is_ok, "text": text}]
    assert json.loads(outputs[1]) == {"is_ok": is_ok, "checks": rows}


def test_all_checks_end_in_time():
    assert all(check.limit_s < 15 for check in CHECKS.values())


# Settings --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, None),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is short: make it at least 50 random characters"),
        ({"SECRET_KEY": "ab" * 40}, "SECRET_KEY is short: make it at least 50 random characters"),
        ({"DEBUG": True}, "DEBUG is on: unset it, as error pages would show settings to visitors"),
        ({"ALLOWED_HOSTS": ["*"]}, "ALLOWED_HOSTS allows every name: name the site's hosts"),
        (
            {"ALLOWED_HOSTS": ["other.example"]},
            "ALLOWED_HOSTS has no pregao.example, the host of SITE_URL: add it",
        ),
        (
            {"SITE_URL": "http://pregao.example"},
            "SITE_URL is http://pregao.example: use https, which log-ins and push need",
        ),
    ],
)
def test_settings_are_checked(site, changes, text):
    for name, value in changes.items():
        setattr(site, name, value)
    assert faults(configuration.check_settings) == ([text] if text else [])


@pytest.mark.parametrize("everyone", ["*", "0.0.0.0/0", "::/0"])
def test_a_proxy_range_of_all_addresses_is_a_fault(site, everyone):
    site.TRUSTED_PROXIES = ("10.0.0.0/8", everyone)
    assert faults(configuration.check_settings) == [
        "TRUSTED_PROXIES trusts every address: name only the proxies"
    ]


def test_web_push_needs_a_key_and_a_contact_that_apple_accepts(site):
    site.VAPID_KEY, site.DEFAULT_FROM_EMAIL = "", "Pregão <pregao@localhost>"
    assert faults(configuration.check_web_push)[0].startswith("no key (")
    vapid.create_key()
    assert oks(configuration.check_web_push) == ["key present, contact https://pregao.example"]
    site.SITE_URL = "http://127.0.0.1:8000"
    assert faults(configuration.check_web_push) == [
        "Apple refuses the contact: set EMAIL_FROM or SITE_URL to a public address"
    ]


def test_settings_that_no_longer_set_a_quota_are_named(db, settings):
    seed_default_plan()
    assert faults(configuration.check_quotas) == []
    settings.ROOMS_A_DAY = 77
    assert faults(configuration.check_quotas)[0].startswith("ROOMS_A_DAY=77 has no effect")


# The database ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_good_database_is_ok():
    assert faults(databases.check_database) == []
    assert faults(databases.check_clock) == []
    assert oks(databases.check_migrations) == ["all applied"]


@pytest.mark.django_db
def test_missing_migrations_are_counted(monkeypatch):
    plan = databases.MigrationExecutor(connection).loader.graph.nodes.values()
    steps = [(step, False) for step in plan][:2]
    monkeypatch.setattr(databases.MigrationExecutor, "migration_plan", lambda *_arguments: steps)
    (text,) = faults(databases.check_migrations)
    assert text.startswith("2 not applied (")


@only_sqlite
@pytest.mark.django_db
def test_sqlite_without_wal_or_on_a_network_is_a_fault(tmp_path, monkeypatch):
    path = tmp_path / "a.sqlite3"

    def copy():
        other = connection.copy()
        other.settings_dict = {
            **other.settings_dict,
            "NAME": str(path),
            "OPTIONS": {"init_command": "PRAGMA journal_mode=DELETE"},
        }
        return other

    monkeypatch.setattr(databases, "direct_connection", copy)
    monkeypatch.setattr(databases, "file_system_of", lambda _path: "nfs4")
    assert faults(databases.check_database) == [
        f"SQLite's journal is delete, not wal: move {path} to a local file system",
        "SQLite is on nfs4: move DATA_DIR to a local disk, or use PostgreSQL",
    ]


def test_the_file_system_is_that_of_the_longest_mount(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/a / ext4 rw 0 0\nserver:/x {tmp_path} nfs4 rw 0 0\n")
    assert databases.file_system_of(tmp_path / "a", mounts) == "nfs4"
    assert databases.file_system_of(Path("/etc"), mounts) == "ext4"
    assert databases.file_system_of(tmp_path, tmp_path / "none") == ""


@only_postgresql
@pytest.mark.django_db
def test_too_few_connections_and_idle_limits_are_faults(monkeypatch):
    pool = {"OPTIONS": {"pool": {"max_size": 1000}}}
    monkeypatch.setitem(
        django_settings.DATABASES, "default", django_settings.DATABASES["default"] | pool
    )
    show = databases._show
    monkeypatch.setattr(
        databases,
        "_show",
        lambda at, name: "10min" if name == "idle_session_timeout" else show(at, name),
    )
    connections, idle = faults(databases.check_database)
    assert connections.startswith("max_connections is ")
    assert "needs 2005" in connections
    assert idle == "idle_session_timeout is 10min: set it to 0, as it ends pooled connections"


@only_postgresql
@pytest.mark.django_db
def test_a_database_that_is_away_is_a_fault(monkeypatch):
    copy = databases.direct_connection

    def elsewhere():
        other = copy()
        other.settings_dict = {**other.settings_dict, "HOST": "127.0.0.1", "PORT": "1"}
        return other

    monkeypatch.setattr(databases, "direct_connection", elsewhere)
    assert faults(databases.check_database)[0].startswith("refuses (")
    assert faults(databases.check_migrations) == ["unknown, as the database does not answer"]
    assert faults(databases.check_clock) == ["unknown, as the database does not answer"]


def test_a_clock_that_differs_is_a_fault():
    assert databases.skew_finding(0.4, "Redis's") == (True, "Redis's clock is 0.4 s ahead of ours")
    assert databases.skew_finding(-7, "Redis's") == (
        False,
        "Redis's clock is 7.0 s behind ours: synchronize both hosts, for example with chrony",
    )


# Redis and background work ---------------------------------------------------------------------


def test_a_good_redis_is_ok(own_redis):
    assert faults(redis_checks.check_redis) == []
    assert faults(redis_checks.check_clock) == []


def test_a_policy_that_evicts_and_a_full_memory_are_faults(own_redis):
    _server, client = own_redis
    client.config_set("maxmemory-policy", "allkeys-lru")
    assert faults(redis_checks.check_redis) == [
        "maxmemory-policy is allkeys-lru, which drops tasks and leases: set it to noeviction"
    ]
    client.config_set("maxmemory-policy", "noeviction")
    used = client.info()["used_memory"]
    client.config_set("maxmemory", int(used * 1.02))
    texts = faults(redis_checks.check_redis)
    assert texts == ["Redis is full: see its log"] or "MiB are used: raise maxmemory" in texts[0]


def test_a_redis_that_is_stopped_or_frozen_is_a_fault(own_redis):
    started, _client = own_redis
    started.freeze()
    assert faults(redis_checks.check_redis) == [redis_checks.NO_REDIS]
    started.thaw()
    started.stop()
    assert faults(redis_checks.check_redis) == [redis_checks.NO_REDIS]
    assert faults(redis_checks.check_clock) == ["unknown, as Redis does not answer"]
    assert faults(redis_checks.check_worker) == [
        "Redis does not answer: start it, and read its log"
    ]


def test_a_clock_of_another_redis_host_is_compared(own_redis, time_machine):
    time_machine.move_to(timezone.now() - timedelta(hours=1))
    (text,) = faults(redis_checks.check_clock)
    assert text.startswith("Redis's clock is 3600.")
    assert "ahead of ours: synchronize both hosts" in text


def test_background_work_without_a_lease_is_a_fault(own_redis, settings):
    _server, client = own_redis
    assert faults(redis_checks.check_worker) == [
        "no worker renews its lease: start it, and read its log"
    ]
    assert faults(redis_checks.check_beat)[0].startswith("no beat renews its lease")
    assert faults(redis_checks.check_batch) == [
        "no batch of quotes yet: look at worker, beat and sources"
    ]
    client.set(board.WORKER_KEY, 1, px=board.WORKER_LEASE_MS)
    assert oks(redis_checks.check_worker) == ["works"]
    settings.QUOTE_STREAM = ["simulated"]
    assert faults(redis_checks.check_stream) == [
        "no streamer holds the lease: start `manage.py stream_quotes`, and read its log"
    ]


def test_a_message_that_is_overdue_is_a_fault(db):
    now = timezone.now()
    row = {"kind": "email", "address": "a@example.org", "subject": "x", "text": "x"}
    Delivery.objects.create(**row, message_id="a", created_at=now, due_at=now)
    assert oks(redis_checks.check_outbox) == ["1 messages waiting, none overdue"]
    Delivery.objects.update(due_at=now - timedelta(minutes=30))
    assert faults(redis_checks.check_outbox) == [
        "a message is overdue by 30 min: look at the worker and its log"
    ]


# Outside services ------------------------------------------------------------------------------


def test_mail_needs_a_server_that_accepts_the_log_in(settings):
    settings.EMAIL_HOST = ""
    assert oks(outside.check_mail)[0].startswith("no EMAIL_HOST: messages are written to ")
    mailbox = Mailbox()
    with smtp_server(mailbox, logins={"ana": "right"}):
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "ana", "right"
        assert faults(outside.check_mail) == []
        settings.EMAIL_HOST_PASSWORD = "wrong"
        (text,) = faults(outside.check_mail)
        assert text.startswith(f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}: ")
        assert "535" in text
        assert "wrong" not in text
        settings.EMAIL_SECURITY = "starttls"
        (text,) = faults(outside.check_mail)
        assert text.endswith("check the settings that begin with EMAIL_")
        gone = settings.EMAIL_HOST, settings.EMAIL_PORT
    settings.EMAIL_HOST, settings.EMAIL_PORT = gone
    assert faults(outside.check_mail)[0].endswith("check the settings that begin with EMAIL_")
    assert mailbox.messages == []


def test_simulated_quotes_call_no_source():
    assert oks(outside.check_sources) == ["simulated: no outside source is used"]


def test_a_source_that_answers_nothing_is_a_fault_and_counts_in_its_budget(settings):
    settings.QUOTE_KIND, settings.QUOTE_SOURCE = "real", ["fmp"]
    settings.FMP_KEY, settings.FMP_URL = "a key of a test", "http://127.0.0.1:1"
    settings.FMP_BUDGET_PER_DAY = 1
    (text,) = faults(outside.check_sources)
    assert text.startswith("fmp: ")
    (text,) = faults(outside.check_sources)
    assert text.startswith("fmp is not called: ")


# Files and versions ----------------------------------------------------------------------------


def test_a_full_disk_is_a_fault(site, monkeypatch):
    assert faults(files.check_disk) == []
    full = os.statvfs_result((4096, 4096, 1000, 10, 10, 1000, 5, 5, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _path: full)
    assert faults(files.check_disk) == [
        f"0 MiB are free for {site.DATA_DIR}: free space, or move DATA_DIR",
        f"5 inodes are free for {site.DATA_DIR}: remove files",
    ]
    assert oks(files.check_disk) == []


def test_folders_and_the_env_file_are_private_and_writable(site, tmp_path, monkeypatch):
    folder, env = tmp_path / "backups", tmp_path / ".env"
    tmp_path.chmod(0o700)
    site.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr(files, "ENV_FILE", env)
    assert faults(files.check_permissions) == []
    folder.mkdir()
    folder.chmod(0o755)
    env.touch()
    env.chmod(0o644)
    assert faults(files.check_permissions) == [
        f"{folder} is open to everyone (drwxr-xr-x): run `chmod o-rwx {folder}`",
        f"{env} is open to everyone (-rw-r--r--): run `chmod o-rwx {env}`",
    ]
    folder.chmod(0o700)
    env.chmod(0o640)
    # root may write everywhere
    monkeypatch.setattr(os, "access", lambda path, _mode: path != folder)
    assert faults(files.check_permissions) == [
        f"{folder} is not writable for this user: run `chown` and `chmod u+rwx`"
    ]


def test_static_files_are_those_of_this_version(site, tmp_path, monkeypatch):
    monkeypatch.setattr(static_files, "fault", lambda: "")
    site.STATIC_ROOT = tmp_path / "static"
    text = "collected for another version: run `manage.py setup`"
    assert faults(files.check_static_files) == [text]
    record = tmp_path / "static.versions.json"
    record.write_text(json.dumps({"state": "of another version"}))
    assert faults(files.check_static_files) == [text]
    record.write_text(json.dumps({"state": static_files.source_state()}))
    assert faults(files.check_static_files) == []


def test_backups_have_an_age(site, tmp_path):
    folder = tmp_path / "backups"
    assert faults(files.check_backups) == [
        f"none in {folder}: run `make backup`, or enable pregao-backup.timer"
    ]
    folder.mkdir()
    archive = folder / "pregao-20260310-120000.tar.gz"
    archive.touch()
    assert faults(files.check_backups) == [f"{archive.name} is empty: run `make backup`"]
    archive.write_bytes(b"x")
    assert oks(files.check_backups) == [f"the newest of 1 is {archive.name}, 0 h old"]
    old = time.time() - 50 * 3600
    os.utime(archive, (old, old))
    assert faults(files.check_backups) == [
        f"the newest of 1 is {archive.name}, 50 h old: run `make backup`, and look at "
        "pregao-backup.timer"
    ]


def test_packages_are_compared_with_the_lock(tmp_path, monkeypatch):
    assert faults(versions.check_python) == []
    lock = tmp_path / "requirements.txt"
    lock.write_text(
        "django==1.0 \\\n    --hash=sha256:00\nnothing-here==2 ; python_version < '3'\n"
        "missing-here==3\n"
    )
    monkeypatch.setattr(versions, "LOCK", lock)
    (text,) = faults(versions.check_packages)
    assert text.startswith("django 5.")
    assert text.endswith(" instead of 1.0, missing-here missing instead of 3: run `make install`")


def test_lines_have_no_controls():
    assert printable("\x1b[31mred\x07\nnext") == "\ufffd[31mred\ufffd next"


def test_a_fault_of_the_mail_server_is_in_english(settings):
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    lines = run_checks({"mail": Check(outside.check_mail)})
    assert "the site could not connect to the mail server" in lines[0].text


# The audit and the processes -------------------------------------------------------------------


def test_the_head_of_the_audit_and_entries_without_a_seal_are_shown(db, time_machine):
    (head,) = databases.check_audit()
    assert tuple(head) == (True, "0 seals, head none yet")
    row = User.objects.create_user("ana")
    seal_entries(at=timezone.now())
    row.bio = "x"
    row.save()
    time_machine.move_to(timezone.now() + timedelta(seconds=61))

    late, head = databases.check_audit()

    assert head.text == f"1 seals, head {AuditHead.objects.get().hash}"
    assert (late.is_ok, late.text.partition(",")[0]) == (False, "1 entries have no seal")


def test_processes_of_another_version_are_named():
    flush_redis()
    meter().publish()
    old = {"role": "worker", "version": "abc", "sockets": {}, "gauges": []}
    with client().pipeline() as pipeline:
        pipeline.set(gauges_key("1-old"), json.dumps(old))
        REGISTRY.add(pipeline, "1-old")
        pipeline.execute()

    own = code_version()
    assert [tuple(finding) for finding in versions.check_processes()] == [
        (False, f"1 worker of version abc, not {own}: restart it"),
        (True, f"1 web, version {own}"),
    ]
