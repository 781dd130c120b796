"""Breaks of a stock's prices."""

from django.db import models

from mainapp.market.models import Stock
from mainapp.market.models.fields import IsSimulatedField, PriceField, QuoteKindField


class PriceBreak(models.Model):
    """A jump of a stock's prices to another scale that no known event explains.

    During a break the stock's ideas are not judged, so that a split unknown to the catalogue does
    not decide them. It ends with a known event, or with a quote on the scale of the trusted values.
    """

    stock = models.ForeignKey(Stock, models.CASCADE, related_name="+")
    quote_kind = QuoteKindField()
    simulated = IsSimulatedField("quote_kind")
    trusted_price = PriceField()
    trusted_close = PriceField(null=True)
    trusted_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stock", "quote_kind"], name="one_break_of_a_kind"),
            models.UniqueConstraint(fields=["stock", "simulated"], name="one_break_a_kind"),
        ]

    def __str__(self) -> str:
        return f"break of {self.stock_id}"
