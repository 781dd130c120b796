"""Corporate events, and the strength of the evidence for a fact of the catalogue."""

from datetime import UTC, datetime, time
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Strength(models.TextChoices):
    OFFICIAL = "official", _("publicação da B3")
    SEVERAL = "several", _("várias fontes")
    SINGLE = "single", _("uma só fonte")


class CorporateEventQuerySet(models.QuerySet["CorporateEvent"]):
    def in_force(self) -> "CorporateEventQuerySet":
        """Return the events that hold in this run: not withdrawn, and not of another kind.

        The catalogue's events are facts, which simulated and replayed markets have too. Nothing
        reports events of a replay.
        """
        return self.of_this_run().filter(withdrawn_at=None)

    def of_this_run(self) -> "CorporateEventQuerySet":
        ours = models.Q(is_reported=False)
        if settings.QUOTE_KIND != "replay":
            ours |= models.Q(simulated=settings.QUOTE_KIND == "simulated")
        return self.filter(ours)


class CorporateEvent(models.Model):
    """A corporate event of a stock: a new code, a split, a payment, the end of trading.

    `ratio` is the number of new stocks for one old stock; in a spin-off, of stocks received for
    each one kept. `month` is set if the day is not known. `key` identifies a row of the project's
    data.

    A row with `is_reported` comes from the sources of quotes and is written by
    `services.corporate_events` only. Its day and ratio are sure, and so change prices, when two
    sources agree. `sources` has the names of those that report the event, also for a row of the
    catalogue; `others` has other values that sources give. `former` has the values before the
    newest of `revision` changes.
    """

    class Kind(models.TextChoices):
        RENAME = "rename", _("Troca de código")
        MERGER = "merger", _("Incorporação")
        SPLIT = "split", _("Desdobramento")
        REVERSE_SPLIT = "reverse_split", _("Grupamento")
        BONUS = "bonus", _("Bonificação")
        SPIN_OFF = "spin_off", _("Cisão")
        DELISTING = "delisting", _("Fim da negociação")
        INDEX_REMOVAL = "index_removal", _("Saída de índice")
        DIVIDEND = "dividend", _("Dividendo")
        INTEREST = "interest", _("Juros sobre capital próprio")

    class Status(models.TextChoices):
        ANNOUNCED = "announced", _("anunciado")
        HAPPENED = "happened", _("ocorrido")

    stock = models.ForeignKey("market.Stock", models.CASCADE, related_name="events")
    kind = models.CharField(max_length=13, choices=Kind)
    successor = models.ForeignKey(
        "market.Stock", models.CASCADE, null=True, blank=True, related_name="origins"
    )
    ex_on = models.DateField(null=True, blank=True)
    is_date_sure = models.BooleanField(default=True)
    month = models.CharField(max_length=7, blank=True)
    pay_on = models.DateField(null=True, blank=True)
    ratio = models.DecimalField(max_digits=24, decimal_places=13, null=True, blank=True)
    is_ratio_sure = models.BooleanField(default=True)
    amount = models.DecimalField(max_digits=24, decimal_places=10, null=True, blank=True)
    status = models.CharField(max_length=9, choices=Status, default=Status.HAPPENED)
    strength = models.CharField(max_length=8, choices=Strength)
    source = models.CharField(max_length=300)
    note = models.CharField(max_length=300, blank=True)
    key = models.CharField(max_length=80, blank=True, editable=False)
    is_corrected = models.BooleanField(default=False, editable=False)
    # The database's defaults serve processes of the last version.
    is_reported = models.BooleanField(default=False, db_default=False, editable=False)
    simulated = models.BooleanField(default=False, db_default=False, editable=False)
    sources = models.CharField(max_length=60, blank=True, default="", db_default="", editable=False)
    others = models.JSONField(null=True, editable=False)  # {"yahoo": "0.48"}
    former = models.JSONField(null=True, editable=False)  # {"amount": "0.48"}
    revision = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    changed_at = models.DateTimeField(null=True, editable=False)
    withdrawn_at = models.DateTimeField(null=True, editable=False)

    objects = CorporateEventQuerySet.as_manager()

    class Meta:
        ordering = [models.F("ex_on").desc(nulls_last=True), "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=~models.Q(key=""), name="one_event_a_key"
            )
        ]
        indexes = [models.Index(fields=["stock", "ex_on"], name="events_of_a_stock")]

    def __str__(self) -> str:
        return f"{self.stock_id} {self.kind} {self.ex_on or self.month}"

    @property
    def is_payment(self) -> bool:
        return self.kind in (self.Kind.DIVIDEND, self.Kind.INTEREST)

    @property
    def touched_at(self) -> datetime:
        """When the row changed last; for one of the catalogue, its day."""
        assert self.ex_on or self.changed_at
        return self.changed_at or datetime.combine(self.ex_on, time(), UTC)  # type: ignore[arg-type] # see above


class EventReport(models.Model):
    """The newest corporate events of a stock that one source reported, as the source has them.

    `events` are fields of `quotes.reported.ReportedEvent` as texts. `read_at` is None until the
    first report. `is_wanted` is set when somebody opens the stock's page, until the next report.
    """

    stock = models.ForeignKey("market.Stock", models.CASCADE, related_name="+")
    source = models.CharField(max_length=20)
    simulated = models.BooleanField()
    events: Any = models.JSONField(default=list)
    read_at = models.DateTimeField(null=True)
    is_wanted = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["stock", "source", "simulated"], name="one_event_report_a_source"
            )
        ]
        indexes = [
            models.Index(
                fields=["source", "simulated"],
                condition=models.Q(is_wanted=True),
                name="wanted_event_reports",
            )
        ]

    def __str__(self) -> str:
        return f"{self.source}: events of {self.stock_id}"


class LoadedData(models.Model):
    """The digest of the project's data that was loaded last; unchanged data is not loaded again."""

    digest = models.CharField(max_length=64)

    def __str__(self) -> str:
        return self.digest
