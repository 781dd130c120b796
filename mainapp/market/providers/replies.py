"""Parsing of sources' replies, which are untrusted: invalid values are dropped.

brapi and Yahoo use the same names for a quote's fields (`regularMarketPrice` …).
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from mainapp.core.names import printable_line
from mainapp.market.providers.base import ProviderError
from mainapp.market.quotes import (
    CURRENCY,
    MAX_PRICE,
    Bar,
    Quote,
    to_count,
    to_exact_money,
    to_money,
)
from mainapp.market.sessions import SAO_PAULO
from mainapp.market.symbols import canonical, is_pair

SOURCE_INDEX = "^BVSP"
MAX_NAME_LENGTH = 120
OLDEST_QUOTE_YEAR = 2000
MILLISECONDS_FROM = 10**11  # as seconds, this would be in the year 5138
SMALLEST_AMOUNT = Decimal("1e-10")
UNKNOWN_CURRENCY = "XXX"  # the code of ISO 4217 for none


def source_symbols(symbols: Iterable[str], *, suffix: str = "") -> dict[str, list[str]]:
    """Map the source's symbols to the requested ones.

    The fractional PETR4F is quoted as PETR4, the index as ^BVSP. Strings that are not tickers of
    B3 are skipped.
    """
    names: dict[str, list[str]] = {}
    for symbol in dict.fromkeys(symbols):
        if (known := canonical(symbol)) and not is_pair(known):
            name = SOURCE_INDEX if known == "IBOV" else known + suffix
            names.setdefault(name, []).append(symbol)
    return names


def symbols_of(names: Mapping[str, list[str]]) -> list[str]:
    """Return the requested symbols of some of the source's."""
    return [symbol for symbols in names.values() for symbol in symbols]


def object_rows(value: Any) -> list[Mapping[str, Any]]:
    """Return the JSON objects in a list, and an empty list for any other value."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def symbol_of(row: Mapping[str, Any], name: str = "symbol") -> str:
    """Return the source's symbol of a row in upper case."""
    return str(row.get(name)).upper()


def to_quote(row: Mapping[str, Any], *, symbol: str, source: str, delay_s: int) -> Quote | None:
    """Return the quote of a row, or None without a price. NaN stays, so that it is counted."""
    price = to_money(row.get("regularMarketPrice"))
    if price is None:
        return None
    return Quote(
        symbol=symbol,
        price=price,
        source=source,
        kind="real",
        quoted_at=_quoted_at(row.get("regularMarketTime")),
        name=to_name(row.get("longName")) or to_name(row.get("shortName")),
        currency=to_currency(row.get("currency")),
        delay_s=delay_s,
        previous_close=to_price(row.get("regularMarketPreviousClose"))
        or closes_before(
            price,
            change=row.get("regularMarketChange"),
            change_pct=row.get("regularMarketChangePercent"),
        ),
        open=to_price(row.get("regularMarketOpen")),
        high=to_price(row.get("regularMarketDayHigh")),
        low=to_price(row.get("regularMarketDayLow")),
        volume=to_count(row.get("regularMarketVolume")),
        market_cap=to_size(row.get("marketCap")),
        year_low=to_price(row.get("fiftyTwoWeekLow")),
        year_high=to_price(row.get("fiftyTwoWeekHigh")),
    )


def closes_before(price: Decimal, *, change: Any, change_pct: Any) -> Decimal | None:
    """Return the previous close from a price and its change, absolute or in percent; or None.

    The change is not rounded first, which would shift the close by a cent.
    """
    if not price.is_finite():
        return None
    if (absolute := _number(change)) is not None:
        return to_price(price - absolute)
    percent = _number(change_pct)
    if percent is None or not -99 < percent < 1000:
        return None
    return to_price(price / (1 + percent / 100))


def _number(value: Any) -> Decimal | None:
    """Return a finite number of a reply, unrounded; None for other values."""
    money = to_money(value)
    if money is None or not money.is_finite():
        return None
    return Decimal(str(value).strip().replace(",", ""))


def to_exact(value: Any) -> Decimal | None:
    """Return a finite number of a reply with up to ten decimals; None for other values."""
    number = _number(value)
    return None if number is None else number.quantize(SMALLEST_AMOUNT, ROUND_HALF_UP)


def to_day(value: Any) -> date | None:
    """Return the day of a time in São Paulo; None if invalid. Midnight in UTC is a day as well."""
    moment = to_time(value)
    return None if moment is None else _midnight(moment).astimezone(SAO_PAULO).date()


def to_price(value: Any) -> Decimal | None:
    """Return a valid price, or None for any other value."""
    size = to_size(value)
    return size if size is not None and size < MAX_PRICE else None


def to_exact_price(value: Any) -> Decimal | None:
    """Return a valid price with up to eight decimal places, or None for any other value."""
    price = to_exact_money(value)
    is_valid = price is not None and price.is_finite() and 0 < price < MAX_PRICE
    return price if is_valid else None


def to_size(value: Any) -> Decimal | None:
    """Return a positive amount of money, or None for any other value."""
    money = to_money(value)
    return money if money is not None and money.is_finite() and money > 0 else None


def to_time(value: Any) -> datetime | None:
    """Parse seconds or milliseconds since 1970, or ISO 8601, as aware UTC; None if invalid."""
    try:
        if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
            moment = datetime.fromisoformat(value)
            return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        seconds = float(value)
        if seconds <= 0 or isinstance(value, bool):
            return None
        return datetime.fromtimestamp(
            seconds / 1000 if seconds > MILLISECONDS_FROM else seconds, UTC
        )
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _quoted_at(value: Any) -> datetime | None:
    """Return the time of a price, or None if it is before OLDEST_QUOTE_YEAR."""
    moment = to_time(value)
    return moment if moment and moment.year >= OLDEST_QUOTE_YEAR else None


def to_name(value: Any) -> str:
    """Return a name as one line of printable characters, or an empty string for other values."""
    return printable_line(value)[:MAX_NAME_LENGTH] if isinstance(value, str) else ""


def to_currency(value: Any) -> str:
    """Return a three-letter code, "" if there is none, and UNKNOWN_CURRENCY for other values.

    A quote in a currency that is not understood ("US$", "dollars") must not count as one in reais.
    """
    if value is None or value == "":
        return ""
    is_code = isinstance(value, str) and len(value) == 3 and value.isascii() and value.isalpha()
    return value.upper() if is_code else UNKNOWN_CURRENCY


def check_currency(value: Any) -> None:
    """Refuse a history in another currency than B3's. Raises: ProviderError."""
    if to_currency(value) not in ("", CURRENCY):
        raise ProviderError("has prices in another currency", fault="not_given", permanent=True)


def to_bars(
    rows: Iterable[Mapping[str, Any]],
    *,
    daily: bool,
    to_price: Callable[[Any], Decimal | None] = to_price,
    to_volume: Callable[[Any], Decimal | int | None] = to_count,
) -> list[Bar]:
    """Return sorted bars of rows with `date open high low close volume`, one bar per time.

    Rows without a valid time or price are dropped. A daily bar starts at midnight in São Paulo.
    """
    latest = datetime.now(UTC) + timedelta(days=1)
    bars: dict[datetime, Bar] = {}
    for row in rows:
        starts_at = to_time(row.get("date"))
        prices = [to_price(row.get(name)) for name in ("open", "high", "low", "close")]
        open_, high, low, close = (price or Decimal(0) for price in prices)
        if starts_at is None or starts_at > latest or None in prices:
            continue
        starts_at = _midnight(starts_at) if daily else starts_at.replace(second=0, microsecond=0)
        bars[starts_at] = Bar(
            starts_at=starts_at,
            open=open_,
            high=max(open_, high, low, close),
            low=min(open_, high, low, close),
            close=close,
            volume=to_volume(row.get("volume")),
        )
    return [bars[starts_at] for starts_at in sorted(bars)]


def _midnight(moment: datetime) -> datetime:
    """Return the start of a daily bar in São Paulo. Some sources report midnight in UTC."""
    day = moment.date() if moment.time() == time() else moment.astimezone(SAO_PAULO).date()
    return datetime.combine(day, time(), SAO_PAULO).astimezone(UTC)
