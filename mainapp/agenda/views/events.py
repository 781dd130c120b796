"""The page of an event: its seats, and its changes by those who manage it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from mainapp.accounts.policies import MemberRequest
from mainapp.agenda.forms import EventForm, PaidForm, SeatsForm, form_values
from mainapp.agenda.models import Event, Order
from mainapp.agenda.selectors.access import managed_clubs, managed_event, may_manage
from mainapp.agenda.selectors.events import event_seen_by, totals_of, zone_of
from mainapp.agenda.selectors.orders import (
    managed_order,
    open_order,
    order_page,
    own_order_page,
    place_in_line,
)
from mainapp.agenda.services.events import cancel_event as cancel
from mainapp.agenda.services.events import create_event, update_event
from mainapp.agenda.services.seats import enrol, mark_paid, release_seats
from mainapp.agenda.views.finding import gone_as_404
from mainapp.core.errors import shown_as_message, shown_in_form
from mainapp.core.paths import missing_as_404
from mainapp.market.selectors.markup import render_text


def event_page(request: HttpRequest, pk: int) -> HttpResponse:
    with missing_as_404():
        event = event_seen_by(request.user, pk)
    at = timezone.now()
    order = open_order(request.user, event)
    context = {
        "event": event,
        "order": order,
        "place": place_in_line(order) if order and order.state == Order.State.WAITING else None,
        "description": render_text(event.description)[0],
        "zone_name": zone_of(request.user),
        "may_manage": may_manage(request.user, event),
        "is_over": event.is_over(at),
        "has_begun": event.has_begun(at),
        "seat_numbers": _seat_numbers(event),
        **totals_of(event),
    }
    return render(request, "mainapp/agenda/event.html", context)


def enrol_in(request: MemberRequest, pk: int) -> HttpResponse:
    with missing_as_404():  # before the form: an invisible event is a 404 whatever is sent
        event_seen_by(request.user, pk)
    form = SeatsForm(request.POST)
    with shown_as_message(request), gone_as_404():
        if form.is_valid():
            values = {"seats": int(form.cleaned_data["seats"]), "wait": form.cleaned_data["wait"]}
            order = enrol(event_pk=pk, user=request.user, at=timezone.now(), **values)
            messages.success(request, _outcome(order))
    return redirect("evento", pk=pk)


def release(request: MemberRequest, pk: int) -> HttpResponse:
    with shown_as_message(request), gone_as_404():
        order = release_seats(event_pk=pk, user=request.user, at=timezone.now())
        was_confirmed = order.confirmed_at is not None
        messages.success(
            request,
            _("Sua vaga foi devolvida.") if was_confirmed else _("Você saiu da lista de espera."),
        )
    return redirect("evento", pk=pk)


def new_event(request: MemberRequest) -> HttpResponse:
    clubs = managed_clubs(request.user)
    slugs = [club.slug for club in clubs]
    chosen = request.GET.get("club")
    initial = {
        "kind": request.GET.get("kind", Event.Kind.MEETING),
        "time_zone": zone_of(request.user),
        "club": chosen if chosen in slugs else _preselected(clubs, request.user),
    }
    form = EventForm(request.POST or None, clubs=clubs, initial=initial)
    if form.is_valid():
        slug = form.cleaned_data.get("club")
        club = next((club for club in clubs if club.slug == slug), None)
        with shown_in_form(form):
            at = timezone.now()
            event = create_event(host=request.user, club=club, fields=form.values(), at=at)
            messages.success(request, _("O evento está na agenda."))
            return redirect(event)
    return render(request, "mainapp/agenda/form.html", {"form": form})


def change_event(request: MemberRequest, pk: int) -> HttpResponse:
    with missing_as_404():
        event = managed_event(pk, request.user)
    form = EventForm(request.POST or None, event=event, initial=form_values(event))
    if form.is_valid():
        with shown_in_form(form), gone_as_404():
            at = timezone.now()
            update_event(event_pk=pk, actor=request.user, fields=form.values(), at=at)
            messages.success(request, _("O evento foi salvo."))
            return redirect(event)
    return render(request, "mainapp/agenda/form.html", {"form": form, "event": event})


def cancel_event(request: MemberRequest, pk: int) -> HttpResponse:
    with missing_as_404():
        event = managed_event(pk, request.user)
    if request.method == "POST":
        with shown_as_message(request), gone_as_404():
            cancel(event_pk=pk, actor=request.user, at=timezone.now())
            messages.success(request, _("O evento foi cancelado, e quem tinha vaga foi avisado."))
        return redirect(event)
    return render(request, "mainapp/agenda/cancel.html", {"event": event})


def event_orders(request: MemberRequest, pk: int) -> HttpResponse:
    with missing_as_404():
        event = managed_event(pk, request.user)
    context = {
        "event": event,
        "page": order_page(event, request.GET.get("page")),
        "zone_name": zone_of(request.user),
        **totals_of(event),
    }
    return render(request, "mainapp/agenda/event_orders.html", context)


def mark_order(request: MemberRequest, pk: int) -> HttpResponse:
    with missing_as_404():
        order = managed_order(pk, request.user)
    form = PaidForm(request.POST)
    with shown_as_message(request):
        is_paid = form.is_valid() and form.cleaned_data["paid"]
        mark_paid(order_pk=pk, is_paid=is_paid, at=timezone.now())
    return redirect("event-orders", pk=order.event_id)


def own_orders(request: MemberRequest) -> HttpResponse:
    context = {
        "page": own_order_page(request.user, request.GET.get("page")),
        "zone_name": zone_of(request.user),
    }
    return render(request, "mainapp/agenda/own_orders.html", context)


def _outcome(order: Order) -> str:
    if order.state == Order.State.CONFIRMED:
        return _("Vaga confirmada. Vamos lembrar você um dia e uma hora antes.")
    return _("Você está na lista de espera. Avisamos assim que abrir vaga.")


def _seat_numbers(event: Event) -> range:
    limit = 4 if event.seats is None else min(4, event.seats)
    return range(1, limit + 1)


def _preselected(clubs: Any, user: Any) -> str:
    """Return the club that the form of a new event selects: the chosen one, if managed."""
    chosen = user.memberships.filter(is_chosen=True).values_list("club__slug", flat=True).first()
    return chosen if chosen in [club.slug for club in clubs] else ""
