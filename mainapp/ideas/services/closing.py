"""Closing and deletion of ideas by their authors."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from mainapp.accounts.models import User
from mainapp.ideas.conditions import (
    CLOSED,
    LIVE,
    WAITING,
    is_current,
    made_at,
    reached,
)
from mainapp.ideas.exceptions import AlreadyDecided
from mainapp.ideas.models import Idea
from mainapp.ideas.services.changes import touch
from mainapp.ideas.services.locking import lock_last_quote, locked_idea, own_idea
from mainapp.market.models import Stock
from mainapp.market.quotes import Quote
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.symbols import INDEX


def close_idea(*, pk: int, author: User, at: datetime) -> Idea:
    """Close an idea at the last recorded price if it is current, otherwise at the next one.

    A waiting idea is withdrawn, unless its price may have been made already: then it is published
    at that price, and ends at the next one. A price that is not current is not used: the author may
    know a newer one. Safe to repeat. Raises: AlreadyDecided, IdeaGone.
    """
    with transaction.atomic():
        idea = own_idea(pk, author)
        if not idea.is_live:
            raise AlreadyDecided
        if idea.status == WAITING:
            _withdraw(idea, at)
            idea.save()
        else:
            _close_or_wait(idea, at)
        touch([idea.pk])
    return idea


def delete_idea(*, pk: int, actor: User | None, at: datetime) -> None:
    """Remove the text of an idea; the row and its outcome stay in the record. Safe to repeat.

    A waiting idea is withdrawn as by `close_idea`. `actor` is the author, or None when moderators
    have decided. Raises: IdeaGone.
    """
    with transaction.atomic():
        idea = own_idea(pk, actor) if actor else locked_idea(pk)
        if idea.deleted_at is not None:
            return
        if idea.status == WAITING:
            _withdraw(idea, at)
        idea.thesis = idea.thesis_html = ""
        idea.deleted_at = at
        idea.describe()
        idea.save()
        idea.tags.clear()
        for edit in idea.edits.all():
            edit.before = {n: v for n, v in edit.before.items() if n not in ("thesis", "tags")}
            edit.save()
        touch([idea.pk])


def close_ideas_in_club(
    *, club_pk: int, authors: Collection[int] | None = None, at: datetime
) -> None:
    """Close the live ideas of people who leave a club at the next price, as they cannot any more.

    Without `authors` the club is deleted, and those of all are closed. Otherwise they could publish
    nothing about these stocks until the horizon. In the caller's transaction.
    """
    live = Idea.objects.filter(club=club_pk, status__in=LIVE)
    if authors is not None:
        live = live.filter(author__in=authors)
    stocks = Stock.objects.filter(pk__in=live.values("stock")).order_by("symbol")
    list(stocks.select_for_update(of=("self",), no_key=True))
    ideas = list(
        live.select_for_update(of=("self",), no_key=True).select_related("stock").order_by("pk")
    )
    for idea in ideas:
        _withdraw(idea, at)
        idea.save(update_fields=["status", "closing_asked_at"])
    touch([idea.pk for idea in ideas])


def _withdraw(idea: Idea, at: datetime) -> None:
    """Close an idea before its price is made, or at the next price after that."""
    if not idea.are_terms_frozen(at=at):
        idea.status = CLOSED
    elif idea.closing_asked_at is None:
        idea.closing_asked_at = at


def _close_or_wait(idea: Idea, at: datetime) -> None:
    quote, is_usable = lock_last_quote(idea.stock)
    if quote and is_usable and _may_close(idea, quote, at):
        index = last_quotes([INDEX]).get(INDEX)
        idea.close(
            status=reached(idea.side, idea.target, idea.stop, quote.price) or CLOSED,
            price=quote.price,
            at=made_at(quote),
            source=quote.source,
            index=index.price if index else None,
        )
    elif idea.closing_asked_at is None:
        idea.closing_asked_at = at
    idea.save()


def _may_close(idea: Idea, quote: Quote, at: datetime) -> bool:
    # Not at the price of its own publication: the result of such an idea would always be zero.
    is_later = idea.priced_at is not None and made_at(quote) > idea.priced_at
    return is_later and is_current(quote, at=at, kind=idea.stock.kind)
