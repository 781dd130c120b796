"""The page of the audit for admins, and its export."""

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from mainapp.accounts.policies import MemberRequest
from mainapp.core.audit.exporting import csv_lines
from mainapp.core.downloads import csv_response
from mainapp.operations.forms.audit import AuditQuery
from mainapp.operations.selectors.audit import (
    LISTED,
    audit_entries,
    audit_page,
    cached_chain_state,
)


@never_cache
def audit(request: MemberRequest) -> HttpResponse:
    form = AuditQuery(request.GET)
    form.is_valid()
    filters = form.filters()
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "form": form,
        "page": audit_page(audit_entries(**filters), request.GET.get("page", "")),
        "is_filtered": bool(filters),
        "query": query.urlencode(),
        "chain": cached_chain_state(),
        "listed": LISTED,
    }
    return render(request, "mainapp/operations/audit.html", context)


@never_cache
def export(request: MemberRequest) -> HttpResponse | StreamingHttpResponse:
    """Stream the entries of the page's filter as CSV."""
    form = AuditQuery(request.GET)
    if not form.is_valid():
        return audit(request)
    return csv_response(request, csv_lines(audit_entries(**form.filters())), name="audit.csv")
