"""Signal receivers: recorded batches, and the publication of changes."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.urls import reverse
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.clubs.models import Club
from mainapp.clubs.signals import members_changed
from mainapp.core.realtime import GroupMessage, publish
from mainapp.ideas.events import IDEAS, IdeasChanged
from mainapp.ideas.models import Idea
from mainapp.ideas.services.announcing import DECIDED
from mainapp.ideas.services.closing import close_ideas_in_club
from mainapp.ideas.services.comment_notices import COMMENTED
from mainapp.ideas.services.judging import judge_ideas
from mainapp.ideas.signals import ideas_changed
from mainapp.market.models import Stock
from mainapp.market.quotes import Quote
from mainapp.market.signals import quotes_recorded
from mainapp.notifications.models import Notification
from mainapp.notifications.services.inbox import withdraw_notifications


@receiver(quotes_recorded)
def judge_batch(
    quotes: list[Quote],
    last: Mapping[str, Quote],
    stocks: Mapping[str, Stock],
    at: datetime,
    splits: Collection[str] = (),
    **kwargs: Any,
) -> None:
    judge_ideas(quotes=quotes, last=last, stocks=stocks, at=at, splits=splits)


@receiver(ideas_changed)
def publish_changes(ideas: list[tuple[int, int]], **kwargs: Any) -> None:
    """Publish the revisions of ideas; only the newest of several queued ones is sent."""
    publish(
        GroupMessage(IDEAS, IdeasChanged(type="ideas.changed", idea=pk), key=pk, rank=revision)
        for pk, revision in ideas
    )


@receiver(members_changed)
def close_ideas(club_pk: int, left: Collection[int], **kwargs: Any) -> None:
    if left:
        close_ideas_in_club(club_pk=club_pk, authors=left, at=timezone.now())


@receiver(post_save, sender=Club)
def close_ideas_of_deleted_club(
    instance: Club, update_fields: Collection[str] | None = None, **kwargs: Any
) -> None:
    if "archived_at" in (update_fields or ()) and instance.archived_at is not None:
        close_ideas_in_club(club_pk=instance.pk, at=timezone.now())


@receiver(members_changed)
def withdraw_notices(club_pk: int, left: Collection[int], **kwargs: Any) -> None:
    """Withdraw the notices of a club's ideas from users who left it. Three queries a user."""
    if not left:
        return
    ideas = Idea.objects.filter(club=club_pk).values_list("pk", flat=True)
    urls = [reverse("ideia", args=[pk]) for pk in ideas]
    for user in User.objects.filter(pk__in=left):
        own = Notification.objects.filter(Q(kind=COMMENTED) | Q(kind=DECIDED), user=user)
        ids = list(own.filter(url__in=urls).values_list("pk", flat=True)) if urls else []
        withdraw_notifications(user=user, ids=ids, title="", at=timezone.now())
