"""Users' watchlists, and the stocks named by user input."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, QuerySet

from mainapp.accounts.models import User
from mainapp.market.models import Stock, Watchlist, WatchlistItem
from mainapp.market.symbols import canonical


def lists_of(user: User) -> list[Watchlist]:
    """Return a user's lists with their `size`: the current one, then the others by name."""
    lists = Watchlist.objects.filter(owner=user).annotate(size=Count("items"))
    return list(lists.order_by("-is_current", "name"))


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedList:
    """A watchlist with its symbols in their order."""

    pk: int
    name: str
    is_current: bool
    symbols: list[str]


def lists_with_symbols(user: User | AnonymousUser) -> list[NamedList]:
    """Return a user's lists: the current one, then the others by name. One query."""
    if not user.is_authenticated:
        return []
    rows = (
        Watchlist.objects.filter(owner=user.pk)
        .order_by("-is_current", "name", "items__position", "items__pk")
        .values_list("pk", "name", "is_current", "items__stock__symbol")
    )
    lists: dict[int, NamedList] = {}
    for pk, name, is_current, symbol in rows:
        named = lists.setdefault(pk, NamedList(pk=pk, name=name, is_current=is_current, symbols=[]))
        if symbol:
            named.symbols.append(symbol)
    return list(lists.values())


def own_lists(user: User) -> QuerySet[Watchlist]:
    return Watchlist.objects.filter(owner=user)


def shared_list(share_key: str) -> Watchlist:
    """Return the list with this link key. Raises: Watchlist.DoesNotExist."""
    return Watchlist.objects.get(share_key=share_key)


def symbols_of(watchlist: Watchlist) -> list[str]:
    """Return the symbols of a list, in its order."""
    items = WatchlistItem.objects.filter(watchlist=watchlist)
    return list(items.order_by("position", "pk").values_list("stock__symbol", flat=True))


def current_symbols(user: User | AnonymousUser) -> list[str]:
    """Return the symbols of a user's current list, in its order; none for anonymous users."""
    if not user.is_authenticated:
        return []
    items = WatchlistItem.objects.filter(watchlist__owner=user.pk, watchlist__is_current=True)
    return list(items.order_by("position", "pk").values_list("stock__symbol", flat=True))


def is_followed(user: User | AnonymousUser, stock: Stock) -> bool:
    """Return whether a user's current list has a stock; False for anonymous users."""
    if not user.is_authenticated:
        return False
    items = WatchlistItem.objects.filter(watchlist__owner=user.pk, watchlist__is_current=True)
    return items.filter(stock=stock).exists()


def stocks_named(texts: Iterable[str]) -> dict[str, Stock]:
    """Map each text that is a known symbol to its stock, in the order of `texts`. One query.

    Fractional and former symbols are mapped to the current stock.
    """
    wanted = {text: symbol for text in texts if (symbol := canonical(text))}
    stocks = {
        stock.symbol: stock.renamed_to or stock
        for stock in Stock.objects.filter(symbol__in=set(wanted.values())).select_related(
            "renamed_to"
        )
    }
    return {text: stocks[symbol] for text, symbol in wanted.items() if symbol in stocks}
