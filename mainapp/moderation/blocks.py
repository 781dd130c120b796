"""Blocks of profiles: the suspension, and the links to report or suspend a person."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.policies import is_suspended
from mainapp.core.blocks import Block, BlockContext
from mainapp.core.policies import MEMBERS
from mainapp.moderation.policies import may_suspend


def _suspension(request: HttpRequest, person: User, **_page: Any) -> BlockContext:
    """Show a suspension to its person, and to those who may change it."""
    is_own = request.user.pk == person.pk
    is_shown = is_own or may_suspend(request.user, person)
    return {} if is_shown and is_suspended(person, at=timezone.now()) else None


def _actions(request: HttpRequest, person: User, **_page: Any) -> BlockContext:
    return {"may_suspend": may_suspend(request.user, person)}


BLOCKS = [
    Block(
        place="profile",
        name="suspension",
        order=90,
        who=MEMBERS,
        template="mainapp/moderation/suspension_block.html",
        context=_suspension,
    ),
    Block(
        place="profile-menu",
        name="moderation",
        order=90,
        who=MEMBERS,
        template="mainapp/moderation/profile_menu.html",
        context=_actions,
    ),
]
