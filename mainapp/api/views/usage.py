"""`usage/`: the quotas of the user, or of a club that the user manages."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from mainapp.api.serializers.usage import QuotaData
from mainapp.api.views.base import ApiView
from mainapp.api.views.clubs import managed_or_403
from mainapp.core.limits.usage import quota_usage


class UsageView(ApiView):
    """The limits of a plan, and their uses."""

    serializer_class = QuotaData

    @extend_schema(
        parameters=[OpenApiParameter("club", str, description="The slug of a managed club.")],
        responses={200: QuotaData(many=True)},
    )
    def get(self, request: Any) -> Response:
        rows = quota_usage(self._subject(request), at=timezone.now())
        return Response(QuotaData(rows, many=True).data)

    def _subject(self, request: Any) -> Any:
        slug = request.query_params.get("club")
        if slug is None:
            return request.user
        return managed_or_403(slug, request.user).club
