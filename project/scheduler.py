"""The database scheduler of beat; of any number of beats, one sends the periodic tasks."""

import logging
import time
from contextlib import suppress
from datetime import UTC, datetime
from math import inf
from typing import Any

import redis
from django.db import DatabaseError, close_old_connections
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry

from mainapp.core import processes
from mainapp.core.clocks import SKEW, is_ahead
from mainapp.core.leases import Lease, LeaseLostError, acquire_lease
from mainapp.core.schema import wait_for_schema
from mainapp.market.board import BEAT
from project.periodic import NUMBER_HEADER

logger = logging.getLogger(__name__)

LONGEST_SLEEP_S = 2.0
STANDBY_S = 0.5  # between attempts to acquire the lease


class Entry(ModelEntry):  # type: ignore[misc] # django-celery-beat has no types
    """A periodic task; a last run in the future, left by a clock that ran ahead, counts as now."""

    last_run_at: datetime

    def is_due(self) -> Any:
        now = datetime.now(UTC)
        if is_ahead(self.last_run_at, at=now):
            self.last_run_at = self.model.last_run_at = now
        return super().is_due()

    def save(self) -> None:
        """Save only the time of the last run: an admin may be changing the other columns."""
        names = ("last_run_at", "total_run_count")
        rows = type(self.model)._default_manager.filter(pk=self.model.pk)
        rows.update(**{name: getattr(self.model, name) for name in names})


class Scheduler(DatabaseScheduler):  # type: ignore[misc] # django-celery-beat has no types
    """A database scheduler that works only while it holds the lease, which /readyz checks.

    A beat that was paused and resumes after another has taken over can still send the one task that
    it was about to send; workers refuse it because of the number in its header. Times of runs are
    saved at once (CELERY_BEAT_SYNC_EVERY), so that the next beat repeats none.
    """

    Entry = Entry
    is_cut_off = False
    clock_offset_s = -inf
    lease: Lease | None = None
    _dirty: set[str]

    def __init__(self, *args: Any, **options: Any) -> None:
        wait_for_schema()  # the schedule is read from the database before `beat_init`
        super().__init__(*args, **options)
        processes.gauges["beat_is_sending"] = lambda: {(): float(self._is_sending())}

    def _is_sending(self) -> bool:
        return self.lease is not None and not self.is_cut_off

    def tick(self, *args: Any, **options: Any) -> float:
        """Send due tasks; return the seconds to sleep, two at most."""
        if not self._has_lease():
            return STANDBY_S
        self._follow_clock()
        pause_s: float = super().tick(*args, **options)
        return min(pause_s, LONGEST_SLEEP_S)

    def apply_async(self, entry: Any, *args: Any, **options: Any) -> Any:
        headers = entry.options.get("headers") or {}
        number = self.lease.number if self.lease else 0
        entry.options = entry.options | {"headers": headers | {NUMBER_HEADER: number}}
        return super().apply_async(entry, *args, **options)

    def sync(self) -> None:
        """Save the times of runs, unless another beat has taken over and saves its own."""
        names, self._dirty = self._dirty, set()
        if not names or not self.lease:
            return
        close_old_connections()
        try:
            with self.lease.fenced():
                for name in names & self._schedule.keys():
                    self._schedule[name].save()
        except LeaseLostError:
            return
        except DatabaseError as error:
            logger.warning("the times of runs were not saved: %s", error)
            self._dirty |= names

    def close(self) -> None:
        super().close()
        if self.lease:
            with suppress(redis.RedisError):
                self.lease.release()

    def _has_lease(self) -> bool:
        """Renew the lease or try to acquire it; return whether this beat holds it."""
        try:
            self._renew_or_acquire_lease()
            self.is_cut_off = False
        except (redis.RedisError, DatabaseError) as error:
            if not self.is_cut_off:
                logger.warning("beat's lease was not renewed: %s", error)
            self.is_cut_off = True
        return self._is_sending()

    def _renew_or_acquire_lease(self) -> None:
        try:
            if self.lease:
                self.lease.renew()
                return
        except LeaseLostError:
            logger.warning("this beat's lease expired")
        self.lease = acquire_lease(BEAT)
        if self.lease:
            self._read_again()

    def _read_again(self) -> None:
        """Reload the schedule, with the times at which other beats ran its tasks."""
        self._dirty.clear()
        self._initial_read, self._last_timestamp, self._heap = True, None, None

    def _follow_clock(self) -> None:
        """Read the schedule again after the clock was set back: its times are too far ahead."""
        offset_s = time.time() - time.monotonic()
        set_back_s = self.clock_offset_s - offset_s
        self.clock_offset_s = offset_s
        if set_back_s > SKEW.total_seconds():
            logger.warning("the clock was set back by %.0f s", set_back_s)
            self._read_again()
