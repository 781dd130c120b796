"""What a quote and a candle are, how they look on the wire, and which quotes are refused."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Literal

CENT = Decimal("0.01")
CLOCK_SKEW = timedelta(minutes=2)
MAX_PRICE = Decimal(10) ** 12
# As JSON and English write it. 38,42 is none: taking its comma away would make it 3842.
NUMBER = re.compile(
    r"[+-]?((\d+|\d{1,3}(,\d{3})+)?(\.\d+)?(e[+-]?\d+)?|s?nan|inf(inity)?)",
    re.ASCII | re.IGNORECASE,
)

Rejection = Literal["not_finite", "not_positive", "unknown_symbol", "older", "future", "foreign"]
REJECTIONS: tuple[Rejection, ...] = (
    "not_finite",
    "not_positive",
    "unknown_symbol",
    "older",
    "future",
    "foreign",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """One stock's newest price, as a source gave it.

    Prices are Decimal in `currency`, `quoted_at` is aware UTC, `volume` counts shares of the day. A
    source that gives no time leaves `quoted_at` None; recording it puts the first fetch that saw
    the price there and sets `quoted_at_estimated`.
    """

    symbol: str
    price: Decimal
    source: str
    simulated: bool
    quoted_at: datetime | None = None
    quoted_at_estimated: bool = False
    name: str = ""
    currency: str = "BRL"
    delay_s: int = 0
    previous_close: Decimal | None = None
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    volume: int | None = None
    market_cap: Decimal | None = None
    year_low: Decimal | None = None
    year_high: Decimal | None = None

    @property
    def change(self) -> Decimal | None:
        return None if self.previous_close is None else self.price - self.previous_close

    @property
    def change_pct(self) -> Decimal | None:
        if not self.previous_close or self.change is None:
            return None
        return (self.change * 100 / self.previous_close).quantize(CENT, ROUND_HALF_UP)

    def to_wire(self) -> dict[str, Any]:
        """Return CONTRACTS §2's quote: money as decimal strings, time as ISO 8601 UTC."""
        return {
            "symbol": self.symbol,
            "name": self.name,
            "price": _text(self.price),
            "previous_close": _text(self.previous_close),
            "change": _text(self.change),
            "change_pct": _text(self.change_pct),
            "open": _text(self.open),
            "high": _text(self.high),
            "low": _text(self.low),
            "volume": self.volume,
            "market_cap": _text(self.market_cap),
            "year_low": _text(self.year_low),
            "year_high": _text(self.year_high),
            "currency": self.currency,
            "quoted_at": iso(self.quoted_at),
            "quoted_at_estimated": self.quoted_at_estimated,
            "source": self.source,
            "delay_s": self.delay_s,
            "simulated": self.simulated,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One candle: `starts_at` is aware UTC, prices in the stock's currency, `volume` in shares."""

    starts_at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int | None = None


def to_money(value: Any) -> Decimal | None:
    """Return a number of a provider's reply as Decimal to the cent; None for what is no number.

    NaN and the infinities come back as they are, for `rejection` to refuse and count.
    """
    text = str(value).strip()
    if isinstance(value, bool) or not NUMBER.fullmatch(text):
        return None
    try:
        number = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) > MAX_PRICE * 1000:
        return Decimal("NaN") if not number.is_finite() else None
    return number.quantize(CENT, ROUND_HALF_UP)


def to_count(value: Any) -> int | None:
    """Return a whole number of a provider's reply, None for what is none or negative."""
    number = to_money(value)
    return int(number) if number is not None and number.is_finite() and number >= 0 else None


def rejection(quote: Quote, *, last: Quote | None, at: datetime) -> Rejection | None:
    """Return why `quote` must not be recorded at `at`, after `last` of the same kind, or None."""
    if not quote.price.is_finite():
        return "not_finite"
    if not 0 < quote.price < MAX_PRICE:
        return "not_positive"
    if quote.quoted_at is not None and quote.quoted_at > at + CLOCK_SKEW:
        return "future"
    if last and _precedes(quote, last) and not _may_follow(quote, last):
        return "older"
    return None


def stamped(quote: Quote, *, last: Quote | None, at: datetime) -> Quote:
    """Return `quote` with a time: its own, or the first fetch that saw this price.

    Its own is of no use either where it would lie before an estimated one.
    """
    if quote.quoted_at is not None and not (last and _precedes(quote, last)):
        return quote
    seen_at = last.quoted_at if last and last.price == quote.price else at
    return replace(quote, quoted_at=seen_at, quoted_at_estimated=True)


def _precedes(quote: Quote, last: Quote) -> bool:
    return bool(quote.quoted_at and last.quoted_at and quote.quoted_at < last.quoted_at)


def _may_follow(quote: Quote, last: Quote) -> bool:
    """Say whether a quote of an earlier time may be the newer one after all.

    An estimated time is a fetch's: its price is older, by as much as its source is late.
    """
    if not last.quoted_at_estimated or last.quoted_at is None or quote.quoted_at is None:
        return False
    made_at = last.quoted_at - timedelta(seconds=last.delay_s)
    return quote.price == last.price or quote.quoted_at >= made_at


def iso(moment: datetime | None) -> str | None:
    """Return an aware time as ISO 8601 UTC with `Z`, to the millisecond."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(value: Decimal | None) -> str | None:
    return None if value is None or not value.is_finite() else f"{value:f}"
