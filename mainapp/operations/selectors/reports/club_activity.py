"""The activity of a club's members, for its managers."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count, IntegerField, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.models import User
from mainapp.clubs.models import ClubMember
from mainapp.forum.models import Message
from mainapp.ideas.models import Idea
from mainapp.operations.selectors.reports.kind import (
    Column,
    InvalidParams,
    Kind,
    Option,
    choice_text,
    refuse_unknown,
)

ROLES = dict(ClubMember.Role.choices)


class ClubActivity(Kind):
    """A row of each member: messages in the club's rooms and ideas in the club.

    `params` are `{"club": slug}`. Private conversations of members are not counted.
    """

    name = "club_activity"
    label = _("Atividade de um clube")
    columns = (
        Column(_("Membro")),
        Column(_("Usuário")),
        Column(_("Papel no clube")),
        Column(_("Mensagens")),
        Column(_("Ideias")),
        Column(_("Membro desde"), is_time=True),
        Column(_("Última mensagem"), is_time=True),
    )

    def is_offered(self, user: User) -> bool:
        return managed(user).exists()

    def options(self, user: User) -> list[Option]:
        clubs = managed(user).order_by("club__name").values_list("club__slug", "club__name")
        return [Option({"club": slug}, f"{self.label}: {name}") for slug, name in clubs]

    def title(self, params: Mapping[str, Any]) -> str:
        return f"{self.label}: {params['club']}"

    def is_allowed(self, user: User, params: Mapping[str, Any]) -> bool:
        return managed(user).filter(club__slug=params["club"]).exists()

    def clean(self, user: User, params: Mapping[str, Any]) -> dict[str, Any]:
        refuse_unknown(params, known=("club",))
        slug = params.get("club")
        if not slug or not isinstance(slug, str):
            raise InvalidParams({"club": gettext("Escolha o clube do relatório.")})
        if not self.is_allowed(user, {"club": slug}):
            raise InvalidParams({"club": gettext("Você não administra um clube com este nome.")})
        return {"club": slug}

    def rows(self, user: User, params: Mapping[str, Any]) -> "QuerySet[Any, tuple[Any, ...]]":
        members = ClubMember.objects.filter(club__slug=params["club"], club__archived_at=None)
        sent = Message.objects.filter(
            room__club=OuterRef("club"), author=OuterRef("user"), deleted_at=None
        )
        ideas = Idea.objects.filter(club=OuterRef("club"), author=OuterRef("user"), deleted_at=None)
        return members.annotate(
            messages=_count(sent, "author"),
            own_ideas=_count(ideas, "author"),
            last_message_at=Subquery(
                sent.order_by().values("author").annotate(last=Max("sent_at")).values("last")
            ),
        ).values_list(
            *("pk", "user__display_name", "user__username", "role", "messages", "own_ideas"),
            *("joined_at", "last_message_at"),
        )

    def cells(self, row: tuple[Any, ...]) -> Sequence[Any]:
        _pk, name, username, role, *others = row
        return (name or username, username, choice_text(ROLES, role), *others)


def managed(user: User) -> "QuerySet[ClubMember]":
    """Return a user's memberships in the clubs that they manage."""
    own = ClubMember.objects.filter(user=user, club__archived_at=None)
    return own.exclude(role=ClubMember.Role.MEMBER)


def _count(rows: "QuerySet[Any]", field: str) -> Any:
    counts = rows.order_by().values(field).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counts, output_field=IntegerField()), 0)
