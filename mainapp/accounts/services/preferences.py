"""Changes to a user's preferences and public profile."""

import unicodedata
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import Preferences, User
from mainapp.accounts.policies import is_staff_level
from mainapp.accounts.selectors import removed_user_name
from mainapp.core.exceptions import DomainError


def save_preferences(*, user: User, **fields: Any) -> Preferences:
    """Save the given fields of Preferences and leave the others unchanged. Safe to repeat."""
    preferences, _is_new = Preferences.objects.update_or_create(user=user, defaults=fields)
    return preferences


def save_profile(*, user: User, display_name: str, bio: str) -> None:
    """Save a user's public name and description, both plain text.

    Raises: DomainError for a display name that is another user's username, the placeholder for
    deleted users, or reserved for staff.
    """
    with transaction.atomic():
        _check_display_name(user, display_name)
        User.objects.filter(pk=user.pk).update(display_name=display_name, bio=bio)
    user.display_name, user.bio = display_name, bio


def _check_display_name(user: User, name: str) -> None:
    plain = _visible_form(name)
    others = User.objects.filter(username__iexact=plain).exclude(pk=user.pk)
    if plain in _deleted_user_names() or (plain and others.exists()):
        raise DomainError("invalid", _("Este nome já é de outra pessoa."))
    if plain in settings.ACCOUNT_USERNAME_BLACKLIST and not is_staff_level(user):
        raise DomainError("invalid", _("Este nome é reservado. Escolha outro."))


def _visible_form(name: str) -> str:
    """Return a name without case and without invisible format characters, for comparison."""
    letters = unicodedata.normalize("NFKC", name).casefold()
    return "".join(char for char in letters if unicodedata.category(char) != "Cf").strip()


def _deleted_user_names() -> set[str]:
    names = set()
    for language in ("pt-br", "en"):
        with translation.override(language):
            names.add(removed_user_name().casefold())
    return names
