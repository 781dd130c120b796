"""Symbols of watchlists: adding, removing, ordering and merging."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_noop, ngettext_lazy

from mainapp.accounts.models import User
from mainapp.core.exceptions import DomainError
from mainapp.market.models import Stock, Watchlist, WatchlistItem
from mainapp.market.policies import SYMBOL_LIMIT_USER
from mainapp.market.selectors.watchlists import stocks_named, symbols_of
from mainapp.market.services.watchlists.changing import changing_list, current_list_of
from mainapp.market.symbols import canonical


class TooManySymbols(DomainError):
    """A list would contain more than SYMBOL_LIMIT_USER symbols."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A list's symbols after an edit, and the requested strings that are not traded stocks."""

    symbols: list[str]
    unknown: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """A list's symbols after a merge, and the symbols beyond its limit."""

    symbols: list[str]
    left_out: list[str]


def add_symbols(*, watchlist: Watchlist, symbols: Sequence[str]) -> Edited:
    """Append the known stocks of `symbols` to a list.

    Safe to repeat. Raises: TooManySymbols, without adding any; DomainError if the list was deleted.
    """
    with changing_list(watchlist):
        if not Watchlist.objects.filter(pk=watchlist.pk).exists():
            raise DomainError("invalid", gettext_noop("Esta lista não existe mais."))
        existing = symbols_of(watchlist)
        named = stocks_named(symbols)
        new = missing_stocks(named, existing)
        check_room(len(existing) + len(new))
        append_stocks(watchlist, new)
    return Edited(
        symbols=existing + [stock.symbol for stock in new],
        unknown=[text for text in symbols if text not in named or not named[text].is_active],
    )


def remove_symbols(*, watchlist: Watchlist, symbols: Iterable[str]) -> Edited:
    """Remove symbols from a list. Safe to repeat."""
    with changing_list(watchlist):
        items = WatchlistItem.objects.filter(watchlist=watchlist)
        items.filter(stock__symbol__in=set(filter(None, map(canonical, symbols)))).delete()
        return Edited(symbols=symbols_of(watchlist), unknown=[])


def edit_current(
    *, owner: User, add: Sequence[str], remove: Sequence[str], order: Sequence[str] = ()
) -> Edited:
    """Remove, append and then order symbols of the current list, in one transaction.

    A user without a list gets one. Safe to repeat. Raises: TooManySymbols.
    """
    with transaction.atomic():
        watchlist = current_list_of(owner=owner)
        return edit_list(watchlist=watchlist, add=add, remove=remove, order=order)


def edit_list(
    *,
    watchlist: Watchlist,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    order: Sequence[str] = (),
) -> Edited:
    """Remove, append and then order symbols of a list, in one transaction.

    Symbols that `order` does not name follow those that it does. Safe to repeat.
    Raises: TooManySymbols; DomainError if the list was deleted.
    """
    with changing_list(watchlist):
        remove_symbols(watchlist=watchlist, symbols=remove)
        edited = add_symbols(watchlist=watchlist, symbols=add)
        if not order:
            return edited
        return Edited(symbols=_arrange(watchlist, order), unknown=edited.unknown)


def move_symbol(*, watchlist: Watchlist, symbol: str, by: int) -> None:
    """Move a symbol by a number of places (-1: one up), within the list; ignore missing ones."""
    with changing_list(watchlist):
        symbols = symbols_of(watchlist)
        if symbol in symbols:
            place = symbols.index(symbol)
            symbols.insert(max(place + by, 0), symbols.pop(place))
            _arrange(watchlist, symbols)


def merge_symbols(*, owner: User, symbols: Iterable[str]) -> Merged:
    """Append the symbols of a list stored in the browser to the current list.

    Symbols beyond the limit are left out and returned. Safe to repeat.
    """
    with transaction.atomic():
        watchlist = current_list_of(owner=owner)
        existing = symbols_of(watchlist)
        new = missing_stocks(stocks_named(symbols), existing)
        room = max(SYMBOL_LIMIT_USER - len(existing), 0)
        append_stocks(watchlist, new[:room])
    return Merged(
        symbols=existing + [stock.symbol for stock in new[:room]],
        left_out=[stock.symbol for stock in new[room:]],
    )


def check_room(size: int) -> None:
    if size > SYMBOL_LIMIT_USER:
        limits = {"limit": SYMBOL_LIMIT_USER}
        raise TooManySymbols(
            "too_many_symbols",
            ngettext_lazy(
                "Uma lista guarda até %(limit)s ativo.",
                "Uma lista guarda até %(limit)s ativos.",
                SYMBOL_LIMIT_USER,
            ),
            limits,
            wire=limits,
        )


def missing_stocks(named: Mapping[str, Stock], existing: Iterable[str]) -> list[Stock]:
    """Return the traded stocks that are not yet in a list, each once."""
    stocks = {stock.symbol: stock for stock in named.values() if stock.is_active}
    existing = set(existing)
    return [stock for symbol, stock in stocks.items() if symbol not in existing]


def append_stocks(watchlist: Watchlist, stocks: Iterable[Stock]) -> None:
    items = WatchlistItem.objects.filter(watchlist=watchlist)
    last = items.aggregate(last=Max("position"))["last"] or 0
    WatchlistItem.objects.bulk_create(
        WatchlistItem(watchlist=watchlist, stock=stock, position=position)
        for position, stock in enumerate(stocks, start=last + 1)
    )


def _arrange(watchlist: Watchlist, order: Sequence[str]) -> list[str]:
    """Give a list's symbols the order of `order`, and return them; the others come last."""
    places = {symbol: place for place, symbol in enumerate(order)}
    items = WatchlistItem.objects.filter(watchlist=watchlist).select_related("stock")
    ordered = sorted(
        items.order_by("position", "pk"),
        key=lambda item: places.get(item.stock.symbol, len(places)),
    )
    for position, item in enumerate(ordered, start=1):
        item.position = position
    WatchlistItem.objects.bulk_update(ordered, ["position"])
    return [item.stock.symbol for item in ordered]
