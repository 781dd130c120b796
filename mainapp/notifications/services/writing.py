"""Rendering of messages when they are sent, by the kind of their notification.

A notification is a title and sentences, the same in the inbox, in a chat service and in an e-mail.
E-mails have a layout, a button and, from some kinds' renderers, more links. A device shows no
prices and amounts on its locked screen, unless its owner chose so.
"""

import logging
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from django.conf import settings
from django.db import DatabaseError
from django.utils import translation
from django.utils.translation import gettext as _

from mainapp.accounts.models import User, language_of
from mainapp.core.mails import Link, Mail, render_mail
from mainapp.core.paths import absolute_url
from mainapp.notifications.models import Channel, Delivery, Notification

logger = logging.getLogger(__name__)

T = TypeVar("T")
FIELDS = ("subject", "text", "html", "headers")
SUBJECT_END = " · Pregão"
# A price, a sum, a percentage, or any number with decimals ("130.000,00 pontos").
AMOUNT = re.compile(r"[+\-\u2212]?(?:R\$\s*[+\-\u2212]?)?\d[\d.,]*(?:\s*%|[.,]\d+)|R\$\s*\S+")
HIDDEN_AMOUNT = "•••"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The e-mail of a notification, with the language and the headers that belong to it."""

    mail: Mail
    language: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """What a device shows of a notification: a title without prices and amounts, and its links.

    `url` and `silence` are paths of this site: the page that a tap opens, and the operation that
    stops more of the same by a POST. Of two messages with one `topic` the
    later one replaces the earlier.
    """

    title: str
    url: str
    topic: str
    silence: str = ""
    urgency: str = "high"


PushRenderer = Callable[[Collection[int]], Mapping[int, Push]]
Renderer = Callable[[Collection[int]], Mapping[int, Wording]]

_renderers: dict[str, Renderer] = {}
_push_renderers: dict[str, PushRenderer] = {}


def register_renderer(kind: str, render: Renderer) -> None:
    """Register the renderer of e-mails of one kind of notification.

    `render` receives notification ids and returns their wordings, in a fixed number of queries.
    A notification that it leaves out is sent with its title, its body and a link.
    """
    _renderers[kind] = render


def register_push_renderer(kind: str, render: PushRenderer) -> None:
    """Register what devices show of one kind of notification; `render` is like a Renderer.

    Of other notifications a device shows the subject, with its numbers hidden.
    """
    _push_renderers[kind] = render


def write_missing(*, deliveries: Sequence[Delivery]) -> None:
    """Render and save the missing text of claimed deliveries, so that all attempts are equal.

    No query if all have text. Otherwise one, plus for e-mails and devices those of each kind's
    renderer, and one for e-mails that no renderer has written, and for devices.
    """
    unwritten = [
        (delivery, delivery.notification)
        for delivery in deliveries
        if not delivery.text and delivery.notification
    ]
    mails = [notification for delivery, notification in unwritten if _is_mail(delivery)]
    wordings = _wordings({notification.pk: notification for notification in mails})
    pushed = [row for delivery, row in unwritten if delivery.kind == Channel.Kind.PUSH]
    pushes, languages = _pushes(pushed), _languages(pushed)
    rows = []
    for delivery, notification in unwritten:
        if _is_mail(delivery):
            _write_mail(delivery, wordings[notification.pk])
        elif delivery.kind == Channel.Kind.PUSH:
            with translation.override(languages[notification.user_id]):
                _write_push(delivery, notification, pushes.get(notification.pk))
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
        wordings |= _rendered(_renderers.get(kind), kind, pks)
    return wordings | _plain([notifications[pk] for pk in notifications.keys() - wordings.keys()])


def _pushes(notifications: Collection[Notification]) -> dict[int, Push]:
    """Return what features' renderers show of these notifications, by their ids."""
    by_kind: dict[str, set[int]] = defaultdict(set)
    for notification in notifications:
        by_kind[notification.kind].add(notification.pk)
    pushes: dict[int, Push] = {}
    for kind, pks in by_kind.items():
        pushes |= _rendered(_push_renderers.get(kind), kind, pks)
    return pushes


def _rendered(
    render: Callable[[Collection[int]], Mapping[int, T]] | None, kind: str, pks: Collection[int]
) -> Mapping[int, T]:
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
    languages = _languages(notifications)
    return {row.pk: _plain_wording(row, languages[row.user_id]) for row in notifications}


def _languages(notifications: Collection[Notification]) -> Mapping[int | None, str]:
    """Return the languages of notifications' users; the site's language for others. One query."""
    languages = defaultdict[int | None, str](lambda: settings.LANGUAGE_CODE)
    if notifications:
        users = User.objects.filter(pk__in={row.user_id for row in notifications})
        languages |= {user.pk: language_of(user) for user in users.select_related("preferences")}
    return languages


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


def _write_push(delivery: Delivery, notification: Notification, push: Push | None) -> None:
    """Write a device's message in the active language; numbers only if its owner chose so."""
    shows_amounts = bool(delivery.channel and delivery.channel.shows_amounts)
    subject = delivery.subject.removesuffix(SUBJECT_END)
    delivery.text = (shows_amounts and notification.body) or _("Toque para ver no Pregão.")
    delivery.headers = _push_details(push)
    hidden = push.title if push else AMOUNT.sub(HIDDEN_AMOUNT, subject)
    delivery.subject = subject if shows_amounts else hidden


def _push_details(push: Push | None) -> dict[str, str]:
    if push is None:
        return {}
    details = {"url": push.url, "topic": push.topic, "urgency": push.urgency}
    if push.silence:
        details |= {
            "silence": push.silence,
            "silence_label": _("Silenciar"),
            "silenced": _("Silenciado. Reative quando quiser."),
        }
    return details
