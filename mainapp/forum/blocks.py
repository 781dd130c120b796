"""The forum's blocks: unread talk, the rooms about a paper, a person's messages and rooms."""

from typing import Any

from mainapp.accounts.models import User
from mainapp.accounts.policies import MemberRequest
from mainapp.clubs.models import Club
from mainapp.core.blocks import Block, BlockContext
from mainapp.core.policies import MEMBERS
from mainapp.forum.selectors.conversations import club_conversations, unread_conversations
from mainapp.forum.selectors.person import newest_messages_of, rooms_hosted_by
from mainapp.forum.selectors.rooms import rooms_on
from mainapp.market.models import Stock

UNREAD_SHOWN = 4
CLUB_SHOWN = 5


def _rooms(stock: Stock, **_page: Any) -> BlockContext:
    rows = rooms_on(stock)
    return {"room_rows": rows} if rows or stock.is_active else None


def _messages_of(person: User, **_page: Any) -> BlockContext:
    return {"person_messages": newest_messages_of(person)}


def _rooms_of(person: User, **_page: Any) -> BlockContext:
    rooms, has_more = rooms_hosted_by(person)
    return {"person_rooms": rooms, "has_more_rooms": has_more}


def _unread(request: MemberRequest) -> BlockContext:
    chats = unread_conversations(request.user, limit=UNREAD_SHOWN)
    return {"unread_chats": chats} if chats else None


def _club_rooms(request: MemberRequest, club: Club, **_page: Any) -> BlockContext:
    return {"club_chats": club_conversations(club.pk, request.user, limit=CLUB_SHOWN)}


def _nothing_more(**_page: Any) -> BlockContext:
    return {}


BLOCKS = [
    Block(
        place="club",
        name="rooms",
        order=20,
        who=MEMBERS,
        template="mainapp/forum/club_block.html",
        context=_club_rooms,
    ),
    Block(
        place="home",
        name="talk",
        order=22,
        who=MEMBERS,
        template="mainapp/forum/home_block.html",
        context=_unread,
    ),
    Block(
        place="profile-actions",
        name="talk",
        order=10,
        who=MEMBERS,
        template="mainapp/forum/profile/talk.html",
        context=_nothing_more,
    ),
    Block(
        place="paper-side",
        name="rooms",
        order=40,
        template="mainapp/forum/paper/rooms.html",
        context=_rooms,
    ),
    Block(
        place="profile",
        name="messages",
        order=20,
        template="mainapp/forum/profile/messages.html",
        context=_messages_of,
    ),
    Block(
        place="profile",
        name="rooms",
        order=30,
        template="mainapp/forum/profile/rooms.html",
        context=_rooms_of,
    ),
]
