"""Receivers of log-ins (the preferred language) and of account deletions (outbox mails)."""

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import pre_delete
from django.dispatch import receiver

from mainapp.accounts.models import User
from mainapp.accounts.selectors import preferences_of
from mainapp.notifications.models import Delivery


@receiver(user_logged_in)
def choose_language(sender: type, request: Any, user: User, **options: Any) -> None:
    """Store the user's language on the request; `set_log_in_cookies` then sets the cookie."""
    if request is not None:
        request.chosen_language = preferences_of(user).language


@receiver(pre_delete, sender=User)
def forget_mails(instance: User, **options: Any) -> None:
    """Delete the account's mails from the outbox; they name an address instead of a user."""
    addresses = {*EmailAddress.objects.filter(user=instance).values_list("email", flat=True)}
    if addresses := (addresses | {instance.email}) - {""}:
        sent = Delivery.objects.filter(user=None, address__in=addresses)
        sent.exclude(state__in=Delivery.OPEN).delete()
