"""The pages on which users request and download reports."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from mainapp.accounts.policies import MemberRequest
from mainapp.core.downloads import file_response
from mainapp.core.errors import shown_as_message, shown_in_form
from mainapp.core.exceptions import DomainError
from mainapp.core.pages import page_of
from mainapp.core.paths import get_owned_or_404, missing_as_404
from mainapp.operations.forms.reports import ReportForm
from mainapp.operations.selectors.reports import (
    CONTENT_TYPES,
    downloadable,
    file_name,
    reports_of,
    title_of,
    worker_seen,
)
from mainapp.operations.services.reports.files import open_file
from mainapp.operations.services.reports.requests import (
    cancel_report,
    delete_report,
    request_report,
)

PAGE_SIZE = 20


@never_cache
def reports(request: MemberRequest) -> HttpResponse:
    """Show the form and the list; while a report is open, htmx polls only the list."""
    if request.headers.get("HX-Request") == "true":
        return render(request, "mainapp/operations/_reports.html", _list_context(request))
    form = ReportForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        with shown_in_form(form):
            request_report(owner=request.user, at=timezone.now(), **form.request())
            return redirect("reports")
    context = {"form": form, **_list_context(request)}
    return render(request, "mainapp/operations/reports.html", context)


def _list_context(request: MemberRequest) -> dict[str, Any]:
    page = page_of(reports_of(request.user), request.GET.get("page"), size=PAGE_SIZE)
    rows = [(report, title_of(report)) for report in page.object_list]
    is_waiting = any(report.state == report.State.PENDING for report, _title in rows)
    is_worker_there, seen_at = worker_seen() if is_waiting else (True, None)
    return {
        "page": page,
        "rows": rows,
        "has_open": any(report.is_open for report, _title in rows),
        "waits_for_worker": not is_worker_there,
        "seen_at": seen_at,
    }


def cancel(request: MemberRequest, pk: int) -> HttpResponse:
    with missing_as_404(), shown_as_message(request):
        cancel_report(owner=request.user, report_pk=pk, at=timezone.now())
    return redirect("reports")


def delete(request: MemberRequest, pk: int) -> HttpResponse:
    report = get_owned_or_404(reports_of(request.user), pk)
    if request.method == "POST":
        delete_report(owner=request.user, report_pk=report.pk)
        messages.success(request, _("O relatório foi apagado."))
        return redirect("reports")
    context = {"report": report, "title": title_of(report)}
    return render(request, "mainapp/operations/delete_report.html", context)


def download(request: MemberRequest, pk: int) -> HttpResponseBase:
    try:
        with missing_as_404():
            report = downloadable(pk, request.user)
        file = open_file(report.file)
    except FileNotFoundError:
        raise Http404 from None
    except DomainError:
        raise PermissionDenied from None
    return file_response(
        request, file, name=file_name(report), content_type=CONTENT_TYPES[report.format]
    )
