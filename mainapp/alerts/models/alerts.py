"""Alerts, the state of each of their conditions, and every firing."""

from datetime import datetime
from decimal import Decimal
from typing import cast

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from mainapp.accounts.models import Preferences
from mainapp.alerts.conditions import KINDS, Kind, State, Terms
from mainapp.alerts.rendering import condition_text, firing_title
from mainapp.core.audit import Audited, AuditedModel
from mainapp.market.models import Stock
from mainapp.market.models.fields import IsSimulatedField, PriceField, QuoteKindField
from mainapp.notifications.models import Notification

ONE_DAY_MINUTES = 24 * 60


class Alert(AuditedModel):
    """An alert of a user on one stock; its conditions are alternatives (OR)."""

    audit = Audited(
        shown="owner status pause_reason periodo duracao hold_minutes recurrence cooldown_minutes "
        "fires_if_beyond quote_kind expires_at",
        hidden="ativo email compra venda change_up_pct change_down_pct rearm_pct note",
        ignored="created_at last_fired_at simulated",
        owner="owner",
    )

    class Recurrence(models.TextChoices):
        ONCE = "once", _("Uma vez")
        EVERY = "every", _("Toda vez")

    class Status(models.TextChoices):
        """Stored status; an active alert past `expires_at` is shown as expired."""

        ACTIVE = "active", pgettext_lazy("alert", "Ativo")
        PAUSED = "paused", _("Pausado")
        TRIGGERED = "triggered", _("Disparado")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="alerts")
    ativo = models.ForeignKey(Stock, models.PROTECT, related_name="alerts", verbose_name=_("ativo"))
    # Empty: the account's address.
    email = models.EmailField(_("e-mail"), blank=True)
    compra = PriceField(_("compra"), null=True, blank=True)
    venda = PriceField(_("venda"), null=True, blank=True)
    change_up_pct = models.DecimalField(
        _("alta do dia"), max_digits=6, decimal_places=2, null=True, blank=True
    )
    change_down_pct = models.DecimalField(
        _("queda do dia"), max_digits=6, decimal_places=2, null=True, blank=True
    )
    # Empty: the owner's monitoring period.
    periodo = models.PositiveSmallIntegerField(
        _("período"), choices=Preferences.Period, null=True, blank=True
    )
    duracao = models.PositiveSmallIntegerField(
        _("duração"), default=15, validators=[MinValueValidator(1), MaxValueValidator(365)]
    )
    hold_minutes = models.PositiveSmallIntegerField(
        _("permanência"), default=0, validators=[MaxValueValidator(ONE_DAY_MINUTES)]
    )
    recurrence = models.CharField(
        _("repetição"), max_length=5, choices=Recurrence, default=Recurrence.ONCE
    )
    rearm_pct = models.DecimalField(
        _("rearme"),
        max_digits=5,
        decimal_places=2,
        default=Decimal("0.5"),
        validators=[MinValueValidator(0), MaxValueValidator(50)],
    )
    cooldown_minutes = models.PositiveIntegerField(
        _("descanso"), default=0, validators=[MaxValueValidator(30 * ONE_DAY_MINUTES)]
    )
    fires_if_beyond = models.BooleanField(_("disparar já se passou do limite"), default=False)
    note = models.CharField(_("nota"), max_length=200, blank=True)
    status = models.CharField(max_length=9, choices=Status, default=Status.ACTIVE)
    # Why the site, not the owner, paused it; empty otherwise.
    pause_reason = models.CharField(max_length=20, blank=True)
    quote_kind = QuoteKindField()
    simulated = IsSimulatedField("quote_kind")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # The quote time of the newest firing.
    last_fired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["ativo__symbol", "pk"]
        indexes = [models.Index(fields=["owner", "quote_kind"], name="alerts_of_an_owner")]
        constraints = [
            models.CheckConstraint(
                condition=Q(compra__isnull=False)
                | Q(venda__isnull=False)
                | Q(change_up_pct__isnull=False)
                | Q(change_down_pct__isnull=False),
                name="an_alert_has_a_condition",
            ),
            models.CheckConstraint(
                condition=Q(compra__isnull=True) | Q(venda__isnull=True) | Q(compra__lt=F("venda")),
                name="compra_below_venda",
            ),
        ]

    def __str__(self) -> str:
        return f"alert {self.pk} on {self.ativo_id}"

    def limits(self) -> dict[Kind, Decimal]:
        """Return the limits that are set; prices have the stock's places."""
        limits = {kind: limit for kind in KINDS if (limit := getattr(self, kind)) is not None}
        return {
            kind: limit if kind.endswith("pct") else self.ativo.written(limit)
            for kind, limit in limits.items()
        }

    def terms(self, kind: Kind) -> Terms:
        """Return the terms of one condition."""
        return Terms(
            kind=kind,
            limit=self.limits()[kind],
            hold_minutes=self.hold_minutes,
            rearm_pct=self.rearm_pct,
            cooldown_minutes=self.cooldown_minutes,
            fires_if_beyond=self.fires_if_beyond,
            price_tick=self.ativo.tick,
            is_continuous=self.ativo.market == Stock.Market.CRIPTO,
        )

    def is_expired(self, at: datetime) -> bool:
        return self.status == self.Status.ACTIVE and at > self.expires_at


class Condition(models.Model):
    """State of one limit of an alert, and the threshold that the next relevant quote must reach.

    `measure` and `level` (in millionths; MIN_LEVEL means any quote) come from `conditions.wake`,
    `periods` holds the bits of the observations that count. `is_live` and `expires_at` are copies
    of the alert's, so that a single index answers a whole batch.
    """

    class Phase(models.TextChoices):
        NEW = "new", _("novo")
        ARMED = "armed", _("armado")
        HOLDING = "holding", _("contando")
        BEYOND = "beyond", _("além do limite")
        FIRED = "fired", _("disparado")

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="conditions")
    stock = models.ForeignKey(Stock, models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=15)
    phase = models.CharField(max_length=7, choices=Phase, default=Phase.NEW)
    holding_since = models.DateTimeField(null=True)
    # Number of firings so far, which is the number of the newest firing.
    crossing = models.PositiveIntegerField(default=0)
    measure = models.PositiveSmallIntegerField()
    level = models.BigIntegerField()
    periods = models.PositiveSmallIntegerField()
    quote_kind = QuoteKindField()
    simulated = IsSimulatedField("quote_kind")
    is_live = models.BooleanField(default=True)
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["alert", "kind"], name="one_condition_a_kind")
        ]
        indexes = [
            models.Index(
                fields=["stock", "measure", "level"],
                condition=Q(is_live=True),
                name="conditions_to_wake",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.alert_id}"

    @property
    def terms(self) -> Terms:
        return self.alert.terms(cast(Kind, self.kind))

    @property
    def state(self) -> State:
        return State(self.phase, self.holding_since)  # type: ignore[arg-type] # of Phase's values


class Firing(models.Model):
    """A firing of a condition on a quote, at most one per crossing."""

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="firings")
    kind = models.CharField(max_length=15)
    crossing = models.PositiveIntegerField()
    limit = PriceField()
    price = PriceField()
    change_pct = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    quoted_at = models.DateTimeField()
    quoted_at_estimated = models.BooleanField(default=False)
    source = models.CharField(max_length=20)
    delay_s = models.PositiveIntegerField(default=0)
    quote_kind = QuoteKindField()
    simulated = IsSimulatedField("quote_kind")
    fired_at = models.DateTimeField()
    notification = models.ForeignKey(
        Notification, models.SET_NULL, null=True, related_name="firings"
    )

    class Meta:
        ordering = ["-fired_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "kind", "crossing"], name="one_firing_a_crossing"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.alert_id} #{self.crossing}"

    @property
    def written_limit(self) -> Decimal:
        """The limit as its kind is written: a price has the stock's places."""
        return self.limit if self.kind.endswith("pct") else self.alert.ativo.written(self.limit)

    @property
    def written_price(self) -> Decimal:
        return self.alert.ativo.written(self.price)

    @property
    def reason(self) -> str:
        """The condition in the reader's language: *cair até R$ 36,00*."""
        return condition_text(self.kind, self.written_limit, symbol=self.alert.ativo.symbol)

    @property
    def title(self) -> str:
        """The event in the reader's language: *PETR4 atingiu R$ 35,99*."""
        return firing_title(
            self.kind,
            symbol=self.alert.ativo.symbol,
            price=self.written_price,
            change_pct=self.change_pct,
        )


class Doubt(models.Model):
    """A changed previous close that the next quote has to confirm; see `quotes.Suspicion`."""

    stock = models.ForeignKey(Stock, models.CASCADE, related_name="+")
    quote_kind = QuoteKindField()
    simulated = IsSimulatedField("quote_kind")
    previous_close = PriceField(null=True)
    trusted_price = PriceField()
    trusted_close = PriceField(null=True)
    periods = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stock", "quote_kind"], name="one_doubt_of_a_kind"),
            models.UniqueConstraint(fields=["stock", "simulated"], name="one_doubt_a_stock"),
        ]

    def __str__(self) -> str:
        return f"doubt about {self.stock_id}"
