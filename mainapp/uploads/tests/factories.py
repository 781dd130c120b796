"""Factories of uploads."""

from django.utils import timezone
from factory.declarations import LazyAttribute, LazyFunction
from factory.django import DjangoModelFactory

from mainapp.core.pictures.folders import new_key
from mainapp.uploads.models import Upload


class UploadFactory(DjangoModelFactory):
    """An unattached file, without a folder: `UploadFactory(owner=alice)`."""

    class Meta:
        model = Upload

    audience = LazyAttribute(lambda upload: f"user:{upload.owner.pk}")
    kind = "file"
    state = "ready"
    key = LazyFunction(new_key)
    name = "a.csv"
    size = 3
    content_type = "text/csv"
    created_at = LazyFunction(timezone.now)
