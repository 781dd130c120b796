"""Blocks with ideas on the home page, and the pages of a paper, a person and a club."""

from typing import Any

from django.http import HttpRequest

from mainapp.accounts.models import User
from mainapp.clubs.models import Club
from mainapp.core.blocks import Block, BlockContext
from mainapp.core.policies import MEMBERS
from mainapp.ideas.selectors.listing import listed_ideas
from mainapp.ideas.selectors.records import club_ranking, record_of
from mainapp.market.models import Stock

SHOWN = 4


def _home(request: HttpRequest) -> BlockContext:
    """Return the open ideas whose prices moved most."""
    ideas: Any = listed_ideas(request.user)
    rows = ideas.filter(status="open", result__isnull=False)
    moved = sorted(rows.order_by("-created_at")[:50], key=lambda idea: -abs(idea.result))
    return {"idea_rows": moved[:SHOWN]} if moved else None


def _paper(request: HttpRequest, stock: Stock, **_page: Any) -> BlockContext:
    rows = list(listed_ideas(request.user).filter(stock=stock).order_by("-created_at")[:SHOWN])
    return {"idea_rows": rows} if rows or stock.is_active else None


def _profile(request: HttpRequest, person: User, **_page: Any) -> BlockContext:
    record = record_of(person)
    is_own = request.user == person
    return {"record": record, "is_own": is_own} if record.published or is_own else None


def _club(request: HttpRequest, club: Club, **_page: Any) -> BlockContext:
    rows = list(listed_ideas(request.user, [club.slug]).order_by("-created_at")[:SHOWN])
    return {"idea_rows": rows, "ranking": club_ranking(club)[:SHOWN]}


BLOCKS = [
    Block(
        place="home",
        name="ideas",
        order=40,
        who=MEMBERS,
        template="mainapp/ideas/home_block.html",
        context=_home,
    ),
    Block(
        place="paper-side",
        name="ideas",
        order=35,
        template="mainapp/ideas/paper/ideas.html",
        context=_paper,
    ),
    Block(
        place="profile",
        name="ideas",
        order=15,
        template="mainapp/ideas/profile_block.html",
        context=_profile,
    ),
    Block(
        place="club",
        name="ideas",
        order=30,
        template="mainapp/ideas/club_block.html",
        context=_club,
    ),
]
