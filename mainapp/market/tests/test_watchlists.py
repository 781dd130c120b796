import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.contrib.messages import get_messages
from django.db import connection, connections
from django.test import Client

from mainapp.accounts.models import User
from mainapp.core.exceptions import DomainError
from mainapp.market.forms import WatchlistForm
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
    """A client with alice logged in."""
    client.force_login(alice)
    return client


@pytest.fixture
def stocks():
    return [StockFactory(symbol=symbol) for symbol in ("PETR4", "VALE3", "ITUB4", "BBAS3")]


def post_json(client, url, body):
    return client.post(url, json.dumps(body), content_type="application/json")


def fill(watchlist, count):
    """Add `count` fictitious stocks to a list and return their symbols."""
    items = [WatchlistItemFactory(watchlist=watchlist) for _ in range(count)]
    return [item.stock.symbol for item in items]


# Services --------------------------------------------------------------------------------------


def test_first_list_becomes_current(alice):
    first, second = (create_list(owner=alice, name=name) for name in ("B", "A"))

    assert [(item.name, item.is_current) for item in lists_of(alice)] == [("B", True), ("A", False)]
    assert first.share_key != second.share_key
    assert len(first.share_key) == 22


def test_create_list_refuses_a_name_used_by_the_same_user_only(alice, bob):
    create_list(owner=alice, name="Bancos")
    create_list(owner=bob, name="Bancos")

    with pytest.raises(DomainError):
        create_list(owner=alice, name="Bancos")


def test_create_list_refuses_lists_over_the_limit(alice):
    for number in range(MAX_LISTS):
        create_list(owner=alice, name=f"Lista {number}")

    with pytest.raises(DomainError):
        create_list(owner=alice, name="Uma a mais")


def test_rename_list_refuses_the_name_of_another_list(alice):
    item, _ = (create_list(owner=alice, name=name) for name in ("Um", "Dois"))

    with pytest.raises(DomainError):
        rename_list(watchlist=item, name="Dois")
    rename_list(watchlist=item, name="Um")
    rename_list(watchlist=item, name="Três")

    assert Watchlist.objects.get(pk=item.pk).name == "Três"


def test_delete_list_makes_the_next_one_current(alice):
    first, _, _ = (create_list(owner=alice, name=name) for name in ("Zero", "B", "A"))

    delete_list(watchlist=first)

    assert [(item.name, item.is_current) for item in lists_of(alice)] == [("A", True), ("B", False)]


def test_make_current_replaces_the_current_list(alice, stocks):
    create_list(owner=alice, name="Um", symbols=["PETR4"])
    second = create_list(owner=alice, name="Dois", symbols=["VALE3", "ITUB4"])

    make_current(watchlist=second)
    make_current(watchlist=second)

    assert current_symbols(alice) == ["VALE3", "ITUB4"]


def test_add_symbols_appends_in_order_and_returns_unknown_texts(alice, stocks):
    StockFactory(symbol="ELET3", renamed_to=StockFactory(symbol="AXIA3"), is_active=False)
    watchlist = create_list(owner=alice, name="Um", symbols=["ITUB4"])

    edited = add_symbols(
        watchlist=watchlist, symbols=["vale3", "PETR4F", "ITUB4", "XXXX1", "elet3", "PETR4"]
    )

    assert edited.symbols == ["ITUB4", "VALE3", "PETR4", "AXIA3"]
    assert edited.unknown == ["XXXX1"]
    assert symbols_of(watchlist) == edited.symbols


def test_add_symbols_over_the_limit_adds_nothing(alice, stocks):
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


def test_remove_symbols_preserves_the_order(alice, stocks):
    watchlist = create_list(owner=alice, name="Um", symbols=["PETR4", "VALE3", "ITUB4"])

    assert remove_symbols(watchlist=watchlist, symbols=["vale3", "XXXX1"]).symbols == [
        "PETR4",
        "ITUB4",
    ]
    assert add_symbols(watchlist=watchlist, symbols=["VALE3"]).symbols[-1] == "VALE3"


def test_merge_creates_a_missing_list(alice, stocks):
    merged = merge_symbols(owner=alice, symbols=["VALE3", "XXXX1", "PETR4"])

    assert (merged.symbols, merged.left_out) == (["VALE3", "PETR4"], [])
    assert [item.name for item in lists_of(alice)] == ["Minha lista"]


def test_merge_is_an_ordered_and_idempotent_union(alice, stocks):
    create_list(owner=alice, name="Um", symbols=["ITUB4", "PETR4"])

    for _ in range(2):
        merged = merge_symbols(owner=alice, symbols=["VALE3", "PETR4", "BBAS3"])

        assert merged.symbols == ["ITUB4", "PETR4", "VALE3", "BBAS3"]
    assert current_symbols(alice) == merged.symbols


def test_merge_returns_symbols_over_the_limit(alice, stocks):
    watchlist = create_list(owner=alice, name="Um")
    fill(watchlist, 198)

    merged = merge_symbols(owner=alice, symbols=["PETR4", "VALE3", "ITUB4", "BBAS3"])

    assert merged.symbols[198:] == ["PETR4", "VALE3"]
    assert merged.left_out == ["ITUB4", "BBAS3"]


def test_copy_list_uses_the_next_free_name(alice, bob, stocks):
    source = create_list(owner=alice, name="Bancos", symbols=["ITUB4", "BBAS3"])

    copies = [copy_list(watchlist=source, owner=bob) for _ in range(3)]

    assert [item.name for item in copies] == ["Bancos", "Bancos (2)", "Bancos (3)"]
    assert symbols_of(copies[2]) == ["ITUB4", "BBAS3"]


def test_renewed_link_replaces_the_old_one(client, alice):
    watchlist = create_list(owner=alice, name="Um")
    old = watchlist.share_key

    new = renew_share_key(watchlist=watchlist)

    assert client.get(f"/lists/{old}/").status_code == 404
    assert client.get(f"/lists/{new}/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_concurrent_edits_lose_no_symbol(alice):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite's test database is in memory and allows one writer at a time")
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
def test_concurrent_merges_create_one_list(alice):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite's test database is in memory and allows one writer at a time")
    symbols = [StockFactory().symbol for _ in range(6)]

    def merge(_):
        try:
            return merge_symbols(owner=alice, symbols=symbols).symbols
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(merge, range(4))) == [symbols] * 4
    assert [item.name for item in lists_of(alice)] == ["Minha lista"]


# Pages -----------------------------------------------------------------------------------------


def test_lists_require_a_login(client):
    response = client.get("/watchlists/")

    assert (response.status_code, response.url) == (302, "/login/?next=/watchlists/")


def test_new_list_is_shown_after_its_creation(page, alice):
    response = page.post("/watchlists/", {"name": "  Dividendos "})

    created = Watchlist.objects.get()
    assert (created.owner, created.name) == (alice, "Dividendos")
    assert response.url == f"/watchlists/{created.pk}/"


@pytest.mark.parametrize(
    "name", ["", "x" * 61, "\N{ZERO WIDTH SPACE}", "a\N{RIGHT-TO-LEFT OVERRIDE}b"]
)
def test_invisible_or_long_name_is_refused(page, name):
    response = page.post("/watchlists/", {"name": name})

    assert response.status_code == 200
    assert not Watchlist.objects.exists()
    assert b"field-error" in response.content


def test_used_name_shows_an_error_at_the_field(page, alice):
    create_list(owner=alice, name="Bancos")

    response = page.post("/watchlists/", {"name": "Bancos"})

    assert "Você já tem uma lista com este nome." in response.content.decode()


def test_list_can_be_edited_without_scripts(page, alice, stocks):
    watchlist = create_list(owner=alice, name="Um", symbols=["PETR4"])
    edit = f"/watchlists/{watchlist.pk}/edit/"

    added = page.post(edit, {"symbols": "vale3; ITUB4,BBAS3 NADA9"})
    page.post(edit, {"up": "BBAS3"})
    page.post(edit, {"down": "PETR4"})
    page.post(edit, {"remove": "ITUB4"})

    assert symbols_of(watchlist) == ["VALE3", "PETR4", "BBAS3"]
    assert [str(item) for item in get_messages(added.wsgi_request)] == ["Não conhecemos: NADA9."]


def test_former_codes_are_explained_and_ended_ones_not_included(page, alice, stocks):
    watchlist = create_list(owner=alice, name="Um")
    StockFactory(symbol="VVAR3", is_active=False, renamed_to=stocks[0])
    StockFactory(symbol="CIEL3", is_active=False)

    added = page.post(f"/watchlists/{watchlist.pk}/edit/", {"symbols": "vvar3 CIEL3 NADA9 VALE3"})

    assert symbols_of(watchlist) == ["PETR4", "VALE3"]
    assert [str(item) for item in get_messages(added.wsgi_request)] == [
        "VVAR3 virou PETR4. A proporção da troca não é conhecida.",
        "CIEL3 deixou de ser negociado.",
        "Não conhecemos: NADA9.",
    ]


def test_stock_of_a_list_that_ended_stays_readable(page, alice):
    watchlist = create_list(owner=alice, name="Um")
    stock = StockFactory(symbol="CIEL3", name="Cielo", is_active=False)
    WatchlistItemFactory(watchlist=watchlist, stock=stock)

    html = page.get(f"/watchlists/{watchlist.pk}/").content.decode()

    assert "CIEL3 deixou de ser negociado." in html
    assert ">não é mais negociado<" in html


def test_list_can_be_renamed_made_current_and_deleted(page, alice):
    create_list(owner=alice, name="Um")
    second = create_list(owner=alice, name="Dois")

    page.post(f"/watchlists/{second.pk}/rename/", {"name": "Segunda"})
    page.post(f"/watchlists/{second.pk}/make-current/")
    assert [(item.name, item.is_current) for item in lists_of(alice)] == [
        ("Segunda", True),
        ("Um", False),
    ]
    assert page.get(f"/watchlists/{second.pk}/delete/").status_code == 200
    assert page.post(f"/watchlists/{second.pk}/delete/").url == "/watchlists/"
    assert [(item.name, item.is_current) for item in lists_of(alice)] == [("Um", True)]


ACTIONS = ["", "edit/", "rename/", "make-current/", "link/", "delete/"]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_list_of_another_user_responds_like_a_missing_one(page, bob, settings, action, method):
    settings.DEBUG = False
    bobs_list = create_list(owner=bob, name="De Bob")

    responses = [
        getattr(page, method)(f"/watchlists/{pk}/{action}", {"name": "x", "remove": "PETR4"})
        for pk in (bobs_list.pk, bobs_list.pk + 1000)
    ]

    assert responses[0].status_code == responses[1].status_code
    assert responses[0].status_code in (404, 405)
    assert responses[0].content == responses[1].content
    assert dict(responses[0].headers) == dict(responses[1].headers)
    assert Watchlist.objects.filter(pk=bobs_list.pk, name="De Bob").exists()


def test_actions_refuse_get(page, alice):
    watchlist = create_list(owner=alice, name="Um")

    for action in ("edit/", "rename/", "make-current/", "link/"):
        assert page.get(f"/watchlists/{watchlist.pk}/{action}").status_code == 405


def test_posts_require_a_csrf_token(alice):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)

    assert strict.post("/watchlists/", {"name": "Um"}).status_code == 403
    assert post_json(strict, CURRENT, {"add": []}).status_code == 403
    assert post_json(strict, MERGE, {"symbols": []}).status_code == 403


@pytest.mark.parametrize("rows", [3, 60])
def test_list_needs_the_same_queries_at_any_length(page, alice, django_assert_num_queries, rows):
    watchlist = create_list(owner=alice, name="Um")
    fill(watchlist, rows)
    page.get("/privacy/")  # fills the caches of every page

    with django_assert_num_queries(4):  # session, user, list, rows
        page.get(f"/watchlists/{watchlist.pk}/")


@pytest.mark.parametrize("count", [3, 20])
def test_overview_needs_the_same_queries_for_any_number_of_lists(
    page, alice, django_assert_num_queries, count
):
    for number in range(count):
        create_list(owner=alice, name=f"Lista {number}")
    page.get("/privacy/")

    with django_assert_num_queries(3):  # session, user, lists
        page.get("/watchlists/")


# Links -----------------------------------------------------------------------------------------


def test_link_to_share_begins_with_the_site_and_its_button_stays_here(client, alice, settings):
    settings.SITE_URL = "https://pregao.example/"
    client.force_login(alice)
    watchlist = create_list(owner=alice, name="Dividendos")
    shown = client.get(f"/watchlists/{watchlist.pk}/").content.decode()

    assert f'value="https://pregao.example/lists/{watchlist.share_key}/"' in shown
    assert f'href="/lists/{watchlist.share_key}/"' in shown


def test_stranger_can_read_a_shared_list(client, alice, stocks):
    watchlist = create_list(owner=alice, name="Bancos", symbols=["ITUB4", "BBAS3"])
    LastQuoteFactory(stock=stocks[2], price=Decimal("1234.50"), previous_close=Decimal("1000"))
    LastQuoteFactory(stock=stocks[3], kind="real")

    response = client.get(f"/lists/{watchlist.share_key}/")

    html = response.content.decode()
    assert "Bancos" in html
    assert "alice" not in html
    assert "R$\N{NO-BREAK SPACE}1.234,50" in html
    assert "38,42" not in html  # a real price in the simulated market
    assert 'name="remove"' not in html
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert "no-store" in response.headers["Cache-Control"]


def test_shared_list_can_be_copied(client, alice, bob, stocks):
    watchlist = create_list(owner=alice, name="Bancos", symbols=["ITUB4", "BBAS3"])
    url = f"/lists/{watchlist.share_key}/"

    assert client.post(f"{url}copy/").url == f"/login/?next={url}"
    client.force_login(bob)
    client.post(f"{url}copy/")

    assert [(item.name, symbols_of(item)) for item in lists_of(bob)] == [
        ("Bancos", ["ITUB4", "BBAS3"])
    ]
    assert symbols_of(watchlist) == ["ITUB4", "BBAS3"]


# JSON requests ---------------------------------------------------------------------------------


def test_current_adds_and_removes(page, alice, stocks):
    first = post_json(page, CURRENT, {"add": ["PETR4", "vale3", "XXXX1"]})
    second = page.post(CURRENT, {"add": ["ITUB4"], "remove": ["PETR4"]})

    assert first.json() == {"symbols": ["PETR4", "VALE3"], "unknown": ["XXXX1"]}
    assert second.json() == {"symbols": ["VALE3", "ITUB4"], "unknown": []}
    assert current_symbols(alice) == ["VALE3", "ITUB4"]


def test_current_reports_a_full_list(page, alice, stocks):
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
def test_json_requests_require_a_login(client, url):
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
def test_invalid_body_is_refused_and_stores_nothing(page, stocks, url, body):
    response = page.post(url, body, content_type="application/json")

    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert not Watchlist.objects.exists()


def test_merge_response_contains_symbols_over_the_limit(page, alice, stocks):
    fill(create_list(owner=alice, name="Um"), 199)

    response = post_json(page, MERGE, {"symbols": ["PETR4", "VALE3"]}).json()

    assert response["symbols"][-1] == "PETR4"
    assert response["left_out"] == ["VALE3"]
    assert response["message"] == "1 ativo ficou fora da sua lista, que guarda até 200."


def test_merge_within_the_limit_has_no_message(page, stocks):
    assert post_json(page, MERGE, {"symbols": ["PETR4"]}).json() == {
        "symbols": ["PETR4"],
        "left_out": [],
        "message": "",
    }


@pytest.mark.parametrize("name", ["\u3164", "Lista\u3164", "a\u2066b"])
def test_a_list_needs_a_visible_name(name):
    assert list(WatchlistForm({"name": name}).errors) == ["name"]


# One list, read and edited by scripts -----------------------------------------------------------


def test_list_is_edited_and_ordered_at_once(page, alice, stocks):
    shown = create_list(owner=alice, name="Um", symbols=["PETR4", "VALE3", "ITUB4"])
    url = f"/watchlists/{shown.pk}/symbols/"

    edit = {"remove": ["PETR4"], "add": ["BBAS3"], "order": ["BBAS3", "ITUB4"]}
    edited = post_json(page, url, edit)

    assert edited.json() == {"symbols": ["BBAS3", "ITUB4", "VALE3"], "unknown": []}
    assert page.get(url).json() == {"symbols": ["BBAS3", "ITUB4", "VALE3"]}


def test_removal_is_undone_in_its_place(page, alice, stocks):
    before = ["PETR4", "VALE3", "ITUB4"]
    shown = create_list(owner=alice, name="Um", symbols=before)
    url = f"/watchlists/{shown.pk}/symbols/"
    post_json(page, url, {"remove": ["VALE3"]})

    undone = post_json(page, url, {"add": ["VALE3"], "order": before})

    assert undone.json()["symbols"] == before


def test_current_list_is_read_and_ordered(page, alice, stocks):
    create_list(owner=alice, name="Um", symbols=["PETR4", "VALE3"])

    assert post_json(page, CURRENT, {"order": ["VALE3"]}).json()["symbols"] == ["VALE3", "PETR4"]
    assert page.get(CURRENT).json() == {"symbols": ["VALE3", "PETR4"]}


@pytest.mark.parametrize("rows", [2, 12])
def test_order_needs_the_same_queries_at_any_length(page, alice, django_assert_num_queries, rows):
    shown = create_list(owner=alice, name="Um")
    symbols = fill(shown, rows)
    with django_assert_num_queries(19):
        post_json(page, f"/watchlists/{shown.pk}/symbols/", {"order": symbols[::-1]})
    assert symbols_of(shown) == symbols[::-1]
