"""Checks of waiting deliveries before they are sent, because they may be outdated.

A feature registers one for a kind of notification:

    register_check("mention", still_wanted)
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence

from mainapp.notifications.models import Delivery, Notification

# Returns the ids of those notifications that are still to be sent.
Check = Callable[[Collection[Notification]], Collection[int]]

_checks: dict[str, Check] = {}


def register_check(kind: str, check: Check) -> None:
    """Add the check of a kind of notification. Safe to repeat."""
    _checks[kind] = check


def drop_outdated(claimed: Sequence[Delivery]) -> list[Delivery]:
    """Cancel claimed deliveries that are no longer wanted; return the others.

    Cost: the queries of the checks, and one if there are deliveries to cancel.
    """
    by_kind: dict[str, list[Notification]] = defaultdict(list)
    for delivery in claimed:
        if delivery.notification and delivery.notification.kind in _checks:
            by_kind[delivery.notification.kind].append(delivery.notification)
    outdated: set[int] = set()
    for kind, notifications in by_kind.items():
        outdated |= {row.pk for row in notifications}.difference(_checks[kind](notifications))
    dropped = [delivery for delivery in claimed if delivery.notification_id in outdated]
    if dropped:
        keys = {delivery.claim_key for delivery in dropped}
        rows = Delivery.objects.filter(pk__in=[row.pk for row in dropped], claim_key__in=keys)
        rows.filter(state=Delivery.State.CLAIMED).update(
            state=Delivery.State.CANCELLED, claim_key=""
        )
    return [delivery for delivery in claimed if delivery not in dropped]
