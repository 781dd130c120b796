"""Keep what a person prefers, and what others read of them."""

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


def save_preferences(*, user: User, **chosen: Any) -> Preferences:
    """Keep the fields of Preferences that are given; the others stay. Safe to repeat."""
    kept, _created = Preferences.objects.update_or_create(user=user, defaults=chosen)
    return kept


def save_profile(*, user: User, display_name: str, bio: str) -> None:
    """Keep what others read of a person; both are one's own words, plain text.

    Raises: DomainError for a display name that is somebody else's username, nobody's name, or one
    kept for the staff.
    """
    with transaction.atomic():
        _check_display_name(user, display_name)
        User.objects.filter(pk=user.pk).update(display_name=display_name, bio=bio)
    user.display_name, user.bio = display_name, bio


def _check_display_name(user: User, name: str) -> None:
    plain = _shown(name)
    others = User.objects.filter(username__iexact=plain).exclude(pk=user.pk)
    if plain in _names_of_nobody() or (plain and others.exists()):
        raise DomainError("invalid", _("Este nome já é de outra pessoa."))
    if plain in settings.ACCOUNT_USERNAME_BLACKLIST and not is_staff_level(user):
        raise DomainError("invalid", _("Este nome é reservado. Escolha outro."))


def _shown(name: str) -> str:
    """Return a name as it is read: without case, and without what takes no room."""
    letters = unicodedata.normalize("NFKC", name).casefold()
    return "".join(one for one in letters if unicodedata.category(one) != "Cf").strip()


def _names_of_nobody() -> set[str]:
    names = set()
    for language in ("pt-br", "en"):
        with translation.override(language):
            names.add(removed_user_name().casefold())
    return names
