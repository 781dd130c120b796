"""Filters of events, and the forms of an event, of seats and of a calendar file."""

from mainapp.agenda.forms.calendars import CalendarForm
from mainapp.agenda.forms.events import EventForm, form_values, zone_choices
from mainapp.agenda.forms.filters import EventFilter
from mainapp.agenda.forms.orders import PaidForm, SeatsForm

__all__ = [
    "CalendarForm",
    "EventFilter",
    "EventForm",
    "PaidForm",
    "SeatsForm",
    "form_values",
    "zone_choices",
]
