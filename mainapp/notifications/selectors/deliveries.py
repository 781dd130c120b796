"""Queries of deliveries, their attempts, and broadcasts."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.notifications.models import Broadcast, Channel, Delivery
from mainapp.notifications.selectors.audiences import people_in


def deliveries_of(user: User) -> QuerySet[Delivery]:
    """Return a user's deliveries with their attempts, newest first."""
    own = Delivery.objects.filter(user=user).defer("text", "html", "headers")
    return own.select_related("channel").prefetch_related("attempts").order_by("-id")


def untried_mails(broadcast_id: int) -> bool:
    """Return whether e-mails of a broadcast still wait for their first attempt."""
    untried = (Delivery.State.WAITING, Delivery.State.QUEUED)
    return Delivery.objects.filter(broadcast=broadcast_id, state__in=untried, tries=0).exists()


def unfinished_broadcasts() -> QuerySet[Broadcast]:
    """Return the campaigns that still have rows to write, oldest first."""
    is_old = Q(state=Broadcast.State.OLD, finished_at=None)
    return Broadcast.objects.filter(Q(state=Broadcast.State.SENDING) | is_old).order_by("id")


def has_campaign_work(at: datetime) -> bool:
    """Return whether a campaign has rows to write, or e-mails to send or to expire."""
    due = Delivery.objects.filter(state__in=Delivery.CAMPAIGN_OPEN, due_at__lte=at)
    return unfinished_broadcasts().exists() or due.exists()


def latest_broadcasts() -> QuerySet[Broadcast]:
    """Return the newest campaigns, with their counts of e-mails `written`, `sent`, `failed`."""
    state = Delivery.State
    return Broadcast.objects.select_related("author").annotate(
        written=Count("deliveries"),
        sent=Count("deliveries", filter=Q(deliveries__state=state.SENT)),
        failed=Count("deliveries", filter=Q(deliveries__state=state.FAILED)),
    )[:20]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The people whom a campaign has reached so far, and its e-mails by state, in display order."""

    people: int
    total: int
    mails: list[tuple[Delivery.State, int]]
    is_open: bool


def progress_of(broadcast: Broadcast) -> Progress:
    """Return a campaign's progress; two queries, three while its rows are being written."""
    rows = Delivery.objects.filter(broadcast=broadcast).order_by().values_list("state")
    counts = dict(rows.annotate(Count("pk")))
    is_writing = broadcast.state == Broadcast.State.SENDING
    total = broadcast.total or 0
    done = people_in(broadcast).filter(pk__lte=broadcast.last_user_id)
    return Progress(
        people=done.count() if is_writing else total,
        total=total,
        mails=[(state, counts[state]) for state in Delivery.State if counts.get(state)],
        is_open=is_writing or any(counts.get(state) for state in Delivery.CAMPAIGN_OPEN),
    )


def mails(
    *,
    campaign: int | None = None,
    person: str = "",
    state: str = "",
    since: date | None = None,
    until: date | None = None,
) -> QuerySet[Delivery]:
    """Return e-mails with their attempts, newest first, without their texts.

    `person` is a username or an address; `since` and `until` are days, both inclusive.
    """
    rows = Delivery.objects.filter(kind=Channel.Kind.EMAIL).defer("text", "html", "headers")
    if campaign:
        rows = rows.filter(broadcast=campaign)
    if person:
        rows = rows.filter(Q(user__username__iexact=person) | Q(address__iexact=person))
    if state:
        rows = rows.filter(state=state)
    if since:
        rows = rows.filter(created_at__gte=_midnight(since))
    if until:
        rows = rows.filter(created_at__lt=_midnight(until + timedelta(days=1)))
    related = rows.select_related("user", "broadcast", "notification")
    return related.prefetch_related("attempts").order_by("-id")


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
