"""Blocking people, and the list of those whom the user blocks."""

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from mainapp.accounts.models import User
from mainapp.accounts.policies import MemberRequest
from mainapp.accounts.selectors import blocks_by, person
from mainapp.accounts.services.blocking import block_user, unblock_user
from mainapp.core.pages import page_of
from mainapp.core.paths import missing_as_404
from mainapp.core.templatetags.isolation import isolate_plain

PAGE_SIZE = 50


def blocked_people(request: MemberRequest) -> HttpResponse:
    page = page_of(blocks_by(request.user), request.GET.get("page"), size=PAGE_SIZE)
    return render(request, "mainapp/pages/blocked_people.html", {"page": page})


def block(request: MemberRequest, pk: int) -> HttpResponse:
    """Block a user, after a confirmation."""
    with missing_as_404():
        other = person(pk)
    if other == request.user:
        raise Http404
    if request.method == "POST":
        block_user(blocker=request.user, blocked=other, at=timezone.now())
        sentence = _("Você bloqueou %(name)s, que não fica sabendo.")
        messages.success(request, sentence % {"name": isolate_plain(other.name)})
        return redirect("blocked-people")
    return render(request, "mainapp/pages/block_user.html", {"person": other})


def unblock(request: MemberRequest, pk: int) -> HttpResponse:
    with missing_as_404():
        other = User.objects.get(pk=pk)
    if other == request.user:
        raise Http404
    unblock_user(blocker=request.user, blocked=other)
    sentence = _("Você não bloqueia mais %(name)s.")
    messages.success(request, sentence % {"name": isolate_plain(other.name)})
    address = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(address, allowed_hosts=None):
        return HttpResponseRedirect(address)
    return redirect("user-profile", pk=pk) if other.is_active else redirect("blocked-people")
