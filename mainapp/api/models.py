"""Saved responses to requests that clients may repeat, and users' API keys."""

from datetime import datetime

from django.conf import settings
from django.db import models

from mainapp.core.audit import Audited, AuditedModel


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


class ApiKey(AuditedModel):
    """A user's key for programs, with some of the user's rights; deleted when it is revoked.

    `digest` is the hash of the secret, which is shown once; `hint` is its beginning.
    """

    audit = Audited(
        shown="user scopes expires_at",
        hidden="name hint digest",
        ignored="created_at last_used_at is_second_factor_used",
        owner="user",
    )

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=60)
    hint = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    # By the log-in that made the key; see ADMIN_REQUIRES_SECOND_FACTOR.
    is_second_factor_used = models.BooleanField(default=False, db_default=False)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.hint}… of {self.user_id}"

    def is_expired(self, at: datetime) -> bool:
        return at >= self.expires_at
