"""Queries of deliveries, their attempts, and broadcasts."""

from django.db.models import Count, Q, QuerySet

from mainapp.accounts.models import User
from mainapp.notifications.models import Broadcast, Delivery


def deliveries_of(user: User) -> QuerySet[Delivery]:
    """Return a user's deliveries with their attempts, newest first."""
    own = Delivery.objects.filter(user=user).defer("text", "html", "headers")
    return own.select_related("channel").prefetch_related("attempts").order_by("-id")


def untried_mails(broadcast_id: int) -> bool:
    """Return whether e-mails of a broadcast still wait for their first attempt."""
    return Delivery.objects.filter(
        broadcast=broadcast_id, state=Delivery.State.WAITING, tries=0
    ).exists()


def latest_broadcasts() -> QuerySet[Broadcast]:
    """Return the newest broadcasts with their counts of e-mails `written`, `sent`, `failed`."""
    state = Delivery.State
    return Broadcast.objects.select_related("author").annotate(
        written=Count("deliveries"),
        sent=Count("deliveries", filter=Q(deliveries__state=state.SENT)),
        failed=Count("deliveries", filter=Q(deliveries__state=state.FAILED)),
    )[:20]
