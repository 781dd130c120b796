"""The page of a user's session list."""

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mainapp.accounts.policies import MemberRequest
from mainapp.accounts.selectors.sessions import sessions_of
from mainapp.accounts.services.sessions import end_other_sessions, end_session


def list_sessions(request: MemberRequest) -> HttpResponse:
    rows = sessions_of(request.user, current_key=request.session.session_key)
    return render(request, "mainapp/accounts/sessions.html", {"rows": rows})


def end_one(request: MemberRequest, pk: int) -> HttpResponse:
    try:
        end_session(user=request.user, pk=pk)
    except UserSession.DoesNotExist:
        raise Http404 from None
    if not _is_logged_in(request):
        return redirect("login")
    messages.success(request, _("Sessão encerrada."))
    return redirect("sessions")


def end_others(request: MemberRequest) -> HttpResponse:
    count = end_other_sessions(user=request.user, session_key=request.session.session_key)
    text = ngettext("%(n)s sessão encerrada.", "%(n)s sessões encerradas.", count)
    messages.success(request, text % {"n": count})
    return redirect("sessions")


def _is_logged_in(request: HttpRequest) -> bool:
    """Return whether the request's own session still exists."""
    key = request.session.session_key
    return key is not None and request.session.exists(key)
