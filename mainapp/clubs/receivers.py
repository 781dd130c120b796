"""Signal receivers: the end of memberships and lists, however an account or club is deleted."""

from typing import Any

from django.db.models.signals import post_delete, pre_delete
from django.dispatch import receiver

from mainapp.accounts.models import User
from mainapp.clubs.models import Club
from mainapp.clubs.selectors.audience import CLUB
from mainapp.clubs.services.members import leave_all_clubs
from mainapp.core.audience import key_of
from mainapp.core.limits.database_store import usages_of
from mainapp.market.services.watchlists import delete_lists_of


@receiver(pre_delete, sender=User)
def leave_clubs(instance: User, **_kwargs: Any) -> None:
    leave_all_clubs(user=instance)


@receiver(post_delete, sender=Club)
def delete_lists(instance: Club, **_kwargs: Any) -> None:
    delete_lists_of(audience=key_of(CLUB, instance.pk))


@receiver(post_delete, sender=Club)
def delete_usages(instance: Club, **_kwargs: Any) -> None:
    usages_of(instance).delete()
