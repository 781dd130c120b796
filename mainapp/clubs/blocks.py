"""The clubs' blocks: one's clubs on the home page, and those shared with a person."""

from typing import Any

from mainapp.accounts.models import User
from mainapp.accounts.policies import MemberRequest
from mainapp.clubs.selectors.clubs import memberships_of, shared_clubs
from mainapp.core.blocks import Block, BlockContext
from mainapp.core.policies import MEMBERS

HOME_CLUBS = 4


def _own(request: MemberRequest) -> BlockContext:
    own = list(memberships_of(request.user)[: HOME_CLUBS + 1])
    return {"own_clubs": own[:HOME_CLUBS], "has_more_clubs": len(own) > HOME_CLUBS} if own else None


def _shared(request: MemberRequest, person: User, **_page: Any) -> BlockContext:
    shared = shared_clubs(person, request.user)
    return {"shared_clubs": shared} if shared else None


BLOCKS = [
    Block(
        place="home",
        name="clubs",
        order=24,
        who=MEMBERS,
        template="mainapp/clubs/home_block.html",
        context=_own,
    ),
    Block(
        place="profile",
        name="clubs",
        order=15,
        who=MEMBERS,
        template="mainapp/clubs/profile_block.html",
        context=_shared,
    ),
]
