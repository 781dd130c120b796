"""Tags of ideas and events."""

from django.db import models


class Tag(models.Model):
    """A tag of ideas and events. `name` is unique ignoring case and accents, by `key`."""

    name = models.CharField(max_length=30)
    key = models.CharField(max_length=30, unique=True, editable=False)

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.name
