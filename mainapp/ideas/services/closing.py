"""Closing and deletion of ideas by their authors."""

from datetime import datetime

from django.db import transaction

from mainapp.accounts.models import User
from mainapp.ideas.conditions import (
    CLOSED,
    WAITING,
    is_current,
    made_at,
    reached,
)
from mainapp.ideas.exceptions import AlreadyDecided
from mainapp.ideas.models import Idea
from mainapp.ideas.services.changes import touch
from mainapp.ideas.services.locking import lock_last_quote, locked_idea, own_idea
from mainapp.market.quotes import Quote
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.symbols import INDEX


def close_idea(*, pk: int, author: User, at: datetime) -> Idea:
    """Close an idea at the last recorded price if it is current, otherwise at the next one.

    A waiting idea is withdrawn. A price that is not current is not used: the author may know a
    newer one. Safe to repeat. Raises: AlreadyDecided, IdeaGone.
    """
    with transaction.atomic():
        idea = own_idea(pk, author)
        if not idea.is_live:
            raise AlreadyDecided
        if idea.status == WAITING:
            idea.status = CLOSED
            idea.save()
        else:
            _close_or_wait(idea, at)
        touch([idea.pk])
    return idea


def delete_idea(*, pk: int, actor: User | None, at: datetime) -> None:
    """Remove the text of an idea; the row and its outcome stay in the record. Safe to repeat.

    A waiting idea is withdrawn. `actor` is the author, or None when moderators have decided.
    Raises: IdeaGone.
    """
    with transaction.atomic():
        idea = own_idea(pk, actor) if actor else locked_idea(pk)
        if idea.deleted_at is not None:
            return
        if idea.status == WAITING:
            idea.status = CLOSED
        idea.thesis = idea.thesis_html = ""
        idea.deleted_at = at
        idea.describe()
        idea.save()
        idea.tags.clear()
        for edit in idea.edits.all():
            edit.before = {n: v for n, v in edit.before.items() if n not in ("thesis", "tags")}
            edit.save()
        touch([idea.pk])


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
