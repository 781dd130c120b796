"""Counters of quotas."""

from django.conf import settings
from django.db import models


class Usage(models.Model):
    """The number of uses of a quota, in the window that ends at `window_ends_at`.

    They are a user's, or a club's: then `club_key` has the club and the quota, such as
    `club:3:club-uploads`. It is null for users, and one unique column, as a constraint of two could
    not be added while processes of the last release write.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="usages"
    )
    club_key = models.CharField(max_length=80, null=True, unique=True)  # noqa: DJ001 - as said above
    limit = models.CharField(max_length=40)
    count = models.PositiveIntegerField(default=0)
    window_ends_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "limit"], name="one_usage_of_each_limit")
        ]

    def __str__(self) -> str:
        return f"{self.count} of {self.limit} until {self.window_ends_at}"
