"""Words for the times and prices of events, in the active language."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from mainapp.agenda.sessions import day_of, last_day, zone

# Cities whose Portuguese names differ from those in the names of the zones.
CITIES = {
    "Sao_Paulo": "São Paulo",
    "New_York": "Nova York",
    "Lisbon": "Lisboa",
    "London": "Londres",
}
DAY = {"pt-br": r"j \d\e M", "en": "j M"}
DAY_AND_YEAR = {"pt-br": r"j \d\e M \d\e Y", "en": "j M Y"}
# Django abbreviates sábado to Sab.
WEEKDAYS = ("seg", "ter", "qua", "qui", "sex", "sáb", "dom")


@dataclass(frozen=True, slots=True)
class When:
    """The time of an event for a reader: its days, its hours, and the hours at its place.

    `there` is empty if both clocks agree.
    """

    days: str
    hours: str
    there: str

    def __str__(self) -> str:
        text = f"{self.days}, {self.hours}"
        return f"{text} ({self.there})" if self.there else text


def zone_label(name: str) -> str:
    """Return the city of a zone: São Paulo for America/Sao_Paulo."""
    city = name.rpartition("/")[2]
    is_portuguese = translation.get_language() != "en"
    if city == "Sao_Paulo" or is_portuguese:
        city = CITIES.get(city, city)
    return city.replace("_", " ")


def when(event: Any, reader_zone: str, *, year: bool = False) -> When:
    """Return the time of an event in the zone of a reader, and at its place."""
    if event.is_all_day:
        return _whole_days(event, year=year)
    here, there = zone(reader_zone), zone(event.time_zone)
    start = event.starts_at.astimezone(here)
    end = event.ends_at.astimezone(here) if event.ends_at else None
    local_start = event.starts_at.astimezone(there)
    differs = start.utcoffset() != local_start.utcoffset()
    if end is not None:
        differs |= end.utcoffset() != event.ends_at.astimezone(there).utcoffset()
    place_time = ""
    if differs:
        place_time = _("%(time)s em %(city)s") % {
            "time": _local_time(local_start, start.date()),
            "city": zone_label(event.time_zone),
        }
    return When(day_text(start, year=year), _hours(start, end), place_time)


def day_text(day: date | datetime, *, year: bool = False) -> str:
    """Return a day as "ter, 10 de mar."."""
    patterns = DAY_AND_YEAR if year else DAY
    if translation.get_language() == "en":
        return f"{weekday_text(day)} {date_format(day, patterns['en'])}"
    return f"{weekday_text(day)}, {date_format(day, patterns['pt-br']).lower()}"


def weekday_text(day: date | datetime) -> str:
    """Return the weekday of a day as "ter"."""
    if translation.get_language() == "en":
        return str(date_format(day, "D"))
    return WEEKDAYS[day.weekday()]


def _whole_days(event: Any, *, year: bool) -> When:
    first, last = day_of(event.wall_start), last_day(event.wall_start, event.wall_end)
    days = day_text(first, year=year)
    if last > first:
        days = _("%(first)s a %(last)s") % {"first": days, "last": day_text(last, year=year)}
    return When(days, _("dia inteiro"), "")


def _hours(start: datetime, end: datetime | None) -> str:
    if end is None:
        return f"{start:%H:%M}"
    if end.date() != start.date():
        return _("%(start)s até %(end)s") % {
            "start": f"{start:%H:%M}",
            "end": f"{day_text(end)}, {end:%H:%M}",
        }
    return f"{start:%H:%M}\N{EN DASH}{end:%H:%M}"


def _local_time(local: datetime, reader_day: date) -> str:
    if local.date() == reader_day:
        return f"{local:%H:%M}"
    return f"{day_text(local)}, {local:%H:%M}"
