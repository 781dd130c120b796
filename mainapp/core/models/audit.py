"""The entries of the audit, their hash chain, and the side rows with readable values."""

import json
from datetime import UTC
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


def canonical(value: Any) -> Any:
    """Return a JSON value in a form that is equal after a round trip through either database.

    PostgreSQL stores 1e22 as an integer, SQLite as a floating-point number.
    """
    if isinstance(value, dict):
        return {key: canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        return [canonical(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def digest_of(value: Any) -> str:
    """Return the SHA-256 of a JSON value, as 64 hexadecimal digits."""
    text = json.dumps(canonical(value), sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


class AuditEntry(models.Model):
    """A change of one row of an audited model; entries themselves are never changed.

    It has no foreign keys, because it outlives the row and the actor; their ids alone identify
    nobody. `fields` has the names of the changed fields, and `changes` the values before and after
    of those that are not private: see `mainapp.core.audit`. `program` is the name of the task or
    command that made the change; the actor of a task is the person for whom it ran. `seal_number`
    is the number of the entry's AuditSeal, null until it is sealed.
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
    actor_id = models.PositiveBigIntegerField(null=True)
    way = models.CharField(max_length=7, choices=Way)
    action = models.CharField(max_length=7, choices=Action)
    model = models.CharField(max_length=60)
    key = models.CharField(max_length=40)
    fields = models.JSONField()
    changes = models.JSONField()
    program = models.CharField(max_length=80, default="", db_default="")
    seal_number = models.PositiveBigIntegerField(null=True, editable=False)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["model", "key"], name="audit_of_a_row"),
            models.Index(fields=["seal_number", "id"], name="audit_of_a_seal"),
            # For the filters of the audit's page, which shows the newest entries first.
            models.Index(fields=["at", "id"], name="audit_of_a_time"),
            models.Index(fields=["actor_id", "at", "id"], name="audit_of_a_person"),
            models.Index(fields=["model", "at", "id"], name="audit_of_a_model"),
            models.Index(fields=["way", "at", "id"], name="audit_of_a_way"),
            models.Index(fields=["action", "at", "id"], name="audit_of_an_action"),
        ]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.action} {self.model} {self.key}"

    def digest(self) -> str:
        """Return the hash of everything that the entry records, without its seal."""
        at = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        actor, change = (self.actor_id, self.way, self.program), (self.action, self.model, self.key)
        return digest_of([self.pk, at, *actor, *change, self.fields, self.changes])


class AuditSeal(models.Model):
    """A link of the audit's hash chain: the hashes of some entries, and the previous seal's hash.

    `entries` has the id and the digest of each sealed entry, sorted by id. Numbers have no gaps.
    """

    LIMIT = 500  # entries per seal

    number = models.PositiveBigIntegerField(primary_key=True)
    previous_hash = models.CharField(max_length=64, unique=True)  # "" in the first seal
    hash = models.CharField(max_length=64, unique=True)
    sealed_at = models.DateTimeField(db_index=True)
    entries = models.JSONField()

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"seal {self.number} of {len(self.entries)} entries"

    def digest(self) -> str:
        """Return the hash of the seal's content, which its `hash` must equal."""
        at = self.sealed_at.astimezone(UTC).isoformat(timespec="microseconds")
        return digest_of([self.number, self.previous_hash, at, self.entries])


class AuditHead(models.Model):
    """The only row: number and hash of the last seal. A process that seals entries locks it."""

    KEY = 1

    number = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="")

    def __str__(self) -> str:
        return f"{self.number} {self.hash}"


class AuditDetail(models.Model):
    """The readable values of a private field before and after a change; not part of any hash.

    It is deleted with the account of its owner, the person to whom the text belongs.
    """

    entry = models.ForeignKey(AuditEntry, models.CASCADE, related_name="details")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="audit_details"
    )
    field = models.CharField(max_length=60)
    before = models.TextField()
    after = models.TextField()

    def __str__(self) -> str:
        return f"{self.field} of {self.entry_id}"
