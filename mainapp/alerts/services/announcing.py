"""Notifications and deliveries of firings, written in the transaction that records the firing."""

from collections.abc import Sequence
from datetime import datetime

from django.core import signing
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from mainapp.accounts.models import User, language_of
from mainapp.alerts.conditions import SAO_PAULO
from mainapp.alerts.models import Alert, Firing
from mainapp.alerts.rendering import quote_text, reached_text
from mainapp.alerts.selectors.shared import clubs_with, key_of_notice, receivers_of
from mainapp.clubs.services.changes import club_changed
from mainapp.notifications.models import Channel
from mainapp.notifications.selectors.channels import Destination, deliveries_for
from mainapp.notifications.services.notices import Notice, letters_for, notify_many

FIRED, SPLIT = "alert_fired", "alert_split"
# Of an alert that a member of a club shares, to those who receive it.
SHARED_FIRED = "club_alert_fired"
UNSUBSCRIBE_SALT = "alerts.unsubscribe"


def announce_firings(*, firings: Sequence[Firing]) -> None:
    """Write a notification with its deliveries for each firing, and link it to the firing.

    Each member who receives a shared alert gets one as well, by their own channels. The Message-ID
    of a delivery is derived from the firing. Cost: a fixed number of queries.
    """
    receivers = receivers_of({firing.alert_id for firing in firings})
    users = {firing.alert.owner_id for firing in firings}
    users |= {user.pk for each in receivers.values() for user in each}
    destinations = deliveries_for(users, FIRED)
    notices = [_notice(firing, destinations[firing.alert.owner_id]) for firing in firings]
    shared = [
        _shared_notice(firing, user, destinations[user.pk])
        for firing in firings
        for user in receivers.get(firing.alert_id, ())
    ]
    written = notify_many(notices=[*notices, *shared])
    for firing, notification in zip(firings, written, strict=False):  # those of owners come first
        firing.notification = notification
    for club_pk in clubs_with({firing.alert_id for firing in firings}) if firings else ():
        club_changed(club_pk, "alerts")


def announce_split(*, alerts: Sequence[Alert]) -> None:
    """Notify each owner once that the stock's alerts are paused because of a split."""
    by_owner = {alert.owner_id: alert for alert in alerts}
    destinations = deliveries_for(by_owner, SPLIT)
    notify_many(notices=[_split_notice(alert, destinations[pk]) for pk, alert in by_owner.items()])


def unsubscribe_token(alert: Alert) -> str:
    """Return a token that allows its bearer to pause this alert, and nothing else."""
    return signing.dumps(alert.pk, salt=UNSUBSCRIBE_SALT)


def local_time(moment: datetime) -> str:
    """Return a moment in São Paulo time, with the zone."""
    local = moment.astimezone(SAO_PAULO)
    return f"{date_format(local, 'SHORT_DATE_FORMAT')} {local:%H:%M:%S} (BRT)"


def _notice(firing: Firing, destinations: Sequence[Destination]) -> Notice:
    alert = firing.alert
    name = f"firing.{alert.pk}.{firing.kind}.{firing.crossing}"
    symbol = alert.ativo.symbol
    with translation.override(language_of(alert.owner)):
        title = firing.title
        body = "\n".join(text for text in (alert.note, *firing_sentences(firing)) if text)
        # The worker renders a mail and its links just before it sends it (`mailing`).
        mails = letters_for(
            destinations=_destinations_for(alert, destinations),
            subject=f"{title} · Pregão",
            text="",
            name=name,
        )
    return Notice(
        user_id=alert.owner_id,
        kind=FIRED,
        title=title,
        body=body,
        url=reverse("paper", args=[symbol]),
        dedupe_key=name,
        deliveries=mails,
    )


def _shared_notice(firing: Firing, user: User, destinations: Sequence[Destination]) -> Notice:
    """Return the notice of a receiver, without the club's name and the owner's note."""
    alert = firing.alert
    name = key_of_notice(f"{alert.pk}.{firing.kind}.{firing.crossing}", user.pk)
    with translation.override(language_of(user)):
        sentence = _("Alerta de %(name)s, que você recebe pelo clube.") % {"name": alert.owner.name}
        title, sentences = firing.title, [sentence, *firing_sentences(firing)]
        mails = letters_for(
            destinations=[
                each
                for each in destinations
                if each.kind != Channel.Kind.EMAIL or each.channel_id is None
            ],
            subject=f"{title} · Pregão",
            text="",
            name=name,
        )
    return Notice(
        user_id=user.pk,
        kind=SHARED_FIRED,
        title=title,
        body="\n".join(sentences),
        url=reverse("paper", args=[alert.ativo.symbol]),
        dedupe_key=name,
        deliveries=mails,
    )


def firing_sentences(firing: Firing) -> list[str]:
    """Return the sentences below the title of a firing, in the active language."""
    when = local_time(firing.quoted_at)
    return [
        reached_text(
            firing.kind,
            symbol=firing.alert.ativo.symbol,
            limit=firing.written_limit,
            price=firing.written_price,
            change_pct=firing.change_pct,
        ),
        quote_text(
            f"≈ {when}" if firing.quoted_at_estimated else when,
            source=firing.source,
            delay_s=firing.delay_s,
            quote_kind=firing.quote_kind,
        ),
    ]


def _split_notice(alert: Alert, destinations: Sequence[Destination]) -> Notice:
    with translation.override(language_of(alert.owner)):
        symbol = alert.ativo.symbol
        title = _("Os alertas de %(symbol)s estão em pausa") % {"symbol": symbol}
        body = _(
            "O preço e o fechamento anterior de %(symbol)s mudaram na mesma proporção, como num "
            "desdobramento ou grupamento. Confira os limites e reative os alertas."
        ) % {"symbol": symbol}
        mails = letters_for(
            destinations=_destinations_for(alert, destinations),
            subject=f"{title} · Pregão",
            text="",
        )
    return Notice(
        user_id=alert.owner_id,
        kind=SPLIT,
        title=title,
        body=body,
        url=reverse("alerts"),
        deliveries=mails,
    )


def _destinations_for(alert: Alert, destinations: Sequence[Destination]) -> list[Destination]:
    """Return the destinations of an alert; its own address replaces the account's.

    Unverified addresses are not among `destinations`, so nothing is sent there.
    """
    is_mail = {each: each.kind == Channel.Kind.EMAIL for each in destinations}
    if not alert.email:
        return [each for each in destinations if not is_mail[each] or each.channel_id is None]
    wanted = alert.email.lower()
    return [each for each in destinations if not is_mail[each] or each.address.lower() == wanted]
