"""State of the outbox: claims of deliveries and results of attempts."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from random import random
from uuid import uuid4

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _

from mainapp.core.clocks import LARGE_SKEW, latest
from mainapp.notifications.models import Attempt, Channel, Delivery
from mainapp.notifications.policies import (
    LEASE,
    MAX_UNKNOWN,
    UNKNOWN_PAUSE,
    is_given_up,
    retry_pause,
)
from mainapp.notifications.services.notices import Notice, notify_many
from mainapp.notifications.transports.base import TransportError

# States of a row during its attempt, or of a campaign e-mail whose attempt took very long.
ATTEMPTED = (Delivery.State.CLAIMED, Delivery.State.SENDING, Delivery.State.UNKNOWN)


def claim_due(*, limit: int, at: datetime, kinds: Collection[str] = ()) -> list[Delivery]:
    """Claim up to `limit` due deliveries, the longest waiting first, and return them.

    Concurrent callers get different ones. A claim lasts LEASE and is prolonged by `renew_claims`;
    after a crash it expires and the delivery is due again. `tries` is raised at the claim, before
    the attempt. One query if nothing is due, otherwise four.
    """
    due = Delivery.objects.filter(state__in=Delivery.OPEN, due_at__lte=at)
    due = due.filter(kind__in=kinds) if kinds else due
    # The sweep runs every 10 s: an empty outbox should cost one read and no write transaction.
    if not due.exists():
        return []
    key = uuid4().hex
    with transaction.atomic():
        # PostgreSQL skips rows that another process is claiming; SQLite has one writer at a time.
        waiting = due.select_for_update(skip_locked=True).order_by("due_at", "id")
        ids = list(waiting.values_list("pk", flat=True)[:limit])
        if not ids:
            return []
        claimed = due.filter(pk__in=ids).update(
            state=Delivery.State.CLAIMED, due_at=at + LEASE, claim_key=key, tries=F("tries") + 1
        )
    if not claimed:
        return []
    claimed_rows = Delivery.objects.filter(claim_key=key, state=Delivery.State.CLAIMED)
    return list(claimed_rows.select_related("channel", "notification").order_by("id"))


def correct_due_times(*, at: datetime) -> int:
    """Correct due times that were set by a clock that ran ahead; return their number.

    A message that was never tried, or that has an attempt in the future, becomes due. A claim gets
    a full LEASE from now, during which its holder, if alive, renews it, so that nothing is sent
    twice. One query if all times are right.
    """
    ahead = Delivery.objects.filter(state__in=Delivery.OPEN, due_at__gt=latest(at))
    tried_ahead = Exists(Attempt.objects.filter(delivery=OuterRef("pk"), at__gt=latest(at)))
    waiting = Q(state=Delivery.State.WAITING) & (Q(tries=0) | tried_ahead)
    claim_limit = latest(at, period=LEASE, skew=LARGE_SKEW)
    claimed = Q(state=Delivery.State.CLAIMED, due_at__gt=claim_limit)
    pks = dict(ahead.filter(waiting | claimed).values_list("pk", "state"))
    for state, due_at in ((Delivery.State.WAITING, at), (Delivery.State.CLAIMED, at + LEASE)):
        of_state = [pk for pk, own_state in pks.items() if own_state == state]
        if of_state:
            Delivery.objects.filter(pk__in=of_state, state=state).update(due_at=due_at)
    return len(pks)


def renew_claims(*, deliveries: Sequence[Delivery], at: datetime) -> set[int]:
    """Prolong the caller's claims; return the ids of the deliveries that it still holds.

    The other claims have expired, and another process may be sending them. Two queries.
    """
    keys = {delivery.claim_key for delivery in deliveries}
    own_claims = Delivery.objects.filter(
        pk__in=[delivery.pk for delivery in deliveries],
        state=Delivery.State.CLAIMED,
        claim_key__in=keys,
    )
    own_claims.update(due_at=at + LEASE)
    return set(own_claims.values_list("pk", flat=True))


def release_claims(*, deliveries: Sequence[Delivery], at: datetime) -> None:
    """Return claimed but unsent deliveries to the queue when this process shuts down."""
    keys = {delivery.claim_key for delivery in deliveries}
    ids = [delivery.pk for delivery in deliveries]
    own_claims = Delivery.objects.filter(pk__in=ids, claim_key__in=keys)
    own_claims.filter(state=Delivery.State.CLAIMED).update(
        state=Delivery.State.WAITING, due_at=at, claim_key="", tries=F("tries") - 1
    )


def record_attempt(
    *, delivery: Delivery, error: TransportError | None, at: datetime
) -> Attempt | None:
    """Record the result of an attempt: sent, to be retried, refused, or given up after a day.

    A message that may have arrived is sent at most MAX_UNKNOWN times, a campaign's once. Returns
    None, and changes nothing, if another process has claimed the delivery since. If a message is
    refused or given up, its owner is notified in the inbox, once a day for each address. If the
    service reports a new address, the channel and its waiting messages are moved there; if it
    reports that the address is gone, the channel is removed.
    """
    outcome = _outcome(delivery, error, at)
    changes = _changes(outcome, delivery, error, at)
    with transaction.atomic():
        own_claim = Delivery.objects.filter(
            pk=delivery.pk, claim_key=delivery.claim_key, state__in=ATTEMPTED
        )
        if own_claim.update(**changes) != 1:
            return None
        attempt = Attempt.objects.create(
            delivery=delivery, at=at, outcome=outcome, error=str(error or "")[:300]
        )
        if outcome in (Attempt.Outcome.REFUSED, Attempt.Outcome.GIVEN_UP):
            _notify_owner(delivery, error, at)
        if error is not None and error.new_address:
            _move_channel(delivery, error.new_address)
        if error is not None and error.is_gone:
            _remove_channel(delivery)
    return attempt


def cancel_deliveries(*, channel: Channel) -> None:
    """Cancel the waiting deliveries of a channel."""
    waiting = Delivery.objects.filter(channel=channel, state__in=Delivery.OPEN)
    waiting.update(state=Delivery.State.CANCELLED, claim_key="")


def _outcome(delivery: Delivery, error: TransportError | None, at: datetime) -> Attempt.Outcome:
    if error is None:
        return Attempt.Outcome.SENT
    if error.is_unknown:
        return Attempt.Outcome.UNKNOWN
    if error.permanent:
        return Attempt.Outcome.REFUSED
    is_over = is_given_up(created_at=delivery.created_at, at=at) and delivery.tries > 1
    return Attempt.Outcome.GIVEN_UP if is_over else Attempt.Outcome.FAILED


def _changes(
    outcome: Attempt.Outcome, delivery: Delivery, error: TransportError | None, at: datetime
) -> dict[str, object]:
    if outcome == Attempt.Outcome.SENT:
        state = Delivery.State.SENT
        return {"state": state, "sent_at": at, "claim_key": "", **_cleared(delivery)}
    waiting = Delivery.State.QUEUED if delivery.is_campaign else Delivery.State.WAITING
    if outcome == Attempt.Outcome.UNKNOWN:
        earlier = delivery.attempts.filter(outcome=Attempt.Outcome.UNKNOWN).count()
        if delivery.is_campaign or earlier + 1 >= MAX_UNKNOWN:
            return {"state": Delivery.State.UNKNOWN, "claim_key": "", **_cleared(delivery)}
        due_at = at + UNKNOWN_PAUSE
        return {"state": waiting, "due_at": due_at, "claim_key": ""}
    if outcome == Attempt.Outcome.FAILED:
        pause = retry_pause(delivery.tries, random())  # noqa: S311 - spreads load, hides no secret
        if error is not None and error.retry_after_s is not None:
            requested = timedelta(seconds=error.retry_after_s)
            pause = requested if error.new_address else max(pause, requested)
        return {"state": waiting, "due_at": at + pause, "claim_key": ""}
    return {"state": Delivery.State.FAILED, "claim_key": ""}


def _cleared(delivery: Delivery) -> dict[str, object]:
    """Return empty texts for a finished message of the site itself, none for other messages.

    Such a message may contain a log-in link, which must not stay in the database.
    """
    if delivery.notification_id or delivery.broadcast_id:
        return {}
    return {"text": "", "html": ""}


def _notify_owner(delivery: Delivery, error: TransportError | None, at: datetime) -> None:
    if delivery.user_id is None or error is None or delivery.is_campaign:
        return
    if error.is_ours:
        reason = _("O site não conseguiu enviar: %(error)s")
    else:
        reason = _("O destino respondeu: %(error)s")
    place = delivery.channel_id or delivery.address
    notify_many(
        notices=[
            Notice(
                user_id=delivery.user_id,
                kind="delivery_failed",
                title=_("Uma mensagem não chegou: %(subject)s") % {"subject": delivery.subject},
                body=reason % {"error": _(str(error))},
                url="/notifications/deliveries/",
                dedupe_key=f"delivery_failed.{delivery.user_id}.{place}.{at:%Y-%m-%d}"[:200],
            )
        ],
        at=at,
    )


def _remove_channel(delivery: Delivery) -> None:
    """Remove the channel with the very address that is gone: the browser may have a new one."""
    if delivery.channel is None:
        return
    gone = Channel.objects.filter(pk=delivery.channel.pk, address=delivery.address)
    for channel in gone:
        cancel_deliveries(channel=channel)
        channel.delete()


def _move_channel(delivery: Delivery, address: str) -> None:
    """Store a channel's new address, unless its owner already has a channel with that address."""
    channel = delivery.channel
    if channel is None:
        return
    same_place = Channel.objects.filter(user=channel.user_id, kind=channel.kind, address=address)
    if not same_place.exists():
        Channel.objects.filter(pk=channel.pk).update(address=address)
    waiting = Delivery.objects.filter(channel=channel, state__in=Delivery.OPEN)
    waiting.update(address=address)
