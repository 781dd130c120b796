"""Index lists and their stocks."""

from django.db import models

from mainapp.market.models.events import Strength


class IndexList(models.Model):
    """The stocks of an index on a date; an index has a list for each of several dates."""

    market = models.CharField(max_length=12)
    as_of = models.DateField()
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    strength = models.CharField(max_length=8, choices=Strength)
    source = models.CharField(max_length=300, blank=True)
    note = models.CharField(max_length=300, blank=True)
    is_corrected = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ["market", "-as_of"]
        constraints = [models.UniqueConstraint(fields=["market", "as_of"], name="one_list_a_day")]

    def __str__(self) -> str:
        return f"{self.market} {self.as_of}"


class Membership(models.Model):
    """A stock in an index list, with its weight where the list gives it."""

    index_list = models.ForeignKey(IndexList, models.CASCADE, related_name="memberships")
    stock = models.ForeignKey("market.Stock", models.CASCADE, related_name="memberships")
    weight_pct = models.DecimalField(max_digits=7, decimal_places=4, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["index_list", "stock"], name="once_in_an_index_list")
        ]

    def __str__(self) -> str:
        return f"{self.stock_id} in {self.index_list_id}"
