"""Models of the inbox (notifications and each user's marks) and of the outbox (deliveries)."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mainapp.core.audit import Audited, AuditedModel
from mainapp.notifications.rendering import appearance_of, masked


class Notification(models.Model):
    """A notification for one user, or a single row for all users (`user` empty).

    Ids rise in the order of commits. `kind` is chosen by the feature that writes it, `url` is a
    path of this site.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True)
    kind = models.CharField(max_length=32)
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    url = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    # A notification that is written twice with one key exists once, as after a retried task.
    # NULL, not "", without a key: unique columns allow any number of NULLs.
    dedupe_key = models.CharField(max_length=200, null=True, blank=True, unique=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["user", "-id"], name="inbox_of_a_user")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"  # without the title, which may name a private room

    @property
    def label(self) -> Any:
        """The name of the kind, in the reader's language."""
        return appearance_of(self.kind).label

    @property
    def is_platform(self) -> bool:
        return self.user_id is None


class Mark(models.Model):
    """Record that a user read or deleted a notification; append-only, ids rise in commit order."""

    class Kind(models.TextChoices):
        READ = "read"
        DELETED = "deleted"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    notification = models.ForeignKey(Notification, models.CASCADE, related_name="marks")
    kind = models.CharField(max_length=7, choices=Kind)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "notification", "kind"], name="one_mark_of_a_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.notification_id} {self.kind} by {self.user_id}"


def shown_address(kind: str, address: str) -> str:
    """Return an address for display: keys and topic names are cut after 3 or 4 characters.

    Of a browser's endpoint only the push service is shown.
    """
    if kind == Channel.Kind.PUSHOVER:
        return f"{address[:4]}…"
    if kind == Channel.Kind.NTFY:
        server, slash, topic = address.rpartition("/")
        return f"{server}{slash}{topic[:3]}…"
    if kind == Channel.Kind.PUSH:
        return urlsplit(address).hostname or ""
    if kind == Channel.Kind.UNSUPPORTED:
        scheme, _separator, location = address.partition("://")
        return f"{scheme}://{location[:3]}…"
    return address


class Channel(AuditedModel):
    """A further destination of a user's notifications; used while it is verified and active.

    `address` may be shown to its owner. `secret` is a bot's token, an application's key, or the
    key that signs a webhook's requests. A browser has a `name`, and its address is shown to nobody;
    it gets numbers (prices, amounts, notes) only if `shows_amounts`. An e-mail channel without an
    address is the account's own address, which has a row only once it was switched off.
    """

    audit = Audited(
        shown="user kind is_active verified_at shows_amounts",
        hidden="address secret name",
        ignored="created_at code code_sent_at code_tries",
        owner="user",
    )

    class Kind(models.TextChoices):
        EMAIL = "email", _("E-mail")
        WEBHOOK = "webhook", _("Webhook")
        TELEGRAM = "telegram", "Telegram"
        DISCORD = "discord", "Discord"
        SLACK = "slack", "Slack"
        PUSHOVER = "pushover", "Pushover"
        NTFY = "ntfy", "ntfy"
        GOTIFY = "gotify", "Gotify"
        PUSH = "push", _("Este site, num aparelho")
        # Rows of other services, from the time when the site sent through the library Apprise.
        UNSUPPORTED = "apprise", _("Outro serviço")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="channels")
    kind = models.CharField(max_length=8, choices=Kind)
    address = models.CharField(max_length=500, blank=True)
    secret = models.CharField(max_length=255, blank=True)
    name = models.CharField(_("nome"), max_length=60, blank=True, db_default="")
    shows_amounts = models.BooleanField(
        _("mostrar preços e valores"), default=False, db_default=False
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True, blank=True)
    code = models.CharField(max_length=6, blank=True)
    code_sent_at = models.DateTimeField(null=True, blank=True)
    code_tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "address"], name="one_channel_a_place")
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.user_id}"

    @property
    def shown_address(self) -> str:
        """The name, or the address for display."""
        return self.name or shown_address(self.kind, self.address)

    @property
    def is_device(self) -> bool:
        return self.kind == self.Kind.PUSH

    @property
    def is_supported(self) -> bool:
        return self.kind != self.Kind.UNSUPPORTED

    @property
    def is_account(self) -> bool:
        return self.kind == self.Kind.EMAIL and not self.address


class Delivery(models.Model):
    """A message to one address: a row of the outbox.

    `due_at` is the time from which it may be claimed: the next attempt, or the end of the current
    claim. Each claim has its own random `claim_key`. All attempts send the same Message-ID.

    A campaign's e-mail is sent at most once. While it is `queued`, a claim is a `claim_key` with a
    `due_at` in the future; it becomes `sending` right before its attempt, and such a row is never
    sent again. Its text is written when it is sent, and not stored.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("na fila")
        CLAIMED = "claimed", _("enviando")
        # The states of campaigns' e-mails, which workers of the release before them do not claim.
        QUEUED = "queued", _("na fila")
        SENDING = "sending", _("enviando")
        SENT = "sent", _("enviada")
        FAILED = "failed", _("falhou")
        UNKNOWN = "unknown", _("talvez entregue")
        CANCELLED = "cancelled", _("cancelada")

    OPEN = (State.WAITING, State.CLAIMED)
    CAMPAIGN_OPEN = (State.QUEUED, State.SENDING)

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True)
    notification = models.ForeignKey(
        Notification, models.SET_NULL, null=True, blank=True, related_name="deliveries"
    )
    channel = models.ForeignKey(
        Channel, models.SET_NULL, null=True, blank=True, related_name="deliveries"
    )
    broadcast = models.ForeignKey(
        "notifications.Broadcast", models.SET_NULL, null=True, blank=True, related_name="deliveries"
    )
    kind = models.CharField(max_length=8, choices=Channel.Kind)
    address = models.CharField(max_length=500)
    subject = models.CharField(max_length=250)
    text = models.TextField()
    html = models.TextField(blank=True)
    headers = models.JSONField(default=dict, blank=True)
    message_id = models.CharField(max_length=250)
    # Of the request or task that wrote the row; the mail has it as X-Request-ID.
    request_id = models.CharField(max_length=64, blank=True, db_default="", editable=False)
    state = models.CharField(
        max_length=9, choices=State, default=State.WAITING, db_default=State.WAITING
    )
    due_at = models.DateTimeField()
    claim_key = models.CharField(max_length=32, blank=True, editable=False)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        indexes = [
            # Partial: nearly all rows are sent ones, which are never searched by their due time.
            models.Index(
                fields=["due_at"],
                name="open_deliveries",
                condition=Q(state__in=["waiting", "claimed"]),
            ),
            models.Index(
                fields=["due_at"],
                name="open_campaign_mails",
                condition=Q(state__in=["queued", "sending"]),
            ),
            models.Index(
                fields=["claim_key"], name="claimed_deliveries", condition=Q(state="claimed")
            ),
            models.Index(F("user"), F("id").desc(), name="deliveries_of_a_user"),
        ]
        constraints = [
            # A batch that was written twice would fail here instead of sending e-mails twice.
            models.UniqueConstraint(fields=["broadcast", "user"], name="one_mail_a_broadcast")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_campaign(self) -> bool:
        """Whether this is an open e-mail of a campaign, which is sent at most once."""
        return self.state in self.CAMPAIGN_OPEN

    @property
    def shown_address(self) -> str:
        """The address for display."""
        return shown_address(self.kind, self.address)

    @property
    def masked_address(self) -> str:
        """The address as staff read it."""
        return masked(self.shown_address)


class Attempt(models.Model):
    """One attempt at a delivery, listed on its owner's page of deliveries."""

    class Outcome(models.TextChoices):
        SENT = "sent", _("enviada")
        FAILED = "failed", _("falhou; será repetida")
        REFUSED = "refused", _("recusada")
        UNKNOWN = "unknown", _("talvez entregue")
        GIVEN_UP = "given_up", _("desistimos")

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.outcome} at {self.at}"
