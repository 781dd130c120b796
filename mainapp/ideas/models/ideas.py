"""Ideas, and their edits before they froze."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from mainapp.clubs.models import ClubScoped, ClubScopedQuerySet
from mainapp.core.audit import Audited, AuditedModel
from mainapp.core.models import Tag
from mainapp.ideas.conditions import (
    BUY,
    CLOSED,
    EXPIRED,
    LIVE,
    NEUTRAL,
    OPEN,
    SELL,
    STOPPED,
    TARGET,
    WAITING,
    is_committed,
    levels,
)
from mainapp.ideas.valuation import change_pct, return_pct
from mainapp.market.models import Stock
from mainapp.market.models.fields import IsSimulatedField, PriceField, QuoteKindField
from mainapp.market.symbols import fold


class IdeaQuerySet(ClubScopedQuerySet["Idea"]):
    def published(self) -> "IdeaQuerySet":
        """Return the ideas that have a price: those of a record, deleted ones included."""
        return self.filter(price_at__isnull=False)


class Idea(AuditedModel, ClubScoped):
    """An idea about a stock, which freezes at its publication and is decided by recorded quotes.

    `price_at` is the recorded price of its publication, made at `priced_at`. A waiting idea has
    none: it is published at the first recorded price made after `asked_at`, in a session. In the
    same way `closing_asked_at` is the author's wish to close it. A waiting idea with that wish is
    withdrawn only if its first price is made after the wish.

    `upper` and `lower` are the prices that decide it, in millionths, for the query of a batch; see
    `selectors.waking`. Corporate events until `adjusted_on` are in its prices.

    A deleted idea loses its text. Its row stays, is decided as before, and counts in the record.
    """

    audit = Audited(
        shown="author club status quote_kind priced_at asked_at expires_at horizon adjusted_on "
        "closing_asked_at closed_at deleted_at",
        hidden="stock side thesis target stop price_at price_source index_at close_price "
        "close_source index_close",
        ignored="thesis_html search_text upper lower return_pct index_pct comments_count revision "
        "created_at edited_at simulated",
        owner="author",
        hidden_links="tags",
    )

    class Side(models.TextChoices):
        BUY = BUY, _("compra")
        SELL = SELL, _("venda")
        NEUTRAL = NEUTRAL, _("neutra")

    class Status(models.TextChoices):
        WAITING = WAITING, _("esperando preço")
        OPEN = OPEN, pgettext_lazy("idea", "aberta")
        TARGET = TARGET, _("bateu o alvo")
        STOPPED = STOPPED, _("parou no stop")
        EXPIRED = EXPIRED, _("venceu o prazo")
        CLOSED = CLOSED, _("encerrada pelo autor")

    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="ideas"
    )
    stock = models.ForeignKey(Stock, models.PROTECT, related_name="ideas", verbose_name=_("ativo"))
    side = models.CharField(_("lado"), max_length=7, choices=Side)
    thesis = models.TextField(_("tese"), max_length=4000, blank=True)
    thesis_html = models.TextField(blank=True, editable=False)
    search_text = models.TextField(blank=True, editable=False, default="")
    tags = models.ManyToManyField(Tag, related_name="ideas", blank=True)
    target = PriceField(_("alvo"), null=True, blank=True)
    stop = PriceField(_("stop"), null=True, blank=True)
    horizon = models.DateField(_("prazo"))
    expires_at = models.DateTimeField()
    status = models.CharField(max_length=7, choices=Status, default=Status.WAITING)
    quote_kind = QuoteKindField()
    simulated = IsSimulatedField("quote_kind")
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField()
    adjusted_on = models.DateField()
    price_at = PriceField(null=True, blank=True)
    priced_at = models.DateTimeField(null=True)
    price_source = models.CharField(max_length=20, blank=True)
    index_at = PriceField(null=True, blank=True)
    closing_asked_at = models.DateTimeField(null=True)
    close_price = PriceField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True)
    close_source = models.CharField(max_length=20, blank=True)
    index_close = PriceField(null=True, blank=True)
    # Of the decided idea, in percent.
    return_pct = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    index_pct = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    upper = models.BigIntegerField(null=True)
    lower = models.BigIntegerField(null=True)
    comments_count = models.PositiveIntegerField(default=0)
    # Increases with every change that open pages show.
    revision = models.PositiveIntegerField(default=0)
    deleted_at = models.DateTimeField(null=True)

    objects = IdeaQuerySet.as_manager()  # type: ignore[misc] # as in User

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["author", "stock", "quote_kind"],
                condition=Q(status__in=LIVE),
                name="one_live_idea_a_stock",
            ),
            models.CheckConstraint(
                condition=Q(side=NEUTRAL, target=None, stop=None)
                | (~Q(side=NEUTRAL) & Q(target__isnull=False, stop__isnull=False)),
                name="a_side_has_its_limits",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[WAITING, EXPIRED, CLOSED])
                | Q(price_at__isnull=False, priced_at__isnull=False),
                name="a_decided_idea_has_a_price",
            ),
        ]
        indexes = [
            models.Index(
                fields=["stock", "quote_kind", "upper"],
                condition=Q(status=OPEN),
                name="ideas_upper",
            ),
            models.Index(
                fields=["stock", "quote_kind", "lower"],
                condition=Q(status=OPEN),
                name="ideas_lower",
            ),
            models.Index(
                fields=["stock", "quote_kind", "expires_at"],
                condition=Q(status=OPEN),
                name="ideas_expiring",
            ),
            models.Index(
                fields=["stock", "quote_kind", "closing_asked_at"],
                condition=Q(status=OPEN, closing_asked_at__isnull=False),
                name="ideas_closing",
            ),
            models.Index(
                fields=["stock", "quote_kind", "asked_at"],
                condition=Q(status=WAITING),
                name="ideas_waiting",
            ),
            models.Index(fields=["author", "-created_at"], name="ideas_by_author"),
            models.Index(fields=["club", "-created_at"], name="ideas_by_club"),
        ]

    def __str__(self) -> str:
        return f"idea {self.pk}"

    def save(self, *args: Any, **options: Any) -> None:
        self.upper, self.lower = levels(self.side, self.target, self.stop)
        if (fields := options.get("update_fields")) is not None:
            options["update_fields"] = {*fields, "upper", "lower"}
        super().save(*args, **options)

    def get_absolute_url(self) -> str:
        return reverse("ideia", args=[self.pk])

    @property
    def is_live(self) -> bool:
        return self.status in LIVE

    def are_terms_frozen(self, *, at: datetime) -> bool:
        """Return whether side, target, stop and horizon hold; `stock` must be loaded."""
        return self.status != WAITING or is_committed(
            self.asked_at,
            at=at,
            symbol=self.stock.symbol,
            kind=self.stock.kind,
            is_simulated=self.simulated,
        )

    def price_text(self, price: Decimal | None) -> str | None:
        """Return one of its prices as a decimal string with the stock's places."""
        return None if price is None else f"{self.stock.written(price):f}"

    def describe(self) -> None:
        """Set the text in which the search finds the idea; `stock` must be loaded."""
        self.search_text = fold(f"{self.stock.symbol} {self.stock.name} {self.thesis}")[:5000]

    def close(
        self, *, status: str, price: Decimal | None, at: datetime | None, source: str,
        index: Decimal | None,
    ) -> None:  # fmt: skip
        """Set the outcome and the returns, without saving."""
        self.status = status
        self.close_price, self.closed_at, self.close_source = price, at, source
        self.index_close = index
        self.return_pct = return_pct(self.side, self.price_at, price)
        self.index_pct = change_pct(self.index_at, index) if price is not None else None


class IdeaEdit(models.Model):
    """A change of an idea by its author, with the values before it; it is shown with the idea.

    `before` has the earlier values of the changed fields as text. If the idea is deleted, thesis
    and tags are removed from it.
    """

    idea = models.ForeignKey(Idea, models.CASCADE, related_name="edits")
    edited_at = models.DateTimeField()
    before = models.JSONField()

    class Meta:
        ordering = ["edited_at", "pk"]

    def __str__(self) -> str:
        return f"edit of idea {self.idea_id}"
