"""Watchlists themselves: creating, copying, renaming, deleting and choosing them."""

from collections.abc import Iterable

from django.db import transaction

from mainapp.accounts.models import User
from mainapp.market.models import Watchlist
from mainapp.market.selectors.watchlists import stocks_named, symbols_of
from mainapp.market.services.watchlists.changing import (
    MAX_LISTS,
    changing,
    changing_list,
    check_name,
    create_row,
    new_share_key,
)
from mainapp.market.services.watchlists.symbols import (
    add_symbols,
    append_stocks,
    check_room,
    missing_stocks,
)


def create_list(*, owner: User, name: str, symbols: Iterable[str] = ()) -> Watchlist:
    """Create a list with the known stocks of `symbols`; a user's first list becomes current.

    Raises: DomainError for a name in use or one list too many, TooManySymbols.
    """
    with changing(owner):
        stocks = missing_stocks(stocks_named(symbols), existing=())
        check_room(len(stocks))
        watchlist = create_row(owner, name)
        append_stocks(watchlist, stocks)
    return watchlist


def create_shared_list(*, audience: str, name: str, symbols: Iterable[str] = ()) -> Watchlist:
    """Return the list of an audience, which is made if there is none; callers check who may.

    Safe to repeat. Raises: TooManySymbols.
    """
    with transaction.atomic():
        row = Watchlist(audience=audience, name=name, share_key=new_share_key())
        Watchlist.objects.bulk_create([row], ignore_conflicts=True)
        watchlist = Watchlist.objects.get(audience=audience)
        add_symbols(watchlist=watchlist, symbols=[*symbols])
    return watchlist


def copy_list(*, watchlist: Watchlist, owner: User) -> Watchlist:
    """Copy another user's list for `owner`, with a number added to its name if that is in use."""
    with changing(owner):
        used_names = set(Watchlist.objects.filter(owner=owner).values_list("name", flat=True))
        name = watchlist.name
        for number in range(2, MAX_LISTS + 2):
            if name not in used_names:
                break
            # A name has at most 60 characters, of which the number takes up to five.
            name = f"{watchlist.name[:54]} ({number})"
        return create_list(owner=owner, name=name, symbols=symbols_of(watchlist))


def delete_lists_of(*, audience: str) -> None:
    """Delete the list of an audience that is no more. Safe to repeat."""
    Watchlist.objects.filter(audience=audience).delete()


def rename_list(*, watchlist: Watchlist, name: str) -> None:
    """Rename a list. Raises: DomainError if another list of its owner has that name."""
    with changing_list(watchlist):
        if watchlist.owner:
            check_name(watchlist.owner, name, excluding=watchlist)
        Watchlist.objects.filter(pk=watchlist.pk).update(name=name)


def delete_list(*, watchlist: Watchlist) -> None:
    """Delete a list. If it was the current one, the first by name becomes current."""
    with changing_list(watchlist):
        Watchlist.objects.filter(pk=watchlist.pk).delete()
        if watchlist.owner is None:
            return
        lists = Watchlist.objects.filter(owner=watchlist.owner)
        if not lists.filter(is_current=True).exists() and (first := lists.first()):
            lists.filter(pk=first.pk).update(is_current=True)


def make_current(*, watchlist: Watchlist) -> None:
    """Make a list current: the tracker shows it first. Safe to repeat."""
    with changing_list(watchlist):
        lists = Watchlist.objects.filter(owner=watchlist.owner, audience="")
        if lists.filter(pk=watchlist.pk).exists():
            lists.filter(is_current=True).update(is_current=False)
            lists.filter(pk=watchlist.pk).update(is_current=True)


def renew_share_key(*, watchlist: Watchlist) -> str:
    """Replace the key of a list's link and return it; the old link stops working at once."""
    key = new_share_key()
    Watchlist.objects.filter(pk=watchlist.pk).update(share_key=key)
    return key
