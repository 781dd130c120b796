"""The block of profiles: complaining about a person, and for staff the suspension."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.policies import is_suspended
from mainapp.core.blocks import Block, BlockContext
from mainapp.core.policies import MEMBERS
from mainapp.moderation.policies import may_suspend


def _standing(request: HttpRequest, person: User, **_page: Any) -> BlockContext:
    """Show the owner their own suspension, and others what they may do about the person."""
    is_own = request.user.pk == person.pk
    shows_end = is_suspended(person, at=timezone.now())
    if is_own and not shows_end:
        return None
    may = may_suspend(request.user, person)
    return {"is_own": is_own, "shows_suspension": shows_end and (is_own or may), "may_suspend": may}


BLOCKS = [
    Block(
        place="profile",
        name="standing",
        order=90,
        who=MEMBERS,
        template="mainapp/moderation/profile_block.html",
        context=_standing,
    )
]
