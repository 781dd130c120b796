"""Reports: files that a worker makes at a user's request."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


def new_key() -> str:
    return uuid4().hex


class Report(models.Model):
    """A report: the request, the state of the work, and the file once it is done.

    The worker that holds the lease appends rows to `file`, in the order of their keys. After each
    batch it stores its progress: `last_key`, `size` in bytes and `rows`. `claims` counts the
    claims; a worker with an older number can change neither the row nor the file. `lease_until` is
    set and compared with the database's clock only, because the hosts' clocks differ.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("na fila")
        PROCESSING = "processing", _("em andamento")
        DONE = "done", _("pronto")
        FAILED = "failed", _("falhou")
        CANCELLED = "cancelled", _("cancelado")

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "XLSX"

    OPEN = (State.PENDING, State.PROCESSING)

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="reports")
    kind = models.CharField(max_length=32)
    params = models.JSONField(default=dict)
    format = models.CharField(max_length=4, choices=Format, default=Format.CSV)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    progress = models.PositiveSmallIntegerField(default=0)
    # A random prefix of the names of all of the report's files.
    key = models.CharField(max_length=32, default=new_key, unique=True, editable=False)
    file = models.CharField(max_length=60, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    rows = models.PositiveBigIntegerField(default=0)
    # Keys of the last row written and of the last row to write, and the total number of rows.
    last_key = models.BigIntegerField(default=0)
    end_key = models.BigIntegerField(null=True)
    total = models.PositiveBigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    claims = models.PositiveIntegerField(default=0)
    # Claims that ended without a result, such as those of killed workers.
    tries = models.PositiveSmallIntegerField(default=0)
    # In the owner's language.
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["owner", "-id"], name="reports_of_an_owner"),
            models.Index(
                fields=["id"],
                name="open_reports",
                condition=Q(state__in=["pending", "processing"]),
            ),
            models.Index(fields=["expires_at"], name="reports_with_files", condition=~Q(file="")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def is_gone(self) -> bool:
        """Whether the file of a finished report has expired and been deleted."""
        return self.state == self.State.DONE and not self.file
