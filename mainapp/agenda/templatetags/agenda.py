"""Times of events for a reader: `{% event_when event zone_name as time %}`."""

from datetime import date
from typing import Any

from django import template
from django.utils.formats import date_format
from django.utils.translation import get_language

from mainapp.agenda.models import Event
from mainapp.agenda.rendering import times
from mainapp.agenda.sessions import zone

register = template.Library()


@register.simple_tag
def event_when(event: Event, zone_name: str, year: bool = False) -> times.When:
    return times.when(event, zone_name, year=year)


@register.simple_tag
def event_day(event: Event, zone_name: str) -> date:
    """Return the first day of an event in the reader's zone."""
    if event.is_all_day:
        return date.fromisoformat(event.wall_start[:10])
    return event.starts_at.astimezone(zone(zone_name)).date()


@register.simple_tag
def event_clock(event: Event, zone_name: str) -> str:
    """Return the time at which an event starts; empty for all-day events."""
    return "" if event.is_all_day else f"{event.starts_at.astimezone(zone(zone_name)):%H:%M}"


@register.filter
def city(zone_name: str) -> str:
    return times.zone_label(zone_name)


@register.filter
def month_name(month: date) -> str:
    """Return a month as "março de 2026"."""
    is_english = get_language() == "en"
    text: str = date_format(month, "F Y" if is_english else r"F \d\e Y")
    return text if is_english else text.lower()


@register.filter
def weekday(day: date) -> str:
    return times.weekday_text(day)


@register.filter
def short_month(day: date) -> str:
    """Return the month of a day as "mar"."""
    return date_format(day, "M").lower()


@register.filter
def long_day(day: Any) -> str:
    return times.day_text(day, year=True)
