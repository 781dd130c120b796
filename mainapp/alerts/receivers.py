"""Signal receivers: recorded batches, and changes of an owner's monitoring period."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from mainapp.accounts.models import Preferences, User
from mainapp.alerts.services.alerts import follow_period
from mainapp.alerts.services.evaluating import evaluate_batch
from mainapp.alerts.services.sharing import end_membership
from mainapp.clubs.models import Club, ClubMember
from mainapp.market.models import Stock
from mainapp.market.quotes import Quote
from mainapp.market.signals import quotes_recorded


@receiver(quotes_recorded)
def judge_batch(
    quotes: list[Quote],
    last: Mapping[str, Quote],
    stocks: Mapping[str, Stock],
    at: datetime,
    splits: Collection[str] = (),
    **kwargs: Any,
) -> None:
    evaluate_batch(quotes=quotes, last=last, stocks=stocks, at=at, splits=splits)


@receiver(post_delete, sender=ClubMember)
def leave_shared_alerts(instance: ClubMember, origin: Any = None, **kwargs: Any) -> None:
    """A club that is deleted takes its shared alerts with it, an account its own."""
    if not isinstance(origin, Club | User):
        end_membership(club_pk=instance.club_id, user_pk=instance.user_id)


@receiver(post_save, sender=Preferences)
def follow_preferences(instance: Preferences, **kwargs: Any) -> None:
    follow_period(owner=instance.user, minutes=instance.monitoring_minutes)
