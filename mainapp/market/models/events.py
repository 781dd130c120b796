"""Corporate events, and the strength of the evidence for a fact of the catalogue."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Strength(models.TextChoices):
    OFFICIAL = "official", _("publicação da B3")
    SEVERAL = "several", _("várias fontes")
    SINGLE = "single", _("uma só fonte")


class CorporateEvent(models.Model):
    """A corporate event of a stock: a new code, a split, a payment, the end of trading.

    `ratio` is the number of new stocks for one old stock; in a spin-off, of stocks received for
    each one kept. `month` is set if the day is not known. `key` identifies a row of the project's
    data.
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

    class Meta:
        ordering = [models.F("ex_on").desc(nulls_last=True), "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=~models.Q(key=""), name="one_event_a_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.stock_id} {self.kind} {self.ex_on or self.month}"


class LoadedData(models.Model):
    """The digest of the project's data that was loaded last; unchanged data is not loaded again."""

    digest = models.CharField(max_length=64)

    def __str__(self) -> str:
        return self.digest
