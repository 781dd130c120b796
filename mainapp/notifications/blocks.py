"""The notifications' block on the home page: the newest ones."""

from mainapp.accounts.policies import MemberRequest
from mainapp.core.blocks import Block, BlockContext
from mainapp.core.policies import MEMBERS
from mainapp.notifications.selectors.inbox import inbox_of, notes

NEWEST = 4


def _home(request: MemberRequest) -> BlockContext:
    newest = notes(inbox_of(request.user)[:NEWEST])
    return {"notes": newest} if newest else None


BLOCKS = [
    Block(
        place="home",
        name="notifications",
        order=35,
        who=MEMBERS,
        template="mainapp/notifications/home_block.html",
        context=_home,
    ),
]
