"""Users' watchlists, and the stocks named by user input."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, Count, Q, QuerySet, When

from mainapp.accounts.models import User
from mainapp.core.audience import keys_of, may_manage
from mainapp.market.models import Stock, Watchlist, WatchlistItem
from mainapp.market.symbols import canonical


def lists_of(user: User) -> list[Watchlist]:
    """Return a user's lists with their `size`: the current one, others by name, then shared ones.

    Two queries.
    """
    lists = readable_lists(user).annotate(size=Count("items"))
    is_shared = Case(When(audience="", then=0), default=1)
    return list(lists.order_by(is_shared, "-is_current", "name", "pk"))


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


def readable_lists(user: User) -> QuerySet[Watchlist]:
    """Return a user's lists and those of the user's audiences; one query for the audiences."""
    return Watchlist.objects.filter(Q(owner=user) | Q(audience__in=keys_of(user)))


def may_edit(watchlist: Watchlist, user: User) -> bool:
    """Return whether a user may change a list; one query for an audience's."""
    if watchlist.audience:
        return may_manage(user, watchlist.audience)
    return watchlist.owner_id == user.pk


def editable_list(pk: int, user: User) -> Watchlist:
    """Return a list that a user may change; three queries. Raises: Watchlist.DoesNotExist."""
    watchlist = readable_lists(user).get(pk=pk)
    if not may_edit(watchlist, user):
        raise Watchlist.DoesNotExist
    return watchlist


def list_of_audience(audience: str) -> Watchlist | None:
    """Return the list of an audience; one query. Callers check that the reader belongs to it."""
    return Watchlist.objects.filter(audience=audience).first()


def shared_list(share_key: str) -> Watchlist:
    """Return a user's list with this link key. Raises: Watchlist.DoesNotExist."""
    return Watchlist.objects.get(share_key=share_key, audience="")


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
