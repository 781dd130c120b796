"""Tests of the command `seed_stocks` with the project's data."""

import io
from collections import Counter
from datetime import date

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from mainapp.market.management.commands import seed_stocks
from mainapp.market.models import Membership, Stock
from mainapp.market.providers.base import Listing, ProviderError
from mainapp.market.selectors.catalogue import load_catalogue, search_stocks
from mainapp.market.services.catalogue import read_entries
from mainapp.market.symbols import canonical, parse
from mainapp.market.tests.factories import StockFactory

pytestmark = pytest.mark.django_db

UNITS = {"BPAC11", "ENGI11", "IGTI11", "KLBN11", "SANB11", "TAEE11"}


class Source:
    """A source that lists the given symbols, or raises the given exception."""

    def __init__(self, reply):
        self.reply = reply

    def tickers(self):
        if isinstance(self.reply, Exception):
            raise self.reply
        return [Listing(symbol=symbol) for symbol in self.reply]


def run(*arguments):
    out = io.StringIO()
    call_command("seed_stocks", *arguments, stdout=out)
    return out.getvalue().strip()


@pytest.fixture
def source_lists(monkeypatch):
    def lists(reply):
        monkeypatch.setattr(seed_stocks, "build_chain", lambda: Source(reply))

    return lists


def test_seeding_loads_the_index_with_its_date():
    run()

    members = Membership.objects.filter(market="IBOV")
    assert members.count() == 82
    assert set(members.values_list("as_of", flat=True)) == {date(2026, 1, 5)}
    assert not members.filter(stock__is_active=False).exists()
    assert not members.filter(stock__sector="").exists()
    units = Stock.objects.filter(memberships__market="IBOV", symbol__endswith="11")
    assert set(units.values_list("symbol", flat=True)) == UNITS
    assert set(units.values_list("kind", flat=True)) == {"UNIT"}


def test_seeding_loads_the_index_itself_and_the_funds():
    run()

    index = Stock.objects.get(symbol="IBOV")
    assert (index.kind, index.name, index.memberships.count()) == ("INDEX", "Ibovespa", 0)
    kinds = Counter(Stock.objects.filter(is_active=True).values_list("kind", flat=True))
    assert min(kinds["FII"], kinds["ETF"], kinds["BDR"]) >= 30
    assert Stock.objects.get(symbol="5GTK11").kind == "ETF"
    assert Stock.objects.get(symbol="JBSS32").kind == "BDR"
    assert Membership.objects.filter(market="IFIX", stock__symbol="HGLG11").exists()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ELET3", "AXIA3"),
        ("ELET6", "AXIA6"),
        ("EMBR3", "EMBJ3"),
        ("CCRO3", "MOTV3"),
        ("NTCO3", "NATU3"),
        ("CPLE6", "CPLE3"),
        ("TRPL4", "ISAE4"),
        ("MRFG3", "MBRF3"),
        ("BRFS3", "MBRF3"),
    ],
)
def test_seeding_maps_renamed_symbols_to_the_new_ones(old, new):
    run()

    assert load_catalogue().canonical(old) == new
    assert [stock.symbol for stock in search_stocks(old)][:1] == [new]
    assert not Stock.objects.get(symbol=old).is_active


def test_seeding_twice_changes_nothing():
    first = run()
    before = list(Stock.objects.values_list()), list(Membership.objects.values_list())

    second = run()

    assert first.startswith("Catalogue: ")
    assert second == "The catalogue is up to date: nothing changed."
    assert (list(Stock.objects.values_list()), list(Membership.objects.values_list())) == before


def test_seeding_needs_few_queries(django_assert_max_num_queries):
    with django_assert_max_num_queries(10):
        run()


def test_data_files_are_valid():
    entries = read_entries(settings.BASE_DIR / "data")

    symbols = [entry.symbol for entry in entries]
    live = {entry.symbol for entry in entries if not entry.renamed_to}
    assert len(symbols) == len(set(symbols))
    assert all(canonical(symbol) == symbol for symbol in symbols)
    for entry in entries:
        ticker = parse(entry.symbol)
        assert ticker
        assert entry.kind in ticker.kinds
    assert all(entry.name == entry.name.strip() != "" for entry in entries)
    assert {entry.renamed_to for entry in entries} - {""} <= live


def test_seeding_uses_the_newest_portfolio(tmp_path):
    for day, ticker in (("2026-01-05", "PETR4"), ("2026-05-04", "VALE3")):
        (tmp_path / f"ibov_{day}.json").write_text(
            f'{{"index": "IBOV", "portfolio_valid_from": "{day}", "components": '
            f'[{{"ticker": "{ticker}", "company": "x", "sector": "y"}}]}}'
        )
    (tmp_path / "others.json").write_text('{"as_of": "2026-05-04", "papers": [], "renamed": []}')

    entries = read_entries(tmp_path)

    assert [entry.symbol for entry in entries] == ["VALE3"]
    assert entries[0].markets == {"IBOV": date(2026, 5, 4)}


def test_refresh_prints_its_results(source_lists):
    StockFactory(symbol="PETR4")
    StockFactory(symbol="VALE3")
    source_lists(["PETR4", "ITUB4", "^BVSP"])

    assert run("--refresh") == "Catalogue: 1 added, 0 revived, 1 retired, 1 skipped."
    assert not Stock.objects.get(symbol="VALE3").is_active


def test_refresh_retires_nothing_on_a_short_list(source_lists):
    run()
    before = set(load_catalogue().names)
    source_lists(["PETR4"])

    assert run("--refresh") == (
        "Catalogue: 0 added, 0 revived, 0 retired, 0 skipped. "
        "The source lists only 1, less than half of ours: nothing was retired."
    )
    assert set(load_catalogue().names) == before


def test_refreshed_catalogue_survives_the_next_seeding(source_lists):
    run()
    source_lists(set(load_catalogue().names) - {"PETR4"} | {"ABCB4"})
    run("--refresh")

    assert run() == "The catalogue is up to date: nothing changed."

    assert load_catalogue().canonical("PETR4") is None
    assert load_catalogue().canonical("ABCB4") == "ABCB4"


def test_refresh_without_a_reply_fails_in_one_line(source_lists):
    StockFactory(symbol="PETR4")
    source_lists(ProviderError("brapi: 401\nno token"))

    with pytest.raises(CommandError) as raised:
        run("--refresh")

    assert str(raised.value) == "No list of stocks, nothing changed: brapi: 401 no token"
    assert Stock.objects.get().is_active


def test_refresh_of_many_stocks_needs_few_queries(source_lists, django_assert_max_num_queries):
    letters = "ABCDEFGHIJ"
    source_lists([f"{a}{b}{c}X3" for a in letters for b in letters for c in letters[:5]])

    with django_assert_max_num_queries(10):
        run("--refresh")

    assert Stock.objects.count() == 500
