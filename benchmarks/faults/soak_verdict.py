"""The readings of the soak, and what they must not exceed."""

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.faults.soak_people import Acts
from benchmarks.faults.soak_site import LIVING, ROLES, Site
from benchmarks.rig.readings import Tally

WARM_S = 300.0
GROWTH_MIB, MORE_FILES, MORE_THREADS, MORE_KEYS, MORE_ROWS = 16.0, 6, 4, 40, 20
# Tables that grow by what people do: the rows that each act, or each minute, may add.
AUDITED = dict.fromkeys(("alert", "alert deleted", "report", "report deleted", "upload"), 2)
GROWING = {
    "forum_message": {"message": 1},
    "notifications_notification": {"alert": 2, "message": 1, "report": 1},
    "notifications_delivery": {"alert": 2, "message": 1, "report": 1},
    "notifications_attempt": {"alert": 2, "message": 1, "report": 1},
    "notifications_mark": {"alert": 2, "message": 1, "report": 1},
    "uploads_upload": {"upload": 1},
    "core_auditentry": AUDITED,
    "core_auditseal": AUDITED,
    "market_candle": {"minute": 10},  # one of each symbol
    "operations_sample": {"minute": 1},  # of two hours at most
}
WAITING = {
    "deliveries of the outbox": (
        "SELECT count(*) FROM notifications_delivery WHERE state IN ('waiting', 'claimed')"
    ),
    "reports": "SELECT count(*) FROM operations_report WHERE state IN ('pending', 'running')",
    # Those that a kill interrupted have no message, and are swept after an hour.
    "uploads of messages": (
        "SELECT count(*) FROM uploads_upload WHERE state <> 'ready' AND audience LIKE 'message:%'"
    ),
}
TWICE = {
    "messages stored twice": "SELECT count(*) - count(DISTINCT client_id) FROM forum_message",
    "firings of one alert beyond the first": (
        "SELECT count(*) - count(DISTINCT alert_id) FROM alerts_firing"
    ),
}
STORED = "SELECT client_id::text FROM forum_message"


@dataclass(frozen=True, slots=True)
class Reading:
    """What must not grow, at one time."""

    at: float
    load: float
    rss_mib: dict[str, float]
    files: dict[str, int]
    threads: dict[str, int]
    keys: dict[str, int]
    rows: dict[str, int]
    acts: dict[str, int]

    @property
    def all_keys(self) -> int:
        return sum(self.keys.values())


def read(site: Site, acts: Acts) -> Reading:
    parts = [f"{role} {LIVING}" for role in ROLES]
    return Reading(
        at=time.monotonic(),
        load=os.getloadavg()[0],
        rss_mib={part: site.rss_mib(part) for part in parts},
        files={part: site.files(part) for part in parts},
        threads={part: site.threads(part) for part in parts},
        keys=site.keys(),
        rows=site.rows(),
        acts=dict(acts.done) | {"minute": round((time.monotonic() - acts.began) / 60)},
    )


def growth(readings: Sequence[Reading], value: Callable[[Reading], float]) -> float:
    """Return the least-squares slope over the readings, times their duration."""
    if len(readings) < 2:
        return 0.0
    times = [reading.at for reading in readings]
    slope = statistics.linear_regression(times, [value(reading) for reading in readings]).slope
    return slope * (times[-1] - times[0])


def judge(tally: Tally, readings: list[Reading]) -> None:
    """Print the growth after the first minutes, and compare it with its limits."""
    started = readings[0].at
    warm = [reading for reading in readings if reading.at - started >= WARM_S] or readings
    loads = [reading.load for reading in readings]
    tally.note(f"load {min(loads):.1f} to {max(loads):.1f}; {len(warm)} readings after the start")
    for part in warm[0].rss_mib:
        _judge_process(tally, warm, part)
    third = max(1, len(warm) // 3)
    first, last = ([r.all_keys for r in part] for part in (warm[:third], warm[-third:]))
    tally.line("keys in Redis: most in the last third", max(last), "", max(first) + MORE_KEYS)
    _judge_rows(tally, warm[0], warm[-1])


def _judge_process(tally: Tally, readings: Sequence[Reading], part: str) -> None:
    first, last = readings[0], readings[-1]
    tally.note(
        f"{part}: {first.rss_mib[part]:.1f} to {last.rss_mib[part]:.1f} MiB,"
        f" {first.files[part]} to {last.files[part]} files,"
        f" {first.threads[part]} to {last.threads[part]} threads"
    )
    tally.line("  growth of memory", growth(readings, lambda r: r.rss_mib[part]), "MiB", GROWTH_MIB)
    tally.line("  growth of open files", growth(readings, lambda r: r.files[part]), "", MORE_FILES)
    tally.line("  growth of threads", growth(readings, lambda r: r.threads[part]), "", MORE_THREADS)


def _judge_rows(tally: Tally, first: Reading, last: Reading) -> None:
    done = {act: last.acts[act] - first.acts.get(act, 0) for act in last.acts}
    for table in last.rows:
        grown = last.rows[table] - first.rows.get(table, 0)
        if table in GROWING:
            most = sum(done.get(act, 0) * rows for act, rows in GROWING[table].items())
            # An act may have been counted before a reading, and its rows written after it.
            tally.line(f"rows of {table}, by acts", grown, "", most + MORE_ROWS)
        elif grown:
            tally.line(f"rows of {table}", grown, "", MORE_ROWS)


def judge_end(tally: Tally, site: Site, acts: Acts, late: float) -> None:
    """Print what waits, is lost, or exists twice after the last fault, which ended at `late`."""
    for name, query in WAITING.items():
        tally.line(f"waiting in the end: {name}", site.sql(query)[0][0], "", 0)
    for name, query in TWICE.items():
        tally.line(name, site.sql(query)[0][0], "", 0)
    fired = site.sql("SELECT count(*) FROM alerts_firing")[0][0]
    tally.check(f"alerts fired ({fired})", fired > 0)
    stored = {client_id for (client_id,) in site.sql(STORED)}
    acked = {client_id for client_id, is_acked in acts.sent.items() if is_acked}
    tally.note(f"acts: {dict(acts.done)}; failed: {dict(acts.failed)}")
    tally.line("acknowledged messages that are lost", len(acked - stored), "", 0)
    failures = [reason for at, reason in acts.failures if at > late]
    tally.line("failed requests after the last fault", len(failures), "", 0)
    for reason in failures[:5]:
        tally.note(f"  {reason}")
    tally.line("requests refused without a reason", acts.refused.total(), "", 0)
    for reason, count in acts.refused.most_common(5):
        tally.note(f"  {count} times {' '.join(reason.split())}")
