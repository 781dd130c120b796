"""Limits, the keys by which they count, and their decisions and errors."""

from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from math import ceil
from typing import Any, NamedTuple

from django.conf import settings

from mainapp.core.addresses import network_of
from mainapp.core.exceptions import DomainError


class WithoutRedis(Enum):
    """The decision of a limit while Redis is unavailable."""

    OPEN = "open"
    CLOSED = "closed"


DAY_S = 86_400.0
OPEN, CLOSED = WithoutRedis.OPEN, WithoutRedis.CLOSED


class Key(NamedTuple):
    """The user, address or string whose uses are counted."""

    kind: str
    value: str


def of_user(user: Any) -> Key:
    return Key("user", str(user.pk))


def of_address(address: str) -> Key:
    """Return the key of a client's network; clients without an address share one."""
    return Key("address", network_of(address))


def of_text(text: str) -> Key:
    """Return the key of a string sent by a client, such as a name; only its hash is stored."""
    return Key("text", sha256(text.encode("utf-8", "replace")).hexdigest())


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` uses in `window_s` seconds.

    `count` is a number or the name of a setting; with 0 every use is refused. `template` is the
    sentence shown to a refused user, marked with `gettext_noop`.
    """

    name: str
    count: int | str
    window_s: float
    template: str = ""
    without_redis: WithoutRedis = OPEN

    @property
    def allowed(self) -> int:
        allowed: int = getattr(settings, self.count) if isinstance(self.count, str) else self.count
        return allowed


@dataclass(frozen=True, slots=True)
class Decision:
    """A limit's decision on one use.

    `used` includes this use if it was allowed. `reset_s` is the time until the oldest counted use
    expires; after a refusal, until the next use is allowed.
    """

    limit: Limit
    used: int
    reset_s: float
    is_refused: bool

    @property
    def remaining(self) -> int:
        return max(0, self.limit.allowed - self.used)

    def check(self) -> "Decision":
        """Return the decision. Raises: RateLimited."""
        if self.is_refused:
            raise RateLimited(self.limit.template, self.reset_s)
        return self


class RateLimited(DomainError):
    """The limit is exhausted; the same call succeeds after `retry_after_s` seconds."""

    retry_after_s: float

    def __init__(self, template: str, wait_s: float, params: Any = None) -> None:
        # Rounded up: a call right after the wait must succeed.
        rounded_s = max(0.1, ceil(wait_s * 10) / 10)
        super().__init__("rate_limited", template, params, retry_after_s=rounded_s)


class Unavailable(DomainError):
    """A CLOSED limit could not be counted."""

    def __init__(self) -> None:
        super().__init__("unavailable")
