"""Complaints, the cases that they make, and the moderation log."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Case(models.Model):
    """The complaints about one thing, with copies of it; a thing has at most one open case.

    The copies outlive the thing and the accounts of the people in it. `revision` increases with a
    decision and with each further copy: a moderator decides on the state that they have seen.
    """

    class State(models.TextChoices):
        OPEN = "open", _("aberta")
        CLOSED = "closed", _("resolvida")

    class Decision(models.TextChoices):
        DISMISSED = "dismissed", _("nada a fazer")
        REMOVED = "removed", _("conteúdo apagado")
        SUSPENDED = "suspended", _("pessoa suspensa")

    # A registered subject, and the key of its row: see `mainapp.moderation.subjects`.
    kind = models.CharField(max_length=20)
    subject_id = models.PositiveBigIntegerField()
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="cases"
    )
    # The place whose moderators decide as well, such as "room:12"; empty for a private one.
    scope = models.CharField(max_length=40, blank=True)
    place = models.CharField(max_length=80, blank=True)
    url = models.CharField(max_length=200, blank=True)
    is_private = models.BooleanField(default=False)
    # [{"at", "lines": […]}], the newest last.
    copies = models.JSONField(default=list)
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    decision = models.CharField(max_length=9, choices=Decision, blank=True)
    revision = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="closed_cases"
    )

    class Meta:
        ordering = ["opened_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_id"], condition=Q(state="open"), name="one_open_case"
            )
        ]
        indexes = [
            models.Index(fields=["state", "opened_at"], name="cases_by_state"),
            models.Index(fields=["scope", "state"], name="cases_by_scope"),
        ]

    def __str__(self) -> str:
        return f"case {self.pk}"


class Complaint(models.Model):
    """A person's complaint; at most one about each thing."""

    class Category(models.TextChoices):
        SPAM = "spam", _("Propaganda ou repetição")
        ABUSE = "abuse", _("Ofensa, ameaça ou assédio")
        FRAUD = "fraud", _("Golpe ou promessa de ganho")
        MANIPULATION = "manipulation", _("Boato ou manipulação de preços")
        PRIVACY = "privacy", _("Dados de outra pessoa")
        OTHER = "other", _("Outro motivo")

    case = models.ForeignKey(Case, models.CASCADE, related_name="complaints")
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="complaints"
    )
    category = models.CharField(
        _("motivo"), max_length=12, choices=Category, default=Category.OTHER
    )
    reason = models.CharField(_("o que há de errado"), max_length=300, blank=True)
    reported_at = models.DateTimeField()

    class Meta:
        ordering = ["reported_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["case", "reporter"], name="one_complaint_a_person")
        ]

    def __str__(self) -> str:
        return f"complaint {self.pk}"


class LogEntry(models.Model):
    """A line of the moderation log, which survives the place and the users it names.

    It has ids, decisions and the moderators' own words, never the removed texts.
    """

    class Action(models.TextChoices):
        DELETE_MESSAGE = "delete_message", _("apagou uma mensagem")
        MUTE = "mute", _("silenciou")
        UNMUTE = "unmute", _("devolveu a palavra")
        CLOSE = "close", _("fechou a sala")
        REOPEN = "reopen", _("reabriu a sala")
        DELETE_ROOM = "delete_room", _("apagou a sala")
        RESOLVE_REPORT = "resolve_report", _("resolveu uma denúncia")
        READ_COPY = "read_copy", _("leu a cópia de uma conversa")
        SUSPEND = "suspend", _("suspendeu")
        UNSUSPEND = "unsuspend", _("encerrou a suspensão")
        FILTER = "filter", _("mudou as palavras barradas")

    case = models.ForeignKey(Case, models.SET_NULL, null=True, related_name="log")
    scope = models.CharField(max_length=40, blank=True, db_index=True)
    place = models.CharField(max_length=80, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="moderation_done"
    )
    target = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="moderation_suffered"
    )
    action = models.CharField(max_length=20, choices=Action)
    detail = models.TextField(blank=True)
    done_at = models.DateTimeField()

    class Meta:
        ordering = ["-done_at", "-pk"]
        verbose_name_plural = "log entries"

    def __str__(self) -> str:
        return f"{self.action} in {self.place}"
