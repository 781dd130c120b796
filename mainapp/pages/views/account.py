"""The export of a user's data, and the deletion of an account."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from typing import IO

from allauth.core import ratelimit
from asgiref.sync import sync_to_async
from django.contrib import messages
from django.contrib.auth import logout
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from mainapp.accounts.policies import MemberRequest
from mainapp.accounts.services.deletion import delete_account
from mainapp.core.errors import shown_in_form
from mainapp.pages.forms import DeleteAccountForm
from mainapp.pages.selectors.archive import write_archive

PIECE = 256 * 1024


def export_data(request: MemberRequest) -> HttpResponseBase:
    """Return the archive, written to a file first: a failure is an error page, not half a ZIP."""
    at = timezone.now()
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the response
    try:
        write_archive(request.user, file, at=at)
    except BaseException:
        file.close()
        raise
    size = file.tell()
    file.seek(0)
    is_async = isinstance(request, ASGIRequest)
    pieces = _pieces_async(file) if is_async else _pieces(file)
    response = StreamingHttpResponse(pieces, content_type="application/zip")
    response["Content-Length"] = str(size)
    response["Cache-Control"] = "no-store"
    name = f"pregao-{timezone.localdate(at):%Y-%m-%d}.zip"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


async def _pieces_async(file: IO[bytes]) -> AsyncIterator[bytes]:
    """Yield the file in pieces; Django would read a plain generator to its end before sending."""
    with file:
        while piece := await sync_to_async(file.read, thread_sensitive=False)(PIECE):
            yield piece


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
