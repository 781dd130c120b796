"""Checks of a message before it is stored: its writer, its links and its words."""

import re
from datetime import datetime

from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import User
from mainapp.accounts.policies import check_not_new
from mainapp.clubs.policies import filtered_word
from mainapp.forum.exceptions import Invalid, LoginRequired
from mainapp.forum.models import Room

# Links of rendered text to other sites; those of chips and mentions stay on this one.
LINK = re.compile(r'href="(?:https?|mailto):')
RIGHTS = ("is_active", "access_level", "is_superuser", "suspended_until", "date_joined")


def lock_author(author: User) -> User:
    """Lock the user's row, so that their other writes wait, and return its current state.

    Raises: LoginRequired (deleted or deactivated).
    """
    # FOR NO KEY UPDATE: inserting rows that refer to the user, such as alerts, does not wait.
    users = User.objects.select_for_update(no_key=True)
    locked = users.only(*RIGHTS).filter(pk=author.pk)
    if (user := locked.first()) is None or not user.is_active:
        raise LoginRequired
    return user


def check_text(*, text: str, html: str, room: Room, writer: User, at: datetime) -> None:
    """Check a text with its rendering. Raises: NewAccount (it has a link), Invalid (its words)."""
    if LINK.search(html):
        check_not_new(writer, at=at)
    words = room.filtered_words
    if room.club:
        words = f"{words}\n{room.club.filtered_words}"
    if word := filtered_word(text, words):
        raise Invalid(
            _("Esta sala não aceita “%(word)s”."), {"word": word}, fields={"body": "words"}
        )
