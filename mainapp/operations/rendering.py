"""Words for audit entries: who did what, and what was before and after."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mainapp.core.models import AuditEntry

MODELS = {
    "accounts.user": gettext_lazy("conta"),
    "account.emailaddress": gettext_lazy("endereço de e-mail"),
    "accounts.preferences": gettext_lazy("preferências"),
    "mfa.authenticator": gettext_lazy("segundo fator"),
    "usersessions.usersession": gettext_lazy("sessão"),
    "alerts.alert": gettext_lazy("alerta"),
    "portfolio.carteira": gettext_lazy("linha da carteira"),
    "clubs.club": gettext_lazy("clube"),
    "clubs.clubmember": gettext_lazy("membro de clube"),
    "clubs.invitation": gettext_lazy("convite"),
    "forum.room": gettext_lazy("sala"),
    "ideas.idea": gettext_lazy("ideia"),
    "agenda.event": gettext_lazy("evento"),
    "agenda.order": gettext_lazy("inscrição"),
    "agenda.calendarlink": gettext_lazy("link do calendário"),
    "notifications.channel": gettext_lazy("canal"),
    "notifications.broadcast": gettext_lazy("campanha"),
    "notifications.mailtemplate": gettext_lazy("modelo de e-mail"),
    "api.apikey": gettext_lazy("chave de API"),
    "core.plan": gettext_lazy("plano"),
    "core.quotarule": gettext_lazy("cota"),
    "django_celery_beat.periodictask": gettext_lazy("tarefa periódica"),
    "django_celery_beat.intervalschedule": gettext_lazy("intervalo"),
    "django_celery_beat.crontabschedule": gettext_lazy("horário"),
    "django_celery_beat.clockedschedule": gettext_lazy("horário"),
    "django_celery_beat.solarschedule": gettext_lazy("horário"),
}
FIELDS = {
    "status": gettext_lazy("situação"),
    "state": gettext_lazy("situação"),
    "owner": gettext_lazy("dono"),
    "host": gettext_lazy("anfitrião"),
    "author": gettext_lazy("autor"),
    "user": gettext_lazy("pessoa"),
    "created_by": gettext_lazy("criado por"),
    "club": gettext_lazy("clube"),
    "plan": gettext_lazy("plano"),
    "limit": gettext_lazy("limite"),
    "window": gettext_lazy("janela"),
    "role": gettext_lazy("papel"),
    "email": gettext_lazy("e-mail"),
    "username": gettext_lazy("nome de usuário"),
    "password": gettext_lazy("senha"),
    "verified": gettext_lazy("confirmado"),
    "primary": gettext_lazy("principal"),
    "access_level": gettext_lazy("nível de acesso"),
    "is_active": gettext_lazy("ativo"),
    "is_staff": gettext_lazy("acessa a administração"),
    "is_superuser": gettext_lazy("superusuário"),
    "suspended_until": gettext_lazy("suspensão até"),
    "suspension_reason": gettext_lazy("motivo da suspensão"),
    "is_closed": gettext_lazy("fechada"),
    "expires_at": gettext_lazy("validade"),
    "revoked_at": gettext_lazy("revogado em"),
    "archived_at": gettext_lazy("apagado em"),
    "deleted_at": gettext_lazy("apagada em"),
    "finished_at": gettext_lazy("terminado em"),
    "verified_at": gettext_lazy("confirmado em"),
    "theme": gettext_lazy("aparência"),
    "language": gettext_lazy("idioma"),
    "time_zone": gettext_lazy("fuso horário"),
    "kind": gettext_lazy("tipo"),
    "scopes": gettext_lazy("permissões"),
    "seats": gettext_lazy("lugares"),
    "is_paid": gettext_lazy("pago"),
    "event": gettext_lazy("evento"),
    "name": gettext_lazy("nome"),
    "title": gettext_lazy("título"),
    "body": gettext_lazy("texto"),
    "url": gettext_lazy("link"),
    "enabled": gettext_lazy("ligada"),
    "tags": gettext_lazy("etiquetas"),
    "thesis": gettext_lazy("tese"),
    "note": gettext_lazy("anotação"),
    "address": gettext_lazy("endereço"),
    "adjusted_on": gettext_lazy("ajustada em"),
    "asked_at": gettext_lazy("pedida em"),
    "ativo": gettext_lazy("papel"),
    "avatar_key": gettext_lazy("foto"),
    "close_price": gettext_lazy("preço final"),
    "close_source": gettext_lazy("fonte do preço final"),
    "closed_at": gettext_lazy("encerrada em"),
    "closing_asked_at": gettext_lazy("encerramento pedido em"),
    "compra": gettext_lazy("preço de compra"),
    "data": gettext_lazy("dados"),
    "digest": gettext_lazy("chave"),
    "follows_agenda": gettext_lazy("avisos de eventos públicos"),
    "hides_presence": gettext_lazy("esconde a presença"),
    "hides_talk_in_mails": gettext_lazy("esconde as conversas nos e-mails"),
    "hint": gettext_lazy("começo da chave"),
    "index_at": gettext_lazy("IBOV na publicação"),
    "index_close": gettext_lazy("IBOV no fim"),
    "link": gettext_lazy("link"),
    "monitoring_minutes": gettext_lazy("frequência dos alertas"),
    "nota": gettext_lazy("nota"),
    "pause_reason": gettext_lazy("motivo da pausa"),
    "picture_key": gettext_lazy("foto"),
    "picture_pending": gettext_lazy("foto em preparo"),
    "price": gettext_lazy("preço"),
    "price_at": gettext_lazy("preço na publicação"),
    "price_source": gettext_lazy("fonte do preço"),
    "priced_at": gettext_lazy("hora do preço"),
    "quantidade": gettext_lazy("quantidade"),
    "quote_kind": gettext_lazy("mercado"),
    "secret": gettext_lazy("segredo"),
    "seeded_limit": gettext_lazy("limite inicial"),
    "slug": gettext_lazy("endereço"),
    "stop": gettext_lazy("stop"),
    "type": gettext_lazy("tipo"),
    "venda": gettext_lazy("preço de venda"),
    "wall_end": gettext_lazy("fim"),
    "wall_start": gettext_lazy("começo"),
    "key": gettext_lazy("chave"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """A field's label, and its values before and after, None for those that are private."""

    label: str
    before: str | None = None
    after: str | None = None

    @property
    def is_private(self) -> bool:
        return self.before is None and self.after is None


@dataclass(frozen=True, slots=True)
class ShownEntry:
    entry: AuditEntry
    person: Any  # a user, None without one
    actor: str
    model: str
    changes: list[Change]


def people_in(entries: Iterable[AuditEntry]) -> set[int]:
    """Return the ids of the actors, and of the people in the values of entries."""
    keys = set()
    for entry in entries:
        keys.add(entry.actor_id)
        for name, values in entry.changes.items():
            if _names_people(_field(entry.model, name)):
                keys |= set(values)
    return {key for key in keys if isinstance(key, int)}


def shown_entry(
    entry: AuditEntry, people: Mapping[int, Any], details: Mapping[str, tuple[str, str]]
) -> ShownEntry:
    changes = [
        Change(
            _label(entry.model, name), *(_value(entry.model, name, value, people) for value in pair)
        )
        for name, pair in entry.changes.items()
    ]
    changes += [Change(_label(entry.model, name), *texts) for name, texts in details.items()]
    hidden = [name for name in entry.fields if name not in {*entry.changes, *details}]
    changes += [Change(_label(entry.model, name)) for name in hidden]
    changes.sort(key=lambda change: (change.is_private, change.label))
    person = people.get(entry.actor_id or 0)
    model = str(MODELS.get(entry.model, entry.model))
    return ShownEntry(entry, person, actor_words(entry, person), model, changes)


def actor_words(entry: AuditEntry, person: Any) -> str:
    """Return the actor of an entry: a name as it is now, a program, or a visitor."""
    if entry.way in (AuditEntry.Way.TASK, AuditEntry.Way.COMMAND):
        return _program_words(entry, person)
    return _("visitante") if entry.actor_id is None else _name(person)


def _program_words(entry: AuditEntry, person: Any) -> str:
    if not entry.program:  # of an earlier version
        words = _("sistema")
    elif entry.way == AuditEntry.Way.TASK:
        words = _("sistema: tarefa %(task)s") % {"task": entry.program}
    else:
        words = _("comando %(command)s") % {"command": entry.program}
    if entry.actor_id is None:
        return words
    return _("%(system)s, para %(person)s") % {"system": words, "person": _name(person)}


def _name(person: Any) -> str:
    return str(person.name) if person else _("conta apagada")


def _field(label: str, name: str) -> Any:
    try:
        return apps.get_model(label)._meta.get_field(name)
    except (LookupError, ValueError, FieldDoesNotExist):
        return None  # of an earlier version


def _names_people(field: Any) -> bool:
    related = getattr(field, "related_model", None)
    return related is not None and related._meta.label_lower == "accounts.user"


def _label(model: str, name: str) -> str:
    field = _field(model, name)
    return str(FIELDS.get(name) or (field.verbose_name if field else name))


def _value(model: str, name: str, value: Any, people: Mapping[int, Any]) -> str:
    field = _field(model, name)
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return _("sim") if value else _("não")
    if _names_people(field):
        person = people.get(value)
        return person.name if person else _("conta nº %(number)s") % {"number": value}
    choices = dict(getattr(field, "flatchoices", None) or ())
    if not isinstance(value, list | dict) and value in choices:
        return str(choices[value])
    if isinstance(field, models.DateTimeField) and isinstance(value, str):
        return _moment(value)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    return date_format(local, "SHORT_DATETIME_FORMAT")
