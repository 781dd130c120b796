"""Successions of codes that no longer trade: today's code, the ratio, and a sentence."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from django.db.models import Q
from django.utils.formats import number_format
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from mainapp.core.templatetags.formats import full_day
from mainapp.market.models import CorporateEvent, Stock, Strength
from mainapp.market.symbols import canonical

Kind = CorporateEvent.Kind
SPLITS = (Kind.SPLIT, Kind.REVERSE_SPLIT, Kind.BONUS)
ENDINGS = (Kind.DELISTING, Kind.MERGER, Kind.RENAME)
COLUMNS = ("symbol", "is_end_sure", "renamed_to__symbol", "renamed_to__is_active")
Events = Mapping[str, Sequence[CorporateEvent]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One event between an old code and today's.

    `new` is None at the end of trading, and equals `old` in a later split. `ratio` is the number of
    new stocks for one old stock; it and the date are None if not known.
    """

    old: str
    new: str | None
    date: dt.date | None
    ratio: Decimal | None
    kind: str
    strength: str
    is_date_sure: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Succession:
    """The steps from a former code to today's.

    `last` is the newest successor, None if there is none; `symbol` is the same, or None if that one
    no longer trades either. `ratio` is the number of its stocks for one old stock, later splits
    included; None if one of the ratios is not known. `sure` is False if the only evidence for the
    end is that quotes stopped.
    """

    symbol: str | None
    last: str | None
    ratio: Decimal | None
    steps: tuple[Step, ...]
    sure: bool


@dataclass(frozen=True, slots=True)
class _FormerCode:
    """A code that no longer trades, and its newest successor."""

    symbol: str
    is_end_sure: bool
    last: str | None
    is_last_traded: bool | None


def get_succession(symbol: str) -> Succession | None:
    """Return the succession of a code, None if it is current or unknown. Two queries at most."""
    return get_successions([symbol]).get(symbol)


def get_successions(symbols: Collection[str]) -> dict[str, Succession]:
    """Return the successions of the codes that no longer trade, by the given text.

    Codes may be typed in lower case or with the F of the fractional market. Two queries, the second
    only if one of them no longer trades.
    """
    wanted = {text: symbol for text in symbols if (symbol := canonical(text))}
    is_former = Q(is_active=False) | Q(renamed_to__isnull=False)
    rows = Stock.objects.filter(is_former, symbol__in=set(wanted.values()))
    former = {row[0]: _FormerCode(*row) for row in rows.values_list(*COLUMNS)} if wanted else {}
    if not former:
        return {}
    events = _events({code.last for code in former.values()})
    successions = {symbol: _succession(code, events) for symbol, code in former.items()}
    return {text: successions[symbol] for text, symbol in wanted.items() if symbol in successions}


def _events(symbols: Iterable[str | None]) -> Events:
    """Return the events of all former codes, and the splits of `symbols`, oldest first. One query.

    All of them cost no more than some: there are a few hundred former codes, and only part of them
    have such an event.
    """
    events = defaultdict[str, list[CorporateEvent]](list)
    wanted = Q(stock__is_active=False) | Q(
        stock__symbol__in=[symbol for symbol in symbols if symbol], kind__in=SPLITS
    )
    rows = CorporateEvent.objects.in_force().filter(wanted, kind__in=(*SPLITS, *ENDINGS))
    # What one source alone reports does not change amounts.
    rows = rows.exclude(is_reported=True, is_ratio_sure=False)
    for event in rows.select_related("stock", "successor").order_by("ex_on", "pk"):
        events[event.stock.symbol].append(event)
    return events


def _chain(former: _FormerCode, events: Events) -> list[str]:
    """Return a code and its successors; only the last of them if the events do not lead there."""
    if former.last is None:
        return [former.symbol]
    chain = [former.symbol]
    while chain[-1] != former.last:
        successors = [event.successor.symbol for event in events[chain[-1]] if event.successor]
        following = next((code for code in successors if code not in chain), None)
        if following is None:
            return [former.symbol, former.last]
        chain.append(following)
    return chain


def _succession(former: _FormerCode, events: Events) -> Succession:
    chain = _chain(former, events)
    steps: list[Step] = []
    for old, new in pairwise(chain):
        steps.append(_renaming(old, new, events[old]))
        steps += _splits(new, events[new], since=steps[-1].date)
    if not former.is_last_traded:
        steps += _endings(chain[-1], events[chain[-1]])
    ratios = [step.ratio for step in steps if step.new]
    return Succession(
        symbol=former.last if former.is_last_traded else None,
        last=former.last,
        ratio=_product(ratios) if former.last else None,
        steps=tuple(steps),
        sure=former.is_end_sure,
    )


def succession_notes(texts: Iterable[str]) -> list[str]:
    """Return a sentence for each code among `texts` that no longer trades."""
    successions = get_successions(list(dict.fromkeys(texts)))
    notes = (describe(canonical(text) or text, each) for text, each in successions.items())
    return list(dict.fromkeys(notes))


def other_amounts_note(text: str, stock: Stock) -> str:
    """Return a note if amounts of the typed former code differ from those of `stock`, else "".

    Stocks are found by their former codes too, so a quantity of 10 VVAR3 would become 10 BHIA3.
    No query for the stock's own code.
    """
    if canonical(text) == stock.symbol:
        return ""
    succession = get_succession(text)
    if succession is None or succession.last is None or succession.ratio == 1:
        return ""
    return describe(canonical(text) or text, succession)


def describe(symbol: str, succession: Succession) -> str:
    """Return a sentence about a succession in the active language."""
    into = [step.new for step in succession.steps if step.new and step.old == symbol]
    values = {
        "old": symbol,
        "new": succession.symbol or get_text_list(into, _("e")),
        "day": _day(succession),
    }
    if succession.symbol or len(into) > 1:
        became = (
            _("%(old)s virou %(new)s em %(day)s.") if values["day"] else _("%(old)s virou %(new)s.")
        )
        note = _ratio_note(symbol, succession) if succession.symbol else ""
        return f"{became % values} {note}".strip()
    if into:
        return _("%(old)s virou %(new)s, que deixou de ser negociado.") % values
    if not values["day"]:
        return _("%(old)s deixou de ser negociado.") % values
    if not succession.sure:
        return (
            _("%(old)s parece ter deixado de ser negociado: última cotação vista em %(day)s.")
            % values
        )
    return _("%(old)s deixou de ser negociado em %(day)s.") % values


def _day(succession: Succession) -> str:
    """Return the date of the last change, or "" if it is not known."""
    step = next((step for step in reversed(succession.steps) if step.new != step.old), None)
    if step is None or step.date is None:
        return ""
    day = full_day(step.date)
    return (
        day
        if step.is_date_sure or not succession.sure
        else _("%(day)s (data provável)") % {"day": day}
    )


def _ratio_note(symbol: str, succession: Succession) -> str:
    if succession.ratio is None:
        return _("A proporção da troca não é conhecida.")
    if succession.ratio == 1:
        return ""
    ratio = number_format(succession.ratio, use_l10n=True)
    values = {"old": symbol, "ratio": ratio, "new": succession.symbol}
    if any(step.new == step.old for step in succession.steps):
        return _("1 %(old)s = %(ratio)s %(new)s, com os grupamentos e desdobramentos.") % values
    return _("1 %(old)s = %(ratio)s %(new)s.") % values


def _renaming(old: str, new: str, events: Iterable[CorporateEvent]) -> Step:
    """Return the step to a new code, from the event about which the most is known."""
    matching = [event for event in events if event.successor and event.successor.symbol == new]
    if not matching:
        kind, strength = Kind.RENAME, Strength.SINGLE
        return Step(old=old, new=new, date=None, ratio=None, kind=kind, strength=strength)
    best = max(matching, key=lambda event: (event.ratio is not None, event.ex_on is not None))
    return _step(best, new)


def _splits(code: str, events: Iterable[CorporateEvent], *, since: dt.date | None) -> list[Step]:
    """Return the splits of a new code since it replaced the old one.

    Their ratios count as not known if `since` or their own date is not known, because a split
    before the change must not be counted.
    """
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
    """Return the step to the end of trading, or one to each code into which a unit was divided."""
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
        is_date_sure=event.is_date_sure,
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
