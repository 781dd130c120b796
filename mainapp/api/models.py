"""Saved responses to requests that clients may repeat."""

from django.db import models


class KeptAnswer(models.Model):
    """The response to a request with an `Idempotency-Key`, written together with its effect.

    `scope` names the owner of the key: a user or, before a log-in, the content of the request.
    Rows are deleted after a day.
    """

    scope = models.CharField(max_length=60)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    # 0 while the first request is running.
    status = models.PositiveSmallIntegerField(default=0)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="one_answer_a_key")]

    def __str__(self) -> str:
        return f"answer to {self.key}"
