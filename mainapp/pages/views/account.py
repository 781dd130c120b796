"""The export of a user's data, and the deletion of an account."""

import tempfile

from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from mainapp.accounts.policies import MemberRequest
from mainapp.accounts.services.deletion import delete_account
from mainapp.core.downloads import file_response
from mainapp.core.errors import shown_in_form
from mainapp.pages.forms import DeleteAccountForm
from mainapp.pages.selectors.archive import write_archive


def export_data(request: MemberRequest) -> HttpResponseBase:
    """Return the archive, written to a file first: a failure is an error page, not half a ZIP."""
    at = timezone.now()
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the response
    try:
        write_archive(request.user, file, at=at)
    except BaseException:
        file.close()
        raise
    name = f"pregao-{timezone.localdate(at):%Y-%m-%d}.zip"
    return file_response(request, file, name=name, content_type="application/zip")


def remove_account(request: MemberRequest) -> HttpResponse:
    form = DeleteAccountForm(request.POST or None, user=request.user)
    if request.method == "POST":
        limit_response = ratelimit.consume_or_429(
            request, action="reauthenticate", user=request.user
        )
        if limit_response:
            limited: HttpResponse = limit_response
            return limited
    if form.is_valid():
        with shown_in_form(form):
            delete_account(user=request.user)
            logout(request)
            messages.success(request, _("Sua conta foi apagada."))
            return redirect("home")
    return render(request, "mainapp/pages/profile_delete.html", {"form": form})
