"""Leases for work that only one process of all hosts does at a time, with fencing numbers.

The holder renews a key in Redis; only Redis's clock decides when it expires. Each new holder gets
the next number from the database. A holder that was paused and does not know that its lease has
expired is recognised by its smaller number.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.db import DatabaseError, transaction
from django.db.models import F

from mainapp.core.clocks import is_lease_held
from mainapp.core.models import Fence
from mainapp.core.redis import client

_RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


class LeaseLostError(Exception):
    """Another process has the lease now; this one must not write any more."""


@dataclass(frozen=True, slots=True)
class Role:
    """A kind of work for one process at a time: its name, and the key of its lease in Redis."""

    name: str
    key: str
    lease_ms: int


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease held by this process.

    `holder` is the value of the key in Redis; `number` is the fencing number in the database.
    """

    role: Role
    holder: str
    number: int

    def renew(self) -> None:
        """Renew the lease. Raises: LeaseLostError, redis.RedisError."""
        role = self.role
        renewed: Any = client().eval(_RENEW, 1, role.key, self.holder, role.lease_ms)
        if not renewed:
            raise LeaseLostError

    def release(self) -> None:
        """Release the lease, so that another process can acquire it. Raises: redis.RedisError."""
        client().eval(_RELEASE, 1, self.role.key, self.holder)

    @contextmanager
    def fenced(self) -> Iterator[None]:
        """Run the block in a transaction that commits only while no later holder exists.

        The row is locked until the commit, so a process that was paused and resumes after its
        successor has started writes nothing. Raises: LeaseLostError.
        """
        with transaction.atomic():
            current = Fence.objects.select_for_update().filter(role=self.role.name)
            if [fence.number for fence in current] != [self.number]:
                raise LeaseLostError
            yield


def acquire_lease(role: Role) -> Lease | None:
    """Acquire the lease; None if another process has it. Raises: RedisError, DatabaseError."""
    left_ms: Any = client().pttl(role.key)
    if left_ms > 0 and not is_lease_held(left_ms, lease_ms=role.lease_ms):
        client().delete(role.key)  # a clock was set back: the lease would last far too long
    holder = uuid4().hex
    if not client().set(role.key, holder, nx=True, px=role.lease_ms):
        return None
    try:
        return Lease(role, holder, _next_number(role))
    except DatabaseError:
        Lease(role, holder, number=0).release()
        raise


def current_number(role: Role) -> int:
    """Return the number of the newest holder, 0 if there was none. One query."""
    return Fence.objects.filter(role=role.name).values_list("number", flat=True).first() or 0


def _next_number(role: Role) -> int:
    with transaction.atomic():
        Fence.objects.get_or_create(role=role.name)
        Fence.objects.filter(role=role.name).update(number=F("number") + 1)
        return Fence.objects.get(role=role.name).number
