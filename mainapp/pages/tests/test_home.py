import json
import re
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone, translation

from mainapp.alerts.tests.factories import make_alert
from mainapp.forum.services.marks import mark_room_read
from mainapp.forum.tests.factories import MessageFactory, make_direct, make_group
from mainapp.market.blocks.home import moment_format
from mainapp.market.board import FeedStatus
from mainapp.market.models import Candle, LastQuote, Membership, Stock
from mainapp.market.services import updating
from mainapp.market.tests.factories import (
    NOON,
    CandleFactory,
    LastQuoteFactory,
    MembershipFactory,
    StockFactory,
    WatchlistFactory,
    WatchlistItemFactory,
)
from mainapp.notifications.tests.factories import notice
from mainapp.portfolio.models import Carteira

pytestmark = pytest.mark.django_db


def quote(symbol, *, price, previous_close, volume=1_000, **extra):
    stock = StockFactory(symbol=symbol)
    if symbol != "IBOV" and not stock.memberships.exists():
        MembershipFactory(stock=stock)
    LastQuoteFactory(
        stock=stock,
        price=Decimal(price),
        previous_close=Decimal(previous_close),
        volume=volume,
        **extra,
    )


def page_of(client, query=""):
    """Return the page's HTML without the templates for its script."""
    html = client.get(f"/{query}").content.decode()
    return re.sub(r"<template>.*?</template>", "", html, flags=re.DOTALL)


def put_late(*symbols):
    """Record a live batch that did not reach these symbols."""
    now, board = timezone.now(), updating.quote_board()
    board.restore([])
    board.put([], FeedStatus(batch_at=now, next_due_at=now + timedelta(seconds=10), late=symbols))
    board.renew_worker_lease()


def lists(client):
    """Return the symbols of each list on the page."""
    boards = re.split(r'data-board="', page_of(client))[1:]
    return {board.split('"')[0]: re.findall(r'data-symbol="(\w+)"', board) for board in boards}


@pytest.fixture
def market():
    quote("IBOV", price="142857.14", previous_close="140000.00")
    quote("PETR4", price="40.00", previous_close="38.00", volume=5_000)
    quote("VALE3", price="60.00", previous_close="61.00", volume=9_000)
    quote("ITUB4", price="30.00", previous_close="29.00", volume=1)
    StockFactory(symbol="HGLG11", kind=Stock.Kind.FII)
    LastQuoteFactory(stock=Stock.objects.get(symbol="HGLG11"), volume=10**9)


def test_lists_rank_the_stocks_of_the_index(client, market):
    assert lists(client) == {
        "traded": ["VALE3", "PETR4", "ITUB4"],
        "gainers": ["PETR4", "ITUB4"],
        "losers": ["VALE3"],
    }


def test_the_index_leads_the_page(client, market):
    html = client.get("/").content.decode()

    assert "142.857<small>,14</small>" in html
    assert "+2.857,14 (+2,04%)" in html
    assert 'href="/ativo/IBOV/"' in html


def test_a_row_shows_price_change_and_turnover(client, market):
    html = client.get("/").content.decode()

    assert "<span data-price>60,00</span>" in html
    assert "\N{MINUS SIGN}1,64%" in html
    assert "R$&nbsp;540,0\N{NO-BREAK SPACE}mil" in html
    assert 'href="/ativo/VALE3/"' in html


def test_simulated_and_real_prices_are_not_mixed(client, market):
    LastQuote.objects.update(kind="real")

    assert lists(client) == {"traded": [], "gainers": [], "losers": []}
    assert "142.857" not in client.get("/").content.decode()


def test_an_empty_market_shows_a_message(client):
    html = client.get("/").content.decode()

    assert html.count("Os primeiros preços ainda não chegaram.") == 3
    assert "Ainda não há preços gravados." in html


def test_an_empty_list_shows_its_reason(client):
    quote("PETR4", price="40.00", previous_close="38.00")

    html = client.get("/").content.decode()

    assert re.search(r"<p class=\"board-empty muted\"[^>]*>Nenhuma ação em baixa agora.</p>", html)


def test_the_page_shows_when_its_prices_were_recorded(client, market):
    assert "Página feita com preços até 10/03/2026, 12:00" in client.get("/").content.decode()


def test_the_page_links_to_picker_and_graph(client):
    html = client.get("/").content.decode()

    assert re.search(r'href="/stockpicker/IBOV">Acompanhar ações', html)
    assert re.search(r'href="/ativo/IBOV/">Explorar o Ibovespa', html)


@pytest.mark.parametrize("rows", [3, 90])
def test_home_of_a_visitor_costs_six_queries_at_any_size(client, django_assert_num_queries, rows):
    quote("IBOV", price="142857.14", previous_close="140000.00")
    for _ in range(rows):
        LastQuoteFactory(stock=MembershipFactory(weight_pct=Decimal(1)).stock)
    client.get("/privacy/")  # fills the caches of every page

    with django_assert_num_queries(6):
        client.get("/")


def test_every_price_has_its_quote_time(client):
    with time_machine.travel(NOON, tick=False):
        quote("IBOV", price="142857.14", previous_close="140000.00")
        quote("PETR4", price="40.00", previous_close="38.00", quoted_at=NOON - timedelta(days=1))
        quote("VALE3", price="60.00", previous_close="61.00", quoted_at_estimated=True)

        html = page_of(client)

    assert re.findall(r'class="([^"]*)"(?: data-dated)? data-time>([^<]+?)\s*<', html) == [
        ("muted", "12:00:00"),
        ("muted", "09/03"),
        ("muted estimated", "12:00:00"),
        ("muted estimated", "12:00:00"),
        ("muted", "09/03"),
    ]


def test_the_index_has_a_chart_without_a_script(client):
    with time_machine.travel(NOON, tick=False):
        quote("IBOV", price="142857.14", previous_close="140000.00")
        stock = Stock.objects.get(symbol="IBOV")
        for n in (2, 1):
            CandleFactory(
                stock=stock,
                interval=Candle.Interval.MINUTE,
                starts_at=NOON - timedelta(minutes=5 * n),
                close=Decimal(140_000 + n),
            )

        html = page_of(client)

    assert re.search(r'class="area-line" d="M0\.0 [\d.]+L[\d.]+ [\d.]+L1000\.0 [\d.]+"', html)
    assert re.search(r'class="area-base" d="M0 298\.0H1000"', html)
    assert re.search(r'class="area-chart up"', html)


@pytest.mark.parametrize(
    ("query", "shown"), [("", "1d"), ("?range=5y", "5y"), ("?range=max", "1d"), ("?range=x", "1d")]
)
def test_the_chart_shows_a_range(client, market, query, shown):
    html = page_of(client, query)

    assert re.findall(r'data-range="(\w+)"[^>]*aria-current="true"', html) == [shown]


def test_a_chart_without_prices_has_a_note(client):
    assert "O gráfico aparece quando chegarem os primeiros preços." in page_of(client)


def test_the_treemap_is_a_table_without_a_script(client, market):
    Membership.objects.filter(stock__symbol="PETR4").update(weight_pct=Decimal("8.5"))

    html = page_of(client)

    assert "Tamanho: peso no índice em 05/01/2026." in html
    assert re.search(
        r'<tr data-symbol="PETR4"[^>]*data-weight="8.5000" data-weight-text="8,50%"', html
    )
    assert "data-treemap" in html


def test_without_weights_there_is_no_treemap(client, market):
    assert "data-treemap" not in page_of(client)


def test_a_member_sees_the_first_stocks_of_the_current_list(client, alice, market):
    watchlist = WatchlistFactory(owner=alice, name="Favoritas", is_current=True)
    for symbol in ("VALE3", "PETR4"):
        WatchlistItemFactory(watchlist=watchlist, stock=Stock.objects.get(symbol=symbol))
    client.force_login(alice)

    own = page_of(client).split("own-list-title")[-1].split("</section>")[0]

    assert re.findall(r'data-symbol="(\w+)"', own) == ["VALE3", "PETR4"]
    assert "<bdi>Favoritas</bdi>" in own


def test_a_member_without_a_list_gets_a_link_to_the_picker(client, alice):
    client.force_login(alice)

    assert "Escolha os papéis que quer ver aqui, ao vivo." in page_of(client)


def test_a_visitor_has_no_list(client, market):
    assert "own-list-title" not in page_of(client)


@pytest.fixture
def member(client, alice):
    client.force_login(alice)
    return alice


def card(client, name):
    """Return the HTML of a block from the id of its title on; empty if it is not shown."""
    return page_of(client).partition(f'aria-labelledby="{name}"')[2].split("</section>")[0]


def test_a_member_sees_value_and_day_of_the_carteira(client, member, market):
    stock = Stock.objects.get(symbol="PETR4")
    Carteira.objects.create(
        owner=member, ativo=stock, quantidade=100, preco_medio=Decimal(30), nota=5
    )

    html = card(client, "wealth-title")

    assert "</small>4.000<small>,00</small>" in html
    assert "+R$\N{NO-BREAK SPACE}200,00" in html
    assert "+5,26%" in html
    assert "+R$\N{NO-BREAK SPACE}1.000,00" in html  # since the purchase
    assert "+33,33%" in html


def test_the_carteira_of_the_home_page_counts_a_stock_that_left(client, member, market):
    gone = StockFactory(symbol="CIEL3", is_active=False)
    LastQuoteFactory(stock=gone, price=Decimal("5.60"))
    Carteira.objects.create(owner=member, ativo=gone, quantidade=10, preco_medio=Decimal(5), nota=5)

    html = card(client, "wealth-title")

    # No socket brings its quote: the script starts from the one of the page.
    quotes = json.loads(re.findall(r'id="home-carteira-quotes"[^>]*>([^<]*)<', html)[0])
    assert quotes["CIEL3"]["price"] == "5.60"


def test_the_carteira_of_the_home_page_is_late_with_one_of_its_stocks(client, member, market):
    stock = Stock.objects.get(symbol="PETR4")
    Carteira.objects.create(
        owner=member, ativo=stock, quantidade=100, preco_medio=Decimal(30), nota=5
    )
    is_late = re.compile(r'data-carteira-day data-base="[^"]*" data-sums data-late')
    put_late()
    assert not is_late.search(page_of(client))
    put_late("PETR4")
    assert is_late.search(page_of(client))


def test_a_member_sees_the_alerts_nearest_to_firing(client, member, market):
    at = timezone.now()
    make_alert(member, "PETR4", venda="41.00", at=at)

    html = card(client, "home-alerts-title")

    assert "faltam R$\N{NO-BREAK SPACE}1,00 (2,50%)" in html
    assert '<progress max="100" value="50"' in html
    assert re.search(r'data-part="calm"[^>]* hidden>', html)


def test_home_has_one_calm_line_while_no_alert_is_near(client, member, market):
    make_alert(member, "PETR4", compra="20.00", venda="45.00", at=timezone.now())

    html = card(client, "home-alerts-title")

    assert re.findall(r'<li data-symbol="PETR4" [^>]*data-kind="(\w+)"[^>]* hidden>', html) == [
        "venda"
    ]
    calm = re.sub(r"<[^>]+>|\s+", " ", html.partition('data-part="calm"')[2])
    assert "Nenhum alerta perto de disparar." in calm
    assert "(12,50%)" in calm


def test_a_member_sees_the_newest_notifications(client, member):
    notice(member, title="PETR4 atingiu R$ 41,00")

    assert "PETR4 atingiu R$ 41,00" in card(client, "home-notes-title")


def test_a_new_member_sees_next_steps_and_no_empty_box(client, member):
    assert "Adicionar à carteira" in card(client, "wealth-title")
    assert "Criar alerta" in card(client, "home-alerts-title")
    assert "Escolher ativos" in card(client, "own-list-title")
    assert card(client, "home-notes-title") == ""


def test_a_visitor_sees_no_blocks_of_members(client, market):
    html = page_of(client)

    for name in ("wealth-title", "home-alerts-title", "own-list-title", "home-notes-title"):
        assert name not in html


@pytest.mark.parametrize(
    ("language", "range_", "pattern"),
    [
        ("pt-br", "1d", "H:i"),
        ("pt-br", "5d", "d/m"),
        ("en", "5d", "j M"),
        ("pt-br", "1y", "m/Y"),
        ("en", "5y", "M Y"),
    ],
)
def test_days_below_the_chart_are_in_the_readers_order(language, range_, pattern):
    with translation.override(language):
        assert moment_format(range_) == pattern


@pytest.mark.parametrize("rows", [1, 9])
def test_home_of_a_member_costs_the_same_at_any_size(
    client, member, bob, market, django_assert_num_queries, rows
):
    watchlist = WatchlistFactory(owner=member, is_current=True)
    for _ in range(rows):
        stock = MembershipFactory(weight_pct=Decimal(1)).stock
        LastQuoteFactory(stock=stock)
        WatchlistItemFactory(watchlist=watchlist, stock=stock)
        Carteira.objects.create(
            owner=member, ativo=stock, quantidade=1, preco_medio=Decimal(1), nota=1
        )
        make_alert(member, stock.symbol, venda="50.00", at=timezone.now())
        notice(member)
        MessageFactory(room=make_group(bob, member, name=""), author=bob)
    client.get("/privacy/")

    # 2 of session and user, 3 of the carteira, 3 of alerts, 3 of the list, 1 of notifications,
    # 6 of the market, 2 of unread talk
    with django_assert_num_queries(23):
        client.get("/")


def test_unread_talk_is_shown_until_it_is_read(client, member, bob):
    room = make_direct(member, bob)
    assert "Conversas não lidas" not in client.get("/").content.decode()
    MessageFactory(room=room, author=bob, body_html="<p>viu o balanço?</p>")

    html = client.get("/").content.decode()
    assert "Conversas não lidas" in html
    assert "viu o balanço?" in html
    mark_room_read(room_pk=room.pk, user=member, seq=1)
    assert "viu o balanço?" not in client.get("/").content.decode()
