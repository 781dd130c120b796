"""`complaints/`: complaining about messages, files and profiles."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from mainapp.api.pagination import Pages
from mainapp.api.serializers.complaints import ComplaintData, ComplaintInput
from mainapp.api.views.base import ApiView, valid
from mainapp.moderation.models import Complaint
from mainapp.moderation.services.complaints import complain


class ComplaintsView(ApiView):
    """The user's own complaints, and a new one."""

    serializer_class = ComplaintInput
    pagination_class = Pages

    @extend_schema(responses={200: ComplaintData(many=True)})
    def get(self, request: Any) -> Response:
        own = Complaint.objects.filter(reporter=request.user).select_related("case")
        page: list[Complaint] = self.paginate_queryset(own.order_by("-pk"))
        return self.get_paginated_response(ComplaintData(page, many=True).data)

    @extend_schema(responses={200: ComplaintData, 201: ComplaintData})
    def post(self, request: Any) -> Response:
        data = valid(self.get_serializer(data=request.data))
        complaint, is_new = complain(
            pk=data.pop("id"), reporter=request.user, at=timezone.now(), **data
        )
        return Response(ComplaintData(complaint).data, 201 if is_new else 200)
