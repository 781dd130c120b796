"""Counters of the limits that are stored in the database."""

from django.conf import settings
from django.db import models


class Usage(models.Model):
    """A user's number of uses of a limit, in the window that ends at `window_ends_at`."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="usages")
    limit = models.CharField(max_length=40)
    count = models.PositiveIntegerField(default=0)
    window_ends_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "limit"], name="one_usage_of_each_limit")
        ]

    def __str__(self) -> str:
        return f"{self.count} of {self.limit} until {self.window_ends_at}"
