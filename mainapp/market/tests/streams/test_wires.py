from datetime import UTC, datetime
from decimal import Decimal

import pytest

from mainapp.market.streams.binance import BinanceWire
from mainapp.market.streams.wires import MalformedMessage
from mainapp.market.streams.yahoo import YahooWire
from tests.stub_streamer import binance_message, yahoo_message

AT_MS = 1_773_154_800_500
AT = datetime(2026, 3, 10, 15, 0, 0, 500_000, tzinfo=UTC)
yahoo, binance = YahooWire(), BinanceWire()


def quote_of(wire, message, symbol):
    (price,) = wire.parse(message).prices
    return wire.to_quote(price, symbol)


def test_yahoo_names_stocks_and_the_index():
    names = [yahoo.source_symbol(symbol) for symbol in ("PETR4", "PETR4F", "IBOV", "BTCBRL")]

    assert names == ["PETR4.SA", "PETR4.SA", "^BVSP", None]


def test_yahoo_prices_are_rounded_to_the_cent_and_say_their_delay():
    message = yahoo_message(
        "PETR4.SA", 38.42, AT_MS, change=0.21, day_high=38.9, day_low=38.01, day_volume=23_456_700,
        open_price=38.3, market_cap=498_200_000_000.0,
    )  # fmt: skip

    quote = quote_of(yahoo, message, "PETR4")

    assert (quote.price, quote.previous_close) == (Decimal("38.42"), Decimal("38.21"))
    assert (quote.high, quote.low, quote.open) == (
        Decimal("38.90"),
        Decimal("38.01"),
        Decimal("38.30"),
    )
    assert (quote.volume, quote.quoted_at, quote.currency) == (23_456_700, AT, "BRL")
    assert (quote.source, quote.delay_s, quote.kind) == ("yahoo", 900, "real")


def test_fields_that_yahoo_does_not_send_are_missing_and_not_zero():
    quote = quote_of(yahoo, yahoo_message("PETR4.SA", 38.42, AT_MS), "PETR4")

    assert (quote.previous_close, quote.high, quote.low, quote.open) == (None, None, None, None)
    assert (quote.volume, quote.market_cap) == (None, None)


@pytest.mark.parametrize("price", [float("nan"), float("inf")])
@pytest.mark.parametrize(("wire", "form"), [(yahoo, yahoo_message), (binance, binance_message)])
def test_prices_that_are_no_numbers_become_nan(wire, form, price):
    assert not quote_of(wire, form("PETR4.SA", price, AT_MS), "PETR4").price.is_finite()


def test_price_beyond_all_decimals_becomes_nan():
    message = binance_message("BTCBRL", 1.0, AT_MS, c="1E9999999")

    assert not quote_of(binance, message, "BTCBRL").price.is_finite()


@pytest.mark.parametrize("wire", [yahoo, binance])
@pytest.mark.parametrize("raw", ["", "{", "[]", "null", b"\xff\xfe", '"text"', "[" * 9000])
def test_messages_of_another_form_are_malformed(wire, raw):
    with pytest.raises(MalformedMessage):
        wire.parse(raw)


@pytest.mark.parametrize(
    "raw",
    [
        '{"type":"pricing"}',
        '{"type":"pricing","message":"?"}',
        '{"type":"pricing","message":"/w=="}',
        yahoo_message("", 38.42, AT_MS),
        yahoo_message("PETR4.SA", 38.42, 0),
        yahoo_message("PETR4.SA", 38.42, 10**17),
    ],
)
def test_yahoo_prices_without_symbol_or_time_are_malformed(raw):
    with pytest.raises(MalformedMessage):
        yahoo.parse(raw)


def test_binance_gives_pairs_in_reais():
    names = [binance.source_symbol(symbol) for symbol in ("BTCBRL", "PETR4", "BTCUSDT")]

    assert names == ["BTCBRL", None, None]
    assert binance.address("wss://x", ["BTCBRL", "ETHBRL"]) == (
        "wss://x/stream?streams=btcbrl@miniTicker/ethbrl@miniTicker",
        2,
    )


def test_binance_prices_have_no_fields_of_the_last_24_hours():
    quote = quote_of(binance, binance_message("BTCBRL", 540_000.5, AT_MS), "BTCBRL")

    assert (quote.price, quote.quoted_at, quote.delay_s) == (Decimal("540000.50"), AT, 0)
    assert (quote.open, quote.high, quote.low, quote.previous_close, quote.volume) == (None,) * 5


def test_binance_price_outside_its_own_range_keeps_the_range_by_which_it_is_refused():
    message = binance_message("BTCBRL", 900_000, AT_MS, l="530000", h="550000")

    assert quote_of(binance, message, "BTCBRL").high == Decimal(550_000)


def test_binance_answers_and_announcements():
    assert binance.parse('{"result":null,"id":3}').answered == 3
    assert binance.parse('{"error":{"code":2},"id":3}').answered is None
    assert binance.parse('{"e":"serverShutdown","E":1770123456789}').is_ending
    assert binance.parse('{"stream":"x","data":{"e":"other"}}').prices == ()
