"""The filter of words of a club."""

from django.utils.translation import gettext_noop as _

from mainapp.clubs.exceptions import Invalid
from mainapp.clubs.models import Club
from mainapp.clubs.policies import filtered_word


def check_club_text(club: Club | None, *texts: str, field: str = "body") -> None:
    """Check texts that somebody writes for a club; public ones (None) pass. No query.

    Raises: Invalid, if a text contains a word that the club filters.
    """
    for text in texts if club else ():
        if word := filtered_word(text, club.filtered_words):
            raise Invalid(
                _("Este clube não aceita “%(word)s”."), {"word": word}, fields={field: "words"}
            )
