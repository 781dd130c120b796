import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.contrib.messages import get_messages
from django.db import connection, connections
from django.test import Client

from mainapp.accounts.models import User
from mainapp.core.exceptions import DomainError
from mainapp.market.models import Watchlist, WatchlistItem
from mainapp.market.selectors.watchlists import current_symbols, lists_of, symbols_of
from mainapp.market.services.watchlists import (
    MAX_LISTS,
    TooManySymbols,
    add_symbols,
    copy_list,
    create_list,
    delete_list,
    make_current,
    merge_symbols,
    move_symbol,
    remove_symbols,
    rename_list,
    renew_share_key,
)
from mainapp.market.tests.factories import (
    LastQuoteFactory,
    StockFactory,
    WatchlistItemFactory,
)

pytestmark = pytest.mark.django_db

CURRENT, MERGE = "/watchlists/current/", "/watchlists/merge/"


@pytest.fixture
def alice():
    return User.objects.create_user("alice")


@pytest.fixture
def bob():
    return User.objects.create_user("bob")


@pytest.fixture
def page(client, alice):
    """A browser in which alice is logged in."""
    client.force_login(alice)
    return client


@pytest.fixture
def stocks():
    return [StockFactory(symbol=symbol) for symbol in ("PETR4", "VALE3", "ITUB4", "BBAS3")]


def post_json(client, url, body):
    return client.post(url, json.dumps(body), content_type="application/json")


def fill(watchlist, count):
    """Put `count` made-up stocks into a list and return their symbols."""
    items = [WatchlistItemFactory(watchlist=watchlist) for _ in range(count)]
    return [item.stock.symbol for item in items]


# Services --------------------------------------------------------------------------------------


def test_the_first_list_is_the_current_one(alice):
    first, second = (create_list(owner=alice, name=name) for name in ("B", "A"))

    assert [(one.name, one.is_current) for one in lists_of(alice)] == [("B", True), ("A", False)]
    assert first.share_key != second.share_key
    assert len(first.share_key) == 22


def test_create_list_refuses_a_taken_name_but_not_another_persons(alice, bob):
    create_list(owner=alice, name="Bancos")
    create_list(owner=bob, name="Bancos")

    with pytest.raises(DomainError):
        create_list(owner=alice, name="Bancos")


def test_create_list_stops_at_the_limit(alice):
    for number in range(MAX_LISTS):
        create_list(owner=alice, name=f"Lista {number}")

    with pytest.raises(DomainError):
        create_list(owner=alice, name="Uma a mais")


def test_rename_list_keeps_names_apart(alice):
    one, _ = (create_list(owner=alice, name=name) for name in ("Um", "Dois"))

    with pytest.raises(DomainError):
        rename_list(watchlist=one, name="Dois")
    rename_list(watchlist=one, name="Um")
    rename_list(watchlist=one, name="Três")

    assert Watchlist.objects.get(pk=one.pk).name == "Três"


def test_delete_list_hands_the_current_place_on(alice):
    first, _, _ = (create_list(owner=alice, name=name) for name in ("Zero", "B", "A"))

    delete_list(watchlist=first)

    assert [(one.name, one.is_current) for one in lists_of(alice)] == [("A", True), ("B", False)]


def test_make_current_moves_the_place(alice, stocks):
    create_list(owner=alice, name="Um", symbols=["PETR4"])
    two = create_list(owner=alice, name="Dois", symbols=["VALE3", "ITUB4"])

    make_current(watchlist=two)
    make_current(watchlist=two)

    assert current_symbols(alice) == ["VALE3", "ITUB4"]


def test_add_symbols_keeps_the_order_and_says_what_is_unknown(alice, stocks):
    StockFactory(symbol="ELET3", renamed_to=StockFactory(symbol="AXIA3"), is_active=False)
    watchlist = create_list(owner=alice, name="Um", symbols=["ITUB4"])

    edited = add_symbols(
        watchlist=watchlist, symbols=["vale3", "PETR4F", "ITUB4", "XXXX1", "elet3", "PETR4"]
    )

    assert edited.symbols == ["ITUB4", "VALE3", "PETR4", "AXIA3"]
    assert edited.unknown == ["XXXX1"]
    assert symbols_of(watchlist) == edited.symbols


def test_add_symbols_over_the_limit_adds_none(alice, stocks):
    watchlist = create_list(owner=alice, name="Um")
    fill(watchlist, 199)

    with pytest.raises(TooManySymbols) as refused:
        add_symbols(watchlist=watchlist, symbols=["PETR4", "VALE3"])

    assert refused.value.wire == {"limit": 200}
    assert len(symbols_of(watchlist)) == 199
    assert len(add_symbols(watchlist=watchlist, symbols=["PETR4"]).symbols) == 200


def test_add_symbols_to_a_deleted_list_is_refused(alice, stocks):
    watchlist = create_list(owner=alice, name="Um")
    gone = Watchlist.objects.get(pk=watchlist.pk)
    delete_list(watchlist=watchlist)

    with pytest.raises(DomainError):
        add_symbols(watchlist=gone, symbols=["PETR4"])


def test_move_symbol_stays_within_the_list(alice, stocks):
    watchlist = create_list(owner=alice, name="Um", symbols=["PETR4", "VALE3", "ITUB4"])

    move_symbol(watchlist=watchlist, symbol="ITUB4", by=-1)
    move_symbol(watchlist=watchlist, symbol="PETR4", by=-1)
    move_symbol(watchlist=watchlist, symbol="VALE3", by=1)
    move_symbol(watchlist=watchlist, symbol="BBAS3", by=1)

    assert symbols_of(watchlist) == ["PETR4", "ITUB4", "VALE3"]


def test_remove_symbols_leaves_the_rest_in_order(alice, stocks):
    watchlist = create_list(owner=alice, name="Um", symbols=["PETR4", "VALE3", "ITUB4"])

    assert remove_symbols(watchlist=watchlist, symbols=["vale3", "XXXX1"]).symbols == [
        "PETR4",
        "ITUB4",
    ]
    assert add_symbols(watchlist=watchlist, symbols=["VALE3"]).symbols[-1] == "VALE3"


def test_merge_makes_a_list_where_there_is_none(alice, stocks):
    merged = merge_symbols(owner=alice, symbols=["VALE3", "XXXX1", "PETR4"])

    assert (merged.symbols, merged.left_out) == (["VALE3", "PETR4"], [])
    assert [one.name for one in lists_of(alice)] == ["Minha lista"]


def test_merge_is_a_union_in_order_and_repeatable(alice, stocks):
    create_list(owner=alice, name="Um", symbols=["ITUB4", "PETR4"])

    for _ in range(2):
        merged = merge_symbols(owner=alice, symbols=["VALE3", "PETR4", "BBAS3"])

        assert merged.symbols == ["ITUB4", "PETR4", "VALE3", "BBAS3"]
    assert current_symbols(alice) == merged.symbols


def test_merge_names_what_finds_no_room(alice, stocks):
    watchlist = create_list(owner=alice, name="Um")
    fill(watchlist, 198)

    merged = merge_symbols(owner=alice, symbols=["PETR4", "VALE3", "ITUB4", "BBAS3"])

    assert merged.symbols[198:] == ["PETR4", "VALE3"]
    assert merged.left_out == ["ITUB4", "BBAS3"]


def test_copy_list_takes_the_next_free_name(alice, bob, stocks):
    source = create_list(owner=alice, name="Bancos", symbols=["ITUB4", "BBAS3"])

    copies = [copy_list(watchlist=source, owner=bob) for _ in range(3)]

    assert [one.name for one in copies] == ["Bancos", "Bancos (2)", "Bancos (3)"]
    assert symbols_of(copies[2]) == ["ITUB4", "BBAS3"]


def test_renewing_the_link_ends_the_old_one(client, alice):
    watchlist = create_list(owner=alice, name="Um")
    old = watchlist.share_key

    new = renew_share_key(watchlist=watchlist)

    assert client.get(f"/lists/{old}/").status_code == 404
    assert client.get(f"/lists/{new}/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_concurrent_edits_lose_nothing(alice):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite's test database lives in memory and takes one writer at a time")
    watchlist = create_list(owner=alice, name="Um")
    symbols = [StockFactory().symbol for _ in range(24)]

    def work(number):
        try:
            merge_symbols(owner=alice, symbols=symbols[:4])
            add_symbols(watchlist=watchlist, symbols=symbols[number : number + 4])
            move_symbol(watchlist=watchlist, symbol=symbols[number], by=-1)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(0, 24, 4)))

    assert sorted(symbols_of(watchlist)) == sorted(symbols)
    positions = WatchlistItem.objects.values_list("position", flat=True)
    assert len(set(positions)) == 24


@pytest.mark.django_db(transaction=True)
def test_two_tabs_that_merge_at_once_make_one_list(alice):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite's test database lives in memory and takes one writer at a time")
    symbols = [StockFactory().symbol for _ in range(6)]

    def merge(_):
        try:
            return merge_symbols(owner=alice, symbols=symbols).symbols
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(merge, range(4))) == [symbols] * 4
    assert [one.name for one in lists_of(alice)] == ["Minha lista"]


# Pages -----------------------------------------------------------------------------------------


def test_lists_need_a_login(client):
    response = client.get("/watchlists/")

    assert (response.status_code, response.url) == (302, "/login/?next=/watchlists/")


def test_creating_a_list_opens_it(page, alice):
    response = page.post("/watchlists/", {"name": "  Dividendos "})

    made = Watchlist.objects.get()
    assert (made.owner, made.name) == (alice, "Dividendos")
    assert response.url == f"/watchlists/{made.pk}/"


@pytest.mark.parametrize(
    "name", ["", "x" * 61, "\N{ZERO WIDTH SPACE}", "a\N{RIGHT-TO-LEFT OVERRIDE}b"]
)
def test_a_name_that_cannot_be_shown_is_refused(page, name):
    response = page.post("/watchlists/", {"name": name})

    assert response.status_code == 200
    assert not Watchlist.objects.exists()
    assert b"invalid-feedback" in response.content


def test_a_taken_name_is_said_beside_the_field(page, alice):
    create_list(owner=alice, name="Bancos")

    response = page.post("/watchlists/", {"name": "Bancos"})

    assert "Você já tem uma lista com este nome." in response.content.decode()


def test_a_list_can_be_edited_without_a_script(page, alice, stocks):
    watchlist = create_list(owner=alice, name="Um", symbols=["PETR4"])
    edit = f"/watchlists/{watchlist.pk}/edit/"

    added = page.post(edit, {"symbols": "vale3; ITUB4,BBAS3 NADA9"})
    page.post(edit, {"up": "BBAS3"})
    page.post(edit, {"down": "PETR4"})
    page.post(edit, {"remove": "ITUB4"})

    assert symbols_of(watchlist) == ["VALE3", "PETR4", "BBAS3"]
    assert [str(one) for one in get_messages(added.wsgi_request)] == ["Não conhecemos: NADA9."]


def test_a_list_can_be_renamed_made_current_and_deleted(page, alice):
    create_list(owner=alice, name="Um")
    two = create_list(owner=alice, name="Dois")

    page.post(f"/watchlists/{two.pk}/rename/", {"name": "Segunda"})
    page.post(f"/watchlists/{two.pk}/make-current/")
    assert [(one.name, one.is_current) for one in lists_of(alice)] == [
        ("Segunda", True),
        ("Um", False),
    ]
    assert page.get(f"/watchlists/{two.pk}/delete/").status_code == 200
    assert page.post(f"/watchlists/{two.pk}/delete/").url == "/watchlists/"
    assert [(one.name, one.is_current) for one in lists_of(alice)] == [("Um", True)]


ACTIONS = ["", "edit/", "rename/", "make-current/", "link/", "delete/"]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_somebody_elses_list_answers_as_a_missing_one(page, bob, settings, action, method):
    settings.DEBUG = False
    theirs = create_list(owner=bob, name="De Bob")

    answers = [
        getattr(page, method)(f"/watchlists/{pk}/{action}", {"name": "x", "remove": "PETR4"})
        for pk in (theirs.pk, theirs.pk + 1000)
    ]

    assert answers[0].status_code == answers[1].status_code
    assert answers[0].status_code in (404, 405)
    assert answers[0].content == answers[1].content
    assert dict(answers[0].headers) == dict(answers[1].headers)
    assert Watchlist.objects.filter(pk=theirs.pk, name="De Bob").exists()


def test_an_action_is_no_get(page, alice):
    watchlist = create_list(owner=alice, name="Um")

    for action in ("edit/", "rename/", "make-current/", "link/"):
        assert page.get(f"/watchlists/{watchlist.pk}/{action}").status_code == 405


def test_posts_need_the_token_of_the_page(alice):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)

    assert strict.post("/watchlists/", {"name": "Um"}).status_code == 403
    assert post_json(strict, CURRENT, {"add": []}).status_code == 403
    assert post_json(strict, MERGE, {"symbols": []}).status_code == 403


@pytest.mark.parametrize("rows", [3, 60])
def test_a_list_costs_the_same_queries_at_any_length(page, alice, django_assert_num_queries, rows):
    watchlist = create_list(owner=alice, name="Um")
    fill(watchlist, rows)
    page.get("/privacy/")  # what every page keeps is kept

    with django_assert_num_queries(4):  # session, user, list, rows
        page.get(f"/watchlists/{watchlist.pk}/")


@pytest.mark.parametrize("count", [3, 20])
def test_the_lists_cost_the_same_queries_in_any_number(
    page, alice, django_assert_num_queries, count
):
    for number in range(count):
        create_list(owner=alice, name=f"Lista {number}")
    page.get("/privacy/")

    with django_assert_num_queries(3):  # session, user, lists
        page.get("/watchlists/")


# Links -----------------------------------------------------------------------------------------


def test_a_stranger_reads_a_shared_list(client, alice, stocks):
    watchlist = create_list(owner=alice, name="Bancos", symbols=["ITUB4", "BBAS3"])
    LastQuoteFactory(stock=stocks[2], price=Decimal("1234.50"), previous_close=Decimal("1000"))
    LastQuoteFactory(stock=stocks[3], simulated=False)

    response = client.get(f"/lists/{watchlist.share_key}/")

    html = response.content.decode()
    assert "Bancos" in html
    assert "alice" not in html
    assert "R$\N{NO-BREAK SPACE}1.234,50" in html
    assert "38,42" not in html  # a real price, and this run is simulated
    assert 'name="remove"' not in html
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert "no-store" in response.headers["Cache-Control"]


def test_a_shared_list_can_be_copied(client, alice, bob, stocks):
    watchlist = create_list(owner=alice, name="Bancos", symbols=["ITUB4", "BBAS3"])
    address = f"/lists/{watchlist.share_key}/"

    assert client.post(f"{address}copy/").url == f"/login/?next={address}"
    client.force_login(bob)
    client.post(f"{address}copy/")

    assert [(one.name, symbols_of(one)) for one in lists_of(bob)] == [
        ("Bancos", ["ITUB4", "BBAS3"])
    ]
    assert symbols_of(watchlist) == ["ITUB4", "BBAS3"]


# What scripts ask ------------------------------------------------------------------------------


def test_current_adds_and_removes(page, alice, stocks):
    first = post_json(page, CURRENT, {"add": ["PETR4", "vale3", "XXXX1"]})
    second = page.post(CURRENT, {"add": ["ITUB4"], "remove": ["PETR4"]})

    assert first.json() == {"symbols": ["PETR4", "VALE3"], "unknown": ["XXXX1"]}
    assert second.json() == {"symbols": ["VALE3", "ITUB4"], "unknown": []}
    assert current_symbols(alice) == ["VALE3", "ITUB4"]


def test_current_says_that_the_list_is_full(page, alice, stocks):
    fill(create_list(owner=alice, name="Um"), 200)

    response = post_json(page, CURRENT, {"add": ["PETR4"]})

    assert response.status_code == 400
    assert response.json() == {
        "code": "too_many_symbols",
        "message": "Uma lista guarda até 200 ativos.",
        "fields": {},
        "limit": 200,
    }


@pytest.mark.parametrize("url", [CURRENT, MERGE])
def test_scripts_are_asked_to_log_in(client, url):
    response = post_json(client, url, {})

    assert (response.status_code, response.json()["code"]) == (401, "login_required")


@pytest.mark.parametrize(
    "body",
    [
        " ",
        "{",
        "[]",
        "null",
        "[" * 100_000,
        '{"add": "PETR4", "symbols": "PETR4"}',
        '{"add": [1], "symbols": [null]}',
        '{"add": ["PETR4 PETR4 PETR4"], "symbols": [["PETR4"]]}',
        json.dumps({"add": ["PETR4"] * 1001, "symbols": ["PETR4"] * 1001}),
    ],
)
@pytest.mark.parametrize("url", [CURRENT, MERGE])
def test_garbage_is_refused_and_stores_nothing(page, stocks, url, body):
    response = page.post(url, body, content_type="application/json")

    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert not Watchlist.objects.exists()


def test_merge_answers_what_was_left_out(page, alice, stocks):
    fill(create_list(owner=alice, name="Um"), 199)

    response = post_json(page, MERGE, {"symbols": ["PETR4", "VALE3"]}).json()

    assert response["symbols"][-1] == "PETR4"
    assert response["left_out"] == ["VALE3"]
    assert response["message"] == "1 ativo ficou fora da sua lista, que guarda até 200."


def test_merge_that_fits_says_nothing(page, stocks):
    assert post_json(page, MERGE, {"symbols": ["PETR4"]}).json() == {
        "symbols": ["PETR4"],
        "left_out": [],
        "message": "",
    }
