"""Deletion of an account with the user's own data; forum messages stay, without the name."""

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import User
from mainapp.accounts.services.log_ins import end_log_ins
from mainapp.core.audit import gathering
from mainapp.core.exceptions import DomainError

ADMINS = Q(access_level=User.Access.ADMIN) | Q(is_superuser=True)


def delete_account(*, user: User) -> None:
    """Delete a user's row, sessions and pictures, and by cascade the data that only they use.

    Messages and rooms stay, without author and host. One transaction; picture files are removed
    after the commit. Safe to repeat. Raises: DomainError for the last active admin.
    """
    with transaction.atomic(), gathering():
        _check_not_last_admin(user)
        row = User.objects.select_for_update().filter(pk=user.pk).first()
        if row is None:
            return
        end_log_ins(user=row)
        row.delete()


def _check_not_last_admin(user: User) -> None:
    """Raise for the last admin; locks all admins, as the last two may do this concurrently."""
    admins = User.objects.filter(ADMINS, is_active=True).order_by("pk")
    keys = set(admins.select_for_update().values_list("pk", flat=True))
    if keys == {user.pk}:
        raise DomainError(
            "invalid",
            _(
                "Esta é a única conta de administrador. Dê antes este nível a outra pessoa, na "
                "administração: sem ele ninguém mais cuidaria do servidor."
            ),
        )
