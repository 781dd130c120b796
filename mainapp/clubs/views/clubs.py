"""The list of clubs, and the page, settings and deletion of a club."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from mainapp.accounts.policies import MemberRequest
from mainapp.clubs.forms import ClubForm, ListQuery, NewClubForm, PictureForm, SwitchForm
from mainapp.clubs.models import Club, ClubMember
from mainapp.clubs.policies import ClubRequest
from mainapp.clubs.selectors.clubs import clubs_page, deleted_clubs_of
from mainapp.clubs.selectors.members import members_page
from mainapp.clubs.services.clubs import (
    choose_club,
    create_club,
    delete_club,
    restore_club,
    update_club,
)
from mainapp.core.errors import shown_as_message, shown_in_form
from mainapp.core.realtime import flush_published
from mainapp.core.templatetags.isolation import isolate_plain
from mainapp.moderation.selectors.cases import log_entries, open_cases_of

SHOWN_MEMBERS = 12


def clubs(request: MemberRequest) -> HttpResponse:
    context = {
        "page": clubs_page(request.user, ListQuery(request.GET).number()),
        "deleted": deleted_clubs_of(request.user, at=timezone.now()),
    }
    return render(request, "mainapp/clubs/clubs.html", context)


def new_club(request: MemberRequest) -> HttpResponse:
    form = NewClubForm(request.POST or None)
    if form.is_valid():
        with shown_in_form(form):
            club = create_club(founder=request.user, at=timezone.now(), **form.cleaned_data)
            return redirect(club)
    return render(request, "mainapp/clubs/form.html", {"form": form})


def club(request: ClubRequest, slug: str) -> HttpResponse:
    members = members_page(request.club, "")
    context = {
        **_context(request),
        "members": members.object_list[:SHOWN_MEMBERS],
        "has_more_members": members.paginator.count > SHOWN_MEMBERS,
    }
    return render(request, "mainapp/clubs/club.html", context)


def edit(request: ClubRequest, slug: str) -> HttpResponse:
    require_manager(request)
    # A second instance, because the form changes its instance, and the page's head shows the club.
    form = ClubForm(request.POST or None, instance=Club.objects.get(pk=request.club.pk))
    if form.is_valid():
        with shown_in_form(form):
            update_club(
                club_pk=request.club.pk,
                actor=request.user,
                at=timezone.now(),
                **form.cleaned_data,
            )
            messages.success(request, _("O clube foi alterado."))
            return redirect(request.club)
    context = {**_context(request), "form": form, "picture": PictureForm()}
    return render(request, "mainapp/clubs/form.html", context)


def moderation(request: ClubRequest, slug: str) -> HttpResponse:
    """Show the open complaints about the club's content, and the earlier decisions."""
    require_manager(request)
    scope = f"club:{request.club.pk}"
    context = {
        **_context(request),
        "cases": open_cases_of(scope, moderator=request.user),
        "entries": log_entries(scope=scope),
        "is_staff": False,  # nobody in the club sees who complained
    }
    return render(request, "mainapp/clubs/moderation.html", context)


def delete(request: ClubRequest, slug: str) -> HttpResponse:
    if request.member.role != ClubMember.Role.OWNER:
        raise Http404
    if request.method == "POST":
        with shown_as_message(request):
            delete_club(club_pk=request.club.pk, actor=request.user, at=timezone.now())
            flush_published()
            messages.success(request, _("O clube foi apagado. Você tem 30 dias para restaurar."))
        return redirect("clubes")
    return render(request, "mainapp/clubs/delete.html", _context(request))


def restore(request: MemberRequest, pk: int) -> HttpResponse:
    at = timezone.now()
    if pk not in {club.pk for club in deleted_clubs_of(request.user, at=at)}:
        raise Http404
    with shown_as_message(request):
        restored = restore_club(club_pk=pk, actor=request.user, at=at)
        sentence = _("O clube “%(name)s” está de volta.")
        messages.success(request, sentence % {"name": isolate_plain(restored.name)})
    return redirect("clubes")


def choose(request: ClubRequest, slug: str) -> HttpResponse:
    """Make the club the first choice in forms, or end this."""
    form = SwitchForm(request.POST)
    is_on = form.is_valid() and form.cleaned_data["on"]
    with shown_as_message(request):
        choose_club(user=request.user, club_pk=request.club.pk if is_on else None)
        messages.success(
            request,
            _("Ideias, eventos e salas novas começam neste clube.")
            if is_on
            else _("Ideias, eventos e salas novas começam públicas."),
        )
    return redirect(request.club)


def require_manager(request: ClubRequest) -> None:
    """Check that the member manages the club. Raises: Http404."""
    if not request.member.manages:
        raise Http404


def _context(request: ClubRequest) -> dict[str, object]:
    return {"club": request.club, "member": request.member}
