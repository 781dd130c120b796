"""Tests of seeding the catalogue from data files and refreshing it from a source's list."""

from datetime import date

import pytest

from mainapp.market.models import Membership, Stock
from mainapp.market.providers.base import Listing
from mainapp.market.selectors.catalogue import catalogue
from mainapp.market.services.catalogue import (
    CatalogueEntry,
    Refreshed,
    Seeded,
    refresh_catalogue,
    seed_catalogue,
)
from mainapp.market.symbols import fold
from mainapp.market.tests.factories import MembershipFactory, StockFactory

pytestmark = pytest.mark.django_db

JANUARY, MAY = date(2026, 1, 5), date(2026, 5, 4)


def entry(symbol="PETR4", name="Petrobras", kind="PN", **fields):
    return CatalogueEntry(symbol=symbol, name=name, kind=kind, **fields)


def listings(*symbols):
    return [Listing(symbol=symbol) for symbol in symbols]


def active():
    return set(Stock.objects.filter(is_active=True).values_list("symbol", flat=True))


def test_seeding_adds_new_rows():
    seeded = seed_catalogue(
        entries=[
            entry("ITUB4", "Itaú Unibanco", sector="Bancos", markets={"IBOV": JANUARY}),
            entry("HGLG11", "Pátria Log", "FII"),
            entry("EMBJ3", "Embraer", "ON"),
            entry("EMBR3", "Embraer", "ON", renamed_to="EMBJ3"),
        ]
    )

    assert seeded == Seeded(added=3, renamed=1, memberships=1)
    itau = Stock.objects.get(symbol="ITUB4")
    assert (itau.name, itau.kind, itau.sector, itau.lot) == ("Itaú Unibanco", "PN", "Bancos", 100)
    assert itau.search_text == "itub4 itau unibanco"
    assert itau.memberships.get().as_of == JANUARY
    assert Stock.objects.get(symbol="HGLG11").lot == 1
    former = Stock.objects.get(symbol="EMBR3")
    assert not former.is_active
    assert former.renamed_to == Stock.objects.get(symbol="EMBJ3")


def test_seeding_again_writes_nothing(django_assert_max_num_queries):
    entries = [
        entry(markets={"IBOV": JANUARY}),
        entry("EMBJ3", "Embraer", "ON"),
        entry("EMBR3", "Embraer", "ON", renamed_to="EMBJ3"),
    ]
    seed_catalogue(entries=entries)

    with django_assert_max_num_queries(4) as captured:
        seeded = seed_catalogue(entries=entries)

    assert seeded == Seeded()
    assert not seeded
    reads = [query for query in captured if query["sql"].startswith("SELECT")]
    assert len(reads) == 2
    assert not any(query["sql"].startswith(("INSERT", "UPDATE", "DELETE")) for query in captured)


def test_seeding_updates_descriptions_only():
    StockFactory(symbol="PETR4", name="Petrobrás", is_active=False)
    StockFactory(symbol="ABCD3", name="Own")

    assert seed_catalogue(entries=[entry()]) == Seeded(updated=1)

    petr4 = Stock.objects.get(symbol="PETR4")
    assert (petr4.name, petr4.search_text, petr4.is_active) == (
        "Petrobras",
        "petr4 petrobras",
        False,
    )
    assert Stock.objects.get(symbol="ABCD3").name == "Own"


def test_seeding_retires_a_renamed_symbol():
    StockFactory(symbol="EMBR3", name="Embraer")

    seeded = seed_catalogue(
        entries=[
            entry("EMBJ3", "Embraer", "ON"),
            entry("EMBR3", "Embraer", "ON", renamed_to="EMBJ3"),
        ]
    )

    assert seeded == Seeded(added=1, renamed=1)
    assert active() == {"EMBJ3"}


def test_newer_portfolio_replaces_an_older_one():
    seed_catalogue(
        entries=[
            entry(markets={"IBOV": JANUARY}),
            entry("VALE3", "Vale", "ON", markets={"IBOV": JANUARY}),
        ]
    )

    seeded = seed_catalogue(entries=[entry(markets={"IBOV": MAY}), entry("VALE3", "Vale", "ON")])

    assert seeded.memberships == 2
    assert list(Membership.objects.values_list("stock__symbol", "as_of")) == [("PETR4", MAY)]


def test_older_portfolio_does_not_replace_a_newer_one():
    MembershipFactory(stock=StockFactory(symbol="PETR4"), as_of=MAY)
    MembershipFactory(stock=StockFactory(symbol="VALE3"), as_of=MAY)

    assert seed_catalogue(entries=[entry(markets={"IBOV": JANUARY})]).memberships == 0

    assert set(Membership.objects.values_list("stock__symbol", "as_of")) == {
        ("PETR4", MAY),
        ("VALE3", MAY),
    }


@pytest.mark.parametrize("size", [1, 3, 90])
def test_seeding_needs_the_same_queries_for_any_number(size, django_assert_max_num_queries):
    entries = [
        entry(f"AB{n // 26:X}{chr(65 + n % 26)}3", markets={"IBOV": JANUARY}) for n in range(size)
    ]

    with django_assert_max_num_queries(10):
        assert seed_catalogue(entries=entries).added == size


def test_refreshing_adds_revives_and_retires():
    for symbol in ("PETR4", "VALE3", "ITUB4"):
        StockFactory(symbol=symbol)
    StockFactory(symbol="CIEL3", is_active=False)

    refreshed = refresh_catalogue(
        listings=[
            Listing(symbol="petr4"),
            Listing(symbol="VALE3F"),
            Listing(symbol="CIEL3"),
            Listing(symbol="ABCB4", name="ABC\x00 Brasil\n PN", sector="Bancos"),
            Listing(symbol="ABCB4F", name="fracionário"),
        ]
    )

    assert refreshed == Refreshed(added=1, revived=1, retired=1, skipped=0, is_short=False)
    assert active() == {"PETR4", "VALE3", "CIEL3", "ABCB4"}
    assert Stock.objects.filter(symbol="ITUB4").exists()
    new = Stock.objects.get(symbol="ABCB4")
    assert (new.name, new.kind, new.sector, new.lot) == ("ABC Brasil PN", "PN", "Bancos", 100)
    assert new.search_text == "abcb4 abc brasil pn"


def test_refreshing_again_changes_nothing():
    StockFactory(symbol="PETR4")
    refresh_catalogue(listings=listings("PETR4", "VALE3"))

    refreshed = refresh_catalogue(listings=listings("PETR4", "VALE3"))

    assert refreshed == Refreshed(added=0, revived=0, retired=0, skipped=0, is_short=False)


def test_refreshing_does_not_change_names():
    StockFactory(symbol="PETR4", name="Petrobras")

    refresh_catalogue(listings=[Listing(symbol="PETR4", name="PETROBRAS PN N2")])

    assert Stock.objects.get(symbol="PETR4").name == "Petrobras"


def test_refreshing_skips_and_counts_invalid_entries():
    refreshed = refresh_catalogue(
        listings=listings("PETR4", "", "^BVSP", "PETR4\n", "X" * 300, "PETR1", "HGLG12")
    )

    assert (refreshed.added, refreshed.skipped) == (1, 6)
    assert active() == {"PETR4"}


def test_refreshing_does_not_revive_a_renamed_symbol():
    new = StockFactory(symbol="AXIA3")
    StockFactory(symbol="ELET3", is_active=False, renamed_to=new)

    refresh_catalogue(listings=listings("ELET3"))

    assert active() == {"AXIA3"}


@pytest.mark.parametrize("listed", [[], ["PETR4"], ["ABCD", "EFGH", "IJKL"], ["IBOV", "PETR4"]])
def test_short_list_retires_nothing(listed):
    for symbol in ("PETR4", "VALE3", "ITUB4", "IBOV"):
        StockFactory(symbol=symbol)

    refreshed = refresh_catalogue(listings=listings(*listed))

    assert (refreshed.retired, refreshed.is_short) == (0, True)
    assert active() == {"PETR4", "VALE3", "ITUB4", "IBOV"}


def test_list_with_half_of_the_stocks_is_accepted():
    for symbol in ("PETR4", "VALE3", "ITUB4", "BBAS3", "IBOV"):
        StockFactory(symbol=symbol)

    refreshed = refresh_catalogue(listings=listings("PETR4", "VALE3"))

    assert (refreshed.retired, refreshed.is_short) == (2, False)
    assert active() == {"PETR4", "VALE3", "IBOV"}


@pytest.mark.parametrize(
    ("symbol", "name", "source_kind", "kind"),
    [
        ("PETR3", "", "", "ON"),
        ("PETR3", "", "fii", "ON"),  # the suffix overrides the source
        ("AAPL34", "", "", "BDR"),
        ("HGLG11", "", "FII", "FII"),
        ("BOVA11", "", "etf", "ETF"),
        ("BOVA11", "ISHARES IBOVESPA CI", "", "ETF"),
        ("HGLG11", "FII PATRIA LOG", "stock", "FII"),
        ("SAPR11", "SANEPAR UNT", "", "UNIT"),
        ("ABCD12", "", "FII", "FII"),
    ],
)
def test_refreshing_determines_the_kind(symbol, name, source_kind, kind):
    refresh_catalogue(
        listings=[Listing(symbol=symbol, name=name, kind=source_kind), Listing(symbol="SAPR4")]
    )

    assert Stock.objects.get(symbol=symbol).kind == kind


def test_refreshing_truncates_long_texts():
    refresh_catalogue(listings=[Listing(symbol="ABCD3", name="\ufb03" * 300, sector="s" * 300)])

    stock = Stock.objects.get()
    assert (len(stock.name), len(stock.sector), len(stock.search_text)) == (120, 80, 160)
    assert fold(stock.name).startswith("ffiffi")


def test_seeding_and_refreshing_clear_the_cache(django_capture_on_commit_callbacks):
    catalogue()
    with django_capture_on_commit_callbacks(execute=True):
        seed_catalogue(entries=[entry()])
    assert catalogue().canonical("PETR4") == "PETR4"

    with django_capture_on_commit_callbacks(execute=True):
        refresh_catalogue(listings=listings("VALE3"))
    assert catalogue().canonical("PETR4") is None
