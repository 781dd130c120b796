"""Corporate events of the simulated market, the same ones for a seed in every process.

Funds (…11) pay every month, other stocks twice a year, and a few announce a bonus. Prices do not
follow them.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from mainapp.market.providers.simulated.draws import octets, uniform
from mainapp.market.quotes.reported import BONUS, DIVIDEND, INTEREST, ReportedEvent
from mainapp.market.sessions import is_session_day

MONTHS_BACK, MONTHS_AHEAD = 24, 2
ANNOUNCED = timedelta(days=60)  # before the day
PLACES = Decimal("0.000001")


def simulated_events(symbol: str, *, seed: int, price: Decimal, today: date) -> list[ReportedEvent]:
    """Return the events of two years, and those that are announced."""
    first = today.year * 12 + today.month - 1 - MONTHS_BACK
    months = range(first, first + MONTHS_BACK + MONTHS_AHEAD + 1)
    events = (event for month in months for event in _of_month(symbol, seed, price, month))
    return [event for event in events if event.ex_on and event.ex_on <= today + ANNOUNCED]


def _of_month(symbol: str, seed: int, price: Decimal, number: int) -> Iterator[ReportedEvent]:
    year, month = number // 12, number % 12 + 1
    key = f"{seed}:{symbol}:payments"
    phase = octets(key, 2)
    is_fund = symbol.endswith("11")
    if is_fund or (month + phase[0]) % 6 == 0:
        ex_on = _session(date(year, month, 3 + octets(f"{key}:{number}", 1)[0] % 20))
        is_interest = not is_fund and octets(f"{key}:{number}:kind", 1)[0] % 2 == 0
        share = uniform(f"{key}:{number}:share", 0.006, 0.01 if is_fund else 0.03)
        yield ReportedEvent(
            kind=INTEREST if is_interest else DIVIDEND,
            ex_on=ex_on,
            pay_on=_session(ex_on + timedelta(days=8 if is_fund else 25)),
            amount=(price * Decimal(str(round(share, 6)))).quantize(PLACES),
            currency="BRL",
        )
    if not is_fund and phase[1] % 4 == 0 and (month + phase[1]) % 12 == 0:
        yield ReportedEvent(
            kind=BONUS, ex_on=_session(date(year, month, 25)), ratio=Decimal("1.1"), currency="BRL"
        )


def _session(day: date) -> date:
    while not is_session_day(day):
        day += timedelta(days=1)
    return day
