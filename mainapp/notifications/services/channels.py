"""Changes of a user's channels: add, verify, test, switch, remove."""

import secrets
from datetime import datetime, timedelta

from django.core import signing
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from mainapp.accounts.models import User
from mainapp.core.exceptions import DomainError
from mainapp.core.limits.database_store import check_and_increment_quota
from mainapp.core.mails import Link, Mail, render_mail
from mainapp.core.names import one_line
from mainapp.core.paths import absolute_url
from mainapp.core.templatetags.isolation import isolate_plain
from mainapp.notifications.models import Channel
from mainapp.notifications.policies import (
    CHANNEL_MESSAGES,
    CODE_LIFE,
    CODE_TRIES,
    MAX_CHANNELS,
)
from mainapp.notifications.selectors.channels import channels_of
from mainapp.notifications.services.delivering import transports, url_client
from mainapp.notifications.services.notices import Letter, write_delivery
from mainapp.notifications.services.outbox import cancel_deliveries
from mainapp.notifications.transports.base import TransportError
from mainapp.notifications.transports.posting import check_server

SALT = "mainapp.notifications.channel"
# Kinds whose address is a server that the user chooses.
USER_SERVERS = (Channel.Kind.WEBHOOK, Channel.Kind.NTFY, Channel.Kind.GOTIFY)
LINK_LIFE = timedelta(days=3)


def add_channel(*, user: User, kind: str, address: str, secret: str = "", at: datetime) -> Channel:
    """Add a channel and send its verification: a link to an e-mail address, otherwise a code.

    `address` and `secret` have the form in which people type them; see each transport. The host of
    a user's own server is resolved, which takes up to 2 s. Raises: DomainError for an invalid,
    forbidden or already added address, and above MAX_CHANNELS.
    """
    try:
        target = transports()[kind].check(address.strip(), secret.strip())
        if kind in USER_SERVERS:
            check_server(url_client(), target.address)
    except TransportError as error:
        raise unusable(error) from error
    with transaction.atomic():
        lock_channels(user)
        if channels_of(user).filter(kind=kind, address=target.address).exists():
            raise DomainError("invalid", gettext_noop("Este canal já está na lista."))
        check_count(user)
        channel = Channel.objects.create(
            user=user,
            kind=kind,
            address=target.address,
            secret=secrets.token_urlsafe(32) if kind == Channel.Kind.WEBHOOK else target.secret,
            created_at=at,
        )
        send_verification(channel=channel, at=at)
    return channel


def unusable(error: TransportError) -> DomainError:
    """Return the error for an address that a transport refused."""
    return DomainError(
        "invalid",
        gettext_noop("Este endereço não pode ser usado: %(reason)s"),
        {"reason": gettext_lazy(str(error))},
    )


@transaction.atomic
def send_verification(*, channel: Channel, at: datetime) -> None:
    """Send the link, or a new code that replaces the previous one. Raises: DomainError."""
    _check_supported(channel)
    if channel.kind == Channel.Kind.EMAIL:
        url = absolute_url(reverse("confirm-channel", args=[link_key(channel)]))
        text = _("Confirme para receber aqui as notificações de %(user)s no Pregão.") % {
            "user": isolate_plain(one_line(channel.user.name))
        }
        mail = Mail(
            title=_("Confirme este endereço"),
            paragraphs=[text],
            action=Link(label=_("Confirmar o endereço"), url=url),
            after=[_("Se você não pediu isto, não faça nada.")],
        )
        _send(channel, mail, at)
        return
    code = f"{secrets.randbelow(10**6):06}"
    own = Channel.objects.filter(pk=channel.pk)
    own.update(code=code, code_sent_at=at, code_tries=0)
    text = _("Digite este código na página dos seus canais: %(code)s") % {"code": code}
    title = _("Código do Pregão: %(code)s") % {"code": code}
    _send(channel, Mail(title=title, paragraphs=[text]), at)


def link_key(channel: Channel) -> str:
    """Return the signed key of the link in a verification e-mail."""
    return signing.dumps([channel.pk, channel.address], salt=SALT)


def channel_of_key(key: str) -> Channel:
    """Return the channel of a link. Raises: Channel.DoesNotExist if it is invalid or expired."""
    try:
        pk, address = signing.loads(key, salt=SALT, max_age=LINK_LIFE)
    except (signing.BadSignature, ValueError, TypeError):
        raise Channel.DoesNotExist from None
    return Channel.objects.select_related("user").get(pk=pk, address=address)


def confirm_channel(*, channel: Channel, at: datetime) -> None:
    """Mark a channel as verified. Safe to repeat."""
    Channel.objects.filter(pk=channel.pk, verified_at=None).update(verified_at=at, code="")


def enter_code(*, channel: Channel, code: str, at: datetime) -> None:
    """Verify a channel by the code that was sent through it.

    Raises: DomainError for a wrong code. After CODE_TRIES wrong codes, or CODE_LIFE, a new one has
    to be requested.
    """
    own = Channel.objects.filter(pk=channel.pk, verified_at=None)
    alive = own.filter(code_sent_at__gt=at - CODE_LIFE, code_tries__lt=CODE_TRIES).exclude(code="")
    # Counted before the comparison: concurrent guesses cannot share one try.
    if alive.update(code_tries=F("code_tries") + 1) != 1:
        raise DomainError("invalid", gettext_noop("Este código não vale mais: peça outro."))
    channel.refresh_from_db()
    if not constant_time_compare(channel.code, code.strip()):
        raise DomainError("invalid", gettext_noop("O código não é este."))
    confirm_channel(channel=channel, at=at)


def send_test(*, channel: Channel, at: datetime) -> None:
    """Send a test message through a channel. Raises: DomainError, RateLimited."""
    _check_supported(channel)
    if channel.verified_at is None:
        raise DomainError("invalid", gettext_noop("Confirme o canal antes de testá-lo."))
    text = _("Se você lê isto, as notificações do Pregão chegam aqui.")
    _send(channel, Mail(title=_("Teste do Pregão"), paragraphs=[text]), at)


def switch_channel(*, channel: Channel, is_active: bool) -> None:
    """Switch a channel on or off."""
    Channel.objects.filter(pk=channel.pk).update(is_active=is_active)


def edit_device(*, channel: Channel, name: str, shows_amounts: bool) -> None:
    """Change a device's name, and whether it shows prices, amounts and texts."""
    Channel.objects.filter(pk=channel.pk).update(name=name, shows_amounts=shows_amounts)


def switch_account_mail(*, user: User, is_active: bool, at: datetime) -> None:
    """Switch notifications to the account's own address on or off."""
    Channel.objects.update_or_create(
        user=user,
        kind=Channel.Kind.EMAIL,
        address="",
        defaults={"is_active": is_active},
        create_defaults={"is_active": is_active, "created_at": at, "verified_at": at},
    )


def delete_channel(*, channel: Channel) -> None:
    """Remove a channel and cancel its waiting deliveries."""
    with transaction.atomic():
        cancel_deliveries(channel=channel)
        Channel.objects.filter(pk=channel.pk).delete()


def _send(channel: Channel, mail: Mail, at: datetime) -> None:
    is_mail = channel.kind == Channel.Kind.EMAIL
    text, html = render_mail(mail) if is_mail else ("\n".join(mail.paragraphs), "")
    letter = Letter(
        kind=channel.kind,
        address=channel.address,
        subject=mail.title,
        text=text,
        html=html,
        channel_id=channel.pk,
    )
    with transaction.atomic():
        check_and_increment_quota(channel.user, CHANNEL_MESSAGES, at=at)
        write_delivery(letter=letter, user=channel.user, at=at)


def _check_supported(channel: Channel) -> None:
    if not channel.is_supported:
        raise DomainError("invalid", gettext_noop("Este site não envia mais por este serviço."))


def check_count(user: User) -> None:
    """Raise a DomainError if a user has MAX_CHANNELS channels."""
    if channels_of(user).count() >= MAX_CHANNELS:
        raise DomainError(
            "invalid",
            gettext_noop("São até %(limit)s canais: apague um antes."),
            {"limit": MAX_CHANNELS},
        )


def lock_channels(user: User) -> None:
    """Serialize edits of a user's channels; SQLite, which ignores this, has one writer anyway."""
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)
