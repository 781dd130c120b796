"""Samples of the instance's state, one per minute, for the dashboard's curves."""

from django.db import models

SLOTS = 120  # minutes


class Sample(models.Model):
    """The instance's state in one minute; unknown values are NULL.

    Each row replaces the one of two hours earlier, so the table never grows. `messages` and
    `firings` are rates per minute since the previous sample; `last_message` and `last_firing` are
    the newest keys, from which the next sample counts.
    """

    slot = models.PositiveSmallIntegerField(primary_key=True)
    minute = models.DateTimeField()
    sockets = models.PositiveIntegerField(null=True)
    online = models.PositiveIntegerField(null=True)
    messages = models.PositiveIntegerField(null=True)
    firings = models.PositiveIntegerField(null=True)
    outbox = models.PositiveIntegerField(null=True)
    batch_age_s = models.PositiveIntegerField(null=True)
    last_message = models.BigIntegerField(default=0)
    last_firing = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["minute"]

    def __str__(self) -> str:
        return f"sample of {self.minute:%Y-%m-%d %H:%M}"
