"""The agenda as a list, as a month and as a file."""

import hashlib
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import quote_etag
from django.utils.translation import gettext as _

from mainapp.agenda.forms import EventFilter
from mainapp.agenda.models import CalendarLink, Event
from mainapp.agenda.policies import FEED_PAST, MAX_DURATION, MAX_EXPORTED
from mainapp.agenda.rendering.ics import calendar_file
from mainapp.agenda.rendering.proventos import Entry
from mainapp.agenda.selectors.events import (
    event_page,
    event_seen_by,
    events_for,
    feed_events,
    month_weeks,
    zone_of,
)
from mainapp.agenda.selectors.orders import owner_of_link
from mainapp.agenda.selectors.proventos import entries_of_weeks, feed_entries, listed_entries
from mainapp.agenda.sessions import month_of, next_month, weeks_of, zone
from mainapp.clubs.models import Club
from mainapp.core.paths import absolute_url, missing_as_404
from mainapp.market.sessions import sao_paulo_day

# Parameters of the pages that are not filters.
VIEW = ("view", "month", "page")


def agenda(request: HttpRequest) -> HttpResponse:
    """Show the events to come, or with `view=month` the events of a month."""
    zone_name = zone_of(request.user)
    filters = _filters(request, zone_name)
    is_month = request.GET.get("view") == "month"
    today = timezone.now().astimezone(zone(zone_name)).date()
    context = {
        "filters": filters,
        "form": filters.form,
        "zone_name": zone_name,
        "today": today,
        "query": _query(request, without=VIEW),
        "is_filtered": any(request.GET.get(name) for name in (*EventFilter.base_filters, "club")),
        "clubs": list(Club.objects.visible_to(request.user)),
        "club_slug": request.GET.get("club", ""),
    }
    if is_month:
        month = month_of(request.GET.get("month", ""), today=today)
        entries = entries_of_weeks(
            request.user, _cleaned(filters), weeks_of(month), is_of_club=_is_of_club(request)
        )
        weeks = month_weeks(
            filters.qs, month=month, zone_name=zone_name, today=today, entries=entries
        )
        context |= {
            "weeks": weeks,
            "month": month,
            "previous_month": next_month(month, -1),
            "next_month": next_month(month),
            "has_events": any(day.events and day.is_of_month for week in weeks for day in week),
        }
        return render(request, "mainapp/agenda/month.html", context)
    page = event_page(
        _to_come(request, filters),
        request.GET.get("page"),
        entries=_entries(request, filters),
        order=_cleaned(filters).get("ordering") or "starts_at",
    )
    return render(request, "mainapp/agenda/list.html", context | {"page": page})


def agenda_file(request: HttpRequest) -> HttpResponse:
    """Return the events of the list with the same filters as a calendar file."""
    filters = _filters(request, zone_of(request.user))
    is_month = request.GET.get("view") == "month"
    rows = filters.qs if is_month else _to_come(request, filters)
    events = list(rows.prefetch_related("tags")[:MAX_EXPORTED])
    return _file(request, [*events, *_entries(request, filters)][:MAX_EXPORTED], "agenda")


def event_file(request: HttpRequest, pk: int) -> HttpResponse:
    with missing_as_404():
        event = event_seen_by(request.user, pk)
    return _file(request, [event], f"evento-{pk}")


def calendar_feed(request: HttpRequest, key: str) -> HttpResponse:
    """Return the calendar of the owner of a private link, who need not be logged in."""
    try:
        owner = owner_of_link(key)
    except CalendarLink.DoesNotExist:
        raise Http404 from None
    at = timezone.now()
    events = feed_events(owner, at=at, limit=MAX_EXPORTED)
    entries = feed_entries(owner, at=at, past=FEED_PAST)
    return _file(request, [*events, *entries], "agenda", is_feed=True)


def _filters(request: HttpRequest, zone_name: str) -> EventFilter:
    rows = events_for(request.user, clubs=request.GET.getlist("club"))
    return EventFilter(request.GET, queryset=rows, zone_name=zone_name)


def _cleaned(filters: EventFilter) -> dict[str, Any]:
    """Return the values of the filters; none if they are invalid, and then nothing is listed."""
    return dict(filters.form.cleaned_data) if filters.is_valid() else {"kind": ["none"]}


def _is_of_club(request: HttpRequest) -> bool:
    """Return whether a list is narrowed to a club, whose members hold different stocks."""
    return "club" in request.GET and any(request.GET.getlist("club"))


def _entries(request: HttpRequest, filters: EventFilter) -> list[Entry]:
    return listed_entries(
        request.user,
        _cleaned(filters),
        today=sao_paulo_day(timezone.now()),
        is_of_club=_is_of_club(request),
    )


def _to_come(request: HttpRequest, filters: EventFilter) -> Any:
    """Return the filtered events; unless a first day is given, without those that are over."""
    rows = filters.qs
    if filters.is_valid() and filters.form.cleaned_data.get("start_from"):
        return rows
    at = timezone.now()
    # The earliest start bounds the rows that are read: without it, all past events.
    rows = rows.filter(starts_at__gte=at - MAX_DURATION)
    return rows.filter(starts_at__gte=at) | rows.filter(ends_at__gt=at)


def _file(request: HttpRequest, events: Any, name: str, *, is_feed: bool = False) -> HttpResponse:
    """Return a calendar file, or 304 if the client already has the same bytes."""
    body = calendar_file(events, name=_("Agenda do Pregão"), url_of=_address, is_feed=is_feed)
    etag = quote_etag(hashlib.sha256(body).hexdigest())
    if etag in request.headers.get("If-None-Match", ""):
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{name}.ics"'
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response


def _address(event: Event | Entry) -> str:
    return absolute_url(event.get_absolute_url())


def _query(request: HttpRequest, *, without: Any) -> str:
    """Return the filters of a request as a query string, to which parameters can be added."""
    pairs = [
        (name, value)
        for name, values in request.GET.lists()
        for value in values
        if name not in without and value
    ]
    return f"{urlencode(pairs)}&" if pairs else ""
