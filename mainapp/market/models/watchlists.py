"""Lists of followed stocks, of users and of audiences."""

from typing import Any

from django.conf import settings
from django.db import models

from mainapp.core.audience import in_audiences


class WatchlistQuerySet(models.QuerySet["Watchlist"]):
    def visible_to(self, user: Any) -> "WatchlistQuerySet":
        """Return the lists of a user, possibly anonymous, and those of the user's audiences."""
        if user.pk is None:
            return self.none()
        lists = Watchlist.objects.order_by().values("pk")
        shared = lists.filter(in_audiences("audience", user)).exclude(audience="")
        # A union: for an OR with a subquery, PostgreSQL used no index and read all lists.
        return self.filter(pk__in=lists.filter(owner=user.pk).union(shared, all=True))


class Watchlist(models.Model):
    """A named list of stocks: a user's, readable by anyone who has its link, or an audience's.

    An audience, such as `club:3`, has one list at most, and no link.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="watchlists"
    )
    audience = models.CharField(max_length=40, blank=True)
    name = models.CharField(max_length=60)
    share_key = models.CharField(max_length=22, unique=True)
    is_current = models.BooleanField(default=False)

    objects = WatchlistQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="one_list_a_name"),
            models.UniqueConstraint(
                fields=["owner"], condition=models.Q(is_current=True), name="one_current_list"
            ),
            models.UniqueConstraint(
                fields=["audience"], condition=~models.Q(audience=""), name="one_list_an_audience"
            ),
            models.CheckConstraint(
                condition=models.Q(owner__isnull=False, audience="")
                | (models.Q(owner=None) & ~models.Q(audience="")),
                name="a_list_has_an_owner_or_an_audience",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class WatchlistItem(models.Model):
    """A stock at a position of a watchlist."""

    watchlist = models.ForeignKey(Watchlist, models.CASCADE, related_name="items")
    stock = models.ForeignKey("market.Stock", models.CASCADE, related_name="+")
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["watchlist", "stock"], name="once_in_a_list")
        ]

    def __str__(self) -> str:
        return f"{self.stock_id} in {self.watchlist_id}"
