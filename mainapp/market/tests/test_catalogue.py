"""Tests of the catalogue that each process caches."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from django.utils import timezone

from mainapp.market.models import Stock
from mainapp.market.selectors import catalogue as module
from mainapp.market.selectors.catalogue import (
    MAX_AGE_S,
    Catalogue,
    catalogue,
    clear_catalogue_cache,
    load_catalogue,
    successor,
)
from mainapp.market.tests.factories import MembershipFactory, StockFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def stocks():
    new = StockFactory(symbol="AXIA3", name="Axia Energia")
    StockFactory(symbol="ELET3", name="Eletrobras", is_active=False, renamed_to=new)
    StockFactory(symbol="CIEL3", name="Cielo", is_active=False)
    MembershipFactory(stock=StockFactory(symbol="PETR4", name="Petrobras"))
    MembershipFactory(stock=new)
    MembershipFactory(stock=StockFactory(symbol="HGLG11", kind="FII"), market="IFIX")
    StockFactory(symbol="BOVA11", kind="ETF")
    StockFactory(symbol="AAPL34")
    StockFactory(symbol="IBOV", name="Ibovespa")


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("PETR4", "PETR4"),
        (" petr4f ", "PETR4"),
        ("ibov", "IBOV"),
        ("ELET3", "AXIA3"),
        ("elet3f", "AXIA3"),
        ("CIEL3", None),  # retired
        ("VALE3", None),  # unknown
        ("PETR4\n", None),
        ("", None),
    ],
)
@pytest.mark.usefixtures("stocks")
def test_canonical_returns_active_symbols(text, symbol):
    assert load_catalogue().canonical(text) == symbol


@pytest.mark.usefixtures("stocks")
def test_catalogue_contains_names_and_ids_of_active_stocks_and_the_ibov():
    known = load_catalogue()

    assert known.names["PETR4"] == "Petrobras"
    assert known.ids["PETR4"] == Stock.objects.get(symbol="PETR4").pk
    assert known.names.keys() == known.ids.keys()
    assert sorted(known.names) == ["AAPL34", "AXIA3", "BOVA11", "HGLG11", "IBOV", "PETR4"]
    assert known.ibov == ("AXIA3", "PETR4")


def test_index_is_that_of_the_newest_list_that_is_not_of_the_future():
    today = timezone.localdate()
    for days, symbol in ((-30, "PETR4"), (0, "VALE3"), (1, "ITUB4")):
        MembershipFactory(stock=StockFactory(symbol=symbol), as_of=today + timedelta(days=days))

    assert load_catalogue().ibov == ("VALE3",)


@pytest.mark.parametrize("size", [1, 3])
def test_load_needs_two_queries(size, django_assert_num_queries):
    for _ in range(size):
        MembershipFactory()

    with django_assert_num_queries(2):
        known = load_catalogue()

    assert len(known.names) == size


def test_catalogue_is_cached_for_thirty_seconds(monkeypatch, django_assert_num_queries):
    now = 1000.0
    monkeypatch.setattr(module, "monotonic", lambda: now)
    catalogue()
    StockFactory(symbol="PETR4")

    now += MAX_AGE_S - 0.1
    with django_assert_num_queries(0):
        assert catalogue().canonical("PETR4") is None

    now += 0.1
    assert catalogue().canonical("PETR4") == "PETR4"


def test_cleared_catalogue_is_read_again():
    catalogue()
    StockFactory(symbol="PETR4")

    clear_catalogue_cache()

    assert catalogue().canonical("PETR4") == "PETR4"


def test_first_threads_wait_for_one_load(monkeypatch):
    loads, started, go_on = [], Event(), Event()

    def load():
        loads.append(Catalogue())
        started.set()
        assert go_on.wait(5)
        return loads[0]

    monkeypatch.setattr(module, "load_catalogue", load)
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(catalogue) for _ in range(4)]
        assert started.wait(5)
        go_on.set()

    assert [future.result() for future in futures] == loads * 4


def test_other_threads_use_the_old_catalogue_while_one_reloads(monkeypatch):
    old, new = catalogue(), Catalogue(names={"PETR4": "Petrobras"})
    started, go_on = Event(), Event()

    def load():
        started.set()
        assert go_on.wait(5)
        return new

    monkeypatch.setattr(module, "load_catalogue", load)
    monkeypatch.setattr(module, "MAX_AGE_S", 0)
    with ThreadPoolExecutor(1) as pool:
        reloading = pool.submit(catalogue)
        assert started.wait(5)
        assert catalogue() is old
        go_on.set()
        assert reloading.result() is new


@pytest.mark.parametrize(
    ("renamed", "last"),
    [({}, "A"), ({"A": "B"}, "B"), ({"A": "B", "B": "C"}, "C"), ({"A": "B", "B": "A"}, "A")],
)
def test_successor_follows_renames_to_the_last(renamed, last):
    assert successor("A", renamed) == last
