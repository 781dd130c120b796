"""Pictures and files of the user."""

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from mainapp.api.formats import Moment
from mainapp.api.serializers.common import Strict
from mainapp.uploads.models import Upload
from mainapp.uploads.policies import SIZES


class UploadInput(Strict):
    """A picture or a file, as `multipart/form-data`."""

    file = serializers.FileField(max_length=1000, allow_empty_file=False)


class UploadData(serializers.Serializer):
    """An upload; `thumbnails` are the addresses by size, once the state is `ready`."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    state = serializers.CharField()
    reason = serializers.CharField()
    name = serializers.CharField()
    size = serializers.IntegerField()
    width = serializers.IntegerField(allow_null=True)
    height = serializers.IntegerField(allow_null=True)
    url = serializers.CharField()
    thumbnails = serializers.DictField(child=serializers.CharField())
    created_at = Moment()


def upload_data(upload: Upload) -> Any:
    """Return an upload in its wire form."""
    has_thumbnails = upload.kind == Upload.Kind.IMAGE and upload.state == Upload.State.READY
    thumbnails = {
        str(size): reverse("upload-thumbnail", args=[upload.pk, size])
        for size in (SIZES if has_thumbnails else ())
    }
    url = reverse("upload-file", args=[upload.pk])
    names = ("kind", "state", "reason", "name", "size", "width", "height", "created_at")
    values = {name: getattr(upload, name) for name in names}
    return UploadData(values | {"id": upload.pk, "url": url, "thumbnails": thumbnails}).data
