"""The rule for stored times: a time further ahead than its own period is not believed.

A clock that ran ahead and was set right leaves such times behind. Believed, each would stop its
work until the clock reached it again: for as long as the clock had been wrong.
"""

from datetime import datetime, timedelta

SKEW = timedelta(seconds=2)  # between the synchronized clocks of two hosts
LARGE_SKEW = timedelta(minutes=1)  # where a belief too few would do harm


def latest(at: datetime, *, period: timedelta = timedelta(0), skew: timedelta = SKEW) -> datetime:
    """Return the latest time that is believed at the moment `at`.

    `period` is how far ahead a time of this kind is set: zero for a time at which something
    happened.
    """
    return at + period + skew


def is_ahead(
    moment: datetime | None,
    *,
    at: datetime,
    period: timedelta = timedelta(0),
    skew: timedelta = SKEW,
) -> bool:
    """Return whether a stored time is too far ahead of `at` to be believed."""
    return moment is not None and moment > latest(at, period=period, skew=skew)


def is_lease_held(left_ms: int, *, lease_ms: float) -> bool:
    """Return whether a key of Redis that expires in `left_ms` (PTTL) is a valid lease.

    Redis expires keys by the host's clock: one that was set back by an hour prolongs each by that.
    """
    return 0 < left_ms <= lease_ms + SKEW / timedelta(milliseconds=1)
