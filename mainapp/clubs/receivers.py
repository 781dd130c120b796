"""End the memberships of an account that is deleted, however it is deleted."""

from typing import Any

from django.db.models.signals import pre_delete
from django.dispatch import receiver

from mainapp.accounts.models import User
from mainapp.clubs.services.members import leave_all_clubs


@receiver(pre_delete, sender=User)
def leave_clubs(instance: User, **_kwargs: Any) -> None:
    leave_all_clubs(user=instance)
