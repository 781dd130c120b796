"""Rendering of messages when they are sent, by the kind of their notification.

A notification is a title and sentences, the same in the inbox, in a chat service and in an e-mail.
E-mails have a layout, a button and, from some kinds' renderers, more links.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db import DatabaseError
from django.utils import translation
from django.utils.translation import gettext as _

from mainapp.accounts.models import User, language_of
from mainapp.core.mails import Link, Mail, render_mail
from mainapp.core.paths import absolute_url
from mainapp.notifications.models import Channel, Delivery, Notification

logger = logging.getLogger(__name__)

FIELDS = ("text", "html", "headers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The e-mail of a notification, with the language and the headers that belong to it."""

    mail: Mail
    language: str
    headers: Mapping[str, str] = field(default_factory=dict)


Renderer = Callable[[Collection[int]], Mapping[int, Wording]]

_renderers: dict[str, Renderer] = {}


def register_renderer(kind: str, render: Renderer) -> None:
    """Register the renderer of e-mails of one kind of notification.

    `render` receives notification ids and returns their wordings, in a fixed number of queries.
    A notification that it leaves out is sent with its title, its body and a link.
    """
    _renderers[kind] = render


def write_missing(*, deliveries: Sequence[Delivery]) -> None:
    """Render and save the missing text of claimed deliveries, so that all attempts are equal.

    No query if all have text. Otherwise one, plus for e-mails those of each kind's renderer, and
    one for those that no renderer has written.
    """
    unwritten = [
        (delivery, delivery.notification)
        for delivery in deliveries
        if not delivery.text and delivery.notification
    ]
    mails = [notification for delivery, notification in unwritten if _is_mail(delivery)]
    wordings = _wordings({notification.pk: notification for notification in mails})
    rows = []
    for delivery, notification in unwritten:
        if _is_mail(delivery):
            _write_mail(delivery, wordings[notification.pk])
        else:
            delivery.text = notification.body
        fields = {name: getattr(delivery, name) for name in FIELDS}
        rows.append(Delivery(pk=delivery.pk, **fields))
    if rows:
        Delivery.objects.bulk_update(rows, FIELDS)


def _is_mail(delivery: Delivery) -> bool:
    return delivery.kind == Channel.Kind.EMAIL


def _wordings(notifications: Mapping[int, Notification]) -> dict[int, Wording]:
    """Return the wording of each notification, by its id."""
    by_kind: dict[str, set[int]] = defaultdict(set)
    for pk, notification in notifications.items():
        by_kind[notification.kind].add(pk)
    wordings: dict[int, Wording] = {}
    for kind, pks in by_kind.items():
        wordings |= _rendered(kind, pks)
    return wordings | _plain([notifications[pk] for pk in notifications.keys() - wordings.keys()])


def _rendered(kind: str, pks: Collection[int]) -> Mapping[int, Wording]:
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


def _plain(notifications: Collection[Notification]) -> dict[int, Wording]:
    if not notifications:
        return {}
    users = User.objects.filter(pk__in={row.user_id for row in notifications})
    languages = {user.pk: language_of(user) for user in users.select_related("preferences")}
    return {
        notification.pk: _plain_wording(
            notification, languages.get(notification.user_id or 0, settings.LANGUAGE_CODE)
        )
        for notification in notifications
    }


def _plain_wording(notification: Notification, language: str) -> Wording:
    """Return an e-mail of the title, the body and a link to the page of a notification."""
    with translation.override(language):
        label = _("Ver no Pregão")
    mail = Mail(
        title=notification.title,
        paragraphs=notification.body.splitlines(),
        action=Link(label=label, url=absolute_url(notification.url)) if notification.url else None,
    )
    return Wording(mail=mail, language=language)


def _write_mail(delivery: Delivery, wording: Wording) -> None:
    with translation.override(wording.language):
        delivery.text, delivery.html = render_mail(wording.mail)
    delivery.headers = dict(wording.headers)
