"""Rendering of messages when they are sent, by the kind of their notification."""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import DatabaseError

from mainapp.notifications.models import Channel, Delivery, Notification

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The text of a message; `html` is for e-mails only."""

    text: str
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


Renderer = Callable[[Collection[int]], Mapping[int, Wording]]

_renderers: dict[str, Renderer] = {}


def register_renderer(kind: str, render: Renderer) -> None:
    """Register the renderer for deliveries without text, for one kind of notification.

    `render` receives notification ids and returns their wordings, in a fixed number of queries.
    A notification that it leaves out is sent with its title and body.
    """
    _renderers[kind] = render


def write_missing(*, deliveries: Sequence[Delivery]) -> None:
    """Render and save the missing text of claimed deliveries, so that all attempts are equal.

    No query if all have text; otherwise one, plus those of each kind's renderer.
    """
    by_kind: dict[str, list[tuple[Delivery, Notification]]] = defaultdict(list)
    for delivery in deliveries:
        if not delivery.text and delivery.notification:
            by_kind[delivery.notification.kind].append((delivery, delivery.notification))
    rendered: list[tuple[Delivery, Wording]] = []
    for kind, pairs in by_kind.items():
        wordings = _wordings(kind, {notification.pk for _delivery, notification in pairs})
        rendered += [
            (delivery, wordings.get(notification.pk) or _plain(notification))
            for delivery, notification in pairs
        ]
    if rendered:
        rows = [
            _set_wording(Delivery(pk=delivery.pk, kind=delivery.kind), wording)
            for delivery, wording in rendered
        ]
        Delivery.objects.bulk_update(rows, ["text", "html", "headers"])
        for delivery, wording in rendered:
            _set_wording(delivery, wording)


def _wordings(kind: str, pks: Collection[int]) -> Mapping[int, Wording]:
    render = _renderers.get(kind)
    if render is None:
        return {}
    try:
        return render(pks)
    except DatabaseError:
        raise
    except Exception:
        # The boundary to another feature's renderer: a bug there must not block the outbox.
        logger.exception("the renderer of %s failed: title and body are sent instead", kind)
        return {}


def _plain(notification: Notification) -> Wording:
    return Wording(text=f"{notification.title}\n\n{notification.body}")


def _set_wording(delivery: Delivery, wording: Wording) -> Delivery:
    delivery.text = wording.text
    delivery.html = wording.html if delivery.kind == Channel.Kind.EMAIL else ""
    delivery.headers = dict(wording.headers)
    return delivery
