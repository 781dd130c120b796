"""What a log-in brings along."""

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver

from mainapp.accounts.models import User
from mainapp.accounts.selectors import preferences_of


@receiver(user_logged_in)
def choose_language(sender: type, request: Any, user: User, **options: Any) -> None:
    """Note the language of who logs in; the middleware of pages tells the browser."""
    if request is not None:
        request.chosen_language = preferences_of(user).language
