"""Changes to users' watchlists.

Each change first locks the owner's row, so that concurrent changes to a user's lists wait. Once it
is committed, the sockets of the owner's open pages get a `lists` frame, and the pages reload them.
"""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext_lazy

from mainapp.accounts.models import User
from mainapp.core.audience import users_in
from mainapp.core.exceptions import DomainError
from mainapp.core.realtime import GroupMessage, publish_on_commit
from mainapp.market.events import STOCK_LISTS, ListsChanged
from mainapp.market.models import Stock, Watchlist, WatchlistItem
from mainapp.market.policies import SYMBOL_LIMIT_USER
from mainapp.market.selectors.watchlists import stocks_named, symbols_of
from mainapp.market.symbols import canonical

MAX_LISTS = 20


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


def create_list(*, owner: User, name: str, symbols: Iterable[str] = ()) -> Watchlist:
    """Create a list with the known stocks of `symbols`; a user's first list becomes current.

    Raises: DomainError for a name in use or one list too many, TooManySymbols.
    """
    with _changing(owner):
        stocks = _missing(stocks_named(symbols), existing=())
        _check_room(len(stocks))
        watchlist = _create(owner, name)
        _append(watchlist, stocks)
    return watchlist


def create_shared_list(*, audience: str, name: str, symbols: Iterable[str] = ()) -> Watchlist:
    """Return the list of an audience, which is made if there is none; callers check who may.

    Safe to repeat. Raises: TooManySymbols.
    """
    with transaction.atomic():
        row = Watchlist(audience=audience, name=name, share_key=_share_key())
        Watchlist.objects.bulk_create([row], ignore_conflicts=True)
        watchlist = Watchlist.objects.get(audience=audience)
        add_symbols(watchlist=watchlist, symbols=[*symbols])
    return watchlist


def delete_lists_of(*, audience: str) -> None:
    """Delete the list of an audience that is no more. Safe to repeat."""
    Watchlist.objects.filter(audience=audience).delete()


def announce_lists(users: Iterable[int]) -> None:
    """Make the open pages of users load their lists again, once the transaction commits."""
    publish_on_commit(
        [
            GroupMessage(STOCK_LISTS, ListsChanged(type="lists.changed", user=user), key=user)
            for user in users
        ]
    )


def rename_list(*, watchlist: Watchlist, name: str) -> None:
    """Rename a list. Raises: DomainError if another list of its owner has that name."""
    with _changing_list(watchlist):
        if watchlist.owner:
            _check_name(watchlist.owner, name, excluding=watchlist)
        Watchlist.objects.filter(pk=watchlist.pk).update(name=name)


def delete_list(*, watchlist: Watchlist) -> None:
    """Delete a list. If it was the current one, the first by name becomes current."""
    with _changing_list(watchlist):
        Watchlist.objects.filter(pk=watchlist.pk).delete()
        if watchlist.owner is None:
            return
        lists = Watchlist.objects.filter(owner=watchlist.owner)
        if not lists.filter(is_current=True).exists() and (first := lists.first()):
            lists.filter(pk=first.pk).update(is_current=True)


def make_current(*, watchlist: Watchlist) -> None:
    """Make a list current: the tracker shows it first. Safe to repeat."""
    with _changing_list(watchlist):
        lists = Watchlist.objects.filter(owner=watchlist.owner, audience="")
        if lists.filter(pk=watchlist.pk).exists():
            lists.filter(is_current=True).update(is_current=False)
            lists.filter(pk=watchlist.pk).update(is_current=True)


def renew_share_key(*, watchlist: Watchlist) -> str:
    """Replace the key of a list's link and return it; the old link stops working at once."""
    key = _share_key()
    Watchlist.objects.filter(pk=watchlist.pk).update(share_key=key)
    return key


def add_symbols(*, watchlist: Watchlist, symbols: Sequence[str]) -> Edited:
    """Append the known stocks of `symbols` to a list.

    Safe to repeat. Raises: TooManySymbols, without adding any; DomainError if the list was deleted.
    """
    with _changing_list(watchlist):
        if not Watchlist.objects.filter(pk=watchlist.pk).exists():
            raise DomainError("invalid", gettext_noop("Esta lista não existe mais."))
        existing = symbols_of(watchlist)
        named = stocks_named(symbols)
        new = _missing(named, existing)
        _check_room(len(existing) + len(new))
        _append(watchlist, new)
    return Edited(
        symbols=existing + [stock.symbol for stock in new],
        unknown=[text for text in symbols if text not in named or not named[text].is_active],
    )


def remove_symbols(*, watchlist: Watchlist, symbols: Iterable[str]) -> Edited:
    """Remove symbols from a list. Safe to repeat."""
    with _changing_list(watchlist):
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
    with _changing_list(watchlist):
        remove_symbols(watchlist=watchlist, symbols=remove)
        edited = add_symbols(watchlist=watchlist, symbols=add)
        if not order:
            return edited
        return Edited(symbols=_arrange(watchlist, order), unknown=edited.unknown)


def move_symbol(*, watchlist: Watchlist, symbol: str, by: int) -> None:
    """Move a symbol by a number of places (-1: one up), within the list; ignore missing ones."""
    with _changing_list(watchlist):
        symbols = symbols_of(watchlist)
        if symbol in symbols:
            place = symbols.index(symbol)
            symbols.insert(max(place + by, 0), symbols.pop(place))
            _arrange(watchlist, symbols)


def current_list_of(*, owner: User) -> Watchlist:
    """Return a user's current list; create it if the user has none."""
    with _changing(owner):
        lists = Watchlist.objects.filter(owner=owner)
        return lists.filter(is_current=True).first() or _create(owner, _("Minha lista"))


def merge_symbols(*, owner: User, symbols: Iterable[str]) -> Merged:
    """Append the symbols of a list stored in the browser to the current list.

    Symbols beyond the limit are left out and returned. Safe to repeat.
    """
    with transaction.atomic():
        watchlist = current_list_of(owner=owner)
        existing = symbols_of(watchlist)
        new = _missing(stocks_named(symbols), existing)
        room = max(SYMBOL_LIMIT_USER - len(existing), 0)
        _append(watchlist, new[:room])
    return Merged(
        symbols=existing + [stock.symbol for stock in new[:room]],
        left_out=[stock.symbol for stock in new[room:]],
    )


def copy_list(*, watchlist: Watchlist, owner: User) -> Watchlist:
    """Copy another user's list for `owner`, with a number added to its name if that is in use."""
    with _changing(owner):
        used_names = set(Watchlist.objects.filter(owner=owner).values_list("name", flat=True))
        name = watchlist.name
        for number in range(2, MAX_LISTS + 2):
            if name not in used_names:
                break
            # A name has at most 60 characters, of which the number takes up to five.
            name = f"{watchlist.name[:54]} ({number})"
        return create_list(owner=owner, name=name, symbols=symbols_of(watchlist))


@contextmanager
def _changing(owner: User) -> Iterator[None]:
    """Open a transaction that locks a user's lists, and announce the change once it commits.

    On SQLite the transaction itself locks the whole database.
    """
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).only("pk").get(pk=owner.pk)
        yield
        announce_lists([owner.pk])


@contextmanager
def _changing_list(watchlist: Watchlist) -> Iterator[None]:
    """The same for one list, which may be an audience's: then that list is locked."""
    if watchlist.owner:
        with _changing(watchlist.owner):
            yield
        return
    with transaction.atomic():
        Watchlist.objects.select_for_update(no_key=True).filter(pk=watchlist.pk).first()
        yield
        announce_lists(users_in(watchlist.audience))


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


def _create(owner: User, name: str) -> Watchlist:
    lists = Watchlist.objects.filter(owner=owner)
    if lists.count() >= MAX_LISTS:
        raise DomainError(
            "invalid",
            gettext_noop("Você já tem %(limit)s listas: apague uma antes de criar outra."),
            {"limit": MAX_LISTS},
        )
    _check_name(owner, name)
    has_current = lists.filter(is_current=True).exists()
    return Watchlist.objects.create(
        owner=owner, name=name, share_key=_share_key(), is_current=not has_current
    )


def _check_name(owner: User, name: str, *, excluding: Watchlist | None = None) -> None:
    named = Watchlist.objects.filter(owner=owner, name=name)
    if (named.exclude(pk=excluding.pk) if excluding else named).exists():
        raise DomainError("invalid", gettext_noop("Você já tem uma lista com este nome."))


def _check_room(size: int) -> None:
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


def _missing(named: Mapping[str, Stock], existing: Iterable[str]) -> list[Stock]:
    """Return the traded stocks that are not yet in a list, each once."""
    stocks = {stock.symbol: stock for stock in named.values() if stock.is_active}
    existing = set(existing)
    return [stock for symbol, stock in stocks.items() if symbol not in existing]


def _append(watchlist: Watchlist, stocks: Iterable[Stock]) -> None:
    items = WatchlistItem.objects.filter(watchlist=watchlist)
    last = items.aggregate(last=Max("position"))["last"] or 0
    WatchlistItem.objects.bulk_create(
        WatchlistItem(watchlist=watchlist, stock=stock, position=position)
        for position, stock in enumerate(stocks, start=last + 1)
    )


def _share_key() -> str:
    return secrets.token_urlsafe(16)
