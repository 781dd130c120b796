"""Moderation of a room: muting, closing, filtered words, complaints and the log."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from mainapp.accounts.policies import MemberRequest, is_staff_level
from mainapp.clubs.selectors.audience import CLUB
from mainapp.core.audience import key_of
from mainapp.core.errors import shown_as_message
from mainapp.core.paths import missing_as_404
from mainapp.core.templatetags.isolation import isolate_plain
from mainapp.forum.forms import FilterForm, MuteForm
from mainapp.forum.selectors.moderation import ROOM, participants_of, user_by_key
from mainapp.forum.services.moderation import (
    close_room,
    filter_words,
    mute_participant,
    reopen_room,
    unmute_participant,
)
from mainapp.forum.views.finding import gone_as_404, moderated_room_or_404
from mainapp.moderation.selectors.cases import log_entries, open_cases_of


def room_moderation(request: MemberRequest, pk: int) -> HttpResponse:
    room = moderated_room_or_404(request, pk)
    scope = key_of(ROOM, room.pk)
    # Complaints about a club's rooms are decided for the whole club.
    cases_of = key_of(CLUB, room.club_id) if room.club_id else scope
    context = {
        "room": room,
        "participants": participants_of(room),
        "cases": open_cases_of(cases_of, moderator=request.user),
        "entries": log_entries(scope=scope),
        "filter": FilterForm(instance=room),
        # Only staff see the names of reporters.
        "is_staff": is_staff_level(request.user),
    }
    return render(request, "mainapp/forum/moderation.html", context)


def set_filter(request: MemberRequest, pk: int) -> HttpResponse:
    room = moderated_room_or_404(request, pk)
    with shown_as_message(request):
        filter_words(
            room_pk=room.pk, actor=request.user, words=request.POST.get("filtered_words", "")
        )
        messages.success(request, _("As palavras barradas foram salvas."))
    return _redirect_back(request, pk)


def mute(request: MemberRequest, pk: int) -> HttpResponse:
    """Mute `user`, or unmute them if `muted` is off."""
    room = moderated_room_or_404(request, pk)
    form = MuteForm(request.POST)
    with missing_as_404():
        target = user_by_key(form.cleaned_data["user"] if form.is_valid() else 0)
    change, sentence = (
        (mute_participant, _("%(name)s só pode ler nesta sala."))
        if form.cleaned_data["muted"]
        else (unmute_participant, _("%(name)s pode escrever nesta sala."))
    )
    with shown_as_message(request):
        change(room_pk=room.pk, user=target, actor=request.user)
        messages.success(request, sentence % {"name": isolate_plain(target.name)})
    return _redirect_back(request, pk)


def close(request: MemberRequest, pk: int) -> HttpResponse:
    room = moderated_room_or_404(request, pk)
    with shown_as_message(request), gone_as_404():
        close_room(room_pk=room.pk, actor=request.user)
        messages.success(request, _("A sala está fechada: dá para ler, mas não para escrever."))
    return _redirect_back(request, pk)


def reopen(request: MemberRequest, pk: int) -> HttpResponse:
    room = moderated_room_or_404(request, pk)
    with shown_as_message(request), gone_as_404():
        reopen_room(room_pk=room.pk, actor=request.user)
        messages.success(request, _("A sala está aberta de novo."))
    return _redirect_back(request, pk)


def _redirect_back(request: HttpRequest, room_pk: int) -> HttpResponse:
    """Redirect to the form's `next` on this site, else to the room's moderation."""
    address = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(address, allowed_hosts=None):
        return HttpResponseRedirect(address)
    return redirect(reverse("room-moderation", args=[room_pk]))
