"""Links to the audit, for admins, in a profile's menu and on a club's page."""

from typing import Any

from django.http import HttpRequest

from mainapp.accounts.models import User
from mainapp.accounts.policies import is_admin_level
from mainapp.clubs.models import Club
from mainapp.core.blocks import Block, BlockContext
from mainapp.core.policies import MEMBERS


def _of_person(request: HttpRequest, person: User, **_page: Any) -> BlockContext:
    return {} if is_admin_level(request.user) else None


def _of_club(request: HttpRequest, club: Club, **_page: Any) -> BlockContext:
    return {} if is_admin_level(request.user) else None


BLOCKS = [
    Block(
        place="profile-menu",
        name="audit",
        order=95,
        who=MEMBERS,
        template="mainapp/operations/profile_menu.html",
        context=_of_person,
    ),
    Block(
        place="club",
        name="audit",
        order=99,
        who=MEMBERS,
        template="mainapp/operations/club_block.html",
        context=_of_club,
    ),
]
