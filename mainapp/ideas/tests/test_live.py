"""`ws/idea/<pk>/` through the whole application."""

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from mainapp.accounts.models import Block
from mainapp.clubs.services.members import remove_member
from mainapp.clubs.tests.factories import make_club
from mainapp.ideas.services.comments import comment
from mainapp.ideas.tests.factories import make_idea, record
from mainapp.market.tests.factories import StockFactory
from mainapp.market.tests.quotes import make_quote

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _petr4():
    StockFactory(symbol="PETR4")


def write(work, *args, **kwargs):
    return sync_to_async(work)(*args, **kwargs)


async def test_price_comment_and_outcome_reach_an_open_page(alice, bob, websocket, board):
    now = timezone.now()
    idea = await write(make_idea, alice, at=now)
    async with websocket(f"/ws/idea/{idea.pk}/", bob) as tab:
        assert (await tab.next("status"))["status"] == "open"
        await board.put(make_quote("PETR4", "38.00", quoted_at=now))
        price = await tab.next("price")
        assert (price["price"], price["distance_pct"]) == ("38.00", "5.26")
        assert price["stop_distance_pct"] == "-13.16"

        await write(comment, idea_pk=idea.pk, author=alice, body="Oi", at=now)
        frame = await tab.next("comment")
        assert (frame["user"]["id"], frame["body_html"]) == (alice.pk, "<p>Oi</p>")

        later = timezone.now()
        await write(record, "36.00", start=now)
        await write(record, "40.00", start=later)
        while (frame := await tab.next("status"))["status"] == "open":
            pass
        assert (frame["status"], frame["return_pct"]) == ("target", "11.11")


async def test_idea_of_a_club_is_an_unknown_path_for_others(alice, bob, websocket):
    club = await write(make_club, alice)
    idea = await write(make_idea, alice, club=club)
    for user, pk in ((bob, idea.pk), (None, idea.pk), (bob, 999_999)):
        async with websocket(f"/ws/idea/{pk}/", user) as tab:
            assert await tab.closed() == 4404


async def test_removed_member_gets_no_further_frame(alice, bob, websocket):
    club = await write(make_club, alice, bob)
    idea = await write(make_idea, alice, club=club)
    async with websocket(f"/ws/idea/{idea.pk}/", bob) as tab:
        await tab.next("status")
        await write(remove_member, club_pk=club.pk, actor=alice, user_pk=bob.pk, at=timezone.now())
        await write(comment, idea_pk=idea.pk, author=alice, body="Segredo", at=timezone.now())
        assert await tab.closed() == 4404


async def test_comment_of_a_blocked_person_arrives_folded(alice, bob, websocket):
    idea = await write(make_idea, alice)
    await write(Block.objects.create, blocker=bob, blocked=alice, blocked_at=timezone.now())
    async with websocket(f"/ws/idea/{idea.pk}/", bob) as tab:
        await tab.next("status")
        await write(comment, idea_pk=idea.pk, author=alice, body="Oi", at=timezone.now())
        frame = await tab.next("comment")
        assert (frame["body_html"], frame["folded"]) == ("", True)
