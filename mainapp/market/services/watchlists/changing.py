"""Locks of watchlists while they change, their rows, and the announcement of changes."""

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mainapp.accounts.models import User
from mainapp.core.audience import users_in
from mainapp.core.exceptions import DomainError
from mainapp.core.realtime import GroupMessage, publish_on_commit
from mainapp.market.events import STOCK_LISTS, ListsChanged
from mainapp.market.models import Watchlist

MAX_LISTS = 20


@contextmanager
def changing(owner: User) -> Iterator[None]:
    """Open a transaction that locks a user's lists, and announce the change once it commits.

    On SQLite the transaction itself locks the whole database.
    """
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).only("pk").get(pk=owner.pk)
        yield
        announce_lists([owner.pk])


@contextmanager
def changing_list(watchlist: Watchlist) -> Iterator[None]:
    """The same for one list, which may be an audience's: then that list is locked."""
    if watchlist.owner:
        with changing(watchlist.owner):
            yield
        return
    with transaction.atomic():
        Watchlist.objects.select_for_update(no_key=True).filter(pk=watchlist.pk).first()
        yield
        announce_lists(users_in(watchlist.audience))


def announce_lists(users: Iterable[int]) -> None:
    """Make the open pages of users load their lists again, once the transaction commits."""
    publish_on_commit(
        [
            GroupMessage(STOCK_LISTS, ListsChanged(type="lists.changed", user=user), key=user)
            for user in users
        ]
    )


def current_list_of(*, owner: User) -> Watchlist:
    """Return a user's current list; create it if the user has none."""
    with changing(owner):
        lists = Watchlist.objects.filter(owner=owner)
        return lists.filter(is_current=True).first() or create_row(owner, _("Minha lista"))


def create_row(owner: User, name: str) -> Watchlist:
    lists = Watchlist.objects.filter(owner=owner)
    if lists.count() >= MAX_LISTS:
        raise DomainError(
            "invalid",
            gettext_noop("Você já tem %(limit)s listas: apague uma antes de criar outra."),
            {"limit": MAX_LISTS},
        )
    check_name(owner, name)
    has_current = lists.filter(is_current=True).exists()
    return Watchlist.objects.create(
        owner=owner, name=name, share_key=new_share_key(), is_current=not has_current
    )


def check_name(owner: User, name: str, *, excluding: Watchlist | None = None) -> None:
    named = Watchlist.objects.filter(owner=owner, name=name)
    if (named.exclude(pk=excluding.pk) if excluding else named).exists():
        raise DomainError("invalid", gettext_noop("Você já tem uma lista com este nome."))


def new_share_key() -> str:
    return secrets.token_urlsafe(16)
