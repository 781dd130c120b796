"""The server marks old prices on every page that shows some, for readers without scripts too."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from mainapp.market.board import FeedStatus
from mainapp.market.services import updating
from mainapp.market.services.watchlists import create_list
from mainapp.market.tests.factories import LastQuoteFactory, StockFactory

STALE, LIVE = 'data-prices="stale"', 'data-prices="live"'
PAGES = [
    "home",
    "stocktracker",
    "graph",
    "stockpicker",
    "watchlist",
    "shared-list",
    "alerts",
    "carteira",
    "forum",
]


@pytest.fixture
def paths(alice):
    watchlist = create_list(owner=alice, name="Minha")
    arguments = {
        "stockpicker": ["IBOV"],
        "watchlist": [watchlist.pk],
        "shared-list": [watchlist.share_key],
    }
    return [reverse(name, args=arguments.get(name)) for name in PAGES]


def test_every_page_is_marked_by_the_state_of_the_feed(client, alice, paths):
    LastQuoteFactory(stock=StockFactory(symbol="IBOV"))
    client.force_login(alice)

    assert [path for path in paths if STALE not in client.get(path).content.decode()] == []

    now, board = timezone.now(), updating.quote_board()
    board.restore([])
    board.put([], FeedStatus(batch_at=now, next_due_at=now + timedelta(seconds=10)))
    board.renew_worker_lease()
    assert [path for path in paths if LIVE not in client.get(path).content.decode()] == []


def test_badge_is_readable_without_scripts_while_prices_are_old(client, db):
    html = client.get("/").content.decode()
    badge = re.search(r'<span class="badge-feed".*', html)

    assert badge
    text = re.sub(r"<[^>]+>", "", badge[0]).strip()
    assert text == "Desatualizado as cotações pararam de chegar ao servidor"


def test_pages_without_prices_are_not_marked(client, db):
    assert "data-prices" not in client.get("/privacy/").content.decode()
