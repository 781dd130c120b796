"""Changes to a user's preferences and public profile."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import NameTaken, Preferences, User
from mainapp.accounts.services.names import record_names
from mainapp.accounts.services.presence import announce_presence, forget_presence
from mainapp.core.exceptions import DomainError
from mainapp.core.names import is_plain_text, tidy


def save_preferences(*, user: User, **fields: Any) -> Preferences:
    """Save the given fields of Preferences and leave the others unchanged. Safe to repeat."""
    with transaction.atomic():
        preferences, _is_new = Preferences.objects.update_or_create(user=user, defaults=fields)
        if "hides_presence" in fields:
            forget_presence(user.pk)
    return preferences


def save_profile(*, user: User, display_name: str, bio: str) -> None:
    """Save a user's public name and description, both plain text; only changes are checked.

    Raises: DomainError, with the field, for a name that looks like another user's, like a reserved
    one or like the placeholder for deleted users, and for hidden characters.
    """
    display_name = tidy(display_name)
    bio = bio.replace("\r\n", "\n").replace("\r", "\n").strip()
    with transaction.atomic():
        saved = User.objects.values_list("display_name", "bio").get(pk=user.pk)
        if display_name != tidy(saved[0]):
            _check_display_name(user, display_name)
        if bio != saved[1] and not is_plain_text(bio):
            raise DomainError("invalid", _("Há um caractere que não se pode mostrar."))
        User.objects.filter(pk=user.pk).update(display_name=display_name, bio=bio)
        user.display_name, user.bio = display_name, bio
        if display_name == saved[0]:
            return
        announce_presence([user.pk])
        try:
            record_names(user=user)
        except NameTaken:
            # Another transaction took it since the check above: now the check says so.
            _check_display_name(user, display_name)
            raise


def _check_display_name(user: User, name: str) -> None:
    """Raises: DomainError."""
    try:
        User.objects.check_display_name(name, user)
    except ValidationError as error:
        raise DomainError("invalid", "%(error)s", {"error": error.messages[0]}) from None
