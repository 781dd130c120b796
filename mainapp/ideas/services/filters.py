"""Saved filters of the list of ideas."""

from django.db import transaction
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import User
from mainapp.core.exceptions import DomainError
from mainapp.ideas.models import SavedFilter
from mainapp.ideas.policies import MAX_FILTERS


def save_filter(*, owner: User, name: str, query: str) -> SavedFilter:
    """Save a query under a name, or replace the query of that name. Raises: DomainError."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        own = SavedFilter.objects.filter(owner=owner)
        if not own.filter(name=name).exists() and own.count() >= MAX_FILTERS:
            raise DomainError(
                "limit_reached", _("São até %(limit)s filtros salvos."), {"limit": MAX_FILTERS}
            )
        row, _is_new = SavedFilter.objects.update_or_create(
            owner=owner, name=name, defaults={"query": query[:500]}
        )
    return row


def delete_filter(row: SavedFilter) -> None:
    row.delete()
