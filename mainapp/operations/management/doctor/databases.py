"""Checks of the database: connection, version, migrations, capacity, clock, and the audit."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from mainapp.core.clocks import SKEW
from mainapp.core.database import direct_connection
from mainapp.operations.management.doctor.findings import Finding, fault, ok
from mainapp.operations.selectors.chain import chain_state

CONNECT_TIMEOUT_S = 3
LEAST_POSTGRESQL = 140000
# From the formula in docs/DEPLOY.md, per host.
BEAT_CONNECTIONS, RESERVED_CONNECTIONS = 2, 3
REMEDIES = {
    "postgresql": "DATABASE_URL, and that it runs",
    "sqlite": "that its disk has space, and that DATA_DIR is writable",
}
NETWORK_FILE_SYSTEMS = {
    *("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre"),
    *("fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone"),
}


@contextmanager
def connected() -> Iterator[Any]:
    """Yield a connection outside of the pool; connecting fails within 3 s."""
    connection = direct_connection()
    if connection.vendor == "postgresql":
        connection.settings_dict["OPTIONS"]["connect_timeout"] = CONNECT_TIMEOUT_S
    try:
        yield connection
    finally:
        connection.close()


def check_database() -> Iterator[Finding]:
    with connected() as connection:
        try:
            connection.ensure_connection()
        except DatabaseError as error:
            remedy = REMEDIES[connection.vendor]
            yield fault(f"refuses ({error}): check {remedy}")
            return
        if connection.vendor == "postgresql":
            yield from _postgresql(connection)
        else:
            yield from _sqlite(connection)


def _postgresql(connection: Any) -> Iterator[Finding]:
    version = connection.pg_version
    name = f"PostgreSQL {version // 10000}.{version % 10000}"
    if version < LEAST_POSTGRESQL:
        yield fault(f"{name} is too old: update it to {LEAST_POSTGRESQL // 10000} or later")
    encoding = _show(connection, "server_encoding")
    if encoding != "UTF8":
        yield fault(f"the encoding is {encoding}: create the database with ENCODING 'UTF8'")
    needed, allowed = needed_connections(), int(_show(connection, "max_connections"))
    if allowed < needed:
        yield fault(
            f"max_connections is {allowed}, and one host needs {needed} "
            "(docs/DEPLOY.md): raise it, or lower DATABASE_POOL_SIZE"
        )
    idle = _show(connection, "idle_session_timeout")
    if idle != "0":
        yield fault(f"idle_session_timeout is {idle}: set it to 0, as it ends pooled connections")
    yield ok(f"{name}, {encoding}, {needed} of {allowed} connections needed")


def needed_connections() -> int:
    """Return how many connections this host's processes may open, as docs/DEPLOY.md computes it."""
    pool = settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"]
    processes = settings.WEB_CONCURRENCY + 1  # and one worker
    streamers = 1 if settings.QUOTE_STREAM else 0
    return processes * int(pool) + BEAT_CONNECTIONS + streamers + RESERVED_CONNECTIONS


def _show(connection: Any, name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return str(cursor.fetchone()[0])


def _sqlite(connection: Any) -> Iterator[Finding]:
    path = Path(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        mode = cursor.fetchone()[0]
        cursor.execute("SELECT sqlite_version()")
        version = cursor.fetchone()[0]
    if mode != "wal":
        yield fault(f"SQLite's journal is {mode}, not wal: move {path} to a local file system")
    kind = file_system_of(path)
    if kind in NETWORK_FILE_SYSTEMS:
        yield fault(f"SQLite is on {kind}: move DATA_DIR to a local disk, or use PostgreSQL")
    yield ok(f"SQLite {version}, journal {mode}, on {kind or 'an unknown file system'}")


def file_system_of(path: Path, mounts: Path = Path("/proc/self/mounts")) -> str:
    """Return the type of a path's file system; "" if it is unknown."""
    try:
        lines = [line.split() for line in mounts.read_text().splitlines()]
    except OSError:
        return ""
    resolved = path.resolve()
    parents = {str(folder) for folder in (resolved, *resolved.parents)}
    types = {fields[1]: fields[2] for fields in lines if fields[1] in parents}
    return types[max(types, key=len)] if types else ""


def check_migrations() -> Iterator[Finding]:
    with connected() as connection:
        try:
            executor = MigrationExecutor(connection)
            plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        except DatabaseError:
            yield fault("unknown, as the database does not answer")
            return
    if plan:
        names = ", ".join(f"{step.app_label}.{step.name}" for step, _ in plan[:3])
        yield fault(f"{len(plan)} not applied ({names} …): run `manage.py setup`")
    else:
        yield ok("all applied")


def check_audit() -> Iterator[Finding]:
    """Show the head of the audit's chain, to be noted elsewhere (`verify_audit --head`)."""
    try:
        state = chain_state()
    except DatabaseError:
        yield fault("unknown, as the database does not answer")
        return
    if since := state.overdue_since(timezone.now()):
        yield fault(
            f"{state.unsealed} entries have no seal, the oldest of {since.isoformat()}: "
            "look at the worker and its log"
        )
    yield ok(f"{state.number} seals, head {state.hash or 'none yet'}")


def check_clock() -> Iterator[Finding]:
    with connected() as connection:
        if connection.vendor != "postgresql":
            yield ok("SQLite uses this host's clock")
            return
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT clock_timestamp()")  # the first query also connects
                before = timezone.now()
                cursor.execute("SELECT clock_timestamp()")
                database_time, after = cursor.fetchone()[0], timezone.now()
        except DatabaseError:
            yield fault("unknown, as the database does not answer")
            return
    yield skew_finding(
        (database_time - before - (after - before) / 2).total_seconds(), "the database's"
    )


def skew_finding(skew_s: float, whose: str) -> Finding:
    """Return the finding for a clock that is `skew_s` seconds ahead of this host's."""
    text = f"{whose} clock is {abs(skew_s):.1f} s {'ahead of' if skew_s > 0 else 'behind'} ours"
    if abs(skew_s) <= SKEW.total_seconds():
        return ok(text)
    return fault(f"{text}: synchronize both hosts, for example with chrony")
