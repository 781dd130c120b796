"""The forum's block on the page of a paper: its rooms."""

from typing import Any

from mainapp.core.blocks import Block, BlockContext
from mainapp.forum.selectors.rooms import rooms_on
from mainapp.market.models import Stock


def _rooms(stock: Stock, **_page: Any) -> BlockContext:
    rows = rooms_on(stock)
    return {"room_rows": rows} if rows or stock.is_active else None


BLOCKS = [
    Block(
        place="paper-side",
        name="rooms",
        order=40,
        template="mainapp/forum/paper/rooms.html",
        context=_rooms,
    )
]
