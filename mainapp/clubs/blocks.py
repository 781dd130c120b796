"""Block of a profile with the clubs that the reader and the person have in common."""

from typing import Any

from mainapp.accounts.models import User
from mainapp.accounts.policies import MemberRequest
from mainapp.clubs.selectors.clubs import shared_clubs
from mainapp.core.blocks import Block, BlockContext
from mainapp.core.policies import MEMBERS


def _shared(request: MemberRequest, person: User, **_page: Any) -> BlockContext:
    shared = shared_clubs(person, request.user)
    return {"shared_clubs": shared} if shared else None


BLOCKS = [
    Block(
        place="profile",
        name="clubs",
        order=15,
        who=MEMBERS,
        template="mainapp/clubs/profile_block.html",
        context=_shared,
    ),
]
