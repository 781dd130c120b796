"""Tags of ideas and events."""

from django.db import models


class Tag(models.Model):
    """A tag of ideas and events. `key` makes names unique regardless of case and accents."""

    name = models.CharField(max_length=30)
    key = models.CharField(max_length=30, unique=True, editable=False)

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.name
