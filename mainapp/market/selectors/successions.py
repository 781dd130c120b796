"""What became of codes that no longer trade."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from django.db.models import Q

from mainapp.market.models import CorporateEvent, Stock, Strength
from mainapp.market.symbols import canonical

Kind = CorporateEvent.Kind
SPLITS = (Kind.SPLIT, Kind.REVERSE_SPLIT, Kind.BONUS)
ENDINGS = (Kind.DELISTING, Kind.MERGER, Kind.RENAME)
COLUMNS = ("symbol", "is_end_sure", "renamed_to__symbol")
Events = Mapping[str, Sequence[CorporateEvent]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One event on the way from an old code to today's.

    `new` is None at the end of trading, and equals `old` in a later split. `ratio` is new stocks
    for one old; it and the date are None if not known.
    """

    old: str
    new: str | None
    date: dt.date | None
    ratio: Decimal | None
    kind: str
    strength: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Succession:
    """What became of a code.

    `symbol` is today's code, None if trading just ended. `ratio` is new stocks for one old, later
    splits of the new codes included; None if one of the ratios is not known. `sure` is False if
    the code is taken for ended only because its quotes stopped.
    """

    symbol: str | None
    ratio: Decimal | None
    steps: tuple[Step, ...]
    sure: bool

    @property
    def date(self) -> dt.date | None:
        """The first day of today's code, or the day on which trading ended, if known."""
        days = [step.date for step in self.steps if step.new != step.old]
        return days[-1] if days else None


@dataclass(frozen=True, slots=True)
class _Gone:
    """A code that no longer trades, and the last of the codes that followed it."""

    symbol: str
    is_end_sure: bool
    renamed_to: str | None


def get_succession(symbol: str) -> Succession | None:
    """Return what became of a code; None if it is current or unknown. Two queries at most."""
    return get_successions([symbol]).get(symbol)


def get_successions(symbols: Collection[str]) -> dict[str, Succession]:
    """Return what became of those codes that no longer trade, by the given text.

    Codes may be typed in lower case or with the F of the fractional market. Two queries, the second
    only if one of them no longer trades.
    """
    wanted = {text: symbol for text in symbols if (symbol := canonical(text))}
    codes = _former_codes() if wanted else {}
    gone = {text: symbol for text, symbol in wanted.items() if symbol in codes}
    if not gone:
        return {}
    events = _events({codes[symbol].renamed_to for symbol in gone.values()})
    return {text: _succession(symbol, codes, events) for text, symbol in gone.items()}


def _former_codes() -> dict[str, _Gone]:
    """Return the codes that no longer trade, a few hundred. One query."""
    rows = Stock.objects.filter(is_active=False)
    return {row[0]: _Gone(*row) for row in rows.values_list(*COLUMNS)}


def _events(symbols: AbstractSet[str | None]) -> Events:
    """Return the events of former codes, and splits of `symbols`, oldest first. One query."""
    events = defaultdict[str, list[CorporateEvent]](list)
    wanted = Q(stock__is_active=False) | Q(stock__symbol__in=symbols - {None}, kind__in=SPLITS)
    rows = CorporateEvent.objects.filter(wanted, kind__in=(*SPLITS, *ENDINGS))
    for event in rows.select_related("stock", "successor").order_by("ex_on", "pk"):
        events[event.stock.symbol].append(event)
    return events


def _chain(symbol: str, codes: Mapping[str, _Gone], events: Events) -> list[str]:
    """Return a code and those that followed it, up to the last: by events if they lead there."""
    chain, last = [symbol], codes[symbol].renamed_to
    while chain[-1] != last and chain[-1] in codes:
        successors = [event.successor.symbol for event in events[chain[-1]] if event.successor]
        following = next((code for code in successors if code not in chain), None)
        if following is None:
            break
        chain.append(following)
    if last is None:
        return [symbol]
    return chain if chain[-1] == last else [symbol, last]


def _succession(symbol: str, codes: Mapping[str, _Gone], events: Events) -> Succession:
    chain = _chain(symbol, codes, events)
    steps: list[Step] = []
    for old, new in pairwise(chain):
        steps.append(_renaming(old, new, events[old]))
        steps += _splits(new, events[new], since=steps[-1].date)
    current = None if chain[-1] in codes else chain[-1]
    if current is None:
        steps += _endings(chain[-1], events[chain[-1]])
    return Succession(
        symbol=current,
        ratio=_product([step.ratio for step in steps]) if current else None,
        steps=tuple(steps),
        sure=codes[symbol].is_end_sure,
    )


def _renaming(old: str, new: str, events: Iterable[CorporateEvent]) -> Step:
    """Return the step to a new code, by the best known of its events."""
    matching = [event for event in events if event.successor and event.successor.symbol == new]
    if not matching:
        kind, strength = Kind.RENAME, Strength.SINGLE
        return Step(old=old, new=new, date=None, ratio=None, kind=kind, strength=strength)
    best = max(matching, key=lambda event: (event.ratio is not None, event.ex_on is not None))
    return _step(best, new)


def _splits(code: str, events: Iterable[CorporateEvent], *, since: dt.date | None) -> list[Step]:
    """Return the later splits of a new code. Their effect is not known if `since` is not."""
    steps = [
        _step(event, code)
        for event in events
        if event.kind in SPLITS
        and event.successor is None
        and event.status == CorporateEvent.Status.HAPPENED
        and (since is None or event.ex_on is None or event.ex_on >= since)
    ]
    return [replace(step, ratio=step.ratio if since and step.date else None) for step in steps]


def _endings(code: str, events: Iterable[CorporateEvent]) -> list[Step]:
    """Return the end of trading, or each of the codes into which a unit was divided."""
    return [
        _step(event, event.successor.symbol if event.successor else None)
        for event in events
        if event.kind in ENDINGS
    ]


def _step(event: CorporateEvent, new: str | None) -> Step:
    return Step(
        old=event.stock.symbol,
        new=new,
        date=event.ex_on,
        ratio=_plain(event.ratio) if event.ratio and event.is_ratio_sure else None,
        kind=event.kind,
        strength=event.strength,
        note=event.note,
    )


def _product(ratios: Iterable[Decimal | None]) -> Decimal | None:
    product = Decimal(1)
    for ratio in ratios:
        if ratio is None:
            return None
        product *= ratio
    return _plain(product)


def _plain(number: Decimal) -> Decimal:
    """Return a number without trailing zeros and without an exponent."""
    return Decimal(f"{number.normalize():f}")
