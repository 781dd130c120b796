"""`reports/`: files that a worker makes."""

from collections.abc import Iterable
from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from mainapp.api.pagination import Pages
from mainapp.api.serializers.reports import ReportData, ReportInput, report_data
from mainapp.api.views.base import ApiView, valid
from mainapp.core.downloads import file_response
from mainapp.core.paths import get_owned_or_404
from mainapp.operations.models import Report
from mainapp.operations.selectors.reports import (
    CONTENT_TYPES,
    downloadable,
    file_name,
    reports_of,
    worker_seen,
)
from mainapp.operations.services.reports.files import open_file
from mainapp.operations.services.reports.requests import (
    cancel_report,
    delete_report,
    request_report,
)


class ReportsView(ApiView):
    """The user's reports, and a new one."""

    serializer_class = ReportInput
    pagination_class = Pages

    @extend_schema(responses={200: ReportData(many=True)})
    def get(self, request: Any) -> Response:
        page: list[Report] = self.paginate_queryset(reports_of(request.user))
        return self.get_paginated_response(_data(page))

    @extend_schema(responses={202: ReportData})
    def post(self, request: Any) -> Response:
        serializer = self.get_serializer(data=request.data)
        valid(serializer)
        fields = serializer.request(request.user)
        report = request_report(owner=request.user, at=timezone.now(), **fields)
        return Response(_data([report])[0], 202)


class ReportView(ApiView):
    """One of the user's reports."""

    @extend_schema(responses={200: ReportData})
    def get(self, request: Any, pk: int) -> Response:
        report = get_owned_or_404(reports_of(request.user), pk)
        return Response(_data([report])[0])

    @extend_schema(responses={204: None})
    def delete(self, request: Any, pk: int) -> Response:
        delete_report(owner=request.user, report_pk=pk)
        return Response(status=204)


class CancelReportView(ApiView):
    """The end of an open report."""

    @extend_schema(request=None, responses={200: ReportData})
    def post(self, request: Any, pk: int) -> Response:
        report = cancel_report(owner=request.user, report_pk=pk, at=timezone.now())
        return Response(_data([report])[0])


class DownloadReportView(ApiView):
    """The file of a report, if its owner may still see what it contains."""

    @extend_schema(
        responses={(200, CONTENT_TYPES[key]): OpenApiTypes.BINARY for key in CONTENT_TYPES}
    )
    def get(self, request: Any, pk: int) -> Any:
        report = downloadable(pk, request.user)
        try:
            file = open_file(report.file)
        except FileNotFoundError:
            raise Http404 from None
        kind = CONTENT_TYPES[report.format]
        return file_response(request._request, file, name=file_name(report), content_type=kind)


def _data(reports: Iterable[Report]) -> list[Any]:
    rows = list(reports)
    is_pending = any(report.state == Report.State.PENDING for report in rows)
    is_worker_there = worker_seen()[0] if is_pending else True
    return [report_data(report, is_worker_there=is_worker_there) for report in rows]
