"""Rules of ideas: valid limits, the quotes that count, and the outcome of one quote."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal, Protocol

from mainapp.market.quotes import Quote
from mainapp.market.quotes.doubts import WILD_PCT, expected_close, is_far
from mainapp.market.sessions import ONE_DAY, SAO_PAULO, market_session, sao_paulo_day, schedule
from mainapp.market.symbols import is_pair

Side = Literal["buy", "sell", "neutral"]
BUY, SELL, NEUTRAL = "buy", "sell", "neutral"
WAITING, OPEN, TARGET, STOPPED, EXPIRED, CLOSED = (
    *("waiting", "open", "target", "stopped"),
    *("expired", "closed"),
)
LIVE = (WAITING, OPEN)

# A target or a stop next to the price would give a high hit rate by noise alone.
MIN_DISTANCE_PCT = 1
MAX_RATIO = 10
# Before there is a price: `levels` has to fit into 63 bits.
MAX_LIMIT = Decimal(10) ** 9
MAX_HORIZON = timedelta(days=366)
# An idea is published, or closed by its author, at the last recorded price if it is at most this
# old. Otherwise it waits for the next price, because the author may know a newer one already.
CURRENT = timedelta(minutes=2)
TRADING = ("open", "closing_call")
CHANGED_CLOSE_PCT = 20
MILLION = 1_000_000


class Terms(Protocol):
    """The fields of an idea that decide its outcome."""

    side: str
    status: str
    target: Decimal | None
    stop: Decimal | None
    expires_at: datetime
    asked_at: datetime
    closing_asked_at: datetime | None
    priced_at: datetime | None


def made_at(quote: Quote) -> datetime:
    """Return the time of a price. An estimated time is that of the fetch: the delay is deducted."""
    assert quote.quoted_at is not None  # recorded quotes are stamped
    if quote.quoted_at_estimated:
        return quote.quoted_at - timedelta(seconds=quote.delay_s)
    return quote.quoted_at


def is_current(quote: Quote, *, at: datetime, kind: str = "") -> bool:
    """Return whether the last recorded quote may be the price of an idea at this moment."""
    return is_tradable(quote, kind=kind) and at - made_at(quote) <= CURRENT


def is_tradable(quote: Quote, *, kind: str = "") -> bool:
    """Return whether a price was made in a session; crypto and simulated markets never close."""
    phase = market_session(
        made_at(quote), symbol=quote.symbol, kind=kind, is_simulated=quote.simulated
    )
    return phase in TRADING


def is_committed(
    asked_at: datetime, *, at: datetime, symbol: str, kind: str, is_simulated: bool
) -> bool:
    """Return whether the price of a waiting idea may have been made already.

    Sources are late, some by 15 minutes: meanwhile the author can see that price elsewhere. From
    the first moment of a session on, the idea can neither be changed nor withdrawn because of it.
    """
    phase = market_session(asked_at, symbol=symbol, kind=kind, is_simulated=is_simulated)
    if phase in TRADING:
        return at > asked_at
    day = sao_paulo_day(asked_at)
    while day <= sao_paulo_day(at):
        hours = schedule(day, kind)
        phases = hours.phases if hours else ()
        if any(
            name in TRADING and starts_at <= at and ends_at > asked_at
            for starts_at, ends_at, name in phases
        ):
            return True
        day += ONE_DAY
    return False


def end_of_day(day: date) -> datetime:
    """Return the end of a horizon: midnight after it, in São Paulo."""
    return datetime.combine(day + ONE_DAY, time(), SAO_PAULO)


def levels(
    side: str, target: Decimal | None, stop: Decimal | None
) -> tuple[int | None, int | None]:
    """Return the prices that decide an idea from above and from below, in millionths."""
    if side == NEUTRAL or target is None or stop is None:
        return None, None
    upper, lower = (target, stop) if side == BUY else (stop, target)
    return to_millionths(upper), to_millionths(lower)


def to_millionths(value: Decimal) -> int:
    return int((value * MILLION).to_integral_value())


def wrong_limit(
    side: str, target: Decimal | None, stop: Decimal | None, price: Decimal
) -> Literal["target", "stop"] | None:
    """Return the limit that the price has reached, or that is too near to it or too far from it."""
    if side == NEUTRAL:
        return None
    for name, limit, is_above in (("target", target, side == BUY), ("stop", stop, side == SELL)):
        assert limit is not None
        distance = (limit - price) if is_above else (price - limit)
        is_near = distance * 100 < price * MIN_DISTANCE_PCT
        if is_near or limit <= 0 or limit > price * MAX_RATIO:
            return name  # type: ignore[return-value] # one of the two names above
    return None


def reached(side: str, target: Decimal | None, stop: Decimal | None, price: Decimal) -> str | None:
    """Return `target` or `stopped` if a price reaches one of the limits."""
    if side == NEUTRAL or target is None or stop is None:
        return None
    sign = 1 if side == BUY else -1
    if sign * (price - target) >= 0:
        return TARGET
    return STOPPED if sign * (price - stop) <= 0 else None


def outcome_of(idea: Terms, quote: Quote) -> str | None:
    """Return the status with which a quote ends an open idea, or None.

    The first recorded quote that can decide does. After the horizon an idea ends at any price;
    before it, the target, the stop and the author's wish to close apply in this order.
    """
    moment = made_at(quote)
    if idea.priced_at is not None and moment <= idea.priced_at:
        return None
    if moment >= idea.expires_at:
        return EXPIRED
    if status := reached(idea.side, idea.target, idea.stop, quote.price):
        return status
    asked_at = idea.closing_asked_at
    return CLOSED if asked_at is not None and moment >= asked_at else None


def is_break(quote: Quote, last: Quote, *, ratio: Decimal = Decimal(1)) -> bool:
    """Return whether a price seems to be on another scale than the last one, as after a split.

    The previous close jumped, or it is not known and the price jumped. `ratio` is that of the known
    events between both quotes. A pair has no splits: its prices only move.
    """
    if is_pair(quote.symbol):
        return False
    if quote.previous_close is None:
        return is_far(quote.price, last.price / ratio, WILD_PCT)
    close = expected_close(quote, last)
    return close is not None and is_far(quote.previous_close, close / ratio, CHANGED_CLOSE_PCT)


def ends_break(quote: Quote, *, trusted_price: Decimal, trusted_close: Decimal | None) -> bool:
    """Return whether a quote is back on the scale of the prices before a break."""
    if quote.previous_close is None or trusted_close is None:
        return not is_far(quote.price, trusted_price, WILD_PCT)
    return not is_far(quote.previous_close, trusted_close, CHANGED_CLOSE_PCT)


def is_new_day(quote: Quote, last: Quote | None) -> bool:
    """Return whether a quote is the first one of its day."""
    if last is None or last.quoted_at is None or quote.quoted_at is None:
        return False
    return sao_paulo_day(quote.quoted_at) > sao_paulo_day(last.quoted_at)
