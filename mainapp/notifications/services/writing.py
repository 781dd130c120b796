"""Writing messages when they are sent: what a feature's news say, by the notification's kind."""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import DatabaseError

from mainapp.notifications.models import Channel, Delivery, Notification

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What a message says; `html` goes into e-mails alone."""

    text: str
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


Renderer = Callable[[Collection[int]], Mapping[int, Wording]]

_renderers: dict[str, Renderer] = {}


def register_renderer(kind: str, render: Renderer) -> None:
    """Have `render` write the deliveries of such notifications that were put down without a text.

    It is given the ids of notifications and returns a wording for each, in a fixed number of
    queries; where it has none, the notification's own title and body are sent.
    """
    _renderers[kind] = render


def write_missing(*, deliveries: Sequence[Delivery]) -> None:
    """Write what claimed deliveries say and keep it, so that every try sends the same.

    No query where all are written; else one, and those of each kind's renderer.
    """
    wanted: dict[str, list[tuple[Delivery, Notification]]] = defaultdict(list)
    for delivery in deliveries:
        if not delivery.text and delivery.notification:
            wanted[delivery.notification.kind].append((delivery, delivery.notification))
    said: list[tuple[Delivery, Wording]] = []
    for kind, pairs in wanted.items():
        wordings = _wordings(kind, {notification.pk for _delivery, notification in pairs})
        said += [(one, wordings.get(of.pk) or _plain(of)) for one, of in pairs]
    if said:
        kept = [_put(Delivery(pk=one.pk, kind=one.kind), wording) for one, wording in said]
        Delivery.objects.bulk_update(kept, ["text", "html", "headers"])
        for delivery, wording in said:
            _put(delivery, wording)


def _wordings(kind: str, pks: Collection[int]) -> Mapping[int, Wording]:
    render = _renderers.get(kind)
    if render is None:
        return {}
    try:
        return render(pks)
    except DatabaseError:
        raise
    except Exception:
        # At the transport's boundary: news that cannot be dressed up must not hold up the outbox.
        logger.exception("no wording for %s: its title and body are sent", kind)
        return {}


def _plain(notification: Notification) -> Wording:
    return Wording(text=f"{notification.title}\n\n{notification.body}")


def _put(delivery: Delivery, wording: Wording) -> Delivery:
    delivery.text = wording.text
    delivery.html = wording.html if delivery.kind == Channel.Kind.EMAIL else ""
    delivery.headers = dict(wording.headers)
    return delivery
