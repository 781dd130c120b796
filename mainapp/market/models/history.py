"""B3's own history of stocks, from its files."""

from django.db import models


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
