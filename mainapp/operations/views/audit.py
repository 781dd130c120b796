"""The page of the audit for admins, and its export."""

from collections.abc import AsyncIterator, Iterator
from itertools import islice

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from mainapp.accounts.policies import MemberRequest
from mainapp.core.audit.exporting import csv_lines
from mainapp.operations.forms.audit import AuditQuery
from mainapp.operations.selectors.audit import (
    LISTED,
    audit_entries,
    audit_page,
    cached_chain_state,
)

LINES = 500


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
    lines = csv_lines(audit_entries(**form.filters()))
    pieces = _pieces_async(lines) if isinstance(request, ASGIRequest) else lines
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8", headers=headers)


async def _pieces_async(lines: Iterator[str]) -> AsyncIterator[str]:
    """Yield the lines in parts, read in a thread: Django would read a plain iterator as a whole."""
    read = sync_to_async(lambda: "".join(islice(lines, LINES)))
    while part := await read():
        yield part
