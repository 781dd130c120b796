"""Wall times of events, time zones, and the days of a month's page."""

from calendar import Calendar
from collections.abc import Sequence
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

SAO_PAULO = "America/Sao_Paulo"
WALL = "%Y-%m-%dT%H:%M"
SUNDAY = 6
FIRST_YEAR, LAST_YEAR = 2000, 2100


@cache
def zone_names() -> frozenset[str]:
    """Return the names of the zones that people may choose, such as Europe/Lisbon."""
    names = (name for name in available_timezones() if "/" in name or name == "UTC")
    return frozenset(name for name in names if not name.startswith(("Etc/", "SystemV/", "US/")))


def is_zone(name: str) -> bool:
    return name in zone_names()


def zone(name: str) -> ZoneInfo:
    """Return a zone by its name; the zone of São Paulo for an unknown name."""
    return ZoneInfo(name if is_zone(name) else SAO_PAULO)


def moment_of(wall: str, zone_name: str) -> datetime:
    """Convert a wall time (`2026-03-10T19:00`) to UTC, by the current rules of the zone.

    If the clocks go back over it, the first of both moments is returned; a time that they skip is
    read with the offset before the change.
    """
    local = datetime.strptime(wall, WALL).replace(tzinfo=zone(zone_name))
    return local.astimezone(UTC)


def wall_of(moment: datetime, zone_name: str) -> str:
    return moment.astimezone(zone(zone_name)).strftime(WALL)


def parse_time(text: str) -> datetime:
    """Return an ISO time, with or without an offset.

    Raises: ValueError, also in the first and the last year of the calendar, whose times can
    overflow in another zone.
    """
    moment = datetime.fromisoformat(text)
    if not MINYEAR < moment.year < MAXYEAR:
        raise ValueError(text)
    return moment


def day_of(wall: str) -> date:
    return date.fromisoformat(wall[:10])


def last_day(wall_start: str, wall_end: str) -> date:
    """Return the last day of an event of whole days, whose `wall_end` is exclusive."""
    first = day_of(wall_start)
    return max(first, day_of(wall_end) - timedelta(days=1)) if wall_end else first


def month_of(text: str, *, today: date) -> date:
    """Return the first day of a month such as `2026-03`, or of the current month."""
    try:
        month = date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)
    return month if FIRST_YEAR <= month.year < LAST_YEAR else today.replace(day=1)


def next_month(month: date, step: int = 1) -> date:
    number = month.year * 12 + month.month - 1 + step
    return date(number // 12, number % 12 + 1, 1)


def weeks_of(month: date) -> Sequence[Sequence[date]]:
    """Return the weeks of a month, whole ones from Sunday to Saturday."""
    return Calendar(SUNDAY).monthdatescalendar(month.year, month.month)


def start_of(day: date, zone_name: str) -> datetime:
    """Return the moment at which a day begins in a zone."""
    return datetime(day.year, day.month, day.day, tzinfo=zone(zone_name)).astimezone(UTC)
