"""Detection of stored times that are too far in the future to be right.

They are left behind by a clock that ran ahead and was then corrected. If such a due time were
respected, its work would stop until the clock reached it: for as long as the clock had been wrong.
"""

from datetime import datetime, timedelta

SKEW = timedelta(seconds=2)  # between the synchronized clocks of two hosts
# For times whose rejection does harm if they are right: an e-mail sent twice, a quota reset.
LARGE_SKEW = timedelta(minutes=1)


def latest(at: datetime, *, period: timedelta = timedelta(0), skew: timedelta = SKEW) -> datetime:
    """Return the latest stored time that can be right at the moment `at`.

    `period` is the longest time by which such times are set ahead: zero for times of past events.
    """
    return at + period + skew


def is_ahead(
    moment: datetime | None,
    *,
    at: datetime,
    period: timedelta = timedelta(0),
    skew: timedelta = SKEW,
) -> bool:
    """Return whether a stored time is too far ahead of `at` to be right."""
    return moment is not None and moment > latest(at, period=period, skew=skew)


def is_lease_held(left_ms: int, *, lease_ms: float) -> bool:
    """Return whether a key of Redis that expires in `left_ms` (PTTL) is a valid lease.

    Redis expires keys by its host's clock: setting that back by an hour prolongs each by an hour.
    """
    return 0 < left_ms <= lease_ms + SKEW / timedelta(milliseconds=1)
