"""Invitations to a club, and joining by one."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from mainapp.accounts.policies import MemberRequest
from mainapp.clubs.exceptions import ClubGone, InvitationGone
from mainapp.clubs.forms import InvitationForm
from mainapp.clubs.policies import ClubRequest
from mainapp.clubs.selectors.clubs import memberships_of
from mainapp.clubs.selectors.invitations import invitation_for, invitations_of
from mainapp.clubs.services.invitations import invite, join_club, revoke_invitation
from mainapp.clubs.views.clubs import require_manager
from mainapp.core.errors import shown_as_message, shown_in_form
from mainapp.core.realtime import flush_published
from mainapp.core.templatetags.isolation import isolate_plain


def invitations(request: ClubRequest, slug: str) -> HttpResponse:
    require_manager(request)
    at = timezone.now()
    form = InvitationForm(request.POST or None)
    if form.is_valid():
        with shown_in_form(form):
            invite(club_pk=request.club.pk, actor=request.user, at=at, **form.cleaned_data)
            messages.success(request, _("O convite está pronto: copie e mande o link."))
            return redirect("club-invitations", slug)
    context = {
        "club": request.club,
        "member": request.member,
        "form": form,
        "invitations": invitations_of(request.club, at=at),
    }
    return render(request, "mainapp/clubs/invitations.html", context)


def revoke(request: ClubRequest, slug: str, pk: int) -> HttpResponse:
    require_manager(request)
    with shown_as_message(request):
        try:
            revoke_invitation(club_pk=request.club.pk, actor=request.user, pk=pk, at=timezone.now())
        except ClubGone:
            raise Http404 from None
        messages.success(request, _("O convite não vale mais."))
    return redirect("club-invitations", slug)


def join(request: MemberRequest, key: str) -> HttpResponse:
    """Show an invitation; only the POST joins, because previews and scanners open links."""
    at = timezone.now()
    invitation = invitation_for(key, request.user, at=at)
    if invitation is None:
        raise Http404
    if request.method == "POST":
        with shown_as_message(request):
            try:
                joined, is_new = join_club(key=key, user=request.user, at=at)
            except InvitationGone:
                raise Http404 from None
            flush_published()
            if is_new:
                sentence = _("Boas-vindas ao clube “%(name)s”.")
                messages.success(request, sentence % {"name": isolate_plain(joined.name)})
            return redirect(joined)
        return redirect("join-club", key)
    is_member = memberships_of(request.user).filter(club=invitation.club_id).exists()
    context = {"invitation": invitation, "club": invitation.club, "is_member": is_member}
    return render(request, "mainapp/clubs/join.html", context)
