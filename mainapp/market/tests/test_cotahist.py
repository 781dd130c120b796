import io
import struct
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from mainapp.market.models import Candle, ExchangeDay
from mainapp.market.readers import zipped as zips
from mainapp.market.readers.faults import CotahistError, FileFault
from mainapp.market.selectors.candles import chart_bars, day_bars, midnight, recent_closes
from mainapp.market.services import candles as candle_services
from mainapp.market.services import cotahist as service
from mainapp.market.services.cotahist import last_closed_day, load_cotahist
from mainapp.market.tests.factories import (
    NOON,
    CandleFactory,
    CorporateEventFactory,
    StockFactory,
)
from tests.cotahist import record, text, zipped

pytestmark = pytest.mark.django_db

TUESDAY = date(2024, 4, 16)
MONDAY = date(2024, 4, 15)


@pytest.fixture(autouse=True)
def _real_market(settings):
    settings.QUOTE_KIND = "real"


def load(content, at=NOON):
    return load_cotahist(io.BytesIO(content), at=at)


def stored():
    return list(
        ExchangeDay.objects.order_by("stock__symbol", "day").values_list(
            "stock__symbol", "day", "close", "volume"
        )
    )


def petr4(day=TUESDAY, close=3842, **fields):
    return record("PETR4", day, close=close, **fields)


def test_known_papers_of_the_cash_market_are_loaded():
    StockFactory(symbol="PETR4")
    loaded = load(
        text(
            [
                petr4(open_=3800, high=3900, low=3750, shares=500),
                record("VALE3", TUESDAY, close=6000),
                petr4(market="020"),
                record("PETRA100", TUESDAY, close=12, market="070"),
            ]
        )
    )
    (row,) = ExchangeDay.objects.values("stock__symbol", "open", "high", "low", "close", "volume")
    assert row == {
        "stock__symbol": "PETR4",
        "open": Decimal("38.00"),
        "high": Decimal("39.00"),
        "low": Decimal("37.50"),
        "close": Decimal("38.42"),
        "volume": 500,
    }
    assert (loaded.records, loaded.days, loaded.added) == (4, 1, 1)
    assert (loaded.first_day, loaded.last_day) == (TUESDAY, TUESDAY)


@pytest.mark.parametrize("pack", [bytes, zipped], ids=["text", "zip"])
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_zip_and_text_with_both_line_ends_are_the_same(pack, end):
    StockFactory(symbol="PETR4")
    load(pack(text([petr4(name="PETROBR\xc1S")], end=end)))
    assert stored() == [("PETR4", TUESDAY, Decimal("38.42"), 1000)]


def test_second_load_changes_nothing_and_a_corrected_file_does():
    StockFactory(symbol="PETR4")
    content = text([petr4(), petr4(MONDAY, 3700)])
    assert (load(content).added, load(content).added) == (2, 0)
    pks = list(ExchangeDay.objects.order_by("day").values_list("pk", flat=True))
    loaded = load(text([petr4(close=3843), petr4(MONDAY, 3700)]))
    assert (loaded.added, loaded.changed) == (0, 1)
    assert list(ExchangeDay.objects.order_by("day").values_list("pk", flat=True)) == pks
    assert [close for _symbol, _day, close, _volume in stored()] == [
        Decimal("37.00"),
        Decimal("38.43"),
    ]


def test_batches_are_written_one_after_the_other(monkeypatch):
    monkeypatch.setattr(service, "ROWS_A_TRANSACTION", 3)
    StockFactory(symbol="PETR4")
    days = [MONDAY - timedelta(days=n) for n in range(10)]
    assert load(text([petr4(day) for day in days])).added == 10
    assert load(text([petr4(day) for day in days])).changed == 0


def test_quotation_factor_gives_the_price_of_one_share():
    StockFactory(symbol="PETR4")
    load(text([petr4(close=1234, factor=1000, shares=10_000)]))
    assert stored() == [("PETR4", TUESDAY, Decimal("0.01234"), 10_000)]


def test_largest_of_several_records_of_a_day_counts_whatever_their_order():
    StockFactory(symbol="PETR4")
    records = [petr4(close=3700, shares=5), petr4(), petr4(close=3900, shares=7)]
    for order in (records, records[::-1]):
        load(text(order))
        assert stored() == [("PETR4", TUESDAY, Decimal("38.42"), 1000)]


def test_old_currencies_are_left_out():
    StockFactory(symbol="PETR4")
    load(text([petr4(date(1993, 5, 3), currency="CR$"), petr4(date(1994, 7, 4))]))
    assert [day for _symbol, day, _close, _volume in stored()] == [date(1994, 7, 4)]


def test_foot_may_count_head_and_foot():
    StockFactory(symbol="PETR4")
    assert load(text([petr4()], count=3)).added == 1


def altered(content, old, new):
    assert old in content
    return content.replace(old, new, 1)


GOOD = text([petr4(), petr4(MONDAY), petr4(date(2024, 4, 12))])
ZIP = zipped(GOOD)
LINES = GOOD.splitlines(keepends=True)
BAD = {
    "empty": (b"", "empty"),
    "other file": (b"<html>403 Forbidden</html>", "foreign"),
    "other zip": (zipped(b"nothing"), "foreign"),
    "UTF-8": (text([petr4(name="PETROBR\xc1S").decode("latin-1").encode()]), "encoding"),
    "UTF-8 with a mark": (b"\xef\xbb\xbf" + GOOD, "encoding"),
    "UTF-16": (GOOD.decode("latin-1").encode("utf-16"), "encoding"),
    "short line": (altered(GOOD, b"PETROBRAS  ", b"PETROBRAS "), "length"),
    "long line": (altered(GOOD, b"PETROBRAS  ", b"PETROBRAS   "), "length"),
    "endless line": (LINES[0] + b"0" * 100_000, "length"),
    "blank line": (LINES[0] + b"\r\n" + b"".join(LINES[1:]), "length"),
    "other record": (altered(GOOD, b"\n01", b"\n02"), "type"),
    "letters in a price": (altered(GOOD, b"0000000003842", b"000000000384O"), "number"),
    "letters in a factor": (
        altered(GOOD, b"99991231" + b"0000001", b"99991231" + b"000000l"),
        "number",
    ),
    "no factor": (altered(GOOD, b"999912310000001", b"999912310000000"), "prices"),
    "changed price": (altered(GOOD, b"0000000003842", b"0000000008842"), "prices"),
    "changed shares": (altered(GOOD, b"000000000000001000", b"000000000000001009"), "prices"),
    "13th month": (altered(GOOD, b"20240415", b"20241315"), "date"),
    "letters in a date": (altered(GOOD, b"20240415", b"2024O415"), "date"),
    "future": (altered(GOOD, b"20240415", b"20260311"), "future"),
    "cut between lines": (b"".join(LINES[:-1]), "cut"),
    "cut in a line": (GOOD[:-300], "length"),
    "missing record": (b"".join([*LINES[:2], *LINES[3:]]), "count"),
    "extra record": (b"".join([*LINES[:2], *LINES[1:]]), "count"),
    "two files in a row": (GOOD + GOOD, "after_end"),
    "foot without a count": (b"".join(LINES[:-1]) + b"99".ljust(245), "cut"),
    "cut zip": (ZIP[:-30], "zip_damaged"),
    "half a zip": (ZIP[: len(ZIP) // 2], "zip_damaged"),
    "start of a zip": (b"PK", "zip_damaged"),
    "two files in a zip": (zipped(GOOD, GOOD), "zip_files"),
    "no file in a zip": (zipped(), "zip_files"),
    "thousands of files in a zip": (zipped(*[b""] * 2000), "zip_files"),
    "other compression": (zipped(GOOD, method=zipfile.ZIP_LZMA), "zip_unsupported"),
}


@pytest.mark.parametrize(("content", "fault"), BAD.values(), ids=BAD)
def test_bad_file_is_refused_as_a_whole(content, fault):
    StockFactory(symbol="PETR4")
    with pytest.raises(CotahistError) as caught:
        load(content)
    assert caught.value.fault == fault
    assert not ExchangeDay.objects.exists()


def broken(place, value):
    """Return a zip with other bytes at a place of its only directory entry."""
    at = ZIP.rindex(b"PK\x01\x02") + place
    return ZIP[:at] + value + ZIP[at + len(value) :]


BROKEN = {
    "password": (broken(8, b"\1\0"), "zip_unsupported"),
    "a bomb by its own account": (broken(24, struct.pack("<I", 2**32 - 2)), "too_large"),
    "more than its own account": (broken(24, struct.pack("<I", 500)), "zip_damaged"),
    "other bytes": (ZIP[:80] + bytes(20) + ZIP[100:], "zip_damaged"),
    "other checksum": (broken(16, bytes(4)), "zip_damaged"),
    "later version": (broken(6, b"\x63\0"), "zip_unsupported"),
    "patched data": (broken(8, b"\x20\0"), "zip_unsupported"),
    "local name that is not text": (
        ZIP[:6] + b"\0\x08" + ZIP[8:30] + b"\xff" + ZIP[31:],
        "zip_damaged",
    ),
    "directory beyond the end": (
        ZIP[:-6] + struct.pack("<I", len(ZIP) * 9) + ZIP[-2:],
        "zip_damaged",
    ),
    "zip64": (
        altered(ZIP, b"PK\x05\x06", b"PK\x06\x07" + bytes(16) + b"PK\x05\x06"),
        "zip_unsupported",
    ),
}


@pytest.mark.parametrize(("content", "fault"), BROKEN.values(), ids=BROKEN)
def test_broken_zip_is_refused(content, fault):
    with pytest.raises(CotahistError) as caught:
        load(content)
    assert caught.value.fault == fault


def test_too_large_zip_is_not_read(monkeypatch):
    monkeypatch.setattr(zips, "MAX_TEXT_GIB", len(GOOD) / 2**30 / 2)
    with pytest.raises(CotahistError) as caught:
        load(ZIP)
    assert caught.value.fault == "too_large"


def test_zip_bomb_of_zeros_is_refused_at_its_first_line():
    bomb = zipped(bytes(50_000_000))
    with pytest.raises(CotahistError):
        load(bomb)


def test_each_fault_has_a_sentence_in_both_languages():
    params = {
        "line": 7,
        "length": 3,
        "day": "1/1",
        "count": 2,
        "counted": 1,
        "found": 2,
        "limit": 4,
    }
    for fault in FileFault:
        portuguese = str(CotahistError(fault, **params))
        with translation.override("en"):
            assert str(CotahistError(fault, **params)) != portuguese
        assert "%" not in portuguese


def test_sessions_count_when_they_are_over():
    open_at = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
    assert last_closed_day(open_at) == date(2026, 3, 9)
    assert last_closed_day(open_at + timedelta(hours=7)) == date(2026, 3, 10)
    saturday = datetime(2026, 3, 14, 15, 0, tzinfo=UTC)
    assert last_closed_day(saturday) == date(2026, 3, 14)


def test_command_loads_good_files_and_names_bad_ones(tmp_path, capsys):
    StockFactory(symbol="PETR4")
    (tmp_path / "good.zip").write_bytes(ZIP)
    (tmp_path / "bad.zip").write_bytes(ZIP[:-30])
    paths = [tmp_path / name for name in ("bad.zip", "missing.zip", "good.zip")]
    with pytest.raises(CommandError, match=r"2 of 3 files"):
        call_command("load_cotahist", *map(str, paths))
    output = capsys.readouterr()
    assert output.out == (
        "good.zip: 3 records from 2024-04-12 to 2024-04-16; 3 days of known papers: 3 added, "
        "0 changed, 0 already stored.\n"
    )
    assert output.err.splitlines()[:2] == [
        "bad.zip: The zip is cut off or damaged. Download it again.",
        "missing.zip: No such file or directory",
    ]


def closes(stock):
    bars, _source = day_bars(stock=stock)
    return {bar.starts_at.date(): (bar.close, bar.volume) for bar in bars}


def test_splits_adjust_the_days_before_them_when_read():
    stock = StockFactory(symbol="BBAS3")
    load(text([record("BBAS3", MONDAY, close=5600), record("BBAS3", TUESDAY, close=2810)]))
    assert closes(stock)[MONDAY] == (Decimal("56.00"), 1000)
    event = CorporateEventFactory(stock=stock, kind="split", ex_on=TUESDAY, ratio=2)
    assert closes(stock) == {
        MONDAY: (Decimal("28.00"), 2000),
        TUESDAY: (Decimal("28.10"), 1000),
    }
    assert stored()[0][2:] == (Decimal("56.00"), 1000)
    CorporateEventFactory(stock=stock, kind="reverse_split", ex_on=TUESDAY, ratio="0.1")
    assert closes(stock)[MONDAY] == (Decimal("280.00"), 200)
    event.delete()
    assert closes(stock)[MONDAY] == (Decimal("560.00"), 100)


@pytest.mark.parametrize(
    "fields",
    [
        {"is_ratio_sure": False},
        {"ex_on": None},
        {"ratio": None},
        {"status": "announced"},
        {"kind": "spin_off"},
        {"kind": "dividend"},
    ],
)
def test_other_events_leave_the_prices_as_they_are(fields):
    stock = StockFactory(symbol="BBAS3")
    CorporateEventFactory(stock=stock, **{"kind": "split", "ex_on": TUESDAY, "ratio": 2} | fields)
    load(text([record("BBAS3", MONDAY, close=5600)]))
    assert closes(stock)[MONDAY] == (Decimal("56.00"), 1000)


def test_bonus_in_another_class_leaves_the_prices_as_they_are():
    stock = StockFactory(symbol="AXIA3")
    other = StockFactory(symbol="AXIA7")
    CorporateEventFactory(stock=stock, kind="bonus", ex_on=TUESDAY, ratio="0.26", successor=other)
    load(text([record("AXIA3", MONDAY, close=5600)]))
    assert closes(stock)[MONDAY] == (Decimal("56.00"), 1000)


def test_prices_below_a_real_keep_their_decimals():
    stock = StockFactory(symbol="MGLU3")
    CorporateEventFactory(stock=stock, kind="split", ex_on=TUESDAY, ratio=1000)
    load(text([record("MGLU3", MONDAY, close=1234), record("MGLU3", TUESDAY, close=50)]))
    assert [f"{bar.close:f}" for bar in day_bars(stock=stock)[0]] == ["0.01234", "0.50"]


def test_days_of_former_codes_belong_to_todays():
    bhia3 = StockFactory(symbol="BHIA3")
    vvar3 = StockFactory(symbol="VVAR3", is_active=False, renamed_to=bhia3)
    CorporateEventFactory(stock=vvar3, successor=bhia3, ex_on=MONDAY, ratio=1)
    CorporateEventFactory(stock=bhia3, kind="reverse_split", ex_on=TUESDAY, ratio="0.04")
    friday = date(2024, 4, 12)
    CorporateEventFactory(stock=vvar3, kind="split", ex_on=friday, ratio=2)
    load(
        text(
            [
                record("VVAR3", date(2024, 4, 11), close=80),
                record("VVAR3", friday, close=40),
                record("BHIA3", MONDAY, close=41),
                record("BHIA3", TUESDAY, close=1000),
            ]
        )
    )
    assert [close for close, _volume in closes(bhia3).values()] == [
        Decimal("10.00"),
        Decimal("10.00"),
        Decimal("10.25"),
        Decimal("10.00"),
    ]


def test_days_of_a_former_code_without_a_ratio_are_left_out():
    rdor3 = StockFactory(symbol="RDOR3")
    sula11 = StockFactory(symbol="SULA11", is_active=False, renamed_to=rdor3)
    CorporateEventFactory(stock=sula11, kind="merger", successor=rdor3, ex_on=MONDAY, ratio=None)
    load(text([record("SULA11", date(2024, 4, 12), close=80), record("RDOR3", MONDAY, close=41)]))
    assert list(closes(rdor3)) == [MONDAY]


def test_history_of_the_exchange_replaces_that_of_a_source_on_its_days():
    stock = StockFactory(symbol="PETR4")
    for day, close in ((MONDAY, "37.10"), (TUESDAY, "38.10"), (date(2024, 4, 17), "39.10")):
        CandleFactory(
            stock=stock, starts_at=midnight(day), close=close, kind="real", source="yahoo"
        )
    load(text([petr4()]))
    bars, source = day_bars(stock=stock)
    assert [bar.close for bar in bars] == [Decimal("37.10"), Decimal("38.42"), Decimal("39.10")]
    assert source == "yahoo"
    assert day_bars(stock=stock, since=midnight(TUESDAY), newest=1) == (bars[-1:], "yahoo")
    assert [bar.close for bar in recent_closes(stock=stock, count=2)] == [
        Decimal("39.10"),
        Decimal("38.42"),
    ]
    at = datetime(2024, 4, 16, 22, tzinfo=UTC)
    assert chart_bars(stock=stock, range_="5d", interval="1d", at=at)[0][-1] == bars[-1]


def test_history_of_the_exchange_is_never_pruned():
    stock = StockFactory(symbol="PETR4")
    CandleFactory(stock=stock, starts_at=midnight(date(1999, 5, 3)), kind="real")
    load(text([petr4(date(1999, 5, 3))]))
    candle_services.prune_candles(at=NOON)
    assert not Candle.objects.exists()
    assert len(stored()) == 1


def test_simulated_market_has_no_history_of_the_exchange(settings, django_assert_num_queries):
    settings.QUOTE_KIND = "simulated"
    stock = StockFactory(symbol="PETR4")
    load(text([petr4()]))
    with django_assert_num_queries(1):
        assert day_bars(stock=stock) == ([], "")


def test_cost_does_not_depend_on_the_days(django_assert_num_queries):
    stock = StockFactory(symbol="PETR4")
    load(text([petr4(MONDAY - timedelta(days=n)) for n in range(30)]))
    with django_assert_num_queries(3):
        assert len(day_bars(stock=stock)[0]) == 30
