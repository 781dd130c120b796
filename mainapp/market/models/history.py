"""B3's own history of stocks, from its files."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ExchangeDay(models.Model):
    """A stock's day in B3's own history files: raw prices for one share, and the traded shares.

    They are adjusted when read (`selectors.exchange_days`), because events become known later.
    """

    stock = models.ForeignKey("market.Stock", models.CASCADE, related_name="exchange_days")
    day = models.DateField()
    open = models.DecimalField(max_digits=20, decimal_places=8)
    high = models.DecimalField(max_digits=20, decimal_places=8)
    low = models.DecimalField(max_digits=20, decimal_places=8)
    close = models.DecimalField(max_digits=20, decimal_places=8)
    volume = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stock", "day"], name="one_exchange_day_a_stock")
        ]

    def __str__(self) -> str:
        return f"{self.stock_id} {self.day}"


class HistoryFile(models.Model):
    """An uploaded history file. The worker loads or refuses it, and empties `content`.

    `fault` is a key of `readers.faults.FAULTS`, with the values of its sentence. The other numbers
    are those of `services.cotahist.Loaded`.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("aguardando o worker")
        LOADED = "loaded", _("carregado")
        REFUSED = "refused", _("recusado")

    name = models.CharField(max_length=120)
    content = models.BinaryField(default=bytes)
    uploaded_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    fault = models.CharField(max_length=20, blank=True)
    fault_params = models.JSONField(default=dict)
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    records = models.PositiveIntegerField(null=True)
    days = models.PositiveIntegerField(null=True)
    added = models.PositiveIntegerField(null=True)
    changed = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["uploaded_at"],
                condition=models.Q(state="waiting"),
                name="waiting_history_files",
            )
        ]

    def __str__(self) -> str:
        return self.name
