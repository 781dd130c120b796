"""The alerts' blocks on the home page, the own profile and the page of a paper."""

from typing import Any

from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.policies import MemberRequest
from mainapp.alerts.selectors.alerts import alerts_on
from mainapp.alerts.selectors.nearest import nearest_limits
from mainapp.alerts.selectors.person import profile_context
from mainapp.alerts.selectors.shared import shared_alerts, shared_rows
from mainapp.clubs.models import Club
from mainapp.core.blocks import Block, BlockContext
from mainapp.core.policies import MEMBERS
from mainapp.market.blocks import if_active
from mainapp.market.models import Stock
from mainapp.market.quotes import Quote

NEAREST = 4
CLUB_SHOWN = 5


def _home(request: MemberRequest) -> BlockContext:
    limits = nearest_limits(request.user, at=timezone.now(), size=NEAREST)
    return {"limits": limits, "is_calm": all(limit.is_far for limit in limits)}


def _profile(request: MemberRequest, person: User) -> BlockContext:
    return profile_context(person) if request.user == person else None


def _alerts(
    request: MemberRequest, stock: Stock, quote: Quote | None, **_page: Any
) -> BlockContext:
    rows = alerts_on(request.user, stock, quote, at=timezone.now())
    return {"alert_rows": rows} if rows or stock.is_active else None


def _of_club(request: MemberRequest, club: Club, **_page: Any) -> BlockContext:
    shared = shared_alerts(club.pk, request.user)[:CLUB_SHOWN]
    return {"shared_rows": shared_rows(shared, request.user, at=timezone.now())}


BLOCKS = [
    Block(
        place="club",
        name="alerts",
        order=50,
        who=MEMBERS,
        template="mainapp/alerts/club/block.html",
        context=_of_club,
    ),
    Block(
        place="home",
        name="alerts",
        order=20,
        who=MEMBERS,
        template="mainapp/alerts/home_block.html",
        context=_home,
    ),
    Block(
        place="profile",
        name="alerts",
        order=10,
        who=MEMBERS,
        template="mainapp/alerts/_profile.html",
        context=_profile,
    ),
    Block(
        place="paper-actions",
        name="create-alert",
        order=20,
        template="mainapp/alerts/paper/create.html",
        context=if_active,
    ),
    Block(
        place="paper-side",
        name="alerts",
        order=30,
        who=MEMBERS,
        template="mainapp/alerts/paper/alerts.html",
        context=_alerts,
    ),
]
