"""Corporate events as sources report them: checks, changes since the last report, and merging.

Sources have no ids of events, so events are compared by kind, day and value.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, Protocol, TypeVar

DIVIDEND, INTEREST = "dividend", "interest"
SPLIT, REVERSE_SPLIT, BONUS = "split", "reverse_split", "bonus"
PAYMENTS = frozenset({DIVIDEND, INTEREST})
RATIOS = frozenset({SPLIT, REVERSE_SPLIT, BONUS})

EventFault = Literal["event_currency", "event_date", "event_amount", "event_ratio", "event_count"]

EARLIEST = date(1994, 7, 1)  # the first day of the real
LATEST = timedelta(days=3 * 366)
# Of one stock. Thirty years of monthly payments are 400; the time of comparing them grows with the
# square of their number: 2,000 took 3 s.
MAX_EVENTS = 1000
MAX_AMOUNT = Decimal(100_000)
MAX_RATIO = Decimal(100_000)
SAME_VALUE = Decimal("0.005")  # sources round differently
SAME_DAY = timedelta(days=3)
MOVED = timedelta(days=45)
# An event that its source omits is withdrawn only after a second report, at least this much later.
ABSENT = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedEvent:
    """An event in a source's report. `absent_since` is set if the last report did not have it."""

    kind: str
    ex_on: date | None
    pay_on: date | None = None
    amount: Decimal | None = None
    ratio: Decimal | None = None
    currency: str = ""
    absent_since: datetime | None = None


@dataclass(slots=True, kw_only=True)
class MergedEvent:
    """An event that one or more sources report.

    `sources` report it with the same value; `others` have another value for the same payment.
    `is_day_sure` and `is_value_sure` are True if at least two sources agree on it.
    """

    kind: str
    ex_on: date
    pay_on: date | None
    amount: Decimal | None
    ratio: Decimal | None
    sources: list[str]
    others: dict[str, Decimal] = field(default_factory=dict)
    is_day_sure: bool = False
    is_value_sure: bool = False


class Dated(Protocol):
    """What an event is compared by; rows of the database have it too."""

    @property
    def kind(self) -> Any: ...
    @property
    def ex_on(self) -> Any: ...
    @property
    def pay_on(self) -> Any: ...
    @property
    def amount(self) -> Any: ...
    @property
    def ratio(self) -> Any: ...


Old = TypeVar("Old", bound=Dated)
New = TypeVar("New", bound=Dated)


def event_fault(event: ReportedEvent, *, today: date, currency: str) -> EventFault | None:
    """Return why an event cannot be true, or None."""
    if event.currency not in ("", currency):
        return "event_currency"
    if event.ex_on is None or not EARLIEST <= event.ex_on <= today + LATEST:
        return "event_date"
    if event.pay_on and not event.ex_on <= event.pay_on <= today + LATEST:
        return "event_date"
    if event.kind in PAYMENTS:
        amount = event.amount
        is_possible = amount is not None and amount.is_finite() and 0 < amount < MAX_AMOUNT
        return None if is_possible else "event_amount"
    ratio = event.ratio
    if ratio is None:  # some sources know only that there is one
        return None
    is_possible = is_possible_ratio(ratio) and (ratio < 1) == (event.kind == REVERSE_SPLIT)
    return None if is_possible else "event_ratio"


def is_possible_ratio(ratio: Decimal) -> bool:
    return ratio.is_finite() and 1 / MAX_RATIO <= ratio <= MAX_RATIO and ratio != 1


def value_of(event: Dated) -> Decimal | None:
    """Return the amount of a payment, and the ratio of another event."""
    value: Decimal | None = event.amount if event.kind in PAYMENTS else event.ratio
    return value


def is_same_value(one: Decimal | None, other: Decimal | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= max(abs(one), abs(other)) * SAME_VALUE


def pairs_of(old: Sequence[Old], new: Sequence[New]) -> list[tuple[Old, New]]:
    """Return the pairs of an event and what it became, the surest ones first.

    Unchanged events first, then those with another value or payday, then those with another day.
    """
    pairs: list[tuple[Old, New]] = []
    left, free = list(old), list(new)
    for is_pair in RULES:
        for event in list(free):
            match = next((each for each in left if is_pair(each, event)), None)
            if match is not None:
                pairs.append((match, event))
                left = [each for each in left if each is not match]
                free = [each for each in free if each is not event]
    return pairs


def _is_unchanged(old: Dated, new: Dated) -> bool:
    return _has_same_day_and_value(old, new) and old.pay_on == new.pay_on


def _has_same_day_and_value(old: Dated, new: Dated) -> bool:
    return (old.kind, old.ex_on, value_of(old)) == (new.kind, new.ex_on, value_of(new))


def _has_same_day(old: Dated, new: Dated) -> bool:
    return bool(old.ex_on == new.ex_on) and _is_of_same_class(old, new)


def _is_moved(old: Dated, new: Dated) -> bool:
    return (
        _is_of_same_class(old, new)
        and is_same_value(value_of(old), value_of(new))
        and bool(abs(old.ex_on - new.ex_on) <= MOVED)
    )


def _has_same_kind_and_day(old: Dated, new: Dated) -> bool:
    return (old.kind, old.ex_on) == (new.kind, new.ex_on)


def _is_of_same_class(old: Dated, new: Dated) -> bool:
    return (old.kind in PAYMENTS) == (new.kind in PAYMENTS)


RULES = (
    *(_is_unchanged, _has_same_day_and_value),
    *(_has_same_kind_and_day, _has_same_day, _is_moved),
)


def with_absent(
    *, old: Sequence[ReportedEvent], new: Sequence[ReportedEvent], since: date, at: datetime
) -> list[ReportedEvent]:
    """Return a new report, with the events that it lacks for the first time.

    Those before `since` are only out of its range: they stay.
    """
    paired = {id(before) for before, _after in pairs_of(old, new)}
    kept = []
    for event in old:
        if id(event) in paired:
            continue
        first_absent = event.absent_since or at
        assert event.ex_on is not None  # a checked event
        if event.ex_on < since:
            kept.append(event)
        elif at - first_absent < ABSENT:
            kept.append(replace(event, absent_since=first_absent))
    return [*new, *kept]


def merged_events(reports: Mapping[str, Iterable[ReportedEvent]]) -> list[MergedEvent]:
    """Return the events of several sources, each once. The first source decides the details.

    Some sources know only the sum of a day's payments: it confirms them together.
    """
    merged: list[MergedEvent] = []
    for source, events in reports.items():
        earlier = list(merged)
        for event in events:
            if _confirm(earlier, source, event) or _contradict(earlier, source, event):
                continue
            assert event.ex_on is not None  # a checked event
            merged.append(
                MergedEvent(
                    kind=event.kind,
                    ex_on=event.ex_on,
                    pay_on=event.pay_on,
                    amount=event.amount if event.kind in PAYMENTS else None,
                    ratio=event.ratio if event.kind in RATIOS else None,
                    sources=[source],
                )
            )
    return merged


def _confirm(earlier: Iterable[MergedEvent], source: str, event: ReportedEvent) -> bool:
    """Add a source to the events that it reports too; return whether there are any."""
    near = [each for each in earlier if _is_near(each, event) and source not in each.sources]
    same = [each for each in near if is_same_value(value_of(each), value_of(event))]
    of_day = [each for each in near if each.ex_on == event.ex_on]
    if same:
        confirmed = [min(same, key=_distance_to(event))]
    elif event.kind in PAYMENTS and len(of_day) > 1 and _is_sum(of_day, event):
        confirmed = of_day
    else:
        return False
    for each in confirmed:
        each.sources.append(source)
        each.pay_on = each.pay_on or event.pay_on
        is_same_day = each.ex_on == event.ex_on
        each.is_day_sure |= is_same_day
        each.is_value_sure |= is_same_day and value_of(each) is not None
    return True


def _contradict(earlier: Iterable[MergedEvent], source: str, event: ReportedEvent) -> bool:
    """Note another value of a source for an event of the same day; return whether there is one."""
    for each in earlier:
        if each.ex_on == event.ex_on and _is_of_same_class(each, event):
            value = value_of(event)
            if value is not None and value_of(each) is not None:
                each.others.setdefault(source, value)
            elif value is not None:  # only this source knows the ratio
                each.ratio = value
            return True
    return False


def _is_near(each: MergedEvent, event: ReportedEvent) -> bool:
    assert event.ex_on is not None  # a checked event
    return _is_of_same_class(each, event) and abs(each.ex_on - event.ex_on) <= SAME_DAY


def _distance_to(event: ReportedEvent) -> Callable[[MergedEvent], timedelta]:
    def distance(each: MergedEvent) -> timedelta:
        return abs(each.ex_on - event.ex_on) if event.ex_on else SAME_DAY

    return distance


def _is_sum(events: Iterable[MergedEvent], event: ReportedEvent) -> bool:
    total = sum((each.amount or Decimal(0) for each in events), Decimal(0))
    return is_same_value(total, event.amount)
