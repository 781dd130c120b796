"""Calendar files (RFC 5545), of which the same events always give the same bytes.

Times are in UTC and need no VTIMEZONE; events of whole days are dates without a zone. DTSTAMP is
the time of the last change, not of the export.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from mainapp.agenda.sessions import day_of, last_day

MAX_LINE = 75  # bytes, without the line's end
END = "\r\n"


def calendar_file(
    events: Iterable[Any], *, name: str, url_of: Callable[[Any], str], is_feed: bool = False
) -> bytes:
    """Return a calendar. `url_of` returns an event's absolute address.

    Feeds have hints for how often to read them. Each event needs its tags, and its club.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Pregao//Agenda//PT", "CALSCALE:GREGORIAN"]
    lines += ["METHOD:PUBLISH", f"X-WR-CALNAME:{escape(name)}"]
    if is_feed:
        lines += ["REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H"]
    for event in events:
        lines += _event_lines(event, url_of(event))
    lines.append("END:VCALENDAR")
    return "".join(part + END for line in lines for part in folded(line)).encode()


def escape(text: str) -> str:
    """Return a text as a value of a calendar file."""
    for character in "\\;,":
        text = text.replace(character, f"\\{character}")
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return lines.replace("\n", "\\n")


def folded(line: str) -> Iterator[str]:
    """Yield a line in parts of at most MAX_LINE bytes, split between characters."""
    part, size = "", 0
    for character in line:
        width = len(character.encode())
        if size + width > MAX_LINE:
            yield part
            part, size = " ", 1
        part, size = part + character, size + width
    yield part


def _event_lines(event: Any, url: str) -> list[str]:
    lines = [
        "BEGIN:VEVENT",
        f"UID:{event.uid}",
        f"DTSTAMP:{_utc(event.changed_at)}",
        f"LAST-MODIFIED:{_utc(event.changed_at)}",
        f"SEQUENCE:{event.sequence}",
        *_time_lines(event),
        f"SUMMARY:{escape(event.title)}",
    ]
    if description := "\n\n".join(filter(None, (event.description, event.link))):
        lines.append(f"DESCRIPTION:{escape(description)}")
    if event.place or event.link:
        lines.append(f"LOCATION:{escape(event.place or event.link)}")
    if tags := [escape(tag.name) for tag in event.tags.all()]:
        lines.append(f"CATEGORIES:{','.join(tags)}")
    return [*lines, f"URL:{url}", f"STATUS:{event.calendar_status}", "END:VEVENT"]


def _time_lines(event: Any) -> list[str]:
    if event.is_all_day:
        after = last_day(event.wall_start, event.wall_end) + timedelta(days=1)
        return [
            f"DTSTART;VALUE=DATE:{_date(day_of(event.wall_start))}",
            f"DTEND;VALUE=DATE:{_date(after)}",
        ]
    lines = [f"DTSTART:{_utc(event.starts_at)}"]
    return [*lines, f"DTEND:{_utc(event.ends_at)}"] if event.ends_at else lines


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _date(day: date) -> str:
    return day.strftime("%Y%m%d")
