"""The outbox's book-keeping: who sends what, and what came of it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from random import random
from uuid import uuid4

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from mainapp.notifications.models import Attempt, Channel, Delivery
from mainapp.notifications.policies import LEASE, is_given_up, retry_pause
from mainapp.notifications.services.notices import Notice, notify_many
from mainapp.notifications.transports.base import TransportError


def claim_due(*, limit: int, at: datetime, kinds: Collection[str] = ()) -> list[Delivery]:
    """Claim up to `limit` deliveries that are due, the longest waiting first, and return them.

    What another claims at the same time is not among them; a claim lasts LEASE and is renewed by
    `renew_claims`. One that ran out was a crash's: it is due again, so each try begins with a
    number in `tries`. One query where nothing is due, else four.
    """
    due = Delivery.objects.filter(state__in=Delivery.OPEN, due_at__lte=at)
    due = due.filter(kind__in=kinds) if kinds else due
    if not due.exists():
        return []
    key = uuid4().hex
    with transaction.atomic():
        # PostgreSQL skips what another claims now; SQLite lets one transaction write at a time.
        waiting = due.select_for_update(skip_locked=True).order_by("due_at", "id")
        ids = list(waiting.values_list("pk", flat=True)[:limit])
        if not ids:
            return []
        claimed = due.filter(pk__in=ids).update(
            state=Delivery.State.CLAIMED, due_at=at + LEASE, claim_key=key, tries=F("tries") + 1
        )
    if not claimed:
        return []
    mine = Delivery.objects.filter(claim_key=key, state=Delivery.State.CLAIMED)
    return list(mine.select_related("channel", "notification").order_by("id"))


def renew_claims(*, deliveries: Sequence[Delivery], at: datetime) -> set[int]:
    """Keep deliveries from being claimed by another; return which are still the caller's.

    The others' claims ran out, and somebody else may be at them. Two queries.
    """
    keys = {one.claim_key for one in deliveries}
    mine = Delivery.objects.filter(
        pk__in=[one.pk for one in deliveries],
        state=Delivery.State.CLAIMED,
        claim_key__in=keys,
    )
    mine.update(due_at=at + LEASE)
    return set(mine.values_list("pk", flat=True))


def release_claims(*, deliveries: Sequence[Delivery], at: datetime) -> None:
    """Give back what was claimed and not tried, because this process ends."""
    keys = {one.claim_key for one in deliveries}
    mine = Delivery.objects.filter(pk__in=[one.pk for one in deliveries], claim_key__in=keys)
    mine.filter(state=Delivery.State.CLAIMED).update(
        state=Delivery.State.WAITING, due_at=at, claim_key="", tries=F("tries") - 1
    )


def record_attempt(
    *, delivery: Delivery, error: TransportError | None, at: datetime
) -> Attempt | None:
    """Write down what came of a try: sent, to be tried again, refused, or given up after a day.

    Returns None, and changes nothing, when the claim was lost to another meanwhile. The owner of
    what will never arrive is told in the inbox, once a day for each address.
    """
    outcome = _outcome(delivery, error, at)
    changes = _changes(outcome, delivery, at)
    with transaction.atomic():
        mine = Delivery.objects.filter(
            pk=delivery.pk, claim_key=delivery.claim_key, state=Delivery.State.CLAIMED
        )
        if mine.update(**changes) != 1:
            return None
        attempt = Attempt.objects.create(
            delivery=delivery, at=at, outcome=outcome, error=str(error or "")[:300]
        )
        if outcome in (Attempt.Outcome.REFUSED, Attempt.Outcome.GIVEN_UP):
            _tell_owner(delivery, str(error), at)
    return attempt


def cancel_deliveries(*, channel: Channel) -> None:
    """Take what waits for a channel out of the outbox."""
    waiting = Delivery.objects.filter(channel=channel, state__in=Delivery.OPEN)
    waiting.update(state=Delivery.State.CANCELLED, claim_key="")


def _outcome(delivery: Delivery, error: TransportError | None, at: datetime) -> Attempt.Outcome:
    if error is None:
        return Attempt.Outcome.SENT
    if error.permanent:
        return Attempt.Outcome.REFUSED
    is_over = is_given_up(created_at=delivery.created_at, at=at) and delivery.tries > 1
    return Attempt.Outcome.GIVEN_UP if is_over else Attempt.Outcome.FAILED


def _changes(outcome: Attempt.Outcome, delivery: Delivery, at: datetime) -> dict[str, object]:
    if outcome == Attempt.Outcome.SENT:
        # A mail of the site may hold a link that lets one in: nobody is to find it here later.
        kept = {} if delivery.notification_id or delivery.broadcast_id else {"text": "", "html": ""}
        return {"state": Delivery.State.SENT, "sent_at": at, "claim_key": "", **kept}
    if outcome == Attempt.Outcome.FAILED:
        pause = retry_pause(delivery.tries, random())  # noqa: S311 - it spreads load, it hides nothing
        return {"state": Delivery.State.WAITING, "due_at": at + pause, "claim_key": ""}
    return {"state": Delivery.State.FAILED, "claim_key": ""}


def _tell_owner(delivery: Delivery, error: str, at: datetime) -> None:
    if delivery.user_id is None:
        return
    place = delivery.channel_id or delivery.address
    notify_many(
        notices=[
            Notice(
                user_id=delivery.user_id,
                kind="delivery_failed",
                title=_("Uma mensagem não chegou: %(subject)s") % {"subject": delivery.subject},
                body=_("O destino respondeu: %(error)s") % {"error": _(error)},
                url="/notifications/deliveries/",
                dedupe_key=f"delivery_failed.{delivery.user_id}.{place}.{at:%Y-%m-%d}"[:200],
            )
        ],
        at=at,
    )
