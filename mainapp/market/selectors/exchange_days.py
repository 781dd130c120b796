"""B3's own history of a stock: daily bars of its files, adjusted by splits when read.

The days of former codes are included, converted by the ratio at which shares were replaced; codes
without a known ratio are left out. Splits whose ratio or date is not known are not applied.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from datetime import time as clock
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Q

from mainapp.market.models import CorporateEvent, ExchangeDay, Stock
from mainapp.market.quotes import Bar
from mainapp.market.selectors.successions import SPLITS, get_successions
from mainapp.market.sessions import SAO_PAULO

SOURCE = "cotahist"
CENT, SMALLEST = Decimal("0.01"), Decimal("1e-8")
ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class _Ratio:
    """Today's shares for one share held before `ex_on`; None: whenever it was held."""

    ex_on: date | None
    ratio: Decimal


def exchange_bars(
    *,
    stock: Stock,
    since: date | None = None,
    before: date | None = None,
    newest: int | None = None,
) -> list[Bar]:
    """Return adjusted daily bars, oldest first. One query without bars, two to four with them."""
    codes = Stock.objects.filter(Q(pk=stock.pk) | Q(renamed_to=stock)).values("pk")
    rows = ExchangeDay.objects.filter(stock__in=codes).order_by("-day", "stock_id")
    if since:
        rows = rows.filter(day__gte=since)
    if before:
        rows = rows.filter(day__lt=before)
    names = ("stock__symbol", "day", "open", "high", "low", "close", "volume")
    by_day: dict[date, tuple[str, tuple[Decimal, ...], int]] = {}
    for symbol, day, *prices, volume in rows.values_list(*names)[:newest]:
        if day not in by_day or symbol == stock.symbol:
            by_day[day] = symbol, tuple(prices), volume
    ratios = _ratios(stock.symbol, {symbol for symbol, _prices, _volume in by_day.values()})
    return [
        _bar(day, prices, volume, _product(ratios[symbol], day))
        for day, (symbol, prices, volume) in sorted(by_day.items())
        if symbol in ratios
    ]


def _ratios(today: str, symbols: set[str]) -> dict[str, list[_Ratio]]:
    """Return each code's ratios to the stock's shares, without the codes that have none."""
    if not symbols:
        return {}
    ratios = defaultdict[str, list[_Ratio]](list, {symbol: [] for symbol in symbols})
    events = CorporateEvent.objects.in_force().filter(
        stock__symbol__in=symbols,
        kind__in=SPLITS,
        successor=None,
        status=CorporateEvent.Status.HAPPENED,
        is_ratio_sure=True,
        ratio__gt=0,
        ex_on__isnull=False,
    )
    for symbol, ex_on, ratio in events.values_list("stock__symbol", "ex_on", "ratio"):
        assert ratio  # see the filter
        ratios[symbol].append(_Ratio(ex_on, ratio))
    former = symbols - {today}
    successions = get_successions(list(former)) if former else {}
    for symbol in former:
        succession = successions.get(symbol)
        renames = [step for step in succession.steps if step.old != step.new] if succession else []
        if not succession or not renames or any(step.ratio is None for step in renames):
            del ratios[symbol]
            continue
        ratios[symbol] += [
            _Ratio(step.date, step.ratio) for step in succession.steps if step.ratio is not None
        ]
    return ratios


def _product(ratios: Iterable[_Ratio], day: date) -> Decimal:
    product = ONE
    for step in ratios:
        if step.ex_on is None or day < step.ex_on:
            product *= step.ratio
    return product


def _bar(day: date, prices: tuple[Decimal, ...], volume: int, ratio: Decimal) -> Bar:
    open_, high, low, close = (_rounded(price / ratio) for price in prices)
    return Bar(
        starts_at=datetime.combine(day, clock(), SAO_PAULO).astimezone(UTC),
        open=open_,
        high=high,
        low=low,
        close=close,
        volume=int((volume * ratio).to_integral_value(ROUND_HALF_UP)),
    )


def _rounded(price: Decimal) -> Decimal:
    """Return a price in cents, or with eight decimals if it is below a real."""
    if price >= ONE:
        return price.quantize(CENT, ROUND_HALF_UP)
    exact = price.quantize(SMALLEST, ROUND_HALF_UP)
    return exact.quantize(CENT) if exact == exact.quantize(CENT) else exact.normalize()
