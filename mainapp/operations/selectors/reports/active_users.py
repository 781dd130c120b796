"""Report of all active accounts, for admins."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.models import User
from mainapp.accounts.policies import is_admin_level
from mainapp.operations.selectors.reports.kind import Column, Kind, choice_text

LEVELS = dict(User.Access.choices)


class ActiveUsers(Kind):
    """Names and times only; addresses are only in the admin's pages."""

    name = "active_users"
    label = _("Contas ativas")
    columns = (
        Column(_("Conta")),
        Column(_("Usuário")),
        Column(_("Nome de exibição")),
        Column(_("Nível de acesso")),
        Column(_("Criada em"), is_time=True),
        Column(_("Última entrada"), is_time=True),
    )

    def is_offered(self, user: User) -> bool:
        return is_admin_level(user)

    def rows(self, user: User, params: Mapping[str, Any]) -> "QuerySet[Any, tuple[Any, ...]]":
        return User.objects.filter(is_active=True).values_list(
            "pk", "username", "display_name", "access_level", "date_joined", "last_login"
        )

    def cells(self, row: tuple[Any, ...]) -> Sequence[Any]:
        pk, username, name, level, *times = row
        return (pk, username, name, choice_text(LEVELS, level), *times)
