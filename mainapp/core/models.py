"""Counters of quotas, fences of leases, tags, and the audit."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


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


class Fence(models.Model):
    """The number of the newest holder of a lease; the work of earlier ones is refused."""

    role = models.CharField(max_length=20, unique=True)
    number = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.role} {self.number}"


class Tag(models.Model):
    """A tag of ideas and events. `name` is unique ignoring case and accents, by `key`."""

    name = models.CharField(max_length=30)
    key = models.CharField(max_length=30, unique=True, editable=False)

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.name


class AuditEntry(models.Model):
    """A change of one row of an audited model; it is never changed itself.

    It has no foreign keys: it outlives the row and the actor, whose ids alone identify nobody.
    `fields` has the names of the changed fields, and `changes` the values before and after of those
    that are not private: see `mainapp.core.audit`.
    """

    class Way(models.TextChoices):
        PAGE = "page", _("página")
        API = "api", _("API")
        SOCKET = "socket", _("WebSocket")
        ADMIN = "admin", _("administração")
        COMMAND = "command", _("comando")
        TASK = "task", _("tarefa")

    class Action(models.TextChoices):
        CREATED = "created", _("criou")
        CHANGED = "changed", _("mudou")
        DELETED = "deleted", _("apagou")

    at = models.DateTimeField()
    actor_id = models.PositiveBigIntegerField(null=True, db_index=True)
    way = models.CharField(max_length=7, choices=Way)
    action = models.CharField(max_length=7, choices=Action)
    model = models.CharField(max_length=60)
    key = models.CharField(max_length=40)
    fields = models.JSONField()
    changes = models.JSONField()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["model", "key"], name="audit_of_a_row")]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.action} {self.model} {self.key}"


# At the end: plans are audited, and the audit needs the models above.
import mainapp.core.limits.models  # noqa: E402, F401 - as said above
