"""Block of a club's page: the list that its members follow together."""

from typing import Any

from mainapp.core.audience import key_of
from mainapp.core.blocks import Block, BlockContext
from mainapp.core.policies import MEMBERS
from mainapp.market.selectors.boards import listed_in
from mainapp.market.selectors.watchlists import list_of_audience

SHOWN = 6


def shared_list(club: Any, **_page: Any) -> BlockContext:
    """Return the first stocks of a club's list, whose page only members open. Three queries."""
    watchlist = list_of_audience(key_of("club", club.pk))
    return {"club_list": watchlist, "club_lines": listed_in(watchlist)[:SHOWN] if watchlist else []}


BLOCKS = [
    Block(
        place="club",
        name="list",
        order=30,
        who=MEMBERS,
        template="mainapp/market/club_list.html",
        context=shared_list,
    ),
]
