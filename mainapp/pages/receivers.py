"""What a log-in brings along, and what the end of an account takes with it."""

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
    """Note the language of who logs in; the middleware of pages tells the browser."""
    if request is not None:
        request.chosen_language = preferences_of(user).language


@receiver(pre_delete, sender=User)
def forget_mails(instance: User, **options: Any) -> None:
    """Delete the account's own mails from the outbox, which name an address and no user."""
    addresses = {*EmailAddress.objects.filter(user=instance).values_list("email", flat=True)}
    if addresses := (addresses | {instance.email}) - {""}:
        sent = Delivery.objects.filter(user=None, address__in=addresses)
        sent.exclude(state__in=Delivery.OPEN).delete()
