"""Permissions and limits in clubs, and the filter of words."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop as _

from mainapp.accounts.policies import MemberRequest
from mainapp.core.limits import CLUB, DAY_S, OPEN, Limit, Quota
from mainapp.core.names import without_hidden
from mainapp.core.policies import (
    HOST,
    MEMBERS,
    OWNER,
    Area,
    Socket,
    action,
    form,
    operation,
    page,
)
from mainapp.market.symbols import fold

if TYPE_CHECKING:
    from mainapp.clubs.models import Club, ClubMember

NEW_CLUBS = Quota(name="clubs", label=_("clubes novos"), seed="CLUBS_A_DAY", window_s=DAY_S)
# Upper bound for all plans: each change of a club is sent to all of its members.
MAX_MEMBERS = 1000
MEMBERS_OF_CLUB = Quota(
    name="club-members",
    label=_("membros do clube"),
    seed="CLUB_MAX_MEMBERS",
    of=CLUB,
    held="clubs.clubmember",
    most=MAX_MEMBERS,
)
# Changes of a club and its members; each reaches all open pages of the club.
CHANGES = Limit(
    "club-changes", 60, 60.0, _("Mudanças demais; espere um pouco."), without_redis=OPEN
)
JOININGS = Limit("club-joinings", 30, 60.0, _("Convites demais; espere um pouco."))
MAX_INVITATIONS = 50  # valid at the same time, of one club
MAX_USES = 1000
MAX_DAYS = 90
# A deleted club can be restored for this long.
KEPT = timedelta(days=30)

# In the tables of clubs `OWNER` means a member, and `HOST` an owner or a manager. For everybody
# else, staff included, the club does not exist.
OF_MEMBERS = OWNER | HOST
_WORD = re.compile(r"\w+")


class ClubRequest(MemberRequest):
    """A request to a page of a club, by a member."""

    club: "Club"
    member: "ClubMember"


def filtered_word(text: str, words: str) -> str | None:
    """Return the first line of `words` that a text contains as whole words, or None.

    Case, accents, punctuation and hidden characters are ignored.
    """
    if not words:
        return None
    searched = f" {_plain_words(text)} "
    lines = words.splitlines()
    return next((word for word in lines if f" {_plain_words(word)} " in searched), None)


def _plain_words(text: str) -> str:
    # Split lines first, because line breaks are removed as hidden characters.
    return " ".join(_WORD.findall(fold(without_hidden(" ".join(text.split())))))


PAGES = {
    "clubes": page(MEMBERS),
    "novo-clube": form(MEMBERS),
    "club": page(OF_MEMBERS, of="club"),
    "edit-club": form(HOST, of="club"),
    "club-picture": page(OF_MEMBERS, of="club picture"),
    "update-club-picture": action(HOST, of="club"),
    "remove-club-picture": form(HOST, of="club"),
    "club-members": page(OF_MEMBERS, of="club"),
    "club-role": action(HOST, of="club"),
    "remove-member": form(HOST, of="club member"),
    "leave-club": form(OF_MEMBERS, of="club"),
    "club-portfolio": action(OF_MEMBERS, of="club"),
    "choose-club": action(OF_MEMBERS, of="club"),
    "club-invitations": form(HOST, of="club"),
    "revoke-invitation": action(HOST, of="club invitation"),
    "join-club": form(MEMBERS, of="invitation"),
    "club-moderation": page(HOST, of="club"),
    "report-club": form(OWNER, of="club"),
    "delete-club": form(HOST, of="club"),
    "restore-club": action(HOST, of="deleted club"),
}

OPERATIONS = {
    "api-clubs": operation(Area.CLUBS, get=MEMBERS, post=MEMBERS),
    # The tables admit members; the services check the roles of managers and owners.
    "api-club": operation(Area.CLUBS, get=OWNER, patch=OWNER, delete=OWNER),
    "api-club-list": operation(Area.CLUBS, get=OWNER, patch=OWNER),
    "api-club-members": operation(Area.CLUBS, get=OWNER),
    "api-club-member": operation(Area.CLUBS, patch=OWNER, delete=OWNER),
    "api-club-invitations": operation(Area.CLUBS, get=OWNER, post=OWNER),
    "api-club-invitation": operation(Area.CLUBS, delete=OWNER),
    "api-club-join": operation(Area.CLUBS, post=MEMBERS),
}

SOCKET = Socket(opens=OF_MEMBERS, frames={"ping": OF_MEMBERS}, of="club")
