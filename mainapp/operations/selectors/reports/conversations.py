"""Report of a user's own messages, in the rooms they may still read."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.models import User
from mainapp.forum.models import Message, Room
from mainapp.operations.selectors.reports.kind import Column, Kind, choice_text

ROOM_KINDS, KINDS = dict(Room.Kind.choices), dict(Message.Kind.choices)


class Conversations(Kind):
    name = "conversations"
    label = _("Minhas mensagens")
    columns = (
        Column(_("Tipo de sala")),
        Column(_("Sala")),
        Column(_("Número")),
        Column(_("Tipo")),
        Column(_("Mensagem")),
        Column(_("Enviada em"), is_time=True),
        Column(_("Editada em"), is_time=True),
    )

    def rows(self, user: User, params: Mapping[str, Any]) -> "QuerySet[Any, tuple[Any, ...]]":
        messages = Message.objects.visible_to(user).filter(author=user, deleted_at=None)
        fields = ("room__kind", "room__name", "seq", "kind", "body", "sent_at", "edited_at")
        return messages.values_list("pk", *fields)

    def cells(self, row: tuple[Any, ...]) -> Sequence[Any]:
        _pk, room_kind, room, number, kind, *others = row
        kinds = (choice_text(ROOM_KINDS, room_kind), choice_text(KINDS, kind))
        return (kinds[0], room, number, kinds[1], *others)
