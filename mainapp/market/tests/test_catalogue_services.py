"""Tests of seeding the catalogue from data, of admins' corrections, and of its refresh."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from mainapp.market.models import CorporateEvent, IndexList, Membership, Stock
from mainapp.market.providers.base import Listing
from mainapp.market.selectors.catalogue import catalogue
from mainapp.market.services.catalogue import (
    Refreshed,
    Seeded,
    drop_corrections,
    follow_renames,
    mark_corrected,
    seed_catalogue,
)
from mainapp.market.services.catalogue import refresh_catalogue as refresh
from mainapp.market.services.catalogue.entries import (
    CatalogueData,
    EventEntry,
    ListEntry,
    StockEntry,
)
from mainapp.market.symbols import fold
from mainapp.market.tests.factories import StockFactory

pytestmark = pytest.mark.django_db

JANUARY, MAY = date(2026, 1, 5), date(2026, 5, 4)
TODAY = date(2026, 11, 29)
UNSEEN = TODAY - timedelta(days=91)

PETR4 = StockEntry(symbol="PETR4", name="Petrobras PN", kind="PN", sector="Petróleo", rank=2)
HGLG11 = StockEntry(symbol="HGLG11", name="Pátria Log FII", kind="FII", isin="BRHGLGCTF004")
EMBJ3 = StockEntry(symbol="EMBJ3", name="Embraer ON", kind="ON")
EMBR3 = StockEntry(symbol="EMBR3", kind="ON", renamed_to="EMBJ3", is_active=False)
RENAME = EventEntry(
    key="rename:EMBR3", symbol="EMBR3", kind="rename", successor="EMBJ3", ratio=Decimal(1)
)


def refresh_catalogue(*, listings, on=TODAY):
    return refresh(listings=listings, on=on)


def seed(*stocks, lists=(), events=()):
    return seed_catalogue(data=CatalogueData(stocks=stocks, lists=lists, events=events))


def ibov(as_of, **weights):
    return ListEntry(market="IBOV", as_of=as_of, weights=weights)


def listings(*symbols):
    return [Listing(symbol=symbol) for symbol in symbols]


def active():
    return set(Stock.objects.filter(is_active=True).values_list("symbol", flat=True))


def members(as_of):
    rows = Membership.objects.filter(index_list__as_of=as_of)
    return dict(rows.values_list("stock__symbol", "weight_pct"))


def test_seeding_adds_stocks_lists_and_events():
    seeded = seed(
        *(PETR4, HGLG11, EMBJ3, EMBR3),
        lists=[ibov(JANUARY, PETR4=Decimal("5.795"), EMBJ3=None)],
        events=[RENAME],
    )

    assert seeded == Seeded(added=4, lists=1, events=1)
    petr4 = Stock.objects.get(symbol="PETR4")
    assert (petr4.name, petr4.kind, petr4.sector) == ("Petrobras PN", "PN", "Petróleo")
    assert (petr4.search_text, petr4.lot, petr4.rank) == ("petr4 petrobras pn", 100, 2)
    assert Stock.objects.get(symbol="HGLG11").isin == "BRHGLGCTF004"
    former = Stock.objects.get(symbol="EMBR3")
    assert (former.is_active, former.renamed_to.symbol, former.name) == (False, "EMBJ3", "EMBR3")
    assert members(JANUARY) == {"PETR4": Decimal("5.795"), "EMBJ3": None}
    assert CorporateEvent.objects.get().successor.symbol == "EMBJ3"


def test_former_codes_point_to_the_newest_code():
    via = StockEntry(symbol="VIIA3", kind="ON", renamed_to="BHIA3", is_active=False)
    seed(
        StockEntry(symbol="VVAR3", kind="ON", renamed_to="VIIA3", is_active=False),
        via,
        StockEntry(symbol="BHIA3", name="Casas Bahia ON", kind="ON"),
    )

    assert Stock.objects.get(symbol="VVAR3").renamed_to.symbol == "BHIA3"


def test_seeding_again_writes_nothing(django_assert_max_num_queries):
    data = {"lists": [ibov(JANUARY, PETR4=None)], "events": [RENAME]}
    seed(PETR4, EMBJ3, EMBR3, **data)

    with django_assert_max_num_queries(6) as captured:
        seeded = seed(PETR4, EMBJ3, EMBR3, **data)

    assert seeded == Seeded()
    assert not seeded
    assert not any(query["sql"].startswith(("INSERT", "UPDATE", "DELETE")) for query in captured)


def test_unknown_values_do_not_replace_known_ones():
    StockFactory(symbol="PETR4", name="Petrobras", sector="Energia", kind="PN", isin="BR1")

    seed(StockEntry(symbol="PETR4", kind=""))

    petr4 = Stock.objects.get()
    assert (petr4.name, petr4.sector, petr4.kind) == ("Petrobras", "Energia", "PN")
    assert petr4.isin == "BR1"


def test_seeding_leaves_a_retired_stock_retired_and_others_alone():
    StockFactory(symbol="PETR4", name="Petrobrás", is_active=False)
    StockFactory(symbol="ABCD3", name="Own")

    assert seed(PETR4) == Seeded(updated=1)

    assert active() == {"ABCD3"}
    assert Stock.objects.get(symbol="ABCD3").name == "Own"


def test_list_that_changed_is_replaced_and_other_dates_stay():
    seed(PETR4, HGLG11, lists=[ibov(JANUARY, PETR4=None), ibov(MAY, PETR4=None)])

    seeded = seed(PETR4, HGLG11, lists=[ibov(MAY, HGLG11=Decimal(1))])

    assert seeded == Seeded(lists=1)
    assert (members(JANUARY), members(MAY)) == ({"PETR4": None}, {"HGLG11": Decimal(1)})


def test_event_that_the_data_no_longer_has_is_deleted():
    seed(EMBJ3, EMBR3, events=[RENAME])

    assert seed(EMBJ3, EMBR3).events == 1

    assert not CorporateEvent.objects.exists()


def test_corrected_fields_of_a_stock_survive_the_seeding():
    seed(PETR4)
    stock = Stock.objects.get()
    stock.name, stock.sector = "Petróleo Brasileiro", "Energia"
    mark_corrected(stock, fields=["name"])
    stock.save()

    seed(PETR4)

    stock.refresh_from_db()
    assert (stock.name, stock.sector) == ("Petróleo Brasileiro", "Petróleo")
    assert stock.search_text == "petr4 petroleo brasileiro"


def test_corrected_country_survives_the_seeding():
    apple = StockEntry(symbol="AAPL34", name="Apple BDR", kind="BDR", country="US")
    seed(apple)
    stock = Stock.objects.get()
    assert stock.country == "US"
    stock.country = ""
    mark_corrected(stock, fields=["country"])
    stock.save()

    seed(apple)

    stock.refresh_from_db()
    assert stock.country == ""


def test_corrected_end_of_a_stock_survives_the_seeding():
    seed(EMBJ3, EMBR3)
    stock = Stock.objects.get(symbol="EMBR3")
    stock.is_active, stock.renamed_to = True, None
    mark_corrected(stock, fields=["is_active", "renamed_to"])
    stock.save()

    seed(EMBJ3, EMBR3)

    stock.refresh_from_db()
    assert (stock.is_active, stock.renamed_to) == (True, None)


def test_corrected_list_and_event_survive_the_seeding():
    data = {"lists": [ibov(MAY, PETR4=None)], "events": [RENAME]}
    seed(PETR4, EMBJ3, EMBR3, **data)
    IndexList.objects.update(valid_to=MAY, is_corrected=True)
    CorporateEvent.objects.update(ratio=Decimal("0.5"), is_corrected=True)

    seed(PETR4, EMBJ3, EMBR3, lists=[ibov(MAY, EMBJ3=None)], events=[RENAME])
    seed(PETR4, EMBJ3, EMBR3)

    assert (IndexList.objects.get().valid_to, members(MAY)) == (MAY, {"PETR4": None})
    assert CorporateEvent.objects.get().ratio == Decimal("0.5")


def test_dropped_corrections_are_replaced_by_the_data():
    seed(PETR4)
    Stock.objects.update(name="Errado", corrected_fields=["name"])

    drop_corrections(rows=Stock.objects.all())
    seed(PETR4)

    assert Stock.objects.get().name == "Petrobras PN"


def test_former_codes_follow_a_renamed_stock():
    last, middle = StockFactory(symbol="BHIA3"), StockFactory(symbol="VIIA3")
    first = StockFactory(symbol="VVAR3", is_active=False, renamed_to=middle)
    middle.renamed_to = last
    middle.save()

    follow_renames(stock=middle)

    first.refresh_from_db()
    assert first.renamed_to == last


@pytest.mark.parametrize("size", [1, 3, 90])
def test_seeding_needs_the_same_queries_for_any_number(size, django_assert_max_num_queries):
    symbols = [f"AB{n // 26:X}{chr(65 + n % 26)}3" for n in range(size)]
    stocks = [StockEntry(symbol=symbol, kind="ON") for symbol in symbols]

    with django_assert_max_num_queries(11):
        seeded = seed(*stocks, lists=[ibov(JANUARY, **dict.fromkeys(symbols))])

    assert seeded.added == size


def test_refreshing_adds_revives_and_retires():
    for symbol in ("PETR4", "VALE3", "ITUB4"):
        StockFactory(symbol=symbol)
    StockFactory(symbol="CIEL3", is_active=False, is_end_sure=False)

    refreshed = refresh_catalogue(
        listings=[
            Listing(symbol="petr4", sector="Petróleo"),
            Listing(symbol="VALE3F"),
            Listing(symbol="CIEL3", sector="Financeiro"),
            Listing(symbol="ABCB4", name="ABC\x00 Brasil\n PN", sector="Bancos"),
            Listing(symbol="ABCB4F", name="fracionário"),
        ]
    )

    assert refreshed == Refreshed(
        added=1, completed=2, revived=1, retired=1, skipped=0, is_short=False
    )
    assert active() == {"PETR4", "VALE3", "CIEL3", "ABCB4"}
    assert Stock.objects.filter(symbol="ITUB4").exists()
    new = Stock.objects.get(symbol="ABCB4")
    assert (new.name, new.kind, new.sector, new.lot) == ("ABC Brasil PN", "PN", "Bancos", 100)
    assert new.search_text == "abcb4 abc brasil pn"


def test_refreshing_again_changes_nothing():
    StockFactory(symbol="PETR4")
    refresh_catalogue(listings=listings("PETR4", "VALE3"))

    refreshed = refresh_catalogue(listings=listings("PETR4", "VALE3"))

    assert refreshed == Refreshed(
        added=0, completed=0, revived=0, retired=0, skipped=0, is_short=False
    )


def test_refreshing_fills_in_missing_values():
    StockFactory(symbol="PETR4", name="PETR4", sector="")
    StockFactory(symbol="VALE3", name="Vale ON", sector="Materiais")

    refreshed = refresh_catalogue(
        listings=[
            Listing(symbol="PETR4", name="Petrobras", sector="Energia"),
            Listing(symbol="VALE3", name="VALE", sector="Mining"),
        ]
    )

    assert refreshed.completed == 1
    petr4, vale3 = Stock.objects.order_by("symbol")
    assert (petr4.name, petr4.sector, petr4.search_text) == (
        "Petrobras",
        "Energia",
        "petr4 petrobras",
    )
    assert (vale3.name, vale3.sector) == ("Vale ON", "Materiais")
    assert petr4.last_seen_on == vale3.last_seen_on == TODAY


def test_refreshing_retires_only_stocks_unlisted_for_90_days():
    for symbol, seen in (("PETR4", UNSEEN), ("VALE3", UNSEEN + timedelta(days=1))):
        StockFactory(symbol=symbol, last_seen_on=seen)

    refresh_catalogue(listings=listings("ITUB4", "BBAS3"))

    assert active() == {"VALE3", "ITUB4", "BBAS3"}
    assert not Stock.objects.get(symbol="PETR4").is_end_sure


def test_refreshing_keeps_corrections():
    StockFactory(
        symbol="PETR4",
        name="PETR4",
        last_seen_on=UNSEEN,
        corrected_fields=["name", "sector", "is_active"],
    )

    refresh_catalogue(listings=listings("VALE3"))
    assert "PETR4" in active()
    Stock.objects.filter(symbol="PETR4").update(is_active=False, is_end_sure=False)
    refresh_catalogue(listings=[Listing(symbol="PETR4", name="Petrobras", sector="Energia")])

    petr4 = Stock.objects.get(symbol="PETR4")
    assert (petr4.name, petr4.sector, petr4.is_active) == ("PETR4", "", False)
    assert petr4.search_text == "petr4 petr4"


def test_refreshing_does_not_revive_stocks_that_surely_ended():
    StockFactory(symbol="CIEL3", is_active=False)

    assert refresh_catalogue(listings=listings("CIEL3")).skipped == 1

    assert active() == set()


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
        ("RZAG11", "FIAGRO RIZA CI", "", "FIAGRO"),
        ("CPTI11", "CAPITANIA FI-INFRA", "", "FI_INFRA"),
        ("AADA39", "21SHARES CARDANO", "bdr", "BDR_ETF"),
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
        seed(PETR4)
    assert catalogue().canonical("PETR4") == "PETR4"

    with django_capture_on_commit_callbacks(execute=True):
        refresh_catalogue(listings=listings("VALE3"))
    assert catalogue().canonical("PETR4") is None
