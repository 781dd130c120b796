"""`uploads/`: the user's pictures and files."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from mainapp.api.pagination import Pages
from mainapp.api.serializers.uploads import UploadData, UploadInput, upload_data
from mainapp.api.views.base import ApiView, valid
from mainapp.core.exceptions import DomainError
from mainapp.core.paths import get_owned_or_404
from mainapp.uploads.models import Upload
from mainapp.uploads.policies import MAX_BYTES
from mainapp.uploads.selectors.uploads import uploads_of
from mainapp.uploads.services.uploads import delete_upload, store_upload
from mainapp.uploads.tasks import queue_thumbnails


class UploadsView(ApiView):
    """The user's uploads, and sending one."""

    serializer_class = UploadInput
    pagination_class = Pages
    parser_classes = [MultiPartParser]
    accepts_key = False

    @extend_schema(responses={200: UploadData(many=True)})
    def get(self, request: Any) -> Response:
        page: list[Upload] = self.paginate_queryset(uploads_of(request.user))
        return self.get_paginated_response([upload_data(upload) for upload in page])

    @extend_schema(responses={201: UploadData})
    def post(self, request: Any) -> Response:
        file = valid(self.get_serializer(data=request.data))["file"]
        if file.size > MAX_BYTES:
            raise DomainError("too_large")
        upload = store_upload(
            owner=request.user, name=file.name, data=file.read(), at=timezone.now()
        )
        if upload.state == Upload.State.PENDING:
            queue_thumbnails(upload.pk)
        return Response(upload_data(upload), 201)


class UploadView(ApiView):
    """One of the user's uploads."""

    serializer_class = UploadData

    @extend_schema(responses={200: UploadData})
    def get(self, request: Any, pk: int) -> Response:
        return Response(upload_data(get_owned_or_404(uploads_of(request.user), pk)))

    @extend_schema(responses={204: None})
    def delete(self, request: Any, pk: int) -> Response:
        delete_upload(upload=get_owned_or_404(uploads_of(request.user), pk))
        return Response(status=204)
