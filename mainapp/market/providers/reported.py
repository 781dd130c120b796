"""Corporate events in the replies of brapi and Yahoo."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from mainapp.core.names import printable_line
from mainapp.market.providers.replies import (
    SMALLEST_AMOUNT,
    object_rows,
    to_currency,
    to_day,
    to_exact,
)
from mainapp.market.quotes.reported import (
    BONUS,
    DIVIDEND,
    INTEREST,
    MAX_AMOUNT,
    REVERSE_SPLIT,
    SPLIT,
    ReportedEvent,
    is_possible_ratio,
)
from mainapp.market.sessions import is_session_day
from mainapp.market.symbols import fold

# brapi's labels, folded, which are those of B3. Other kinds, such as subscriptions, are left out.
PAYMENTS = {
    "DIVIDENDO": DIVIDEND,
    "RENDIMENTO": DIVIDEND,
    "JCP": INTEREST,
    "JRS CAP PROPRIO": INTEREST,
    "JUROS SOBRE CAPITAL PROPRIO": INTEREST,
}
RATIOS = {"DESDOBRAMENTO": SPLIT, "GRUPAMENTO": REVERSE_SPLIT, "BONIFICACAO": BONUS}
FACTOR = re.compile(
    r"(\d+(?:[.,]\d+)?)\s*(?:para|/|:)\s*(\d+(?:[.,]\d+)?)", re.ASCII | re.IGNORECASE
)
NEVER = 9999  # the year of a payday that is not decided yet
LONGEST_BREAK = 10
PLACES = Decimal("1e-13")

Row = Mapping[str, Any]


def brapi_events(row: Row) -> list[ReportedEvent]:
    """Return the events of a stock's row; brapi gives the last day with the right to them."""
    data = row.get("dividendsData")
    if not isinstance(data, dict):
        return []
    currency = to_currency(row.get("currency"))
    events = []
    for each in object_rows(data.get("cashDividends")):
        if kind := PAYMENTS.get(_label(each)):
            event = ReportedEvent(
                kind=kind,
                ex_on=_day_after(to_day(each.get("lastDatePrior"))),
                pay_on=_payday(each.get("paymentDate")),
                amount=to_exact(each.get("rate")),
                currency=currency,
            )
            events.append(event)
    for each in object_rows(data.get("stockDividends")):
        if kind := RATIOS.get(_label(each)):
            event = ReportedEvent(
                kind=kind,
                ex_on=_day_after(to_day(each.get("lastDatePrior"))),
                ratio=_ratio(kind, str(each.get("completeFactor") or "")),
                currency=currency,
            )
            events.append(event)
    return events


def yahoo_events(result: Row) -> list[ReportedEvent]:
    """Return the events of a chart's result.

    Yahoo gives one payment a day, without its kind, divided by the splits after it.
    """
    data, meta = result.get("events"), result.get("meta")
    if not isinstance(data, dict):
        return []
    currency = to_currency(meta.get("currency")) if isinstance(meta, dict) else ""
    splits = []
    for each in _values(data.get("splits")):
        ratio = _quotient(each.get("numerator"), each.get("denominator"))
        kind = REVERSE_SPLIT if ratio is not None and ratio < 1 else SPLIT
        ex_on = to_day(each.get("date"))
        splits.append(ReportedEvent(kind=kind, ex_on=ex_on, ratio=ratio, currency=currency))
    payments = [
        ReportedEvent(
            kind=DIVIDEND,
            ex_on=to_day(each.get("date")),
            amount=_undivided(to_exact(each.get("amount")), to_day(each.get("date")), splits),
            currency=currency,
        )
        for each in _values(data.get("dividends"))
    ]
    return [*payments, *splits]


def _values(value: Any) -> list[Row]:
    """Return the objects of an object, whose names are times."""
    return object_rows(list(value.values())) if isinstance(value, dict) else []


def _label(row: Row) -> str:
    label = row.get("label")
    return fold(printable_line(label)).upper() if isinstance(label, str) else ""


def _day_after(day: date | None) -> date | None:
    """Return the next day with a session, which is the first without the right to an event."""
    if day is None or day.year >= NEVER:
        return day
    days = (day + timedelta(days=step) for step in range(1, LONGEST_BREAK))
    return next((each for each in days if is_session_day(each)), day + timedelta(days=1))


def _payday(value: Any) -> date | None:
    day = to_day(value)
    return None if day is None or day.year >= NEVER else day


def _ratio(kind: str, text: str) -> Decimal | None:
    """Return the number of new stocks for one old one of a text like `2 para 1`."""
    match = FACTOR.search(text)
    new, old = (each.replace(",", ".") for each in match.groups()) if match else ("", "")
    ratio = _quotient(new, old)
    if not ratio or ratio == 1:
        return None
    if kind == BONUS:  # 1 para 10 may mean one more for ten, or the whole
        return ratio if ratio > 1 else None
    return ratio if (ratio < 1) == (kind == REVERSE_SPLIT) else _quotient(old, new)


def _quotient(new: Any, old: Any) -> Decimal | None:
    dividend, divisor = to_exact(new), to_exact(old)
    if dividend is None or not divisor:
        return None
    ratio = dividend / divisor
    return ratio.quantize(PLACES, ROUND_HALF_UP) if is_possible_ratio(ratio) else ratio


def _undivided(
    amount: Decimal | None, day: date | None, splits: Iterable[ReportedEvent]
) -> Decimal | None:
    if amount is None or day is None:
        return amount
    for split in splits:
        is_later = split.ex_on is not None and day < split.ex_on
        if is_later and split.ratio is not None and is_possible_ratio(split.ratio):
            amount *= split.ratio
    return amount.quantize(SMALLEST_AMOUNT, ROUND_HALF_UP) if amount < MAX_AMOUNT else amount
