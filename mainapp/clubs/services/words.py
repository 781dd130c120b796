"""The filter of words of a club."""

from django.utils.translation import gettext_noop as _

from mainapp.clubs.exceptions import Invalid
from mainapp.clubs.models import Club
from mainapp.clubs.policies import filtered_word


def check_club_text(club: Club | None, *texts: str, field: str = "body") -> None:
    """Check new texts of a club (None: public texts, which pass). No query.

    Raises: Invalid, if a text contains one of the club's filtered words.
    """
    if club is None:
        return
    for text in texts:
        if word := filtered_word(text, club.filtered_words):
            raise Invalid(
                _("Este clube não aceita “%(word)s”."), {"word": word}, fields={field: "words"}
            )
