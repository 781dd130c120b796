"""Worker of `core.bounded_child` that reads calendar files.

It imports no code of this project. `work(["2026-03-01T00:00", "2027-04-01T00:00"], data)` returns
{"events": […]} with the events in that window (UTC), repeated ones expanded, or {"faults": [[line,
reason]]}. Repeated events stay at the same wall time of their place.
"""

import re
import signal
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

from dateutil.rrule import rruleset, rrulestr  # type: ignore[import-untyped]
from icalendar import Calendar

MAX_EVENTS = 200
MAX_REPEATS = 10_000
MAX_FAULTS = 5
RULE_S = 1.0  # clock time for expanding one repeated event: a rule may have no match for centuries
WALL = "%Y-%m-%dT%H:%M"
FREQUENCIES = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
_BEGIN = re.compile(rb"^BEGIN:VEVENT[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)


class Fault(Exception):
    """An event that cannot be read."""


def work(arguments: list[str], data: bytes) -> Any:
    first, last = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in arguments)
    try:
        calendar = Calendar.from_ical(data)
    except ValueError:
        return {"faults": [[1, "format"]]}
    lines = [data.count(b"\n", 0, match.start()) + 1 for match in _BEGIN.finditer(data)]
    components = list(calendar.walk("VEVENT"))
    lines += [1] * (len(components) - len(lines))
    if len(components) > MAX_EVENTS:
        return {"faults": [[lines[MAX_EVENTS], "many"]]}
    faults: list[Any] = []
    events: dict[Any, Any] = {}
    overridden = _overridden_instances(components)
    for line, component in zip(lines, components, strict=False):
        if reason := _add_events(component, events, (first, last), overridden):
            faults.append([line, reason])
        if len(faults) >= MAX_FAULTS or len(events) > MAX_EVENTS:
            break
    return {"faults": faults} if faults else {"events": list(events.values())}


def _add_events(
    component: Any, events: dict[Any, Any], window: tuple[datetime, datetime], overridden: Any
) -> str:
    """Add the events of a component; return the reason if it cannot be read, otherwise ""."""
    try:
        for event in _events(component, window, overridden):
            events[event["uid"], event["recurrence"]] = event
    except Fault as fault:
        return str(fault)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return "format"
    return "many" if len(events) > MAX_EVENTS else ""


def _overridden_instances(components: Any) -> set[tuple[str, str]]:
    """Return the keys of the instances that another component of the file replaces."""
    return {
        (_text(component, "UID"), _key(component.decoded("RECURRENCE-ID")))
        for component in components
        if component.get("RECURRENCE-ID") is not None
    }


def _events(component: Any, window: tuple[datetime, datetime], overridden: Any) -> Any:
    first, last = window
    if component.errors:
        raise Fault("format")
    uid = _text(component, "UID").strip()
    if not uid or len(uid) > 255:
        raise Fault("uid")
    start = component.decoded("DTSTART")
    end = _end(component, start)
    if str(component.get("STATUS", "")).upper() == "CANCELLED":
        return
    common = _common_fields(component, start)
    recurrence = component.get("RECURRENCE-ID")
    if component.get("RRULE") is None and component.get("RDATE") is None:
        key = _key(component.decoded("RECURRENCE-ID")) if recurrence is not None else ""
        starts = [start]
    else:
        key = None
        starts = _repeats(component, start, first, last)
    for moment in starts:
        if not first <= _utc(moment) <= last:
            continue
        name = _key(moment) if key is None else key
        if key is None and (uid, name) in overridden:
            continue
        yield common | {
            "uid": uid,
            "recurrence": name,
            "start": _wall(moment, common["zone"]),
            "end": _wall(moment + (end - start), common["zone"]) if end is not None else "",
        }


def _common_fields(component: Any, start: Any) -> dict[str, Any]:
    """Return the fields that all repeats share. Times of an unknown zone are in UTC."""
    zone, is_all_day = "", not isinstance(start, datetime)
    if not is_all_day and start.tzinfo is not None:
        name = getattr(start.tzinfo, "key", "") or str(component["DTSTART"].params.get("TZID", ""))
        zone = name if name in available_timezones() and "/" in name else "UTC"
    categories = component.get("CATEGORIES")
    parts = categories if isinstance(categories, list) else [categories] if categories else []
    return {
        "title": _text(component, "SUMMARY"),
        "description": _text(component, "DESCRIPTION"),
        "place": _text(component, "LOCATION"),
        "link": _text(component, "URL"),
        "tags": [str(tag) for part in parts for tag in part.cats],
        "zone": zone,
        "is_all_day": is_all_day,
    }


def _text(component: Any, name: str) -> str:
    """Return a text, of several ones the first."""
    value = component.get(name, "")
    return str(value[0] if isinstance(value, list) else value)


def _end(component: Any, start: Any) -> Any:
    if component.get("DTEND") is not None:
        end = component.decoded("DTEND")
    elif component.get("DURATION") is not None:
        end = start + component.decoded("DURATION")
    else:
        return None
    if isinstance(end, datetime) != isinstance(start, datetime):
        raise Fault("end")
    if _utc(end) == _utc(start):
        return None
    if _utc(end) < _utc(start):
        raise Fault("end")
    return end


def _repeats(component: Any, start: Any, first: datetime, last: datetime) -> list[Any]:
    """Return the starts in the window, at most MAX_EVENTS + 1."""
    zone = start.tzinfo if isinstance(start, datetime) else None
    local = _naive(start)
    rules = rruleset()
    rule = component.get("RRULE")
    for each in rule if isinstance(rule, list) else [rule] if rule is not None else []:
        rules.rrule(_rule(each, local, zone))
    rules.rdate(local)
    for name, add in (("RDATE", rules.rdate), ("EXDATE", rules.exdate)):
        for moment in _moments(component.get(name)):
            add(_naive(moment.astimezone(zone) if zone and moment.tzinfo else moment))
    # The window in wall time of the place, a day wider at both ends.
    begins = first.replace(tzinfo=None) - timedelta(days=1)
    ends = last.replace(tzinfo=None) + timedelta(days=1)
    signal.signal(signal.SIGALRM, _time_out)
    signal.setitimer(signal.ITIMER_REAL, RULE_S)
    try:
        starts: list[datetime] = []
        for moment in rules.xafter(begins, inc=True):
            if moment > ends or len(starts) > MAX_EVENTS:
                break
            starts.append(moment)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    if not isinstance(start, datetime):
        return [moment.date() for moment in starts]
    return [moment.replace(tzinfo=zone) for moment in starts]


def _rule(rule: Any, local: datetime, zone: Any) -> Any:
    if rule.get("FREQ", [""])[0] not in FREQUENCIES:
        raise Fault("frequency")
    if any(int(number) < 1 for number in rule.get("INTERVAL", [1])):
        raise Fault("interval")
    if any(int(number) > MAX_REPEATS for number in rule.get("COUNT", [1])):
        raise Fault("count")
    parts = dict(rule)
    until = parts.pop("UNTIL", None)
    if until:
        moment = until[0]
        if isinstance(moment, datetime) and moment.tzinfo and zone:
            moment = moment.astimezone(zone)
        limit = _naive(moment)
        if not isinstance(moment, datetime):
            limit += timedelta(days=1) - timedelta(seconds=1)
    text = type(rule)(parts).to_ical().decode()
    if until:
        text += f";UNTIL={limit:%Y%m%dT%H%M%S}"
    return rrulestr(text, dtstart=local)


def _moments(values: Any) -> Any:
    for value in values if isinstance(values, list) else [values] if values is not None else []:
        for each in value.dts:
            moment = each.dt
            if isinstance(moment, tuple):
                moment = moment[0]
            is_day = not isinstance(moment, datetime)
            yield datetime(moment.year, moment.month, moment.day) if is_day else moment  # noqa: DTZ001


def _time_out(_signal: int, _frame: Any) -> None:
    raise Fault("slow")


def _naive(moment: Any) -> datetime:
    if isinstance(moment, datetime):
        return moment.replace(tzinfo=None)
    return datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001 - a day has no zone


def _utc(moment: date | datetime) -> datetime:
    if isinstance(moment, datetime) and moment.tzinfo:
        return moment.astimezone(UTC)
    return _naive(moment).replace(tzinfo=UTC)


def _key(moment: date | datetime) -> str:
    return _utc(moment).strftime("%Y%m%dT%H%M%SZ")


def _wall(moment: date | datetime, zone: str) -> str:
    if zone == "UTC" and isinstance(moment, datetime):
        moment = moment.astimezone(UTC)
    return moment.strftime(WALL) if isinstance(moment, datetime) else f"{moment}T00:00"
