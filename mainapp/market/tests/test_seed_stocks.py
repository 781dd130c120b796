"""Tests of the command `seed_stocks`, and of the project's data."""

import io
import json
from collections import Counter
from datetime import date

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from mainapp.market.management.commands import seed_stocks
from mainapp.market.models import CorporateEvent, IndexList, LoadedData, Stock
from mainapp.market.names import COUNTRIES
from mainapp.market.providers.base import Listing, ProviderError
from mainapp.market.selectors.catalogue import load_catalogue
from mainapp.market.services.catalogue import load_data
from mainapp.market.services.catalogue.entries import read_data
from mainapp.market.symbols import canonical
from mainapp.market.tests.factories import StockFactory

DATA = settings.BASE_DIR / "data"
LISTS = {
    "IBOV": {
        *(date(2026, 1, 5), date(2026, 3, 16), date(2026, 4, 6), date(2026, 5, 4)),
        *(date(2026, 7, 21), date(2026, 8, 30), date(2026, 9, 8)),
    },
    "IFIX": {date(2026, 4, 6), date(2026, 8, 3)},
    **{index: {date(2026, 4, 6), date(2026, 7, 21)} for index in ("SMLL", "IDIV", "IBXX")},
    **{index: {date(2026, 4, 6)} for index in ("IBXL", "IBRA", "IBBR", "IBHB")},
}


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


@pytest.fixture(scope="module")
def shipped():
    return read_data(DATA)


@pytest.fixture
def folder(tmp_path):
    """A folder with one stock, one former code, one list and one event."""
    files = {
        "b3_papers.json": {
            "papers": [
                {"symbol": "EMBJ3", "name": "Embraer ON", "kind": "stock", "sector": None}
                | dict.fromkeys(("isin", "cnpj", "underlying", "last_seen"))
            ],
            "gone": [{"symbol": "EMBR3", "became": "EMBJ3", "sure": True, "last_seen": None}],
        },
        "others.json": {"papers": [], "gone": [], "well_known": [], "names": {"EMBR3": "Embraer"}},
        "indices.json": {
            "indices": [
                {"code": "IBOV", "as_of": "2026-09-08", "strength": "single", "source": "s"}
                | {"valid_from": "2026-09-08", "valid_to": None}
                | {"papers": [{"symbol": "EMBJ3", "weight_pct": None}]}
            ]
        },
        "events.json": {
            "events": [
                {"kind": "rename", "from": "EMBR3", "to": "EMBJ3", "ratio": "1", "source": "s"}
                | {"date": "2025-11-03", "date_sure": True, "strength": "several"}
            ]
        },
    }
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content))
    return tmp_path


def test_shipped_stocks_are_valid(shipped):
    symbols = [entry.symbol for entry in shipped.stocks]
    traded = {entry.symbol: entry for entry in shipped.stocks if entry.is_active}

    assert len(symbols) == len(set(symbols)) == 2322
    assert all(canonical(symbol) == symbol for symbol in symbols)
    assert Counter(entry.kind for entry in traded.values()) == {
        "BDR": 668,
        "BDR_ETF": 217,
        "ETF": 229,
        "FII": 381,
        "FI_INFRA": 44,
        "FIAGRO": 40,
        "ON": 297,
        "PN": 101,
        "UNIT": 9,
        "FUND": 13,
        "RIGHT": 8,
        "INDEX": 1,
        "CRYPTO": 13,
    }
    assert traded["AAPL34"].underlying == "AAPL"
    assert Counter(entry.country for entry in traded.values() if entry.country)["US"] == 93
    assert {entry.kind for entry in traded.values() if entry.country} == {"BDR"}
    assert {entry.country for entry in shipped.stocks} <= {"", *COUNTRIES}
    assert not {traded[symbol].country for symbol in ("ROXO34", "MELI34", "BABA34")} - {""}
    assert traded["PETR4"].isin == "BRPETRACNPR6"
    assert sum(not entry.name for entry in traded.values()) == 144


def test_shipped_lists_are_complete(shipped):
    lists = {(entry.market, entry.as_of): entry for entry in shipped.lists}
    dates = {market: {day for name, day in lists if name == market} for market, _ in lists}

    assert dates == LISTS
    newest = lists["IBOV", date(2026, 9, 8)]
    assert len(newest.weights) == 76
    assert set(newest.weights.values()) == {None}
    july = lists["IBOV", date(2026, 7, 21)].weights.values()
    assert (len(july), round(sum(july), 1)) == (78, 100)


def test_commonest_stocks_come_first(shipped):
    ranked = sorted(
        (entry for entry in shipped.stocks if entry.rank is not None), key=lambda entry: entry.rank
    )

    assert [entry.symbol for entry in ranked[:4]] == ["IBOV", "VALE3", "ITUB4", "PETR4"]
    places = {entry.symbol: place for place, entry in enumerate(ranked)}
    assert places["PETR4"] < places["KNCR11"] < places["BOVA11"] < places["AAPL34"]
    assert places["AAPL34"] < places["A1AP34"]


def test_command_loads_the_shipped_data_once(db, django_assert_num_queries):
    first = run()

    with django_assert_num_queries(1):
        second = run()

    assert first == "Catalogue: 2322 added, 0 updated, 19 index lists and 179 events written."
    assert second == "The catalogue is up to date: nothing changed."
    known = load_catalogue()
    assert len(known.names) == 2021
    assert len(known.ibov) == 76
    assert known.canonical("vvar3f") == "BHIA3"
    assert known.canonical("CIEL3") is None


def test_changed_data_is_loaded_again(db, folder):
    load_data(folder)
    before = list(Stock.objects.values_list()), list(CorporateEvent.objects.values_list())

    assert not load_data(folder)
    LoadedData.objects.all().delete()
    assert not load_data(folder)  # nothing differs
    (folder / "events.json").write_text('{"events": []}')
    assert load_data(folder).events == 1

    assert list(Stock.objects.values_list()) == before[0]
    assert IndexList.objects.get().as_of == date(2026, 9, 8)
    assert Stock.objects.get(symbol="EMBR3").name == "Embraer"


def test_failed_loading_is_tried_again(db, folder):
    (folder / "events.json").write_text('{"events": [{}]}')
    with pytest.raises(KeyError):
        load_data(folder)

    assert not Stock.objects.exists()
    assert not LoadedData.objects.exists()


def test_refresh_prints_its_results(db, source_lists):
    StockFactory(symbol="PETR4")
    StockFactory(symbol="VALE3")
    source_lists(["PETR4", "ITUB4", "^BVSP"])

    assert run("--refresh") == "Catalogue: 1 added, 0 completed, 0 revived, 1 retired, 1 skipped."
    assert not Stock.objects.get(symbol="VALE3").is_active


def test_refresh_retires_nothing_on_a_short_list(db, source_lists):
    for symbol in ("PETR4", "VALE3", "ITUB4"):
        StockFactory(symbol=symbol)
    source_lists(["PETR4"])

    assert run("--refresh") == (
        "Catalogue: 0 added, 0 completed, 0 revived, 0 retired, 0 skipped. "
        "The source lists only 1, less than half of ours: nothing was retired."
    )
    assert Stock.objects.filter(is_active=True).count() == 3


def test_refreshed_catalogue_survives_the_next_loading(db, source_lists, folder):
    load_data(folder)
    source_lists(["ABCB4"])
    run("--refresh")
    LoadedData.objects.all().delete()

    load_data(folder)

    assert load_catalogue().canonical("EMBJ3") is None
    assert load_catalogue().canonical("ABCB4") == "ABCB4"


def test_refresh_without_a_reply_fails_in_one_line(db, source_lists):
    StockFactory(symbol="PETR4")
    source_lists(ProviderError("brapi: 401\nno token"))

    with pytest.raises(CommandError) as raised:
        run("--refresh")

    assert str(raised.value) == "No list of stocks, nothing changed: brapi: 401 no token"
    assert Stock.objects.get().is_active


def test_refresh_of_many_stocks_needs_few_queries(db, source_lists, django_assert_max_num_queries):
    letters = "ABCDEFGHIJ"
    source_lists([f"{a}{b}{c}X3" for a in letters for b in letters for c in letters[:5]])

    with django_assert_max_num_queries(15):  # SQLite inserts in parts
        run("--refresh")

    assert Stock.objects.count() == 500
