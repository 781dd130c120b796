"""The private link of a calendar, and the import of a calendar file."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mainapp.accounts.policies import MemberRequest
from mainapp.agenda.forms import CalendarForm
from mainapp.agenda.readers.calendars import MAX_SIZE
from mainapp.agenda.selectors.access import managed_clubs
from mainapp.agenda.selectors.events import zone_of
from mainapp.agenda.selectors.orders import link_of
from mainapp.agenda.services.importing import import_calendar as import_file
from mainapp.agenda.services.links import renew_link, revoke_link
from mainapp.core.errors import shown_in_form
from mainapp.core.paths import absolute_url


def calendar_link(request: MemberRequest) -> HttpResponse:
    """Show the private link; POST makes a new one, or with `revoke` ends it."""
    if request.method == "POST":
        if "revoke" in request.POST:
            revoke_link(user=request.user)
            messages.success(request, _("O link não vale mais."))
        else:
            renew_link(user=request.user, at=timezone.now())
            messages.success(request, _("Este é o seu link novo. O anterior não vale mais."))
        return redirect("calendar-link")
    link = link_of(request.user)
    address = absolute_url(reverse("calendar-feed", args=[link.key])) if link else ""
    return render(request, "mainapp/agenda/link.html", {"link": link, "address": address})


def import_calendar(request: MemberRequest) -> HttpResponse:
    clubs = managed_clubs(request.user)
    form = CalendarForm(request.POST or None, request.FILES or None, clubs=clubs)
    if form.is_valid():
        club = next((club for club in clubs if club.slug == form.cleaned_data["club"]), None)
        with shown_in_form(form, "file"):
            result = import_file(
                host=request.user,
                club=club,
                data=form.cleaned_data["file"].read(MAX_SIZE + 1),
                zone_name=zone_of(request.user),
                at=timezone.now(),
            )
            count = result.created
            text = ngettext("%(n)s evento importado.", "%(n)s eventos importados.", count)
            messages.success(request, text % {"n": count})
            if result.known:
                known = ngettext(
                    "%(n)s já estava na agenda.", "%(n)s já estavam na agenda.", result.known
                )
                messages.info(request, known % {"n": result.known})
            return redirect("agenda")
    return render(request, "mainapp/agenda/import.html", {"form": form})
