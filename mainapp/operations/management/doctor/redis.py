"""Checks of Redis (version, policy, memory, clock), of background processes, and of the outbox."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import redis
from django.conf import settings
from django.db.models import Min
from django.utils import timezone

from mainapp.core.redis import client
from mainapp.market.streams.redis_state import read_streaming
from mainapp.notifications.models import Delivery
from mainapp.operations.management.doctor.databases import skew_finding
from mainapp.operations.management.doctor.findings import Finding, fault, ok
from mainapp.operations.views import health

LEAST_VERSION = (6, 2)
MOST_USED = 0.9
STUCK = timedelta(minutes=15)
NO_REDIS = "Redis does not answer: check REDIS_URL, and that it runs"


def check_redis() -> Iterator[Finding]:
    state = health.check_redis()
    if state != "ok":
        yield fault(NO_REDIS if "does not answer" in state else f"{state}: see its log")
        return
    info: Any = client().info()
    version = str(info["redis_version"])
    if tuple(map(int, version.split(".")[:2])) < LEAST_VERSION:
        yield fault(f"version {version} is too old: update it to 6.2 or later")
    yield from _memory(info)
    yield ok(f"version {info.get('valkey_version') or version}, writable")


def _memory(info: Any) -> Iterator[Finding]:
    policy, limit, used = info["maxmemory_policy"], int(info["maxmemory"]), int(info["used_memory"])
    if policy != "noeviction":
        yield fault(
            f"maxmemory-policy is {policy}, which drops tasks and leases: set it to noeviction"
        )
    if limit and used > MOST_USED * limit:
        yield fault(f"{used >> 20} of {limit >> 20} MiB are used: raise maxmemory")


def check_clock() -> Iterator[Finding]:
    try:
        client().ping()  # connects
        before = time.time()
        seconds, microseconds = client().time()
        after = time.time()
    except redis.RedisError:
        yield fault("unknown, as Redis does not answer")
        return
    yield skew_finding(seconds + microseconds / 1e6 - (before + after) / 2, "Redis's")


def _health(state: str, remedy: str) -> Finding:
    return ok("works") if state == "ok" else fault(f"{state}: {remedy}")


def check_worker() -> Iterator[Finding]:
    yield _health(health.check_worker(), "start it, and read its log")


def check_beat() -> Iterator[Finding]:
    yield _health(health.check_beat(), "start it, and read its log")


def check_batch() -> Iterator[Finding]:
    yield _health(health.check_batch(), "look at worker, beat and sources")


def check_stream() -> Iterator[Finding]:
    if not settings.QUOTE_STREAM:
        yield ok("QUOTE_STREAM is not set")
        return
    try:
        is_live = read_streaming().is_running
    except redis.RedisError:
        yield fault("unknown, as Redis does not answer")
        return
    yield (
        ok("a streamer holds the lease")
        if is_live
        else fault("no streamer holds the lease: start `manage.py stream_quotes`, and read its log")
    )


def check_outbox() -> Iterator[Finding]:
    """Find messages that are overdue; those that wait for a retry after a failure do not count."""
    now = timezone.now()
    waiting = Delivery.objects.filter(state__in=Delivery.OPEN)
    due = waiting.filter(due_at__lt=now - STUCK).aggregate(since=Min("due_at"))["since"]
    if due:
        minutes = (now - due).total_seconds() / 60
        yield fault(f"a message is overdue by {minutes:.0f} min: look at the worker and its log")
    else:
        yield ok(f"{waiting.count()} messages waiting, none overdue")
