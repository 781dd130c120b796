"""The members of a club: their list, roles, removal, leaving, and consent to show a carteira."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from mainapp.clubs.forms import ListQuery, RoleForm, SwitchForm
from mainapp.clubs.models import ClubMember
from mainapp.clubs.policies import ClubRequest
from mainapp.clubs.selectors.members import member_of, members_page
from mainapp.clubs.services.members import (
    change_role,
    leave_club,
    remove_member,
    share_portfolio,
)
from mainapp.core.errors import shown_as_message
from mainapp.core.paths import missing_as_404
from mainapp.core.realtime import flush_published
from mainapp.core.templatetags.isolation import isolate_plain

OWNER = ClubMember.Role.OWNER


def members(request: ClubRequest, slug: str) -> HttpResponse:
    context = {
        "club": request.club,
        "member": request.member,
        "page": members_page(request.club, ListQuery(request.GET).number()),
        "roles": ClubMember.Role.choices,
    }
    return render(request, "mainapp/clubs/members.html", context)


def role(request: ClubRequest, slug: str) -> HttpResponse:
    if request.member.role != OWNER:
        raise Http404
    form = RoleForm(request.POST)
    if form.is_valid():
        with shown_as_message(request):
            change_role(
                club_pk=request.club.pk,
                actor=request.user,
                user_pk=form.cleaned_data["user"],
                role=form.cleaned_data["role"],
                at=timezone.now(),
            )
            messages.success(request, _("O papel foi alterado."))
    return redirect("club-members", slug)


def remove(request: ClubRequest, slug: str, user_pk: int) -> HttpResponse:
    """Remove a member, after a confirmation."""
    if not request.member.manages:
        raise Http404
    with missing_as_404():
        target = member_of(request.club, user_pk)
    if target.pk == request.member.pk or (target.manages and request.member.role != OWNER):
        raise Http404
    if request.method == "POST":
        with shown_as_message(request):
            remove_member(
                club_pk=request.club.pk, actor=request.user, user_pk=user_pk, at=timezone.now()
            )
            flush_published()
            sentence = _("%(name)s não está mais no clube.")
            messages.success(request, sentence % {"name": isolate_plain(target.user.name)})
        return redirect("club-members", slug)
    context = {"club": request.club, "member": request.member, "person": target.user}
    return render(request, "mainapp/clubs/remove.html", context)


def leave(request: ClubRequest, slug: str) -> HttpResponse:
    if request.method == "POST":
        with shown_as_message(request):
            leave_club(club_pk=request.club.pk, user=request.user)
            flush_published()
            messages.success(request, _("Você saiu do clube."))
            return redirect("clubes")
        return redirect(request.club)
    context = {"club": request.club, "member": request.member}
    return render(request, "mainapp/clubs/leave.html", context)


def portfolio(request: ClubRequest, slug: str) -> HttpResponse:
    """Show or hide the percents of the member's carteira in the club."""
    form = SwitchForm(request.POST)
    is_on = form.is_valid() and form.cleaned_data["on"]
    with shown_as_message(request):
        share_portfolio(club_pk=request.club.pk, user=request.user, is_on=is_on)
        flush_published()
        messages.success(
            request,
            _("O clube vê a sua carteira em percentuais.")
            if is_on
            else _("O clube não vê mais a sua carteira."),
        )
    return redirect(request.club)
