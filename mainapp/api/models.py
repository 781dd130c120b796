"""The answers to requests that may come again."""

from django.db import models


class KeptAnswer(models.Model):
    """What a request with an `Idempotency-Key` was answered, written with its effect.

    `scope` is whose key it is: a user, or the address of somebody who is not logged in. Rows live
    for a day.
    """

    scope = models.CharField(max_length=60)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    # 0 while the first request is at work.
    status = models.PositiveSmallIntegerField(default=0)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="one_answer_a_key")]

    def __str__(self) -> str:
        return f"answer to {self.key}"
