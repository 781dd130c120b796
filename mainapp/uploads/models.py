"""Uploads."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Upload(models.Model):
    """A picture or a file on disk; `key` is the random name of its folder.

    `audience` says who may see it (`mainapp.core.audience`): its owner, until it is attached to
    something like a message, with which it disappears. A picture is stored re-encoded; a task makes
    its thumbnails while it is `pending`.
    """

    class Kind(models.TextChoices):
        IMAGE = "image", _("imagem")
        FILE = "file", _("arquivo")

    class State(models.TextChoices):
        PENDING = "pending", _("em preparo")
        READY = "ready", _("pronto")
        FAILED = "failed", _("falhou")

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="uploads"
    )
    audience = models.CharField(max_length=40, db_index=True)
    kind = models.CharField(max_length=5, choices=Kind)
    state = models.CharField(max_length=7, choices=State)
    reason = models.CharField(max_length=200, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    key = models.CharField(max_length=22, unique=True)
    name = models.CharField(max_length=150)
    size = models.PositiveIntegerField()
    content_type = models.CharField(max_length=80)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["created_at"],
                name="pending_uploads",
                condition=models.Q(state="pending"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
