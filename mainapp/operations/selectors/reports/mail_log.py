"""The e-mails of the outbox and their attempts, for admins: no subject, text, header or link."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.models import User
from mainapp.accounts.policies import is_admin_level
from mainapp.notifications.models import Channel, Delivery
from mainapp.notifications.rendering import masked
from mainapp.operations.selectors.reports.kind import Column, Kind, choice_text

STATES = dict(Delivery.State.choices)


class MailLog(Kind):
    name = "mail_log"
    label = _("Registro de e-mails")
    columns = (
        Column(_("E-mail")),
        Column(_("Conta")),
        Column(_("Endereço")),
        Column(_("Aviso")),
        Column(_("Situação")),
        Column(_("Tentativas")),
        Column(_("Criado em"), is_time=True),
        Column(_("Enviado em"), is_time=True),
    )

    def is_offered(self, user: User) -> bool:
        return is_admin_level(user)

    def rows(self, user: User, params: Mapping[str, Any]) -> "QuerySet[Any, tuple[Any, ...]]":
        mails = Delivery.objects.filter(kind=Channel.Kind.EMAIL)
        return mails.values_list(
            *("pk", "user_id", "address", "notification__kind", "state", "tries"),
            *("created_at", "sent_at"),
        )

    def cells(self, row: tuple[Any, ...]) -> Sequence[Any]:
        pk, user, address, kind, state, *others = row
        return (pk, user, masked(address), kind, choice_text(STATES, state), *others)
