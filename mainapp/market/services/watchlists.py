"""Create, change and merge people's lists of stocks.

Every edit of a person's lists first locks that person, so that concurrent edits queue up.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext_lazy

from mainapp.accounts.models import User
from mainapp.core.exceptions import DomainError
from mainapp.market.models import Stock, Watchlist, WatchlistItem
from mainapp.market.policies import SYMBOL_LIMIT_USER
from mainapp.market.selectors.watchlists import stocks_named, symbols_of
from mainapp.market.symbols import canonical

MAX_LISTS = 20


class TooManySymbols(DomainError):
    """A list would hold more than SYMBOL_LIMIT_USER symbols."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """What a list holds after an edit, and what was asked for and is not known."""

    symbols: list[str]
    unknown: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a list holds after a merge, and the symbols for which it had no room."""

    symbols: list[str]
    left_out: list[str]


def create_list(*, owner: User, name: str, symbols: Iterable[str] = ()) -> Watchlist:
    """Create a list with what is known of `symbols`; the first one of a person is the current.

    Raises: DomainError for a taken name or one list too many, TooManySymbols.
    """
    with transaction.atomic():
        _lock(owner)
        stocks = _missing(stocks_named(symbols), held=())
        _check_room(len(stocks))
        watchlist = _create(owner, name)
        _append(watchlist, stocks)
    return watchlist


def rename_list(*, watchlist: Watchlist, name: str) -> None:
    """Give a list another name. Raises: DomainError when another list of its owner has it."""
    with transaction.atomic():
        _lock(watchlist.owner)
        _check_name(watchlist.owner, name, but=watchlist)
        Watchlist.objects.filter(pk=watchlist.pk).update(name=name)


def delete_list(*, watchlist: Watchlist) -> None:
    """Delete a list; when it was the current one, the next by name takes its place."""
    with transaction.atomic():
        _lock(watchlist.owner)
        Watchlist.objects.filter(pk=watchlist.pk).delete()
        lists = Watchlist.objects.filter(owner=watchlist.owner)
        if not lists.filter(is_current=True).exists() and (heir := lists.first()):
            lists.filter(pk=heir.pk).update(is_current=True)


def make_current(*, watchlist: Watchlist) -> None:
    """Make a list the one that the tracker opens with. Safe to repeat."""
    with transaction.atomic():
        _lock(watchlist.owner)
        lists = Watchlist.objects.filter(owner=watchlist.owner)
        if lists.filter(pk=watchlist.pk).exists():
            lists.filter(is_current=True).update(is_current=False)
            lists.filter(pk=watchlist.pk).update(is_current=True)


def renew_share_key(*, watchlist: Watchlist) -> str:
    """Give a list a new link and return its key; the old link ends at once."""
    key = _share_key()
    Watchlist.objects.filter(pk=watchlist.pk).update(share_key=key)
    return key


def add_symbols(*, watchlist: Watchlist, symbols: Sequence[str]) -> Edited:
    """Put what is known of `symbols` at the end of a list.

    Safe to repeat. Raises: TooManySymbols, and then adds none; DomainError when the list is gone.
    """
    with transaction.atomic():
        _lock(watchlist.owner)
        if not Watchlist.objects.filter(pk=watchlist.pk).exists():
            raise DomainError("invalid", gettext_noop("Esta lista não existe mais."))
        held = symbols_of(watchlist)
        named = stocks_named(symbols)
        new = _missing(named, held)
        _check_room(len(held) + len(new))
        _append(watchlist, new)
    return Edited(
        symbols=held + [stock.symbol for stock in new],
        unknown=[text for text in symbols if text not in named],
    )


def remove_symbols(*, watchlist: Watchlist, symbols: Iterable[str]) -> Edited:
    """Take `symbols` out of a list. Safe to repeat."""
    with transaction.atomic():
        _lock(watchlist.owner)
        items = WatchlistItem.objects.filter(watchlist=watchlist)
        items.filter(stock__symbol__in=set(filter(None, map(canonical, symbols)))).delete()
        return Edited(symbols=symbols_of(watchlist), unknown=[])


def edit_current(*, owner: User, add: Sequence[str], remove: Sequence[str]) -> Edited:
    """Take `remove` out of the current list, then put `add` at its end: all or nothing.

    A person without a list gets one. Safe to repeat. Raises: TooManySymbols.
    """
    with transaction.atomic():
        watchlist = current_list_of(owner=owner)
        remove_symbols(watchlist=watchlist, symbols=remove)
        return add_symbols(watchlist=watchlist, symbols=add)


def move_symbol(*, watchlist: Watchlist, symbol: str, by: int) -> None:
    """Move a symbol `by` places (-1: one up), as far as the list goes; nothing if it is gone."""
    with transaction.atomic():
        _lock(watchlist.owner)
        items = list(
            WatchlistItem.objects.filter(watchlist=watchlist)
            .select_related("stock")
            .order_by("position", "pk")
        )
        place = next((n for n, item in enumerate(items) if item.stock.symbol == symbol), None)
        if place is None:
            return
        items.insert(max(place + by, 0), items.pop(place))
        for position, item in enumerate(items, start=1):
            item.position = position
        WatchlistItem.objects.bulk_update(items, ["position"])


def current_list_of(*, owner: User) -> Watchlist:
    """Return the current list of a person, created where there is none."""
    with transaction.atomic():
        _lock(owner)
        lists = Watchlist.objects.filter(owner=owner)
        return lists.filter(is_current=True).first() or _create(owner, _("Minha lista"))


def merge_symbols(*, owner: User, symbols: Iterable[str]) -> Merged:
    """Put the list that a browser kept into the current list: their union, in order.

    What finds no room is left out and named. Safe to repeat.
    """
    with transaction.atomic():
        watchlist = current_list_of(owner=owner)
        held = symbols_of(watchlist)
        new = _missing(stocks_named(symbols), held)
        room = max(SYMBOL_LIMIT_USER - len(held), 0)
        _append(watchlist, new[:room])
    return Merged(
        symbols=held + [stock.symbol for stock in new[:room]],
        left_out=[stock.symbol for stock in new[room:]],
    )


def copy_list(*, watchlist: Watchlist, owner: User) -> Watchlist:
    """Create a list of `owner` with the stocks of another's, under its name or the next free."""
    with transaction.atomic():
        _lock(owner)
        taken = set(Watchlist.objects.filter(owner=owner).values_list("name", flat=True))
        name = watchlist.name
        for number in range(2, MAX_LISTS + 2):
            if name not in taken:
                break
            name = f"{watchlist.name[:54]} ({number})"
        return create_list(owner=owner, name=name, symbols=symbols_of(watchlist))


def _lock(owner: User) -> None:
    """Make other edits of `owner`'s lists wait (SQLite locks the whole database by itself)."""
    User.objects.select_for_update(no_key=True).only("pk").get(pk=owner.pk)


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


def _check_name(owner: User, name: str, *, but: Watchlist | None = None) -> None:
    named = Watchlist.objects.filter(owner=owner, name=name)
    if (named.exclude(pk=but.pk) if but else named).exists():
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


def _missing(named: Mapping[str, Stock], held: Iterable[str]) -> list[Stock]:
    """Return the stocks that a list does not hold yet, each once."""
    stocks = {stock.symbol: stock for stock in named.values()}
    taken = set(held)
    return [stock for symbol, stock in stocks.items() if symbol not in taken]


def _append(watchlist: Watchlist, stocks: Iterable[Stock]) -> None:
    items = WatchlistItem.objects.filter(watchlist=watchlist)
    last = items.aggregate(last=Max("position"))["last"] or 0
    WatchlistItem.objects.bulk_create(
        WatchlistItem(watchlist=watchlist, stock=stock, position=position)
        for position, stock in enumerate(stocks, start=last + 1)
    )


def _share_key() -> str:
    return secrets.token_urlsafe(16)
